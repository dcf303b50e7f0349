"""Utility: how well a model that learns from generated rows predicts real ones, beside one that learns from these."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from automl.analyses.shared.generated import generated, no_rows, real_rows, sides_with_floor
from automl.metrics.contents import is_content
from automl.metrics.two_sample import as_matrix
from automl.records import NUMERIC_KINDS, Analysis, AnalysisContext, AnalysisFacts, Side
from automl.sides.items import refit_items
from automl.system.threads import one_thread

__all__ = ["UTILITY"]

MOST_LEARNT = 20_000
N_DRAWS = 200
MOST_CLASSES = 50
MOST_ITEMS = 5_000
"""Pictures or series that are learnt from."""
MOST_STEPS = 100


def unfit(context: AnalysisContext) -> str | None:
    """A label that is generated too."""
    why = no_rows(context)
    if why is not None:
        return why
    names = np.asarray(context.outcome.truth).dtype.names or ()
    return None if context.task.label in names else "no label says what models are to predict"


def cost(facts: AnalysisFacts) -> float:
    """As many rows of each side as there are training rows, and a boosted model on each."""
    n = min(facts.n_train, MOST_LEARNT)
    return 1.0 + n * facts.pass_seconds / max(facts.n_test, 1) + 3e-6 * n * facts.n_columns * 4


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """The score on held-out rows of a boosted model that learnt from real or from generated rows, as many of each."""
    label = str(context.task.label)
    held_out = np.asarray(context.outcome.truth)
    is_item = any(is_content(held_out[name]) for name in held_out.dtype.names or ())
    learnt = real_rows(context, refit_items(context.split), MOST_ITEMS if is_item else MOST_LEARNT)
    kind = next((c.kind for c in context.task.columns if c.name == label), "categorical")
    is_number = kind in NUMERIC_KINDS and kind != "boolean"
    known = _known(held_out[label])
    if known.sum() < 20 or len(np.unique(held_out[label][known])) < 2:
        return None
    draws = np.random.default_rng([context.seed, 90_000])
    name: str | None = None
    rows: list[dict[str, Any]] = []
    picks = draws.integers(0, int(known.sum()), (N_DRAWS, int(known.sum())))
    for side in ("real", *sides_with_floor(context)):
        if not context.has_time_for(0.0):
            break
        some = learnt if side == "real" else generated(context, cast("Side", side), len(learnt))
        with one_thread():
            name, score_of = _scored(some, held_out[known], label, is_number)
        if score_of is None:
            rows.append({"side": side, "score": None, "low": None, "high": None})
            continue
        low, high = np.nanquantile([score_of(pick) for pick in picks], [0.025, 0.975])
        rows.append(
            {"side": side, "score": score_of(np.arange(int(known.sum()))), "low": float(low), "high": float(high)}
        )
    return {
        "label": label, "metric": name, "n_learnt": len(learnt), "n_held": int(known.sum()), "rows": rows,
        "learner": "linear" if is_item else "boosted",
    }  # fmt: skip


def _known(values: np.ndarray) -> np.ndarray:
    return np.asarray(values != "" if values.dtype.kind == "U" else ~np.isnan(values))


def _scored(rows: np.ndarray, held_out: np.ndarray, label: str, is_number: bool) -> tuple[str, Any]:
    """Name of the metric, and the score of drawn held-out rows; None where nothing can be learnt from these rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import r2_score, roc_auc_score

    rows = rows[_known(rows[label])]
    names = [name for name in rows.dtype.names or () if name != label]
    if any(is_content(rows[name]) for name in names):
        return _scored_items(rows, held_out, label, names)
    X, T, are_codes = as_matrix(rows[names], held_out[names])
    options = {"categorical_features": are_codes, "random_state": 0, "max_iter": 100}
    if is_number:
        model = HistGradientBoostingRegressor(**options).fit(X, rows[label]) if len(rows) > 1 else None
        predicted = None if model is None else model.predict(T)
        return "r2", None if predicted is None else lambda pick: float(r2_score(held_out[label][pick], predicted[pick]))
    classes = np.unique(held_out[label].astype(str))
    truth, own = held_out[label].astype(str), rows[label].astype(str)
    metric = "roc_auc" if len(classes) == 2 else "accuracy"
    if len(np.unique(own)) < 2 or len(classes) > MOST_CLASSES:
        return metric, None
    fitted = HistGradientBoostingClassifier(**options).fit(X, own)
    if metric == "accuracy":
        said = fitted.predict(T)
        return metric, _accuracy_of(truth == said)
    place = list(fitted.classes_).index(classes[1]) if classes[1] in fitted.classes_ else 0
    chance = fitted.predict_proba(T)[:, place]

    def area(pick: np.ndarray) -> float:
        is_second = truth[pick] == classes[1]
        return float(roc_auc_score(is_second, chance[pick])) if 0 < is_second.sum() < len(pick) else float("nan")

    return metric, area


def _scored_items(rows: np.ndarray, held_out: np.ndarray, label: str, names: list[str]) -> tuple[str, Any]:
    """The same of pictures and series, by a linear model of their features."""
    from sklearn.linear_model import LogisticRegression

    if len(rows) < 2 or len(np.unique(rows[label])) < 2:
        return "accuracy", None
    X, T, _ = as_matrix(rows[names], held_out[names])
    scale = np.maximum(X.std(axis=0), 1e-9)
    told = LogisticRegression(max_iter=MOST_STEPS).fit(X / scale, rows[label]).predict(T / scale)
    return "accuracy", _accuracy_of(held_out[label] == told)


def _accuracy_of(is_right: np.ndarray) -> Any:
    """The share of drawn held-out rows that are right; scikit-learn's own spent most of this analysis on checks."""
    return lambda pick: float(np.mean(is_right[pick]))


EXAMPLE: dict[str, Any] = {
    "label": "income",
    "metric": "roc_auc",
    "n_learnt": 20_000,
    "n_held": 2_000,
    "learner": "boosted",
    "rows": [
        {"side": side, "score": score, "low": score - 0.01, "high": score + 0.01}
        for side, score in (("real", 0.93), ("deep", 0.92), ("shallow", 0.925), ("floor", 0.5))
    ],
}

UTILITY = Analysis(
    name="utility", order=2, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="rows",
    source="train on synthetic, test on real: Esteban, Hyland & Rätsch, 2017 (arXiv 1706.02633)",
)  # fmt: skip
