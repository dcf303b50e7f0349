"""The body of a request → rows to predict, of a form that opens no file and fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.intake import delimited_rows
from automl.intake.folders import SORT_KINDS
from automl.intake.inline import is_inline
from automl.intake.matching import letters_of
from automl.records import FILE_KINDS, Task
from automl.serve.refusals import Refusal, unknown_media

__all__ = ["CSV", "JSON", "Question", "Rows", "example_of", "read_body"]

JSON, CSV = "application/json", "text/csv"
KEYS = frozenset({"rows", "future", "on_odd"})
WORDS = ("warn", "ignore", "refuse")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A request as it came.

    Attributes:
        verb: "predict" or "predict_proba".
        body: its bytes.
        media: its Content-Type.
        on_odd: what is asked for by the address, or None.
    """

    verb: str
    body: bytes
    media: str
    on_odd: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is to be predicted.

    Attributes:
        rows: records, a frame of texts, or an array.
        future: records of the steps ahead of a forecast, or None.
        on_odd: "warn", "ignore", "refuse" or None, as `predict` takes it.
    """

    rows: Any
    future: Any = None
    on_odd: Any = None

    @property
    def n_rows(self) -> int:
        """Of `rows`."""
        return len(self.rows)


def read_body(question: Question, task: Task, most_rows: int) -> Rows:
    """The rows that a request asks for.

    Args:
        question: the request.
        task: of the model.
        most_rows: that a request may hold.

    Raises:
        Refusal: the body is none of these forms, or holds too many rows.
        DataError: text of delimited columns cannot be read.
    """
    media = question.media.partition(";")[0].strip().lower()
    if media == CSV:
        made = Rows(delimited_rows(question.body, "the body", task))
    elif media == JSON:
        made = _of_json(question.body, task)
    else:
        raise unknown_media(question.media)
    on_odd = question.on_odd if question.on_odd is not None else made.on_odd
    if on_odd is not None and on_odd not in WORDS:
        raise Refusal(422, "on_odd", f"on_odd: expected one of {', '.join(WORDS)}, got {str(on_odd)[:40]!r}")
    if made.n_rows > most_rows:
        raise Refusal(422, "too_many_rows", f"expected at most {most_rows:,} rows a request, got {made.n_rows:,}")
    if made.n_rows == 0:
        raise Refusal(422, "no_rows", "the body holds no rows: expected at least one to predict")
    _refuse_paths(made, task)
    return Rows(made.rows, made.future, on_odd)


def _of_json(body: bytes, task: Task) -> Rows:
    """One row, a list of rows, or an object with the key "rows"."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        why = str(error)[:100] if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise Refusal(400, "json", f"the body is no JSON that can be read: {why}") from None
    if not isinstance(parsed, dict) or "rows" not in parsed or not isinstance(parsed["rows"], list):
        return Rows(_rows([parsed] if isinstance(parsed, dict) else parsed, task))
    if unknown := parsed.keys() - KEYS:
        shown = ", ".join(repr(name[:40]) for name in sorted(unknown)[:5])
        raise Refusal(422, "keys", f"expected the keys {', '.join(sorted(KEYS))} beside one another, got also {shown}")
    future = parsed.get("future")
    if future is not None:
        if task.horizon is None:
            raise Refusal(422, "future", "future: this model makes no forecast; leave it out")
        future = _records(future, "future")
    return Rows(_rows(parsed["rows"], task), future, parsed.get("on_odd"))


def _rows(parsed: Any, task: Task) -> Any:
    """Records of a table, or the array that a model without columns reads."""
    if not isinstance(parsed, list):
        raise Refusal(422, "form", f"expected a list of rows, got {_kind(parsed)}")
    if not task.columns and task.horizon is None:
        return _array(parsed)
    texts = [column.name for column in task.columns if column.kind == "text"]
    if len(texts) == 1 and parsed and all(isinstance(row, str) for row in parsed):
        return [{texts[0]: row} for row in parsed]
    return _records(parsed, "rows")


def _records(parsed: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(parsed, list):
        raise Refusal(422, "form", f"{where}: expected a list of objects, one a row, got {_kind(parsed)}")
    other = next((place for place, row in enumerate(parsed) if not isinstance(row, dict)), None)
    if other is not None:
        got = f"{_kind(parsed[other])} as row {other}"
        raise Refusal(422, "form", f"{where}: expected objects with a value for each column, got {got}")
    return parsed


def _array(parsed: list[Any]) -> np.ndarray:
    try:
        array = np.asarray(parsed, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise Refusal(422, "form", "expected lists of numbers, one a row and all of one shape") from None
    if array.ndim < 2:
        raise Refusal(422, "form", f"expected a list of numbers for each row, got {array.ndim} dimensions in all")
    return array


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth", type(None): "null"}
    return names.get(type(value), "a number")


def _refuse_paths(made: Rows, task: Task) -> None:
    """Cells of pictures hold the pictures; a path would be one of the server's own files, as those of sounds are.

    A column that would be taken for one of files although it is spelled otherwise is one of them, too. Columns of which
    no name is known could be taken by their order, so they are refused.
    """
    kinds = {letters_of(column.name): column.kind for column in task.columns if column.kind in FILE_KINDS}
    if not kinds:
        return
    kinds = {letters_of(sort): kind for sort, kind in SORT_KINDS.items() if kind in kinds.values()} | kinds
    rows = made.rows if isinstance(made.rows, list) else made.rows.to_dict("records")
    known = {letters_of(column.name) for column in task.columns} | kinds.keys()
    if known.isdisjoint(letters_of(str(name)) for row in rows for name in row):
        wanted = ", ".join(repr(column.name[:60]) for column in task.columns[:5])
        raise Refusal(422, "columns", f"expected columns by their names, such as {wanted}; the server opens no files")
    for name, cell in (pair for row in rows for pair in row.items()):
        kind = kinds.get(letters_of(str(name)))
        if kind is None or cell is None or cell != cell or (isinstance(cell, str) and not cell.strip()):
            continue
        if kind == "image_path" and isinstance(cell, str) and is_inline(cell):
            continue
        what = "pictures" if kind == "image_path" else "sounds"
        wanted = (
            "expected pictures as data addresses ('data:image/png;base64,...')" if kind == "image_path" else
            "sounds in cells are not read; serve a model that was trained on an array with its rate"
        )  # fmt: skip
        raise Refusal(422, what, f"{str(name)[:60]!r}: {wanted}; the server opens no files")


def example_of(task: Task) -> Mapping[str, Any]:
    """A body of the right form for a table; its values are made up."""
    values = {"boolean": True, "datetime": "2024-01-31", "numeric": 1.5, "embedded_number": 1.5}
    return {"rows": [{c.name: values.get(c.kind, "text") for c in task.columns}]}
