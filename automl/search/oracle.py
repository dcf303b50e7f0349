"""KerasTuner's oracles as pure advisers: they are asked for settings and told scores, and write no files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras_tuner
from keras_tuner.engine import trial as trial_module

if TYPE_CHECKING:
    from automl.records import Facts, InputSpec, Template

__all__ = ["ORACLES", "Adviser"]

ORACLES: dict[str, type[keras_tuner.Oracle]] = {
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
}
N_RANDOM_FIRST = 8


class Adviser:
    """One oracle for one template: its starts first, then what the oracle proposes.

    KerasTuner's own bookkeeping (`create_trial`, `end_trial`) writes state files in place and stops after three
    failures in a row, so only `populate_space` is used; trials are handed to the oracle here.

    Args:
        template: whose space is searched. specs, facts: what the space depends on.
        higher_is_better: direction of the score told. seed: any integer (0 is shifted: KerasTuner reads it as none).
        name: of `ORACLES`.
    """

    def __init__(
        self,
        template: Template,
        specs: Sequence[InputSpec],
        facts: Facts,
        *,
        higher_is_better: bool,
        seed: int,
        name: str = "bayesian",
    ) -> None:
        space = keras_tuner.HyperParameters()
        template.space(space, specs, facts)
        self.space = space
        self.defaults: dict[str, Any] = dict(space.values)
        self._waiting = [self._complete(start) for start in template.starts(specs, facts)]
        objective = keras_tuner.Objective("score", "max" if higher_is_better else "min")
        options: dict[str, Any] = {"objective": objective, "hyperparameters": space, "seed": seed + 1}
        if name == "bayesian":
            options["num_initial_points"] = N_RANDOM_FIRST
        self._oracle = ORACLES[name](max_trials=10**9, **options)

    def _complete(self, start: Mapping[str, Any]) -> dict[str, Any]:
        unknown = set(start) - set(self.defaults)
        if unknown:
            raise ValueError(f"starts name hyperparameters that the space lacks: {sorted(unknown)}")
        return {**self.defaults, **start}

    @property
    def n_asked(self) -> int:
        """How many settings were given out."""
        return len(self._oracle.trials)

    def ask(self) -> tuple[str, dict[str, Any]] | None:
        """The next setting as (id, values), or None when the space is exhausted."""
        number = str(self.n_asked)
        values = self._waiting.pop(0) if self._waiting else self._propose(number)
        if values is None:
            return None
        self._enter(number, values)
        return number, {**self.defaults, **values}

    def _propose(self, number: str) -> dict[str, Any] | None:
        with warnings.catch_warnings():  # the Gaussian process warns about its own length scales
            warnings.simplefilter("ignore")
            answer = self._oracle.populate_space(number)
        return answer["values"] if answer["status"] == trial_module.TrialStatus.RUNNING else None

    def _enter(self, number: str, values: Mapping[str, Any]) -> None:
        parameters = self._oracle.hyperparameters.copy()
        parameters.values = dict(values)
        trial = trial_module.Trial(hyperparameters=parameters, trial_id=number)
        self._oracle._record_values(trial)
        self._oracle.trials[number] = trial
        self._oracle.start_order.append(number)

    def tell(self, number: str, score: float | None) -> None:
        """What came of it; None for a failed trial, which the oracle then leaves out of its model."""
        trial = self._oracle.trials[number]
        trial.score = score
        trial.status = trial_module.TrialStatus.FAILED if score is None else trial_module.TrialStatus.COMPLETED
        self._oracle.end_order.append(number)

    def first(self, values: Mapping[str, Any]) -> None:
        """Give out these values at the next asking, before anything else."""
        self._waiting.insert(0, self._complete(values))

    def replay(self, values: Mapping[str, Any], score: float | None) -> None:
        """Enter a trial that an earlier call ran."""
        number = str(self.n_asked)
        self._waiting = [start for start in self._waiting if start != dict(values)]
        self._enter(number, values)
        self.tell(number, score)
