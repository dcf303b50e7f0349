"""Images that are blank, or occur twice."""

from __future__ import annotations

import numpy as np

from automl.audit.view import View, file_rows, remembered, severity_of
from automl.detect.quoting import percent
from automl.modalities.image import grey_means
from automl.records import Finding

__all__ = ["alike_images", "blank_images"]

MOST_IMAGES = 20_000
SIDE = 16
FLAT = 1.0
SAME_PIXELS = 6.0
LEAST_TWINS = 3
MEDIUM, HIGH = 0.005, 0.1
MOST_IN_A_BUCKET = 30


@remembered
def _small(view: View) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, thumbnails ``(n, 16, 16)``) of at most `MOST_IMAGES` images; None where inputs are no images."""
    if not view.modality.is_images or view.frame is not None:
        return None
    rows = np.arange(view.dataset.n_rows)
    if len(rows) > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_IMAGES, replace=False))
    parts = [
        grey_means(np.asarray(view.dataset.inputs[part]), SIDE) for part in np.array_split(rows, len(rows) // 2000 + 1)
    ]
    return rows, np.concatenate(parts)


def blank_images(view: View) -> Finding | None:
    """Images of one colour."""
    sampled = _small(view)
    if sampled is None:
        return None
    rows, small = sampled
    blank = rows[small.reshape(len(small), -1).std(axis=1) < FLAT]
    if not len(blank):
        return None
    message = f"{len(blank):,} of {len(rows):,} images show one colour only: nothing can be learnt from them."
    step = "Remove them, or look for what went wrong when they were written."
    severity = severity_of(len(blank), MEDIUM * len(rows))
    return Finding("blank_images", severity, message, step, (), file_rows(view.dataset, blank), len(blank))


def alike_images(view: View) -> Finding | None:
    """Test images that look like a training image; without a split, images that look like another one.

    Candidates share a difference hash (signs of steps between 9 x 8 block means) or an average hash (8 x 8 block means
    above their mean). They count if their thumbnails agree to a few grey levels.

    Source: Krawetz 2011 and 2013 ("Looks like it", "Kind of like that"), the average and the difference hash.
    """
    sampled = _small(view)
    if sampled is None:
        return None
    rows, small = sampled
    lively = np.flatnonzero(small.reshape(len(small), -1).std(axis=1) >= FLAT)
    if view.split is None:
        asks = np.ones(len(rows), bool)
        answers = np.ones(len(rows), bool)
    else:
        asks, answers = np.isin(rows, view.split.test), np.isin(rows, np.union1d(view.split.train, view.split.valid))
    if not asks.any() or not len(lively):
        return None
    again = np.zeros(len(rows), bool)
    for keys in hashes(small[lively]):
        again[lively] |= _answered(small[lively], keys, asks[lively], answers[lively])
    at = np.flatnonzero(again)
    share = len(at) / asks.sum()
    if len(at) < LEAST_TWINS or share < MEDIUM:
        return None
    severity = severity_of(share, MEDIUM, HIGH)
    alike = "test images look like a training image" if view.split is not None else "images look like another one"
    message = (
        f"{len(at):,} of {int(asks.sum()):,} {alike} ({percent(share, 1)}). A model that memorises images scores well "
        "on them, and will not on new ones."
    )
    step = "Keep one of each, or pass --group with a column that they share (a person, a scene, a video)."
    return Finding("alike_images", severity, message, step, (), file_rows(view.dataset, rows[at]), len(at))


def hashes(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference and average hash of thumbnails ``(n, 16, 16)``, each ``(n,)`` uint64."""
    blocks = small.reshape(len(small), 8, 2, 8, 2).mean(axis=(2, 4))
    wrapped = np.concatenate([blocks, blocks[:, :, :1]], axis=2)
    bits = (wrapped[:, :, 1:] > wrapped[:, :, :-1]).reshape(len(small), 64)
    above = (blocks > blocks.mean(axis=(1, 2), keepdims=True)).reshape(len(small), 64)
    difference, average = (np.packbits(b, axis=1).view(np.uint64).ravel() for b in (bits, above))
    return difference, average


def _answered(small: np.ndarray, keys: np.ndarray, asks: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Which of the images in `asks` have another one in `answers` with the same hash and nearly the same pixels."""
    again = np.zeros(len(keys), bool)
    order = np.argsort(keys, kind="stable")
    for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        if len(bucket) < 2 or len(bucket) > MOST_IN_A_BUCKET:
            continue
        for one in bucket[asks[bucket]]:
            others = bucket[answers[bucket] & (bucket != one)]
            if len(others) and np.abs(small[others] - small[one]).mean(axis=(1, 2)).min() <= SAME_PIXELS:
                again[one] = True
    return again
