import numpy as np
import pytest

from automl.layers.augment import RandomCrop
from automl.layers.contrast import ContrastLoss, SwapColumns, TwoViews, contrast

ROWS = np.arange(40.0).reshape(10, 4).astype("float32")


@pytest.mark.parametrize("layer", [TwoViews(), SwapColumns(0.6)], ids=lambda layer: type(layer).__name__)
def test_rows_are_handed_on_twice_in_training_alone(layer):
    assert np.array_equal(ROWS, layer(ROWS, training=False))
    views = np.asarray(layer(ROWS, training=True))
    assert views.shape == (20, 4)
    assert np.array_equal(ROWS, views[:10])


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_swapped_cells_come_from_their_own_column_as_often_as_asked(dtype):
    rows = np.arange(4_000).reshape(1_000, 4).astype(dtype)
    swapped = np.asarray(SwapColumns(0.3, seed=1)(rows, training=True))[1_000:]
    assert swapped.dtype == dtype
    assert np.array_equal(swapped % 4, rows % 4)
    assert abs((swapped != rows).mean() - 0.3) < 0.03
    assert np.array_equal(rows, np.asarray(SwapColumns(0.0)(rows, training=True))[1_000:])


def test_the_loss_is_that_of_the_formula():
    rng = np.random.default_rng(0)
    views, n = rng.normal(size=(12, 5)), 6
    unit = views / np.linalg.norm(views, axis=1, keepdims=True)
    likeness = np.exp(unit @ unit.T / 0.5)
    expected = [
        -np.log(likeness[i, (i + n) % 12] / (likeness[i].sum() - likeness[i, i])) for i in range(12)
    ]  # fmt: skip
    assert float(contrast(views.astype("float32"), 0.5)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_views_of_a_row_that_lie_together_cost_less_and_nothing_is_added_outside_training():
    rng = np.random.default_rng(0)
    near = rng.normal(size=(8, 5)).astype("float32")
    far = rng.normal(size=(8, 5)).astype("float32")
    layer = ContrastLoss(0.5)
    losses = []
    for second in (near, far):
        codes = layer([ROWS[:4], np.concatenate([near, second])], training=True)
        assert np.array_equal(ROWS[:4], codes)
        losses.append(float(layer.losses[0]))
    assert losses[0] < losses[1]
    layer([ROWS, near], training=False)
    assert layer.losses == []


def test_views_that_are_all_zero_have_a_finite_loss():
    assert np.isfinite(float(contrast(np.zeros((6, 3), "float32"), 0.1)))


def test_a_crop_shows_a_window_within_the_picture():
    places = np.broadcast_to(np.arange(20.0)[None, :, None, None], (50, 20, 20, 1)).astype("float32")
    assert np.array_equal(places, RandomCrop(0.5)(places, training=False))
    assert np.allclose(places, RandomCrop(0.0)(places, training=True), atol=1e-4)
    seen = np.asarray(RandomCrop(0.75, seed=1)(places, training=True))[:, :, 0, 0]
    assert seen.min() >= 0 and seen.max() <= 19
    spans = seen[:, -1] - seen[:, 0]
    assert spans.min() >= 9.4 and spans.min() < 12 and spans.max() > 16  # half a side at least
    flipped = RandomCrop(0.0, flip=1.0)(places.transpose(0, 2, 1, 3).copy(), training=True)
    assert np.allclose(places.transpose(0, 2, 1, 3)[:, :, ::-1], flipped, atol=1e-4)
