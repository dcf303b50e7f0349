"""Layers for spectrograms: strength 0 and prediction change nothing, masks and moves are as large as asked."""

from __future__ import annotations

import numpy as np
import pytest

from automl.layers.spectrograms import LevelRemoved, PitchShift, SpecAugment, TimeShift

X = np.random.default_rng(0).normal(size=(40, 10, 20, 2)).astype("float32")


@pytest.mark.parametrize(
    "layer", [TimeShift(0.0), PitchShift(0.0), SpecAugment(0.0, 0.0)], ids=lambda layer: type(layer).__name__
)
def test_strength_zero_leaves_sounds_exactly_as_they_were(layer):
    assert np.array_equal(X, layer(X, training=True))


@pytest.mark.parametrize(
    "layer", [TimeShift(0.5), PitchShift(0.3), SpecAugment(0.5, 0.5)], ids=lambda layer: type(layer).__name__
)
def test_prediction_hears_sounds_as_they_are(layer):
    assert np.array_equal(X, layer(X, training=False))
    assert not np.allclose(X, layer(X, training=True))


def test_a_moved_sound_comes_back_at_the_other_end_and_moves_at_most_so_far():
    moved = np.asarray(TimeShift(0.2, seed=1)(X, training=True))
    steps = []
    for own, other in zip(X, moved, strict=True):
        fits = [k for k in range(-10, 10) if np.array_equal(np.roll(own, k, axis=1), other)]
        assert len(fits) == 1
        steps.append(fits[0])
    assert max(map(abs, steps)) <= 4 and len(set(steps)) > 3


def test_a_shifted_pitch_moves_all_bands_alike_by_at_most_the_share_asked():
    ramp = np.broadcast_to(np.arange(20.0)[None, :, None, None], (40, 20, 5, 1)).astype("float32")
    moved = (np.asarray(PitchShift(0.2, seed=1)(ramp, training=True)) - ramp)[:, 4:-4]
    assert 2 < np.abs(moved).max() <= 4.001
    np.testing.assert_allclose(moved.std(axis=(1, 2, 3)), 0, atol=1e-4)


def test_masks_are_whole_bands_and_whole_frames_within_their_shares():
    ones = np.ones_like(X)
    for share, layer, axis in ((0.3, SpecAugment(0.3, 0.0, seed=2), 1), (0.25, SpecAugment(0.0, 0.25, seed=3), 2)):
        masked = np.asarray(layer(ones, training=True)) == 0
        lines = masked.any(axis=(3 - axis, 3))  # (batch, size)
        assert np.array_equal(masked, np.broadcast_to(np.expand_dims(lines, (3 - axis, 3)), masked.shape))
        counts = lines.sum(axis=1)
        assert 0 < counts.max() <= 2 * np.ceil(share * X.shape[axis]) and counts.min() < counts.max()


def test_a_sound_without_its_level_is_the_same_soft_or_loud():
    level = np.asarray(LevelRemoved()(X))
    np.testing.assert_allclose(level.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(np.asarray(LevelRemoved()(X + 3)), level, atol=1e-5)


def test_layers_come_back_from_their_settings():
    for layer in (TimeShift(0.2, seed=1), PitchShift(0.1, seed=2), SpecAugment(0.1, 0.2, seed=4), LevelRemoved()):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
