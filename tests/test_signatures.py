"""`fit`, `run` and `inspect` show their arguments to editors and notebooks, and know the nearest of a wrong one."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from typing import Any

import pytest

import automl
from automl.errors import RecipeError
from automl.recipe.schema import COST_KEYS, KEYS, SEARCH_KEYS

CALLS = (automl.fit, automl.run, automl.inspect)


@pytest.mark.parametrize("call", CALLS)
def test_every_argument_is_named_typed_and_described(call: Any) -> None:
    parameters = signature(call).parameters
    described = set(re.findall(r"^        (\w+): ", str(call.__doc__).split("Returns:")[0], re.MULTILINE))
    assert described == set(parameters)
    assert all(one.annotation is not Parameter.empty for one in parameters.values())
    assert not [one for one in parameters.values() if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]


def test_they_are_the_keys_of_a_recipe() -> None:
    fit, run, look = (set(signature(call).parameters) for call in CALLS)
    assert fit == {*KEYS, "source"}
    assert run == {*KEYS, *SEARCH_KEYS, *COST_KEYS, "path"}
    assert look < fit and {"budget", "templates", "out"}.isdisjoint(look)


@pytest.mark.parametrize(
    ("call", "name", "hint"),
    [
        (automl.fit, "bugdet", "automl.fit: unknown argument 'bugdet' (did you mean 'budget'?); arguments are data"),
        (automl.fit, "time_limit", "(did you mean 'budget'?)"),
        (automl.fit, "workerz", "(did you mean 'workers', which belongs under search?)"),
        (automl.run, "workerz", "automl.run: unknown argument 'workerz' (did you mean 'workers'?)"),
        (automl.run, "sed", "(did you mean 'seed'?)"),
        (automl.inspect, "tagret", "automl.inspect: unknown argument 'tagret' (did you mean 'target'?)"),
        (automl.inspect, "budget", "(did you mean 'budget', which only fit and run take?)"),
        (automl.inspect, "qqqq", "unknown argument 'qqqq'; arguments are data"),
    ],
)
def test_a_wrong_argument_gets_the_nearest_one(call: Any, name: str, hint: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(hint)):
        call("nothing.csv", **{name: 3})


def test_a_wrong_value_is_told_by_the_call_that_got_it() -> None:
    with pytest.raises(RecipeError, match=r"automl\.inspect: seed: expected a whole number"):
        automl.inspect([[1.0]], seed="x")
