"""`result.model` and what `automl.load` opens are taken by scikit-learn, which fits clones of them."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

import automl
from automl import bundle, recipe, report
from automl.errors import DataError
from automl.estimators import FinalistClassifier, FinalistRegressor, finalist_estimator
from automl.flow import train
from automl.predict.model import Model
from automl.testing.outcomes import example_outcome

N = 120


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.uniform(18, 80, N), "town": rng.choice(["Ulm", "Bonn"], N), "number": range(N)})
    frame["buys"] = np.where((frame["age"] > 50) | (frame["town"] == "Ulm"), "yes", "no")
    return frame


def won(frame, target):
    """A contest of which only the shallow side was run, as an outcome, with its predictors."""
    asked = recipe.make(
        data=frame, target=target, max_trials=2, budget="none", quiet=True, drop="number", seed=3,
        columns={"town": "categorical"},
    )  # fmt: skip
    made = train(asked, "shallow")
    others = [run for run in made.runs if run.name != made.finalist.name]
    runs = (*others, dataclasses.replace(made.finalist, finalist=True))
    base = example_outcome("binary")
    split = dataclasses.replace(base.split, seed=asked.seed)
    outcome = dataclasses.replace(
        base, recipe=asked, task=made.task, runs=runs, split=split, reproduce={"recipe": recipe.dump(asked)}
    )
    return outcome, {"shallow": made.predictor}


@pytest.fixture(scope="module")
def contest(people):
    return won(people, "buys")


@pytest.fixture(scope="module")
def model(contest):
    """As `Result.model` is made."""
    outcome, predictors = contest
    maker = functools.partial(finalist_estimator, outcome, predictors)
    return Model(outcome.task, predictors, "shallow", None, report.result_dict(outcome), {}, maker)


@pytest.fixture(scope="module")
def loaded(contest, tmp_path_factory):
    outcome, predictors = contest
    folder = tmp_path_factory.mktemp("saved") / "model"
    text = recipe.dump(outcome.recipe)
    bundle.save(folder, outcome.task, predictors, "shallow", report.result_dict(outcome), text, "")
    return automl.load(folder)


@pytest.mark.parametrize("which", ["model", "loaded"])
def test_a_clone_is_an_unfitted_estimator_of_the_finalists_settings(which, request, people):
    given = request.getfixturevalue(which)
    made = clone(given)
    assert isinstance(made, FinalistClassifier) and made.get_params() == given.get_params()
    (member, *_) = made.settings["shallow"]
    assert member["family"] and (made.seed, made.drop, made.columns) == (3, ["number"], {"town": "categorical"})
    with pytest.raises(NotFittedError):
        made.predict(people)
    X = people.drop(columns="buys")
    made.fit(X.drop(columns="number"), people["buys"])
    assert made.score(X.drop(columns="number"), people["buys"]) > 0.8


@pytest.mark.parametrize("which", ["model", "loaded"])
def test_it_is_a_fitted_classifier(which, request, people):
    given, X = request.getfixturevalue(which), people.drop(columns="buys")
    check_is_fitted(given)
    assert is_classifier(given) and not is_regressor(given)
    assert given.classes_.tolist() == ["no", "yes"] and given.n_features_in_ == 2
    assert given.feature_names_in_.tolist() == ["age", "town"]
    wanted = given.estimator("shallow").score(X, people["buys"])
    assert given.score(X, people["buys"]) == wanted == (given.predict(X) == people["buys"]).mean()
    assert permutation_importance(given, X, people["buys"], n_repeats=1, random_state=0).importances_mean.shape == (3,)


def test_a_loaded_model_makes_the_same_estimator_as_the_result(model, loaded):
    own, opened = model.estimator(), loaded.estimator()
    plain = json.loads(json.dumps(own.get_params()))
    assert plain == json.loads(json.dumps(opened.get_params()))


def test_cross_validation_pipelines_and_searches_take_it(model, people):
    X, y = people[["age", "town"]], people["buys"]
    assert (cross_val_score(model, X, y, cv=2) > 0.7).all()
    pipeline = make_pipeline(FunctionTransformer(), model)
    assert pipeline.predict(X).tolist() == model.predict(X).tolist()
    again = clone(pipeline)
    assert isinstance(again[-1], FinalistClassifier) and again.fit(X, y).score(X, y) > 0.8
    found = GridSearchCV(model, {"seed": [5]}, cv=2).fit(X, y)
    assert found.best_params_ == {"seed": 5}


def test_it_stays_as_it_is(model, people):
    X, y = people[["age", "town"]], people["buys"]
    with pytest.raises(DataError, match=r"clone\(result.model\).fit"):
        model.fit(X, y)
    with pytest.raises(DataError, match="stays what its report describes"):
        Pipeline([("model", model)]).fit(X, y)
    with pytest.raises(DataError, match="clone"):
        model.set_params(seed=1)
    assert model.set_params() is model


def test_a_regression_makes_a_regressor(people):
    outcome, predictors = won(people.assign(buys=3.0 * people["age"]), "buys")
    maker = functools.partial(finalist_estimator, outcome, predictors)
    given = Model(outcome.task, predictors, "shallow", _maker=maker)
    assert is_regressor(given) and isinstance(clone(given), FinalistRegressor) and not hasattr(given, "classes_")
    assert given.score(people.drop(columns="buys"), 3.0 * people["age"]) > 0.9


@pytest.mark.parametrize("result", [
    {}, {"runs": [], "split": {"seed": 1}, "recipe": "a: ["}, {"runs": 3}, {"runs": [{"name": 1}]},
])  # fmt: skip
def test_a_model_saved_without_settings_says_so(contest, result, tmp_path):
    outcome, predictors = contest
    bundle.save(tmp_path / "model", outcome.task, predictors, "shallow", result, "", "")
    opened = automl.load(tmp_path / "model")
    with pytest.raises(DataError, match="without the settings of its finalists"):
        opened.estimator()
    with pytest.raises(DataError, match="without the settings"):
        clone(opened)


def test_plug_in_files_that_a_saved_recipe_names_are_not_taken_over(contest, tmp_path):
    outcome, predictors = contest
    result = report.result_dict(outcome)
    result = {**result, "recipe": result["recipe"] + "\nplugins: [./evil.py]\n"}
    bundle.save(tmp_path / "model", outcome.task, predictors, "shallow", result, "", "")
    assert automl.load(tmp_path / "model").estimator().plugins is None


def test_other_goals_are_no_estimators(contest):
    outcome, predictors = contest
    other = dataclasses.replace(outcome, task=dataclasses.replace(outcome.task, goal="anomaly"))
    given = Model(other.task, predictors, "shallow", _maker=functools.partial(finalist_estimator, other, predictors))
    with pytest.raises(DataError, match="a table with a target"):
        clone(given)
    with pytest.raises(DataError, match="no settings"):
        Model(other.task, predictors, "shallow").estimator()
