"""Exports of a run's models in its report and its ``result.json``: size and latency beside the model's own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.errors import FolderError
from automl.records import Section
from automl.report import page, words
from automl.report.reading import read, read_result
from automl.report.result_fields import ExportFields, as_dict, checked_exports
from automl.report.sections.costs import COSTS
from automl.storage import files as folders

__all__ = ["is_run", "note_export"]

MIB = 2**20


def is_run(folder: Path) -> bool:
    """Whether a folder is one of a finished run, and not a saved model alone."""
    return all((folder / name).is_file() for name in ("result.json", "report.json"))


def note_export(folder: Path, manifest: Mapping[str, Any], sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Write an export into ``result.json`` and into the costs section of a run's report, whose pages are made again.

    An earlier export of the same side in the same format gives way.

    Args:
        folder: of a finished run.
        manifest: the content of ``export.json``, with differences and latencies.
        sections: all to show, those of plug-ins too.

    Returns:
        All exports of the run, as ``result.json`` holds them.

    Raises:
        FolderError: the run was altered, is being written by another process, or cannot be written; then nothing is.
    """
    folders.check_plain(folder)
    with folders.locked(folder):
        content, result = read(folder), read_result(folder)
        try:
            known = checked_exports(result.get("exports", []))
        except ValueError as error:
            raise FolderError(
                f"the exports in {folder / 'result.json'} are not as automl writes them; was it altered? Run the "
                "contest again"
            ) from error
        new = _fields(manifest)
        kept = [one for one in known if (one.side, one.format) != (new.side, new.format)]
        rows: list[dict[str, Any]] = as_dict([*kept, new])
        shown = _with_table(content, _table([*kept, new]))
        page.write_stored(shown, {**result, "exports": rows}, folder, sections, poorer=False)
    return rows


def _fields(manifest: Mapping[str, Any]) -> ExportFields:
    ms, rows = manifest["latency_ms"], manifest["rows"]
    return ExportFields(
        format=manifest["format"],
        side=manifest["side"],
        written=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        size_bytes=sum(manifest["files"].values()),
        file_ms=ms["file"],
        reader_ms=ms["reader"],
        model_ms=ms["predict"],
        difference=dict(manifest["difference"]),
        tolerance=manifest["tolerance"],
        n_rows=rows["n"],
        rows=rows["from"],
    )


def _with_table(content: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The stored report with the table in its costs; a report without costs as it is."""
    parts = [
        {**part, "data": {**part["data"], "exports": table}} if part["name"] == COSTS.name and part["data"] else part
        for part in content["sections"]
    ]
    return {**content, "sections": parts}


def _table(exports: Sequence[ExportFields]) -> dict[str, Any]:
    return {
        "label": "Exports",
        "columns": ["format", "side", "size", "file", "reader", "model", "differs by", "rows"],
        "rows": [
            [
                one.format,
                {"side": one.side},
                words.mebibytes(one.size_bytes / MIB),
                f"{words.rough(one.file_ms)} ms",
                f"{words.rough(one.reader_ms)} ms",
                f"{words.rough(one.model_ms)} ms",
                ", ".join(f"{name} {gap:.2g}".replace("-", "\N{MINUS SIGN}") for name, gap in one.difference.items()),
                f"{one.n_rows:,} {one.rows}",
            ]
            for one in exports
        ],
        "numeric": [2, 3, 4, 5],
    }
