"""A contest's finalist is a scikit-learn estimator: it predicts as the contest's model, and fits again unsearched."""

from __future__ import annotations

import dataclasses
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

from automl import recipe
from automl.errors import DataError, RecipeError
from automl.estimators import FinalistClassifier, FinalistRegressor, finalist_estimator
from automl.flow import train
from automl.sides.predictors import BlendPredictor

N = 120
LINEAR = {"shallow": [{"family": "linear", "settings": {}}]}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.uniform(18, 80, N), "town": rng.choice(["Ulm", "Bonn"], N), "number": range(N)})
    frame["buys"] = np.where((frame["age"] > 50) | (frame["town"] == "Ulm"), "yes", "no")
    return frame


def contest(frame, target, **more):
    """The shallow side of a contest, as its outcome and its predictors hold it."""
    asked = recipe.make(data=frame, target=target, max_trials=2, budget="none", quiet=True, **more)
    made = train(asked, "shallow")
    others = [run for run in made.runs if run.name != made.finalist.name]
    runs = (*others, dataclasses.replace(made.finalist, finalist=True))
    return SimpleNamespace(recipe=asked, task=made.task, runs=runs), {"shallow": made.predictor}


@pytest.fixture(scope="module")
def won(people):
    return contest(people, "buys", drop="number")


@pytest.fixture(scope="module")
def estimator(won):
    return finalist_estimator(*won, "shallow")


def test_it_stands_as_fitted(estimator, people):
    X = people.drop(columns="buys")
    assert is_classifier(estimator) and estimator.classes_.tolist() == ["no", "yes"]
    assert estimator.n_features_in_ == 2 and estimator.feature_names_in_.tolist() == ["age", "town"]
    assert estimator.predict_proba(X).shape == (N, 2)
    assert set(estimator.predict(X)) <= {"no", "yes"}
    assert estimator.score(X, people["buys"]) > 0.8
    reordered = X[["town", "number", "age"]].set_axis(range(N, 2 * N), axis=0)
    np.testing.assert_array_equal(estimator.predict_proba(reordered), estimator.predict_proba(X))


def test_a_clone_is_not_fitted_and_fits_the_same_settings_once(estimator, won, people, monkeypatch):
    again = clone(estimator)
    assert again.get_params() == estimator.get_params()
    with pytest.raises(NotFittedError):
        again.predict(people)
    seen = []

    def counted(*given):
        seen.append(train(*given))
        return seen[-1]

    monkeypatch.setattr("automl.estimators.finalist.flow.train", counted)
    again.fit(people[["age", "town"]], people["buys"])  # without the column that the contest dropped
    (made,) = seen
    wanted = estimator.settings["shallow"]
    tried = [run for run in made.runs if run.side == "shallow"]
    assert [run.family for run in tried] == [one["family"] for one in wanted]
    assert [dict(run.choices) for run in tried] == [one["settings"] for one in wanted]
    assert again.score(people[["age", "town"]], people["buys"]) > 0.8
    assert again.feature_names_in_.tolist() == ["age", "town"]
    with pytest.raises(ValueError, match="feature names"):
        again.predict(people[["age"]])


def test_it_goes_into_pipelines_cross_validation_and_pickles(estimator, people):
    X, y = people.drop(columns="buys"), people["buys"]
    pipeline = Pipeline([("same", FunctionTransformer()), ("model", estimator)])
    assert pipeline.predict(X).tolist() == estimator.predict(X).tolist()
    assert cross_val_score(clone(pipeline), X, y, cv=2).shape == (2,)
    opened = pickle.loads(pickle.dumps(estimator))
    assert opened.predict(X).tolist() == estimator.predict(X).tolist()


def test_whole_numbers_come_back_and_a_regressor_scores(people):
    made = finalist_estimator(*contest(people.assign(buys=(people["age"] > 50).astype(int)), "buys"), "shallow")
    assert made.classes_.dtype.kind == "i" and made.predict(people.drop(columns="buys")).dtype.kind == "i"
    outcome, predictors = contest(people.assign(price=3 * people["age"]).drop(columns="buys"), "price")
    numbers = finalist_estimator(outcome, predictors, "shallow")
    assert isinstance(numbers, FinalistRegressor)
    assert numbers.score(people.drop(columns="buys"), 3 * people["age"]) > 0.9


def test_a_blend_predicts_the_weighted_mean_of_both_sides(people, monkeypatch):
    """Both parts are shallow here: what is tested is how they are fitted and mixed, and no network takes its time."""
    sides = []

    def shallow(recipe, side, started, inherited):
        sides.append(side)
        return train(recipe, "shallow", started, type(inherited)({"shallow": inherited.settings[side]}))

    monkeypatch.setattr("automl.estimators.finalist.flow.train", shallow)
    boosted = [{"family": "boosting", "settings": {}}]
    both = FinalistRegressor(settings={"deep": LINEAR["shallow"], "shallow": boosted}, weight_of_deep=0.25)
    X, y = people[["age"]], people["age"]
    both.fit(X, y)
    predictor = both._fitted_model.predictor
    assert sides == ["deep", "shallow"] and isinstance(predictor, BlendPredictor) and predictor.parts == (0.25, 0.75)
    assert both.score(X, y) > 0.9


INTERFACE = {
    "check_estimator_cloneable", "check_no_attributes_set_in_init", "check_parameters_default_constructible",
    "check_get_params_invariance", "check_set_params", "check_estimator_tags_renamed", "check_n_features_in",
    "check_n_features_in_after_fitting", "check_dataframe_column_names_consistency", "check_classifiers_one_label",
    "check_estimators_unfitted", "check_dont_overwrite_attributes", "check_dict_unchanged",
}  # fmt: skip


@pytest.mark.parametrize("kind", [FinalistClassifier, FinalistRegressor])
def test_scikit_learn_finds_nothing_amiss_in_the_interface(kind):
    checks = [
        (one, check)
        for one, check in estimator_checks_generator(kind(settings=LINEAR))
        if getattr(check, "func", check).__name__ in INTERFACE
    ]
    assert len(checks) >= 8
    for one, check in checks:
        check(one)


@pytest.mark.parametrize(
    ("settings", "words"),
    [(None, "result.estimator"), ({"floor": []}, "the sides"), ({"deep": [{"family": "mlp"}]}, "'family'")],
)
def test_other_settings_are_refused(settings, words, people):
    with pytest.raises(RecipeError, match=words):
        FinalistClassifier(settings=settings).fit(people[["age"]], people["buys"])


def test_a_side_without_settings_is_refused(won):
    outcome, predictors = won
    with pytest.raises(DataError, match="sides that have: shallow"):
        finalist_estimator(outcome, {**predictors, "floor": predictors["shallow"]}, "floor")
    other = SimpleNamespace(recipe=outcome.recipe, runs=outcome.runs)
    other.task = dataclasses.replace(outcome.task, goal="anomaly")
    with pytest.raises(DataError, match="a table with a target"):
        finalist_estimator(other, predictors, "shallow")
