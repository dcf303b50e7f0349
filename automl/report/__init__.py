"""The report of a run: a page for people in HTML and Markdown, and ``result.json`` for programs."""

from __future__ import annotations

from automl.report.exports import is_run, note_export
from automl.report.page import kind_of, known_sections, render, shareable, write, write_again
from automl.report.reading import read, read_result
from automl.report.result import result_dict
from automl.report.result_fields import result_schema
from automl.report.unquoted import without_exceptions

__all__ = [
    "is_run", "kind_of", "known_sections", "note_export", "read", "read_result", "render", "result_dict",
    "result_schema", "shareable", "without_exceptions", "write", "write_again",
]  # fmt: skip
