"""Claimed and observed frequencies, on cases known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from automl.report import reliability


def test_calibration_error_of_known_cases():
    truth = np.array([0, 0, 0, 1])
    sure = np.tile([0.75, 0.25], (4, 1))
    assert reliability.calibration_error(truth, sure) == pytest.approx(0.0)
    assert reliability.calibration_error(truth, np.tile([0.25, 0.75], (4, 1))) == pytest.approx(0.5)
    assert reliability.calibration_error(truth, sure, weight=np.array([0.0, 0, 0, 1])) == pytest.approx(0.75)
    assert np.isnan(reliability.calibration_error(truth[:0], sure[:0]))


def test_reliability_bins_hold_about_equally_many_rows_and_add_up():
    rng = np.random.default_rng(0)
    claimed = rng.random(1000)
    truth = (rng.random(1000) < claimed**2).astype(np.int64)
    table = reliability.table(truth, np.column_stack([1 - claimed, claimed]), 10)
    assert len(table) == 10 and sum(row["rows"] for row in table) == 1000
    assert all(80 <= row["rows"] <= 120 for row in table)
    assert all(row["low"] <= row["predicted"] <= row["high"] for row in table)
    mean = sum(row["observed"] * row["rows"] for row in table) / 1000
    assert mean == pytest.approx(truth.mean())


def test_reliability_of_equal_claims_is_one_bin():
    table = reliability.table(np.array([0, 1, 1, 1]), np.tile([0.4, 0.6], (4, 1)))
    assert (
        len(table) == 1 and table[0]["observed"] == pytest.approx(0.75) and table[0]["predicted"] == pytest.approx(0.6)
    )
