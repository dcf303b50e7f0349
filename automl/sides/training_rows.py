"""Which finalists hold rows that they learnt from."""

from __future__ import annotations

from collections.abc import Sequence

from automl import catalog
from automl.records import Baseline, Run, Template
from automl.sides.ensemble import members_of

__all__ = ["keeps_rows"]


def keeps_rows(finalists: Sequence[Run], runs: Sequence[Run]) -> bool:
    """Whether the fitted state of one of these finalists holds training rows.

    Args:
        finalists: runs of single models or ensembles.
        runs: all runs, including the members of ensembles.
    """
    rooms = catalog.members(Baseline, "automl.baselines"), catalog.members(Template, "automl.templates")
    members = {name for run in finalists for name in members_of(run)}
    families = {run.family for run in finalists} | {run.family for run in runs if run.name in members}
    return any(known[name].keeps_rows for known in rooms for name in families if name in known)
