"""Data sets of Hugging Face and of TensorFlow → frames and arrays. Neither library is imported: names tell the class.

Source: the interfaces of ``datasets.Dataset`` (with_format, features, ClassLabel.names) and ``tf.data.Dataset``
(cardinality, element_spec, as_numpy_iterator).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl.errors import DataError
from automl.intake.cell_types import framed, objects
from automl.intake.columnar import plain_frame
from automl.intake.limits import refuse_beyond, whole_mib
from automl.intake.raw import listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["without_library"]

INFINITE = -1
"""What ``tf.data.Dataset.cardinality`` gives for data without end (``tf.data.INFINITE_CARDINALITY``)."""
UNBATCHING = frozenset({"Unbatch", "TensorSlice", "TFRecord", "TextLine", "FixedLengthRecord", "Range"})
"""Steps of ``tf.data`` after which an element is one row."""
BATCHING = frozenset({"Batch", "ParallelBatch", "PaddedBatch", "MapAndBatch", "Rebatch"})
UNCHANGING = frozenset({"UnaryUnchangedStructure", "Map", "ParallelMap", "Zip", "Concatenate", "Restructured"})
"""Steps after which it is what it was."""
CELL_BYTES = 64
CHECKED_EVERY = 256


def without_library(data: Any, where: str) -> Any:
    """A data set of Hugging Face as a frame, one of TensorFlow as a frame, an array or a pair; other data unchanged.

    Args:
        data: as the user passed it.
        where: how messages speak of it.

    Raises:
        DataError: it has no end, is of several splits or of no form that rows have, or would not fit into memory.
    """
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(data).__mro__}
    if ("datasets", "Dataset") in kinds:
        return _of_hugging_face(data)
    if kinds & {("datasets", "DatasetDict"), ("datasets", "IterableDatasetDict")}:
        raise DataError(
            f"{where} is a dict of the splits {listed(data)}: pass one of them as data, and the one that tests as test"
        )
    if ("datasets", "IterableDataset") in kinds:
        raise DataError(
            f"{where} is streamed and may have no end: expected rows that are held; pass a part, such as "
            "datasets.Dataset.from_list(list(data.take(10_000)))"
        )
    if ("tensorflow", "DatasetV2") in kinds:
        return _of_tensorflow(data, where)
    return data


# --------------------------------------------------------------------------- Hugging Face


def _of_hugging_face(data: Any) -> pd.DataFrame:
    """Rows in the order of the data set; classes by their names, images as the files that it holds."""
    table = data.with_format("arrow")[:]
    frame = plain_frame(table, spend=False)
    for name, feature in data.features.items():
        names = getattr(feature, "names", None)
        inner = getattr(getattr(feature, "feature", None), "names", None)
        if names is not None:
            frame[name] = objects(_named(code, names) for code in frame[name])
        elif inner is not None:
            frame[name] = objects(_all_named(codes, inner) for codes in frame[name])
    return frame.reset_index(drop=True)


def _named(code: Any, names: list[str]) -> str | None:
    """The name of a class; None where there is none: unlabelled rows have -1 or nothing."""
    if code is None or code != code or not 0 <= int(code) < len(names):
        return None
    return names[int(code)]


def _all_named(codes: Any, names: list[str]) -> list[str | None] | None:
    return None if codes is None else [_named(code, names) for code in codes]


# --------------------------------------------------------------------------- TensorFlow


def _of_tensorflow(data: Any, where: str) -> Any:
    """Elements ``x`` or ``(x, y)``, batched or not: x a dict of columns or one tensor. They are read once."""
    if int(data.cardinality()) == INFINITE:
        raise DataError(f"{where} has no end (it repeats): expected a number of rows; pass a part, such as .take(1000)")
    spec = data.element_spec
    if isinstance(spec, tuple) and len(spec) == 1:
        spec = spec[0]
    if isinstance(spec, tuple) and (len(spec) != 2 or any(isinstance(part, tuple) for part in spec)):
        raise DataError(
            f"{where} has elements of {len(spec)} parts: expected x, or a pair (x, y), where each is a tensor or a "
            "dict of tensors; give sample weights as weight="
        )
    parts = _columns_read(data, spec, where)
    made = tuple(_joined(columns) for columns in parts)
    return made if isinstance(spec, tuple) else made[0]


def _columns_read(data: Any, spec: Any, where: str) -> list[dict[str | None, list[Any]]]:
    """Of each part of an element: its rows by column; a part that is one tensor has a column None."""
    batched = _is_batched(data, spec, where)
    parts: list[dict[str | None, list[Any]]] = [{} for _ in (spec if isinstance(spec, tuple) else (spec,))]
    limit_mib, n_bytes = whole_mib(None), 0.0
    for number, element in enumerate(_elements(data, where)):
        element = element[0] if isinstance(element, tuple) and len(parts) == 1 else element
        for columns, part in zip(parts, element if isinstance(spec, tuple) else (element,), strict=True):
            for name, values in part.items() if isinstance(part, Mapping) else ((None, part),):
                rows = _rows_of(values) if batched else [_cell(values)]
                columns.setdefault(name, []).extend(rows)
                n_bytes += CELL_BYTES * len(rows) + getattr(values, "nbytes", 0)
        if number % CHECKED_EVERY == 0:
            refuse_beyond(where, n_bytes, limit_mib, f"{number + 1:,} elements so far, of data whose end is not known")
    return parts


def _elements(data: Any, where: str) -> Iterator[Any]:
    try:
        yield from data.as_numpy_iterator()
    except DataError:
        raise
    except (TypeError, ValueError) as error:
        raise DataError(f"{where} cannot be read ({error}); convert its elements to dense tensors") from error


def _is_batched(data: Any, spec: Any, where: str) -> bool:
    """Whether an element holds rows.

    Shapes alone do not tell a batch of three numbers from a row of three, so the steps that made the data are asked. A
    single value within an element says that it is one row.

    Raises:
        DataError: neither tells, or they contradict each other.
    """
    shapes = [_shape(leaf) for leaf in _leaves(spec)]
    if not all(shapes):
        return False
    form, sizes = _form(data), {shape[0] for shape in shapes}
    if form == "batches" and len(sizes - {None}) <= 1:
        return True
    if form == "rows" and None not in sizes:
        return False
    shown = " and ".join(str(tuple(shape)) for shape in shapes[:4])
    raise DataError(
        f"{where} has elements of shape {shown}, which may be rows or batches: expected data that end in a batch "
        "of rows, or elements with a single value such as a class; call .batch(32) if each element is one row, or "
        ".unbatch() if each holds several"
    )


def _form(data: Any) -> Literal["rows", "batches"] | None:
    """What elements are by the steps that made them, the last one that tells; None where none does.

    Source: ``tf.data.Dataset._inputs`` and the names of its classes; steps that leave elements as they are derive from
    ``UnaryUnchangedStructureDataset``. Names that are not known tell nothing.
    """
    kinds = {kind.__name__.strip("_").removesuffix("V2").removesuffix("Dataset") for kind in type(data).__mro__}
    if kinds & UNBATCHING:
        return "rows"
    if kinds & BATCHING:
        return "batches"
    inputs: Any = getattr(data, "_inputs", tuple)()
    if not kinds & UNCHANGING or not inputs:
        return None
    forms = {_form(one) for one in inputs}
    return forms.pop() if len(forms) == 1 else None


def _leaves(spec: Any) -> Iterator[Any]:
    inner = spec.values() if isinstance(spec, Mapping) else spec if isinstance(spec, tuple) else None
    if inner is None:
        yield spec
        return
    for part in inner:
        yield from _leaves(part)


def _shape(leaf: Any) -> list[int | None]:
    """Sizes of a tensor's dimensions; those of an unknown number of dimensions count as one unknown."""
    shape = getattr(leaf, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return [None]
    return list(shape)


def _rows_of(values: Any) -> list[Any]:
    """The rows of a batch."""
    rows = values.to_list() if hasattr(values, "to_list") else values
    return [_cell(row) for row in rows]


def _cell(value: Any) -> Any:
    """A cell of Python's own type, text for bytes of text; an array of more dimensions stays one."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    if hasattr(value, "to_list"):
        return value.to_list()
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return _cell(value.item()) if value.ndim == 0 else [_cell(one) for one in value]
    return (
        value.item() if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim) else value
    )


def _joined(columns: dict[str | None, list[Any]]) -> Any:
    """A frame of named columns; of one tensor a list of single values, or an array of rows."""
    if None not in columns:
        return framed({name: _column(values) for name, values in columns.items()})
    rows = columns[None]
    return np.stack(rows) if rows and all(isinstance(row, np.ndarray) for row in rows) else rows


def _column(values: list[Any]) -> Any:
    """Numbers as an array, anything else as it is; small vectors as lists, images as arrays in cells."""
    if all(isinstance(value, bool | int | float) for value in values):
        return np.array(values)
    return objects(value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else value for value in values)
