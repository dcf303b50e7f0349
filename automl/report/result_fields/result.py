"""All fields of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from automl.records.names import Side, Stopped
from automl.report.result_fields.comparison import (
    FailOnFields,
    FoldPairFields,
    RepeatFields,
    TrustFields,
    UncertaintyFields,
)
from automl.report.result_fields.data import ColumnFields, FindingFields, SplitFields, TaskFields
from automl.report.result_fields.exports import ExportFields
from automl.report.result_fields.lineage import LineageFields
from automl.report.result_fields.sides import CostFields, CoverageFields, RunFields, SideFields, ValidationFields
from automl.report.result_fields.types import Amount, Contestants, Interval, Later, Reason, Share, Winner

__all__ = ["ResultFields"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFields:
    """The figures of one contest for programs.

    Fields keep their meaning within one number of `schema`; new fields may be added.
    """

    schema: Annotated[Literal[1], Field(description="Version of this contract.")]
    automl_version: Annotated[str, Field(description="Version of automl that ran.")]
    task: Annotated[TaskFields, Field(description="The task as it was asked for or detected.")]
    columns: Annotated[
        list[ColumnFields],
        Field(description="The input columns and how they were read; empty for images and other arrays."),
    ]
    findings: Annotated[list[FindingFields], Field(description="What the user should know about the data and the run.")]
    split: Annotated[SplitFields, Field(description="Training, validation and test rows.")]
    fingerprint: Annotated[str, Field(description="Digest of the content of the data.", json_schema_extra=Later)]
    started: Annotated[
        str,
        Field(description="When the call began (ISO 8601); empty if not known.", json_schema_extra=Later),
    ]
    recipe: Annotated[str, Field(description="What was asked for, as YAML.", json_schema_extra=Later)]
    versions: Annotated[
        Mapping[str, str], Field(description="Version of each library, by its name.", json_schema_extra=Later)
    ]
    machine: Annotated[
        Mapping[str, Any], Field(description="Python, system, processor and cores.", json_schema_extra=Later)
    ]
    budget_seconds: Annotated[
        Amount, Field(description="Offered for the whole call; 0 where only max_trials bounds it.")
    ]
    wall_seconds: Annotated[Amount, Field(description="From the call to the conclusion; the report comes after.")]
    sides: Annotated[
        Mapping[Contestants, SideFields],
        Field(description="Time of each side in the whole contest.", json_schema_extra=Later),
    ]
    stopped: Annotated[Stopped, Field(description="Why the run ended.")]
    verdict: Annotated[
        Winner | None, Field(description="Which side is better, or tie; null without a label that could decide.")
    ]
    reason: Annotated[
        Reason,
        Field(
            description="Of the verdict; one_sided where one side has no finalist, so that nothing was compared, "
            "no_label where a goal without target has no label, or its test rows all have the same."
        ),
    ]
    champion: Annotated[
        Side | None,
        Field(
            description="The best by validation rows, named before any test row is scored; blend only if it is better "
            "than both finalists by more than noise. floor if no side has a finalist."
        ),
    ]
    validation: Annotated[
        ValidationFields | None, Field(description="What validation rows said; null where they were not asked.")
    ]
    recommended: Annotated[str, Field(description="Name of the run to use.")]
    why: Annotated[str, Field(description="Why this run is recommended, in a sentence.")]
    costs: Annotated[CostFields, Field(description="Rates of use and prices, by which models are recommended.")]
    gain: Annotated[
        float | None,
        Field(
            description="Test score of deep against shallow; positive means that deep is better, whatever the metric's "
            "direction. Null when a side has no finalist."
        ),
    ]
    interval: Annotated[Interval | None, Field(description="Low and high end of the gain's interval.")]
    level: Annotated[Share, Field(description="Confidence level of the interval.")]
    uncertainty: Annotated[
        UncertaintyFields | None,
        Field(description="What makes up the interval; null without an interval.", json_schema_extra=Later),
    ]
    repeats: Annotated[
        RepeatFields | None,
        Field(description="What further splits say; null if none were asked for.", json_schema_extra=Later),
    ]
    decided_by: Annotated[
        Literal["test", "fold_pairs"],
        Field(
            description="What verdict and reason rest on: the test rows, or out-of-fold pairs where these were asked "
            "for and made. Gain and interval are those of the test rows in both cases.",
            json_schema_extra=Later,
        ),
    ]
    fold_pairs: Annotated[
        FoldPairFields | None,
        Field(description="What out-of-fold pairs say; null if none were asked for.", json_schema_extra=Later),
    ]
    trust: Annotated[TrustFields, Field(description="How far the result can be believed.")]
    tradeoff: Annotated[
        Mapping[str, Mapping[str, Any]],
        Field(
            description="What was measured of both finalists after the verdict, which it does not change: one entry "
            "for each analysis that was made, by its name. `rows`, where an entry has them, are flat objects with the "
            "same keys; what each analysis measures is on the page on the trade-off.",
            json_schema_extra=Later,
        ),
    ]
    tradeoff_left_out: Annotated[
        Mapping[str, str],
        Field(description="Why an analysis that applies was not made, by its name.", json_schema_extra=Later),
    ]
    coverage: Annotated[
        list[CoverageFields],
        Field(
            description="How often prediction intervals or sets of labels held the truth of the test items, for each "
            "finalist and the blend, by target or label and level. Empty for goals without them.",
            json_schema_extra=Later,
        ),
    ]
    fail_on: Annotated[
        FailOnFields | None,
        Field(description="What --fail-on found; null if nothing was asked for.", json_schema_extra=Later),
    ]
    lineage: Annotated[
        LineageFields | None,
        Field(
            description="Of an update, the contests before it, whose settings it fitted without a search; null else.",
            json_schema_extra=Later,
        ),
    ]
    exports: Annotated[
        list[ExportFields],
        Field(
            description="Exports of this run's models, the latest of each side and format; written by automl export.",
            json_schema_extra=Later,
        ),
    ]
    runs: Annotated[
        list[RunFields],
        Field(min_length=1, description="Every run of both sides, the floor, and the blend where there is one."),
    ]
