"""Types of single fields, with their bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

__all__ = ["LATER", "Amount", "Contestants", "Count", "Interval", "Later", "Reason", "Share", "Winner"]

LATER = "x-later"
"""Marks a field that results of earlier versions lack, so that the schema does not require it."""
Later = {LATER: True}

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
Contestants = Literal["deep", "shallow"]
Winner = Literal["deep", "shallow", "tie"]
Reason = Literal["better", "equivalent", "undecided", "one_sided", "no_label"]
