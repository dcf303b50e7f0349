"""Writes what a reader needs: ``preprocess.json``, its arrays in ``preprocess.npz``, and ``reader.py`` itself."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from automl.export.describe import Inputs, as_json, cell_columns, stored
from automl.export.joined import reader_source
from automl.records import Task
from automl.storage import files
from automl.storage.npz import write_npz

__all__ = ["SCHEMA", "opened_reader", "write_reader"]

SCHEMA = 1


def write_reader(draft: Path, task: Task, inputs: Inputs, given: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the three files.

    Args:
        draft: the folder.
        task: that names the columns.
        inputs: of the model.
        given: what the caller gives to the makers of features, by name; see `automl.export.reader`.
    """
    arrays: dict[str, np.ndarray] = {}
    content = {
        "schema": SCHEMA,
        "columns": cell_columns(task, {**inputs.made, **inputs.features}),
        "inputs": stored(inputs.made, arrays),
        "features": stored(inputs.features, arrays, 0),
        "sources": dict(given),
    }
    content["arrays"] = {name: [list(array.shape), array.dtype.str] for name, array in arrays.items()}
    files.write_text(draft / "preprocess.json", as_json(content))
    if arrays:
        with (draft / "preprocess.npz").open("wb") as file:
            write_npz(file, arrays, compressed=True)
    makers = [spec["maker"] for spec in inputs.features.values()]
    files.write_text(draft / "reader.py", reader_source(makers))


def opened_reader(draft: Path) -> Any:
    """The `Export` of a folder, by the very ``reader.py`` that was just written there."""
    spec = importlib.util.spec_from_file_location("_exported_reader", draft / "reader.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.open_export(draft)
