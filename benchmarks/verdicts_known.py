"""Finalists whose true difference is known, for `verdicts.py`: how often the interval holds it, and what is found.

Nothing is fitted: errors of both sides are drawn, together with an effect of each seed, and `automl.verdict` judges
them. The difference to be covered is that of the two *families*: a fit is its family and the effect of its seed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from automl import verdict
from automl.records import Comparison, Contestant, Cost, Output, Run, Split, Task
from automl.verdict import resample, rule
from automl.verdict.shares import ASSUMED_SHARE, FREEDOM

RUNS = (Run("a", "deep", "done", "a", cost=Cost(1.0)), Run("b", "shallow", "done", "b", cost=Cost(1.0)))
MIN_GAIN = 0.005
GAPS = (0.02, 0.05, 0.10, 0.25)
SIZES = (100, 300, 1000, 5000)
LEVELS = {"10 % (as before)": 0.10, "5 % (not measured)": 0.05, "2.5 % (measured)": 0.025}
MOST_CELLS = 1_000_000
"""Replicates times rows, fewer than in a contest from 500 rows on, so that more tests can be judged."""

TRUE_SHARES = (0.024, 0.007)
"""Deviation between seeds of finalists of 60 s: networks in the mean, shallow models in the median."""


@dataclass(frozen=True)
class Drawn:
    """Positive errors of both sides before seeds, ``(n,)`` a side, and how the test is made of them."""

    errors: tuple[np.ndarray, np.ndarray]
    true_gain: float
    unit_ids: np.ndarray
    units: str = "row"
    time_ids: np.ndarray | None = None
    series: np.ndarray | None = None


def _errors(rng: np.random.Generator, n: int, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows that both sides, or one, get wrong; means 1 - gap and 1.

    The paired relative half-width is about 5 / sqrt(n), as measured on contests.
    """
    kind = rng.random(n)
    both = kind < 0.07
    a, b = (both | ((kind >= 0.07) & (kind < 0.10 - 0.1 * gap))), both | ((kind >= 0.10) & (kind < 0.13))
    return 10.0 * a, 10.0 * b


def rows(rng: np.random.Generator, n: int = 400, gap: float = 0.05) -> Drawn:
    return Drawn(_errors(rng, n, gap), gap, np.arange(n))


def groups(rng: np.random.Generator, n_groups: int = 120, each: int = 6, gap: float = 0.05) -> Drawn:
    """Rows of a group err alike, and differ alike between the sides."""
    a, b = _errors(rng, n_groups * each, gap)
    by_group = np.repeat(rng.uniform(-1, 1, n_groups), each)
    return Drawn((a + 2, b + 2 + by_group), gap, np.repeat(np.arange(n_groups), each), "group")


def windows(rng: np.random.Generator, n: int = 39, alike: float = 0.0, gap: float = 0.1) -> Drawn:
    """Differences of neighbouring windows are an autoregressive process."""
    e, x = rng.normal(size=n + 30), np.zeros(n + 30)
    for t in range(1, n + 30):
        x[t] = alike * x[t - 1] + np.sqrt(1 - alike**2) * e[t]
    base = 3 + 0.25 * np.abs(rng.normal(size=n))
    return Drawn((base, base + gap + 0.5 * x[30:]), gap, np.arange(n), "window")


def panel(rng: np.random.Generator, n_series: int = 50, n_times: int = 8, shock: float = 0.0) -> Drawn:
    """Differences of a series, of a window, and of a time that all series share."""
    d = 0.4 * rng.normal(size=(n_series, 1)) + 0.4 * rng.normal(size=(n_series, n_times))
    d = (d + shock * rng.normal(size=(1, n_times))).ravel()
    base = 4 + np.abs(0.3 * rng.normal(size=d.size))
    series = np.repeat(np.arange(n_series), n_times)
    return Drawn((base, base + d), 0.0, series, "series", np.tile(np.arange(n_times), n_series), series)


CELLS: dict[str, Callable[[np.random.Generator], Drawn]] = {
    "rows, 400": rows,
    "groups, 120 of 6 rows": groups,
    "windows, 39": windows,
    "windows, 39, alike .3": lambda rng: windows(rng, alike=0.3),
    "windows, 39, alike .6": lambda rng: windows(rng, alike=0.6),
    "panel, 50 series, 8 times": panel,
    "panel, shocks .3": lambda rng: panel(rng, shock=0.3),
    "panel, 4 times, shocks .3": lambda rng: panel(rng, n_times=4, shock=0.3),
}


def judged(drawn: Drawn, shares: tuple[float, float], n_seeds: int, rng: np.random.Generator) -> Comparison:
    """The verdict on finalists of so many seeds, each of which scales its errors; 0 where seeds do not matter."""
    rule.seed_shares = lambda names, runs: tuple(ASSUMED_SHARE if n_seeds else 0.0 for _ in names)
    is_forecast = drawn.units in ("window", "series")
    resample.REPLICATE_CELLS = MOST_CELLS

    def output(errors: np.ndarray) -> Output:
        kind, shape = ("windows", (-1, 1, 1)) if is_forecast else ("values", (-1, 1))
        return Output(kind, {"values": errors.reshape(shape)})

    def contestant(run: Run, errors: np.ndarray, share: float) -> Contestant:
        seeds = [output(errors * (1 + share * rng.normal())) for _ in range(max(1, n_seeds))]
        mean = Output(seeds[0].kind, {"values": np.mean([seed.arrays["values"] for seed in seeds], axis=0)})
        return Contestant(run.name, run.side, mean, tuple(seeds))

    n = len(drawn.unit_ids)
    items = np.arange(n)
    split = Split(items[:0], items[:0], items, drawn.units, drawn.unit_ids, "", 0, time_ids=drawn.time_ids)
    task = Task("sequence", "forecast", ("y",), "mase") if is_forecast else Task("tabular", "regression", ("y",), "mae")
    series = np.zeros(n, int) if drawn.series is None else drawn.series
    sides = [contestant(run, e, s) for run, e, s in zip(RUNS, drawn.errors, shares, strict=True)]
    return verdict.compare(
        task, split, np.zeros((n, 1, 1) if is_forecast else (n, 1)), None,
        {"scale": np.ones((n, 1)), "series": series} if is_forecast else {}, sides[0], sides[1],
        Contestant("floor", "floor", output(np.full(n, 9.0))), RUNS, MIN_GAIN, int(rng.integers(2**31)),
    )  # fmt: skip


def covered(job: tuple[str, int, int]) -> tuple[bool, bool]:
    """Whether the interval holds the true difference; whether zero and it lie on different sides."""
    name, n_seeds, number = job
    rng = np.random.default_rng([number, n_seeds, list(CELLS).index(name)])
    drawn = CELLS[name](rng)
    # seeds matter more on some data than on others; the root of the mean square is what is assumed
    shares = (n_seeds > 0) * ASSUMED_SHARE * np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM, 2))
    found = judged(drawn, (float(shares[0]), float(shares[1])), n_seeds, rng)
    assert found.interval is not None
    return found.interval[0] <= drawn.true_gain <= found.interval[1], found.verdict == "shallow"


def report_coverage(pool: ProcessPoolExecutor, n: int) -> dict[str, dict[str, float]]:
    print(f"\n4. Known differences, {n} tests each: how often the interval holds the true one (95 % is wanted)")
    print(f"{'units':28}{'no seeds':>10}{'1 seed':>10}{'3 seeds':>10}")
    figures: dict[str, dict[str, float]] = {}
    for name in CELLS:
        jobs = [[(name, n_seeds, number) for number in range(n)] for n_seeds in (0, 1, 3)]
        rates = [float(np.mean([held for held, _ in pool.map(covered, own, chunksize=10)])) for own in jobs]
        figures[name] = dict(zip(("no_seeds", "seeds_1", "seeds_3"), rates, strict=True))
        print(f"{name:28}" + "".join(f"{rate:10.1%}" for rate in rates), flush=True)
    return figures


def found_at(job: tuple[float, int, int]) -> tuple[list[bool], list[bool]]:
    """Whether deep, the better one by so much, is found, and whether shallow is, at each assumed share of one seed."""
    from scipy.stats import norm, t

    gap, n, number = job
    rng = np.random.default_rng([number, n, int(1000 * gap)])
    found = judged(rows(rng, n, gap), TRUE_SHARES, 1, rng)
    assert found.gain is not None and found.lacking is not None and found.least_gain is not None
    of_test, right, wrong = found.parts["test"], [], []
    for share in LEVELS.values():
        seeds = [(share * lacking) ** 2 for lacking in (found.lacking, found.lacking - found.gain)]
        total = of_test + sum(seeds)
        freedom = total**2 / (of_test**2 / (n - 1) + sum(v**2 for v in seeds) / FREEDOM)
        quantile = norm.ppf(0.975) if share == LEVELS["10 % (as before)"] else t.ppf(0.975, freedom)
        sure = abs(found.gain) > max(quantile * np.sqrt(total), found.least_gain)
        right.append(bool(sure and found.gain > 0))
        wrong.append(bool(sure and found.gain < 0))
    return right, wrong


def report_power(pool: ProcessPoolExecutor, n: int) -> dict[str, dict[str, list[float]]]:
    print(f"\n5. Known gaps of one-seed finalists, {n} tests each: found at an assumed share of one seed of")
    print(f"{'gap':>6}{'rows':>7}" + "".join(f"{name:>22}" for name in LEVELS) + f"{'wrong way':>12}")
    figures: dict[str, dict[str, list[float]]] = {}
    for gap in (0.0, *GAPS):
        for size in SIZES:
            results = list(pool.map(found_at, [(gap, size, number) for number in range(n)], chunksize=5))
            right, wrong = (np.mean([one[k] for one in results], axis=0) for k in (0, 1))
            figures.setdefault(f"{gap:g}", {})[str(size)] = [round(float(share), 3) for share in right]
            print(
                f"{gap:6.0%}{size:7}" + "".join(f"{share:22.0%}" for share in right) + f"{wrong.max():12.1%}",
                flush=True,
            )
    return figures
