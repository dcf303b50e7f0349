"""KerasTuner's oracles as pure advisers: they are asked for settings and told scores, and write no files."""

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
MOST_BRACKETS = 30  # each has three times the trials of the one before
MOST_POINTS = 100_000
STATE = ("_seed_state", "_brackets", "_current_bracket", "_current_iteration", "_populate_next")


CHANGED = 0.6
SPREAD = 0.15


class Oracle:
    """One oracle for one template: its starts first, then what the oracle proposes.

    KerasTuner's own bookkeeping (`create_trial`, `end_trial`) writes state files in place and stops after three
    failures in a row, so only `populate_space` is used; trials are handed to the oracle here.

    Args:
        template: whose space is searched.
        specs: what the space depends on.
        facts: what the space depends on.
        higher_is_better: direction of the score told.
        seed: any integer (0 is shifted: KerasTuner reads it as none).
        name: of `ORACLES`.
        also: adds to the space what is not the template's own.
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

    # ------------------------------------------------------------------ from a file

    def check(self, values: Mapping[str, Any], least: Mapping[str, float] | None = None) -> None:
        """Refuse values that are none of the space.

        Args:
            values: of all or some of its hyperparameters, the oracle's own entries among them.
            least: for some, a number from which on a value is taken as well.

        Raises:
            Misfit: names the first.
        """
        declared = {one.name: one for one in self.space.space}
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
            numbers = [one for one in known if isinstance(one, int | float) and not isinstance(one, bool)]
            low, high, of_whole = math.inf, max(numbers, default=-math.inf), all(type(one) is int for one in numbers)
        if any(type(one) is type(value) and one == value for one in known):
            return True
        if isinstance(value, bool) or not isinstance(value, int if of_whole else int | float):
            return False
        low = low if least is None else min(low, least)
        return bool(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high)) if math.isfinite(low) else False

    def least(self, name: str) -> float:
        """The smallest number that a hyperparameter may be."""
        declared = next(one for one in self.space.space if one.name == name)
        numbers = [start[name] for start in (*self._starts, self.defaults)]
        numbers += [declared.min_value] if hasattr(declared, "min_value") else list(declared.values)
        return float(min(one for one in numbers if isinstance(one, int | float)))

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Refuse what `state` cannot have given.

        Raises:
            Misfit: names what does not fit.
        """
        whole(state, "_seed_state", 0, 2**48)
        if self.name == "hyperband":
            whole(state, "_current_bracket", 0, MOST_BRACKETS)
            whole(state, "_current_iteration", 0, 10**6)
            for bracket in listed(state, "_brackets", MOST_POINTS):
                rounds = bracket.get("rounds") if isinstance(bracket, dict) else None
                if not isinstance(rounds, list) or not all(map(_is_round, rounds)):
                    raise Misfit(f"_brackets: {short(bracket)} is none")
                if whole(bracket, "bracket_num", 0, MOST_BRACKETS) + 1 != len(rounds):
                    raise Misfit(f"_brackets: expected {bracket['bracket_num'] + 1} rounds, got {len(rounds)}")
        if self.name == "grid":
            _check_texts(state, "_populate_next")
            _check_texts(state, "order")
            _check_chain(state, len(state["order"]))

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


def _check_own(name: str, value: Any) -> None:
    """Refuse an entry of Hyperband's that it does not write."""
    if name == "tuner/trial_id":
        text({name: value}, name, 20)
    elif name in ("tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round"):
        whole({name: value}, name, 0, 10**6)
    else:
        raise Misfit(f"{short(name)} is no entry of an oracle")


def _is_round(found: Any) -> bool:
    """Whether this is a list of trials, each with the one it goes on from."""
    return isinstance(found, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("past_id"), str | None)
        for one in found
    )


def _check_texts(state: Mapping[str, Any], key: str) -> None:
    for one in listed(state, key, MOST_POINTS):
        text({key: one}, key, 20)


def _check_chain(state: Mapping[str, Any], n: int) -> None:
    """Refuse pairs of the grid's chain that lead out of it or round in a circle."""
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
    if n_steps < len(targets):  # each place is led to once, so what the way from the start misses is a circle
        raise Misfit("next: places lead round in a circle")


def vary(space: Any, settings: Mapping[str, Any], knobs: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Move some knobs by a normal step on the space's own scale (0 to 1, logarithmic where the space is).

    Args:
        space: KerasTuner HyperParameters.
        settings: of a good trial.
        knobs: those that may move; at least one does.
    """
    varied = dict(settings)
    movable = [hp for hp in space.space if hp.name in knobs and hasattr(hp, "value_to_prob")]
    moved = [hp for hp in movable if rng.random() < CHANGED] or movable[:1]
    for hp in moved:
        at = float(hp.value_to_prob(varied[hp.name])) + SPREAD * rng.standard_normal()
        varied[hp.name] = hp.prob_to_value(float(np.clip(at, 0.0, 1.0)))
    return varied
