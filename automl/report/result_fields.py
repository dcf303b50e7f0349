"""The fields of ``result.json``: typed records that the writer fills, and the JSON schema that is made from them.

A field that is not in a record cannot be written, so ``docs/result.schema.json`` (`result_schema`) describes every one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from automl.records import GOALS, MODALITIES
from automl.records.names import Cause, GoalName, Kind, ModalityName, Severity, Side, Status, Stopped

__all__ = [
    "SCHEMA", "AncestorFields", "ColumnFields", "CostFields", "CoverageFields", "ExportFields", "FailOnFields",
    "FindingFields", "FoldPairFields", "LeadFields", "LineageFields",
    "RepeatFields", "ResultFields", "RunFields", "SideFields", "SplitFields", "TaskFields", "TrustFields",
    "UncertaintyFields", "ValidationFields", "WouldDecideFields", "as_dict", "checked_exports", "result_schema",
]  # fmt: skip

SCHEMA: Final = 1
"""Version of the contract: raised when a field changes its meaning, not when one is added."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFields:
    """What was to be done, and why automl thinks so."""

    modality: Annotated[
        ModalityName,
        Field(description="Kind of the data; a plug-in may add one.", json_schema_extra={"examples": list(MODALITIES)}),
    ]
    goal: Annotated[
        GoalName,
        Field(description="What is predicted; a plug-in may add one.", json_schema_extra={"examples": list(GOALS)}),
    ]
    target: Annotated[list[str], Field(description="Names of the target columns.")]
    metric: Annotated[str, Field(description="Name of the metric that decides, such as roc_auc.")]
    higher_is_better: Annotated[bool, Field(description="Direction of the metric.")]
    evidence: Annotated[list[str], Field(description="Sentences that explain modality, goal and metric.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFields:
    """An input column and how it was read."""

    name: Annotated[str, Field(description="As in the data.")]
    kind: Annotated[Kind, Field(description="How its cells are read.")]
    confidence: Annotated[Share, Field(description="How sure automl is of the kind.")]
    evidence: Annotated[str, Field(description="Why it has this kind, in a sentence.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFields:
    """What the user should know about the data or the run."""

    check: Annotated[str, Field(description="The check's name, in snake_case.")]
    severity: Annotated[Severity, Field(description="How much the result depends on it.")]
    message: Annotated[str, Field(description="What was found, in sentences.")]
    next_step: Annotated[str, Field(description="What to do about it.")]
    columns: Annotated[list[str], Field(description="Columns concerned.")]
    rows: Annotated[list[int], Field(description="Up to 20 rows concerned.")]
    count: Annotated[Count, Field(description="Rows concerned in all.")]
    test_from: Annotated[
        Count | None,
        Field(
            description="Rows from this number on are rows of the user's own test data, whose first row it is. Null "
            "where there are none."
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFields:
    """How the rows were parted before anything was fitted."""

    rule: Annotated[str, Field(description="In words.")]
    seed: Annotated[int, Field(description="Of the draw.")]
    n_train: Annotated[Count, Field(description="Training rows or windows.")]
    n_valid: Annotated[Count, Field(description="Validation rows or windows.")]
    n_test: Annotated[Count, Field(description="Test rows or windows.")]
    units: Annotated[str, Field(description="What is resampled for the interval: row, group, block, window or series.")]
    n_unlabelled: Annotated[
        Count,
        Field(
            description="Rows without a target that both sides could learn from, with pretrain. None is scored.",
            json_schema_extra=Later,
        ),
    ]


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
class FailOnFields:
    """Conditions under which the command ended with exit code 3."""

    asked: Annotated[str, Field(description="The conditions, as they were asked for.")]
    failed: Annotated[
        list[str],
        Field(description="Those that hold, each with what was found; empty if none does. One about what was not "
              "measured holds."),
    ]  # fmt: skip


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


class _Schema(GenerateJsonSchema):
    """pydantic's schema without titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field has a title beside its name."""
        return False


def result_schema() -> dict[str, Any]:
    """The JSON schema of ``result.json``; fields that earlier versions did not write are not required."""
    content = TypeAdapter(ResultFields).json_schema(schema_generator=_Schema, mode="validation")
    for part in (content, *content["$defs"].values()):
        part.pop("title", None)
        later = [name for name, one in part.get("properties", {}).items() if one.pop(LATER, False)]
        for name in later:
            one = part["properties"][name]
            one["description"] += " Absent in results of earlier versions."
        part["required"] = [name for name in part["required"] if name not in later]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "result.json of an automl run",
    }
    return {**head, **content}


def checked_exports(value: Any) -> list[ExportFields]:
    """The field `exports` of a result that was read.

    Raises:
        ValueError: it is not as automl writes it.
    """
    return TypeAdapter(list[ExportFields]).validate_python(value)


def as_dict(record: Any) -> Any:
    """A record and those within it as dicts; all else as it is."""
    if dataclasses.is_dataclass(record):
        return {field.name: as_dict(getattr(record, field.name)) for field in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {key: as_dict(value) for key, value in record.items()}
    return [as_dict(value) for value in record] if isinstance(record, (list, tuple)) else record
