"""How should gaps in the history of a series be filled, if nothing may look ahead? Shallow forecasts on made-up series.

    python benchmarks/gaps.py [--seeds 4] [--length 900]

A tenth of the values of each series are removed at random, and four runs of three to eight steps. The gaps are filled
in several ways; each forecast is fitted on the filled series, and learns from and is scored by measured values alone
(MASE of the test windows, mean over seeds; lower is better). "line" is not allowed: it reads the value after the gap.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd

from automl import catalog, goals, metrics, split
from automl.detect.series.grid import filled
from automl.flow.prepare import read
from automl.recipe import make
from automl.records import Baseline, Dataset, Facts, FitContext

NAMES = ("seasonal_naive", "lagged_ridge", "lagged_boosting")


def made(kind: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Values of a series, and its frequency."""
    t, noise = np.arange(n), rng.normal(size=n)
    week, day = 5 * np.sin(2 * np.pi * t / 7), 10 * np.sin(2 * np.pi * t / 24)
    walk = np.cumsum(rng.normal(size=n))
    return {
        "days, a week": (50 + week + 0.3 * walk + noise, "D"),
        "hours, a day": (50 + day + 0.3 * walk + noise, "h"),
        "months, growing": ((100 + t) * (1 + 0.2 * np.sin(2 * np.pi * t / 12)) + 2 * noise, "MS"),
        "days, a walk": (50 + walk, "D"),
        "days, noise": (50 + noise, "D"),
    }[kind]


KINDS = ("days, a week", "hours, a day", "months, growing", "days, a walk", "days, noise")


def holed(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A copy without a tenth of the values, and without four runs of them."""
    out = np.where(rng.random(len(values)) < 0.1, np.nan, values)
    for _ in range(4):
        begin = int(rng.integers(1, len(values) - 20))
        out[begin : begin + int(rng.integers(3, 9))] = np.nan
    return out


def fillings(dataset: Dataset, season: int) -> dict[str, np.ndarray]:
    """The series filled in each way."""
    assert dataset.target is not None and dataset.observed is not None
    known = dataset.observed[:, 0]
    gaps = np.where(known, dataset.target.iloc[:, 0], np.nan)
    before = gaps.copy()
    for step in np.flatnonzero(~known):
        before[step] = before[step - season] if step >= season else before[step - 1]
    places = np.flatnonzero(known)
    again = filled(replace(dataset, target=pd.DataFrame({"y": gaps}), observed=None), season)
    assert again.target is not None
    return {
        "last value": pd.Series(gaps).ffill().to_numpy(),
        "a season before": before,
        "last season on the level of the last value": again.target["y"].to_numpy(),
        "line": np.interp(np.arange(len(gaps)), places, gaps[places]),
    }


def main() -> None:
    """Print a table of each kind of series."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--length", type=int, default=900)
    options = parser.parse_args()
    families = catalog.members(Baseline, "automl.baselines")
    for kind in KINDS:
        scores: dict[tuple[str, str], list[float]] = {}
        for seed in range(options.seeds):
            rng = np.random.default_rng(seed)
            n = options.length // 3 if kind.startswith("months") else options.length
            values, frequency = made(kind, n, rng)
            times = pd.date_range("2001-01-01", periods=len(values), freq=frequency)
            frame = pd.DataFrame({"t": times, "y": holed(values, rng)})
            dataset, task = read(make(data=frame, target="y", goal="forecast"))
            parts = split.split(dataset, task, 0)
            train, valid, test = (parts.items(part) for part in ("train", "valid", "test"))
            truths = {part: goals.truth(dataset, task, parts.items(part)) for part in ("train", "valid", "test")}
            context = goals.scoring_context(dataset, task, parts, test)
            for how, series in fillings(dataset, task.season or 1).items():
                other = replace(dataset, target=pd.DataFrame({"y": series}))
                for name in NAMES:
                    settings = next(families[name].settings(task, Facts(len(train)), 0))
                    model = families[name].make(task, settings, 0)
                    model.fit(other, train, truths["train"], None, FitContext(None, None, valid, truths["valid"]))
                    score = metrics.score("mase", truths["test"], model.predict(other, test), None, context)
                    scores.setdefault((how, name), []).append(score)
        print(f"\n{kind:44}" + "".join(f"{name:>18}" for name in NAMES))
        for how in dict.fromkeys(how for how, _ in scores):
            print(f"{how:44}" + "".join(f"{statistics.fmean(scores[how, name]):18.3f}" for name in NAMES))


if __name__ == "__main__":
    main()
