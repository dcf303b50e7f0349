"""Watches a saved model: new rows beside what training held, predictions beside those of the test, expected scores."""

from __future__ import annotations

from automl.predict.watching.reference import read_reference, reference_of
from automl.predict.watching.watch import Watched, conditions_of, watch

__all__ = ["Watched", "conditions_of", "read_reference", "reference_of", "watch"]
