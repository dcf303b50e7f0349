"""Scores: one definition each, weighted, and evaluated for many weightings at once.

Every metric is written once, as a *preparation*: given truth and predictions it does the work that weights do not
change (sorting, losses) and returns a function from weightings ``(n_weightings, n)`` to scores ``(n_weightings,)``.
A single score is the case of one weighting, so the score shown and the interval around it cannot disagree. A plug-in's
metric (`plug_in`) is its own function, called for each weighting.

Only NumPy is imported.
"""

from automl.metrics.preparations import Evaluator
from automl.metrics.scoring import (
    COMMON_SHARE,
    METRICS,
    better,
    bootstrap,
    evaluator,
    find,
    gain,
    is_uneven,
    item_losses,
    named,
    names_for,
    plug_in,
    score,
)

__all__ = [
    "COMMON_SHARE", "METRICS", "Evaluator", "better", "bootstrap", "evaluator", "find", "gain", "is_uneven",
    "item_losses", "named", "names_for", "plug_in", "score",
]  # fmt: skip
