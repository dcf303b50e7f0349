"""How long a trial may be: its share of the time left, and which settings are worth a longer schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl import goals
from automl.deep.finalist import FEW_ROWS
from automl.layers.fusion import TABLE_KINDS

if TYPE_CHECKING:
    from automl.deep.family import Candidate
    from automl.records import InputSpec, Task

__all__ = ["Lengths"]

SMALL_ROWS = 5_000
"""Of fewer training rows of a table, or fewer whole series, several short trials find more than one long one (decisions
30 and 40)."""
WANTED_TRIALS, WANTED_ON_SERIES, LAST_TRIALS = 6, 3, 2
SHORTEST_SHARE = 0.2
"""The smallest share of its schedule that a trial on few rows is given."""
FIRST_SHARES = (1 / 5, 1 / 3)
"""Of the time left, what the first trials on other data get: otherwise the first one takes all of it (decisions 42 and
44)."""
FIRST_SHARES_ON_TABLES = (1 / 5, 2 / 5)
"""The same on larger tables, where the time of a refit of the first trial is no longer left for the second one."""
SHORTEST_FIRST_SHARE = 0.1
FIRST_SHARE_OF_WORKERS = 0.4
REFIT_COST = 1.3
"""Seconds that a refit on as many rows is reckoned with for each second of a trial's steps (`budget.allocation`)."""
MOST_LONGER_REFIT = 3.0
"""How many times as long the schedule of a refit may be, beyond its growth with the rows, if the clock shortened that
of the search (decision 46)."""
UNSATISFIED_SHARE = 0.8
"""A best epoch after this share of a shortened schedule says that more of it would have been better."""
LONGER = 1.5
"""How many times as many steps the best settings must get to be trained once more, if their schedule was shortened."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The rules for one contest's data.

    Attributes:
        n_train: training rows.
        wanted_trials: the trials that share the first of the time; 0 where no number of them is wanted.
        steps_first: whether the steps of a longer schedule bring more than the rows that a refit adds: on pictures, and
            on many rows of other data than tables, unless these are windows of a forecast, whose latest rows a refit
            adds. On tables the refit brings more (decision 46).
        refits_longer: whether a refit may have more of its schedule than the clock left of it in the search: on tables
            on which no number of trials is wanted.
    """

    n_train: int
    wanted_trials: int
    steps_first: bool
    refits_longer: bool = False

    @classmethod
    def of(cls, n_train: int, task: Task, specs: Sequence[InputSpec]) -> Lengths:
        """The rules for so many training rows of these inputs."""
        kinds = {spec.kind for spec in specs}
        wanted = 0
        if n_train < SMALL_ROWS and kinds <= set(TABLE_KINDS):
            wanted = WANTED_TRIALS
        elif n_train < SMALL_ROWS and kinds == {"series"} and not goals.named(task).in_windows:
            wanted = WANTED_ON_SERIES
        is_table = kinds <= set(TABLE_KINDS)
        many = n_train >= FEW_ROWS and not goals.named(task).in_windows and not is_table
        return cls(n_train, wanted, bool(kinds & {"image", "spectrogram"}) or many, is_table and not wanted)

    def least_share(self, n_workers: int = 1) -> float | None:
        """The least share of its schedule that a trial is shortened to; None for the rule of `trial.train`."""
        if self.wanted_trials:
            return SHORTEST_SHARE
        return SHORTEST_FIRST_SHARE if n_workers == 1 else None

    def share(self, n_runs: int, n_holdouts: int | None, n_workers: int = 1) -> float:
        """The share of the time left that a trial should take.

        On few rows, where short schedules lose little, the time is shared by the trials that are still wanted, and by
        the first refit, for which no time can be kept back before there is a trial. On other data the first trial gets
        a fifth and the second a third of what is left, so that settings are compared before one of them gets most of
        the time. Once the best trial is judged on n hold-outs, each later trial gets at most 1/n of the time, so that
        it can be judged on as many. Several workers compare settings at once, and train none of them for longer later,
        so that their first trials keep most of their schedules.

        Args:
            n_runs: trials that have ended.
            n_holdouts: hold-outs that the best trial was judged on; None before there is one.
            n_workers: trials that run at once.
        """
        share = 1 / (n_holdouts or 1)
        if self.wanted_trials:
            refits = 1 if n_runs == 0 else 0
            return min(share, 1 / max(self.wanted_trials + refits - n_runs, LAST_TRIALS))
        if n_workers > 1:
            return FIRST_SHARE_OF_WORKERS if n_holdouts is None else share
        first = FIRST_SHARES_ON_TABLES if self.refits_longer else FIRST_SHARES
        return min(share, first[n_runs]) if n_runs < len(first) else share

    def is_shortened(self, candidate: Candidate) -> bool:
        """Whether one of the first trials had its schedule shortened much."""
        fit = candidate.fit
        return not self.wanted_trials and not fit.stopped_early and self._planned(candidate) >= LONGER * fit.n_steps

    def _planned(self, candidate: Candidate) -> int:
        """The steps of the schedule that a candidate's settings ask for."""
        settings = candidate.settings
        return int(settings["epochs"]) * max(1, self.n_train // int(settings["batch_size"]))

    def longer_refit(self, candidate: Candidate) -> float:
        """How many times as long as the searched schedule that of a refit may be, beyond its growth with the rows.

        A schedule that the clock shortened, and whose best epoch was one of its last, was not too long for the
        validation rows. Its refit may have more of the schedule that the settings ask for, as far as there is time. A
        schedule that validation ended, or that was not shortened, keeps its length.
        """
        fit = candidate.fit
        if not self.refits_longer or fit.stopped_early or fit.best_share < UNSATISFIED_SHARE:
            return 1.0
        return min(MOST_LONGER_REFIT, max(1.0, self._planned(candidate) / max(fit.n_steps, 1)))

    def seconds_before_refit(self, seconds: float, leader: Candidate, growth: float) -> float:
        """The most seconds for a trial, so that its own refit fits into the time that it leaves.

        Time is kept back for a refit of the best trial so far. What the refit of a longer one takes more than that has
        to be left. Where the steps of a longer schedule bring more than a refit does, nothing is left for it.

        Args:
            seconds: time left.
            leader: the best candidate.
            growth: rows of a refit, as a multiple of the training rows.
        """
        if self.steps_first or self.wanted_trials:
            return seconds
        cost = REFIT_COST * growth
        return min(seconds, (seconds + cost * _step_seconds(leader)) / (1 + cost))

    def may_be_longer(self, leader: Candidate, n_runs: int, seconds: float) -> bool:
        """Whether it is time to train the settings of the best trial, which was shortened, for longer.

        Args:
            leader: the best candidate.
            n_runs: trials that have ended.
            seconds: time for it.
        """
        each = _step_seconds(leader) * leader.run.n_holdouts
        return self.is_shortened(leader) and n_runs >= len(FIRST_SHARES) and seconds >= LONGER * each


def _step_seconds(candidate: Candidate) -> float:
    """The time of a trial without compilation."""
    return candidate.fit.seconds - candidate.fit.compile_seconds
