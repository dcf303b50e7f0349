"""What ``--fail-on`` finds in a result: the recommended model's figures, measured where they were not."""

import dataclasses

import pytest
from outcomes import MAKERS

from automl.report import result_dict
from automl.report.fail_on import facts_of


@pytest.fixture(scope="module")
def outcome():
    return MAKERS["binary"]()


def with_conditions(outcome, text):
    return dataclasses.replace(outcome, recipe=dataclasses.replace(outcome.recipe, fail_on=text))


def test_the_facts_are_those_of_the_recommended_model(outcome):
    result = result_dict(outcome)
    facts = facts_of(result)
    own = next(run for run in result["runs"] if run["name"] == result["recommended"])
    assert facts["score"] == facts[result["task"]["metric"]] == own["test_score"]
    assert (facts["side"], facts["verdict"], facts["gain"]) == (own["side"], result["verdict"], result["gain"])
    assert result["fail_on"] is None


def test_a_result_names_the_conditions_that_hold(outcome):
    verdict = outcome.comparison.verdict
    found = result_dict(with_conditions(outcome, f"verdict={verdict}|score<-1"))["fail_on"]
    assert found == {"asked": f"verdict={verdict}|score<-1", "failed": [f"verdict={verdict}: verdict is {verdict}"]}


def test_another_metric_is_measured_for_its_condition(outcome):
    (said,) = result_dict(with_conditions(outcome, "accuracy<=1"))["fail_on"]["failed"]
    assert said.startswith("accuracy<=1: accuracy is 0.")
    (said,) = result_dict(with_conditions(outcome, "rmse<1"))["fail_on"]["failed"]
    assert said == "rmse<1: rmse was not measured"
