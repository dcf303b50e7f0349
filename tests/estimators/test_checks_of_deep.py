"""scikit-learn's own checks of what an estimator must do, on networks of one layer (see `tiny`).

The contest's estimators share all that reads and answers with those of one side, so they get the checks of the
interface alone, since a contest takes some seconds; `benchmarks/estimator_checks.py` runs the whole list on them. On a
dozen rows a contest mostly ends in a tie, where the model predicts that measured cheaper, so a check which fits twice
and compares could fail by chance; scikit-learn leaves out some of these for an estimator that says it is not
deterministic.
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
