"""Seed stability: how alike the vectors of two fits are that differ in nothing but their seed."""

from __future__ import annotations

from typing import Any

from automl.analyses.preserved import unfit as without_vectors
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.verdict.unlabelled import N_NEAR, alignment, neighbour_overlap

__all__ = ["SEED_STABILITY"]


def unfit(context: AnalysisContext) -> str | None:
    """Vectors that no label scores, of finalists that can be fitted again."""
    return without_vectors(context) or (None if context.refit is not None else "no finalist can be fitted again")


def cost(facts: AnalysisFacts) -> float:
    """One fit of both sides."""
    return facts.refit_seconds + facts.pass_seconds


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """One row a side: alignment and shared neighbours of the test rows' vectors in both fits."""
    assert context.refit is not None
    again = context.refit(context.split, 1)
    rows = [
        {
            "side": side,
            "alignment": alignment(one.output.arrays["vectors"], again[side].arrays["vectors"]),
            "neighbours": neighbour_overlap(one.output.arrays["vectors"], again[side].arrays["vectors"]),
        }
        for side, one in scoring.contestants(context).items()
        if side in again
    ]
    return {"k": N_NEAR, "n": len(context.split.test), "rows": rows} if rows else None


EXAMPLE: dict[str, Any] = {
    "k": 10, "n": 400,
    "rows": [
        {"side": "deep", "alignment": 0.94, "neighbours": 0.71},
        {"side": "shallow", "alignment": 1.0, "neighbours": 1.0},
    ],
}  # fmt: skip

SEED_STABILITY = Analysis(
    name="seed_stability", of_masks=True, order=54,
    run=run, scored=False, unfit=unfit, cost=cost, refits=True, example=EXAMPLE,
    source="linear centred kernel alignment: Kornblith et al., ICML 2019",
)  # fmt: skip
