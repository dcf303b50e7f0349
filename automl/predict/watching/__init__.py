"""Watches a saved model: new rows or steps beside what training held, predictions beside the test, expected scores."""

from __future__ import annotations

from automl.predict.watching.reference import reference_of
from automl.predict.watching.stored_reference import read_reference
from automl.predict.watching.watch import conditions_of, watch
from automl.predict.watching.watched import Watched

__all__ = ["Watched", "conditions_of", "read_reference", "reference_of", "watch"]
