"""Which modality the inputs are: each is asked, those of plug-ins first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl import modalities
from automl.detect.columns.sample import column_sample
from automl.errors import DataError
from automl.modalities.image import ends
from automl.records import UNUSED_KINDS, Column, Dataset, ModalityName, Recipe
from automl.system import shell

__all__ = ["of_array", "of_columns", "told_by_rate"]


def of_columns(frame: pd.DataFrame, columns: Sequence[Column], where: str) -> tuple[ModalityName, list[Column], str]:
    """The modality of a table, by the kinds of the columns that can be learnt from.

    Returns:
        The modality; the columns (a lone column of unlike words becomes text); why.

    Raises:
        DataError: no column can be learnt from.
    """
    columns = _lone_text(frame, list(columns))
    used = [c for c in columns if c.kind not in UNUSED_KINDS]
    if not used:
        if not columns:
            raise DataError(f"{where} has no column beside the target; add columns to learn from")
        told = "; ".join(f"{c.name!r} is {c.kind} ({c.evidence})" for c in columns[:3])
        raise DataError(
            f"no column of {where} can be learnt from: {told}; add columns or set a kind with "
            f"{shell.columns_flag(columns[0].name, 'KIND')}"
        )
    name, why = next(_claims(frame, used))  # any columns are a table
    return name, columns, f"modality {name}: {why}"


def told_by_rate(dataset: Dataset) -> tuple[Column, ...]:
    """What a rate beside an array says of it, as a column of sounds; none without a rate."""
    if dataset.rate is None:
        return ()
    return (Column("x", "audio_path", 1.0, f"{dataset.rate:,.6g} samples a second"),)


def _claims(inputs: pd.DataFrame | np.ndarray, columns: Sequence[Column]) -> Iterator[tuple[ModalityName, str]]:
    """Modalities that recognise the inputs, in order, and why; of an array with a rate those of sounds."""
    by_rate = isinstance(inputs, np.ndarray) and bool(columns)
    for name, record in modalities.known().items():
        if by_rate and (record.array is None or record.array.kind != columns[0].kind):
            continue
        why = record.recognises(inputs, columns)
        if why is not None:
            yield name, why


def _lone_text(frame: pd.DataFrame, columns: list[Column]) -> list[Column]:
    """Where nothing else is left to learn from, a column of mostly different words is text."""
    used = [c for c in columns if c.kind not in UNUSED_KINDS]
    loose = [
        c for c in columns if c.kind in ("identifier", "unknown", "categorical", "list") and c.evidence != "set by you"
    ]
    if any(c not in loose for c in used) or len(loose) != 1:
        return columns
    seen = column_sample(loose[0].name, frame[loose[0].name])
    letters = np.mean([any(ch.isalpha() for ch in t) for t in seen.texts]) if seen.texts else 0.0
    if seen.is_numeric or seen.distinct_share <= 0.5 or letters < 0.9 or len(seen.texts) < 10:
        return columns
    text = Column(
        loose[0].name,
        "text",
        0.7,
        f"the only feature, and {seen.distinct_share:.0%} of its values differ".replace("%", " %"),
    )
    return [text if c is loose[0] else c for c in columns]


def of_array(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, ModalityName, str]:
    """The modality of an array of three or four dimensions, by its shape and values.

    Returns:
        The dataset with the array as the modality reads it, and what was noticed among its findings; the modality; why.

    Raises:
        DataError: the shape fits none, or several.
    """
    array = np.asarray(dataset.inputs)
    shape = array.shape
    if array.dtype.kind not in "uifb":
        raise DataError(f"expected an array of numbers, got {array.dtype} of shape {shape}; pass numbers")
    if array.shape[0] == 0 or 0 in shape:
        raise DataError(f"{dataset.name} is an empty array of shape {shape}")
    told = _set_by_you(array, recipe) or next(_claims(array, told_by_rate(dataset)), None)
    if told is None:
        raise _unclear(array)
    name, why = told
    form = modalities.named(name).array
    dataset = replace(dataset, inputs=array)
    return dataset if form is None else form.read(dataset), name, f"modality {name}: {why}"


def _set_by_you(array: np.ndarray, recipe: Recipe) -> tuple[ModalityName, str] | None:
    """Of an array of three dimensions the user may say which it is, by a kind."""
    for name, record in modalities.known().items():
        form = record.array
        if array.ndim == 3 and not record.base and form and form.kind in recipe.columns.values():
            return name, f"shape {array.shape}, set by you"
    return None


def _unclear(array: np.ndarray) -> DataError:
    shape = array.shape
    if array.ndim == 4:
        first = " (channels stand first: use numpy.moveaxis(X, 1, -1))" if shape[1] <= 4 else ""
        return DataError(f"expected images of shape (rows, height, width, 1 to 4 channels), got {shape}{first}")
    if array.ndim != 3:
        return DataError(f"expected an array of 2, 3 or 4 dimensions, got shape {shape}")
    low, high = ends(array)
    return DataError(
        f"an array of shape {shape} with values from {low:g} to {high:g} may be images (rows, height, "
        f"width) or sequences (rows, "
        "channels, length); pass images as X[..., None], or say which: --columns x=image_path (images), "
        "--columns x=numeric (sequences)"
    )
