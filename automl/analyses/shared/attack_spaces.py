"""What an attack may do to the inputs, always in the user's own columns, so that both sides read the same.

A table's numbers, pictures and series are arrays that move within bounds. A text is a list of words, some of which may
be left out or misspelt.

Gradients are taken by encoded inputs and mapped back. For a table that is exact for numbers, which the encoder passes
on as they are but for an offset; what else a network reads of the same column (what its levels say of the target) has
no gradient. The changed rows are encoded anew in any case, so what is measured is what the network makes of them.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from automl.analyses.corruptions.texts import pieces
from automl.analyses.shared.changed_rows import ChangedRows
from automl.modalities.image import ImageEncoder
from automl.modalities.sequence import SequenceEncoder
from automl.modalities.shared.numbers import Numbers
from automl.modalities.tabular import TabularEncoder
from automl.records import QUANTITY_KINDS, AnalysisContext, CorruptionInputs, Dataset

__all__ = ["ArraySpace", "Space", "TextSpace", "space_of"]

OF_SPREAD = (0.05, 0.1, 0.25, 0.5, 1.0)
OF_GREY = (1.0, 2.0, 4.0, 8.0, 16.0)
OF_WORDS = (0.05, 0.1, 0.2, 0.4)
Signs = tuple[np.ndarray, np.ndarray]
"""Where a proposal changes something, and in which direction; both have the shape of the values, or broadcast to it."""


class Space(ABC):
    """The changes of test rows that an attack chooses among."""

    unit: str
    strengths: tuple[float, ...]
    percent = False

    @abstractmethod
    def random(self, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Rows changed at random, as much as the strength allows: a state ``(n, ...)``."""

    @abstractmethod
    def proposed(self, state: np.ndarray, strength: float, share: float, rng: np.random.Generator) -> np.ndarray:
        """Other changes of about this share of each row's parts."""

    @abstractmethod
    def dataset(self, state: np.ndarray) -> Dataset:
        """The changed rows."""

    def merged(self, state: np.ndarray, other: np.ndarray, accepted: np.ndarray) -> np.ndarray:
        """The rows of another state where these are accepted ``(n,)``."""
        return np.where(accepted.reshape(-1, *[1] * (state.ndim - 1)), other, state)


@dataclass(frozen=True, eq=False)
class ArraySpace(Space):
    """Numbers that move by at most the strength times their unit, and stay within bounds.

    Attributes:
        values: ``(n, ...)`` float64 as they are.
        scale: of a strength of 1; broadcasts to the values.
        low: bounds.
        high: see `low`.
        write: values → a dataset that holds them.
        patch: ``patch(share, rng)``: places and directions of a proposal.
        start: ``start(rng)``: directions of random changes.
        names: of the encoded inputs whose gradient is mapped back.
        back: ``back(encoder, gradients)`` by the values; None where the encoder does not let them through.
        unit: of a strength, for people.
        strengths: ascending.
        whole: whether values are whole numbers.
    """

    values: np.ndarray
    scale: Any
    low: Any
    high: Any
    write: Callable[[np.ndarray], Dataset]
    patch: Callable[[float, np.random.Generator], Signs]
    start: Callable[[np.random.Generator], np.ndarray]
    names: tuple[str, ...]
    back: Callable[[Any, dict[str, np.ndarray]], np.ndarray | None]
    unit: str
    strengths: tuple[float, ...]
    whole: bool = False

    def random(self, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Every value at one of its bounds."""
        return self._within(self.values + strength * self.scale * self.start(rng), strength)

    def proposed(self, state: np.ndarray, strength: float, share: float, rng: np.random.Generator) -> np.ndarray:
        """Some values at other bounds."""
        where, signs = self.patch(share, rng)
        return self._within(np.where(where, self.values + strength * self.scale * signs, state), strength)

    def moved(self, state: np.ndarray, direction: np.ndarray, step: float, strength: float) -> np.ndarray:
        """All values moved by a step along the signs of a direction."""
        return self._within(state + step * self.scale * np.sign(direction), strength)

    def dataset(self, state: np.ndarray) -> Dataset:
        """The changed rows; values of pictures are rounded here, so that steps of less than one add up."""
        return self.write(np.rint(state) if self.whole else state)

    def _within(self, state: np.ndarray, strength: float) -> np.ndarray:
        reach = strength * self.scale
        near = np.clip(state, self.values - reach, self.values + reach)
        return np.asarray(np.clip(near, self.low, self.high))


@dataclass(frozen=True, eq=False)
class TextSpace(Space):
    """Texts of which a share of the words may be left out or misspelt; a state is a mapping of words a row.

    Attributes:
        texts: ``(n,)`` as they are.
        write: texts → a dataset that holds them.
    """

    texts: list[str]
    write: Callable[[list[str]], Dataset]
    unit: str = "share of the words"
    strengths: tuple[float, ...] = OF_WORDS
    percent = True

    @cached_property
    def words(self) -> list[list[tuple[int, int]]]:
        """Where the words of each text lie."""
        return [pieces(text) for text in self.texts]

    def random(self, strength: float, rng: np.random.Generator) -> np.ndarray:
        """As many words changed as may be."""
        state = self._none()
        for _ in range(max(self._most(where, strength) for where in self.words)):
            state = self._changed(state, strength, rng, swap=False)
        return state

    def proposed(self, state: np.ndarray, strength: float, share: float, rng: np.random.Generator) -> np.ndarray:
        """One more word changed in each text, or another one where no more may be."""
        return self._changed(state, strength, rng, swap=True)

    def dataset(self, state: np.ndarray) -> Dataset:
        """The changed rows."""
        each = zip(self.texts, self.words, state, strict=True)
        return self.write([_edited(text, where, edits) for text, where, edits in each])

    def _none(self) -> np.ndarray:
        state = np.empty(len(self.texts), object)
        state[:] = [{} for _ in self.texts]
        return state

    def _most(self, where: list[tuple[int, int]], strength: float) -> int:
        return min(max(1, round(strength * len(where))), len(where))

    def _changed(self, state: np.ndarray, strength: float, rng: np.random.Generator, swap: bool) -> np.ndarray:
        out = self._none()
        for row, (text, where, edits) in enumerate(zip(self.texts, self.words, state, strict=True)):
            most = self._most(where, strength)
            out[row] = dict(edits)
            if not most or (len(edits) >= most and not swap):
                continue
            if len(edits) >= most:
                out[row].pop(int(rng.choice(sorted(out[row]))))
            place = int(rng.integers(len(where)))
            start, end = where[place]
            out[row][place] = _misspelt(text[start:end], rng) if rng.random() < 0.5 or len(where) < 2 else ""
        return out


def _edited(text: str, where: list[tuple[int, int]], edits: dict[int, str]) -> str:
    if not edits:
        return text
    out, end_before = [], 0
    for place, (start, end) in enumerate(where):
        out += [text[end_before:start], edits.get(place, text[start:end])]
        end_before = end
    return "".join([*out, text[end_before:]])


def _misspelt(word: str, rng: np.random.Generator) -> str:
    """The word with two letters swapped, one left out, or one of its own added."""
    place, kind = int(rng.integers(len(word))), int(rng.integers(3))
    if kind == 0 and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1 and len(word) > 1:
        return word[:place] + word[place + 1 :]
    return word[: place + 1] + word[int(rng.integers(len(word)))] + word[place + 1 :]


def space_of(context: AnalysisContext, rows: ChangedRows) -> Space | None:
    """What may be attacked: pictures, series, a table's numbers, or else its longest texts; None if there is none."""
    inputs = rows.inputs
    found = inputs.dataset.inputs
    if isinstance(found, np.ndarray):
        if found.dtype == np.uint8 and found.ndim in (3, 4):
            return _pictures(inputs)
        return _series(inputs) if found.ndim == 3 and found.dtype.kind == "f" else None
    names = [name for name in inputs.columns(*QUANTITY_KINDS) if inputs.spread.get(name, 0.0) > 0]
    return _numbers(context, inputs, names) if names else _texts(inputs)


def _numbers(context: AnalysisContext, inputs: CorruptionInputs, names: list[str]) -> ArraySpace:
    """A table's numbers, each by a share of its spread, within the range of the training rows."""
    frame = inputs.dataset.inputs
    values = frame[names].to_numpy(np.float64, copy=True)
    learnt = context.dataset.inputs[names].to_numpy(np.float64)[context.split.train]
    low, high = np.nanmin(learnt, axis=0), np.nanmax(learnt, axis=0)

    def write(state: np.ndarray) -> Dataset:
        changed = frame.copy()
        for place, name in enumerate(names):
            changed[name] = state[:, place]
        return dataclasses.replace(inputs.dataset, inputs=changed)

    def patch(share: float, rng: np.random.Generator) -> Signs:
        n_columns = max(1, round(share * len(names)))
        where = rng.random(values.shape).argsort(axis=1).argsort(axis=1) < n_columns
        return where, rng.choice([-1.0, 1.0], values.shape)

    def back(encoder: Any, gradients: dict[str, np.ndarray]) -> np.ndarray | None:
        part = encoder.parts.get("numbers") if isinstance(encoder, TabularEncoder) else None
        if not isinstance(part, Numbers) or "numbers" not in gradients:
            return None
        out = np.zeros(values.shape)
        for place, raw in enumerate(part.kept.tolist()):
            if raw < len(part.numeric) and part.numeric[raw] in names:
                out[:, names.index(part.numeric[raw])] = gradients["numbers"][:, place]
        return out

    return ArraySpace(
        values, np.array([inputs.spread[name] for name in names]), np.fmin(values, low), np.fmax(values, high), write,
        patch, lambda rng: rng.choice([-1.0, 1.0], values.shape), ("numbers",), back,
        "spreads of each column", OF_SPREAD,
    )  # fmt: skip


def _pictures(inputs: CorruptionInputs) -> ArraySpace:
    """Pictures by grey levels; proposals are squares, the first state stripes (Andriushchenko et al. 2020)."""
    array = inputs.dataset.inputs
    values = (array if array.ndim == 4 else array[..., None]).astype(np.float64)
    n, height, width, channels = values.shape

    def write(state: np.ndarray) -> Dataset:
        changed = state.astype(np.uint8)
        return dataclasses.replace(inputs.dataset, inputs=changed if array.ndim == 4 else changed[..., 0])

    def patch(share: float, rng: np.random.Generator) -> Signs:
        side = int(np.clip(round(np.sqrt(share * height * width)), 1, max(1, min(height, width) - 1)))
        top, left = rng.integers(0, height - side + 1, n), rng.integers(0, width - side + 1, n)
        down, across = np.arange(height) - top[:, None], np.arange(width) - left[:, None]
        where = ((down >= 0) & (down < side))[:, :, None] & ((across >= 0) & (across < side))[:, None, :]
        return where[..., None], rng.choice([-1.0, 1.0], (n, 1, 1, channels))

    def back(encoder: Any, gradients: dict[str, np.ndarray]) -> np.ndarray | None:
        if not isinstance(encoder, ImageEncoder) or "image" not in gradients:
            return None
        found = gradients["image"]
        if found.shape[-1] != channels:
            return None
        rows = np.arange(height) * found.shape[1] // height  # a picture that the network reads smaller
        columns = np.arange(width) * found.shape[2] // width
        return np.asarray(found[:, rows[:, None], columns])

    return ArraySpace(
        values, 1.0, 0.0, 255.0, write, patch, lambda rng: rng.choice([-1.0, 1.0], (n, 1, width, channels)),
        ("image",), back, "grey levels of 255", OF_GREY, whole=True,
    )  # fmt: skip


def _series(inputs: CorruptionInputs) -> ArraySpace:
    """Series by shares of each channel's spread; proposals are stretches of time."""
    values = inputs.dataset.inputs.astype(np.float64)
    n, channels, length = values.shape
    scale = np.array([inputs.spread[str(channel)] for channel in range(channels)])[:, None]

    def write(state: np.ndarray) -> Dataset:
        return dataclasses.replace(inputs.dataset, inputs=state.astype(np.float32))

    def patch(share: float, rng: np.random.Generator) -> Signs:
        size = max(1, round(share * length))
        ahead = np.arange(length) - rng.integers(0, length - size + 1, n)[:, None]
        return ((ahead >= 0) & (ahead < size))[:, None, :], rng.choice([-1.0, 1.0], (n, channels, 1))

    def back(encoder: Any, gradients: dict[str, np.ndarray]) -> np.ndarray | None:
        if not isinstance(encoder, SequenceEncoder) or encoder.stretch or "series" not in gradients:
            return None
        found = np.repeat(gradients["series"].transpose(0, 2, 1), encoder.factor, axis=2)[:, :, :length]
        return np.pad(found, ((0, 0), (0, 0), (0, length - found.shape[2])))

    return ArraySpace(
        values, scale, -np.inf, np.inf, write, patch, lambda rng: rng.choice([-1.0, 1.0], values.shape), ("series",),
        back, "spreads of each channel", OF_SPREAD,
    )  # fmt: skip


def _texts(inputs: CorruptionInputs) -> TextSpace | None:
    """The column of the longest texts."""
    frame = inputs.dataset.inputs
    columns = {name: [cell if isinstance(cell, str) else "" for cell in frame[name]] for name in inputs.columns("text")}
    if not columns:
        return None
    name = max(columns, key=lambda one: sum(map(len, columns[one])))

    def write(texts: list[str]) -> Dataset:
        changed = frame.copy()
        cells = np.empty(len(texts), object)
        cells[:] = texts
        changed[name] = cells
        return dataclasses.replace(inputs.dataset, inputs=changed)

    return TextSpace(columns[name], write)
