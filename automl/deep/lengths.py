"""How long a trial may be: its share of the time left, and which settings are worth a longer schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl import goals
from automl.layers.fusion import TABLE_KINDS

if TYPE_CHECKING:
    from automl.deep.family import Candidate
    from automl.records import InputSpec, Task

__all__ = ["Lengths"]

FIRST_SHARE = 0.4
SMALL_ROWS = 5_000
"""Of fewer training rows of a table, or fewer whole series, several short trials find more than one long one (decisions
30 and 40)."""
WANTED_TRIALS, WANTED_ON_SERIES, LAST_TRIALS = 6, 3, 2
SHORTEST_SHARE = 0.2
"""The smallest share of its schedule that a trial on few rows is given."""
PICTURE_SHARES = (1 / 5, 1 / 3)
"""Of the time left, what the first trials on pictures get: otherwise the first one takes all of it (decision 42)."""
SHORTEST_PICTURE_SHARE = 0.1
LONGER = 1.5
"""How many times as many steps the best settings must get to be trained once more, if their schedule was shortened."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The rules for one contest's data.

    Attributes:
        n_train: training rows.
<<<<<<< HEAD
        wanted: trials that share the first of the time; 0 where no number of them is wanted.
=======
        wanted_trials: the trials that share the first of the time; 0 where no number of them is wanted.
>>>>>>> pictures
        has_pictures: whether networks read pictures.
    """

    n_train: int
<<<<<<< HEAD
    wanted: int
=======
    wanted_trials: int
>>>>>>> pictures
    has_pictures: bool

    @classmethod
    def of(cls, n_train: int, task: Task, specs: Sequence[InputSpec]) -> Lengths:
        """The rules for so many training rows of these inputs."""
        kinds = {spec.kind for spec in specs}
<<<<<<< HEAD
        return cls(n_train, _wanted(kinds, task) if n_train < SMALL_ROWS else 0, "image" in kinds)
=======
        wanted = 0
        if n_train < SMALL_ROWS and kinds <= set(TABLE_KINDS):
            wanted = WANTED_TRIALS
        elif n_train < SMALL_ROWS and kinds == {"series"} and not goals.named(task).in_windows:
            wanted = WANTED_ON_SERIES
        return cls(n_train, wanted, "image" in kinds)
>>>>>>> pictures

    @property
    def least_share(self) -> float | None:
        """The least share of its schedule that a trial is shortened to; None for the rule of `trial.train`."""
<<<<<<< HEAD
        return SHORTEST_SHARE if self.wanted else SHORTEST_PICTURE_SHARE if self.has_pictures else None
=======
        return SHORTEST_SHARE if self.wanted_trials else SHORTEST_PICTURE_SHARE if self.has_pictures else None
>>>>>>> pictures

    def share(self, n_runs: int, n_holdouts: int | None) -> float:
        """The share of the time left that a trial should take.

        The first trial gets a part of the time, so that there is time for others. On few rows, where short schedules
        lose little, the time is shared by the trials that are still wanted. On pictures, whose networks are
        costly, the first trial gets a fifth and the second a third of what is left. Once the best trial is judged on n
        hold-outs, each later trial gets at most 1/n of the time, so that it can be judged on as many.

        Args:
            n_runs: trials that have ended.
            n_holdouts: hold-outs that the best trial was judged on; None before there is one.
        """
        share = FIRST_SHARE if n_holdouts is None else 1 / n_holdouts
<<<<<<< HEAD
        if self.wanted:
            return min(share, 1 / max(self.wanted - n_runs, LAST_TRIALS))
=======
        if self.wanted_trials:
            return min(share, 1 / max(self.wanted_trials - n_runs, LAST_TRIALS))
>>>>>>> pictures
        if self.has_pictures and n_runs < len(PICTURE_SHARES):
            return min(share, PICTURE_SHARES[n_runs])
        return share

    def is_shortened(self, candidate: Candidate) -> bool:
        """Whether a trial on pictures had its schedule shortened much."""
        settings, fit = candidate.settings, candidate.fit
        planned = int(settings["epochs"]) * max(1, self.n_train // int(settings["batch_size"]))
        return self.has_pictures and not fit.stopped_early and planned >= LONGER * fit.n_steps

    def may_be_longer(self, leader: Candidate, n_runs: int, seconds: float) -> bool:
        """Whether it is time to train the settings of the best trial, which was shortened, for longer.

        Args:
            leader: the best candidate.
            n_runs: trials that have ended.
            seconds: time left.
        """
        each = (leader.fit.seconds - leader.fit.compile_seconds) * leader.run.n_holdouts
        return self.is_shortened(leader) and n_runs >= len(PICTURE_SHARES) and seconds >= LONGER * each
