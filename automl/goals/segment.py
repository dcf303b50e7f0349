"""The class of each pixel of a picture. An item is a picture with its mask: pixels of one are not independent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.goals.shared.mask_decision import MaskThreshold
from automl.goals.shared.masks import (
    MOST_CLASSES,
    background_of,
    fit_masks,
    mask_context,
    mask_frame,
    mask_output,
    mask_strata,
    mask_truth,
    masks_as_they_came,
)
from automl.goals.shared.rows import no_rarest, usual
from automl.records import VOID, Example, Goal, Head, Mask, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = ["SEGMENT"]

NAMES = ("0", "1", "2")
SIDE = 16


def _fault(task: Task) -> str:
    numbers = all(name.isdigit() for name in task.classes)
    colours = all(len(name) == 7 and name.startswith("#") for name in task.classes)
    if colours:
        colours = all(set(name[1:]) <= set("0123456789abcdef") for name in task.classes)
    return "" if numbers or colours else "has classes that are neither values nor colours of a mask"


def _example_masks(signal: np.ndarray) -> np.ndarray:
    """A disc that grows with the signal, a square where the signal is positive, and a row without a class."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    radius = np.clip(4.0 + 1.5 * np.asarray(signal, np.float64), 1.0, 7.0)[:, None, None]
    codes = ((rows - 8) ** 2 + (columns - 8) ** 2 < radius**2).astype(np.uint8)
    codes[:, 11:, 11:] = np.where(np.asarray(signal)[:, None, None] > 0, 2, codes[:, 11:, 11:])
    codes[:, 0] = VOID
    return np.asarray(codes, np.uint8)


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"mask": pd.Series([Mask(codes) for codes in _example_masks(signal)], dtype=object)})


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    sure = np.eye(len(NAMES))[np.where(truth == VOID, 0, truth)]
    sure = sure + noise * rng.uniform(size=sure.shape)
    return mask_output(sure / sure.sum(axis=-1, keepdims=True))


SEGMENT = Goal(
    name="segment",
    words="Segmentation",
    answers="masks",
    n_classes=(2, MOST_CLASSES),
    default_metric=usual("dice"),
    fit_codec=fit_masks,
    truth=mask_truth,
    context=mask_context,
    strata=mask_strata,
    strata_words="the share of the picture that is marked",
    rarest=no_rarest,
    to_frame=mask_frame,
    handed=masks_as_they_came,
    fault=_fault,
    calibration=MaskThreshold(),
    calibration_for=lambda task: MaskThreshold(background_of(task.classes), len(task.classes)),
    example=Example(
        metric="dice",
        head=Head("segment", (SIDE, SIDE, len(NAMES)), "linear", "masks", priors=(0.7, 0.2, 0.1)),
        encoded=lambda n, rng: _example_masks(rng.normal(size=n)),
        target=_example_target,
        truth=_example_masks,
        output=_example_output,
        classes=NAMES,
        context=lambda n_items: {"classes": len(NAMES), "background": 0},
    ),
)
