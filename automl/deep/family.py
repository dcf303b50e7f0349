"""The deep side's state: the search of each template, the candidates for the finalist, and pending trials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from automl.deep.messages import TrialSpec
    from automl.deep.oracle import Oracle
    from automl.deep.training.records import Fit, Snapshot
    from automl.records import Run, Template
    from automl.sides.ranking import Standing

__all__ = ["Candidate", "FamilySearch", "PendingTrial"]


@dataclass(slots=True, eq=False)
class FamilySearch:
    """The family search of one template: its oracle, its cost so far and its best result.

    Attributes:
        template: the template that is searched.
        oracle: proposes settings.
        prior: how promising the template is on data like this; 1 is neutral.
        n_runs: trials begun.
        n_failed: trials that left no score.
        seconds: time that its trials took.
        best: the best score so far.
        best_settings: the settings of that score.
        exhausted: there is nothing left to try.
        compile_seconds: the longest compilation so far.
        neighbours: cheap neighbours of the best settings that are still to be tried.
        peers: scores of its trials at the milestones of the pruner.
    """

    template: Template
    oracle: Oracle
    prior: float = 1.0
    n_runs: int = 0
    n_failed: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_settings: dict[str, Any] | None = None
    exhausted: bool = False
    compile_seconds: float = 0.0
    neighbours: int = 0
    peers: list[list[float | None]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Candidate:
    """A run whose weights are in memory, so that it can become the finalist or a member of an ensemble.

    Attributes:
        run: the record of the run.
        template: its template.
        settings: its hyperparameters.
        fit: the fit on the first hold-out.
        others: raw outputs on the validation rows of the other hold-outs; empty if it was not judged on them.
        stored: an earlier process stored the weights, and it is not yet checked that they fit the network.
        refits: fits of the same settings on training and validation rows, one for each seed.
        standing: what it is ranked by; None until it is ranked.
    """

    run: Run
    template: Template
    settings: dict[str, Any]
    fit: Fit
    others: tuple[np.ndarray, ...] = ()
    stored: bool = False
    refits: list[Fit] = field(default_factory=list)
    standing: Standing | None = None

    @property
    def raws(self) -> tuple[np.ndarray, ...]:
        """Raw outputs on the validation rows of each hold-out that the run was judged on."""
        return (self.fit.raw_valid, *self.others)


@dataclass(frozen=True, slots=True)
class PendingTrial:
    """A trial that is under way.

    Attributes:
        search: the family search that it belongs to.
        number: the oracle's number of its settings.
        spec: what to run.
        snapshot: the state to resume from, or None.
        again: an earlier call began it.
    """

    search: FamilySearch
    number: str
    spec: TrialSpec
    snapshot: Snapshot | None = None
    again: bool = False
