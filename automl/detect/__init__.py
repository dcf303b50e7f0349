"""What the data are, what is to be done with them (column kinds, modality, goal, with evidence), and what is odd."""

from automl.detect.audit import examine
from automl.detect.detection import detect
from automl.detect.forecast import history
from automl.detect.reading import read
from automl.detect.survey import survey

__all__ = ["detect", "examine", "history", "read", "survey"]
