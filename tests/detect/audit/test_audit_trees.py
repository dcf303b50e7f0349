"""Trees that answer for the rows they have not seen."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from automl.detect.audit.trees import told_by_others

TREES = 60


def skill(told, values):
    return 1 - ((told - values) ** 2).mean() / values.var()


@pytest.mark.parametrize("n_classes", [2, 5])
def test_classes_are_told_as_well_as_by_scikit_learns_trees(rng, n_classes):
    from sklearn.ensemble import ExtraTreesClassifier

    inputs = rng.normal(size=(1500, 9)).astype(np.float32)
    labels = np.digitize(inputs[:, 0] + inputs[:, 1] + 0.3 * rng.normal(size=1500), np.linspace(-1, 1, n_classes - 1))
    theirs = ExtraTreesClassifier(TREES, min_samples_leaf=2, bootstrap=True, oob_score=True, random_state=0)
    theirs.fit(inputs, labels)

    told = told_by_others(inputs, labels, n_classes, 3, TREES)

    hot = np.eye(n_classes)[labels]
    miss, usual = (((p - hot) ** 2).sum(axis=1).mean() for p in (told, theirs.oob_decision_function_))
    assert miss == pytest.approx(usual, rel=0.1)
    np.testing.assert_allclose(told.sum(axis=1), 1)


def test_numbers_are_told_as_well_as_by_scikit_learns_trees(rng):
    from sklearn.ensemble import ExtraTreesRegressor

    inputs = rng.normal(size=(1500, 6)).astype(np.float32)
    values = 1e6 + 1e3 * (inputs[:, 0] * inputs[:, 1] + inputs[:, 2] + 0.3 * rng.normal(size=1500))
    theirs = ExtraTreesRegressor(TREES, min_samples_leaf=2, bootstrap=True, oob_score=True, random_state=0)
    theirs.fit(inputs, values)

    told = told_by_others(inputs, values, 0, 6, TREES)

    assert skill(told[:, 0], values) == pytest.approx(skill(theirs.oob_prediction_, values), abs=0.05)


def test_no_tree_answers_for_a_row_it_has_learnt_from(rng):
    inputs, labels = rng.normal(size=(400, 5)).astype(np.float32), rng.integers(0, 2, 400)

    told = told_by_others(inputs, labels, 2, 2, TREES)

    assert (told.argmax(axis=1) == labels).mean() < 0.6  # with their own labels known, nearly all would be right


def test_the_same_seed_draws_the_same_trees(rng):
    inputs, labels = rng.normal(size=(200, 5)).astype(np.float32), rng.integers(0, 3, 200)

    assert (told_by_others(inputs, labels, 3, 2, TREES) == told_by_others(inputs, labels, 3, 2, TREES)).all()
    assert (told_by_others(inputs, labels, 3, 2, TREES) != told_by_others(inputs, labels, 3, 2, TREES, seed=1)).any()


def test_a_class_that_does_not_occur_gets_nothing_and_columns_that_never_vary_tell_the_mean():
    labels = np.arange(60) % 3

    told = told_by_others(np.zeros((60, 4), np.float32), labels, 5, 2, TREES)

    assert (told[:, 3:] == 0).all()
    assert np.abs(told[:, :3] - 1 / 3).max() < 0.1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows_and_numbers_near_the_largest_raise_nothing(n):
    inputs = np.linspace(-3e38, 3e38, n, dtype=np.float32)[:, None]

    assert np.isfinite(told_by_others(inputs, np.linspace(-1e300, 1e300, n), 0, 1, TREES)).all()


def test_an_audit_of_a_table_loads_no_scikit_learn():
    code = (
        "import sys, numpy as np, pandas as pd, automl\n"
        "r = np.random.default_rng(0); x = r.normal(size=(400, 3))\n"
        "f = pd.DataFrame(x, columns=list('abc')).assign(at=pd.date_range('2020', periods=400))\n"
        "automl.inspect(f.assign(y=np.where(x[:, 0] > 0, 'yes', 'no')), target='y')\n"
        "print([m for m in sys.modules if m.startswith(('sklearn', 'scipy', 'tensorflow'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
