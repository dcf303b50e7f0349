"""Planted truths for robustness and attacks: who depends on one brittle column, and who does not.

`tradeoff.py` runs them. The finalists are fixed functions of the test rows, so that the truth is known. Each check is a
function that prints its table and returns its figures; `CHECKS` lists them by name.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.analyses import attacks, robustness
from automl.baselines.learners.learner import as_output
from automl.records import AnalysisContext, AnalysisFacts, Column, Contestant, Dataset, Output, Run, Split, Task
from automl.testing.outcomes import example_outcome

CHECKS: dict[str, Callable[[], dict[str, Any]]] = {}
"""Name → the check: prints a table, returns figures of plain types, ``passed`` (bool) among them."""

N_TRAIN, N_TEST, N_COLUMNS = 500, 600, 8
N_REPEATS = 200
Predict = Callable[[pd.DataFrame], np.ndarray]


def check(function: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Register a check under the name of its function."""
    CHECKS[function.__name__] = function
    return function


@dataclass(frozen=True, eq=False)
class Fixed:
    """Probabilities of the second class by a function of the columns; missing cells have the middle value."""

    predict: Predict

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict rows."""
        found = self.predict(dataset.inputs.iloc[rows].fillna(0.5))
        return as_output("binary", np.stack([1 - found, found], axis=1))


def contest(seed: int, sides: Mapping[str, Predict], sharp: float = 0.35) -> AnalysisContext:
    """A table with one column that tells the class all by itself, and others that tell it together."""
    rng = np.random.default_rng(seed)
    n = N_TRAIN + N_TEST
    y = rng.integers(0, 2, n)
    frame = pd.DataFrame({"sharp": y + sharp * rng.normal(size=n)})
    for place in range(N_COLUMNS):
        frame[f"x{place}"] = y + sharp * math.sqrt(N_COLUMNS) * rng.normal(size=n)
    rows = np.arange(n)
    split = Split(rows[:N_TRAIN], rows[:0], rows[N_TRAIN:], "row", np.arange(N_TEST), "planted", seed)
    task = Task(
        "tabular", "binary", ("y",), "roc_auc", columns=tuple(Column(name, "numeric", 1.0, "") for name in frame),
        classes=("no", "yes"), positive="yes",
    )  # fmt: skip
    dataset = Dataset("planted", frame, pd.DataFrame({"y": np.where(y == 1, "yes", "no")}))
    test = split.items("test")
    predictors = {side: Fixed(predict) for side, predict in sides.items()}
    everyone = {**predictors, "floor": Fixed(lambda part: np.full(len(part), 0.5))}
    base = example_outcome("binary")
    outcome = dataclasses.replace(
        base, recipe=dataclasses.replace(base.recipe, seed=seed), task=task, split=split, analyses={},
        truth=goals.truth(dataset, task, test), weight=None, context=goals.scoring_context(dataset, task, split, test),
        contestants=tuple(Contestant(f"{s}-1", s, one.output(dataset, test)) for s, one in everyone.items()),  # type: ignore[arg-type]
        runs=tuple(Run(f"{side}-1", side, "done", "fixed", finalist=True) for side in sides),  # type: ignore[arg-type]
    )  # fmt: skip
    facts = AnalysisFacts(N_TRAIN, N_TEST, len(frame.columns), dict.fromkeys(sides, 0.0))  # type: ignore[arg-type]
    return AnalysisContext(dataset, task, split, outcome, predictors, facts)


def _logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def brittle(part: pd.DataFrame) -> np.ndarray:
    """Reads one column."""
    return _logistic(6 * (part["sharp"].to_numpy() - 0.5))


def spread_out(part: pd.DataFrame) -> np.ndarray:
    """Reads the mean of many columns, which tells as much."""
    return _logistic(6 * (part[[f"x{k}" for k in range(N_COLUMNS)]].mean(axis=1).to_numpy() - 0.5))


def also_spread_out(part: pd.DataFrame) -> np.ndarray:
    """As good as `spread_out`, by other columns with noise of the same size: halves that change places."""
    halves = part[[f"x{k}" for k in range(N_COLUMNS)]]
    return _logistic(6 * (halves.mean(axis=1).to_numpy() - 0.5) + 1e-9 * part["sharp"].to_numpy())


@check
def brittle_column() -> dict[str, Any]:
    """Equal without corruption; with missing cells the side of one column loses, whichever side it is."""
    found = 0
    equal = 0
    for seed in range(20):
        for brittle_side, other in (("deep", "shallow"), ("shallow", "deep")):
            made = robustness.ROBUSTNESS.run(contest(seed, {brittle_side: brittle, other: spread_out}))
            assert made is not None
            own = [row for row in made["rows"] if row["corruption"] == "cells_missing"]
            sign = 1 if other == "deep" else -1
            most = own[-1]
            found += (most["low"] > 0) if sign > 0 else (most["high"] < 0)
            equal += own[0]["low"] <= 0 <= own[0]["high"]
    print(
        f"the brittle side loses beyond noise at the strongest: {found} of 40; equal without corruption: {equal} of 40"
    )
    return {"passed": found >= 38 and equal >= 34, "found": found, "equal_clean": equal, "n": 40}


@check
def equal_finalists() -> dict[str, Any]:
    """Two finalists of the same true score under every corruption: intervals cover 0 in 95 % of cells and more."""
    cells = covered = means = means_covered = 0
    rng_sides = np.random.default_rng(0)
    for seed in range(N_REPEATS):
        first = rng_sides.permutation(N_COLUMNS)

        def half(part: pd.DataFrame, own: np.ndarray) -> np.ndarray:
            return _logistic(4 * (part[[f"x{k}" for k in own]].mean(axis=1).to_numpy() - 0.5))

        one, other = first[: N_COLUMNS // 2], first[N_COLUMNS // 2 :]
        made = robustness.ROBUSTNESS.run(
            contest(seed, {"deep": lambda p, o=one: half(p, o), "shallow": lambda p, o=other: half(p, o)})
        )
        assert made is not None
        for row in made["rows"]:
            cells += 1
            covered += row["low"] <= 0 <= row["high"]
        for row in made["corruptions"]:
            means += 1
            means_covered += row["low"] <= 0 <= row["high"]
    print(f"intervals of the gain that hold 0: {covered} of {cells}; of the mean gain: {means_covered} of {means}")
    share, mean_share = covered / cells, means_covered / means
    # As many repeats as there are hold the nominal 95 % within two standard errors of a repeat.
    least = 0.95 - 2 * math.sqrt(0.95 * 0.05 / N_REPEATS)
    return {"passed": share >= least and mean_share >= least, "share": share, "share_of_means": mean_share,
            "n_cells": cells}  # fmt: skip


@check
def many_columns_under_attack() -> dict[str, Any]:
    """A search moves all columns of a mean together, which random changes do not.

    Both finalists score alike. Random changes harm the one of a single column more, since a mean evens them out. Moves
    of the same sign add up in a mean, and its columns have larger spreads, so a search harms it more.
    """
    found = 0
    for seed in range(10):
        made = attacks.ATTACKS.run(contest(seed, {"deep": brittle, "shallow": spread_out}))
        assert made is not None
        gains = {(row["attack"], row["strength"]): row for row in made["gains"]}
        search, random = gains["search", 0.5], gains["random", 0.5]
        found += search["low"] > 0 and random["gain"] < 0
        print(f"  seed {seed}: search {search['gain']:+.3f}, random {random['gain']:+.3f}", flush=True)
    print(f"the search harms the mean more, random changes the single column: {found} of 10")
    return {"passed": found >= 9, "found": found, "n": 10}


@check
def equal_under_attack() -> dict[str, Any]:
    """The same finalist on both sides, attacked by searches of their own: no difference."""
    cells = covered = 0
    for seed in range(12):
        made = attacks.ATTACKS.run(contest(seed, {"deep": spread_out, "shallow": also_spread_out}))
        assert made is not None
        for row in made["gains"]:
            cells += 1
            covered += row["low"] <= 0 <= row["high"]
    print(f"intervals that hold 0: {covered} of {cells}")
    return {"passed": covered / cells >= 0.95, "share": covered / cells, "n_cells": cells}
