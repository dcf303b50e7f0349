"""Test rows unlike training rows, and times that a random split mixes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.drift import drifted_test, ignored_time


def given(n, rng):
    return rng.random(n) < 0.3


def test_given_rows_drawn_at_random_do_not_drift(view, clean, rng):
    frame, label, _ = clean

    assert drifted_test(view(frame, label, given=given(len(frame), rng))) is None


def test_rows_that_were_shuffled_are_not_asked(view, clean):
    assert drifted_test(view(clean[0], clean[1])) is None


@pytest.mark.parametrize("column", ["size", "place"])
def test_given_rows_that_differ_are_told_with_the_column(view, clean, rng, column):
    frame, label, _ = clean
    test = given(len(frame), rng)
    frame = frame.copy()
    frame.loc[test, column] = frame.loc[test, "size"] + 25 if column == "size" else "overseas"

    found = drifted_test(view(frame, label, given=test))

    assert ("high", (column,)) == (found.severity, found.columns)


def test_some_drift_is_what_a_split_in_time_is_for(view, clean, rng):
    frame, label, _ = clean
    times = pd.date_range("2020-01-01", periods=len(frame), freq="D")
    slow = frame.assign(day=times, size=frame["size"] + np.linspace(0, 15, len(frame)))
    sudden = frame.assign(day=times, place=np.where(np.arange(len(frame)) > 630, "moved", frame["place"]))

    mild, strong = (drifted_test(view(f, label, time_column="day")) for f in (slow, sudden))

    assert mild is None or mild.severity != "high"
    assert (strong.severity, strong.columns) == ("high", ("place",))


@pytest.mark.parametrize("what", ["target", "inputs"])
def test_dates_along_which_rows_change_are_proposed_for_the_split(view, clean, rng, what):
    frame, label, _ = clean
    drift = (label == "yes") * 3.0 if what == "target" else (frame["rate"] - 6) / 2
    order = np.argsort(np.argsort(drift + rng.normal(size=len(frame))))
    frame = frame.assign(seen_on=pd.Timestamp("2020-01-01") + pd.to_timedelta(order, unit="D"))

    found = ignored_time(view(frame, label))

    assert found.severity in ("medium", "high") and found.columns == ("seen_on",)
    assert "--time-column seen_on" in found.next_step


@pytest.mark.parametrize("name", ["seen_on", "birth_date"])
def test_dates_in_no_order_and_dates_of_birth_are_quiet(view, clean, rng, name):
    frame, label, _ = clean
    order = (
        rng.permutation(len(frame)) if name == "seen_on" else np.argsort(np.argsort(label.to_numpy(), kind="stable"))
    )
    frame = frame.assign(**{name: pd.Timestamp("1980-01-01") + pd.to_timedelta(order, unit="D")})

    assert ignored_time(view(frame, label)) is None
