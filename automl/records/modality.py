"""What the inputs are, as one record that every room asks: how they are recognised, read, encoded and shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.records.names import Items, ModalityName

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from automl.records.data import Column, Dataset, Split, Task
    from automl.records.network import Encoder, TargetCodec

    ReadCells = Callable[[pd.DataFrame, Sequence[Column]], pd.DataFrame]
    """From raw cells to typed ones, by what their columns hold (`automl.detect.read`)."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrayForm:
    """Arrays whose rows are items of a modality.

    Attributes:
        shape: in words, such as "(n, channels, length)".
        n_dims: numbers of dimensions that there may be, rows among them.
        is_one: whether an array is one single item, without the axis of rows.
        read: from an array as the user passed it to one as this modality reads it; what was noticed is among the
            dataset's findings.
        kind: by which the user says that an array is of this modality, as in ``columns={"x": "numeric"}``; empty
            where there is none.
    """

    shape: str
    n_dims: Collection[int]
    is_one: Callable[[np.ndarray], bool]
    read: Callable[[Dataset], Dataset]
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Modality:
    """What the inputs are. A modality is one file that holds one such record.

    Attributes:
        name: as results spell it.
        items: how one item looks: the cells of a row ("rows"), "text", a picture ("images"), a spectrogram that can be
            heard ("sounds") or lines ("series").
        recognises: from inputs (a frame, or an array of three or four dimensions) and the columns that can be learnt
            from (none of an array) to a sentence that says why they are of this modality; None where they are not.
        decode: from a dataset and its task, as detection leaves them, to what both sides read, and the task with what
            new rows need to be read alike. Called once, before the split; the last argument is the memory that it may
            take, in MiB, or None. Nothing may be learnt from other rows.
        ready: the same for new rows, by what `decode` noted in the task; the last argument reads cells.
        fit: an encoder for the deep side, fitted on training rows. The codec is the target's.
        restore: from the state of each encoder that `fit` may give to that encoder, by the name under "encoder" in it.
        example: from ``(n,)`` numbers and a generator to a dataset of n rows whose inputs tell the numbers, and its
            columns, as detection would leave both. For contract tests.
        array: the arrays that `fit` and `predict` take; None where inputs are always a table.
        takes_array: whether new rows may be an array where training rows were a table (pictures of files).
        matrix: from some rows of an array to ``(n, n_features)`` numbers for the small models of the audit; None where
            inputs are a table.
        show: from one item (an entry of an array, or a list of cells) to what the report draws: cells, a text's
            cells, a picture or spectrogram ``(h, w[, c])`` or lines ``(channels, steps)``, by `items`.
        play: from an entry of `Dataset.sources` and the task to a data address that a page can play; None where the
            entry is gone. None of this kind where items make no sound.
        place: from the task and a patch of a drawn item (first and last row, first and last column, ends exclusive) to
            where that is, in words; None for rows and columns of pixels.
        generator: encoder and codec for goals that make rows, fitted on training rows; None where none can be made.
        restore_codec: from the state of each codec that `generator` may give to that codec, by the name under "codec".
        generated_metric: name of the metric that scores generated items unless the user names one.
        base: a modality of automl's own, for modalities of plug-ins: its baselines and templates serve this one too.
    """

    name: ModalityName
    items: Items
    recognises: Callable[[Any, Sequence[Column]], str | None]
    decode: Callable[[Dataset, Task, float | None], tuple[Dataset, Task]]
    ready: Callable[[Dataset, Task, ReadCells], Dataset]
    fit: Callable[[Dataset, Task, Split, TargetCodec], Encoder]
    restore: Mapping[str, Callable[[Mapping[str, Any]], Encoder]]
    example: Callable[[np.ndarray, np.random.Generator], tuple[Dataset, tuple[Column, ...]]]
    array: ArrayForm | None = None
    takes_array: bool = False
    matrix: Callable[[np.ndarray], np.ndarray] | None = None
    show: Callable[[Any], Any] = lambda item: item
    generator: Callable[[Dataset, Task, Split], tuple[Encoder, TargetCodec]] | None = None
    restore_codec: Mapping[str, Callable[[Mapping[str, Any]], TargetCodec]] = field(default_factory=dict)
    generated_metric: str = "indistinct"
    play: Callable[[Any, Task], str | None] | None = None
    place: Callable[[Task, int, int, int, int], str] | None = None
    base: ModalityName = ""

    @property
    def served_by(self) -> tuple[ModalityName, ...]:
        """Names of modalities that a baseline may declare to serve this one."""
        return (self.name, self.base) if self.base else (self.name,)

    @property
    def is_table(self) -> bool:
        """Whether an item is a row of cells."""
        return self.items == "rows"

    @property
    def is_text(self) -> bool:
        """Whether an item is one text, or several."""
        return self.items == "text"

    @property
    def is_images(self) -> bool:
        """Whether an item is a picture."""
        return self.items == "images"

    @property
    def is_series(self) -> bool:
        """Whether an item is channels of numbers along steps."""
        return self.items == "series"

    @property
    def is_sounds(self) -> bool:
        """Whether an item is a sound, as the spectrogram that is made of it."""
        return self.items == "sounds"

    @property
    def is_drawn(self) -> bool:
        """Whether an item is drawn as a picture: one, or the spectrogram of a sound."""
        return self.items in ("images", "sounds")
