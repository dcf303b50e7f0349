"""KerasTuner's oracles as pure advisers: they are asked for settings and told scores, and write no files."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras_tuner
import numpy as np
from keras_tuner.engine import trial as trial_module

if TYPE_CHECKING:
    from automl.records import Facts, InputSpec, Template

__all__ = ["ORACLES", "Adviser"]

ORACLES: dict[str, type[keras_tuner.Oracle]] = {
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
    "hyperband": keras_tuner.oracles.HyperbandOracle,
    "grid": keras_tuner.oracles.GridSearchOracle,
}
N_RANDOM_FIRST = 8
STATE = ("_seed_state", "_brackets", "_current_bracket", "_current_iteration", "_populate_next")


class Adviser:
    """One oracle for one template: its starts first, then what the oracle proposes.

    KerasTuner's own bookkeeping (`create_trial`, `end_trial`) writes state files in place and stops after three
    failures in a row, so only `populate_space` is used; trials are handed to the oracle here.

    Args:
        template: whose space is searched. specs, facts: what the space depends on.
        higher_is_better: direction of the score told. seed: any integer (0 is shifted: KerasTuner reads it as none).
        name: of `ORACLES`. also: adds to the space what is not the template's own.
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
        also: Callable[[Any], None] = lambda space: None,
    ) -> None:
        space = keras_tuner.HyperParameters()
        template.space(space, specs, facts)
        also(space)
        self.space = space
        self.defaults: dict[str, Any] = dict(space.values)
        self.name = name
        # A grid goes through its own points in order, and can't go on from others.
        self._waiting = [] if name == "grid" else [self._complete(start) for start in template.starts(specs, facts)]
        objective = keras_tuner.Objective("score", "max" if higher_is_better else "min")
        options: dict[str, Any] = {"objective": objective, "hyperparameters": space, "seed": seed + 1}
        if name == "bayesian":
            options["num_initial_points"] = N_RANDOM_FIRST
        if name == "hyperband":
            options |= {"max_epochs": int(self.defaults["epochs"]), "hyperband_iterations": 10**9}
        else:
            options["max_trials"] = 10**9
        self._oracle = ORACLES[name](**options)

    def _complete(self, start: Mapping[str, Any]) -> dict[str, Any]:
        unknown = set(start) - set(self.defaults)
        if unknown:
            raise ValueError(f"starts name hyperparameters that the space lacks: {sorted(unknown)}")
        return {**self.defaults, **start}

    @property
    def n_asked(self) -> int:
        """How many settings were given out."""
        return len(self._oracle.trials)

    @property
    def n_waiting(self) -> int:
        """How many settings will be given out before the oracle is asked."""
        return len(self._waiting)

    def ask(self) -> str | None:
        """The number of the next setting, or None when the space is exhausted (or the oracle waits for a score)."""
        number = str(self.n_asked)
        values = self._waiting.pop(0) if self._waiting else self._propose(number)
        return None if values is None else self._enter(number, values)

    def values(self, number: str) -> dict[str, Any]:
        """The values behind a number as the oracle knows them, its own entries among them."""
        values = self._oracle.trials[number].hyperparameters.values
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}

    def settings(self, number: str) -> dict[str, Any]:
        """The values behind a number; Hyperband's number of epochs takes the place of the space's."""
        values = self.values(number)
        epochs = values.get("tuner/epochs")
        plain = {**self.defaults, **{k: v for k, v in values.items() if not k.startswith("tuner/")}}
        return plain if epochs is None else {**plain, "epochs": int(epochs)}

    def _propose(self, number: str) -> dict[str, Any] | None:
        with warnings.catch_warnings():  # the Gaussian process warns about its own length scales
            warnings.simplefilter("ignore")
            answer = self._oracle.populate_space(number)
        return answer["values"] if answer["status"] == trial_module.TrialStatus.RUNNING else None

    def enter(self, values: Mapping[str, Any]) -> str:
        """Enter a setting that did not come from the oracle; its number."""
        self._waiting = [start for start in self._waiting if start != dict(values)]
        return self._enter(str(self.n_asked), values)

    def _enter(self, number: str, values: Mapping[str, Any]) -> str:
        parameters = self._oracle.hyperparameters.copy()
        parameters.values = dict(values)
        trial = trial_module.Trial(hyperparameters=parameters, trial_id=number)
        trial.status = trial_module.TrialStatus.RUNNING
        self._oracle._record_values(trial)
        self._oracle.trials[number] = trial
        self._oracle.start_order.append(number)
        self._oracle.ongoing_trials[number] = trial
        return number

    def tell(self, number: str, score: float | None, settings: Mapping[str, Any] | None = None) -> None:
        """What came of it; None for a failed trial, which the oracle then leaves out of its model.

        Args:
            settings: those that were trained in the end, where they differ from what was given out.
        """
        trial = self._oracle.trials[number]
        if settings is not None:
            epochs = trial.hyperparameters.values.get("tuner/epochs")
            own = {k: v for k, v in settings.items() if not (k == "epochs" and epochs is not None)}
            trial.hyperparameters.values.update(own)
        trial.score = score
        trial.status = trial_module.TrialStatus.FAILED if score is None else trial_module.TrialStatus.COMPLETED
        self._oracle.ongoing_trials.pop(number, None)
        self._oracle.end_order.append(number)
        if hasattr(self._oracle, "_populate_next"):  # the grid goes on from trials that have ended
            self._oracle._populate_next.append(number)

    def first(self, values: Mapping[str, Any]) -> None:
        """Give out these values at the next asking, before anything else."""
        self._waiting.insert(0, self._complete(values))

    def state(self) -> dict[str, Any]:
        """What `set_state` needs beside the trials, so that a resumed search proposes what this one would have."""
        found = {name: getattr(self._oracle, name) for name in STATE if hasattr(self._oracle, name)}
        if self.name == "grid":
            chain = self._oracle._ordered_ids
            found |= {"order": chain._memory, "next": list(chain._next_index.items()), "last": chain._last_index}
        copy: dict[str, Any] = json.loads(json.dumps(found))
        return copy

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave, once the trials are entered."""
        for name in set(STATE) & set(state):
            setattr(self._oracle, name, state[name])
        if self.name == "grid":
            chain = self._oracle._ordered_ids
            chain._memory = list(state["order"])
            chain._data_to_index = {number: place for place, number in enumerate(chain._memory)}
            chain._next_index.update(dict(state["next"]))
            chain._last_index = state["last"]
