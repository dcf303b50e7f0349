"""Calibration: the parts add up to the score, and planted miscalibration is told from chance."""

from __future__ import annotations

import numpy as np
import planted
import pytest

from automl.analyses.calibration import CALIBRATION, decomposed


def test_the_parts_add_up_and_are_those_of_a_case_done_by_hand() -> None:
    came = np.array([0.0, 1.0, 1.0, 1.0])
    score, miscalibration, discrimination, uncertainty = decomposed(came, np.array([0.5, 0.5, 0.9, 0.9]), np.ones(4))
    assert score == pytest.approx(miscalibration - discrimination + uncertainty)
    assert uncertainty == pytest.approx(0.75 * 0.25)
    assert score == pytest.approx((0.25 + 0.25 + 0.01 + 0.01) / 4)
    assert miscalibration == pytest.approx(0.02 / 4), "0.9 should have been 1; 0.5 is right"


def test_a_model_too_sure_of_itself_is_miscalibrated_beyond_chance_and_a_calibrated_one_is_not() -> None:
    rng = np.random.default_rng(3)
    fair = rng.random(2000)
    truth = (rng.random(2000) < fair).astype(int)
    sure = 0.5 + 0.5 * np.sign(fair - 0.5) * np.abs(2 * fair - 1) ** 0.2
    found = CALIBRATION.run(planted.binary(truth, sure, fair))
    assert found is not None
    deep, shallow = found["rows"]
    assert deep["miscalibration"] > deep["by_chance"] and shallow["miscalibration"] < shallow["by_chance"]
    assert deep["low"] < deep["brier"] < deep["high"]
    assert found["gain"]["high"] < 0, "the calibrated model has the better score"
    assert found["gain"]["value"] == pytest.approx(shallow["brier"] - deep["brier"])
    assert set(deep) == set(CALIBRATION.example["rows"][0])


def test_weights_count_as_so_many_rows() -> None:
    came, claimed, weight = np.array([0.0, 1.0, 1.0]), np.array([0.3, 0.6, 0.6]), np.array([1.0, 2.0, 3.0])
    repeated = np.repeat(np.arange(3), [1, 2, 3])
    assert decomposed(came, claimed, weight) == pytest.approx(decomposed(came[repeated], claimed[repeated], np.ones(6)))
