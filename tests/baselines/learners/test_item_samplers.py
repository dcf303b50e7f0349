"""Samplers of pictures and series learn how numbers depend on each other, and draw items by class and noise alone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from automl.baselines.learners.item_mixture import ItemMixture
from automl.baselines.learners.item_sampler import ItemMarginals, class_rows, continued, placed
from automl.baselines.learners.series_mixture import SeriesMixture
from automl.baselines.learners.series_samplers import Autoregression, BlockBootstrap
from automl.records import MIN_LEVEL_ROWS

N, SHAPE = 600, (24, 2)
SAMPLERS = {
    "marginals": ItemMarginals,
    "gaussian": lambda: ItemMixture(20, 1),
    "mixture": lambda: ItemMixture(20, 6),
    "mixture of shared components": lambda: ItemMixture(20, 4, by_class=False),
    "mixture of variances": lambda: ItemMixture(20, 8, full=False),
    "mixture, smoothed": lambda: ItemMixture(10, 6, smoothing=0.5),
    "blocks": BlockBootstrap,
    "blocks at random": lambda: BlockBootstrap(2, 1, 0.05),
    "autoregression": lambda: Autoregression(3),
    "autoregression of all classes": lambda: Autoregression(3, by_class=False),
    "series mixture": lambda: SeriesMixture(ItemMixture(4, 1), Autoregression(3)),
}
DEPENDENT = [name for name in SAMPLERS if name != "marginals"]


def series(n=N, seed=0):
    """Series of classes 1 and 2: waves of opposite sign, with an autoregression of coefficient .9; class 0 has none."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(1, 3, n).astype(np.int32)
    noise = np.empty((n, *SHAPE))
    noise[:, 0] = rng.normal(size=(n, 2))
    for step in range(1, SHAPE[0]):
        noise[:, step] = 0.9 * noise[:, step - 1] + np.sqrt(1 - 0.81) * rng.normal(size=(n, 2))
    wave = np.sin(np.arange(SHAPE[0]) / 4.0)[:, None] * (2.0 * classes - 3.0)[:, None, None]
    return (wave + 0.5 * noise).reshape(n, -1).astype(np.float32), classes


def noise(n, width=60, seed=1):
    return np.random.default_rng(seed).standard_normal((n, width), np.float32)


def fitted(name, data=None):
    sampler = SAMPLERS[name]()
    sampler.fit(*(data or series()), SHAPE, 0)
    return sampler


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_items_have_the_means_and_deviations_of_their_class(name):
    items, classes = series()
    asked = np.repeat([1, 2], 1_000)
    made = fitted(name).draw(asked, noise(2_000))
    assert made.shape == (2_000, items.shape[1]) and made.dtype == np.float64 and np.isfinite(made).all()
    for code in (1, 2):
        real, own = items[classes == code] if name != "marginals" else items, made[asked == code]
        assert np.abs(real.mean(axis=0) - own.mean(axis=0)).max() < (0.5 if "shared" in name else 0.2)
        assert abs(real.std(axis=0).mean() - own.std(axis=0).mean()) < 0.12


@pytest.mark.parametrize("name", DEPENDENT)
def test_steps_depend_on_each_other_as_they_did(name):
    items, classes = series()
    real = items[classes == 1].reshape(-1, *SHAPE)
    made = fitted(name).draw(np.ones(2_000, np.int32), noise(2_000)).reshape(-1, *SHAPE)
    for lag, tolerance in ((1, 0.2), (4, 0.25)):
        expected, found = (np.corrcoef(s[:, 10 - lag, 0], s[:, 10, 0])[0, 1] for s in (real, made))
        assert abs(expected - found) < tolerance
    independent = fitted("marginals").draw(np.ones(2_000, np.int32), noise(2_000)).reshape(-1, *SHAPE)
    assert abs(np.corrcoef(independent[:, 9, 0], independent[:, 10, 0])[0, 1]) < 0.1


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_an_item_depends_on_its_class_and_its_noise_alone(name):
    sampler, classes, drawn = fitted(name), np.tile([1, 2], 650), noise(1_300)
    whole = sampler.draw(classes, drawn)
    np.testing.assert_allclose(sampler.draw(classes[700:720], drawn[700:720]), whole[700:720], atol=1e-6)
    again = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(again.draw(classes, drawn), whole)
    assert len(np.unique(whole[:100], axis=0)) == 100
    assert sampler.draw(classes[:0], drawn[:0]).shape == (0, whole.shape[1])


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_few_rows_many_numbers_and_codes_without_rows(name):
    items, classes = series(60)
    classes[:3], classes[3:5] = 3, 5  # too few rows for classes of their own
    wide = np.tile(items, (1, 3))
    sampler = SAMPLERS[name]()
    sampler.fit(wide, classes, (SHAPE[0], 6), 0)
    made = sampler.draw(np.arange(9).repeat(5), noise(45))
    assert made.shape == (45, wide.shape[1]) and np.isfinite(made).all() and np.abs(made).max() < 50
    sampler.fit(np.ones((60, 48), np.float32), np.zeros(60, np.int32), SHAPE, 0)  # nothing varies
    np.testing.assert_allclose(sampler.draw(np.zeros(4, np.int32), noise(4)), 1.0, atol=1e-2)


def test_classes_of_few_rows_count_as_the_largest():
    rows, places = class_rows(np.array([1] * 6 + [2] * 9 + [3] * (MIN_LEVEL_ROWS - 1), np.int32))
    assert [own.tolist() for own in rows] == [list(range(6)), list(range(6, 15))]
    assert places.tolist() == [1, 0, 1, 1] and placed(np.array([0, 1, 9]), places).tolist() == [1, 0, 1]
    rows, places = class_rows(np.array([0, 1, 2], np.int32))
    assert len(rows) == 1 and len(rows[0]) == 3 and places.tolist() == [0, 0, 0]


def test_noise_is_continued_by_each_row_alone():
    drawn = noise(2_000, 6)
    more = continued(drawn, 50)
    np.testing.assert_array_equal(more[:, :6], drawn)
    np.testing.assert_array_equal(continued(drawn[7:9], 50), more[7:9])
    assert abs(more[:, 6:].mean()) < 0.02 and abs(more[:, 6:].std() - 1.0) < 0.02
    assert np.abs(np.corrcoef(more[:, [0, 3, 10, 49]].T) - np.eye(4)).max() < 0.1
    assert continued(drawn, 4).shape == (2_000, 4)


def test_components_of_few_rows_are_left_out_and_axes_are_no_rows():
    items, classes = series(400)
    items[:2] += 100.0  # a component of their own
    sampler = ItemMixture(30, 10, by_class=False)
    sampler.fit(items, classes, SHAPE, 0)
    assert 3 < len(sampler.means) < 10
    apart = (items[:2] - sampler.mean) @ sampler.axes.T
    assert (np.linalg.norm(apart[:, None] - sampler.means, axis=2) > 500).all()
    sampler.fit(items[2:42], classes[2:42], SHAPE, 0)
    assert len(sampler.axes) == 8 and len(sampler.means) == 1


def test_an_autoregression_finds_its_coefficients_and_does_not_grow_without_end():
    sampler = fitted("autoregression", series(3_000))
    own = sampler.coefficients[0].reshape(3, 2, 2)[-1]  # the last lag
    assert np.abs(own - 0.9 * np.eye(2)).max() < 0.1
    steep = np.cumsum(np.cumsum(np.random.default_rng(0).normal(size=(200, 60)), axis=1), axis=1)
    growing = Autoregression(5)
    growing.fit(steep.astype(np.float32), np.zeros(200, np.int32), (60, 1), 0)
    made = growing.draw(np.zeros(300, np.int32), noise(300))
    assert np.abs(made).max() < 5 * np.abs(steep).max()


def test_blocks_are_those_of_training_series_and_joins_are_smooth():
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.normal(size=(50, 1)), 40, axis=1).astype(np.float32)  # each series is a level
    jumps = {}
    for candidates in (1, 20):
        sampler = BlockBootstrap(4, candidates, 0.2)
        sampler.fit(levels, np.zeros(50, np.int32), (40, 1), 0)
        made = sampler.draw(np.zeros(200, np.int32), noise(200))
        assert np.isin(np.float32(made[:, 0]), levels).mean() > 0.9
        assert (np.ptp(made, axis=1) > 0).all()  # not one series from end to end
        jumps[candidates] = np.abs(np.diff(made)).max(axis=1).mean()
    assert jumps[20] < 0.4 * jumps[1]


def test_detail_is_added_to_what_principal_components_leave_out():
    items, classes = series()
    smooth, detailed = SeriesMixture(ItemMixture(3, 1), Autoregression(0)), fitted("series mixture")
    smooth.fit(items, classes, SHAPE, 0)
    asked = np.ones(1_000, np.int32)
    made = {name: s.draw(asked, noise(1_000)).reshape(-1, *SHAPE) for name, s in (("no", smooth), ("yes", detailed))}
    real = np.diff(items[classes == 1].reshape(-1, *SHAPE), axis=1).std()
    steps = {name: np.diff(own, axis=1).std() for name, own in made.items()}
    assert steps["no"] < 0.7 * real and abs(steps["yes"] / real - 1.0) < 0.15
