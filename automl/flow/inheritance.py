"""What an outcome says of the earlier contest whose settings were taken over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from automl.records import Finding
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.records import Inherited, Outcome

__all__ = ["as_updated"]


def as_updated(outcome: Outcome, inherited: Inherited) -> Outcome:
    """The outcome with its lineage, a finding on it, and the call that makes it again.

    Args:
        outcome: of a contest without a search.
        inherited: what it took over.
    """
    again = {**outcome.reproduce, "command": inherited.command, "python": inherited.python}
    findings = outcome.findings
    if inherited.lineage:
        parent = inherited.lineage[-1]
        message = (
            f"Both finalists have the settings of the contest in {parent.folder}, fitted on its rows and "
            f"{counted(inherited.n_new, 'new row')}; nothing was searched. No row that chose these settings tests."
        )
        step = "Search again where the score falls from update to update."
        findings = (*findings, Finding("updated", "low", message, step, count=inherited.n_new))
    return dataclasses.replace(outcome, inherited=inherited, reproduce=again, findings=findings)
