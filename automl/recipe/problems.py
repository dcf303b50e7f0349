"""Checks a recipe's keys and reports every problem, not only the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from automl.errors import RecipeError
from automl.recipe.column_names import with_names
from automl.recipe.descriptions import EXPECTED
from automl.recipe.fail_on import RUN_FIELDS, parse_fail_on
from automl.recipe.inner_keys import INNER_KEYS
from automl.recipe.schema import KEYS, Keys
from automl.recipe.values import listed
from automl.recipe.words import arrived, cut, nearest, nearest_key
from automl.records import GOALS, PLUGIN_GROUP, QUANTITY_KINDS
from automl.system.counts import counted, noun

__all__ = ["BELONGS", "Problem", "check"]

Problem = tuple[str, str]
"""A key ("" for the whole recipe) and what is wrong with it."""

BELONGS = {name: f"which belongs under {key}" for key, names in INNER_KEYS.items() for name in names}
"""Keys under another key, and where they belong, in words."""
ROLES = ("label", "time_column", "series", "group", "weight")
"""Keys that give a column a role beside that of a target."""

MOST_TOLD = 50
"""The most unknown keys that get a hint: each hint costs a comparison with all known keys."""


def check(values: Mapping[str, Any]) -> tuple[Keys | None, list[Problem]]:
    """Check keys and values against the schema and against each other.

    Returns:
        The checked keys (None when there are problems), and the problems in the order of `values`.
    """
    values = with_names(values)
    unknown = [key for key in values if key not in KEYS]
    problems: list[Problem] = [
        (key, f"unknown key {cut(key, 100)!r}{_hint(key)}; keys are {', '.join(KEYS)}") for key in unknown[:MOST_TOLD]
    ]
    if (left := len(unknown) - MOST_TOLD) > 0:
        problems.append(("", f"{counted(left, 'further key')} {noun(left, 'is', 'are')} unknown; is this a recipe?"))
    known = {key: value for key, value in values.items() if key in KEYS}
    if "data" not in known:
        problems.append(("", f"the key 'data' is missing; expected {EXPECTED['data']}"))
        known["data"] = "?"
    if not known.get("plugins"):  # plug-ins may bring the metric; they are imported only after the recipe is checked
        problems += unknown_metric(known.get("metric"))
    problems += wrong_conditions(known)
    try:
        keys = Keys.model_validate(known)
    except ValidationError as error:
        return None, problems + from_pydantic(error, known)
    problems += contradictions(keys)
    return (None, problems) if problems else (keys, [])


def _hint(key: str) -> str:
    """The nearest key of the recipe, or of those under another key."""
    return nearest_key(key, KEYS, BELONGS, BELONGS)


def from_pydantic(error: ValidationError, values: Mapping[str, Any]) -> list[Problem]:
    """Pydantic's errors in our own words, one per key."""
    messages: dict[str, str] = {}
    for detail in error.errors():
        outer = str(detail["loc"][0])
        key = ".".join(str(part) for part in detail["loc"][: 2 if outer in INNER_KEYS else 1])
        if key in messages:
            continue
        if len(messages) >= MOST_TOLD:
            messages[""] = f"more than {MOST_TOLD} keys are wrong; keys are {', '.join(KEYS)}"
            break
        inner = detail["loc"][1] if "." in key else None
        whole = values.get(outer)
        value = whole.get(inner) if inner is not None and isinstance(whole, dict) else whole
        if detail["type"] == "extra_forbidden" or (inner is not None and inner not in INNER_KEYS[outer]):
            messages[key] = _unknown_inner(outer, cut(str(inner), 100))
            continue
        if detail["type"] == "words":
            messages[key] = f"{key}: {detail['msg']}"
        elif key == "goal":
            hint = nearest(value, GOALS) if isinstance(value, str) else ""
            messages[key] = f"goal: expected one of {', '.join(GOALS)}, got {arrived(value)}{hint}"
        else:
            messages[key] = f"{key}: expected {EXPECTED[key]}, got {arrived(value)}"
    return list(messages.items())


def _unknown_inner(outer: str, name: str) -> str:
    """The problem of an unknown key under another key."""
    known = INNER_KEYS[outer]
    elsewhere = dict.fromkeys(KEYS, f"which belongs outside of {outer}") | BELONGS
    hint = nearest_key(name, known, [key for key in elsewhere if key not in known], elsewhere)
    return f"{outer}: unknown key {name!r}{hint}; keys are {', '.join(known)}"


def contradictions(keys: Keys) -> list[Problem]:
    """Problems of keys that contradict each other."""
    problems: list[Problem] = []
    if keys.goal is not None and keys.goal not in GOALS and not keys.plugins:  # a plug-in may bring it
        hint = nearest(keys.goal, GOALS)
        problems.append(("goal", f"goal: expected one of {', '.join(GOALS)}, got {arrived(keys.goal)}{hint}"))
    for key in ("horizon", "season", "known"):
        if getattr(keys, key) and keys.goal in GOALS and not _in_windows(keys.goal):
            what = "such covariates" if key == "known" else "one"
            problems.append((key, f"{key}: only a forecast has {what}, but goal is {keys.goal}; drop one of them"))
    targets = listed(keys.target)
    for key in ROLES:
        name = getattr(keys, key)
        if name in targets:
            problems.append((key, f"{key}: {name!r} is the target as well; a column has one role"))
    for name in listed(keys.known):
        role = "target" if name in targets else next((k for k in ROLES if getattr(keys, k) == name), "")
        if role:
            problems.append(("known", f"known: {name!r} is the {role} as well; a column has one role"))
    problems += _dropped_roles(keys)
    for name in targets:
        if keys.columns.get(name, "numeric") not in QUANTITY_KINDS:
            problems.append(
                (
                    "columns",
                    f"columns: {name!r} is the target, whose kind can only be "
                    "numeric or embedded_number; set goal to say how to read it",
                )
            )
    if math.isinf(float(keys.budget)) and keys.max_trials is None:
        problems.append(("budget", "budget: none bounds nothing; add max_trials, or give a time such as 5m"))
    if keys.resume and keys.out is None:
        problems.append(("resume", "resume: needs 'out', the folder of the run to resume"))
    return problems


def _dropped_roles(keys: Keys) -> list[Problem]:
    """Problems of columns that are to be left out although another key names them."""
    roles = [("target", name) for name in listed(keys.target)]
    roles += [(key, getattr(keys, key)) for key in ROLES]
    return [
        ("drop", f"drop: {name!r} is the {role} as well; a column has one role: take it out of one of them")
        for role, name in roles
        if name is not None and name in listed(keys.drop)
    ]


def unknown_metric(name: Any) -> list[Problem]:
    """The problem of a metric that does not exist; none if installed packages bring plug-ins, which may have it."""
    if not isinstance(name, str) or not name:
        return []
    from automl.metrics import named

    try:
        named(name)
    except RecipeError as error:
        return [] if entry_points(group=PLUGIN_GROUP) else [("metric", f"metric: {error}")]
    return []


def wrong_conditions(values: Mapping[str, Any]) -> list[Problem]:
    """The problem of `fail_on`, before anything runs; metrics of plug-ins are checked once these are imported."""
    text = values.get("fail_on")
    if not isinstance(text, str) or not text:
        return []
    from automl.metrics import named

    may_be_plugged = bool(values.get("plugins")) or bool(entry_points(group=PLUGIN_GROUP))
    try:
        parse_fail_on(text, RUN_FIELDS, None if may_be_plugged else named)
    except RecipeError as error:
        return [("fail_on", str(error))]
    return []


def _in_windows(goal: str) -> bool:
    from automl import goals  # loads NumPy, which most commands do not need

    return goal in goals.known() and goals.named(goal).in_windows
