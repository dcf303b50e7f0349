"""The fields of ``result.json``: typed records that the writer fills, and the JSON schema that is made from them.

A field that is not in a record cannot be written, so ``docs/result.schema.json`` (`result_schema`) describes every one.
"""

from __future__ import annotations

from automl.report.result_fields.comparison import (
    FailOnFields,
    FoldPairFields,
    RepeatFields,
    TrustFields,
    UncertaintyFields,
    WouldDecideFields,
)
from automl.report.result_fields.data import ColumnFields, FindingFields, SplitFields, TaskFields
from automl.report.result_fields.exports import ExportFields, checked_exports
from automl.report.result_fields.lineage import AncestorFields, LineageFields
from automl.report.result_fields.result import ResultFields
from automl.report.result_fields.schema import SCHEMA, as_dict, result_schema
from automl.report.result_fields.sides import (
    CostFields,
    CoverageFields,
    LeadFields,
    RunFields,
    SideFields,
    ValidationFields,
)

__all__ = [
    "SCHEMA", "AncestorFields", "ColumnFields", "CostFields", "CoverageFields", "ExportFields", "FailOnFields",
    "FindingFields", "FoldPairFields", "LeadFields", "LineageFields",
    "RepeatFields", "ResultFields", "RunFields", "SideFields", "SplitFields", "TaskFields", "TrustFields",
    "UncertaintyFields", "ValidationFields", "WouldDecideFields", "as_dict",
    "checked_exports", "result_schema",
]  # fmt: skip
