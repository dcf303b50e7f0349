"""scikit-learn's own checks of what an estimator must do, on the shallow side."""

from expected import EXPECTED
from sklearn.utils.estimator_checks import parametrize_with_checks

from automl import ShallowClassifier, ShallowRegressor

ESTIMATORS = [kind(budget=None, max_trials=1) for kind in (ShallowClassifier, ShallowRegressor)]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)
