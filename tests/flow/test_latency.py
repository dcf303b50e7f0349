"""Times to predict are those of the public call on rows as the user gave them; clocks are set by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cases import forecast_of_many, multilabel, sequence_regression

from automl import recipe
from automl.errors import DataError
from automl.flow import latency
from automl.flow.prepare import prepare
from automl.records import Output


class Recorder:
    """A predictor that says how many items each call had."""

    source = ""
    regions = None

    def __init__(self, arrays):
        self.arrays, self.calls = arrays, []

    def output(self, dataset, rows):
        self.calls.append(len(rows))
        return Output("any", {name: make(len(rows)) for name, make in self.arrays.items()})


class Ticks:
    """A clock by which each reading is one second after the last."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def perf_counter(self):
        self.now += self.step
        return self.now


VALUES = {"values": lambda n: np.zeros((n, 1))}
LABELS = {"labels": lambda n: np.zeros((n, 3), int)}


def cells():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"price": [f"{v:,.2f} €" for v in rng.uniform(1, 9_000, 300)], "n": rng.integers(0, 9, 300)})
    return {"data": frame.assign(y=rng.normal(size=300)), "target": "y"}


def test_rows_are_kept_as_the_user_gave_them():
    prepared = prepare(recipe.make(**cells()))
    form, given = prepared.own_form, cells()["data"].drop(columns="y")
    assert form.n_items == len(prepared.split.test)
    expected = given.iloc[prepared.split.test[:5]].reset_index(drop=True)
    pd.testing.assert_frame_equal(form.first(5), expected, check_dtype=False, check_column_type=False)
    assert form.first(1)["price"][0].endswith("€") and prepared.dataset.inputs["price"].dtype == float


def test_one_row_and_a_batch_go_through_the_public_call(monkeypatch):
    prepared, predictor = prepare(recipe.make(**cells())), Recorder(VALUES)
    monkeypatch.setattr(latency, "time", Ticks(0.001))
    cost = latency.measure(predictor, "deep", prepared)
    assert predictor.calls == [1] * (1 + latency.TIMED_CALLS) + [32, 60]
    assert cost.predict_ms == pytest.approx(1.0) and cost.rows_per_second == pytest.approx(60 / 0.001)


def test_a_slow_model_is_timed_on_few_rows(monkeypatch):
    prepared, predictor = prepare(recipe.make(**cells())), Recorder(VALUES)
    monkeypatch.setattr(latency, "time", Ticks(4.0))
    cost = latency.measure(predictor, "deep", prepared)
    assert predictor.calls == [1, 32] and cost.predict_ms == pytest.approx(4000.0)


@pytest.mark.parametrize(("case", "arrays"), [(multilabel, LABELS), (sequence_regression, VALUES)])
def test_labels_and_arrays_are_timed_in_their_own_form(case, arrays, monkeypatch):
    monkeypatch.setattr(latency, "time", Ticks(0.001))
    prepared, predictor = prepare(recipe.make(**case())), Recorder(arrays)
    assert latency.measure(predictor, "shallow", prepared).predict_ms > 0 and predictor.calls[0] == 1


def test_a_forecast_is_timed_on_histories_one_series_at_first(monkeypatch):
    prepared = prepare(recipe.make(**forecast_of_many()))
    monkeypatch.setattr(latency, "time", Ticks(0.001))
    predictor = Recorder({"values": lambda n: np.zeros((n, 6, 1))})
    assert latency.measure(predictor, "deep", prepared).rows_per_second > 0
    assert predictor.calls[:6] == [1] * 6 and predictor.calls[6:] == [3]
    assert list(prepared.own_form.first(1).columns) == ["shop", "month", "sales"]
    assert prepared.own_form.first(1)["shop"].nunique() == 1


def test_what_cannot_be_read_by_itself_is_timed_as_typed(monkeypatch):
    prepared, predictor = prepare(recipe.make(**cells())), Recorder(VALUES)

    def refuse(*arguments, **more):
        raise DataError("none of these rows can be read")

    monkeypatch.setattr("automl.predict.side_model.SideModel.predict", refuse)
    monkeypatch.setattr(latency, "time", Ticks(0.001))
    assert latency.measure(predictor, "deep", prepared).predict_ms > 0 and predictor.calls


def test_a_bound_on_the_call_leaves_the_model_what_reading_does_not_take(monkeypatch):
    prepared = prepare(recipe.make(**cells()))
    monkeypatch.setattr(latency, "time", Ticks(0.004))
    assert latency.model_ms(10.0, prepared) == pytest.approx(6.0)
    assert latency.model_ms(3.0, prepared) == 0.0 and latency.model_ms(None, prepared) is None
    assert latency.model_ms(10.0, dataclasses.replace(prepared, own_form=None)) == 10.0
