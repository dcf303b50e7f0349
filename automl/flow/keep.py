"""Writes the results of a run: the report in all its forms, and the model as a bundle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import bundle, report
from automl.errors import BundleError, FolderError
from automl.flow.environment import write_asked
from automl.records import Finding
from automl.sides.training_rows import keeps_rows
from automl.storage.files import refuse_link
from automl.system import shell

if TYPE_CHECKING:
    from automl.records import Outcome

__all__ = ["keep", "keeps_rows"]


def keep(
    outcome: Outcome,
    predictors: dict[str, Any],
    recommended: str,
    folder: Path,
    reference: Mapping[str, Any] | None = None,
) -> tuple[Outcome, dict[str, Any]]:
    """Write the report's files and the bundle ``model/``.

    Returns:
        The outcome, with a finding where a model is of types that cannot be saved, and the content of ``result.json``.

    Raises:
        FolderError: they could not be written. The journals and stored weights of the search are unchanged.
    """
    try:
        result = _report(outcome, folder)
        try:
            save(refuse_link(folder / "model"), outcome, predictors, recommended, reference)
        except BundleError as error:  # the contest is over: what it found is not lost with the model
            outcome = dataclasses.replace(outcome, findings=(_not_saved(error), *outcome.findings))
            result = _report(outcome, folder)
    except FolderError as error:
        raise FolderError(
            f"{error}. The search is over and what it found is kept: once {folder} can be written, "
            f"{shell.flag('--out', str(folder))} --resume writes the report and the model "
            "(--budget gives it time for more)"
        ) from error
    return outcome, result


def _report(outcome: Outcome, folder: Path) -> dict[str, Any]:
    result = report.write(outcome, folder, report.known_sections())
    write_asked(outcome.recipe, outcome.task, folder)
    return result


def _not_saved(error: BundleError) -> Finding:
    return Finding(
        "model_not_saved", "high", f"The models were not saved ({error}).",
        "They predict in this process only. See the page on adding a baseline for the types that a model may hold.",
        quoted=str(error),
    )  # fmt: skip


def save(
    target: Path,
    outcome: Outcome,
    predictors: dict[str, Any],
    recommended: str,
    reference: Mapping[str, Any] | None = None,
) -> Path:
    """Save the predictors as a bundle, with a report that holds no rows and no words of exceptions."""
    unquoted = report.without_exceptions(outcome)
    return bundle.save(
        target,
        outcome.task,
        predictors,
        recommended,
        report.result_dict(unquoted),
        str(outcome.reproduce.get("recipe", "")),
        report.shareable(unquoted, report.known_sections()),
        keeps_rows=keeps_rows([run for run in outcome.runs if run.finalist], outcome.runs),
        reference=reference or None,
    )
