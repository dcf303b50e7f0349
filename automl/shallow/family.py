"""The shallow side's state: the search of each family, and the candidates for the finalist."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.records import Baseline, Output, Run
from automl.shallow.archive import Proposals
from automl.sides.ranking import Standing

__all__ = ["Candidate", "FamilySearch"]

SEARCH_STATE = ("n", "n_runs", "seconds", "used", "capped", "exhausted", "failures")


@dataclasses.dataclass(eq=False)
class FamilySearch:
    """The search of one family.

    Attributes:
        baseline: the family.
        fresh: proposals of settings: the default first, then random ones.
        tried: settings fitted so far, as text.
        n: fits so far, without a fit of the default that is to be repeated on more or fewer rows.
        n_runs: all fits so far.
        best: settings of its best run.
        best_score: validation score of its best run.
        seconds: expected time of a fit on all training items, by its slowest fits; 0 if not known yet.
        used: longest time that one of its fits took.
        capped: most rows that a fit may use, once a fit proved too slow; None for all rows.
        exhausted: there is nothing left to try.
        failures: failed fits of the default on fewer rows.
    """

    baseline: Baseline
    fresh: Proposals
    tried: set[str] = dataclasses.field(default_factory=set)
    n: int = 0
    n_runs: int = 0
    best: Mapping[str, Any] | None = None
    best_score: float | None = None
    seconds: float = 0.0
    used: float = 0.0
    capped: int | None = None
    exhausted: bool = False
    failures: int = 0

    @property
    def strong(self) -> bool:
        """Whether its tier is the strong one."""
        return self.baseline.tier == "strong"

    def lead(self, settings: Mapping[str, Any], score: float, rank: Callable[[float | None], float]) -> None:
        """Take in a run: keep its settings if it is the best so far.

        Args:
            settings: settings of the run.
            score: its adjusted validation score.
            rank: turns a score so that higher is better.
        """
        if self.best is None or rank(score) > rank(self.best_score):
            self.best, self.best_score = settings, score

    def state(self) -> dict[str, Any]:
        """The state that another process needs to resume, as JSON types. It reads `tried` and `best` from the runs."""
        own = {name: getattr(self, name) for name in SEARCH_STATE}
        return {**own, "drawn": self.fresh.drawn, "waiting": [dict(settings) for settings in self.fresh.waiting]}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned in an earlier process."""
        for name in SEARCH_STATE:
            setattr(self, name, state[name])
        self.fresh.go_on(state["drawn"], list(state["waiting"]))


@dataclasses.dataclass(eq=False)
class Candidate:
    """A run whose models are in memory, so that it can become the finalist or a member of an ensemble.

    Attributes:
        run: the record of the run.
        search: its family search.
        settings: its settings.
        model: pickled model of the first hold-out.
        outputs: predictions for the validation items of each hold-out that it was judged on.
        take: positions of the training items that it was fitted on; None for all.
        refits: pickled models of the same settings that learnt from training and validation items, one for each seed.
        standing: what it is ranked by; None until it is ranked.
        refit_seconds: time of the last refit, the way to the worker and back included; None if there was none.
    """

    run: Run
    search: FamilySearch
    settings: Mapping[str, Any]
    model: bytes
    outputs: tuple[Output, ...]
    take: np.ndarray | None
    refits: list[bytes] = dataclasses.field(default_factory=list)
    standing: Standing | None = None
    refit_seconds: float | None = None
