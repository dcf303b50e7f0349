"""How the report ranks and writes answers, and that goals of plug-ins get the report of their base."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from automl import goals
from automl.records import Contestant, Output, Task
from automl.report import page
from automl.report.answers import answer_of

SHIPPED = {name: goal for name, goal in goals.known().items() if not goal.base}


@pytest.fixture
def renamed():
    """Every goal of automl's own again, as a plug-in brings it under another name."""
    others = {
        name: dataclasses.replace(goal, name=f"{name}_again", words="Something else", base=name)
        for name, goal in SHIPPED.items()
    }
    goals.plug_in(others.values())
    yield others
    goals.plug_in(())


@pytest.mark.parametrize("name", sorted(name for name, goal in SHIPPED.items() if goal.needs_target))
def test_a_goal_of_a_plug_in_gets_the_whole_report_of_its_base(renamed, outcome_of, name):
    outcome = outcome_of("segmented" if name == "segment" else name)
    base = page.stored(outcome)
    task = dataclasses.replace(outcome.task, goal=renamed[name].name)

    again = page.stored(dataclasses.replace(outcome, task=task))

    assert again["sections"] == base["sections"]
    assert again["head"]["task"].startswith("Something else of ")


def contestant(kind, **arrays):
    return Contestant("run", "deep", Output(kind, {name: np.asarray(value) for name, value in arrays.items()}))


def test_right_answers_lose_nothing_and_the_surest_wrong_ones_lose_most():
    task = Task("tabular", "multiclass", ("y",), "accuracy", ("a", "b", "c"))
    p = [[0.4, 0.3, 0.3], [0.6, 0.4, 0.0], [0.9, 0.1, 0.0]]
    entrant = contestant("probabilities", probabilities=p, labels=[0, 0, 0])

    assert answer_of(task).losses(np.array([0, 1, 1]), entrant) == pytest.approx([0.0, 1.6, 1.9])
    assert answer_of(task).predicted(task, 1, entrant, 1) == "a (60\u00a0%)"
    assert answer_of(task).truth(task, 1) == "b"


def test_more_wrong_labels_lose_more_than_surer_ones():
    task = Task("tabular", "multilabel", ("a", "b"), "f1_macro", ("a", "b"))
    p = [[0.9, 0.1], [0.99, 0.1], [0.6, 0.6]]
    entrant = contestant("probabilities", probabilities=p, labels=[[1, 0], [1, 0], [1, 1]])

    first, second, third = answer_of(task).losses(np.array([[1, 0], [0, 0], [0, 0]]), entrant)

    assert first == 0 < second < third
    assert answer_of(task).predicted(task, None, entrant, 0) == "a"
    assert answer_of(task).truth(task, np.array([0, 0])) == "none"


def test_errors_of_several_targets_count_in_their_own_spread():
    task = Task("tabular", "regression", ("near", "far"), "r2")
    truth = np.array([[0.0, 0.0], [2.0, 2000.0]])
    entrant = contestant("values", values=[[1.0, 0.0], [2.0, 1000.0]])

    assert answer_of(task).losses(truth, entrant).tolist() == [0.5, 0.5]
    assert answer_of(task).predicted(task, truth[0], entrant, 0) == "near 1, far 0"


def test_a_window_is_written_by_its_mean_and_its_forecast_by_its_error():
    task = Task("sequence", "forecast", ("y",), "mase", horizon=2)
    truth = np.array([[[1.0], [3.0]]])
    entrant = contestant("windows", values=truth + 1.0)

    assert answer_of(task).truth(task, truth[0]) == "2 on average"
    assert answer_of(task).predicted(task, truth[0], entrant, 0) == "off by 1"
