"""The inputs of shallow models in an exported graph: a table's matrix, or features that describe themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.baselines.features.columns import TableFeatures
from automl.baselines.features.description import Described
from automl.errors import DataError
from automl.export.describe import Inputs, of_features, stored
from automl.export.linear import Sparse
from automl.records import NUMERIC_KINDS, Task

__all__ = ["Taken", "add_features"]

TABLE, FEATURES = "table", "features"
READ_AS_TEXT = ("text", "categorical", "url", "list", *NUMERIC_KINDS)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a shallow model reads of the graph's inputs.

    Attributes:
        name: of the features.
        parts: of them; ("",) for one matrix.
        width: columns of a sparse matrix, or None.
    """

    name: str
    parts: tuple[str, ...]
    width: int | None = None

    def of(self, values: Mapping[str, Any]) -> Any:
        """The matrix, or the parts by name."""
        if self.parts == ("",):
            return values[self.name]
        parts = {part: values[input_name(self.name, part)] for part in self.parts}
        return parts if self.width is None else Sparse(parts["columns"], parts["weights"], self.width)


def input_name(name: str, part: str) -> str:
    """The name of the graph's input for a part of features."""
    return f"{name}_{part}" if part else name


def add_features(inputs: Inputs, features: Any, task: Task, real: str, taken: dict[str, Taken]) -> Taken:
    """Note the inputs of a shallow model; those that another member has too are noted once.

    Args:
        inputs: to which they are added.
        features: of the model, fitted.
        task: that names the columns.
        real: the floating type of the graph.
        taken: by content, the inputs of the members before.

    Raises:
        DataError: the features have no export; says what to do.
    """
    if isinstance(features, TableFeatures):
        made, width = of_features(features)
        content = _content(made)
        if content not in taken:
            taken[content] = Taken(_new(TABLE, taken), ("",))
            inputs.add(taken[content].name, made, (width,), real)
        return taken[content]
    if not isinstance(features, Described):
        raise DataError(
            f"a shallow model on {type(features).__name__} has no export: these features do not describe themselves "
            "(automl.baselines.features.description); export the deep side, or serve the saved model with automl"
        )
    description = features.describe()
    made = {
        "maker": description.maker, "columns": list(description.columns), "sources": dict(description.sources),
        "settings": dict(description.settings),
    }  # fmt: skip
    content = _content(made)
    if content in taken:
        return taken[content]
    _check_columns(description.columns, task)
    name = _new(FEATURES, taken)
    taken[content] = Taken(name, tuple(part.name for part in description.parts), description.n_columns)
    inputs.features[name], inputs.described[name] = made, features
    for place, part in enumerate(description.parts):
        spec = {"encoder": "features", "of": name, "part": place if part.name else None}
        inputs.add(input_name(name, part.name), spec, part.shape, "int32" if part.is_whole else real)
    return taken[content]


def _new(name: str, taken: Mapping[str, Taken]) -> str:
    others = {one.name for one in taken.values()}
    names = (name if n == 1 else f"{name}_{n}" for n in range(1, len(taken) + 2))
    return next(one for one in names if one not in others)


def _check_columns(names: tuple[str, ...], task: Task) -> None:
    for column in task.columns:
        if column.name in names and column.kind not in READ_AS_TEXT:
            raise DataError(
                f"column {column.name!r} ({column.kind}) is read as text by a shallow model, which has no export; "
                "export the deep side, leave the column out (drop=), or serve the saved model with automl"
            )


def _content(made: Mapping[str, Any]) -> str:
    """Text by which equal steps are told."""
    arrays: dict[str, np.ndarray] = {}
    plain = json.dumps(stored(made, arrays, 0), sort_keys=True)
    whole = hashlib.sha256()
    for array in arrays.values():
        whole.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    return plain + whole.hexdigest()
