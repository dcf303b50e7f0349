"""Units and seeds are redrawn as the protocol says."""

from __future__ import annotations

import numpy as np
import pytest

from automl import metrics
from automl.records import Contestant, Output
from automl.verdict import resample
from automl.verdict.dependence import Part
from automl.verdict.seeds import draw, mixed
from automl.verdict.shares import FREEDOM


def test_weightings_draw_as_many_units_as_there_are_in_each_class():
    classes = np.repeat([0, 1, 2], [50, 7, 1])
    units = resample.units_of(np.arange(58), classes)
    counts = resample.weightings(units, 200, np.random.default_rng(0))
    assert counts.shape == (200, 58)
    for code, size in ((0, 50), (1, 7), (2, 1)):
        assert (counts[:, classes == code].sum(axis=1) == size).all()
    assert counts[:, classes == 0].var() == pytest.approx(1 - 1 / 50, abs=0.05)


def test_rows_of_a_unit_are_drawn_together_and_not_by_class():
    groups = np.array([7, 7, 3, 3, 3, 9])
    units = resample.units_of(groups, np.array([0, 1, 0, 1, 0, 1]))
    assert units.n_units == 3 and len(units.strata) == 1
    weights = resample.weightings(units, 50, np.random.default_rng(0))[:, units.of_item]
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 2] == weights[:, 4]).all()
    assert len(np.unique(weights[:, 5])) > 1


def test_seed_draws_are_multinomial_and_few_are_distinct():
    draws = draw(3, 2000, np.random.default_rng(0))
    assert len(draws.multisets) == 10 and (draws.multisets.sum(axis=1) == 3).all()
    same = (draws.multisets[draws.which] == 1).all(axis=1).mean()
    assert same == pytest.approx(6 / 27, abs=0.03)


def values(*columns):
    return [Output("values", {"values": np.asarray(column, float)[:, None]}) for column in columns]


def contestant(outputs, run="a", side="deep"):
    mean = np.mean([output.arrays["values"] for output in outputs], axis=0)
    return Contestant(run, side, Output("values", {"values": mean}), tuple(outputs))


def spread_of(outputs, others, truth, metric="mae", unit_ids=None, shares=(0.0, 0.0), **units):
    units = resample.units_of(np.arange(len(truth)) if unit_ids is None else unit_ids, None, **units)
    rng = np.random.default_rng(0)
    weight = np.ones(len(truth))
    return resample.gains(metric, truth, contestant(outputs), contestant(others), units, weight, {}, rng, shares)


def width(found, gain):
    low, high = resample.interval_of(found, gain)
    return high - low


def test_the_interval_is_centred_on_the_model_as_saved():
    """Averages of fewer distinct seeds are worse; that must not move or widen the interval of the average of all."""
    rng = np.random.default_rng(0)
    n = 5_000
    truth = rng.normal(size=(n, 1))
    ours = values(*(truth[:, 0] + rng.normal(size=n) for _ in range(3)))
    theirs = values(*[truth[:, 0] + 1.0] * 3)
    found = spread_of(ours, theirs, truth, "rmse").values
    gain = metrics.gain("rmse", *(metrics.score("rmse", truth, contestant(o).output) for o in (ours, theirs)))
    assert found.mean() == pytest.approx(gain, abs=0.002)
    assert found.std() < 0.03  # a single seed is 0.42 worse than the average of three


def test_seeds_enter_with_the_variance_of_their_mean():
    """Where the test is so large that only seeds matter, the spread is that of a mean of three, with its t."""
    truth = np.zeros((5_000, 1))
    offsets = np.array([1.0, 1.2, 1.7])
    ours = values(*(np.full(5_000, offset) for offset in offsets))
    found = spread_of(ours, values(*[np.full(5_000, 1.0)] * 3), truth)
    assert found.parts["deep_seeds"].variance == pytest.approx(offsets.var(ddof=1) / 3, rel=0.12)
    assert np.sqrt(found.variance) == pytest.approx(np.sqrt(found.parts["deep_seeds"].variance), rel=0.05)
    assert width(found, -0.3) == pytest.approx(2 * 4.303 * np.sqrt(found.variance), rel=0.01)
    assert found.quantile == pytest.approx(4.303, rel=0.01)  # two degrees of freedom


def test_seeds_at_hand_are_mixed_with_what_is_known_of_the_family():
    truth = np.zeros((5_000, 1))
    offsets = np.array([1.0, 1.2, 1.7])
    ours, theirs = values(*(np.full(5_000, offset) for offset in offsets)), values(*[np.full(5_000, 1.0)] * 3)
    alone = spread_of(ours, theirs, truth).parts["deep_seeds"]
    found = spread_of(ours, theirs, truth, shares=(0.1, 0.0)).parts["deep_seeds"]
    assumed = (0.1 * offsets.mean()) ** 2
    assert found.variance == pytest.approx((FREEDOM * assumed / 3 + 2 * alone.variance) / (FREEDOM + 2), rel=0.01)
    assert (alone.freedom, found.freedom) == (2, FREEDOM + 2)


def test_seeds_that_differ_by_the_luck_of_the_test_rows_alone_add_little():
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(20):
        common = np.abs(rng.normal(size=400))
        ours, theirs = (values(*(common + 0.5 * rng.normal(size=400) for _ in range(3))) for _ in range(2))
        found = spread_of(ours, theirs, np.full((400, 1), -10.0))
        a, b = (contestant(side).output.arrays["values"][:, 0] for side in (ours, theirs))
        ratios.append(np.sqrt(found.variance) / ((a - b).std() / np.sqrt(400)))
    assert 1.0 <= np.mean(ratios) < 1.25


def test_one_seed_adds_the_spread_that_is_assumed_of_its_family():
    rng = np.random.default_rng(0)
    truth = np.zeros((1000, 1))
    a, b = np.abs(rng.normal(size=(2, 1000)))
    found = spread_of(values(a), values(b), truth, shares=(0.1, 0.05))
    of_rows, of_seeds = (a - b).std() / np.sqrt(1000), np.hypot(0.1 * a.mean(), 0.05 * b.mean())
    assert np.sqrt(found.variance) == pytest.approx(np.hypot(of_rows, of_seeds), rel=0.06)
    assert found.parts["deep_seeds"].freedom == found.parts["shallow_seeds"].freedom == FREEDOM
    assert 1.96 < found.quantile < 2.31


def test_where_no_seed_matters_one_seed_adds_nothing():
    rng = np.random.default_rng(0)
    a, b = np.abs(rng.normal(size=(2, 1000)))
    found = spread_of(values(a), values(b), np.zeros((1000, 1)))
    assert found.parts["deep_seeds"].variance == found.parts["shallow_seeds"].variance == 0.0
    assert np.sqrt(found.variance) == pytest.approx((a - b).std() / np.sqrt(1000), rel=0.06)


def test_mixed_labels_follow_the_finalists_own_threshold():
    p = np.array([0.1, 0.28, 0.32, 0.9])
    seeds = [np.clip(p + shift, 0, 1) for shift in (-0.05, 0.05)]

    def output(q):
        return Output("probabilities", {"probabilities": np.column_stack([1 - q, q]), "labels": (q >= 0.3).astype(int)})

    finalist = Contestant("a", "deep", output(p), tuple(output(q) for q in seeds))
    assert (mixed(finalist, np.array([0.5, 0.5])).arrays["labels"] == [0, 0, 1, 1]).all()
    assert (mixed(finalist, np.array([0.0, 1.0])).arrays["labels"] == [0, 1, 1, 1]).all()


def test_mixed_labels_are_voted_where_a_rule_is_not_to_be_seen():
    p = np.full((3, 3), 1 / 3)
    decided = np.array([2, 1, 0])  # not the most probable: biases were at work
    seeds = [np.array([2, 1, 0]), np.array([2, 2, 0]), np.array([0, 1, 0])]
    outputs = [Output("probabilities", {"probabilities": p, "labels": labels}) for labels in seeds]
    finalist = Contestant("a", "deep", Output("probabilities", {"probabilities": p, "labels": decided}), tuple(outputs))
    assert (mixed(finalist, np.full(3, 1 / 3)).arrays["labels"] == [2, 1, 0]).all()


def replicates(values, freedom):
    return resample.Replicates(values, len(values), {"test": Part(float(np.var(values)), freedom)})


def test_few_units_or_seeds_widen_the_interval_by_their_degrees_of_freedom():
    sample = np.random.default_rng(0).normal(size=100_000)
    assert resample.interval_of(replicates(sample, 9), 0.0)[1] == pytest.approx(2.262, abs=0.03)
    assert resample.interval_of(replicates(sample, 4999), 0.0) == pytest.approx((-1.96, 1.96), abs=0.03)
    assert resample.interval_of(replicates(sample, 2), 0.0) == pytest.approx((-4.303, 4.303), abs=0.06)


@pytest.mark.parametrize("n_units", [15, 200])
def test_the_interval_covers_as_often_as_it_says(n_units):
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(150):
        losses = rng.normal(0.3, 1.0, n_units)
        found = spread_of(values(np.zeros(n_units)), values(losses + 9.0), np.zeros((n_units, 1)))
        low, high = resample.interval_of(found, losses.mean() + 9.0)
        covered += low <= 9.3 <= high
    assert 0.90 <= covered / 150 <= 0.99


@pytest.mark.parametrize("n_seeds", [2, 3])
def test_winners_among_exchangeable_families_are_rare_when_only_seeds_matter(n_seeds):
    """Each family's seeds have errors of their own; the two families do not differ."""
    rng = np.random.default_rng(2)
    truth, wrong = np.zeros((300, 1)), 0
    rows = np.abs(rng.normal(size=300))
    for _ in range(40):
        sides = [values(*(rows + offset for offset in rng.normal(5, 0.3, n_seeds))) for _ in range(2)]
        gain = float(np.subtract(*(metrics.score("mae", truth, contestant(side).output) for side in sides[::-1])))
        low, high = resample.interval_of(spread_of(*sides, truth), gain)
        wrong += low > 0 or high < 0
    assert wrong <= 6  # 2 expected; more than 6 in one of a hundred
