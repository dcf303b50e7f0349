"""The comparison: its interval, further splits, out-of-fold pairs, and how far it can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from automl.records.names import Cause, Side
from automl.report.result_fields.types import Amount, Count, Interval, Reason, Share, Winner

__all__ = ["FailOnFields", "FoldPairFields", "RepeatFields", "TrustFields", "UncertaintyFields", "WouldDecideFields"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldDecideFields:
    """What would decide an undecided comparison if the difference is as large as it looks; each alone."""

    test_units: Annotated[Count | None, Field(description="Test units in all; null if no number would.")]
    seeds: Annotated[Count | None, Field(description="Seeds a side in all; null if a few are not enough.")]
    minutes: Annotated[Amount | None, Field(description="Time to fit these further seeds.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyFields:
    """What makes up the interval."""

    variances: Annotated[
        Mapping[Cause, Amount | None],
        Field(
            description="Variances of the gain by cause: test (the test units), time (shocks that all series of a "
            "panel share), deep_seeds and shallow_seeds. The first two shrink with the number of test units, the "
            "others with the number of seeds."
        ),
    ]
    interval_percent: Annotated[
        Interval | None,
        Field(description="The interval in percent of the shallow error (what its score lacks to the best one)."),
    ]
    would_decide: Annotated[
        WouldDecideFields | None, Field(description="What would decide; null where the comparison is decided.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatFields:
    """What further splits of the same rows say, both finalists' settings fitted anew on each."""

    asked: Annotated[int, Field(ge=2, description="Repeats that were asked for.")]
    n: Annotated[Count, Field(description="Repeats that were made and scored.")]
    n_failed: Annotated[Count, Field(description="Repeats that failed.")]
    gains: Annotated[list[float], Field(description="The gain in each of them; positive means that deep is better.")]
    gain: Annotated[float | None, Field(description="Their mean.")]
    interval: Annotated[
        Interval | None, Field(description="Corrected resampled interval of the mean; null with fewer than two.")
    ]
    level: Annotated[Share, Field(description="Its confidence level.")]
    note: Annotated[str, Field(description="All of this in sentences.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPairFields:
    """What out-of-fold pairs say: both finalists' settings, fitted on all rows but a fold, predict it."""

    asked: Annotated[int, Field(ge=3, description="Folds that were asked for.")]
    n: Annotated[Count, Field(description="Folds that were made; with 0 the test rows decide.")]
    n_items: Annotated[Count, Field(description="Rows that were predicted and compared, test rows among them.")]
    n_chose: Annotated[Count, Field(description="Rows by which settings were chosen; they are never compared.")]
    verdict: Annotated[Winner | None, Field(description="By these pairs; null where none were made.")]
    reason: Annotated[Reason | None, Field(description="Of that verdict; null where none were made.")]
    scores: Annotated[
        Mapping[Side, float | None],
        Field(description="Raw value of the metric for both finalists' settings on these rows, by side."),
    ]
    gain: Annotated[float | None, Field(description="Positive means that deep is better.")]
    interval: Annotated[Interval | None, Field(description="Low and high end of the gain's interval.")]
    level: Annotated[Share, Field(description="Its confidence level.")]
    p_value: Annotated[
        float | None, Field(description="Of the exact paired test, where the rows are too few for the interval.")
    ]
    test_verdict: Annotated[Winner | None, Field(description="What the test rows alone say.")]
    test_reason: Annotated[Reason, Field(description="The reason of that.")]
    note: Annotated[str, Field(description="All of this in sentences.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFields:
    """How far the result can be believed, by its findings; no other figure depends on it."""

    level: Annotated[
        Literal["high", "medium", "low"],
        Field(
            description="Low: a finding of high severity. Medium: a leak, a group, time or copied rows of medium "
            "severity, or a check of these without an answer. Else high."
        ),
    ]
    reasons: Annotated[list[str], Field(description="The messages of these findings, gravest first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailOnFields:
    """Conditions under which the command ended with exit code 3."""

    asked: Annotated[str, Field(description="The conditions, as they were asked for.")]
    failed: Annotated[
        list[str],
        Field(description="Those that hold, each with what was found; empty if none does. One about what was not "
              "measured holds."),
    ]  # fmt: skip
