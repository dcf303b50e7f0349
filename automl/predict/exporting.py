"""Exports of a run's model, whose figures go into the report of the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import report
from automl.errors import FolderError
from automl.export import Exported, export

if TYPE_CHECKING:
    from automl.predict.side_model import SideModel

__all__ = ["export_of_run"]


def export_of_run(
    side: SideModel, path: str | Path, format: str, rows: Any, result: Mapping[str, Any], folder: Path | None  # noqa: A002
) -> Exported:  # fmt: skip
    """Export a side, and write size and latency into the report of its run.

    Args:
        side: to export.
        path: as for `automl.export.export`.
        format: as for `automl.export.export`.
        rows: as for `automl.export.export`.
        result: the content of ``result.json``; of a dict its ``exports`` are replaced.
        folder: of the run, or of a saved model alone, which has no report of costs; None for neither.

    Returns:
        What was exported. Where the run cannot be written, the export stays and its `report_note` says why.

    Raises:
        InputError: as `automl.export.export`.
    """
    made = export(side, path, format, rows, result)
    if folder is None or "difference" not in made.manifest or not report.is_run(folder):
        return made
    try:
        exports = report.note_export(folder, made.manifest, report.known_sections())
    except FolderError as error:
        return dataclasses.replace(made, report_note=f"not written into the report of {folder}: {error}")
    if isinstance(result, dict):
        result["exports"] = exports
    return dataclasses.replace(made, report_note=f"written into the costs in {folder / 'report.html'}")
