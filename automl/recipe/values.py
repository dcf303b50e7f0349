"""Types of a recipe's values, and how texts among them are parsed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from automl.errors import RecipeError

__all__ = ["Name", "Place", "listed", "parsed"]

Name = Annotated[str, Field(min_length=1)]


def _place(value: Any) -> str:
    """Check a path; pydantic's own string type would refuse names whose bytes are not UTF-8."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a path")
    return value


Place = Annotated[str, PlainValidator(_place), WithJsonSchema({"minLength": 1, "type": "string"})]


def parsed(parse: Any, value: Any) -> Any:
    """Run a parser and pass its error message on through pydantic."""
    try:
        return parse(value)
    except RecipeError as error:
        text = str(error).partition(": ")[2] or str(error)
        raise PydanticCustomError("words", "{text}", {"text": text}) from error


def listed(value: str | list[str] | None) -> tuple[str, ...]:
    """One name or several as a tuple."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)
