"""Few labels: how well classes can be told from each representation with ten, a hundred, a thousand and all labels."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Output
from automl.sides.probing import ProbedPredictor, drawn_rows, fit_probe

__all__ = ["FEW_LABELS"]

SIZES = (10, 100, 1_000)
MOST_LABELS = 4_000
"""Labelled rows of the largest probe: more are slow and change little."""
DRAWS = {10: 20, 100: 20, 1_000: 5}
K_NEAREST = 5
MOST_TESTED = 4_000
LEAST_DRAWS = 3


def unfit(context: AnalysisContext) -> str | None:
    """Representations with a label."""
    there = [context.predictors[side] for side in scoring.SIDES if side in context.predictors]
    if not there or not all(isinstance(one, ProbedPredictor) for one in there):
        return "no representation is scored by probes"
    return None


def cost(facts: AnalysisFacts) -> float:
    """The vectors of the test rows and of as many others, and some probes."""
    return 2.0 + 2.0 * facts.pass_seconds


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Scores of a linear probe and of nearest neighbours by number of labels, for both sides and the floor."""
    from threadpoolctl import threadpool_limits

    dataset, task, split = context.dataset, context.task, context.split
    rows = np.union1d(split.train, split.valid)
    assert dataset.target is not None
    rows = rows[dataset.target.iloc[:, 0].notna().to_numpy()[rows]]
    tested = scoring.subsample(split.test, MOST_TESTED, context.seed)
    truth, pool_codes = goals.truth(dataset, task, tested), goals.truth(dataset, task, rows)
    n_classes = len(task.classes)
    rng = np.random.default_rng([split.seed, 60_000])
    sizes = [size for size in SIZES if 2 * n_classes <= size < len(rows)] + [min(len(rows), MOST_LABELS)]
    draws = {n: [drawn_rows(pool_codes, n, rng) for _ in range(DRAWS.get(n, 1))] for n in sizes}
    used = np.unique(np.concatenate([draw for own in draws.values() for draw in own]))
    found: list[dict[str, Any]] = []
    for side in (*scoring.SIDES, "floor"):
        predictor = context.predictors.get(side)
        if not isinstance(predictor, ProbedPredictor) or not context.has_time_for(0.0):
            continue
        known = predictor.predictor.output(dataset, rows[used]).arrays["vectors"]
        new = predictor.predictor.output(dataset, tested).arrays["vectors"]
        for n, own in draws.items():
            scores: dict[str, list[float]] = {"linear": [], "neighbours": []}
            for number, draw in enumerate(own):
                if number >= LEAST_DRAWS and not context.has_time_for(1.0):
                    break
                places = np.searchsorted(used, draw)
                vectors, codes = known[places], pool_codes[draw]
                with threadpool_limits(1, user_api="blas"):
                    linear = fit_probe(vectors, codes, n_classes).predict(new)
                outputs = {"linear": linear, "neighbours": _nearest(vectors, codes, new, n_classes)}
                for probe, output in outputs.items():
                    scores[probe].append(metrics.score(task.metric, truth, output, None, {"classes": n_classes}))
            found += [_row(side, probe, n, values) for probe, values in scores.items() if values]
    if not found:
        return None
    return {
        "metric": task.metric,
        "higher_is_better": metrics.named(task.metric).higher_is_better,
        "level": scoring.LEVEL,
        "n_tested": len(tested),
        "k": K_NEAREST,
        "ended": time.monotonic() < context.deadline,
        "rows": found,
    }


def _row(side: str, probe: str, n: int, scores: list[float]) -> dict[str, Any]:
    """The mean over draws; its interval is that of the draws, by Student's t."""
    from scipy.stats import t

    values = np.asarray(scores)
    half = None
    if len(values) > 1:
        half = float(t.ppf(0.5 + scoring.LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return {
        "side": side, "probe": probe, "n_labels": n, "draws": len(values), "score": mean,
        "low": None if half is None else mean - half, "high": None if half is None else mean + half,
    }  # fmt: skip


def _nearest(vectors: np.ndarray, codes: np.ndarray, new: np.ndarray, n_classes: int) -> Output:
    """Shares of classes among the nearest labelled rows."""
    k = min(K_NEAREST, len(vectors))
    shares = np.zeros((len(new), n_classes))
    squares = (vectors**2).sum(axis=1)
    for begin in range(0, len(new), 1024):
        part = new[begin : begin + 1024]
        apart = squares[None] - 2.0 * part @ vectors.T
        near = np.argpartition(apart, k - 1, axis=1)[:, :k]
        for place in range(k):
            shares[np.arange(begin, begin + len(part)), codes[near[:, place]]] += 1.0 / k
    return Output("probabilities", {"probabilities": shares, "labels": shares.argmax(axis=1).astype(np.int64)})


EXAMPLE: dict[str, Any] = {
    "metric": "accuracy",
    "higher_is_better": True,
    "level": 0.95,
    "n_tested": 400,
    "k": 5,
    "ended": True,
    "rows": [
        {"side": side, "probe": probe, "n_labels": n, "draws": 20, "score": 0.5 + 0.1 * k + lead, "low": 0.48 + 0.1 * k,
         "high": 0.58 + 0.1 * k}
        for side, lead in (("deep", 0.03), ("shallow", 0.0), ("floor", -0.1))
        for probe in ("linear", "neighbours")
        for k, n in enumerate((10, 100, 1000))
    ],
}  # fmt: skip

FEW_LABELS = Analysis(
    name="few_labels", order=9, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="linear evaluation and k-NN of frozen features: Chen et al. 2020 (SimCLR), Caron et al. 2021 (DINO)",
)  # fmt: skip
