"""What is done to cells before a model reads them, as plain values: the content of ``preprocess.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.baselines.features.columns import TableFeatures
from automl.baselines.features.trigrams import Trigrams
from automl.errors import DataError
from automl.modalities.shared.categories import Categories
from automl.modalities.shared.numbers import Numbers
from automl.modalities.shared.phrases import Texts
from automl.modalities.shared.target_statistics import N_FOLDS, TargetStatistics
from automl.modalities.tabular import TabularEncoder
from automl.modalities.text import TextEncoder, Tokens
from automl.records import NUMERIC_KINDS, UNUSED_KINDS, Column, InputSpec, Task, encoded_columns

__all__ = ["CELLS", "SECONDS", "Inputs", "as_json", "cell_columns", "of_encoder", "of_features", "stored"]

CELLS, SECONDS = "cells", "seconds"
FEW = 64
"""Arrays of fewer numbers are written as lists."""
GAPS = ("?", "n/a", "nan", "null", "#n/a", "nat", "<na>", "\\n", "(null)", "[null]", "(blank)")
"""Levels that are read as gaps, in lower case (`automl.detect.parse`)."""
OTHERWISE = "export the other side, leave the column out (drop=), or serve the saved model with automl"
ARRAYS = {
    "image": "pictures of this height, width and channels, 0 to 255 as in training",
    "spectrogram": "spectrograms of this many bands, the highest first, and frames, 0 to 255 as in training",
    "series": "past or whole series, steps first, without gaps",
    "future": "of each step ahead: the time since the last step, phases of the calendar, known covariates",
    "categories": "the code of the series, 0 for one that training did not hold",
    "vectors": "what the backbone makes of an item",
}


@dataclass(slots=True, eq=False)
class Inputs:
    """The inputs of an exported model.

    Attributes:
        made: by name, how the reader makes each from cells; ``{"encoder": "array"}`` where the caller makes it.
        shapes: by name, the shape of a row; None for a size that varies.
        dtypes: by name.
        numbers: what the graph does to `CELLS` and `SECONDS`; None where the reader does it.
        features: by name, how the reader makes features of a shallow model.
        described: by name, the features themselves, which know what a caller would give.
    """

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)
    numbers: Numbers | None = None
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, made: dict[str, Any], shape: Sequence[int | None], dtype: str) -> None:
        """One more input."""
        own = tuple(None if size is None else int(size) for size in shape)
        self.made[name], self.shapes[name], self.dtypes[name] = made, own, dtype


# --------------------------------------------------------------------------- networks


def of_encoder(encoder: Any, used: Sequence[str], inside: bool) -> Inputs:
    """The inputs of networks.

    Args:
        encoder: fitted.
        used: names of the inputs that the networks read.
        inside: whether the graph fills, clips and selects numbers itself, and makes parts of dates.

    Raises:
        DataError: an input can be made neither by the graph nor by the reader; names its columns.
    """
    found = Inputs()
    parts: Mapping[str, Any] = {}
    if isinstance(encoder, TabularEncoder):
        parts = encoder.parts
    elif isinstance(encoder, TextEncoder):
        parts = {"tokens": encoder.part, **({"ngrams": encoder.ngrams} if encoder.ngrams is not None else {})}
    for spec in encoder.specs:
        if spec.name not in used:
            continue
        part = parts.get(spec.name)
        if isinstance(part, Numbers) and inside:
            _add_cells(found, part)
        elif part is None:
            found.add(spec.name, _array(spec), spec.shape, spec.dtype)
        else:
            found.add(spec.name, _part(spec.name, part), spec.shape, spec.dtype)
    return found


def _array(spec: InputSpec) -> dict[str, Any]:
    """An input that the caller makes."""
    meaning = ARRAYS.get(spec.name) or ARRAYS.get(spec.kind) or spec.kind
    return {"encoder": "array", "shape": list(spec.shape), "dtype": spec.dtype, "meaning": meaning}


def _add_cells(found: Inputs, part: Numbers) -> None:
    found.numbers = part
    if part.numeric:
        found.add(CELLS, {"encoder": "cells", "columns": list(part.numeric)}, (len(part.numeric),), "float64")
    if part.dates:
        found.add(SECONDS, {"encoder": "seconds", "columns": list(part.dates)}, (len(part.dates),), "int64")


def _part(name: str, part: Any) -> dict[str, Any]:
    if isinstance(part, Numbers):
        return {"encoder": "numbers", **part.state()}
    if isinstance(part, Categories):
        return {"encoder": "categories", **part.state()}
    if isinstance(part, Texts):
        return {"encoder": "texts", "parts": [one.state() for one in part.parts]}
    if isinstance(part, TargetStatistics):
        spikes = part.spikes
        repeated = [list(one) for one in zip(spikes.names, spikes.columns, spikes.values, strict=True)]
        return {
            "encoder": "clues", "watched": part.watched, "n_folds": N_FOLDS, "measured": part.measured,
            "repeated": repeated, "parts": [one.state() for one in part.parts],
        }  # fmt: skip
    if isinstance(part, Tokens):
        return {"encoder": "tokens", **part.state()}
    column = getattr(part, "column", None) or ", ".join(getattr(part, "columns", ()))
    what = f" (column {column!r})" if column else ""
    raise DataError(
        f"the network's input {name!r}{what} cannot be made outside automl: pictures within a table and hashed n-grams "
        f"of texts have no export; {OTHERWISE}"
    )


# --------------------------------------------------------------------------- shallow models


def of_features(features: TableFeatures) -> tuple[dict[str, Any], int]:
    """How the matrix of a shallow model is made from cells, and how many columns it has.

    Raises:
        DataError: a column's kind has no export.
    """
    if features.is_sparse:
        raise DataError(
            "a linear model of 100,000 training rows and more, with its levels stored sparse, has no export; "
            "export the deep side, or serve the saved model with automl"
        )
    steps = [_step(name, step, features.style == "linear") for name, step in features.plan.items()]
    center = None if features.style == "trees" and not features.fill else features.center
    shape = features.shape
    n_columns = sum(map(_width, steps)) or 1
    made = {
        "encoder": "table", "steps": steps, "center": center, "scale": features.scale,
        "quantiles": None if shape is None else shape.quantiles_,
        "references": None if shape is None else shape.references_, "smooth": features.smooth.tolist(),
    }  # fmt: skip
    return made, n_columns + (0 if shape is None else int(features.smooth.sum()))


def _step(name: str, step: Mapping[str, Any], is_linear: bool) -> dict[str, Any]:
    kind = step["kind"]
    if kind == "picture":
        raise DataError(f"column {name!r} holds pictures, which a shallow model cannot take along; {OTHERWISE}")
    made: dict[str, Any] = {"column": name, "kind": kind}
    if kind == "number":
        made["flag"] = bool(step["flag"])
    elif kind == "date":
        made |= {"parts": list(step["parts"]), "origin": float(step["origin"]), "cyclic": is_linear}
    elif kind == "text":
        made["trigrams"] = _trigrams(name, step["encoder"])
    else:
        made |= {"names": [str(one) for one in step["names"]], "values": np.asarray(step["values"], float).tolist()}
    if "amounts" in step:
        made["amounts"] = True
    if "levels" in step:
        made["levels"] = step["levels"]
    if "clues" in step:
        clues = step["clues"]
        words = [word.decode("utf-8", "surrogatepass") for word in clues["words"].tolist()]
        made["clues"] = {"words": words, **{key: clues[key] for key in ("idf", "coef", "intercept")}}
    return made


def _trigrams(name: str, encoder: Any) -> dict[str, Any] | None:
    """What `automl.baselines.features.trigrams` knows; None where no trigram is read."""
    if encoder is None:
        return None
    if not isinstance(encoder, Trigrams):
        raise DataError(f"column {name!r} is text that an older automl encoded, which has no export; {OTHERWISE}")
    if encoder.vectorizer is None:
        return None
    known = encoder.vectorizer.vocabulary_
    axes = None if encoder.projection is None else encoder.projection.components_
    n = min(encoder.components, len(known)) if axes is None else len(axes)
    return {"words": sorted(known, key=known.__getitem__), "idf": encoder.vectorizer.idf_, "axes": axes, "n": n,
            "scale": float(encoder.scale)}  # fmt: skip


def _width(step: Mapping[str, Any]) -> int:
    kind = step["kind"]
    if kind == "number":
        own = 1 + step["flag"]
    elif kind == "date":
        cycles = {"month", "day", "day_of_week", "hour"}
        own = 1 + sum(2 if step["cyclic"] and part in cycles else 1 for part in step["parts"])
    else:
        texts = step.get("trigrams")
        own = {"text": texts["n"] if texts else 0, "codes": 1, "counts": 1}.get(
            kind, len(step.get("names", ())) + (kind == "bag")
        )
    clues = np.asarray(step["clues"]["intercept"]).size if "clues" in step else 0
    return int(own + 3 * bool(step.get("amounts")) + clues)


# --------------------------------------------------------------------------- columns


def cell_columns(task: Task, inputs: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How the cells of each column that an input is made from are read."""
    named = set()
    for made in inputs.values():
        named |= set(_names_in(made))
    known = [c for c in encoded_columns(task.columns) if c.kind not in UNUSED_KINDS]
    return [_cells_of(column) for column in known if column.name in named]


def _names_in(made: Mapping[str, Any]) -> list[str]:
    names = [name for key in ("columns", "numeric", "dates", "watched") for name in made.get(key, ())]
    names += list(made.get("measured", ())) + [column for _, column, _ in made.get("repeated", ())]
    return names + [part["column"] for part in (*made.get("parts", ()), *made.get("steps", ()))]


def _cells_of(column: Column) -> dict[str, Any]:
    reading = column.reading
    cells = "level"
    if column.kind == "boolean":
        cells = "boolean"
    elif column.kind in NUMERIC_KINDS:
        cells = "number"
    elif column.kind == "datetime":
        cells = "date"
    elif column.kind == "text":
        cells = "text"
    made: dict[str, Any] = {"name": column.name, "kind": column.kind, "cells": cells}
    if cells == "level":
        made["gaps"] = list(GAPS)
    kept = {"boolean": ("true", "false", "empty"), "number": ("missing", "unit")}.get(cells, ())
    return made | {key: reading[key] for key in kept if reading.get(key)}


# --------------------------------------------------------------------------- writing


def stored(value: Any, arrays: dict[str, np.ndarray], few: int = FEW) -> Any:
    """The value as JSON; arrays of so many numbers and more are put into `arrays` and referred to by name."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.size < few:
            return value.tolist()
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, Mapping):
        return {str(key): stored(item, arrays, few) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [stored(item, arrays, few) for item in value]
    return value


def as_json(content: Any) -> str:
    """The content as a JSON file; lone surrogates, which UTF-8 does not hold, as escapes."""
    text = json.dumps(content, indent=1, ensure_ascii=False, default=lambda value: np.asarray(value).tolist()) + "\n"
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
