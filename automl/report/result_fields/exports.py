"""Exports of a run's models as fields of ``result.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from automl.records.names import Side
from automl.report.result_fields.types import Amount, Count

__all__ = ["ExportFields", "checked_exports"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFields:
    """An export of a model, as it was checked and measured when it was written."""

    format: Annotated[str, Field(description="onnx, litert, openvino, saved_model or keras.")]
    side: Annotated[Side, Field(description="Whose model it is.")]
    written: Annotated[str, Field(description="When (ISO 8601).")]
    size_bytes: Annotated[Count, Field(description="Of the model's files and its reader.")]
    file_ms: Annotated[Amount, Field(description="Median milliseconds of one row in the file, on one thread.")]
    reader_ms: Annotated[Amount, Field(description="Of the reader, which makes the file's inputs of the cells.")]
    model_ms: Annotated[Amount, Field(description="Of the model itself in the same process, from typed cells on.")]
    difference: Annotated[
        Mapping[str, Amount],
        Field(
            description="Largest difference to the model by output: of values as a share of the largest magnitude, of "
            "labels the share of rows."
        ),
    ]
    tolerance: Annotated[Amount, Field(description="Largest difference that is let through.")]
    n_rows: Annotated[Count, Field(description="Rows that were checked.")]
    rows: Annotated[Literal["made-up", "given"], Field(description="Where these came from.")]


def checked_exports(value: Any) -> list[ExportFields]:
    """The field `exports` of a result that was read.

    Raises:
        ValueError: it is not as automl writes it.
    """
    return TypeAdapter(list[ExportFields]).validate_python(value)
