"""Learners ask the record of a goal, and a plug-in's goal is learnt as the one that it is based on."""

import dataclasses
import pickle

import numpy as np
import pytest

from automl import goals
from automl.baselines.features.columns import TableFeatures
from automl.baselines.learners.boosters import Boosters, installed
from automl.baselines.learners.learner import Learner, as_output
from automl.baselines.learners.linear import Fourier, Linear
from automl.baselines.learners.neighbours import Neighbours
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.baselines.model import Floor, Model
from automl.records import FitContext, Task

BASES = ("binary", "multiclass", "multilabel", "regression")
SETTINGS = {"max_iter": 5, "n_estimators": 8, "min_samples_leaf": 5}
MAKERS = {
    "linear": lambda goal, n: Linear(goal, n),
    "hinge": lambda goal, n: Linear(goal, n, "hinge"),
    "ridge": lambda goal, n: Linear(goal, n, "ridge"),
    "fourier": lambda goal, n: Fourier(goal, n, 50),
    "neighbours": lambda goal, n: Neighbours(goal, n),
    "vectors": lambda goal, n: Vectors(goal, n),
    "boosting": lambda goal, n: Boosting(goal, n, SETTINGS),
    "forest": lambda goal, n: Forest(goal, n, SETTINGS),
    "lightgbm": lambda goal, n: Boosters("lightgbm", goal, n, SETTINGS),
    "catboost": lambda goal, n: Boosters("catboost", goal, n, SETTINGS),
}


@pytest.fixture
def plugged():
    """A goal of a plug-in for each base."""
    goals.plug_in(dataclasses.replace(goals.named(base), name=f"my {base}", base=base) for base in BASES)
    yield
    goals.plug_in([])


def truth_of(base, signal):
    if base == "regression":
        return signal[:, None]
    if base == "multilabel":
        return np.stack([signal > 0, signal > 0.5], axis=1).astype(np.int8)
    return np.digitize(signal, [0.0] if base == "binary" else [-0.5, 0.5])


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_goal_of_a_plug_in_is_learnt_as_its_base_and_predicts_where_the_plug_in_is_not(plugged, kind, base):
    if kind in ("lightgbm", "catboost") and not installed(kind):
        pytest.skip(f"{kind} is not installed")
    X = np.random.default_rng(0).normal(size=(60, 3))
    truth = truth_of(base, X[:, 0])
    n_classes = {"binary": 2, "multiclass": 3, "multilabel": 2}.get(base, 0)
    learners = [MAKERS[kind](goal, n_classes) for goal in (base, f"my {base}")]
    for learner in learners:
        learner.fit(X[:40], truth[:40], None, X[40:], truth[40:], FitContext(), lambda: None)
    stored = pickle.dumps(learners[1])
    goals.plug_in([])
    expected = learners[0].predict(X)
    assert np.array_equal(expected, pickle.loads(stored).predict(X))
    assert expected.shape == (60, n_classes or 1)


@pytest.mark.parametrize("base", BASES)
def test_models_and_features_name_the_base_of_a_plug_ins_goal(plugged, base):
    task = Task("tabular", f"my {base}", ("y",), goals.default_metric(base))
    assert {made.goal for made in (Model(task, TableFeatures(task), None), Floor(task), TableFeatures(task))} == {base}


def test_an_output_is_of_the_goals_kind(plugged):
    shares = np.array([[0.6, 0.4], [0.2, 0.8]])
    assert as_output("my binary", shares).arrays["labels"].tolist() == [0, 1]
    assert as_output("my multilabel", shares).arrays["labels"].tolist() == [[1, 0], [0, 1]]
    assert as_output("my regression", shares).kind == "values"


@pytest.mark.parametrize(
    ("goal", "n_classes", "expected"), [("binary", 2, 2), ("multiclass", 5, 5), ("multilabel", 7, 2)]
)
def test_one_column_of_the_truth_holds_so_many_codes(goal, n_classes, expected):
    assert Learner(goal, n_classes).n_codes == expected
