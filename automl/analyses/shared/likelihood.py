"""How likely held-out rows and texts are under each side's generator, where it has a likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.analyses.shared import scoring
from automl.analyses.shared.generated import sides_with_floor
from automl.records import AnalysisContext
from automl.sides.likelihoods import likelihood_of

__all__ = ["LIKELIHOOD_EXAMPLE", "likelihoods"]

MOST_ROWS = 1_000
N_DRAWS = 500


def likelihoods(context: AnalysisContext) -> list[dict[str, Any]]:
    """Of each side: bits, their interval over held-out items, whether they are a bound, or why there are none.

    Bits of a row are those beyond independent columns, more are better; of texts bits a character that a text costs,
    fewer are better.
    """
    rows = scoring.subsample(context.split.items("test"), MOST_ROWS, context.seed)
    picks = np.random.default_rng([context.seed, 97_000]).integers(0, len(rows), (N_DRAWS, len(rows)))
    found = []
    for side in sides_with_floor(context):
        told = likelihood_of(context.predictors[side], context.dataset, rows)
        row: dict[str, Any] = {"set": side, "bits": None, "low": None, "high": None, "is_bound": told.is_bound}
        if len(told.bits) and np.isfinite(told.bits).all():
            drawn = told.bits[picks].sum(axis=1) / told.units[picks].sum(axis=1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            row |= {"bits": float(told.bits.sum() / told.units.sum()), "low": float(low), "high": float(high)}
        found.append({**row, "why": told.why})
    return found


LIKELIHOOD_EXAMPLE: list[dict[str, Any]] = [
    {"set": "deep", "bits": 5.2, "low": 5.0, "high": 5.4, "is_bound": True, "why": ""},
    {"set": "shallow", "bits": None, "low": None, "high": None, "is_bound": False, "why": "it has no density"},
    {"set": "floor", "bits": 0.0, "low": -0.1, "high": 0.1, "is_bound": False, "why": ""},
]
