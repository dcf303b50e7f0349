"""The inputs of shallow models in an exported graph: a table's matrix, or features that describe themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.columns import TableFeatures
from automl.baselines.features.description import Described
from automl.errors import DataError
from automl.export.describe import Inputs, of_features, stored
from automl.records import NUMERIC_KINDS, Task

__all__ = ["PARTS", "Taken", "add_features"]

TABLE, FEATURES = "table", "features"
PARTS = ("columns", "weights")
"""The two inputs of sparse features, after their name."""
READ_AS_TEXT = ("text", "categorical", "url", "list", *NUMERIC_KINDS)

Taken = dict[str, tuple[str, int | None]]
"""By content of its description: the name of each input, and the columns of a sparse one."""


def add_features(inputs: Inputs, features: Any, task: Task, real: str, taken: Taken) -> tuple[str, int | None]:
    """Note the input of a shallow model; one that another member has too is noted once.

    Args:
        inputs: to which it is added.
        features: of the model, fitted.
        task: that names the columns.
        real: the floating type of the graph.
        taken: the inputs of the members before.

    Returns:
        The name of the input, and the number of columns where it is sparse: then there are two, "<name>_columns" and
        "<name>_weights".

    Raises:
        DataError: the features have no export; says what to do.
    """
    if isinstance(features, TableFeatures):
        made, width = of_features(features)
        content = _content(made)
        if content not in taken:
            taken[content] = (_new(TABLE, taken), None)
            inputs.add(taken[content][0], made, (width,), real)
        return taken[content]
    if not isinstance(features, Described):
        raise DataError(
            f"a shallow model on {type(features).__name__} has no export: these features do not describe themselves "
            "(automl.baselines.features.description); export the deep side, or serve the saved model with automl"
        )
    made, description = {}, features.describe()
    made = {
        "maker": description.maker, "columns": list(description.columns), "sources": dict(description.sources),
        "settings": dict(description.settings),
    }  # fmt: skip
    content = _content(made)
    if content in taken:
        return taken[content]
    _check_columns(description.columns, task)
    name = _new(FEATURES, taken)
    taken[content] = (name, description.n_columns if description.is_sparse else None)
    inputs.features[name], inputs.described[name] = made, features
    if description.is_sparse:
        for place, part in enumerate(PARTS):
            spec = {"encoder": "features", "of": name, "part": place}
            inputs.add(f"{name}_{part}", spec, (None,), real if place else "int32")
    else:
        inputs.add(name, {"encoder": "features", "of": name, "part": None}, (description.n_columns,), real)
    return taken[content]


def _new(name: str, taken: Taken) -> str:
    others = {own for own, _ in taken.values()}
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
