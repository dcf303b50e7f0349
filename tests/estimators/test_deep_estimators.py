"""Estimators of networks, and of the whole contest, on a template of one layer (see `tiny`)."""

import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score

import automl
from automl.errors import OutOfTime, RecipeError, TrialError
from automl.estimators import ContestResult

TINY = {"templates": "tiny", "plugins": [str(Path(__file__).with_name("tiny.py"))]}
BARE = {"budget": None, "max_trials": 1, **TINY}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
LABELS = np.where(X[:, 0] + X[:, 1] > 0, "up", "down")
VALUES = 100 + 5 * X[:, 0]


@pytest.fixture(scope="module")
def classifier():
    return automl.DeepClassifier(**BARE).fit(X, LABELS)


@pytest.fixture(scope="module")
def contest(tmp_path_factory, finalists_are_refitted_twice):
    """A contest with as many seeds as in use, run in an empty folder, the folder, and where temporary files went."""
    work, scratch = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setattr(tempfile, "tempdir", str(scratch))
        patch.setattr("automl.flow.budget.allocation.MOST_REFITS", finalists_are_refitted_twice)
        return automl.ContestRegressor(**BARE).fit(X, VALUES), work, scratch


def test_a_network_learns_and_its_probabilities_say_so(classifier):
    assert roc_auc_score(LABELS == "up", classifier.predict_proba(X)[:, 1]) > 0.95
    assert classifier.score(X, LABELS) > 0.8


def test_the_same_seed_gives_the_same_network(classifier):
    again = automl.DeepClassifier(**BARE).fit(X, LABELS)
    assert (again.predict_proba(X) == classifier.predict_proba(X)).all()


def test_a_pickled_network_predicts_bit_for_bit(classifier):
    again = pickle.loads(pickle.dumps(classifier))
    assert (again.predict_proba(X) == classifier.predict_proba(X)).all()


def test_all_rows_but_those_that_validate_are_trained_on():
    from automl import flow
    from automl import recipe as recipes

    recipe = recipes.make(data=(X, VALUES), goal="regression", max_trials=2, budget="60m", quiet=True, **TINY)
    trained = flow.train(recipe, "deep")
    assert {run.side for run in trained.runs} == {"deep"} and trained.finalist.valid_score > 0.9
    assert not trained.keeps_rows


def test_a_network_is_cross_validated():
    assert cross_val_score(automl.DeepRegressor(**BARE), X, VALUES, cv=2).mean() > 0.4


def test_why_there_is_no_network_is_told():
    words = np.array([["red", "green", "blue"][i % 3] for i in range(40)], dtype=object)[:, None]
    with pytest.raises(RecipeError, match="tiny: it reads numbers"):
        automl.DeepClassifier(**BARE).fit(words, LABELS[:40])
    with pytest.raises(TrialError, match="predicts a row within 1e-06 ms; allow a longer latency"):
        automl.DeepClassifier(**BARE, latency=1e-6).fit(X, LABELS)


def test_a_budget_that_cannot_load_tensorflow_is_told(monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    with pytest.raises(OutOfTime, match="too little to load TensorFlow and train; give at least 16 s"):
        automl.DeepClassifier(**(BARE | {"budget": 1})).fit(X, LABELS)


def test_a_log_needs_a_run_folder():
    with pytest.raises(RecipeError, match="no run folder"):
        automl.DeepClassifier(**BARE, search={"log": "tensorboard"}).fit(X, LABELS)


def test_a_contest_keeps_its_verdict_and_report(contest, tmp_path):
    model, _, _ = contest
    found = model.result_
    assert isinstance(found, ContestResult)
    assert f"Verdict: {found.verdict} ({found.reason})." in str(found)
    assert found.result["verdict"] == found.verdict
    assert b"<html" in found.report(tmp_path / "r.html").read_bytes()[:500].lower()
    assert found.report(tmp_path / "r.md").read_text().startswith("#")


def test_a_contest_predicts_with_the_recommended_model(contest):
    model, _, _ = contest
    assert model.score(X, VALUES) > 0.9
    sides = {run["name"]: run["side"] for run in model.result_.result["runs"]}
    assert model.result_.recommended == sides[model.result_.result["recommended"]]


def test_a_contest_of_too_few_rows_says_so_as_scikit_learn_does():
    with pytest.raises(ValueError, match=r"Found array with 9 sample\(s\) .*minimum of 10 is required by ContestReg"):
        automl.ContestRegressor(**BARE).fit(X[:12], VALUES[:12], sample_weight=[1] * 9 + [0] * 3)


def test_a_contest_leaves_nothing_behind(contest):
    _, work, scratch = contest
    assert [*work.iterdir()] == [] == [*scratch.iterdir()]


def test_a_pickled_contest_holds_its_report(contest):
    again = pickle.loads(pickle.dumps(contest[0]))
    assert (again.predict(X) == contest[0].predict(X)).all()
    assert again.result_.pages == contest[0].result_.pages


def test_a_contest_keeps_the_folder_that_it_is_given(tmp_path):
    model = automl.ContestClassifier(**BARE, out=str(tmp_path / "run"), costs={"retrains_per_year": 3})
    costs = model.fit(X, LABELS).result_.result["costs"]
    assert (costs["retrains_per_year"], costs["predictions_per_year"]) == (3.0, 1_000_000.0)
    assert (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "model" / "bundle.json").exists()
