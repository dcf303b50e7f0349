"""scikit-learn's own checks of what an estimator must do, on the shallow side.

The classifier gets the whole list. The regressor shares all that the list looks at with it but the target, so by
default it gets the checks that are of regressors alone; `-m slow` runs the rest too.
"""

import pytest
from expected import EXPECTED
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from automl import ShallowClassifier, ShallowRegressor

CLASSIFIER, REGRESSOR = (kind(budget=None, max_trials=1) for kind in (ShallowClassifier, ShallowRegressor))


@parametrize_with_checks([CLASSIFIER], expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


def test_scikit_learn_finds_nothing_amiss_in_what_is_of_regressors_alone():
    own = [
        (estimator, check)
        for estimator, check in estimator_checks_generator(REGRESSOR)
        if "regressor" in getattr(check, "func", check).__name__
    ]
    assert len(own) >= 6
    for estimator, check in own:
        check(estimator)


@pytest.mark.slow
@parametrize_with_checks([REGRESSOR], expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss_in_a_regressor(estimator, check):
    check(estimator)
