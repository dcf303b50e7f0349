"""The kinds and steps of a wide table's columns as a few texts, as they are stored.

A file of skops describes each object in a kilobyte or two: the steps of 20,000 columns of numbers, all of them alike,
made 48 MB of JSON that took longer to write and to check than all other files of a saved model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["LEAST", "packed", "unpacked"]

LEAST = 500
"""Columns from which on they are packed: files of usual tables stay as earlier versions read them."""


def packed(state: Mapping[str, Any], alike: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A state whose "kinds", "plan" and "categories" take little room, if there are many columns.

    Args:
        state: with "kinds" and "plan" by column, and "categories", a list of truths.
        alike: steps that many columns have.
    """
    plan, found = state["plan"], dict(state)
    if len(state["kinds"]) < LEAST:
        return found
    places = [next((i for i, one in enumerate(alike) if step == one), None) if len(step) == 2 else None
              for step in plan.values()]  # fmt: skip
    found["kinds"] = json.dumps(state["kinds"])
    found["plan"] = {
        "order": json.dumps([list(pair) for pair in zip(plan, places, strict=True)]),
        "others": {name: step for (name, step), place in zip(plan.items(), places, strict=True) if place is None},
    }
    found["categories"] = np.asarray(state["categories"], dtype=bool)
    return found


def unpacked(state: Mapping[str, Any], alike: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `packed` was given; a state that is not packed as it is.

    Raises:
        ValueError: the texts hold something else.
    """
    if not isinstance(state["kinds"], str):
        return dict(state)
    kinds, order = json.loads(state["kinds"]), json.loads(state["plan"]["order"])
    others = state["plan"]["others"]
    if not isinstance(kinds, dict) or not all(isinstance(kind, str) for kind in kinds.values()):
        raise ValueError("the kinds of its columns are no texts")
    if not isinstance(order, list) or not all(_is_entry(entry, others, len(alike)) for entry in order):
        raise ValueError("the steps of its columns are of another form")
    plan = {name: others[name] if place is None else alike[place] for name, place in order}
    return {**state, "kinds": kinds, "plan": plan, "categories": np.asarray(state["categories"], bool).tolist()}


def _is_entry(entry: Any, others: Mapping[str, Any], n_alike: int) -> bool:
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
        return False
    name, place = entry
    return name in others if place is None else type(place) is int and 0 <= place < n_alike
