"""The champion by validation, two finalists on the same test rows, their verdict, and which model to use."""

from __future__ import annotations

from automl.verdict.champion import Validated, name_champion
from automl.verdict.pairs import Pairs, by_pairs
from automl.verdict.recommend import Terms
from automl.verdict.repeated import repeated
from automl.verdict.rule import compare
from automl.verdict.total_cost import with_hours

__all__ = ["Pairs", "Terms", "Validated", "by_pairs", "compare", "name_champion", "repeated", "with_hours"]
