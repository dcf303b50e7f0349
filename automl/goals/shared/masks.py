"""Masks: the class of each pixel as the goal's truth, what networks learn of it, and what users get back.

Pictures of several sizes lie on one canvas, each in its upper left corner. What is beyond a picture is void, as pixels
are that the user gave no class: neither learnt nor scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from automl.errors import DataError
from automl.goals.shared.heads import head_state
from automl.records import VOID, Head, Mask, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = [
    "MOST_CLASSES", "MOST_TILE", "MaskCodec", "background_of", "fit_masks", "mask_context", "mask_frame",
    "mask_output", "mask_strata", "mask_truth", "masks_as_they_came", "resized_mask", "tile_of",
]  # fmt: skip

MOST_CLASSES = 64
MOST_TILE = 256
"""Pixels a side that a network sees at once; larger pictures are cut into tiles."""
BACKGROUNDS = ("0", "#000000")
"""Values of a mask that mean: nothing of interest."""
STRATA, LEAST_OF_A_STRATUM = 10, 5


def tile_of(canvas: Sequence[int]) -> tuple[int, int]:
    """Height and width that a network sees at once, of pictures on a canvas of this height and width."""
    return min(int(canvas[0]), MOST_TILE), min(int(canvas[1]), MOST_TILE)


def background_of(classes: Sequence[str]) -> int | None:
    """The code of the class that means background, the value 0; None where no pixel has it."""
    return next((code for code, name in enumerate(classes) if name in BACKGROUNDS), None)


def mask_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """Codes ``(n, height, width)`` uint8 on the canvas of the pictures, `VOID` where nothing is known.

    Raises:
        DataError: there are no masks.
    """
    return _codes(dataset, task.target[0], items)


def _codes(dataset: Dataset, target: str, items: np.ndarray) -> np.ndarray:
    if dataset.target is None or target not in dataset.target.columns:
        raise DataError(f"expected the masks {target!r} in {dataset.name}; they are not there. Give them along")
    cells = dataset.target[target].tolist()
    shape = np.shape(dataset.inputs)[1:3]
    if len(np.shape(dataset.inputs)) < 3:
        shape = tuple(max(cell.codes.shape[axis] for cell in cells) for axis in (0, 1))
    truth = np.full((len(items), *shape), VOID, np.uint8)
    for place, item in enumerate(items):
        codes = cells[int(item)].codes
        truth[place, : codes.shape[0], : codes.shape[1]] = codes
    return truth


def mask_context(dataset: Dataset, task: Task, split: Split, items: np.ndarray) -> dict[str, Any]:
    """What metrics of masks read beside: how many classes there are, and which of them is the background."""
    return {"classes": len(task.classes), "background": background_of(task.classes)}


def mask_strata(target: pd.DataFrame) -> np.ndarray:
    """Tenths of the share of pixels that have another class than the first; fewer of few pictures."""
    shares = np.array([_share(cell) for cell in target.iloc[:, 0].tolist()], np.float64)
    order = np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    n_strata = min(STRATA, max(1, len(shares) // LEAST_OF_A_STRATUM))
    return np.asarray(order * n_strata // max(len(shares), 1), np.int64)


def _share(mask: Mask) -> float:
    known = mask.codes != VOID
    return float((known & (mask.codes != 0)).sum() / max(int(known.sum()), 1))


@dataclass(eq=False)
class MaskCodec:
    """Masks as codes of classes; a network's logits of each pixel as probabilities.

    Attributes:
        head: of the network, whose height and width are those of a tile.
        target: name of the masks.
    """

    head: Head
    target: str

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Codes ``(n, height, width)`` uint8 on the canvas."""
        return self.truth(dataset, rows)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Codes ``(n, height, width)`` uint8 on the canvas."""
        return _codes(dataset, self.target, rows)

    def decode(self, raw: np.ndarray) -> Output:
        """Logits ``(n, height, width, n_classes)`` as "pixel_probabilities" and "masks"."""
        return mask_output(softmax(np.asarray(raw, np.float32), axis=-1))

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"codec": "masks", "head": head_state(self.head), "target": self.target}


def mask_output(probabilities: np.ndarray) -> Output:
    """Probabilities ``(n, height, width, n_classes)`` with the likeliest class of each pixel."""
    shares = np.asarray(probabilities, np.float32)
    return Output("masks", {"pixel_probabilities": shares, "masks": shares.argmax(axis=-1).astype(np.uint8)})


def fit_masks(dataset: Dataset, task: Task, split: Split) -> MaskCodec:
    """One logit a class of each pixel; shares of the classes among the pixels of training pictures."""
    counts, canvas = np.zeros(len(task.classes)), mask_truth(dataset, task, split.train[:1]).shape[1:]
    for some in np.array_split(split.train, max(1, len(split.train) // 64)):
        counts += np.bincount(mask_truth(dataset, task, some).ravel(), minlength=VOID + 1)[: len(counts)]
    priors = tuple((counts / max(counts.sum(), 1.0)).tolist())
    shape = (*tile_of(canvas), len(task.classes))
    return MaskCodec(Head(task.goal, shape, "linear", "masks", priors=priors), task.target[0])


# --------------------------------------------------------------------------- what users get back


def resized_mask(codes: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask of this size: each pixel has the class of the nearest one, since classes have no mean."""
    if codes.shape == (height, width):
        return codes
    rows = np.minimum(((np.arange(height) + 0.5) * codes.shape[0] / height).astype(np.int64), codes.shape[0] - 1)
    columns = np.minimum(((np.arange(width) + 0.5) * codes.shape[1] / width).astype(np.int64), codes.shape[1] - 1)
    return np.asarray(codes[rows[:, None], columns])


def masks_as_they_came(output: Output, dataset: Dataset) -> Output:
    """Predicted masks ``(n,)`` as objects, each of the size of its picture as the user gave it."""
    masks = output.arrays["masks"]
    cut = np.empty(len(masks), object)
    for row, codes in enumerate(masks):
        if dataset.extents is None:
            cut[row] = codes
        else:
            height, width, *size = (int(n) for n in dataset.extents[row])
            cut[row] = resized_mask(codes[:height, :width], *size)
    return Output(output.kind, {"masks": cut})


def mask_frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.Series:
    """Each mask in the user's own values: an array ``(height, width)``, of colours ``(height, width, 3)``."""
    import pandas as pd

    values = _values(task.classes)
    made = pd.Series([None] * len(arrays["masks"]), dtype=object, name=task.target[0])
    for row, codes in enumerate(arrays["masks"]):
        made.iat[row] = values[codes]
    return made


def _values(classes: Sequence[str]) -> np.ndarray:
    """The values of the classes: whole numbers ``(n_classes,)``, or colours ``(n_classes, 3)``."""
    if all(name.startswith("#") for name in classes):
        return np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in classes], np.uint8)
    values = np.array([int(name) for name in classes], np.int64)
    small = values.min(initial=0) >= 0 and values.max(initial=0) <= 255
    return values.astype(np.uint8 if small else np.int32)
