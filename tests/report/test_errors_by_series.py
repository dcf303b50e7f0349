"""Errors of a forecast by series, and checks of its errors, against planted ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import outcomes
import pytest

from automl.records import Contestant, Outcome, Output
from automl.report.sections.forecast import FORECAST, by_series, checks


def made(deep_error: np.ndarray, shallow_error: np.ndarray) -> Outcome:
    """A forecast of two series whose finalists are wrong by these errors ``(n_windows,)`` at each step."""
    whole: Outcome = outcomes.MAKERS["forecast"]()
    truth = np.asarray(whole.truth, dtype=float)
    n = len(truth)
    errors = {"deep": deep_error[:n], "shallow": shallow_error[:n]}
    contestants = tuple(
        Contestant(c.run, c.side, Output("values", {"values": truth + errors[c.side][:, None, None]}))
        if c.side in errors else c
        for c in whole.contestants
    )  # fmt: skip
    series = np.array(["one", "two"])[np.arange(n) % 2]
    history = {**(whole.history or {}), "series": series}
    return dataclasses.replace(whole, contestants=contestants, history=history)


@pytest.fixture
def n() -> int:
    return len(outcomes.MAKERS["forecast"]().truth)


def test_each_series_has_its_own_error_and_those_that_differ_most_come_first(n: int) -> None:
    second = np.arange(n) % 2 == 1
    found = by_series(made(np.where(second, 3.0, 1.0), np.full(n, 1.5)), 0)
    assert found is not None and found["said"] == "Deep has the smaller error in 1 of 2 series."
    assert [row[0] for row in found["rows"]] == ["two", "one"]
    places = {name: found["columns"].index(name) for name in ("deep", "shallow")}
    assert [row[places["deep"]] for row in found["rows"]] == ["3", "1"] or [
        float(row[places["deep"]]) for row in found["rows"]
    ] == pytest.approx([3.0, 1.0])


def test_one_series_has_no_table(n: int) -> None:
    whole = made(np.ones(n), np.ones(n))
    assert by_series(dataclasses.replace(whole, history={**(whole.history or {}), "series": ["one"] * n}), 0) is None


def test_a_planted_bias_is_shown_with_its_interval_and_errors_that_follow_each_other_are_found(n: int) -> None:
    wave = np.sin(np.arange(n) / 4)
    rows = {row[0]["side"]: row for row in checks(made(wave + 2.0, np.random.default_rng(0).normal(size=n)), 0)["rows"]}
    low = float(rows["deep"][2].split(" to ")[0].replace("−", "-"))
    assert low > 0 and float(rows["deep"][1].replace("−", "-")) == pytest.approx(2.0, abs=0.6)
    assert rows["deep"][4].startswith("yes") and rows["shallow"][4].startswith("no")
    assert FORECAST.collect(made(wave, wave)) is not None
