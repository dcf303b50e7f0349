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


def test_the_coverage_of_quantiles_is_counted_with_its_interval() -> None:
    import dataclasses

    from automl.analyses import calibration
    from automl.analyses.shared import scoring
    from automl.records import Output

    context = planted.binary(np.arange(200) % 2, np.full(200, 0.5), np.full(200, 0.5))
    values = np.random.default_rng(0).normal(size=(200, 3, 1))
    values[0, 0, 0] = np.nan
    levels = (0.1, 0.9)
    ends = np.quantile(values[np.isfinite(values)], levels)
    output = Output("quantiles", {"quantiles": np.broadcast_to(ends, (200, 3, 1, 2))})
    contestants = tuple(dataclasses.replace(one, output=output) for one in context.outcome.contestants)
    task = dataclasses.replace(context.task, quantiles=levels)
    outcome = dataclasses.replace(context.outcome, contestants=contestants, task=task)
    context = dataclasses.replace(context, outcome=outcome, task=task)
    at = scoring.Scored(np.arange(200), values, None, {}, np.arange(200))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "scored", lambda *_: at)
        found = calibration._of_quantiles(context)
    assert found is not None and found["kind"] == "quantiles"
    for row in found["rows"]:
        assert row["below"] == pytest.approx(row["quantile"], abs=0.01)
        assert row["low"] < row["quantile"] < row["high"]
