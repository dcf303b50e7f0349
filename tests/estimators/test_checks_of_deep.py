"""scikit-learn's own checks of what an estimator must do, on networks of one layer (see `tiny`).

The contest's estimators share all that reads and answers with those of one side, so they get the checks of the
interface alone: a contest takes some seconds, and on a dozen rows mostly ends in a tie, where the model predicts that
measured cheaper, so that checks which fit twice and compare would pass or fail by chance.
"""

from pathlib import Path

import pytest
from expected import EXPECTED
from sklearn.utils.estimator_checks import parametrize_with_checks

from automl import ContestClassifier, ContestRegressor, DeepClassifier, DeepRegressor

TINY = {"templates": ("tiny",), "plugins": (str(Path(__file__).with_name("tiny.py")),)}


def made(*kinds):
    return [kind(budget=None, max_trials=1, **TINY) for kind in kinds]


@pytest.mark.slow
@parametrize_with_checks(made(DeepClassifier, DeepRegressor), expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(made(ContestClassifier, ContestRegressor), legacy=False)
def test_scikit_learn_finds_nothing_amiss_in_the_interface_of_a_contest(estimator, check):
    check(estimator)
