"""Units in time count as fewer independent ones, as far as their neighbours are alike."""

from __future__ import annotations

import numpy as np
import pytest

from automl.verdict import dependence


def series(alike, n, seed=0):
    rng = np.random.default_rng(seed)
    e, x = rng.normal(size=n + 50), np.zeros(n + 50)
    for t in range(1, n + 50):
        x[t] = alike * x[t - 1] + np.sqrt(1 - alike**2) * e[t]
    return x[50:]


def test_the_gain_without_each_unit_is_that_of_the_other_units() -> None:
    losses, of_item = np.arange(6.0), np.array([0, 0, 1, 1, 2, 2])

    values = dependence.left_out(lambda w: (w @ losses) / w.sum(axis=1), of_item, np.ones(6))

    assert values == pytest.approx([3.5, 2.5, 1.5])


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6, 0.8])
def test_the_autocorrelation_is_estimated_a_little_high(alike: float) -> None:
    found = np.mean([dependence.autocorrelation(series(alike, 200, seed)) for seed in range(100)])

    assert alike <= found < alike + 0.08


def test_alternating_neighbours_do_not_count_as_more_than_they_are() -> None:
    assert dependence.inflation(np.tile([1.0, -1.0], 20)) == (1.0, 40.0)


def test_few_units_and_equal_ones_have_no_autocorrelation() -> None:
    assert dependence.autocorrelation(np.arange(5.0)) == 0.0
    assert dependence.autocorrelation(np.full(40, 3.0)) == 0.0


def test_the_more_alike_neighbours_are_the_fewer_they_count_as() -> None:
    factors, effective = zip(*(dependence.inflation(series(alike, 400)) for alike in (0.0, 0.3, 0.6, 0.8)), strict=True)

    assert list(factors) == sorted(factors) and factors[0] < 1.3 and 3 < factors[2] < 6.5
    assert list(effective) == sorted(effective, reverse=True)


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_intervals_of_39_windows_hold_the_truth_as_often_as_they_say(alike: float) -> None:
    from scipy.special import stdtrit

    held = []
    for seed in range(600):
        x = series(alike, 39, seed)
        factor, effective = dependence.inflation(x)
        half = stdtrit(max(effective - 1, 1), 0.975) * np.sqrt(factor * x.var(ddof=1) / 39)
        held.append(abs(x.mean()) <= half)
    assert 0.92 <= np.mean(held) <= 0.985


def test_joined_units_keep_what_neighbours_share(monkeypatch: pytest.MonkeyPatch) -> None:
    x = series(0.8, 1000)

    def gain_of(weights):
        return (weights @ x) / weights.sum(axis=1)

    whole = dependence.in_time(gain_of, np.arange(1000), np.ones(1000), x.var() / 1000)[0]
    monkeypatch.setattr(dependence, "MOST_NEIGHBOURS", 100)
    joined = dependence.in_time(gain_of, np.arange(1000), np.ones(1000), x.var() / 1000)[0]

    assert whole > 5 and joined == pytest.approx(whole, rel=0.4)


def test_shared_times_add_the_variance_of_their_mean() -> None:
    d = np.random.default_rng(0).normal(size=12)
    left_out = (d.sum() - d) / 11

    found = dependence.effect_of_time(left_out)

    assert found.variance == pytest.approx(d.var(ddof=1) / 12 * dependence.inflation(d)[0])
    assert dependence.effect_of_time(np.ones(1)) is None
    assert dependence.effect_of_time(np.array([1.0, np.nan])) is None
