from __future__ import annotations

import numpy as np
import pytest

from automl.baselines.features import patches
from automl.baselines.features.patches import MOST_WIDTH, PatchFeatures
from automl.baselines.features.plain.patches import normalised_patches
from automl.baselines.model import forget
from automl.records import Dataset


@pytest.fixture(autouse=True)
def _nothing_remembered():
    forget()
    yield
    forget()


def stripes(n=60, size=16, channels=1):
    """Pictures of lying stripes on their left, then such with standing ones."""
    rng = np.random.default_rng(0)
    wave = 90 * np.sin(np.arange(size) * 2.0)
    images = 128 + 8 * rng.normal(size=(n, size, size, channels))
    half = size * 3 // 8
    images[: n // 2, :, :half] += wave[:, None, None]
    images[n // 2 :, :, :half] += wave[:half, None]
    return np.clip(images, 0, 255).astype(np.uint8)


def fitted(images, **changed):
    features = PatchFeatures(**{"side": 16, "patch": 4, "n_patches": 12, "grid": 2, **changed})
    rows = np.arange(len(images))
    return features, features.fit(Dataset("stripes", images), rows, np.zeros(len(images)), None)


@pytest.mark.parametrize("channels", [1, 3])
def test_there_is_a_number_for_each_patch_and_part_and_new_rows_get_the_same(channels):
    images = stripes(channels=channels)
    features, X = fitted(images)
    assert X.shape == (60, 2 * 2 * len(features.dictionary)) and X.dtype == np.float64
    assert 10 <= len(features.dictionary) <= 12
    again = features.transform(Dataset("stripes", images), np.array([5, 40]))
    np.testing.assert_allclose(again, X[[5, 40]], atol=1e-4)


def test_codes_tell_what_is_seen_and_where():
    _, X = fitted(stripes())
    parts = np.abs(X[:30].mean(axis=0) - X[30:].mean(axis=0)).reshape(2, 2, 12).max(axis=2)
    assert parts[:, 0].min() > 1.0 > parts[:, 1].max()  # the left parts hold the stripes


def test_brightness_and_contrast_do_not_count():
    images = stripes()
    features, X = fitted(images)
    paler = (64 + images // 2).astype(np.uint8)
    changed = features.transform(Dataset("paler", paler), np.arange(60))
    assert np.corrcoef(changed[:, X.std(axis=0) > 0].ravel(), X[:, X.std(axis=0) > 0].ravel())[0, 1] > 0.8


def test_components_are_as_many_as_asked_for_or_as_there_can_be():
    assert fitted(stripes(), components=7)[1].shape == (60, 7)
    assert fitted(stripes(n=10), components=30)[1].shape == (10, 10)


def test_pictures_smaller_than_a_patch_or_a_grid_are_read():
    assert np.isfinite(fitted(stripes(size=3), patch=5, grid=4)[1]).all()


def test_large_pictures_are_looked_at_smaller_and_at_fewer_places():
    images = np.repeat(np.repeat(stripes(n=12), 6, axis=1), 6, axis=2)
    features, X = fitted(images, side=48)
    assert X.shape == (12, 2 * 2 * 12)
    assert features.mean.shape == (4 * 4,)


@pytest.mark.parametrize(("channels", "side"), [(3, 4), (48, 4), (100, 2), (300, 1), (2_000, 1)])
def test_patches_of_many_channels_are_smaller_and_their_covariance_is_bounded(monkeypatch, channels, side):
    monkeypatch.setattr(patches, "DICTIONARY_PATCHES", 300)
    images = stripes(n=6, size=8, channels=channels)
    features, X = fitted(images)
    width = len(features.mean)
    assert width == side * side * channels if channels < MOST_WIDTH else width <= MOST_WIDTH
    assert features.whiten.shape == (width, width) and np.isfinite(X).all()
    np.testing.assert_allclose(features.transform(Dataset("stripes", images), np.arange(6)), X, atol=1e-3)


@pytest.mark.parametrize("n", [3, 12, 40])
def test_no_patch_of_a_training_picture_is_stored(monkeypatch, n):
    monkeypatch.setattr(patches, "DICTIONARY_PATCHES", 3 * n)  # hardly more patches than the dictionary has
    images = np.random.default_rng(1).integers(0, 256, (n, 16, 16, 1)).astype(np.uint8)
    features, X = fitted(images, n_patches=2 * n)
    seen = normalised_patches(features._drawn(Dataset("noise", images), np.arange(n))[0])
    white = (seen - features.mean) @ features.whiten
    white /= np.linalg.norm(white, axis=1, keepdims=True)

    assert np.isfinite(X).all() and (features.dictionary @ white.T).max() < 0.95
    stored = sum(value.size for value in vars(features).values() if isinstance(value, np.ndarray))
    assert stored <= 16 + 16 * 16 + 16 * len(features.dictionary) + 2 * X.shape[1]


def test_the_same_seed_gives_the_same_and_another_another():
    images = stripes()
    first = fitted(images)[1]
    forget()
    np.testing.assert_array_equal(fitted(images)[1], first)
    assert not np.array_equal(fitted(images, seed=1)[1], first)
