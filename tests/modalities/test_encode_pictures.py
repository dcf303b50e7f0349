import json
from dataclasses import replace

import numpy as np
import pytest

from automl import modalities
from automl.errors import DataError
from automl.modalities.image import picture_spec, whitening_filters
from automl.modalities.shared.specs import restore_spec, spec_state


def test_pictures_of_the_right_size_pass_untouched(pictures):
    dataset, task, split = pictures
    encoder, _ = modalities.fit(dataset, task, split)
    assert np.array_equal(dataset.inputs[[3, 1]], encoder.transform(dataset, np.array([3, 1]))["image"])


def test_statistics_are_those_of_training_pixels(pictures):
    dataset, task, split = pictures
    stats = modalities.fit(dataset, task, split)[0].specs[0].stats
    pixels = dataset.inputs[split.train].reshape(-1, 3).astype(float)
    assert stats["mean"] == pytest.approx(pixels.mean(axis=0))
    assert stats["std"] == pytest.approx(pixels.std(axis=0))


def test_another_size_is_resized(pictures):
    dataset, task, split = pictures
    encoder, _ = modalities.fit(dataset, task, split)
    halves = np.zeros((1, 24, 40, 3), np.uint8)
    halves[:, :, 20:] = 200
    found = encoder.transform(replace(dataset, inputs=halves), np.array([0]))["image"]
    assert found.shape == (1, 12, 10, 3)
    assert found[0, :, 0].max() == 0 and found[0, :, -1].min() == 200


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_are_brought_to_the_trained_ones(pictures, channels):
    dataset, task, split = pictures
    encoder, _ = modalities.fit(dataset, task, split)
    even = np.full((2, 12, 10, channels), 90, np.uint8)
    if channels in {2, 4}:
        even[0, ..., -1], even[1, ..., -1] = 255, 0  # opaque, and clear, which white shows through
    found = encoder.transform(replace(dataset, inputs=even), np.arange(2))["image"]
    assert found.shape == (2, 12, 10, 3) and (found[0] == 90).all()
    assert (found[1] == (90 if channels == 1 else 255)).all()


def test_colour_becomes_grey_where_training_was_grey(pictures):
    dataset, task, split = pictures
    encoder, _ = modalities.fit(replace(dataset, inputs=dataset.inputs[..., 0]), task, split)
    assert encoder.specs[0].shape == (12, 10, 1)
    red = np.zeros((1, 12, 10, 3), np.uint8)
    red[..., 0] = 255
    assert (encoder.transform(replace(dataset, inputs=red), np.array([0]))["image"] == 76).all()


def test_large_pictures_are_scaled_down_in_proportion(pictures):
    dataset, task, split = pictures
    large = np.repeat(np.repeat(dataset.inputs[:, :10], 40, axis=1), 20, axis=2)  # 400 x 200
    assert modalities.fit(replace(dataset, inputs=large), task, split)[0].specs[0].shape == (128, 64, 3)


def test_black_pictures_have_a_standard_deviation_of_one(pictures):
    dataset, task, split = pictures
    encoder, _ = modalities.fit(replace(dataset, inputs=np.zeros_like(dataset.inputs)), task, split)
    stats = encoder.specs[0].stats
    assert (stats["mean"], stats["std"]) == ([0.0] * 3, [1.0] * 3)
    assert np.isfinite(stats["patch_filters"]).all()


def test_what_is_no_uint8_array_is_refused(pictures, table):
    dataset, task, split = pictures
    with pytest.raises(DataError, match="float64"):
        modalities.fit(replace(dataset, inputs=dataset.inputs / 255.0), task, split)


def test_filters_make_patches_uncorrelated_and_of_one_variance():
    rng = np.random.default_rng(0)
    patches = rng.normal(size=(5_000, 9)) @ rng.normal(size=(9, 9))
    filters = whitening_filters(patches)
    answers = np.cov(patches @ filters.T, rowvar=False)
    np.testing.assert_allclose(answers[:5, :5], np.eye(5), atol=0.05)
    assert (answers.diagonal() <= 1.001).all() and filters.shape == (9, 9)
    assert whitening_filters(rng.normal(size=(99, 36))).shape == (16, 36)
    assert np.isfinite(whitening_filters(np.zeros((1, 9)))).all()


@pytest.mark.parametrize(("side", "there"), [(2, False), (3, True), (12, True)])
def test_a_spec_of_pictures_of_three_pixels_or_more_holds_filters_the_same_for_the_same_rows(side, there):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (40, side, side, 3)).astype("uint8")
    one, other = (picture_spec("image", lambda rows: pictures[rows], np.arange(30)) for _ in range(2))
    assert ("patch_filters" in one.stats) == there and one.stats == other.stats
    if there:
        assert np.shape(one.stats["patch_filters"]) == (16, 27)
        assert restore_spec(json.loads(json.dumps(spec_state(one)))).stats == one.stats
