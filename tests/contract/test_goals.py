"""What every goal must hold."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from automl import goals
from automl.records import Head
from automl.testing import check_goal


@pytest.mark.parametrize("name", goals.known())
def test_goal_keeps_the_contract(name):
    check_goal(goals.named(name))


class _Codec:
    """The codec of a goal, with a part replaced."""

    def __init__(self, codec, **parts):
        self.codec = codec
        self.__dict__.update(parts)

    def __getattr__(self, name):
        return getattr(self.codec, name)


class _Halves:
    """A calibration that fits what no saved model can hold."""

    def fit(self, truth, output, goal, metric, weight=None):
        return {"half": 0.5}

    def apply(self, decision, output):
        return output


def _with_codec(**parts):
    base = goals.named("regression")
    return {"fit_codec": lambda dataset, task, split: _Codec(base.fit_codec(dataset, task, split), **parts)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (_with_codec(head=None), "odd: its codec has a `head` that is a NoneType, expected an automl.records.Head"),
        (
            _with_codec(head=Head("regression", (1,), "linear", "huber")),
            "has the loss 'huber'; losses are binary",
        ),
        (_with_codec(decode=lambda raw: raw), "odd: its codec decodes to a ndarray, expected an automl.records.Output"),
        ({"calibration": _Halves()}, "odd: its calibration fits a dict, expected an automl.goals.Decision"),
    ],
)
def test_a_goal_whose_parts_are_of_other_types_is_told_which(changes, words):
    odd = replace(goals.named("regression"), name="odd", base="regression", **changes)
    goals.plug_in([odd])
    try:
        with pytest.raises(AssertionError, match=re.escape(words)):
            check_goal(odd)
    finally:
        goals.plug_in(())
