"""Both sides: their time, what validation rows said, rates of use, runs and coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from automl.records.names import Side, Status
from automl.report.result_fields.types import Amount, Count, Later, Share

__all__ = ["CostFields", "CoverageFields", "LeadFields", "RunFields", "SideFields", "ValidationFields"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFields:
    """Time of a side in the whole contest."""

    offered_seconds: Annotated[
        Amount | None,
        Field(
            description="Seconds that it could have used: the same for both within a tenth, unless a finding "
            "`time_passed_over` says otherwise. Null without a bound on time."
        ),
    ]
    spent_seconds: Annotated[Amount, Field(description="Seconds that it used.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFields:
    """By how much the first of two contestants leads on validation rows."""

    gain: Annotated[float | None, Field(description="Positive: the first is better.")]
    noise: Annotated[Amount | None, Field(description="Its standard error; null where it cannot be measured.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationFields:
    """What validation rows said, before any test row was scored."""

    n_items: Annotated[Count, Field(description="Validation rows or windows.")]
    scores: Annotated[
        Mapping[Side, float | None],
        Field(description="Score by side on the same rows; that of the blend with weights chosen on other rows."),
    ]
    deep_lead: Annotated[LeadFields | None, Field(description="Lead of the deep finalist over the shallow one.")]
    blend_lead: Annotated[
        LeadFields | None,
        Field(description="Lead of the blend over the better finalist, with weights chosen on other rows."),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFields:
    """How much the model is used and what its errors cost, as given in the recipe."""

    retrains_per_year: Annotated[Amount, Field(description="Fits of all seeds a year.")]
    predictions_per_year: Annotated[Amount, Field(description="Predicted rows a year.")]
    false_alarm: Annotated[
        Amount,
        Field(description="Cost of predicting the positive class where it is not.", json_schema_extra=Later),
    ]
    miss: Annotated[
        Amount,
        Field(description="Cost of not predicting the positive class where it is.", json_schema_extra=Later),
    ]
    power_watts: Annotated[
        Amount, Field(description="Power that the busy processor is taken to draw.", json_schema_extra=Later)
    ]
    price_per_kwh: Annotated[Amount, Field(description="Price of a kilowatt hour.", json_schema_extra=Later)]
    same_cost_at: Annotated[
        Amount | None,
        Field(
            description="Predictions a year at which both finalists have the same total cost; null if one of them is "
            "the cheaper at any number."
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFields:
    """One run of a side, the floor, or the blend."""

    name: Annotated[str, Field(description="Unique within the result.")]
    side: Annotated[Side, Field(description="What it belongs to.")]
    family: Annotated[str, Field(description="Name of the template or baseline.", json_schema_extra=Later)]
    status: Annotated[Status, Field(description="How it ended.")]
    finalist: Annotated[bool, Field(description="Whether it is the finalist of its side; at most one a side.")]
    valid_score: Annotated[
        float | None,
        Field(description="Raw value of the metric on validation rows; the mean over n_holdouts of them."),
    ]
    test_score: Annotated[
        float | None,
        Field(description="Raw value of the metric on test rows; only for finalists, the blend and the floor."),
    ]
    fit_seconds: Annotated[Amount | None, Field(description="Time that its fit took.")]
    offered_seconds: Annotated[Amount | None, Field(description="Time that its side was offered in the whole contest.")]
    predict_ms: Annotated[Amount | None, Field(description="One row, in milliseconds.")]
    rows_per_second: Annotated[Amount | None, Field(description="Of a batch.")]
    hours_per_year: Annotated[
        Amount | None,
        Field(
            description="Total cost in CPU hours a year at the rates under costs: fits of all seeds, and predictions "
            "in batches. Only for finalists, the blend and the floor."
        ),
    ]
    peak_mib: Annotated[Amount | None, Field(description="Peak memory while fitting, in MiB.")]
    size_mib: Annotated[Amount | None, Field(description="Size on disk, in MiB.")]
    n_parameters: Annotated[Count | None, Field(description="Number of parameters.")]
    n_seeds: Annotated[Count, Field(description="Seeds that are averaged.")]
    n_holdouts: Annotated[int, Field(ge=1, description="Hold-outs whose mean valid_score is.")]
    refitted: Annotated[bool, Field(description="Of a finalist: each seed learnt from training and validation rows.")]
    device: Annotated[str, Field(description="Where it ran, and what it computed in where that is not float32.")]
    choices: Annotated[Mapping[str, Any], Field(description="Hyperparameters by name, plain values.")]
    failure: Annotated[
        str | None, Field(description="Why it failed or was cut, or what was tried first; null otherwise.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFields:
    """How often prediction intervals or sets of labels of a level held the truth of the test items."""

    run: Annotated[str, Field(description="Name of the run.")]
    side: Annotated[Side, Field(description="Of the run: deep, shallow or blend.")]
    of: Annotated[str, Field(description="The target or label; empty for the class.")]
    level: Annotated[Share, Field(description="How often the truth is to be held.")]
    coverage: Annotated[
        Share | None,
        Field(description="How often it was; null if there are too few held-out items for the level."),
    ]
    lowest: Annotated[
        Share | None,
        Field(
            description="The lowest coverage of a class, or of a step of the horizon, of those with at least 20 test "
            "items."
        ),
    ]
    size: Annotated[Amount | None, Field(description="Mean width in the target's units, or mean number of labels.")]
    n_items: Annotated[Count, Field(description="Test items whose truth is known.")]
    n_held_out: Annotated[
        Count,
        Field(
            description="Held-out units that the regions are made from; of the smallest class, if classes have regions "
            "of their own."
        ),
    ]
    unit: Annotated[str, Field(description="What is counted: row, group, window or step.")]
