"""What a picture is turned into in training is undone on what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from automl.layers.warp import RandomWarp, WarpBack  # noqa: E402


def smooth(n: int = 6, height: int = 24, width: int = 20) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([np.sin(rows / 4 + k) + np.cos(columns / 5 - k) for k in range(n)])[..., None].astype("float32")


def test_nothing_happens_without_training() -> None:
    x = smooth()
    made, warp = RandomWarp(0.2, 0.1, "all", seed=1)(x, training=False)
    assert np.array_equal(np.asarray(made), x)
    assert np.array_equal(np.asarray(WarpBack()([made, warp], training=False)), x)


@pytest.mark.parametrize("flips", ["all", "left-right"])
def test_flips_and_quarter_turns_are_undone_exactly(flips: str) -> None:
    x = smooth(16, 20, 20)
    made, warp = RandomWarp(0.0, 0.0, flips, seed=1)(x, training=True)
    assert not np.allclose(np.asarray(made), x, atol=1e-2)
    assert np.allclose(np.asarray(WarpBack()([made, warp], training=True)), x, atol=1e-3)


def test_turns_scales_and_bends_are_undone_where_they_were_in_sight() -> None:
    x = smooth(8)
    made, warp = RandomWarp(0.1, 0.04, "all", seed=2)(x, training=True)
    back = np.asarray(WarpBack()([made, warp], training=True))
    seen = back != 0
    assert seen.mean() > 0.8 and not np.allclose(np.asarray(made), x, atol=0.05)
    inner = np.zeros_like(seen)
    inner[:, 4:-4, 4:-4] = True
    assert np.abs(back - x)[seen & inner].mean() < 0.08


def test_what_is_out_of_sight_says_nothing_and_learns_nothing() -> None:
    import tensorflow as tf

    x = tf.Variable(np.ones((4, 16, 16, 1), "float32"))
    _, warp = RandomWarp(0.3, 0.0, "none", seed=3)(x, training=True)
    with tf.GradientTape() as tape:
        back = WarpBack()([x, warp], training=True)
        total = tf.reduce_sum(back)
    assert float(tf.reduce_min(back)) == 0.0 and np.isfinite(np.asarray(tape.gradient(total, x))).all()
