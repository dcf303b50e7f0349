"""Out-of-fold pairs of both finalists against the pairs of one test, for `verdicts.py`: what is found, what is wrong.

A sample of rows is split as in a contest. One verdict is of the test rows alone. The other is of five folds of the rows
that chose nothing: each fold is predicted by fits of both finalists on all other rows. Rows that chose the finalists
(validation rows: one part, or three where rows are few) always learn and are never scored.

In the first report both sides are one family; one learns from a share of the rows, or from another bootstrap. In the
second one sides choose among settings by validation rows, and the true gain of what they chose is that on fresh rows.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from verdicts_repeats import classifier, output_of, two_classes

from automl import metrics, verdict
from automl.records import Comparison, Contestant, Cost, Output, Run, Split, Task
from automl.verdict import rule

N_FOLDS = 5
TEST_SHARE, VALID_SHARE = 0.2, 0.16
SHARES = {"the same rows": 1.0, "another bootstrap": None, "half": 0.5, "a quarter": 0.25, "a tenth": 0.1}
"""What the second side learns from. The first two are contests without a better side."""
SEED_SHARE = 0.025
"""What a seed is taken to change in both ways, as of a measured family."""
QUANTILES = {"95 %": 1.96, "99 %": 2.576}
N_HOLD_OUTS = (1, 3)
"""Validation parts: each of `VALID_SHARE` of the rows."""
N_SETTINGS, N_FRESH = 12, 20_000
RUNS = (Run("a", "deep", "done", "a", cost=Cost(1.0)), Run("b", "shallow", "done", "b", cost=Cost(1.0)))


def fitted(x: np.ndarray, y: np.ndarray, share: float | None, seed: int):
    rng = np.random.default_rng(seed)
    if share is None:
        rows = rng.choice(len(x), len(x))
    else:
        rows = rng.permutation(len(x))[: round(share * len(x))] if share < 1 else np.arange(len(x))
    return classifier(seed).fit(x[rows], y[rows])


def judged(truth: np.ndarray, outputs: tuple[Output, Output], seed: int, metric: str = "roc_auc") -> Comparison:
    rule.seed_shares = lambda names, runs: tuple(SEED_SHARE for _ in names)
    rows, n = np.arange(len(truth)), len(truth)
    flat = Output("probabilities", {"probabilities": np.full((n, 2), 0.5), "labels": np.zeros(n, np.int64)})
    deep, shallow = (Contestant(run.name, run.side, out, (out,)) for run, out in zip(RUNS, outputs, strict=True))
    return verdict.compare(
        Task("tabular", "binary", ("y",), metric, ("0", "1")),
        Split(rows[:0], rows[:0], rows, "row", rows, "random", seed),
        truth, None, {}, deep, shallow, Contestant("floor", "floor", flat), RUNS, 0.005, seed,
    )  # fmt: skip


def winners(found: Comparison) -> list[int]:
    """1 where deep is found better at each level, -1 where shallow is, else 0: what seeds add included."""
    assert found.gain is not None and found.least_gain is not None
    error = np.sqrt(sum(found.parts.values()))
    return [
        int(np.sign(found.gain)) if abs(found.gain) > max(quantile * error, found.least_gain) else 0
        for quantile in QUANTILES.values()
    ]


def parts_of(rng: np.random.Generator, y: np.ndarray, n_holdouts: int) -> tuple[np.ndarray, np.ndarray, list]:
    """Test rows, rows that choose, and the pairs (learnt, predicted) of the folds of all rows that choose nothing."""
    n = len(y)
    n_test, n_valid = round(TEST_SHARE * n), n_holdouts * round(VALID_SHARE * n)
    test, chosen_by, _ = np.split(rng.permutation(n), [n_test, n_test + n_valid])
    free = np.setdiff1d(np.arange(n), chosen_by)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=int(rng.integers(2**31))).split(free, y[free])
    return test, chosen_by, [(np.setdiff1d(np.arange(n), free[b]), free[b]) for _, b in folds]


def pooled(fits, parts: list) -> tuple[np.ndarray, tuple[Output, Output]]:
    """Rows of all folds, and both sides' predictions of them."""
    rows = np.concatenate([b for _, b in parts])
    p = [np.concatenate([fit(a, b, k).arrays["probabilities"] for k, (a, b) in enumerate(parts, 1)]) for fit in fits]
    return rows, tuple(Output("probabilities", {"probabilities": q, "labels": q.argmax(axis=1)}) for q in p)


def both_ways(job: tuple[int, int, int]) -> dict[str, list[list[int]]]:
    """For each share the winners of the test alone, and of out-of-fold pairs."""
    n, number, n_holdouts = job
    rng = np.random.default_rng([3, n, number])
    x, y = two_classes(rng, n)
    test, _, parts = parts_of(rng, y, n_holdouts)
    found = {}
    for name, share in SHARES.items():

        def fit(a: np.ndarray, b: np.ndarray, k: int, own: float | None, first: int) -> Output:
            return output_of(fitted(x[a], y[a], own, 10_000 * number + first + k), x[b], "binary")

        def one(a: np.ndarray, b: np.ndarray, k: int, own: float | None = share) -> Output:
            return fit(a, b, k, None, 200) if own is None else fit(a, b, k, 1.0, 0)

        def other(a: np.ndarray, b: np.ndarray, k: int, own: float | None = share) -> Output:
            return fit(a, b, k, own, 100)

        rest = np.setdiff1d(np.arange(n), test)
        alone = judged(y[test], (one(rest, test, 0), other(rest, test, 0)), number)
        rows, outputs = pooled((one, other), parts)
        found[name] = [winners(alone), winners(judged(y[rows], outputs, number))]
    return found


def settings_of(rng: np.random.Generator, n: int) -> list:
    return [
        ExtraTreesClassifier(
            15, min_samples_leaf=int(rng.integers(1, 25)), max_features=int(rng.integers(1, 7)),
            random_state=int(rng.integers(2**31)),
        )
        for _ in range(n)
    ]  # fmt: skip


SEARCHED = {
    "trees, one setting and 12": (lambda rng: settings_of(rng, 1), lambda rng: settings_of(rng, N_SETTINGS)),
    "trees, 12 settings each": (lambda rng: settings_of(rng, N_SETTINGS), lambda rng: settings_of(rng, N_SETTINGS)),
    "trees, 12 settings, and logistic, 12": (
        lambda rng: settings_of(rng, N_SETTINGS),
        lambda rng: [LogisticRegression(C=float(10 ** rng.uniform(-3, 2))) for _ in range(N_SETTINGS)],
    ),
}


def searched(job: tuple[str, str, int, int, int]) -> tuple[list[list[int]], float, float]:
    """Winners of the test, of the folds, and of folds that score validation rows too; the true and the least gain."""
    name, metric, n, number, n_holdouts = job
    rng = np.random.default_rng([4, n, number])
    x, y = two_classes(rng, n)
    test, chosen_by, parts = parts_of(rng, y, n_holdouts)
    rest, train = np.setdiff1d(np.arange(n), test), np.setdiff1d(np.arange(n), np.union1d(test, chosen_by))
    holdouts = np.array_split(chosen_by, n_holdouts)

    def score(model, a: np.ndarray, b: np.ndarray) -> float:
        return metrics.score(metric, y[b], output_of(model.fit(x[a], y[a]), x[b], "binary"), None, {"classes": 2})

    def chosen(models: list):
        each = [np.mean([score(model, np.setdiff1d(rest, b), b) for b in holdouts]) for model in models]
        return models[int(np.argmax(each))]

    finalists = [chosen(make(rng)) for make in SEARCHED[name]]
    fits = [
        lambda a, b, k, model=model: output_of(model.fit(x[a], y[a]), x[b], "binary") for model in finalists
    ]  # fmt: skip
    alone = judged(y[test], tuple(fit(rest, test, 0) for fit in fits), number, metric)
    rows, outputs = pooled(fits, parts)
    whole = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=number).split(x, y))
    all_rows, of_all = pooled(fits, whole)
    fresh, labels = two_classes(np.random.default_rng([5, n, number]), N_FRESH)
    true = []
    for k in range(4):
        learnt = parts[k][0]
        both = [
            metrics.score(metric, labels, output_of(model.fit(x[learnt], y[learnt]), fresh, "binary"), None,
                          {"classes": 2}) for model in finalists
        ]  # fmt: skip
        true.append(metrics.gain(metric, *both))
    judgements = [alone, judged(y[rows], outputs, number, metric), judged(y[all_rows], of_all, number, metric)]
    assert len(train) and alone.least_gain is not None
    return [winners(one) for one in judgements], float(np.mean(true)), alone.least_gain


RULES = {
    "test 95 %": lambda test, folds: test[0],
    "folds 95 %": lambda test, folds: folds[0],
    "folds 99 %": lambda test, folds: folds[1],
    "test 95 %, else folds 95 %": lambda test, folds: test[0] or folds[0],
    "test 95 %, else folds 99 %": lambda test, folds: test[0] or folds[1],
}


def report_folds(pool: ProcessPoolExecutor, n: int) -> dict[str, dict[str, list[float]]]:
    print(f"\n7. Trees against trees that learn from less, {n} samples: better side found / the other one")
    print(f"{'second side learns from':26}{'rows':>6}{'hold-outs':>10}" + "".join(f"{title:>28}" for title in RULES))
    figures: dict[str, dict[str, list[float]]] = {}
    for n_holdouts in N_HOLD_OUTS:
        for n_rows in (500, 1500):
            jobs = [(n_rows, number, n_holdouts) for number in range(n)]
            results = list(pool.map(both_ways, jobs, chunksize=2))
            for name in SHARES:
                won = np.array([[decide(*one[name]) for decide in RULES.values()] for one in results])
                right, wrong = (won == 1).mean(axis=0), (won == -1).mean(axis=0)
                key = f"{n_rows} rows, {n_holdouts} hold-outs"
                figures.setdefault(name, {})[key] = [round(float(v), 3) for v in (*right, *wrong)]
                cells = "".join(f"{f'{a:.0%} / {b:.1%}':>28}" for a, b in zip(right, wrong, strict=True))
                print(f"{name:26}{n_rows:6}{n_holdouts:10}{cells}", flush=True)
    return figures


def report_searched(pool: ProcessPoolExecutor, n: int) -> dict[str, list[float]]:
    ways = (*RULES, "all rows, 95 %")
    print(
        f"\n8. Settings chosen by validation rows, {n} samples: the better side found / the worse one / either, where"
    )
    print("the true gain is less than the least that counts")
    print(f"{'sides':38}{'metric':>9}{'rows':>6}{'hold-outs':>10}" + "".join(f"{title:>28}" for title in ways))
    figures: dict[str, list[float]] = {}
    for name in SEARCHED:
        for metric, n_rows, n_holdouts in (("roc_auc", 500, 1), ("roc_auc", 1500, 1), ("accuracy", 500, 3)):
            jobs = [(name, metric, n_rows, number, n_holdouts) for number in range(n)]
            found = list(pool.map(searched, jobs, chunksize=2))
            true, least = (np.array([one[k] for one in found]) for k in (1, 2))
            won = np.array([[*(rule(*one[0][:2]) for rule in RULES.values()), one[0][2][0]] for one in found])
            counts = np.abs(true) >= least
            right = ((won == np.sign(true)[:, None]) & counts[:, None]).mean(axis=0)
            wrong = ((won == -np.sign(true)[:, None]) & counts[:, None]).mean(axis=0)
            small = ((won != 0) & ~counts[:, None]).mean(axis=0)
            figures[f"{name}, {metric}, {n_rows} rows, {n_holdouts} hold-outs"] = [
                round(float(v), 3) for v in (*right, *wrong, *small)
            ]
            cells = "".join(
                f"{f'{a:.0%} / {b:.1%} / {c:.1%}':>28}" for a, b, c in zip(right, wrong, small, strict=True)
            )
            print(f"{name:38}{metric:>9}{n_rows:6}{n_holdouts:10}{cells}", flush=True)
    return figures
