"""The contract of a modality."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl import modalities
from automl.detect.modality import told_by_rate
from automl.records import Column, Dataset, Encoder, Modality, Split, Task
from automl.testing.examples import example_problem
from automl.testing.promise import promise

__all__ = ["check_modality"]

SOME = np.array([3, 0, 17])


def check_modality(modality: Modality) -> None:
    """Check that a modality knows its inputs, reads new rows as training rows, and encodes them for networks.

    - its name can be printed;
    - it recognises its example before any other modality does, and no example of automl's own;
    - `decode` learns nothing from other rows, and `ready` makes of new rows what `decode` made of training rows;
    - its encoder gives finite arrays of its specs' shapes and types, each row by itself, and comes back from its state;
    - what the audit and the report ask of it are numbers and items of the kind that it names.

    Args:
        modality: to check; one of a plug-in is made known by `automl.catalog.extend` first.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    name = modality.name
    promise(re.fullmatch(r"\w{1,40}", name), f"modality {name!r}: its name is one word")
    promise(
        modalities.known().get(name) is modality,
        f"{name}: it is not known; load its file by automl.catalog.extend([...]) first",
    )
    dataset, task, split, _ = example_problem("regression", name)
    _check_recognised(modality, dataset, task)
    dataset, task = _check_reading(modality, dataset, task)
    _check_encoder(modality, dataset, task, split)
    _check_views(modality, dataset)


def _check_recognised(modality: Modality, dataset: Dataset, task: Task) -> None:
    """By itself, and none of automl's own examples."""
    columns = task.columns or told_by_rate(dataset)
    why = modality.recognises(dataset.inputs, columns)
    promise(
        isinstance(why, str) and why, f"{modality.name}: recognises gives {why!r} for its own example; expected a "
        "sentence that says why",
    )  # fmt: skip
    for other in modalities.known().values():
        if other is modality:
            break
        claimed = other.recognises(dataset.inputs, columns)
        promise(claimed is None, f"{modality.name}: {other.name} is asked first and recognises its example, too")
    for other in modalities.known().values():
        if not modality.base or other.base:
            continue
        theirs, their_task, _, _ = example_problem("regression", other.name)
        kinds = {record.array.kind for record in (modality, other) if record.array is not None}
        if theirs.rate is not None and len(kinds) > 1:  # an array with a rate is asked of modalities of sounds alone
            continue
        claimed = modality.recognises(theirs.inputs, their_task.columns or told_by_rate(theirs))
        promise(
            claimed is None,
            f"{modality.name}: it recognises the example of {other.name}, whose data would no longer be read as such; "
            "ask for more",
        )


def _check_reading(modality: Modality, raw: Dataset, task: Task) -> tuple[Dataset, Task]:
    """The dataset as both sides read it: each row by itself, new ones alike."""
    if raw.pictures:  # decoded already, and there are no files
        return raw, task
    dataset, found = modality.decode(raw, task, None)
    promise(
        dataset.n_rows == raw.n_rows, f"{modality.name}: decode makes {dataset.n_rows} rows of {raw.n_rows}"
    )  # fmt: skip
    new = Dataset("new", _rows(raw.inputs, SOME), rate=raw.rate)
    read = _rows(modality.ready(new, found, _as_typed).inputs, np.arange(len(SOME)))
    promise(
        _same(read, _rows(dataset.inputs, SOME)),
        f"{modality.name}: ready makes something else of new rows than decode makes of the same rows among others; "
        "what other rows tell belongs into the encoder, and what new rows need into the task",
    )
    return dataset, found


def _check_encoder(modality: Modality, dataset: Dataset, task: Task, split: Split) -> None:
    encoder, _ = modalities.fit(dataset, task, split)
    rows = np.concatenate([split.train, split.test])
    arrays = encoder.transform(dataset, rows)
    promise(
        set(arrays) == {spec.name for spec in encoder.specs},
        f"{modality.name}: its encoder gives {', '.join(arrays)}, but its specs are "
        f"{', '.join(spec.name for spec in encoder.specs)}",
    )
    for spec in encoder.specs:
        array = arrays[spec.name]
        promise(
            array.shape == (len(rows), *spec.shape) and array.dtype == np.dtype(spec.dtype),
            f"{modality.name}: {spec.name} is {array.shape} {array.dtype}, expected {(len(rows), *spec.shape)} "
            f"{spec.dtype}, as its spec says",
        )
        promise(np.isfinite(array).all(), f"{modality.name}: {spec.name} is not finite; gaps have to be filled")
    some = encoder.transform(dataset, rows[SOME])
    promise(
        all(np.array_equal(array[SOME], some[name]) for name, array in arrays.items()),
        f"{modality.name}: its encoder makes something else of a row when other rows are encoded with it",
    )
    again = _restored(modality, encoder).transform(dataset, rows)
    promise(
        all(np.array_equal(array, again[name]) for name, array in arrays.items()),
        f"{modality.name}: its encoder transforms otherwise once it is restored from its state",
    )


def _restored(modality: Modality, encoder: Encoder) -> Encoder:
    state = encoder.state()
    promise(
        state.get("encoder") in modality.restore,
        f"{modality.name}: the state of its encoder is named {state.get('encoder')!r}, which its field restore lacks "
        f"(it has {', '.join(modality.restore)})",
    )
    return modality.restore[state["encoder"]](state)


def _check_views(modality: Modality, dataset: Dataset) -> None:
    is_frame = isinstance(dataset.inputs, pd.DataFrame)
    if not is_frame:
        promise(modality.array is not None, f"{modality.name}: its inputs are an array, and its field array is None")
        matrix = None if modality.matrix is None else modality.matrix(dataset.inputs)
        promise(
            matrix is not None and matrix.ndim == 2 and len(matrix) == dataset.n_rows,
            f"{modality.name}: matrix gives {None if matrix is None else matrix.shape}, expected (n, n_features)",
        )
    item = dataset.inputs.iloc[0].tolist() if is_frame else np.asarray(dataset.inputs[0])
    shown: Any = modality.show(item)
    dims = {"images": (2, 3), "sounds": (2, 3), "series": (1, 2)}.get(modality.items)
    fits = isinstance(shown, Sequence) if dims is None else np.ndim(shown) in dims
    promise(
        fits, f"{modality.name}: show gives {type(shown).__name__} of an item, which is not how {modality.items} look"
    )


def _rows(inputs: Any, rows: np.ndarray) -> Any:
    return inputs.iloc[rows].reset_index(drop=True) if isinstance(inputs, pd.DataFrame) else inputs[rows]


def _as_typed(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The example's cells are typed already."""
    return frame


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=True))
