"""What the deep side knows of a template, what it keeps of a run, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from automl.deep.messages import TrialSpec
    from automl.deep.oracle import Oracle
    from automl.deep.training.trial import Fit, Snapshot
    from automl.records import Run, Template

__all__ = ["Candidate", "FamilySearch", "PendingTrial"]


@dataclass(slots=True, eq=False)
class FamilySearch:
    """One template's search: its adviser and what it has cost and brought.

    Attributes:
        prior: how promising it is on data like this, 1 for neutral.
        peers: scores of its trials at the gates.
        variants: cheap neighbours of the best setting still to try.
        best: the best score, with its settings and seconds spent on compiling and in all.
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
    """A run whose weights are still in memory.

    Attributes:
        fits: on the first hold-out, one a seed.
        others: raw outputs on the validation rows of the other hold-outs, where it was judged on them.
        stored: an earlier process left it, and nobody has seen its weights fit.
    """

    run: Run
    template: Template
    settings: dict[str, Any]
    fits: list[Fit] = field(default_factory=list)
    others: tuple[np.ndarray, ...] = ()
    stored: bool = False

    @property
    def raws(self) -> tuple[np.ndarray, ...]:
        """Raw outputs on the validation rows of each hold-out it was judged on."""
        return (self.fits[0].raw_valid, *self.others)


@dataclass(frozen=True, slots=True)
class PendingTrial:
    """What is under way: its lane, the adviser's number, where the setting came from, and a snapshot to go on from.

    Attributes:
        again: an earlier call had begun it.
    """

    search: FamilySearch
    number: str
    spec: TrialSpec
    snapshot: Snapshot | None = None
    again: bool = False
