"""`benchmarks/seeds.py` weighs sets by how exactly they show what seeds do, and parts rows once."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("seeds")


@pytest.fixture
def seeds():
    with benchmark("seeds") as module:
        yield module


def line(family, scores, deviation=0.0, own_square=0.0, name="adult", n_test=1000):
    return {
        "set": name, "family": family, "scores": scores, "deviation": deviation, "own_square": own_square,
        "metric": "accuracy", "n_test": n_test,
    }  # fmt: skip


def test_a_set_on_which_the_luck_of_test_rows_hides_the_seeds_counts_less(seeds):
    clear = line("net", [0.8, 0.81, 0.82, 0.8], deviation=0.02, own_square=0.0004)
    hidden = line("net", [0.99, 0.98, 0.97, 0.99], deviation=0.5, own_square=0.2, name="solved")  # .05 is luck

    alone, both = (seeds.shares_of(lines)["net"] for lines in ([clear], [clear, hidden]))

    assert (alone["share"], alone["freedom"]) == (0.02, 3.0)
    weight = (0.05**2 / (0.05**2 + 0.05)) ** 2
    assert both["share"] == pytest.approx(np.sqrt((0.0004 + weight * 0.2) / (1 + weight)), abs=5e-5)
    assert (both["n_fits"], both["sets"]) == (8, 2) and both["freedom"] == pytest.approx(3 * (1 + weight), abs=0.05)


def test_a_share_is_not_negative(seeds):
    assert seeds.shares_of([line("net", [0.8, 0.81], 0.01, -0.001)])["net"]["share"] == 0.0


def test_a_family_is_seedless_if_no_prediction_moved(seeds):
    still = line("linear", [0.9, 0.9, 0.9])
    equal_scores = line("forest", [0.9, 0.9, 0.9], 0.0, -0.002)  # other rows were right

    found = seeds.shares_of([still, equal_scores])

    assert not found["linear"]["moves"] and found["forest"]["moves"]


def test_a_family_that_would_not_be_a_finalist_says_nothing_of_finalists(seeds):
    good, poor = line("net", [0.8, 0.82], 0.1, 0.005), line("net", [0.3, 0.6], 0.5, 0.2, name="other")
    best_there = line("trees", [0.9, 0.91], 0.01, 0.0001, name="other")

    found = seeds.shares_of([good, poor, best_there])

    assert (found["net"]["n_fits"], found["net"]["sets"]) == (2, 1)
    assert "net" not in seeds.shares_of([poor, best_there])


def test_a_handful_of_test_windows_says_nothing(seeds):
    assert seeds.shares_of([line("net", [0.8, 0.7], 0.1, 0.01, n_test=2)]) == {}


def test_a_line_without_a_measurement_counts_for_nothing(seeds):
    assert seeds.shares_of([{"set": "adult", "family": "net", "unfit": True}]) == {}


def args(folder, rows, test):
    return argparse.Namespace(data=str(folder), rows=rows, test=test)


def test_rows_to_learn_from_and_to_test_with_are_apart_and_always_the_same(seeds):
    inputs, target = np.arange(50.0).reshape(50, 1), np.arange(50)

    one, again = (seeds.parted_arrays(inputs, target, args("", 20, 10)) for _ in range(2))

    (learnt, y), (tested, _) = one["data"], one["test"]
    assert (len(learnt), len(tested)) == (20, 10) and not set(learnt[:, 0]) & set(tested[:, 0])
    np.testing.assert_array_equal(learnt[:, 0], y)
    np.testing.assert_array_equal(learnt, again["data"][0])


def test_windows_of_a_series_foretell_what_follows_and_test_on_the_latest(seeds, tmp_path, monkeypatch):
    pd.DataFrame({"y": np.arange(60.0)}).to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "catalog.json").write_text(json.dumps([{"name": "s", "file": "s.csv", "target": "y"}]))
    monkeypatch.setitem(seeds.WINDOWS, "s_windows", ("s", 8, 4))

    found = seeds.windows_of("s_windows", args(tmp_path, 100, 100))

    (inputs, target), (later, _) = found["data"], found["test"]
    assert inputs.shape[1:] == (1, 8)
    np.testing.assert_allclose(target, inputs[:, 0, -1] + 2.5)  # the mean of the next four
    assert later[:, 0, 0].min() > inputs[:, 0, -1].max()
