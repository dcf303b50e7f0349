"""KerasTuner's oracles without KerasTuner's search loop: they propose settings, take scores, and write no files."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras_tuner
import numpy as np
from keras_tuner.engine import trial as trial_module

from automl.storage.values import Misfit, listed, short, text, whole

if TYPE_CHECKING:
    from automl.records import Facts, InputSpec, Template

__all__ = ["ORACLES", "Oracle", "vary"]

ORACLES: dict[str, type[keras_tuner.Oracle]] = {
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
    "hyperband": keras_tuner.oracles.HyperbandOracle,
    "grid": keras_tuner.oracles.GridSearchOracle,
}
N_RANDOM_FIRST = 8
MOST_BRACKETS = 30  # each bracket has three times the trials of the one before
MOST_POINTS = 100_000
STATE = ("_seed_state", "_brackets", "_current_bracket", "_current_iteration", "_populate_next")

CHANGED = 0.6
SPREAD = 0.15


class Oracle:
    """The oracle of one template: it gives the template's starting points first, then KerasTuner's proposals.

    KerasTuner's own bookkeeping (`create_trial`, `end_trial`) writes state files and stops after three failures in a
    row. So only `populate_space` is used, and trials are entered into the oracle here.

    Args:
        template: the template whose space is searched.
        specs: inputs of the network, on which the space depends.
        facts: numbers about the training data, on which the space depends.
        higher_is_better: direction of the score.
        seed: any integer (KerasTuner gets ``seed + 1``, since it reads 0 as no seed).
        name: a key of `ORACLES`.
        also: adds hyperparameters to the space that are not the template's own.
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
        # A grid goes through its own points in order; it cannot continue from other points.
        self._starts = [self._complete(start) for start in template.starts(specs, facts)]
        self._waiting = [] if name == "grid" else list(self._starts)
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
        """The number of settings given out so far."""
        return len(self._oracle.trials)

    @property
    def n_waiting(self) -> int:
        """The number of settings that will be given out before KerasTuner is asked."""
        return len(self._waiting)

    def ask(self) -> str | None:
        """The number of the next settings; None if the space is exhausted or the oracle waits for a score."""
        number = str(self.n_asked)
        values = self._waiting.pop(0) if self._waiting else self._propose(number)
        return None if values is None else self._enter(number, values)

    def values(self, number: str) -> dict[str, Any]:
        """The values of a trial as the oracle knows them, including its own entries ("tuner/...").

        Args:
            number: what `ask` or `enter` returned.
        """
        values = self._oracle.trials[number].hyperparameters.values
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}

    def settings(self, number: str) -> dict[str, Any]:
        """The settings of a trial: its values without the oracle's own entries.

        Hyperband's number of epochs replaces the one of the space.

        Args:
            number: what `ask` or `enter` returned.
        """
        values = self.values(number)
        epochs = values.get("tuner/epochs")
        own = {name: value for name, value in values.items() if not name.startswith("tuner/")}
        plain = {**self.defaults, **own}
        return plain if epochs is None else {**plain, "epochs": int(epochs)}

    def _propose(self, number: str) -> dict[str, Any] | None:
        with warnings.catch_warnings():  # the Gaussian process warns about its own length scales
            warnings.simplefilter("ignore")
            answer = self._oracle.populate_space(number)
        return answer["values"] if answer["status"] == trial_module.TrialStatus.RUNNING else None

    def enter(self, values: Mapping[str, Any]) -> str:
        """Enter settings that the oracle did not propose, and return their number."""
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
        """Take in the score of a trial.

        Args:
            number: what `ask` or `enter` returned.
            score: the score; None for a failed trial, which the oracle then leaves out of its model.
            settings: the settings that were trained in the end, if they differ from those given out.
        """
        trial = self._oracle.trials[number]
        if settings is not None:
            epochs = trial.hyperparameters.values.get("tuner/epochs")
            own = {name: value for name, value in settings.items() if not (name == "epochs" and epochs is not None)}
            trial.hyperparameters.values.update(own)
        trial.score = score
        trial.status = trial_module.TrialStatus.FAILED if score is None else trial_module.TrialStatus.COMPLETED
        self._oracle.ongoing_trials.pop(number, None)
        self._oracle.end_order.append(number)
        if hasattr(self._oracle, "_populate_next"):  # the grid continues from trials that have ended
            self._oracle._populate_next.append(number)

    # ------------------------------------------------------------------ from a file

    def check(self, values: Mapping[str, Any], least: Mapping[str, float] | None = None) -> None:
        """Refuse values that lie outside of the space.

        Args:
            values: values of some or all hyperparameters, including the oracle's own entries.
            least: for some hyperparameters, a lower bound that replaces the one of the space if it is lower.

        Raises:
            Misfit: names the first value that is refused.
        """
        declared = {parameter.name: parameter for parameter in self.space.space}
        for name, value in values.items():
            if name.startswith("tuner/"):
                _check_own(name, value)
            elif name not in declared:
                raise Misfit(f"{short(name)} is no hyperparameter of this template")
            elif not self._may_be(declared[name], value, (least or {}).get(name)):
                raise Misfit(f"{name}: {short(value)} lies outside of its space")

    def _may_be(self, declared: Any, value: Any, least: float | None) -> bool:
        known = [start[declared.name] for start in (*self._starts, self.defaults) if declared.name in start]
        if hasattr(declared, "min_value"):
            low, high = float(declared.min_value), float(declared.max_value)
            of_whole = isinstance(declared.min_value, int)
        else:
            known += list(declared.values)
            numbers = [item for item in known if isinstance(item, int | float) and not isinstance(item, bool)]
            low, high, of_whole = math.inf, max(numbers, default=-math.inf), all(type(n) is int for n in numbers)
        if any(type(item) is type(value) and item == value for item in known):
            return True
        if isinstance(value, bool) or not isinstance(value, int if of_whole else int | float):
            return False
        low = low if least is None else min(low, least)
        return bool(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high)) if math.isfinite(low) else False

    def least(self, name: str) -> float:
        """The smallest value that a numeric hyperparameter may have."""
        declared = next(parameter for parameter in self.space.space if parameter.name == name)
        numbers = [start[name] for start in (*self._starts, self.defaults)]
        numbers += [declared.min_value] if hasattr(declared, "min_value") else list(declared.values)
        return float(min(number for number in numbers if isinstance(number, int | float)))

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Refuse a state that `state` cannot have returned.

        Raises:
            Misfit: names the entry that is refused.
        """
        whole(state, "_seed_state", 0, 2**48)
        if self.name == "hyperband":
            whole(state, "_current_bracket", 0, MOST_BRACKETS)
            whole(state, "_current_iteration", 0, 10**6)
            for bracket in listed(state, "_brackets", MOST_POINTS):
                rounds = bracket.get("rounds") if isinstance(bracket, dict) else None
                if not isinstance(rounds, list) or not all(map(_is_round, rounds)):
                    raise Misfit(f"_brackets: {short(bracket)} is not a bracket")
                if whole(bracket, "bracket_num", 0, MOST_BRACKETS) + 1 != len(rounds):
                    raise Misfit(f"_brackets: expected {bracket['bracket_num'] + 1} rounds, got {len(rounds)}")
        if self.name == "grid":
            _check_texts(state, "_populate_next")
            _check_texts(state, "order")
            _check_chain(state, len(state["order"]))

    def first(self, values: Mapping[str, Any]) -> None:
        """Give out these values at the next `ask`, before anything else."""
        self._waiting.insert(0, self._complete(values))

    def only(self, settings: Sequence[Mapping[str, Any]]) -> None:
        """Give out these settings of another contest alone, in this order.

        A value that lies outside of the space here, or of a hyperparameter that there is no more, gives way to the
        default: settings can come from a file that anybody wrote.

        Args:
            settings: values of some or all hyperparameters.
        """
        known = ({name: value for name, value in one.items() if self._is_possible(name, value)} for one in settings)
        self._waiting = [self._complete(one) for one in known]

    def _is_possible(self, name: str, value: Any) -> bool:
        """Whether a value lies in the space; lack of memory may have halved a batch, a failure a learning rate."""
        lower = {"batch_size": 1.0, "epochs": 1.0, "learning_rate": 0.0}
        try:
            self.check({name: value}, lower if name in lower else None)
        except Misfit:
            return False
        return True

    def second(self, changed: Mapping[str, Any]) -> None:
        """Give out the first starting point once more after it, with some values changed."""
        first = self._starts[0] if self._starts else self.defaults
        other = {**first, **changed}
        self._starts.append(other)
        if self._waiting:
            self._waiting.insert(1, other)

    def state(self) -> dict[str, Any]:
        """The state that `set_state` needs beside the trials.

        With it a resumed search proposes what this one would have proposed.
        """
        state = {name: getattr(self._oracle, name) for name in STATE if hasattr(self._oracle, name)}
        if self.name == "grid":
            chain = self._oracle._ordered_ids
            state |= {"order": chain._memory, "next": list(chain._next_index.items()), "last": chain._last_index}
        copy: dict[str, Any] = json.loads(json.dumps(state))
        return copy

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned, after the trials were entered."""
        for name in set(STATE) & set(state):
            setattr(self._oracle, name, state[name])
        if self.name == "grid":
            chain = self._oracle._ordered_ids
            chain._memory = list(state["order"])
            chain._data_to_index = {number: index for index, number in enumerate(chain._memory)}
            chain._next_index.update(dict(state["next"]))
            chain._last_index = state["last"]


def _check_own(name: str, value: Any) -> None:
    """Refuse a "tuner/..." entry that Hyperband does not write."""
    if name == "tuner/trial_id":
        text({name: value}, name, 20)
    elif name in ("tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round"):
        whole({name: value}, name, 0, 10**6)
    else:
        raise Misfit(f"{short(name)} is no entry of an oracle")


def _is_round(value: Any) -> bool:
    """Whether a value is a round of Hyperband: a list of trials, each with the trial it continues or None."""
    return isinstance(value, list) and all(
        isinstance(trial, dict) and isinstance(trial.get("id"), str) and isinstance(trial.get("past_id"), str | None)
        for trial in value
    )


def _check_texts(state: Mapping[str, Any], key: str) -> None:
    for value in listed(state, key, MOST_POINTS):
        text({key: value}, key, 20)


def _check_chain(state: Mapping[str, Any], n: int) -> None:
    """Refuse links of the grid's chain of n trials that lead out of it or form a circle."""
    following: dict[int | None, int | None] = {}
    for pair in listed(state, "next", MOST_POINTS):
        if not isinstance(pair, list) or len(pair) != 2:
            raise Misfit(f"next: expected pairs of places, got {short(pair)}")
        for place in pair:
            if place is not None:
                whole({"next": place}, "next", 0, n - 1)
        following[pair[0]] = pair[1]
    if state.get("last") is not None:
        whole(state, "last", 0, n - 1)
    targets = [place for place in following.values() if place is not None]
    if len(set(targets)) < len(targets):
        raise Misfit("next: two places lead to one")
    at, n_steps = following.get(None), 0
    while at is not None:
        at, n_steps = following.get(at), n_steps + 1
    if n_steps < len(targets):  # each place is reached by one link, so places missed from the start form a circle
        raise Misfit("next: places lead round in a circle")


def vary(space: Any, settings: Mapping[str, Any], knobs: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Propose a neighbour of good settings.

    Each knob moves with probability `CHANGED`, by a normal step of `SPREAD` on the space's own scale (0 to 1,
    logarithmic if the space is).

    Args:
        space: KerasTuner HyperParameters.
        settings: settings of a good trial.
        knobs: names of the hyperparameters that may move; at least one does.
        rng: draws the steps.
    """
    varied = dict(settings)
    movable = [hp for hp in space.space if hp.name in knobs and hasattr(hp, "value_to_prob")]
    moved = [hp for hp in movable if rng.random() < CHANGED] or movable[:1]
    for hp in moved:
        at = float(hp.value_to_prob(varied[hp.name])) + SPREAD * rng.standard_normal()
        varied[hp.name] = hp.prob_to_value(float(np.clip(at, 0.0, 1.0)))
    return varied
