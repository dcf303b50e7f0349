"""The task, the columns, the findings and the split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from automl.records import GOALS, MODALITIES
from automl.records.names import GoalName, Kind, ModalityName, Severity
from automl.report.result_fields.types import Count, Later, Share

__all__ = ["ColumnFields", "FindingFields", "SplitFields", "TaskFields"]


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
