"""Which of the four modalities the inputs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl.detect.columns.sample import column_sample
from automl.errors import DataError
from automl.records import UNUSED_KINDS, Column, Dataset, Finding, Modality, Recipe
from automl.system import shell

__all__ = ["of_array", "of_columns"]


def of_columns(frame: pd.DataFrame, columns: Sequence[Column], where: str) -> tuple[Modality, list[Column], str]:
    """Tabular, text or image, by the kinds of the columns that can be learnt from.

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
    kinds = {c.kind for c in used}
    names = ", ".join(repr(c.name) for c in used[:3]) + (" and more" if len(used) > 3 else "")
    if kinds == {"text"}:
        return "text", columns, f"modality text: the only features are texts ({names})"
    if kinds == {"image_path"} and len(used) == 1:
        return "image", columns, f"modality image: the only feature is a column of image paths ({names})"
    return (
        "tabular",
        columns,
        f"modality tabular: {len(used)} columns ({names}) of {len(kinds)} kind{'s' * (len(kinds) > 1)}",
    )


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


def of_array(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Modality, str, tuple[Finding, ...]]:
    """Images or sequences, by the shape of an array of three or four dimensions.

    Raises:
        DataError: the shape fits neither, or both.
    """
    array = np.asarray(dataset.inputs)
    shape = array.shape
    if array.dtype.kind not in "uifb":
        raise DataError(f"expected an array of numbers, got {array.dtype} of shape {shape}; pass numbers")
    if array.shape[0] == 0 or 0 in shape:
        raise DataError(f"{dataset.name} is an empty array of shape {shape}")
    if array.ndim == 4:
        if shape[3] <= 4 and min(shape[1:3]) >= 4:
            return _image(dataset, array, f"an array of shape {shape} is images (rows, height, width, channels)")
        first = " (channels stand first: use numpy.moveaxis(X, 1, -1))" if shape[1] <= 4 else ""
        raise DataError(f"expected images of shape (rows, height, width, 1 to 4 channels), got {shape}{first}")
    if array.ndim != 3:
        raise DataError(f"expected an array of 2, 3 or 4 dimensions, got shape {shape}")
    override = set(recipe.columns.values())
    if "image_path" in override or "numeric" in override:
        chosen = _image if "image_path" in override else _sequence
        return chosen(dataset, array, f"shape {shape}, set by you")
    height, width = shape[1:]
    near = min(height, width) >= 8 and max(height, width) <= 3 * min(height, width)
    low, high = (float(np.nanmin(array)), float(np.nanmax(array))) if array.size else (0.0, 0.0)
    whole = array.dtype.kind in "ui" or bool((array[:100] == np.round(array[:100])).all())
    pixels = array.dtype == np.uint8 or (low >= 0 and (high <= 1 or (high <= 255 and whole)))
    if near and (array.dtype == np.uint8 or (pixels and height == width)):
        return _image(dataset, array, f"an array of shape {shape} with values from {low:g} to {high:g} is grey images")
    if not near or (not pixels and height != width and height <= 16):
        return _sequence(dataset, array, f"an array of shape {shape} is {height} channel(s) of {width} steps")
    raise DataError(
        f"an array of shape {shape} with values from {low:g} to {high:g} may be images (rows, height, "
        f"width) or sequences (rows, "
        "channels, length); pass images as X[..., None], or say which: --columns x=image_path (images), "
        "--columns x=numeric (sequences)"
    )


def _image(dataset: Dataset, array: np.ndarray, why: str) -> tuple[Dataset, Modality, str, tuple[Finding, ...]]:
    return replace(dataset, inputs=array), "image", f"modality image: {why}", ()


def _sequence(dataset: Dataset, array: np.ndarray, why: str) -> tuple[Dataset, Modality, str, tuple[Finding, ...]]:
    values = array.astype(np.float32)
    infinite = int(np.isinf(values).sum())
    findings: tuple[Finding, ...] = ()
    if infinite:
        values[np.isinf(values)] = np.nan
        findings = (
            Finding(
                "infinite_numbers",
                "medium",
                f"{infinite:,} infinite numbers were read as missing.",
                "Look for divisions by zero where these values are made.",
                (),
                (),
                infinite,
            ),
        )
    return replace(dataset, inputs=values), "sequence", f"modality sequence: {why}", findings
