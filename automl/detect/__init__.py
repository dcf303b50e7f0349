"""What the data are, what is to be done with them (column kinds, modality, goal, with evidence)."""

from automl.detect.detection import detect
from automl.detect.forecast import history
from automl.detect.reading import read
from automl.detect.survey import survey

__all__ = ["detect", "history", "read", "survey"]
