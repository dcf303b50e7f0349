"""Checks of errors find what was planted, and nothing in noise."""

from __future__ import annotations

import numpy as np
import pytest

from automl.report.residual_checks import autocorrelation, bias, rank_correlation


def test_a_planted_bias_lies_within_its_interval_and_noise_has_none() -> None:
    noise = np.random.default_rng(0).normal(size=400)
    mean, low, high = bias(noise + 0.5) or (0.0, 0.0, 0.0)
    assert low < 0.5 < high and low > 0
    assert mean == pytest.approx((noise + 0.5).mean())
    found = bias(noise)
    assert found is not None and found[1] < 0 < found[2]


def test_errors_of_one_unit_count_as_one() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=40), 25)
    alone = bias(values)
    together = bias(values, np.repeat(np.arange(40), 25))
    assert alone is not None and together is not None
    assert together[2] - together[1] > 4 * (alone[2] - alone[1])


def test_few_or_constant_values_say_nothing() -> None:
    assert bias([1.0, np.nan]) is None and rank_correlation(np.ones(20), np.arange(20)) is None
    assert autocorrelation([np.zeros(3)]) is None and bias(np.arange(20.0), np.zeros(20)) is None


def test_growing_errors_and_errors_that_follow_each_other_are_found() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(1, 5, 300)
    grow, noise = rank_correlation(np.abs(rng.normal(size=300)) * x, x), rank_correlation(rng.normal(size=300), x)
    assert grow is not None and grow[0] > 0.3 and grow[1] and noise is not None and not noise[1]
    walk = np.cumsum(rng.normal(size=200))
    follow, white = autocorrelation([walk]), autocorrelation([rng.normal(size=100), rng.normal(size=100)])
    assert follow is not None and follow[0] > 0.8 and follow[1] and white is not None and not white[1]
