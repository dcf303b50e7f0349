"""What the data are, what is to be done with them (column kinds, modality, goal, with evidence)."""

from automl.detect.columns.convert import read
from automl.detect.detection import detect
from automl.detect.series.forecast import history
from automl.detect.survey import survey

__all__ = ["detect", "history", "read", "survey"]
