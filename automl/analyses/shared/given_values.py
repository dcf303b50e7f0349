"""Rows given each value of a column: how often they come, whether they are told apart, and whether they look so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import metrics
from automl.metrics.given import keys_of
from automl.records import Output
from automl.sides.row_space import Space
from automl.system.threads import one_thread

__all__ = ["GIVEN_EXAMPLE", "of_values"]

MOST_VALUES = 6
LEAST_ROWS = 30
"""Of a value among held-out rows; of fewer nothing is said."""
MOST_LEARNT = 5_000
N_TREES = 50


def of_values(
    field: str, held_out: np.ndarray, learnt: np.ndarray, sets: Mapping[str, np.ndarray]
) -> dict[str, Any] | None:
    """What rows given each value are like, of the values that most held-out rows have.

    A boosted model that learnt from training rows says which value a row looks like by its other columns.

    Args:
        field: name of the column.
        held_out: real rows ``(n,)``, a structured array.
        learnt: training rows.
        sets: other rows by name of the set: generated ones, and training rows as "real".

    Returns:
        None where no value has enough rows.
    """
    values, counts = np.unique(keys_of(held_out[field]), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    common = [values[k] for k in order.tolist() if counts[k] >= LEAST_ROWS]
    if not common:
        return None
    every = {"held_out": held_out, **sets}
    looks = _looks(field, learnt[np.linspace(0, len(learnt) - 1, min(len(learnt), MOST_LEARNT)).astype(int)], every)
    rows = []
    for value in common:
        has = {name: keys_of(some[field]) == value for name, some in every.items()}
        rows.append(
            {
                "value": value,
                "share": {name: float(own.mean()) for name, own in has.items()},
                "looks": {
                    name: float((looks[name][own] == value).mean()) if own.any() else None for name, own in has.items()
                },
                "told_apart": {
                    name: _told_apart(held_out[has["held_out"]], sets[name][has[name]]) for name in sets
                },
            }
        )  # fmt: skip
    return {"column": field, "rows": rows}


def _told_apart(real: np.ndarray, made: np.ndarray) -> float | None:
    """ROC AUC of a classifier that tells generated rows of a value from real ones; None of too few."""
    n = min(len(real), len(made))
    if n < LEAST_ROWS:
        return None
    score = metrics.score("indistinct", real[:n], Output("samples", {"samples": made[:n]}))
    return 1.0 - score / 2.0


def _looks(field: str, learnt: np.ndarray, sets: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The value ``(n,)`` that each row looks like."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = [name for name in learnt.dtype.names or () if name != field]
    space, own = Space(learnt[names]), keys_of(learnt[field])
    if len(np.unique(own)) < 2:
        return {name: np.repeat(own[:1], len(some)) for name, some in sets.items()}
    model = HistGradientBoostingClassifier(max_iter=N_TREES, early_stopping=False, random_state=0)
    with one_thread():
        model.fit(space.points(learnt[names]), own)
        return {name: np.asarray(model.predict(space.points(some[names]))) for name, some in sets.items()}


GIVEN_EXAMPLE: dict[str, Any] = {
    "column": "income",
    "rows": [
        {
            "value": value,
            "share": dict.fromkeys(("held_out", "real", "deep", "shallow", "floor"), share),
            "looks": {"held_out": 0.7, "real": 0.75, "deep": 0.68, "shallow": 0.69, "floor": None},
            "told_apart": {"real": 0.5, "deep": 0.53, "shallow": 0.54, "floor": 0.98},
        }
        for value, share in (("<=50K", 0.76), (">50K", 0.24))
    ],
}
