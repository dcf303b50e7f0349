"""Preserved: what representations without a label keep of the inputs, and how alike they are over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.analyses.shared import scoring
from automl.analyses.shared.input_matrix import input_matrices
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.verdict.unlabelled import MOST_COMPARED, N_NEAR, alignment, neighbour_overlap

__all__ = ["PRESERVED"]

SHOWN = ("deep", "shallow", "floor")
MOST_KNOWN = 2_000
PENALTY = 1e-3
"""Of the ridge regression from vectors to inputs, as a share of the rows."""


def unfit(context: AnalysisContext) -> str | None:
    """Vectors that no label scores."""
    there = scoring.contestants(context).values()
    if not there or any("vectors" not in one.output.arrays for one in there):
        return "there are no vectors, or a label scores them"
    return None if len(context.split.test) > N_NEAR else "there are too few test rows"


def cost(facts: AnalysisFacts) -> float:
    """The vectors of some thousand rows, and distances between the test rows."""
    return 1.0 + facts.pass_seconds


def run(context: AnalysisContext) -> dict[str, Any]:
    """One row a side: how well the inputs follow from the vectors, and how many neighbours stay."""
    known = scoring.subsample(context.split.train, MOST_KNOWN, context.seed)
    tested = scoring.subsample(context.split.test, MOST_COMPARED, context.seed)
    inputs_known, inputs = input_matrices(context.dataset, context.task, known, tested)
    rows = []
    for side in SHOWN:
        predictor = context.predictors.get(side)
        if predictor is None:
            continue
        vectors_known, vectors = (predictor.output(context.dataset, part).arrays["vectors"] for part in (known, tested))
        rows.append(
            {
                "side": side,
                "dims": vectors.shape[1],
                "explained": explained(vectors_known, inputs_known, vectors, inputs) if inputs.shape[1] else None,
                "neighbours": neighbour_overlap(inputs, vectors) if inputs.shape[1] else None,
            }
        )
    outputs = [one.output.arrays["vectors"] for one in scoring.contestants(context).values()]
    return {
        "n": len(tested),
        "k": N_NEAR,
        "n_features": inputs.shape[1],
        "chance": min(N_NEAR, len(tested) - 1) / max(len(tested) - 1, 1),
        "alignment": alignment(*outputs) if len(outputs) == 2 else None,
        "shared": neighbour_overlap(*outputs) if len(outputs) == 2 else None,
        "rows": rows,
    }


def explained(vectors: np.ndarray, inputs: np.ndarray, new_vectors: np.ndarray, new_inputs: np.ndarray) -> float:
    """R² of inputs that a ridge regression on the vectors gives for new rows, over all inputs together.

    Args:
        vectors: ``(n, dims)`` of the rows learnt from.
        inputs: ``(n, n_features)`` of them, with mean 0.
        new_vectors: ``(n_new, dims)``.
        new_inputs: ``(n_new, n_features)``.
    """
    middle, spread = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-12)
    X, new = (vectors - middle) / spread, (new_vectors - middle) / spread
    weights = np.linalg.solve(X.T @ X + PENALTY * len(X) * np.eye(X.shape[1]), X.T @ inputs)
    left = ((new_inputs - new @ weights) ** 2).sum()
    return float(1.0 - left / max(float(((new_inputs - new_inputs.mean(axis=0)) ** 2).sum()), 1e-300))


EXAMPLE: dict[str, Any] = {
    "n": 400, "k": 10, "n_features": 16, "chance": 0.025, "alignment": 0.83, "shared": 0.41,
    "rows": [
        {"side": side, "dims": 8, "explained": value, "neighbours": near}
        for side, value, near in (("deep", 0.81, 0.52), ("shallow", 0.77, 0.49), ("floor", 0.45, 0.21))
    ],
}  # fmt: skip

PRESERVED = Analysis(
    name="preserved", order=6, run=run, scored=False, unfit=unfit, cost=cost, example=EXAMPLE,
    source="linear centred kernel alignment: Kornblith et al., ICML 2019; neighbours kept: Venna & Kaski 2001",
)  # fmt: skip
