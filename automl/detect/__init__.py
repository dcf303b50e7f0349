"""What the data are and the task: column kinds, modality and goal, with evidence."""

from automl.detect.columns.convert import read
from automl.detect.columns.new_columns import NewColumn, read_column, read_new
from automl.detect.columns.seen import with_training_facts
from automl.detect.detection import detect, is_in_time_order
from automl.detect.series.forecast import history
from automl.detect.survey import survey

__all__ = [
    "NewColumn", "detect", "history", "is_in_time_order", "read", "read_column", "read_new", "survey",
    "with_training_facts",
]  # fmt: skip
