"""What a contest's end tells of its test rows."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.flow import contest
from automl.flow.blend import barred, champion_of
from automl.flow.conclude import conclude, rows_of_test
from automl.flow.prepare import Prepared, prepare
from automl.intake import load
from automl.recipe import make
from automl.records import Champion, Cost, Costs, Dataset, Output, Run
from automl.testing.outcomes import example_outcome


def test_test_rows_of_ones_own_are_named_as_their_file_counts_them() -> None:
    frame = pd.DataFrame({"a": np.arange(30.0), "y": np.arange(30) % 2})
    dataset = load(make(data=frame, target="y", test=frame.head(10)))
    assert rows_of_test(dataset, np.array([30, 33, 39])).tolist() == [0, 3, 9]
    assert rows_of_test(dataset, np.array([[33, 34], [35, 36]])).tolist() == [3, 5]
    assert rows_of_test(load(make(data=frame, target="y")), np.array([7, 29])).tolist() == [7, 29]


def test_a_contest_outlives_what_is_counted_for_later_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget is spent by then: report and models are worth more than `automl watch`."""
    monkeypatch.setattr(contest, "reference_of", lambda *_: {}["scale"])
    outcome, reference = contest._with_reference(example_outcome(), SimpleNamespace(dataset=None), None)
    assert reference == {} and outcome.findings[-1].check == "not_watchable"
    assert "KeyError: 'scale'" in outcome.findings[-1].message


# --------------------------------------------------------------------------- the champion


class Model:
    """A model that reads one column; it notes whom it predicts."""

    def __init__(self, column: str, log: list[str]) -> None:
        self.column, self.log = column, log

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        self.log.append("predict")
        p = 1 / (1 + np.exp(-np.asarray(dataset.inputs[self.column], dtype=np.float64)[rows]))
        labels = (p >= 0.5).astype(np.int64)
        return Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": labels})


class Side:
    """A side whose finalist is a `Model`."""

    def __init__(self, side: str, column: str, prepared: Prepared, log: list[str]) -> None:
        self.side, self.prepared, self.model = side, prepared, Model(column, log)

    def outputs(self, part: str, n_seeds: int) -> tuple[Output, ...]:
        assert part == "valid"
        return (self.model.predict(self.prepared.dataset, self.prepared.split.items("valid")),)

    def models(self, n_seeds: int) -> tuple[Model, ...]:
        return (self.model,)

    def weights(self) -> tuple[float, ...]:
        return (1.0,)

    def floor(self) -> tuple[Run, Output, Model]:
        rows = self.prepared.split.items("test")
        flat = Output("probabilities", {"probabilities": np.full((len(rows), 2), 0.5)})
        return Run("floor", "floor", "done", "floor", cost=Cost(0.1)), flat, Model("zero", self.model.log)


def noisy(n: int = 400) -> pd.DataFrame:
    """Two columns that tell the target, each with its own noise."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    signal = 2.0 * (y - 0.5)
    return pd.DataFrame({"a": signal + rng.normal(size=n), "b": signal + 1.5 * rng.normal(size=n), "zero": 0.0, "y": y})


def concluded(prepared: Prepared, log: list[str], **more: Any) -> Any:
    recipe = dataclasses.replace(make(data=noisy(), target="y", metric="roc_auc"), **more)
    runs = [Run("d-1", "deep", "done", "d", cost=Cost(2.0)), Run("s-1", "shallow", "done", "s", cost=Cost(1.0))]
    deep, shallow = Side("deep", "a", prepared, log), Side("shallow", "b", prepared, log)
    chosen = {run.side: run for run in runs}
    return conclude(recipe, prepared, deep, shallow, None, None, runs, chosen, 1, {}).outcome


def with_other_test_truth(prepared: Prepared, seed: int) -> Prepared:
    """The same data with the target of the test rows shuffled among them."""
    dataset, rows = prepared.dataset, prepared.split.test
    assert dataset.target is not None
    target = dataset.target.copy()
    target.iloc[rows] = target.iloc[np.random.default_rng(seed).permutation(rows)].to_numpy()
    return dataclasses.replace(prepared, dataset=dataclasses.replace(dataset, target=target))


def test_the_test_rows_play_no_part_in_the_champion() -> None:
    prepared = prepare(make(data=noisy(), target="y", metric="roc_auc"))
    first = concluded(prepared, [])
    others = [concluded(with_other_test_truth(prepared, seed), []) for seed in range(3)]
    assert first.comparison.champion.side in ("deep", "blend") and first.comparison.champion.n_items == 64
    assert {one.comparison.gain for one in others} != {first.comparison.gain}
    assert [one.comparison.champion for one in others] == [first.comparison.champion] * 3
    valid = {run.name: run.choices for run in first.runs if run.side == "blend"}
    assert [{run.name: run.choices for run in one.runs if run.side == "blend"} for one in others] == [valid] * 3


def test_the_champion_is_named_before_any_test_row_is_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(make(data=noisy(), target="y", metric="roc_auc"))
    log: list[str] = []

    def named(*arguments: Any) -> Champion:
        log.append("champion")
        return champion_of(*arguments)

    monkeypatch.setattr("automl.flow.conclude.champion_of", named)
    concluded(prepared, log)
    assert log.index("champion") == 2  # after the validation rows of each side


def test_finalists_blend_and_floor_have_a_total_cost_at_the_users_rates() -> None:
    prepared = prepare(make(data=noisy(), target="y", metric="roc_auc"))
    many = concluded(prepared, [], costs=Costs(retrains_per_year=3600.0, predictions_per_year=0.0))
    hours = {run.side: run.hours_per_year for run in many.runs if run.finalist or run.side == "blend"}
    assert hours == {"deep": pytest.approx(2.0), "shallow": pytest.approx(1.0), "blend": pytest.approx(3.0)}


def test_a_blend_that_no_predictor_makes_is_not_recommended_and_a_latency_bars_it() -> None:
    run = Run("blend", "blend", "done", "blend", cost=Cost(predict_ms=12.0))
    recipe = make(data=noisy(), target="y")
    assert barred(run, ("deep", "shallow"), recipe) == "no model of it is saved"
    assert barred(run, ("deep", "shallow", "blend"), recipe) == ""
    bound = dataclasses.replace(recipe, latency_ms=10.0)
    assert barred(run, ("blend",), bound) == "it predicts a row in 12 ms, and 10 are allowed"
    assert barred(run, ("blend",), dataclasses.replace(recipe, latency_ms=12.0)) == ""
