"""What the data are and the task: column kinds, modality and goal, with evidence."""

from automl.detect.columns.convert import read
from automl.detect.detection import detect
from automl.detect.series.forecast import history
from automl.detect.survey import survey

__all__ = ["detect", "history", "read", "survey"]
