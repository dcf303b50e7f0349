"""What the shallow side does first where all rows may be too many for its time."""

from __future__ import annotations

import math

import pytest

from automl.baselines.features.columns import MANY_TEXTS
from automl.records import Baseline, Column, Task
from automl.shallow.archive import Proposals
from automl.shallow.family import FamilySearch
from automl.shallow.messages import Fitted
from automl.shallow.scheduling import (
    CELLS_A_SECOND,
    LEAST_ROWS,
    PICTURES_A_SECOND,
    SLOWER,
    TEXT_CELLS,
    TRIGRAM_CELLS,
    Tuning,
    rows_a_second,
)

GOALS = ("binary",)


def search(name, tier):
    baseline = Baseline(name, tier, "tabular", GOALS, lambda task, settings, seed: None, lambda *_: iter(()))
    return FamilySearch(baseline, Proposals(iter([{"of": name}, {"of": name, "n": 2}])))


def tuning(n_items=100_000, items_a_second=1_000.0):
    searches = [search("line", "fast"), search("trees", "strong")]
    return Tuning(searches, n_items, 0, lambda score: score or 0.0, items_a_second), *searches


def test_the_first_fit_takes_as_many_rows_as_its_seconds_allow_and_is_of_a_strong_family():
    found, line, trees = tuning()
    assert (trees, {"of": "trees"}) == found.propose(20.0)
    assert found.rows_for(trees, 20.0) == 20_000
    assert found.rows_for(trees, 0.1) == LEAST_ROWS
    assert found.rows_for(trees, math.inf) == found.rows_for(line, 200.0) == 100_000


def test_where_all_rows_fit_in_the_fast_family_comes_first():
    found, line, _ = tuning()
    assert (line, {"of": "line"}) == found.propose(200.0)


def test_once_there_is_a_model_others_take_all_rows_and_those_without_one_come_first():
    found, line, trees = tuning()
    found.propose(20.0)
    trees.lead({"of": "trees"}, 0.9, float)
    found.learn_time(trees, Fitted(model=b"", fit_seconds=5.0), 20.0, 20_000)
    assert found.rows_for(line, 15.0) == 100_000
    assert trees.n == 0 and found.propose(200.0)[0] is line
    assert found.rows_for(trees, 15.0) is None  # all rows would take five times as long as a fifth of them
    assert found.rows_for(trees, 30.0) == 100_000


@pytest.mark.parametrize(
    ("kinds", "n_rows", "cells"),
    [
        (("numeric", "categorical"), 100, 2),
        (("numeric", "text"), MANY_TEXTS, 1 + TRIGRAM_CELLS),
        (("numeric", "text"), MANY_TEXTS + 1, 1 + TEXT_CELLS),
    ],
)
def test_a_free_text_counts_as_many_numbers_and_more_with_trigrams(kinds, n_rows, cells):
    columns = tuple(Column(f"c{i}", kind, 1.0, "") for i, kind in enumerate(kinds))
    task = Task("tabular", "binary", ("y",), "roc_auc", columns=columns)
    assert rows_a_second(task, n_rows) == CELLS_A_SECOND / cells


def test_arrays_and_forecasts_have_no_such_bound():
    assert math.isinf(rows_a_second(Task("sequence", "binary", ("y",), "roc_auc"), 100))
    columns = (Column("c", "numeric", 1.0, ""),)
    assert math.isinf(rows_a_second(Task("sequence", "forecast", ("y",), "mase", columns=columns), 100))


def on_pictures(fit_seconds, rows):
    """Families on 7,500 pictures, the first of which took so long."""
    searches = [search("line", "fast"), search("trees", "strong")]
    found = Tuning(searches, 7_500, 0, lambda score: score or 0.0, PICTURES_A_SECOND, sizes_each=True)
    searches[0].lead({"of": "line"}, 0.9, float)
    found.learn_time(searches[0], Fitted(model=b"", fit_seconds=fit_seconds), 30.0, rows)
    return found, *searches


def test_on_pictures_each_familys_first_fit_takes_as_many_as_the_pace_of_others_allows():
    found, _, trees = on_pictures(fit_seconds=10.0, rows=2_000)
    assert found.rows_for(trees, 20.0) == 20.0 * 200 / SLOWER
    assert found.rows_for(trees, 1.0) == LEAST_ROWS
    assert found.rows_for(trees, math.inf) == found.rows_for(trees, 200.0) == 7_500
    assert on_pictures(1.0, 7_500)[0].rows_for(trees, 20.0) == 7_500


def test_on_pictures_the_slowest_family_sets_the_pace_and_one_that_was_fitted_has_its_own():
    found, line, trees = on_pictures(fit_seconds=10.0, rows=2_000)
    found.learn_time(line, Fitted(model=b"", fit_seconds=1.0), 30.0, 2_000)
    assert found.rows_for(trees, 20.0) == 1_000
    found.learn_time(trees, Fitted(model=b"", fit_seconds=1.0), 30.0, 1_000)
    assert found.rows_for(trees, 20.0) == 7_500


def test_the_first_fit_on_pictures_takes_what_a_busy_core_can_fit():
    task = Task("image", "multiclass", ("y",), "accuracy", image_shape=(28, 28, 1))
    assert rows_a_second(task, 7_500) == PICTURES_A_SECOND


def test_levels_beside_numbers_count_as_columns():
    plain = Column("wind", "numeric", 1.0, "")
    worded = Column("wind", "numeric", 1.0, "", {"words": ["Calm"], "beside": "wind (word)"})
    cells = [
        CELLS_A_SECOND / rows_a_second(Task("tabular", "binary", ("y",), "roc_auc", columns=(one,)), 100)
        for one in (plain, worded)
    ]
    assert cells == [1.0, 2.0]
