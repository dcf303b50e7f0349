"""Repeats on random splits whose true gain is known, for `verdicts.py`: how often each interval holds it.

The true gain is that of two *families* learnt from as many rows: the mean over many fresh training sets, each scored on
many fresh rows. A contest has one sample of rows. Its repeats split that sample again and again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.stats import t
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier

from automl import metrics
from automl.records import Output
from automl.verdict.repeated import corrected_interval

TEST_SHARE = 0.2
N_REPEATS = (2, 3, 5, 10)
N_TRUE, N_TRUE_ROWS = 300, 4000


@dataclass(frozen=True)
class Draws:
    """Rows that are drawn afresh for each contest, and the families that meet on them, made from a seed each."""

    goal: str
    metric: str
    draw: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    deep: Callable[[int], object]
    shallow: Callable[[int], object]


def friedman(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.random((n, 10))
    signal = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, signal + 2 * rng.normal(size=n)


def two_classes(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(n, 6))
    return x, (x[:, 0] + x[:, 1] * x[:, 2] + rng.logistic(size=n) > 0).astype(np.int64)


def regressor(seed: int) -> ExtraTreesRegressor:
    return ExtraTreesRegressor(15, min_samples_leaf=2, random_state=seed)


def classifier(seed: int) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(15, min_samples_leaf=2, random_state=seed)


DRAWS = {
    "friedman, trees and ridge, r2": Draws("regression", "r2", friedman, regressor, lambda seed: Ridge()),
    "classes, neighbours and logistic, accuracy": Draws(
        "binary", "accuracy", two_classes, lambda seed: KNeighborsClassifier(9), lambda seed: LogisticRegression()
    ),
    "classes, trees and logistic, roc_auc": Draws(
        "binary", "roc_auc", two_classes, classifier, lambda seed: LogisticRegression()
    ),
    "classes, trees and trees (no gain), accuracy": Draws("binary", "accuracy", two_classes, classifier, classifier),
}


def output_of(model, x: np.ndarray, goal: str) -> Output:
    if goal == "regression":
        return Output("values", {"values": model.predict(x).reshape(-1, 1)})
    p = model.predict_proba(x)
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def gain_of(draws: Draws, train: tuple, test: tuple, seed: int) -> float:
    """The gain of deep over shallow on test rows, both fitted on the same rows."""
    truth = test[1].reshape(-1, 1) if draws.goal == "regression" else test[1]
    models = (draws.deep(2 * seed).fit(*train), draws.shallow(2 * seed + 1).fit(*train))
    context = {"classes": 2}
    deep, shallow = (
        metrics.score(draws.metric, truth, output_of(model, test[0], draws.goal), None, context) for model in models
    )
    return metrics.gain(draws.metric, deep, shallow)


@functools.cache
def true_gain(name: str, n_train: int) -> float:
    draws, rng = DRAWS[name], np.random.default_rng([1, n_train])
    test = draws.draw(rng, N_TRUE_ROWS)
    return float(np.mean([gain_of(draws, draws.draw(rng, n_train), test, seed) for seed in range(N_TRUE)]))


def repeats_of(job: tuple[str, int, int]) -> list[float]:
    """The gains of all repeats on one sample of rows."""
    name, n, number = job
    draws, rng = DRAWS[name], np.random.default_rng([2, n, number])
    x, y = draws.draw(rng, n)
    n_test, gains = round(TEST_SHARE * n), []
    for k in range(max(N_REPEATS)):
        order = rng.permutation(n)
        test, train = order[:n_test], order[n_test:]
        gains.append(gain_of(draws, (x[train], y[train]), (x[test], y[test]), 100 * number + k))
    return gains


def plain_interval(gains: list[float]) -> tuple[float, float]:
    """As if the tests were independent."""
    half = t.ppf(0.975, len(gains) - 1) * np.std(gains, ddof=1) / np.sqrt(len(gains))
    return float(np.mean(gains) - half), float(np.mean(gains) + half)


def report_repeats(pool: ProcessPoolExecutor, n: int) -> dict[str, dict[str, list[float]]]:
    print(f"\n6. Repeats on {n} samples each: how often the interval holds the true gain (95 % is wanted), corrected /")
    print("as if independent; in brackets the mean half-width of the corrected one")
    print(f"{'families':46}{'rows':>6}{'gain':>9}" + "".join(f"{f'{k} repeats':>22}" for k in N_REPEATS))
    figures: dict[str, dict[str, list[float]]] = {}
    for name in DRAWS:
        for n_rows in (200, 1000):
            n_train = n_rows - round(TEST_SHARE * n_rows)
            (true,) = pool.map(true_gain, [name], [n_train])
            found = list(pool.map(repeats_of, [(name, n_rows, number) for number in range(n)], chunksize=5))
            cells, rates = [], []
            for k in N_REPEATS:
                corrected = [corrected_interval(gains[:k], TEST_SHARE / (1 - TEST_SHARE)) for gains in found]
                plain = [plain_interval(gains[:k]) for gains in found]
                held = [float(np.mean([low <= true <= high for low, high in ends])) for ends in (corrected, plain)]
                half = float(np.mean([(high - low) / 2 for low, high in corrected]))
                rates.append(round(held[0], 3))
                cells.append(f"{held[0]:.1%} / {held[1]:.0%} ({half:.3f})")
            figures.setdefault(name, {})[str(n_rows)] = rates
            print(f"{name:46}{n_rows:6}{true:+9.3f}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    return figures
