"""The contests before an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from automl.report.result_fields.types import Count, Winner

__all__ = ["AncestorFields", "LineageFields"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AncestorFields:
    """An earlier contest whose finalists' settings were taken over."""

    folder: Annotated[str, Field(description="Its run folder, as it was given.")]
    fingerprint: Annotated[str, Field(description="Digest of the content of its data.")]
    started: Annotated[str, Field(description="When it began (ISO 8601); empty if not known.")]
    n_rows: Annotated[Count, Field(description="Rows or windows that trained, validated and tested.")]
    metric: Annotated[str, Field(description="The metric that decided.")]
    verdict: Annotated[Winner | None, Field(description="Its verdict.")]
    recommended: Annotated[str, Field(description="Side of its recommended model; empty if not known.")]
    score: Annotated[float | None, Field(description="Test score of its recommended model.")]
    gain: Annotated[float | None, Field(description="Its gain; positive means that deep was better.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageFields:
    """The earlier contests of an update."""

    n_new: Annotated[Count, Field(description="Rows that the last of them did not have.")]
    ancestors: Annotated[list[AncestorFields], Field(min_length=1, description="The earlier contests, oldest first.")]
