"""scikit-learn's own checks of what an estimator must do, on networks of one layer (see `tiny`).

What reads input and answers is shared with the shallow side, which gets the whole list; by default networks get the
checks below, in which a fit of theirs could go wrong in a way of its own, and `-m slow` runs the whole list on both.

The contest's estimators share all that reads and answers with those of one side, so they get the checks of the
interface and of refusals, since a contest takes some seconds; `benchmarks/estimator_checks.py` runs the whole list. Of
two equivalent models a contest predicts with the one that measured cheaper, so a check which fits twice and compares
could fail by chance; scikit-learn leaves out some of these for an estimator that says it is not deterministic.
"""

from pathlib import Path

import pytest
from expected import EXPECTED
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from automl import ContestClassifier, ContestRegressor, DeepClassifier, DeepRegressor

CHOSEN = {  # of networks: their weights, their batches, their float32, their seeds
    "check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_one_label",
    "check_classifiers_train", "check_dict_unchanged", "check_dont_overwrite_parameters", "check_dtype_object",
    "check_estimators_dtypes", "check_estimators_overwrite_params", "check_estimators_pickle",
    "check_f_contiguous_array_estimator", "check_fit2d_1feature", "check_fit_idempotent",
    "check_methods_sample_order_invariance", "check_methods_subset_invariance", "check_readonly_memmap_input",
    "check_sample_weights_not_overwritten", "check_sample_weights_pandas_series",
}  # fmt: skip

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


def name_of(check):
    return getattr(check, "func", check).__name__


def chosen(kind):
    return [
        pytest.param(estimator, check, id=name_of(check))
        for estimator, check in estimator_checks_generator(*made(kind))
        if name_of(check) in CHOSEN
    ]


def test_the_checks_chosen_are_scikit_learns():
    assert {name_of(check) for _, check in estimator_checks_generator(*made(DeepClassifier))} >= CHOSEN


@pytest.mark.thorough
@pytest.mark.parametrize(("estimator", "check"), chosen(DeepClassifier))
def test_scikit_learn_finds_nothing_amiss_in_a_network(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(made(DeepClassifier, DeepRegressor), expected_failed_checks=lambda one: EXPECTED)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(made(ContestClassifier, ContestRegressor), legacy=False)
def test_scikit_learn_finds_nothing_amiss_in_the_interface_of_a_contest(estimator, check):
    check(estimator)


UNFITTED = {  # checks of the interface that fit nothing
    "check_do_not_raise_errors_in_init_or_set_params", "check_estimator_cloneable", "check_estimator_repr",
    "check_estimator_tags_renamed", "check_estimators_unfitted", "check_mixin_order", "check_no_attributes_set_in_init",
    "check_valid_tag_types",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [(ContestClassifier, {*UNFITTED, "check_estimators_overwrite_params"}), (ContestRegressor, UNFITTED)],
)
def test_a_contest_has_the_interface_that_scikit_learn_wants(kind, wanted):
    found = [one for one in estimator_checks_generator(*made(kind), legacy=False) if name_of(one[1]) in wanted]
    assert {name_of(check) for _, check in found} == wanted
    for estimator, check in found:
        check(estimator)


@pytest.mark.parametrize("kind", [ContestClassifier, ContestRegressor])
def test_a_contest_refuses_what_scikit_learn_wants_refused(kind):
    found = [
        (estimator, check) for estimator, check in estimator_checks_generator(*made(kind)) if name_of(check) in REFUSALS
    ]
    assert len(found) >= 7
    for estimator, check in found:
        check(estimator)
