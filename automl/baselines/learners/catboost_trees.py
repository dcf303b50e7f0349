"""CatBoost's part in `automl.baselines.learners.boosters`: grow, open, predict."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.baselines.learners.boosters import Grown, Growth, threads

__all__ = ["grow", "length", "opened", "predicted"]

PILOT_ROUNDS = 8
LEAST_ROUNDS = 50


class _Watch:
    """CatBoost's callback: ends the growth when another round would not fit into the time."""

    def __init__(self, deadline: float | None) -> None:
        self.deadline = deadline
        self.begun = time.monotonic()
        self.n = 0
        self.over = False

    def after_iteration(self, info: Any) -> bool:
        """Whether to go on."""
        self.n += 1
        now = time.monotonic()
        self.over = self.deadline is not None and now + 1.3 * (now - self.begun) / self.n >= self.deadline
        return not self.over


def grow(growth: Growth) -> Grown:
    """Add rounds until validation loss has not fallen for a while, there are enough, or the time is over.

    CatBoost chooses its own rate of learning by the rows and the rounds to come. Where no rate is given and the time
    holds fewer rounds than asked for, a few rounds measure the pace and the rate is chosen for as many as fit.
    CatBoost gives no model before it ends, so a fit that is killed leaves none; it ends itself by the deadline.

    Args:
        growth: its settings are learning_rate (None: CatBoost's own choice), depth, l2_leaf_reg, random_strength,
            bagging_temperature, rsm (share of columns a level), max_iter, patience and loss ("squared_error" or
            "absolute_error", values only).

    Returns:
        CatBoost's cbm format, cut back to the best round; empty if not even one round was grown.
    """
    import catboost

    train = catboost.Pool(
        _table(growth.X, growth.categories), growth.y, weight=growth.weight, cat_features=_places(growth.categories)
    )
    valid = None
    if growth.valid is not None:
        valid = catboost.Pool(
            _table(growth.valid, growth.categories), growth.valid_y, cat_features=_places(growth.categories)
        )
    most = int(growth.settings.get("max_iter", 1000))
    rounds, watch = most, _Watch(growth.deadline)
    model: Any = None
    if growth.deadline is not None and growth.settings.get("learning_rate") is None:
        model = _fit(growth, train, valid, PILOT_ROUNDS, watch)
        pace = (time.monotonic() - watch.begun) / max(watch.n, 1)
        rounds = min(most, max(LEAST_ROUNDS, int(0.8 * (growth.deadline - time.monotonic()) / pace)))
    if not watch.over:
        watch = _Watch(growth.deadline)
        model = _fit(growth, train, valid, rounds, watch)
    if not model.tree_count_:
        return Grown(b"")
    stopped = ""
    if watch.over or (rounds < most and watch.n == rounds):
        stopped = f"time ran out after {watch.n} of at most {most} rounds"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.cbm"
        model.save_model(str(path), format="cbm")
        return Grown(path.read_bytes(), stopped)


def _fit(growth: Growth, train: Any, valid: Any, rounds: int, watch: _Watch) -> Any:
    import catboost

    s = growth.settings
    robust = s.get("loss") == "absolute_error"
    if growth.n_classes:
        loss = "MultiClass" if growth.n_classes > 2 else "Logloss"
    else:
        loss = "MAE" if robust else "RMSE"
    names = ("learning_rate", "depth", "l2_leaf_reg", "random_strength", "bagging_temperature", "rsm")
    given = {name: s[name] for name in names if s.get(name) is not None}
    judged = {"use_best_model": True, "od_type": "Iter", "od_wait": int(s.get("patience", 50))}
    model = catboost.CatBoost({
        "loss_function": loss, "iterations": rounds, "random_seed": growth.seed, "thread_count": threads(),
        "allow_writing_files": False, "logging_level": "Silent", **given,
        **({"classes_count": growth.n_classes} if loss == "MultiClass" else {}),
        **({} if valid is None else judged),
    })  # fmt: skip
    return model.fit(train, eval_set=valid, callbacks=[watch])


def _places(categories: Sequence[bool]) -> list[int]:
    return [j for j, one in enumerate(categories) if one]


def _table(X: np.ndarray, categories: Sequence[bool]) -> Any:
    """The matrix as CatBoost wants it: categories as whole numbers, an unseen or missing one as -1."""
    places = _places(categories)
    if not places:
        return X
    frame = pd.DataFrame(X)
    for j in places:
        frame[j] = np.where(np.isnan(X[:, j]), -1.0, X[:, j]).astype(np.int64)
    return frame


def opened(content: bytes) -> Any:
    """A model from CatBoost's cbm format."""
    import catboost

    return catboost.CatBoost().load_model(blob=content)


def length(model: Any) -> tuple[int, float | None]:
    """Rounds of a model, and the rate that it was grown with, which CatBoost may have chosen by rows and rounds."""
    rate = model.get_all_params().get("learning_rate")
    return int(model.tree_count_), None if rate is None else float(rate)


def predicted(model: Any, X: np.ndarray, categories: Sequence[bool], is_classifier: bool, n_threads: int) -> Any:
    """Values ``(n,)`` or probabilities of all classes ``(n, n_classes)``."""
    kind = "Probability" if is_classifier else "RawFormulaVal"
    return model.predict(_table(X, categories), prediction_type=kind, thread_count=n_threads)
