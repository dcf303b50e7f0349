"""scikit-learn's own checks of what an estimator must do, on networks of one layer (see `tiny`).

The contest's estimators share all that reads and answers with those of one side, so they get the checks of the
interface and of refusals, since a contest takes some seconds; `benchmarks/estimator_checks.py` runs the whole list. On
a dozen rows a contest mostly ends in a tie, where the model predicts that measured cheaper, so a check which fits twice
and compares could fail by chance; scikit-learn leaves out some of these for an estimator that says it is not
deterministic.
"""

from pathlib import Path

import pytest
from expected import EXPECTED
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from automl import ContestClassifier, ContestRegressor, DeepClassifier, DeepRegressor

TINY = {"templates": ("tiny",), "plugins": (str(Path(__file__).with_name("tiny.py")),)}

REFUSALS = (  # checks of what `fit` refuses before a contest begins
    "check_all_zero_sample_weights_error", "check_classifiers_one_label", "check_classifiers_one_label_sample_weights",
    "check_complex_data", "check_estimator_sparse_array", "check_estimators_empty_data_messages", "check_fit1d",
    "check_requires_y_none", "check_supervised_y_no_nan",
)  # fmt: skip


@pytest.fixture(autouse=True)
def float32_is_told_from_float64(monkeypatch):
    """Networks compute in float32: where a row lies in its batch may move the last bits of what is predicted."""
    exact = estimator_checks.assert_allclose_dense_sparse
    wide = {"rtol": 1e-5, "atol": 1e-6}
    monkeypatch.setattr(
        estimator_checks, "assert_allclose_dense_sparse", lambda x, y, **more: exact(x, y, **(wide | more))
    )


def made(*kinds):
    return [kind(budget=None, max_trials=1, **TINY) for kind in kinds]


@parametrize_with_checks(made(DeepClassifier, DeepRegressor), expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


@parametrize_with_checks(made(ContestClassifier, ContestRegressor), legacy=False)
def test_scikit_learn_finds_nothing_amiss_in_the_interface_of_a_contest(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", [ContestClassifier, ContestRegressor])
def test_a_contest_refuses_what_scikit_learn_wants_refused(kind):
    found = [
        (estimator, check)
        for estimator, check in estimator_checks_generator(*made(kind))
        if getattr(check, "func", check).__name__ in REFUSALS
    ]
    assert len(found) >= 7
    for estimator, check in found:
        check(estimator)
