"""Why items are unusual: by how much scores fall where a part of an item is left out or set to what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automl import modalities, pretrained
from automl.analyses.shared import scoring
from automl.analyses.shared.changed import MOST_ROWS, Factor, factors_of
from automl.analyses.shared.parts import N_PATCHES, of_pictures, of_texts
from automl.detect.rows import take
from automl.records import AnalysisContext, Dataset, Side

__all__ = ["MOST_PARTS", "Reasons", "reasons"]

MOST_FACTORS = 60
MOST_PARTS = N_PATCHES**2
MOST_PICTURES = 512
"""Training pictures whose mean is the usual one."""


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """What makes items unusual.

    Attributes:
        what: "factors" (columns, channels, stretches of steps), "text" (words), "images" or "sounds" (patches of
            a grid).
        parts: names of the parts of each item.
        drops: by side, for each item ``(n_parts,)``: by how much the score falls without each part.
    """

    what: str
    parts: Sequence[Sequence[str]]
    drops: Mapping[Side, Sequence[np.ndarray]]


def reasons(context: AnalysisContext, positions: np.ndarray) -> Reasons | None:
    """Why these test items have their scores; None where they have no parts, or too many.

    Words are left out; a patch of a picture shows what it shows in the mean of the training pictures; columns, channels
    and stretches of steps are set to what is usual in training rows (the median, the most frequent level, the mean).

    Args:
        context: of the analysis; its finalists give scores.
        positions: ``(n,)`` of the test items.

    Source: occlusion, Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2;
        erasure of words, Li, Monroe & Jurafsky, "Understanding Neural Networks through Representation Erasure", 2016.
    """
    kind = modalities.named(context.task).items
    if kind in ("text", "images", "sounds"):
        return _of_parts(context, kind, context.split.test[positions])
    factors = factors_of(context)[:MOST_FACTORS]
    return _of_factors(context, factors, context.split.test[positions]) if factors else None


# --------------------------------------------------------------------------- words and patches


def _of_parts(context: AnalysisContext, kind: str, rows: np.ndarray) -> Reasons | None:
    task = context.task
    if kind == "text":
        dataset, parts = of_texts(context.dataset, task, rows)
    else:
        dataset, parts = of_pictures(
            context.dataset, task, rows, _usual_picture(context.dataset.inputs, context.split.train)
        )
    if not any(parts) or dataset.n_rows > MOST_ROWS:
        return None
    if dataset.vectors is not None:
        dataset = pretrained.with_vectors(dataset, task)
    ends = np.cumsum([1 + len(names) for names in parts])
    drops: dict[Side, list[np.ndarray]] = {}
    for side, predictor in scoring.predictors(context).items():
        scores = predictor.output(dataset, np.arange(dataset.n_rows)).arrays["scores"]
        drops[side] = [own[0] - own[1:] for own in np.split(scores, ends[:-1])]
    return Reasons(kind, parts, drops)


def _usual_picture(pictures: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The mean ``(h, w[, c])`` of some training pictures ``(n, h, w[, c])``."""
    some = pictures[np.sort(rows)[:: max(1, len(rows) // MOST_PICTURES)]]
    return np.asarray(some.mean(axis=0)).astype(pictures.dtype)


# --------------------------------------------------------------------------- columns, channels and steps


def _of_factors(context: AnalysisContext, factors: list[Factor], items: np.ndarray) -> Reasons:
    dataset, n = context.dataset, len(items)
    copies = take(dataset, np.tile(items, 1 + len(factors)))
    inputs = copies.inputs.copy()
    pictures = {name: np.array(own) for name, own in copies.pictures.items()}
    vectors = None if copies.vectors is None else np.array(copies.vectors)
    texts = {column.name for column in context.task.columns if column.kind == "text"}
    usual = _usual(dataset, context.split.train)
    for k, factor in enumerate(factors):
        own = slice((1 + k) * n, (2 + k) * n)
        if factor.columns:
            for name in factor.columns:
                inputs.iloc[own, inputs.columns.get_loc(name)] = usual[name]
                if name in pictures:
                    pictures[name][own] = _usual_picture(dataset.pictures[name], context.split.train)
            if vectors is not None and texts.intersection(factor.columns):
                vectors[own] = np.asarray(dataset.vectors)[context.split.train].mean(axis=0)
        else:
            channel = slice(None) if factor.channel is None else slice(factor.channel, factor.channel + 1)
            steps = slice(None) if factor.steps is None else slice(*factor.steps)
            inputs[own, channel, steps] = usual[""][channel, steps]
    copies = replace(copies, inputs=inputs, pictures=pictures, vectors=vectors)
    drops: dict[Side, Sequence[np.ndarray]] = {}
    for side, predictor in scoring.predictors(context).items():
        every = predictor.output(copies, np.arange(copies.n_rows)).arrays["scores"].reshape(1 + len(factors), n)
        drops[side] = list((every[0] - every[1:]).T)
    return Reasons("factors", [[factor.name for factor in factors]] * n, drops)


def _usual(dataset: Dataset, rows: np.ndarray) -> dict[str, Any]:
    """What is usual in each column of the training rows; of series under "" the mean of each channel and step."""
    if not hasattr(dataset.inputs, "columns"):
        return {"": np.asarray(dataset.inputs[rows], np.float64).mean(axis=0)}
    made: dict[str, Any] = {}
    for name in dataset.inputs.columns:
        column = dataset.inputs[name].iloc[rows]
        if column.dtype.kind in "fM":
            made[name] = column.median()
        else:
            counts = column.value_counts()
            made[name] = counts.index[0] if len(counts) else None
    return made
