"""The frozen records and protocols that packages exchange; nothing here computes.

Only the standard library is imported at run time; arrays and frames appear in annotations only.

Conventions that every package relies on:

- *Rows* are positions ``0 .. n_rows-1`` of one `Dataset`; all row sets are sorted 1-D ``int64`` arrays.
- *Classes* are codes ``0 .. n_classes-1``, positions in ``task.classes``.
- *Truth* is the target as metrics read it (`TargetCodec.truth`): ``(n,)`` int64 codes for binary and multiclass;
  ``(n, n_labels)`` int8 for multilabel; ``(n, n_targets)`` float64 for regression;
  ``(n_windows, horizon, n_targets)`` float64 for forecast. NaN in float64 stands for a value that is not known
  (missing, or filled in: `Dataset.observed`): losses and metrics leave such cells out.
- *Forecast windows* are ``(n_windows, horizon)`` arrays of row numbers: the target rows of each window,
  consecutive rows of one series. The context of a window is the rows of its series before its first row.
  A forecast `Dataset` is sorted by (series, time), so each series is one contiguous block of rows.
"""

from automl.records.analysis import Analysis, AnalysisContext, AnalysisFacts, Refit, SidePredictor
from automl.records.asked import Ancestor, Costs, FixedSettings, Inherited, Recipe, SearchOptions
from automl.records.column_arrays import ColumnArrays, DistinctCells, Table
from automl.records.contestants import Baseline, Contender, FitContext, ShallowModel, Template
from automl.records.corruption import Corruption, CorruptionInputs
from automl.records.data import VOID, Column, Dataset, Finding, Mask, Split, Task, encoded_columns
from automl.records.goal import Calibration, Example, Goal, HeldOut, Regions
from automl.records.modality import ArrayForm, Modality
from automl.records.names import (
    DRAWN,
    FILE_KINDS,
    GOALS,
    KINDS,
    MIN_LEVEL_ROWS,
    MODALITIES,
    NGRAM_BITS,
    NUMERIC_KINDS,
    ORDERED_KINDS,
    PLUGIN_GROUP,
    PRETRAINED,
    QUANTITY_KINDS,
    START,
    UNLABELLED,
    UNUSED,
    UNUSED_KINDS,
    Answers,
    DeviceWish,
    Family,
    GoalName,
    InputKind,
    Items,
    Kind,
    ModalityName,
    OnOdd,
    OutputKind,
    PrecisionWish,
    Severity,
    Side,
    Status,
    Tier,
)
from automl.records.network import LOSSES, Encoder, Facts, Head, InputSpec, Metric, Output, TargetCodec
from automl.records.outcome import (
    Champion,
    Comparison,
    Contestant,
    Cost,
    Coverage,
    FoldPairs,
    Lead,
    Outcome,
    Repeats,
    Run,
    Section,
    WouldDecide,
)

__all__ = [
    "DRAWN", "FILE_KINDS", "GOALS", "KINDS", "LOSSES", "MIN_LEVEL_ROWS", "MODALITIES", "NGRAM_BITS", "NUMERIC_KINDS",
    "ORDERED_KINDS", "PLUGIN_GROUP", "PRETRAINED", "QUANTITY_KINDS", "START", "UNLABELLED", "UNUSED",
    "UNUSED_KINDS", "VOID", "Analysis", "AnalysisContext", "AnalysisFacts", "Ancestor", "Answers", "ArrayForm",
    "Baseline",
    "Calibration", "Champion", "Column", "ColumnArrays", "Comparison", "Contender", "Contestant", "Corruption",
    "CorruptionInputs", "Cost", "Costs", "Coverage", "Dataset", "DeviceWish", "DistinctCells", "Encoder", "Example",
    "Facts", "Family", "Finding", "FitContext", "FixedSettings", "FoldPairs", "Goal", "GoalName", "Head", "HeldOut",
    "Inherited", "InputKind", "InputSpec", "Items", "Kind", "Lead", "Mask", "Metric", "Modality", "ModalityName",
    "OnOdd",
    "Outcome", "Output", "OutputKind", "PrecisionWish", "Recipe", "Refit", "Regions", "Repeats", "Run",
    "SearchOptions", "Section", "Severity", "ShallowModel", "Side", "SidePredictor", "Split", "Status", "Table",
    "TargetCodec", "Task", "Template", "Tier", "WouldDecide", "encoded_columns",
]  # fmt: skip
