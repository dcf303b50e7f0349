"""Images that come twice, and those that show nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.images import alike_images, blank_images, hashes
from automl.modalities.image import grey_means


@pytest.fixture
def images(rng):
    """400 grey images of random blobs."""
    y, x = np.mgrid[:24, :24]
    made = np.zeros((400, 24, 24))
    for _ in range(5):
        cy, cx, r, b = (rng.uniform(*ends, (400, 1, 1)) for ends in ((0, 24), (0, 24), (2, 7), (60, 255)))
        made = np.maximum(made, b * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / r**2))
    return made.astype(np.uint8)


def labels(n, rng):
    return pd.Series(rng.choice(["a", "b"], n))


def test_images_that_differ_are_quiet(view, images, rng):
    seen = view(images, labels(400, rng))

    assert (alike_images(seen), blank_images(seen)) == (None, None)


def noisy(image):
    return image + np.random.default_rng(1).normal(0, 3, image.shape)


@pytest.mark.parametrize("change", [lambda x: x, lambda x: x * 1.03, noisy], ids=["same", "brighter", "noisy"])
def test_the_same_image_on_both_sides_is_told(view, images, rng, change):
    copies = np.clip(change(images[:120].astype(float)), 0, 255).astype(np.uint8)
    order = rng.permutation(520)
    seen = view(np.concatenate([images, copies])[order], labels(520, rng))

    found = alike_images(seen)

    assert found.severity == "high"
    assert set(found.rows) <= set(seen.split.test.tolist())
    assert alike_images(view(np.concatenate([images, copies])[order], labels(520, rng), parted=False)).count >= 150


def test_images_of_one_colour_are_told_with_their_rows(view, images, rng):
    images[[3, 50]] = 77

    found = blank_images(view(images, labels(400, rng)))

    assert (found.count, found.rows) == (2, (3, 50))


def test_grey_means_are_block_means():
    image = np.arange(16.0).reshape(1, 4, 4)

    assert grey_means(image, 2)[0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert grey_means(np.ones((1, 2, 2, 3)), 3).shape == (1, 3, 3)


def test_hashes_do_not_mind_brightness(rng):
    small = rng.random((5, 16, 16)) * 100

    assert all((a == b).all() for a, b in zip(hashes(small), hashes(small * 1.5 + 3), strict=True))
