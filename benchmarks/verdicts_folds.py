"""Out-of-fold pairs of both finalists against the pairs of one test, for `verdicts.py`: what is found, what is wrong.

A sample of rows is split as in a contest. One verdict is of the test rows alone. The other is of five folds of all
rows: each fold is predicted by fits of both finalists on the other folds, and the rows that chose the finalists
(validation) are not scored. Both sides are one family; one learns from a share of the rows, or from another bootstrap.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np
from sklearn.model_selection import StratifiedKFold
from verdicts_repeats import classifier, output_of, two_classes

from automl import verdict
from automl.records import Comparison, Contestant, Cost, Output, Run, Split, Task
from automl.verdict import rule

N_FOLDS = 5
TEST_SHARE, VALID_SHARE = 0.2, 0.16
SHARES = {"the same rows": 1.0, "another bootstrap": None, "half": 0.5, "a quarter": 0.25, "a tenth": 0.1}
"""What the second side learns from. The first two are contests without a better side."""
SEED_SHARE = 0.025
"""What a seed is taken to change in both ways, as of a measured family."""
QUANTILES = {"95 %": 1.96, "99 %": 2.576}
RUNS = (Run("a", "deep", "done", "a", cost=Cost(1.0)), Run("b", "shallow", "done", "b", cost=Cost(1.0)))


def fitted(x: np.ndarray, y: np.ndarray, share: float | None, seed: int):
    rng = np.random.default_rng(seed)
    if share is None:
        rows = rng.choice(len(x), len(x))
    else:
        rows = rng.permutation(len(x))[: round(share * len(x))] if share < 1 else np.arange(len(x))
    return classifier(seed).fit(x[rows], y[rows])


def judged(truth: np.ndarray, outputs: tuple[Output, Output], seed: int) -> Comparison:
    rule.seed_shares = lambda names, runs: tuple(SEED_SHARE for _ in names)
    rows, n = np.arange(len(truth)), len(truth)
    flat = Output("probabilities", {"probabilities": np.full((n, 2), 0.5), "labels": np.zeros(n, np.int64)})
    deep, shallow = (Contestant(run.name, run.side, out, (out,)) for run, out in zip(RUNS, outputs, strict=True))
    return verdict.compare(
        Task("tabular", "binary", ("y",), "roc_auc", ("0", "1")),
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


def both_ways(job: tuple[int, int]) -> dict[str, list[list[int]]]:
    """For each share the winners of the test alone, and of out-of-fold pairs."""
    n, number = job
    rng = np.random.default_rng([3, n, number])
    x, y = two_classes(rng, n)
    test, valid = np.split(rng.permutation(n), [round(TEST_SHARE * n), round((TEST_SHARE + VALID_SHARE) * n)])[:2]
    parts = [(np.setdiff1d(np.arange(n), test), test)]
    parts += list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=number).split(x, y))
    of_full = [
        output_of(fitted(x[a], y[a], 1.0, 10_000 * number + k), x[b], "binary") for k, (a, b) in enumerate(parts)
    ]
    scored = np.setdiff1d(np.arange(n), valid)
    found = {}
    for name, share in SHARES.items():
        first = of_full
        if share is None:
            first = [
                output_of(fitted(x[a], y[a], None, 10_000 * number + 200 + k), x[b], "binary")
                for k, (a, b) in enumerate(parts)
            ]
        other = [
            output_of(fitted(x[a], y[a], share, 10_000 * number + 100 + k), x[b], "binary")
            for k, (a, b) in enumerate(parts)
        ]
        pooled = tuple(_pooled(outputs[1:], [b for _, b in parts[1:]], n, scored) for outputs in (first, other))
        alone, folds = judged(y[test], (first[0], other[0]), number), judged(y[scored], pooled, number)
        found[name] = [winners(alone), winners(folds)]
    return found


def _pooled(outputs: list[Output], rows: list[np.ndarray], n: int, scored: np.ndarray) -> Output:
    p = np.empty((n, 2))
    for output, own in zip(outputs, rows, strict=True):
        p[own] = output.arrays["probabilities"]
    return Output("probabilities", {"probabilities": p[scored], "labels": p[scored].argmax(axis=1)})


def report_folds(pool: ProcessPoolExecutor, n: int) -> dict[str, dict[str, list[float]]]:
    print(
        f"\n7. Trees against trees that learn from less, {n} samples: better side found / the other one, at each level"
    )
    titles = [f"{way}, {level}" for way in ("test", "folds") for level in QUANTILES]
    print(f"{'second side learns from':26}{'rows':>6}{'test':>6}" + "".join(f"{title:>16}" for title in titles))
    figures: dict[str, dict[str, list[float]]] = {}
    for n_rows in (500, 1500):
        results = list(pool.map(both_ways, [(n_rows, number) for number in range(n)], chunksize=2))
        for name in SHARES:
            won = np.array([[sign for way in one[name] for sign in way] for one in results])
            right, wrong = (won == 1).mean(axis=0), (won == -1).mean(axis=0)
            figures.setdefault(name, {})[str(n_rows)] = [round(float(v), 3) for v in (*right, *wrong)]
            cells = "".join(f"{f'{a:.0%} / {b:.1%}':>16}" for a, b in zip(right, wrong, strict=True))
            print(f"{name:26}{n_rows:6}{round(TEST_SHARE * n_rows):6}{cells}", flush=True)
    return figures
