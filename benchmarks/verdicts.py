"""Is the verdict true? Contests whose right answer is known, judged by `automl.verdict`.

1. Null contests: a family against itself with another seed (other initial weights or trees, other bootstrapped
   training rows; or the same rows), over resampled splits. Both sides are exchangeable: every winner is a wrong one.
2. Known gaps: a family against itself trained on a share of the rows. How often the better side is found.
3. Agreement: two different families on re-splits of the same data. How often the commonest verdict comes.
4. Coverage: drawn finalists whose true difference is known, for rows, groups, windows and panels.
5. Power: such finalists at gaps of 2 to 25 % and 100 to 5,000 rows, beside the rule of before.
6. Repeats: two families on several splits of one sample of rows. How often the corrected resampled interval holds
   their true gain.
7. Folds: out-of-fold pairs of both finalists against the pairs of one test. What is found, and what wrongly.

Scikit-learn's models stand in for both sides, so that thousands of contests take minutes:

    python benchmarks/verdicts.py            # some minutes on 2 free cores
    python benchmarks/verdicts.py --splits 20 --only null,coverage

Prints tables, and one last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np  # noqa: E402
from sklearn.datasets import (  # noqa: E402
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_classification,
    make_friedman1,
)
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from verdicts_folds import report_folds, report_searched  # noqa: E402
from verdicts_known import report_coverage, report_power  # noqa: E402
from verdicts_repeats import report_repeats  # noqa: E402

from automl import verdict as compare  # noqa: E402
from automl.records import Comparison, Contestant, Cost, GoalName, Output, Run, Split, Task  # noqa: E402

SHARES = (0.9, 0.8, 0.6, 0.4, 0.2)
N_SEEDS = 3
MIN_GAIN = 0.005


@dataclass(frozen=True)
class Case:
    """One data set, the family that meets itself there, and the metric."""

    name: str
    load: Callable[[], tuple[np.ndarray, np.ndarray]]
    goal: GoalName
    metric: str
    family: str
    n_train: int
    n_test: int


CASES = {
    case.name: case
    for case in (
        Case("breast_cancer", lambda: load_breast_cancer(return_X_y=True), "binary", "roc_auc", "trees", 400, 169),
        Case("digits", lambda: load_digits(return_X_y=True), "multiclass", "accuracy", "network", 400, 600),
        Case("wine", lambda: load_wine(return_X_y=True), "multiclass", "accuracy", "network", 100, 78),
        Case("diabetes", lambda: load_diabetes(return_X_y=True), "regression", "r2", "trees", 300, 142),
        Case(
            "synthetic_binary",
            lambda: make_classification(6000, 20, n_informative=10, flip_y=0.1, class_sep=0.8, random_state=0),
            "binary", "roc_auc", "network", 500, 1000,
        ),
        Case(
            "friedman", lambda: make_friedman1(6000, noise=2.0, random_state=0),
            "regression", "r2", "network", 400, 1000,
        ),
    )
}  # fmt: skip


@cache
def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    return CASES[name].load()


def model_of(family: str, goal: GoalName, seed: int):
    if family == "trees":
        trees = ExtraTreesRegressor if goal == "regression" else ExtraTreesClassifier
        return trees(25, min_samples_leaf=2, random_state=seed)
    network = MLPRegressor if goal == "regression" else MLPClassifier
    network = network(hidden_layer_sizes=(16,), max_iter=20, batch_size=64, learning_rate_init=0.02, random_state=seed)
    return make_pipeline(StandardScaler(), network)


def predicted(model, x: np.ndarray, goal: GoalName, scale: tuple[float, float]) -> Output:
    if goal == "regression":
        return Output("values", {"values": model.predict(x).reshape(-1, 1) * scale[1] + scale[0]})
    p = model.predict_proba(x)
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def fitted(
    case: Case,
    family: str,
    x: np.ndarray,
    y: np.ndarray,
    test: np.ndarray,
    share: float,
    seed: int,
    redraw: bool = True,
) -> Output:
    """A model of one seed, trained on a bootstrap of a share of the rows (at least one row of each class).

    Without `redraw` on all of these rows as they are, so that the seed changes initial weights and trees alone.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(x))[: max(10, int(share * len(x)))] if redraw else np.arange(len(x))
    rows = rng.choice(rows, len(rows)) if redraw else rows
    if case.goal != "regression":
        rows = np.concatenate([rows, [int(np.flatnonzero(y == code)[0]) for code in np.unique(y)]])
    scale = (float(y.mean()), float(y.std())) if case.goal == "regression" else (0.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = (y[rows] - scale[0]) / scale[1] if case.goal == "regression" else y[rows]
        model = model_of(family, case.goal, seed).fit(x[rows], target)
        return predicted(model, test, case.goal, scale)


def contestant(run: str, side: str, outputs: list[Output]) -> Contestant:
    arrays = {name: np.mean([o.arrays[name] for o in outputs], axis=0) for name in outputs[0].arrays}
    if "labels" in arrays:
        arrays["labels"] = arrays["probabilities"].argmax(axis=1)
    return Contestant(run, side, Output(outputs[0].kind, arrays), tuple(outputs))


def floor_of(case: Case, y: np.ndarray, n: int) -> Contestant:
    if case.goal == "regression":
        return Contestant("floor", "floor", Output("values", {"values": np.full((n, 1), y.mean())}))
    share = np.bincount(y) / len(y)
    labels = np.full(n, int(share.argmax()))
    return Contestant(
        "floor", "floor", Output("probabilities", {"probabilities": np.tile(share, (n, 1)), "labels": labels})
    )


def judged(
    case: Case, truth: np.ndarray, deep: list[Output], shallow: list[Output], floor: Contestant, seed: int
) -> Comparison:
    classes = tuple(str(code) for code in range(int(truth.max()) + 1)) if case.goal != "regression" else ()
    rows = np.arange(len(truth))
    runs = (Run("a", "deep", "done", "a", cost=Cost(1.0)), Run("b", "shallow", "done", "b", cost=Cost(1.0)))
    return compare.compare(
        Task("tabular", case.goal, ("y",), case.metric, classes),
        Split(rows[:0], rows[:0], rows, "row", rows, "random", seed),
        truth.reshape(-1, 1) if case.goal == "regression" else truth,
        None, {}, contestant("a", "deep", deep), contestant("b", "shallow", shallow), floor, runs, MIN_GAIN, seed,
    )  # fmt: skip


def parted(case: Case, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    x, y = data_of(case.name)
    classes = None if case.goal == "regression" else y
    return train_test_split(x, y, train_size=case.n_train, test_size=case.n_test, random_state=seed, stratify=classes)


def null_contest(job: tuple[str, int, bool]) -> dict[int, tuple[str, float, float]]:
    """Verdict, gain and standard error (a quarter of the interval) with one seed and with several."""
    name, seed, redraw = job
    case = CASES[name]
    x, test, y, truth = parted(case, seed)
    outputs = [fitted(case, case.family, x, y, test, 1.0, 1000 * seed + k, redraw) for k in range(2 * N_SEEDS)]
    floor, found = floor_of(case, y, len(truth)), {}
    for n in (1, N_SEEDS):
        result = judged(case, truth, outputs[:n], outputs[N_SEEDS : N_SEEDS + n], floor, seed)
        low, high = result.interval or (0.0, 0.0)
        found[n] = (result.verdict, result.gain or 0.0, (high - low) / 3.92)
    return found


def gap_contest(job: tuple[str, int]) -> dict[float, tuple[str, float]]:
    """The full model against ones with a share of the rows: verdict and gain of the fuller one."""
    name, seed = job
    case = CASES[name]
    x, test, y, truth = parted(case, 5000 + seed)
    full = [fitted(case, case.family, x, y, test, 1.0, 1000 * seed + k) for k in range(N_SEEDS)]
    floor, found = floor_of(case, y, len(truth)), {}
    for share in SHARES:
        less = [fitted(case, case.family, x, y, test, share, 1000 * seed + 500 + k) for k in range(N_SEEDS)]
        result = judged(case, truth, full, less, floor, seed)
        found[share] = (result.verdict, result.gain or 0.0)
    return found


def split_contest(job: tuple[str, int]) -> tuple[str, str]:
    """A network against trees on one re-split."""
    name, seed = job
    case = CASES[name]
    x, test, y, truth = parted(case, 9000 + seed)
    sides = [
        [fitted(case, family, x, y, test, 1.0, 1000 * seed + 10 * k + i) for k in range(N_SEEDS)]
        for i, family in enumerate(("network", "trees"))
    ]
    result = judged(case, truth, sides[0], sides[1], floor_of(case, y, len(truth)), seed)
    return result.verdict, result.reason


def upper(wrong: int, n: int) -> float:
    """Upper end of the 95 % Clopper-Pearson interval."""
    from scipy.stats import beta

    return 1.0 if wrong == n else float(beta.ppf(0.975, wrong + 1, n - wrong))


def report_null(pool: ProcessPoolExecutor, n_splits: int, redraw: bool) -> dict[str, dict[str, float]]:
    rows = "other bootstrapped rows and seeds" if redraw else "the same rows, other seeds"
    print(f"\n1. A family against itself, {rows}, {n_splits} splits a set: share of (wrong) winners")
    print(f"{'set':18}{'metric':10}{'units':>6}  {'1 seed':>8}{'3 seeds':>9}   spread of gains / claimed (1, 3 seeds)")
    figures: dict[str, dict[str, float]] = {}
    totals: Counter[int] = Counter()
    for case in CASES.values():
        found = list(pool.map(null_contest, [(case.name, seed, redraw) for seed in range(n_splits)], chunksize=4))
        rates, ratios = {}, {}
        for n in (1, N_SEEDS):
            wrong = sum(one[n][0] != "tie" for one in found)
            totals[n] += wrong
            rates[n] = wrong / n_splits
            claimed = np.sqrt(np.mean([one[n][2] ** 2 for one in found]))
            ratios[n] = float(np.std([one[n][1] for one in found]) / claimed) if claimed > 0 else float("nan")
        figures[case.name] = {"seeds_1": rates[1], "seeds_3": rates[N_SEEDS]}
        print(
            f"{case.name:18}{case.metric:10}{case.n_test:6}  {rates[1]:8.1%}{rates[N_SEEDS]:9.1%}   "
            f"{ratios[1]:.2f} {ratios[N_SEEDS]:.2f}",
            flush=True,
        )
    n = n_splits * len(CASES)
    figures["all"] = {"seeds_1": totals[1] / n, "seeds_3": totals[N_SEEDS] / n}
    print(f"{'all':34}  {totals[1] / n:8.1%}{totals[N_SEEDS] / n:9.1%}   at most "
          f"{upper(totals[1], n):.1%} and {upper(totals[N_SEEDS], n):.1%} (95 %)")  # fmt: skip
    return figures


def report_gap(pool: ProcessPoolExecutor, n_splits: int) -> dict[str, dict[str, float]]:
    print(f"\n2. A family against itself with fewer training rows, {n_splits} splits: found / mean gain / wrong way")
    print(f"{'set':18}" + "".join(f"{share:>20.0%}" for share in SHARES))
    figures: dict[str, dict[str, float]] = {}
    for name in ("digits", "synthetic_binary", "friedman"):
        found = list(pool.map(gap_contest, [(name, seed) for seed in range(n_splits)], chunksize=2))
        cells, figures[name] = [], {}
        for share in SHARES:
            right = np.mean([one[share][0] == "deep" for one in found])
            wrong = np.mean([one[share][0] == "shallow" for one in found])
            gain = np.mean([one[share][1] for one in found])
            figures[name][str(share)] = float(right)
            cells.append(f"{right:.0%} / {gain:+.3f} / {wrong:.0%}")
        print(f"{name:18}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    return figures


def report_agreement(pool: ProcessPoolExecutor, n_splits: int) -> dict[str, float]:
    print(f"\n3. A network against trees, {n_splits} re-splits: the commonest verdict and how often it came")
    figures: dict[str, float] = {}
    for name in ("digits", "breast_cancer", "friedman"):
        found = list(pool.map(split_contest, [(name, seed) for seed in range(n_splits)]))
        counts = Counter(verdict for verdict, _ in found)
        commonest, times = counts.most_common(1)[0]
        opposed = min(counts["deep"], counts["shallow"])
        figures[name] = times / n_splits
        print(f"{name:18}{commonest:>10} {times}/{n_splits}   contrary winners: {opposed}   {dict(Counter(found))}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=200, help="re-splits of each null contest")
    parser.add_argument("--tests", type=int, default=400, help="drawn tests of each known difference")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="seeds,null,gap,agreement,coverage,power,repeats,folds,searched")
    arguments = parser.parse_args()
    begun, n, n_tests = time.monotonic(), arguments.splits, arguments.tests
    figures: dict[str, object] = {"benchmark": "verdicts", "null_splits": n, "tests": n_tests}
    with ProcessPoolExecutor(arguments.workers) as pool:
        parts: dict[str, Callable[[], object]] = {
            "seeds": lambda: report_null(pool, n, redraw=False),
            "null": lambda: report_null(pool, n, redraw=True),
            "gap": lambda: report_gap(pool, max(5, n // 10)),
            "agreement": lambda: report_agreement(pool, 10),
            "coverage": lambda: report_coverage(pool, n_tests),
            "power": lambda: report_power(pool, max(20, n_tests // 4)),
            "repeats": lambda: report_repeats(pool, n_tests),
            "folds": lambda: report_folds(pool, n_tests),
            "searched": lambda: report_searched(pool, n_tests),
        }
        for name in arguments.only.split(","):
            figures[name] = parts[name]()
    seconds = time.monotonic() - begun
    print(f"\n{seconds:.0f} s")
    print(json.dumps({**figures, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
