"""What the data are and what is to be done with them: column kinds, modality, goal, each with its evidence."""

from automl.detect.detection import detect
from automl.detect.forecast import history
from automl.detect.reading import read

__all__ = ["detect", "history", "read"]
