"""What an outcome says of the earlier contest whose settings were taken over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from automl.records import Finding
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.records import Inherited, Outcome

__all__ = ["as_updated"]

MOST_ROWS = 20
"""Rows that a finding names."""


def as_updated(outcome: Outcome, inherited: Inherited, row_numbers: np.ndarray | None = None) -> Outcome:
    """The outcome with its lineage, findings on it, and the call that makes it again.

    Args:
        outcome: of a contest without a search.
        inherited: what it took over.
        row_numbers: ``(n,)`` positions of the contest's rows in its data, see `Dataset.row_numbers`; None for 0 to n-1.
    """
    again = {**outcome.reproduce, "command": inherited.command, "python": inherited.python}
    findings = outcome.findings
    if inherited.lineage:
        folder = inherited.lineage[-1].folder
        test = outcome.split.test
        places = test if row_numbers is None else row_numbers[test]
        chose = _chose(places, inherited.chose)
        told = "" if chose.any() else " No row that chose these settings tests."
        if inherited.n_repeats:
            verb = "repeats" if inherited.n_repeats == 1 else "repeat"
            rest = "; those that repeat a row of training or validation do not test." if told else "."
            told += f" {counted(inherited.n_repeats, 'new row')} {verb} an old row word for word{rest}"
        message = (
            f"Both finalists have the settings of the contest in {folder}, fitted on its rows and "
            f"{counted(inherited.n_new, 'new row')}; nothing was searched.{told}"
        )
        step = "Search again where the score falls from update to update."
        findings = (*findings, Finding("updated", "low", message, step, count=inherited.n_new))
        if chose.any():
            findings = (*findings, _tested_again(chose, folder, places))
    return dataclasses.replace(outcome, inherited=inherited, reproduce=again, findings=findings)


def _chose(places: np.ndarray, chose: np.ndarray | None) -> np.ndarray:
    """``(n_test,)`` bool: test rows that chose the settings, by their positions in the data."""
    if chose is None:
        return np.zeros(len(places), bool)
    inside = (places >= 0) & (places < len(chose))  # the user's own test data follow
    return np.asarray(inside & chose[np.where(inside, places, 0)])


def _tested_again(chose: np.ndarray, folder: str, places: np.ndarray) -> Finding:
    n = int(chose.sum())
    message = (
        f"{n:,} of the {counted(len(chose), 'test row')} chose the settings in {folder} or repeat a row that did: the "
        "latest of all rows test, and they are among them. The scores are too good for these settings."
    )
    step = "Update with rows that are later than all of the earlier contest, or run a new contest on all rows."
    rows = tuple(int(place) for place in places[chose][:MOST_ROWS])
    return Finding("tested_again", "high", message, step, rows=rows, count=n)
