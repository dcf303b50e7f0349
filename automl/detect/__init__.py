"""What the data are and the task: column kinds, modality and goal, with evidence."""

from automl.detect.columns.convert import read
from automl.detect.detection import detect, is_in_time_order
from automl.detect.series.forecast import history
from automl.detect.survey import survey

__all__ = ["detect", "history", "is_in_time_order", "read", "survey"]
