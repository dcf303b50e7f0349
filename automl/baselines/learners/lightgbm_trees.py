"""LightGBM's part in `automl.baselines.learners.boosters`: grow, open, predict."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.baselines.learners.boosters import Grown, Growth, threads

__all__ = ["grow", "length", "opened", "predicted"]

WIDE_COLUMNS = 200
CHECKPOINT_SECONDS = 0.5
_RANGES = re.compile(r"^(feature_infos=)(.*)$", re.MULTILINE)
_ENDS = re.compile(r"\[[^\]]*\]")


def grow(growth: Growth) -> Grown:
    """Add rounds until validation loss has not fallen for a while, there are enough, or the time is over.

    Args:
        growth: its settings are learning_rate, num_leaves, min_data_in_leaf, lambda_l2, feature_fraction,
            bagging_fraction, max_iter, patience and loss ("squared_error" or "absolute_error", values only).

    Returns:
        LightGBM's text format, cut back to the best round; empty if not even one round was grown.
    """
    import lightgbm

    parameters = _parameters(growth)
    columns = [j for j, one in enumerate(growth.categories) if one] or None
    shared = {"params": parameters, "categorical_feature": columns or "auto", "free_raw_data": True}
    train = lightgbm.Dataset(growth.X, growth.y, weight=growth.weight, **shared)
    booster = lightgbm.Booster(parameters, train)
    if growth.valid is not None:
        booster.add_valid(lightgbm.Dataset(growth.valid, growth.valid_y, reference=train, **shared), "valid")
    losses: list[float] = []
    most, patience = int(growth.settings.get("max_iter", 500)), int(growth.settings.get("patience", 30))
    begun, n, stopped = time.monotonic(), 0, ""
    last, cost = begun, 0.0
    while n < most:
        now = time.monotonic()
        if growth.deadline is not None and now + (1.3 * (now - begun) / n if n else 0.0) >= growth.deadline:
            stopped = f"time ran out after {n} of at most {most} rounds"
            break
        ended = booster.update()
        n += 1
        if growth.valid is not None:
            losses.append(float(booster.eval_valid()[0][2]))
            if n - 1 - int(np.argmin(losses)) >= patience:
                break
        if ended:  # no leaf can be split any more
            break
        now = time.monotonic()
        if growth.deadline is not None and (n == 1 or now - last > CHECKPOINT_SECONDS + 20 * cost):
            growth.whole(_content(booster, losses, n))
            last = time.monotonic()
            cost = last - now
    return Grown(_content(booster, losses, n) if n else b"", stopped)


def _content(booster: Any, losses: list[float], n: int) -> bytes:
    best = int(np.argmin(losses)) + 1 if losses else n
    return _RANGES.sub(_without_ends, str(booster.model_to_string(num_iteration=best))).encode()


def _without_ends(line: re.Match[str]) -> str:
    """LightGBM notes each column's least and greatest training value, two cells, and reads none of it to predict."""
    return line[1] + _ENDS.sub("[0:1]", line[2])


def _parameters(growth: Growth) -> dict[str, Any]:
    s = growth.settings
    robust = s.get("loss") == "absolute_error"
    if growth.n_classes:
        several = growth.n_classes > 2
        objective, metric = ("multiclass", "multi_logloss") if several else ("binary", "binary_logloss")
    else:
        objective, metric = ("regression_l1", "l1") if robust else ("regression", "l2")
    wide = growth.X.shape[1] > WIDE_COLUMNS
    parameters = {
        "objective": objective, "metric": metric, "verbosity": -1, "num_threads": threads(), "seed": growth.seed,
        "learning_rate": s.get("learning_rate", 0.1), "num_leaves": s.get("num_leaves", 31),
        "min_data_in_leaf": s.get("min_data_in_leaf", 20), "lambda_l2": s.get("lambda_l2", 0.0),
        "feature_fraction": s.get("feature_fraction", 1.0), "bagging_fraction": s.get("bagging_fraction", 1.0),
        "bagging_freq": 1, "feature_pre_filter": False,
        # Same seed, same trees: LightGBM would else choose between these two by a race on the clock.
        "deterministic": True, "force_col_wise" if wide else "force_row_wise": True,
    }  # fmt: skip
    return parameters | ({"num_class": growth.n_classes} if growth.n_classes > 2 else {})


def opened(content: bytes) -> Any:
    """A model from LightGBM's text format."""
    import lightgbm

    return lightgbm.Booster(model_str=content.decode())


def length(model: Any) -> tuple[int, None]:
    """Rounds of a model; its rate is the one of its settings."""
    return int(model.current_iteration()), None


def predicted(model: Any, X: np.ndarray, categories: Sequence[bool], is_classifier: bool, n_threads: int) -> Any:
    """Values, the second class's probabilities ``(n,)``, or those of all classes ``(n, n_classes)``."""
    return model.predict(X, num_threads=n_threads)
