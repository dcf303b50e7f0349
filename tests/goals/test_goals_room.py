"""Goals of plug-ins beside automl's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl import goals
from automl.errors import RecipeError


@pytest.fixture(autouse=True)
def plug_ins_of_a_test_stay_in_it():
    yield
    goals.plug_in(())


def other(**fields):
    return replace(goals.named("regression"), **{"name": "count", "base": "regression", **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "binary"}, "a goal named 'binary', which automl has itself"),
        ({"name": "anomaly"}, "a goal named 'anomaly', which automl has itself"),
        ({"base": "counts"}, "has the base 'counts'; expected one of binary, multiclass, multilabel, regression"),
    ],
)
def test_a_goal_of_a_plug_in_that_cannot_be_told_from_ours_is_refused(fields, words):
    with pytest.raises(RecipeError, match=words):
        goals.plug_in([other(**fields)])


def test_a_codec_of_a_plug_in_comes_back_by_its_name_and_takes_none_of_ours():
    state = goals.named("regression").example.head
    goals.plug_in([other(restore_codec={"rates": lambda state: ("rates", state), "values": lambda state: "not ours"})])
    assert goals.restore_codec({"codec": "rates", "head": state})[0] == "rates"
    with pytest.raises(KeyError):  # automl's own, which misses its parts
        goals.restore_codec({"codec": "values"})
    with pytest.raises(ValueError, match="a codec named 'shares' is none of classes, labels, values, forecast"):
        goals.restore_codec({"codec": "shares"})
