"""Metrics: each has one definition, takes sample weights, and is evaluated for many weightings at once.

Every metric is written once, as a *preparation*: given truth and predictions, it does the work that does not depend on
weights (sorting, losses) and returns a function from weightings ``(n_weightings, n)`` to scores ``(n_weightings,)``.
A single score is the case of one weighting, so a score and its bootstrap interval cannot disagree. The metric of a
plug-in (`plug_in`) is a plain function that is called once for each weighting.

Only NumPy is imported.
"""

from automl.metrics.known import is_known
from automl.metrics.preparations import Evaluator
from automl.metrics.scoring import (
    COARSE,
    COMMON_SHARE,
    METRICS,
    SEARCH_METRICS,
    UNSCORED,
    better,
    bootstrap,
    clipped,
    evaluator,
    find,
    gain,
    is_uneven,
    item_losses,
    most_gain,
    named,
    names_for,
    plug_in,
    score,
)

__all__ = [
    "COARSE", "COMMON_SHARE", "METRICS", "SEARCH_METRICS", "UNSCORED", "Evaluator", "better", "bootstrap", "clipped",
    "evaluator", "find", "gain", "is_known", "is_uneven", "item_losses", "most_gain", "named", "names_for", "plug_in",
    "score",
]  # fmt: skip
