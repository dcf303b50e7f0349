"""What is kept back for the conclusion grows with what it must do."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from automl.flow import latency
from automl.flow.budget.reserve import BASE_SECONDS, SLACK, Reserve
from automl.records import Cost, Run, Split


def prepared(n_test):
    rows = np.arange(1000 + n_test)
    split = Split(rows[:1000], rows[:0], rows[1000:], "row", rows[1000:], "in order", 0)
    return SimpleNamespace(split=split, task=SimpleNamespace(metric="roc_auc"))


def deep(seconds):
    return Run("mlp-1", "deep", "done", "mlp", valid_score=0.8, cost=Cost(fit_seconds=seconds), choices={"epochs": 10})


def shallow(rate):
    return Run("trees-1", "shallow", "done", "trees", valid_score=0.9, cost=Cost(rows_per_second=rate, predict_ms=1.0))


def test_slower_models_more_rows_and_more_seeds_keep_more_back():
    def seconds(n_test=2000, fit=10.0, rate=1e5, n_seeds=1):
        runs = [deep(fit), shallow(rate)]
        return Reserve(prepared(n_test), 60.0, runs).seconds({"deep": runs[0], "shallow": runs[1]}, n_seeds)

    plain = seconds()
    assert 0 < plain < 10
    assert seconds(n_test=200_000) > seconds(n_test=20_000) > plain
    assert seconds(fit=100.0) > plain and seconds(rate=1e3) > plain and seconds(n_seeds=3) > plain


def test_a_slow_model_is_measured_on_few_rows_however_many_seeds_it_has():
    """Per seed all test rows are predicted once; only a tenth of a second more, or 32 rows, are timed."""
    run = shallow(200.0)  # 5 ms a row

    def seconds(n_seeds):
        return Reserve(prepared(400), 60.0, [run]).seconds({"shallow": run}, n_seeds) / SLACK

    assert seconds(2) - seconds(1) < 400 / 200 + 2 * 32 / 200 + 0.1
    assert seconds(1) < BASE_SECONDS + 400 / 200 + 2 * 32 / 200 + 0.1


def test_measuring_a_model_takes_what_is_reckoned():
    calls = []

    def call(n):
        calls.append(n)

    for one, row, n_items in ((0.001, 0.0005, 300), (0.001, 0.01, 300), (0.3, 0.01, 40)):
        clock = iter_clock(calls, one, row)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(latency.time, "perf_counter", clock)
            calls.clear()
            latency._timed(call, n_items)
        spent = sum(one if n == 1 else n * row for n in calls)
        assert spent <= latency.seconds_to_measure(one, row, n_items) + 1e-9
        assert spent >= 0.5 * latency.seconds_to_measure(one, row, n_items)


def iter_clock(calls, one, row):
    """A clock that has gone on by what the calls so far take."""
    return lambda: sum(one if n == 1 else n * row for n in calls)


def test_the_best_run_of_each_side_counts_while_the_search_goes_on():
    runs = []
    reserve = Reserve(prepared(2000), 60.0, runs)
    unknown = reserve.searching()
    runs += [deep(10.0), shallow(500.0)]
    assert reserve.searching() == pytest.approx(reserve.seconds({"deep": runs[0], "shallow": runs[1]}))
    assert unknown > 0


def test_without_a_bound_on_time_nothing_is_kept_back():
    runs = [deep(10.0)]
    assert Reserve(prepared(2000), math.inf, runs).searching() == 0.0


def test_time_for_repeats_is_kept_back_with_the_rest():
    one, other = (Reserve(prepared(2000), 60.0, [deep(10.0)]) for _ in range(2))
    other.repeating = lambda: 12.5
    assert other.seconds({}) - one.seconds({}) == pytest.approx(12.5)
    assert other.searching() - one.searching() == pytest.approx(12.5)
    assert other.concluding_seconds({}) == one.concluding_seconds({}) == one.seconds({})


def test_a_slow_machine_and_a_wide_table_keep_more_back():
    run = shallow(1e5)

    def reserve(slowness=1.0, reading=0.0):
        made = Reserve(prepared(200), 60.0, [run], slowness)
        made.reading_seconds = reading
        return made

    plain = reserve()
    for other in (reserve(slowness=3.0), reserve(reading=2.0)):
        assert other.concluding_seconds({"shallow": run}) > plain.concluding_seconds({"shallow": run}) + 1.0
        assert other.writing_seconds > plain.writing_seconds + 1.0
        assert other.searching() > plain.searching() + 1.0


def test_the_rows_of_a_wide_table_are_read_once_to_know_how_long_it_takes(monkeypatch):
    read = []
    monkeypatch.setattr(latency.SideModel, "read", lambda self, rows, on_odd: read.append(len(rows)))
    times = iter(range(0, 100, 3))
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(times))
    wide = SimpleNamespace(
        own_form=latency.OwnForm(pd.DataFrame(np.zeros((4, latency.WIDE_COLUMNS + 1)))),
        task=None, dataset=SimpleNamespace(root=None),
    )  # fmt: skip
    assert [latency.wide_reading_seconds(wide) for _ in range(3)] == [3.0] * 3 and read == [1]
    narrow = SimpleNamespace(own_form=latency.OwnForm(pd.DataFrame(np.zeros((4, 3)))))
    assert latency.wide_reading_seconds(narrow) == 0.0 and read == [1]


def test_a_network_of_millions_of_weights_takes_longer_to_build_again():
    def seconds(n_parameters):
        run = replace(deep(10.0), cost=Cost(fit_seconds=10.0, n_parameters=n_parameters))
        return Reserve(prepared(200), 60.0, [run]).concluding_seconds({"deep": run})

    assert seconds(None) == pytest.approx(seconds(0)) == pytest.approx(seconds(100_000), abs=0.01)
    assert seconds(65_000_000) > seconds(0) + 3.0
