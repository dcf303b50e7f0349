"""Rows given each value of a column: shares, whether they look so, and which are told apart."""

import numpy as np
import pytest

from automl.analyses.shared.given_values import of_values
from automl.report.sections import fidelity


def rows(n, share, shift=0.0, seed=0):
    """Rows of two values, "b" in this share; x tells them, and is shifted in "b" alone."""
    rng = np.random.default_rng(seed)
    is_b = rng.random(n) < share
    made = np.empty(n, [("x", "f8"), ("c", "U1")])
    made["c"] = np.where(is_b, "b", "a")
    made["x"] = 0.5 * rng.normal(size=n) + (3.0 + shift) * is_b
    return made


@pytest.fixture(scope="module")
def told():
    sets = {"real": rows(300, 0.3, seed=1), "deep": rows(300, 0.3, -3.0, 2), "floor": rows(300, 0.0, seed=3)}
    return of_values("c", rows(300, 0.3, seed=4), rows(600, 0.3, seed=5), sets)


def test_values_are_those_that_most_held_out_rows_have(told):
    assert [one["value"] for one in told["rows"]] == ["a", "b"]
    assert told["rows"][0]["share"]["held_out"] == pytest.approx(0.7, abs=0.1)
    assert told["rows"][1]["share"]["floor"] == 0.0


def test_rows_that_do_not_look_like_their_value_are_seen(told):
    b = told["rows"][1]
    assert b["looks"]["held_out"] > 0.9 and b["looks"]["real"] > 0.9
    assert b["looks"]["deep"] < 0.1 and b["looks"]["floor"] is None
    assert b["told_apart"]["real"] < 0.75 < 0.95 < b["told_apart"]["deep"]
    assert b["told_apart"]["floor"] is None


def test_the_page_has_a_row_a_value(told):
    table = fidelity._given({"given": told})
    assert [len(row) for row in table["rows"]] == [len(table["columns"])] * 2
    assert table["rows"][1][0] == "b" and "–" not in table["rows"][0]
    assert fidelity._given({"given": None}) is None and fidelity._given({}) is None


def test_of_few_rows_nothing_is_said():
    some = rows(20, 0.5)
    assert of_values("c", some, some, {"deep": some}) is None
