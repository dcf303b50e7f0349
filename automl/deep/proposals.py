"""Proposes what the deep side tries next: settings of an oracle, neighbours of good ones, longer and short trials."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl.deep.oracle import vary as neighbour
from automl.deep.training.failure import explain
from automl.deep.training.loss_knobs import LOSS_KNOBS

if TYPE_CHECKING:
    from automl.deep.executor import Pool
    from automl.deep.family import Candidate, FamilySearch
    from automl.deep.lengths import Lengths
    from automl.deep.training.trainer import Trainer

__all__ = ["Proposals"]

LEAST_SHARE = 0.3
LEAST_SHORT_SECONDS = 1.0


class Proposals:
    """What a search of several templates tries next.

    Args:
        searches: of all templates.
        ranked: trials with a model, best first, in a list that changes.
        trainer: knows which networks are compiled.
        pool: runs the trials.
        lengths: how long trials should be.
        seed: any integer.
        note: called with a message for the user.
        reuse_shapes: whether neighbours of good settings whose network is compiled are tried before new shapes.
    """

    def __init__(
        self,
        searches: Sequence[FamilySearch],
        ranked: list[Candidate],
        trainer: Trainer,
        pool: Pool,
        lengths: Lengths,
        seed: int,
        note: Callable[[str], None],
        *,
        reuse_shapes: bool,
    ) -> None:
        self.searches, self.ranked, self.trainer, self.pool = searches, ranked, trainer, pool
        self.lengths, self.seed, self.note, self.reuse_shapes = lengths, seed, note, reuse_shapes
        self.trained_longer: set[str] = set()

    def soft_seconds(self, seconds: float, n_runs: int) -> float | None:
        """Seconds that a trial should take if its schedule is not shortened much by that; None for no such bound.

        Args:
            seconds: time allotted.
            n_runs: trials that ended.
        """
        n_holdouts = self.ranked[0].run.n_holdouts if self.ranked else None
        if not math.isfinite(seconds):
            return None
        share = self.lengths.share(n_runs, n_holdouts, self.pool.n_workers)
        wanted = min(share * seconds, self._before_refit(seconds))
        return wanted if wanted < seconds else None

    def _before_refit(self, seconds: float) -> float:
        """The most seconds for a trial that leave time for its refit; with several workers, all of them."""
        if not self.ranked or self.pool.n_workers > 1:
            return seconds
        return self.lengths.seconds_before_refit(seconds, self.ranked[0], self.trainer.training_data.growth)

    def _search_of(self, candidate: Candidate) -> FamilySearch | None:
        """The search of a candidate's template."""
        return next((search for search in self.searches if search.template is candidate.template), None)

    def longer(self, seconds: float, n_runs: int) -> tuple[FamilySearch, str] | None:
        """The search of the best trial and the oracle's number of its settings, if they deserve a longer schedule.

        Args:
            seconds: time allotted.
            n_runs: trials that ended.
        """
        search = self.waiting_for_longer()
        if search is None or not self.lengths.may_be_longer(self.ranked[0], n_runs, self._before_refit(seconds)):
            return None
        self.trained_longer.add(_key(self.ranked[0]))
        return search, search.oracle.enter(self.ranked[0].settings)

    def waiting_for_longer(self) -> FamilySearch | None:
        """The search of the best trial, if its schedule was shortened and it was not yet trained for longer."""
        if (
            not self.ranked
            or not self.lengths.is_shortened(self.ranked[0])
            or _key(self.ranked[0]) in self.trained_longer
        ):
            return None
        search = self._search_of(self.ranked[0])
        return search if search is not None and search.oracle.name in ("bayesian", "random") else None

    def ask(self, search: FamilySearch) -> str | None:
        """The oracle's number of the next settings."""
        cheap = self.reuse_shapes and search.neighbours > 0 and search.oracle.name in ("bayesian", "random")
        if cheap and search.best_settings is not None and not search.oracle.n_waiting:
            search.neighbours -= 1
            return self.vary(search)
        try:
            return search.oracle.ask()
        except Exception as error:  # KerasTuner's own errors, from a state or scores that an earlier call has left
            self.note(f"the search of {search.template.name} ends: its oracle failed ({explain(error).words})")
            search.exhausted = True
            return None

    def vary(self, search: FamilySearch) -> str:
        """The oracle's number of a neighbour of the template's best settings, with the same network shape."""
        rng = np.random.default_rng((self.seed, search.n_runs))
        knobs = (*search.template.knobs, *LOSS_KNOBS)
        return search.oracle.enter(neighbour(search.oracle.space, search.best_settings or {}, knobs, rng))

    def short_search(self, seconds: float) -> FamilySearch | None:
        """The search of the best template, if its best shape is compiled and the time is enough for a short schedule.

        The end of a budget is used in this way, once it is too short for a new shape.

        Args:
            seconds: time allotted.
        """
        if not self.ranked or self.pool.n_workers != 1 or not self.reuse_shapes:
            return None
        best = self.ranked[0]
        search = self._search_of(best)
        if search is None or search.best_settings is None or search.oracle.name not in ("bayesian", "random"):
            return None
        fit = best.fit
        least = LEAST_SHARE * (fit.seconds - fit.compile_seconds) * best.run.n_holdouts
        ready = self.trainer.is_ready(search.template, search.best_settings)
        return search if ready and seconds >= max(LEAST_SHORT_SECONDS, least) else None

    def least_seconds(self, search: FamilySearch) -> float:
        """The least time for which a trial is started.

        Compilation cannot be interrupted, and a trial that is cut very early teaches nothing.
        """
        if not self.ranked:
            return max(1.0, LEAST_SHARE * search.seconds)  # of trials that left nothing
        typical = float(np.median([candidate.run.cost.fit_seconds for candidate in self.ranked]))
        n_fits = self.ranked[0].run.n_holdouts  # a trial judged on fewer hold-outs than the best ranks behind it
        compile_seconds = search.compile_seconds
        if not search.n_runs:  # its network is not built yet: those of other templates tell how long that takes
            compile_seconds = max(other.compile_seconds for other in self.searches)
        return compile_seconds + n_fits * LEAST_SHARE * typical


def _key(candidate: Candidate) -> str:
    """A candidate's settings as one text; equal settings of a template give equal texts."""
    return f"{candidate.template.name} {json.dumps(candidate.settings, sort_keys=True)}"
