"""Tables: numbers, categories, texts as numbers and as tokens, what words say of the target, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.errors import DataError
from automl.intake import pictured
from automl.modalities.image import Pictures, example_pictures, fit_pictures, restore_pictures
from automl.modalities.shared import bins
from automl.modalities.shared.categories import Categories, fit_categories, restore_categories
from automl.modalities.shared.cells import names_of, typed
from automl.modalities.shared.generated import fit_generator, restore_rows, restore_samples
from automl.modalities.shared.numbers import Numbers, fit_numbers, restore_numbers
from automl.modalities.shared.phrases import Texts, fit_texts, restore_texts, wordy
from automl.modalities.shared.specs import check_equal, restore_spec, spec_state
from automl.modalities.shared.target_statistics import (
    TargetStatistics,
    fit_target_statistics,
    restore_target_statistics,
)
from automl.modalities.text import MAX_LENGTH, Tokens, fit_tokens, restore_tokens
from automl.records import (
    FILE_KINDS,
    MIN_LEVEL_ROWS,
    NUMERIC_KINDS,
    QUANTITY_KINDS,
    Column,
    ColumnArrays,
    Dataset,
    InputSpec,
    Modality,
    Split,
    Table,
    TargetCodec,
    Task,
    encoded_columns,
)
from automl.system.counts import counted
from automl.target_encoding.ridge import target_columns

__all__ = ["TABULAR", "TabularEncoder", "fit", "restore"]

CHUNK_ROWS = 50_000
WORD_ROWS = 20_000
"""The vocabulary of texts beside other columns is of so many rows: words of 64,000 texts twice took 3 s of 60."""
LEAST_ROWS = 50  # below, folds are too small to say what a word means
TOLD_KINDS = ("categorical", "url", "text", "list")
MOST_TOKENS = 2**27
"""Ids of all training rows together (512 MiB): beyond, each row keeps fewer of its first words."""
Part = Numbers | Categories | Texts | TargetStatistics | Tokens | Pictures
_RESTORE: Mapping[str, Callable[[Mapping[str, Any]], Part]] = {
    "numbers": restore_numbers,
    "categories": restore_categories,
    "texts": restore_texts,
    "clues": restore_target_statistics,
    "tokens": restore_tokens,
    "image": restore_pictures,
}


@dataclass(eq=False)
class TabularEncoder:
    """A table's rows as inputs of up to four kinds.

    "numbers", "categories", "texts" and "clues" (both also of kind numbers), "tokens" (the words of free texts in their
    order), and a picture for each image column ("image", "image_2", ...).

    Attributes:
        specs: one for each part.
        parts: by spec name.
    """

    specs: tuple[InputSpec, ...]
    parts: dict[str, Part]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these rows.

        Args:
            dataset: whose frame holds every column the encoder was fitted on.
            rows: ``(n,)`` row numbers.
        """
        out: dict[str, np.ndarray] = {}
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):  # words of all rows at once would fill gigabytes
            some = rows[begin : begin + CHUNK_ROWS]
            frame = self.frame(dataset, some)
            for name, part in self.parts.items():
                values = part.transform(dataset, some) if isinstance(part, Pictures) else part.transform(frame)
                if len(values) == len(rows):
                    out[name] = values
                    continue
                if name not in out:
                    out[name] = np.empty((len(rows), *values.shape[1:]), values.dtype)
                out[name][begin : begin + len(values)] = values
        return out

    def frame(self, dataset: Dataset, rows: np.ndarray) -> Table:
        """The columns of these rows, and whether each one lacks its picture."""
        if isinstance(dataset.inputs, ColumnArrays):
            return dataset.inputs.take(rows)
        pictures = [part.column for part in self.parts.values() if isinstance(part, Pictures)]
        return _with_picture_marks(dataset.inputs.take(rows), pictures)

    @property
    def reads_arrays(self) -> bool:
        """Whether inputs may be `ColumnArrays`: pictures lie beside a frame."""
        return not any(isinstance(part, Pictures) for part in self.parts.values())

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {
            "encoder": "tabular",
            "specs": [spec_state(spec) for spec in self.specs],
            "parts": {name: part.state() for name, part in self.parts.items()},
        }


def fit(dataset: Dataset, task: Task, split: Split) -> TabularEncoder:
    """Fit on the training rows of a table.

    Raises:
        DataError: no column varies in the training rows.
    """
    columns = list(encoded_columns([column for column in task.columns if column.name != task.group_column]))
    images = [c.name for c in columns if c.kind in FILE_KINDS and c.name in dataset.pictures]
    pictures = fit_pictures(dataset, split.train, images)
    shown = [part.column for part, _ in pictures.values()]
    frame = _with_picture_marks(dataset.inputs.take(split.train), shown)
    named = {kind: [c.name for c in columns if c.kind == kind] for kind in {c.kind for c in columns}}
    urls = named.get("url", [])
    levels = [c.name for c in columns if c.kind in ("categorical", "url")]
    names = [c.name for c in columns if c.kind == "categorical" and wordy(frame[c.name])]
    lists = {c.name: _separator(c) for c in columns if c.kind == "list"}
    numeric = [c.name for c in columns if c.kind in NUMERIC_KINDS]
    numeric += [mark for name in shown if (mark := _mark(name)) not in dataset.inputs]
    most_length = max(8, min(MAX_LENGTH, MOST_TOKENS // max(len(frame), 1)))
    fitted: dict[str, tuple[Part, InputSpec] | None] = {
        "numbers": fit_numbers(frame, numeric, named.get("datetime", [])),
        "categories": fit_categories(frame, levels, urls),
        "texts": fit_texts(frame, named.get("text", []), names, lists, split.seed),
        "clues": _fit_target_statistics(frame, columns, dataset, task, split),
        "tokens": _fit_tokens(frame, named.get("text", []), most_length),
        **pictures,
    }
    present = {name: pair for name, pair in fitted.items() if pair is not None}
    if not present:
        raise DataError(_nothing_usable(columns, len(frame)))
    return TabularEncoder(tuple(pair[1] for pair in present.values()), {k: pair[0] for k, pair in present.items()})


def _fit_tokens(frame: pd.DataFrame, columns: list[str], most_length: int) -> tuple[Tokens, InputSpec] | None:
    """None where no word comes back either: a network learns nothing from unknown words alone."""
    fitted = fit_tokens(frame, columns, most_length, WORD_ROWS)
    return fitted if fitted is not None and fitted[0].words else None


def _fit_target_statistics(
    frame: pd.DataFrame, columns: list[Column], dataset: Dataset, task: Task, split: Split
) -> tuple[TargetStatistics, InputSpec] | None:
    goal = goals.named(task)
    if dataset.target is None or goal.in_windows:
        return None
    told = [c.name for c in columns if c.kind in TOLD_KINDS]
    numbers = [c.name for c in columns if c.kind in QUANTITY_KINDS]
    if not told + numbers or len(frame) < LEAST_ROWS:
        return None
    if goal.is_numeric:
        answers = np.nan_to_num(goal.fit_codec(dataset, task, split).encode(dataset, split.train))  # unknown: the mean
    else:
        answers = goals.truth(dataset, task, split.train)
    watched = [c.name for c in columns if c.kind in (*TOLD_KINDS, *NUMERIC_KINDS, "datetime")]
    return fit_target_statistics(frame, told, watched, target_columns(answers, len(task.classes)), numbers)


def restore(state: Mapping[str, Any]) -> TabularEncoder:
    """The encoder that `TabularEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    parts: dict[str, Part] = {}
    for spec in specs:
        kept = "image" if spec.kind == "image" else spec.name
        part = parts[spec.name] = _RESTORE[kept](state["parts"][spec.name])
        if isinstance(part, Tokens):
            check_equal("the length of texts", part.length, spec.shape[0])
        if isinstance(part, Pictures):
            check_equal("the shape of pictures", part.shape, spec.shape)
    return TabularEncoder(specs, parts)


def _mark(column: str) -> str:
    return f"{column} is missing"


def _with_picture_marks(frame: pd.DataFrame, pictures: list[str]) -> pd.DataFrame:
    """With a number for each image column that says whether the row lacks its picture."""
    marks = {_mark(name): frame[name].isna().astype(np.float64) for name in pictures if _mark(name) not in frame}
    return frame.assign(**marks) if marks else frame


def _separator(column: Column) -> str:
    return str(column.reading.get("separator") or "").strip()


def _nothing_usable(columns: list[Column], n_rows: int) -> str:
    shown = ", ".join(f"{column.name} ({column.kind})" for column in columns[:8])
    more = f" and {len(columns) - 8} more" if len(columns) > 8 else ""
    return (
        f"expected at least one input column that varies in the {counted(n_rows, 'training row')}; "
        f"found {shown + more or 'no input columns'}. "
        f"Add a column that varies (levels count from {MIN_LEVEL_ROWS} rows on), or name the kind of one that was "
        "misread, such as columns={'name': 'categorical'}"
    )


# --------------------------------------------------------------------------- the record


def _recognises(inputs: Any, columns: Sequence[Column]) -> str | None:
    kinds = {column.kind for column in columns}
    if not kinds:
        return None
    return f"{counted(len(columns), 'column')} ({names_of(columns)}) of {counted(len(kinds), 'kind')}"


def _ready(dataset: Dataset, task: Task, read: Any) -> Dataset:
    made = typed(dataset, task, read)
    return made if made is dataset else pictured(made, task)[0]


def _fit(dataset: Dataset, task: Task, split: Split, codec: TargetCodec) -> TabularEncoder:
    """With bins that part the target."""
    return bins.with_splits(fit(dataset, task, split), dataset, split, codec)


def _example(signal: np.ndarray, rng: np.random.Generator) -> tuple[Dataset, tuple[Column, ...]]:
    """Numbers with gaps, levels and pictures, some of them missing."""
    levels = np.where(signal > 0, "up", "down").astype(object)
    paths = pd.Series([f"{i}.png" if i % 9 else None for i in range(len(signal))], dtype=object)  # None: no picture
    inputs = pd.DataFrame({"x": signal, "z": rng.normal(size=len(signal)), "c": levels, "p": paths})
    inputs.loc[::11, "z"], inputs.loc[::13, "c"] = np.nan, None
    pictures = example_pictures(signal, rng)
    columns = (
        Column("x", "numeric", 1.0, ""),
        Column("z", "numeric", 1.0, ""),
        Column("c", "categorical", 1.0, ""),
        Column("p", "image_path", 1.0, "", {"shape": list(pictures.shape[1:])}),
    )
    return Dataset("example", inputs, pictures={"p": pictures}), columns


TABULAR = Modality(
    name="tabular",
    items="rows",
    recognises=_recognises,
    decode=pictured,
    ready=_ready,
    fit=_fit,
    restore={"tabular": restore, "rows": restore_rows},
    generator=fit_generator,
    restore_codec={"samples": restore_samples},
    example=_example,
)
