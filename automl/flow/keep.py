"""Put a run on disk: the report in all its forms, and the model."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import bundle, catalog, report
from automl.errors import FolderError
from automl.records import Baseline, Section, Template
from automl.sides.ensemble import members_of
from automl.storage.files import refuse_link
from automl.system import shell

if TYPE_CHECKING:
    from automl.records import Outcome, Run

__all__ = ["keep", "keeps_rows"]


def keep(outcome: Outcome, predictors: dict[str, Any], recommended: str, folder: Path) -> dict[str, Any]:
    """Write the report's files and the bundle ``model/``; returns the contract's dict.

    Raises:
        FolderError: they could not be written; the journals and stored weights of the search are as they were.
    """
    try:
        report.write(outcome, folder, tuple(catalog.members(Section, "automl.report.sections").values()))
        result = report.result_dict(outcome)
        save(refuse_link(folder / "model"), outcome, predictors, recommended, result, folder)
    except FolderError as error:
        raise FolderError(
            f"{error}. The search is over and what it found is kept: once {folder} can be written, "
            f"{shell.flag('--out', str(folder))} --resume writes the report and the model "
            "(--budget gives it time for more)"
        ) from error
    return result


def save(
    target: Path,
    outcome: Outcome,
    predictors: dict[str, Any],
    recommended: str,
    result: dict[str, Any],
    folder: Path,
) -> Path:
    """Save what predicts as a bundle, with the report of run `folder` without its examples."""
    with tempfile.TemporaryDirectory() as scratch:
        page = report.render(folder, Path(scratch) / "report.html", examples=False, strict=False).read_text(
            encoding="utf-8"
        )
    return bundle.save(
        target,
        outcome.task,
        predictors,
        recommended,
        result,
        str(outcome.reproduce.get("recipe", "")),
        page,
        keeps_rows=keeps_rows([run for run in outcome.runs if run.finalist], outcome.runs),
    )


def keeps_rows(finalists: Sequence[Run], runs: Sequence[Run]) -> bool:
    """Whether the fitted state of one of these finalists holds training rows.

    Args:
        finalists: single models or ensembles.
        runs: all, the members of ensembles among them.
    """
    rooms = catalog.members(Baseline, "automl.baselines"), catalog.members(Template, "automl.templates")
    members = {name for run in finalists for name in members_of(run)}
    families = {run.family for run in finalists} | {run.family for run in runs if run.name in members}
    return any(known[name].keeps_rows for known in rooms for name in families if name in known)
