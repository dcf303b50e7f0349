"""Corruptions of pictures, alone or in a table's columns; levels as published where there are any.

Source: Hendrycks & Dietterich, Benchmarking neural network robustness to common corruptions and perturbations, ICLR
    2019. Levels are those of its code: of ImageNet-C for noise and brightness, which do not depend on a picture's size;
    of CIFAR-10-C, for pictures of 32 pixels a side, for contrast and blur, where blur grows with the side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from automl import modalities
from automl.analyses.shared.changed_inputs import in_parts
from automl.records import Corruption, CorruptionInputs, Dataset

__all__ = ["BLUR", "BRIGHTNESS", "CONTRAST", "PICTURE_NOISE", "SHIFT"]

SOURCE = "Hendrycks & Dietterich, ICLR 2019"
USUAL_SIDE = 32

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""``(pictures (n, h, w, c) float32 of 0 to 1, strength, rng) -> the same shape``."""


def _applies(inputs: CorruptionInputs) -> bool:
    return modalities.named(inputs.task).is_images or bool(_named(inputs))


def _is_pictures(dataset: Dataset) -> bool:
    return getattr(dataset.inputs, "dtype", None) == np.uint8 and dataset.inputs.ndim in (3, 4)


def _named(inputs: CorruptionInputs) -> list[str]:
    """Names of a table's columns of pictures."""
    return [name for name in inputs.columns("image_path") if name in inputs.dataset.pictures]


def _changing(change: Change) -> Callable[[CorruptionInputs, float, np.random.Generator], Dataset]:
    def apply(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
        dataset = inputs.dataset
        if _is_pictures(dataset):
            return dataclasses.replace(dataset, inputs=_changed(dataset.inputs, inputs.rows, change, strength, rng))
        pictures = {
            name: _changed(array, inputs.rows[dataset.inputs[name].notna().to_numpy()[inputs.rows]], change, strength,
                           rng)
            for name, array in dataset.pictures.items()
            if name in _named(inputs)
        }  # fmt: skip
        return dataclasses.replace(dataset, pictures={**dataset.pictures, **pictures})

    return apply


def _changed(
    pictures: np.ndarray, rows: np.ndarray, change: Change, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """A copy with other pictures in these rows."""

    def change_some(some: np.ndarray) -> np.ndarray:
        flat = some if some.ndim == 4 else some[..., None]
        made = change(flat.astype(np.float32) / 255.0, strength, rng)
        return np.rint(255.0 * np.clip(made, 0.0, 1.0)).astype(np.uint8).reshape(some.shape)

    return in_parts(pictures, rows, change_some)


def _noise(pictures: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(pictures + strength * rng.standard_normal(pictures.shape, dtype=np.float32))


def _blur(pictures: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    sigma = strength * max(1.0, max(pictures.shape[1:3]) / USUAL_SIDE)
    return np.asarray(gaussian_filter(pictures, (0, sigma, sigma, 0), mode="nearest"))


def _brighter(pictures: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """The value of hue, saturation and value raised: all channels of a pixel keep their ratios."""
    value = pictures.max(axis=3, keepdims=True)
    raised = np.minimum(value + strength, 1.0)
    return np.asarray(np.where(value > 0, pictures * (raised / np.maximum(value, 1e-6)), raised))


def _flatter(pictures: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Pixels drawn towards the picture's mean; the strength is the share of contrast that is lost."""
    mean = pictures.mean(axis=(1, 2), keepdims=True)
    return np.asarray((pictures - mean) * (1.0 - strength) + mean)


def _shifted(pictures: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Moved by a share of the longer side in a random direction, also by parts of a pixel; the edge is repeated."""
    n, height, width, _ = pictures.shape
    angle = rng.uniform(0.0, 2 * np.pi, n)
    reach = strength * max(height, width)
    down, right = reach * np.sin(angle), reach * np.cos(angle)
    out = np.zeros(pictures.shape, np.float32)
    for step_down in (0, 1):
        for step_right in (0, 1):
            rows = np.clip(np.arange(height) - (np.floor(down) + step_down)[:, None], 0, height - 1).astype(int)
            columns = np.clip(np.arange(width) - (np.floor(right) + step_right)[:, None], 0, width - 1).astype(int)
            weight = np.abs(1 - step_down - down % 1) * np.abs(1 - step_right - right % 1)
            moved = pictures[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
            out += weight.astype(np.float32)[:, None, None, None] * moved
    return out


PICTURE_NOISE = Corruption(
    name="picture_noise",
    order=60,
    words="pictures with noise",
    unit="noise, in shares of full brightness",
    severities=(0.08, 0.12, 0.18, 0.26, 0.38),
    applies=_applies,
    apply=_changing(_noise),
    source=f"{SOURCE}: Gaussian noise of ImageNet-C",
)
BLUR = Corruption(
    name="blur",
    order=70,
    words="blurred pictures",
    unit="blur, in pixels of a side of 32",
    severities=(0.4, 0.6, 0.7, 0.8, 1.0),
    applies=_applies,
    apply=_changing(_blur),
    source=f"{SOURCE}: Gaussian blur of CIFAR-10-C",
)
BRIGHTNESS = Corruption(
    name="brightness",
    order=62,
    words="brighter pictures",
    unit="brightness added, in shares of full",
    severities=(0.1, 0.2, 0.3, 0.4, 0.5),
    applies=_applies,
    apply=_changing(_brighter),
    source=f"{SOURCE}: brightness of ImageNet-C",
)
CONTRAST = Corruption(
    name="contrast",
    order=64,
    words="pictures of less contrast",
    unit="share of the contrast that is lost",
    severities=(0.25, 0.5, 0.6, 0.7, 0.85),
    applies=_applies,
    apply=_changing(_flatter),
    percent=True,
    source=f"{SOURCE}: contrast of CIFAR-10-C",
)
SHIFT = Corruption(
    name="picture_shift",
    order=66,
    words="shifted pictures",
    unit="shift, in shares of the side",
    severities=(0.03, 0.06, 0.1, 0.15, 0.25),
    applies=_applies,
    apply=_changing(_shifted),
    percent=True,
    source="moved in a random direction, the edge repeated",
)
