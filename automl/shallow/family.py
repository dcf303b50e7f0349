"""What the shallow side knows of a family, and what it keeps of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.records import Baseline, Output, Run
from automl.shallow.archive import Proposals

__all__ = ["Candidate", "FamilySearch"]

SEARCH_STATE = ("n", "n_runs", "seconds", "used", "capped", "exhausted", "failures")


@dataclasses.dataclass(eq=False)
class FamilySearch:
    """One family: its settings and what is known of it.

    Attributes:
        fresh: default first, then random settings.
        tried: settings fitted, as text.
        n: fits so far, without a default that is to be tried again on fewer rows.
        n_runs: all of them.
        best: its best run's settings and validation score.
        seconds: of its slowest whole fit on all training items; 0 if there was none.
        used: the most that one of its fits was given and took.
        capped: rows that a fit may use, once a full one has proved too slow.
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
        """Note a run's settings if it is the best so far; `rank` turns scores so that more is better."""
        if self.best is None or rank(score) > rank(self.best_score):
            self.best, self.best_score = settings, score

    def state(self) -> dict[str, Any]:
        """What another process needs to go on, as JSON types; settings tried and the best come from the runs."""
        own = {name: getattr(self, name) for name in SEARCH_STATE}
        return {**own, "drawn": self.fresh.drawn, "waiting": [dict(one) for one in self.fresh.waiting]}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` of an earlier process said."""
        for name in SEARCH_STATE:
            setattr(self, name, state[name])
        self.fresh.go_on(state["drawn"], list(state["waiting"]))


@dataclasses.dataclass(eq=False)
class Candidate:
    """A run with its fitted models on the first hold-out (pickled, one a seed) and validation outputs.

    Attributes:
        outputs: on the validation items of each hold-out that it was judged on.
    """

    run: Run
    search: FamilySearch
    settings: Mapping[str, Any]
    models: list[bytes]
    outputs: tuple[Output, ...]
    take: np.ndarray | None
