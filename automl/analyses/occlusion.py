"""Occlusion: which words, patches or stretches of single test items carry each finalist's prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals, modalities, pretrained
from automl.analyses.shared import scoring
from automl.analyses.shared.answers import of_truth
from automl.analyses.shared.changed import MOST_ROWS, stacked_seconds
from automl.analyses.shared.parts import N_PATCHES, of_pictures, of_series, of_texts
from automl.records import Analysis, AnalysisContext, AnalysisFacts

__all__ = ["OCCLUSION"]

N_EXAMPLES = 6


def unfit(context: AnalysisContext) -> str | None:
    """Texts, pictures and series have parts; rows of a table are explained by their columns."""
    if goals.named(context.task).in_windows or modalities.named(context.task).is_table:
        return "items have no parts"
    if any("scores" in one.output.arrays for one in scoring.contestants(context).values()):
        return "why items are unusual is shown with the alarms"
    if (
        any("probabilities" not in one.output.arrays for one in scoring.contestants(context).values())
        and goals.named(context.task).is_classification
    ):
        return "there are no probabilities"
    return None


def cost(facts: AnalysisFacts) -> float:
    """All parts of all examples, predicted by both sides."""
    return 0.2 + stacked_seconds(facts, N_EXAMPLES * (N_PATCHES**2 + 1))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """For each example and side: how much the prediction loses without each part."""
    positions = _examples(context)
    rows = context.split.test[positions]
    kind = modalities.named(context.task).items
    dataset, parts = {"text": of_texts, "images": of_pictures, "sounds": of_pictures}.get(kind, of_series)(
        context.dataset, context.task, rows
    )
    if not len(parts) or dataset.n_rows > MOST_ROWS:
        return None
    if dataset.vectors is not None:
        dataset = pretrained.with_vectors(dataset, context.task)
    owners = np.concatenate([np.full(1 + len(one), i) for i, one in enumerate(parts)])
    truth = scoring.scored(context, np.sort(rows)).truth[np.argsort(np.argsort(rows, kind="stable"))]
    outputs = {
        side: one.output(dataset, np.arange(dataset.n_rows)) for side, one in scoring.predictors(context).items()
    }
    numbers = {side: of_truth(context.task, output, truth[owners]) for side, output in outputs.items()}
    numeric = not goals.named(context.task).is_classification
    examples, flat = [], []
    for i, (position, names) in enumerate(zip(positions.tolist(), parts, strict=True)):
        own = np.flatnonzero(owners == i)
        sides = {}
        for side, values in numbers.items():
            drops = values[own[0]] - values[own[1:]]
            sides[side] = {"base": float(values[own[0]]), "drops": drops.tolist()}
            flat += [
                {"example": i, "position": position, "side": side, "part": name, "base": float(values[own[0]]),
                 "drop": float(drop)}
                for name, drop in zip(names, drops.tolist(), strict=True)
            ]  # fmt: skip
        examples.append({"position": position, "parts": names, "sides": sides})
    return {"what": kind, "numeric": numeric, "n_patches": N_PATCHES, "examples": examples, "rows": flat}


def _examples(context: AnalysisContext) -> np.ndarray:
    """Positions of test items: some where only one side is right, some at random."""
    found = context.outcome.analyses.get("differences", {}).get("examples", {})
    chosen = [int(p) for side in scoring.SIDES for p in list(found.get(side, ()))[:2]]
    n = len(context.split.test)
    others = np.random.default_rng(context.seed).permutation(n).tolist()
    return np.array(list(dict.fromkeys([*chosen, *others]))[: min(N_EXAMPLES, n)], np.int64)


EXAMPLE = {
    "what": "text", "numeric": False, "n_patches": 7,
    "examples": [
        {"position": 0, "parts": ["good", "day"],
         "sides": {"deep": {"base": 0.9, "drops": [0.4, -0.1]}, "shallow": {"base": 0.7, "drops": [0.2, 0.0]}}},
    ],
    "rows": [{"example": 0, "position": 0, "side": "deep", "part": "good", "base": 0.9, "drop": 0.4}],
}  # fmt: skip

OCCLUSION = Analysis(
    name="occlusion", order=46, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Zeiler & Fergus 2014 (occlusion); Li, Monroe & Jurafsky 2016 (erasure of words)",
)  # fmt: skip
