"""What every analysis promises, on small made-up contests."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from automl import catalog, goals, testing
from automl.records import Analysis
from automl.report.sections import shipped

ANALYSES = catalog.members(Analysis, "automl.analyses")


@pytest.mark.parametrize("name", list(ANALYSES))
def test_an_analysis_keeps_its_contract(name: str) -> None:
    tried = ("binary", "regression", "anomaly", "generate", "segment")
    fitting = [goal for goal in tried if ANALYSES[name].is_about(goals.named(goal))]
    if not any(ANALYSES[name].unfit(testing.example_context(goal)) is None for goal in fitting):
        pytest.skip("it is for windows or for one modality alone, and tested in its own file")
    testing.check_analysis(ANALYSES[name])


@pytest.mark.parametrize("name", list(ANALYSES))
def test_an_analysis_has_an_example_and_a_section_that_draws_it(name: str) -> None:
    assert ANALYSES[name].example and name in {section.name for section in shipped()}


def test_orders_differ() -> None:
    orders = [one.order for one in ANALYSES.values()]
    assert len(set(orders)) == len(orders)


def run(context: Any) -> dict[str, Any]:
    return {"rows": [{"a": 1}]}


def changes(context: Any) -> dict[str, Any]:
    context.dataset.target.iloc[0, 0] = context.dataset.target.iloc[1, 0]
    context.dataset.target.iloc[2, 0] = context.dataset.target.iloc[3, 0]
    return {"rows": []}


COUNTER = iter(range(10_000))
FAULTS = [
    ({"name": "not a key"}, "must be an identifier"),
    ({"run": lambda context: [1]}, "gives a dict or None"),
    ({"run": lambda context: {"rows": [{"a": 1}, {"b": 1}]}}, "rows is no list of dicts"),
    ({"run": lambda context: {"n": next(COUNTER)}}, "something else the second time"),
    ({"run": lambda context: None}, "finds nothing"),
    ({"cost": lambda facts: -1.0}, "not a number of seconds"),
    ({"run": changes}, "changes the data"),
]


@pytest.mark.parametrize(("fault", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_each_fault_is_named(fault: dict[str, Any], words: str) -> None:
    good = Analysis("good", 1, run)
    testing.check_analysis(good)
    with pytest.raises(AssertionError, match=words):
        testing.check_analysis(dataclasses.replace(good, **fault))
