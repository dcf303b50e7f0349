"""Estimators as scikit-learn's users know them, seen on the shallow side, whose fits take half a second."""

import inspect
import pickle
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import automl
from automl.errors import RecipeError

NAMES = [
    "ContestClassifier", "ContestRegressor", "DeepClassifier", "DeepRegressor", "ShallowClassifier", "ShallowRegressor",
]  # fmt: skip
RNG = np.random.default_rng(0)
N = 120


def classifier(**more):
    return automl.ShallowClassifier(**{"budget": None, "max_trials": 1, **more})


def regressor(**more):
    return automl.ShallowRegressor(**{"budget": None, "max_trials": 1, **more})


@pytest.fixture(scope="module")
def people():
    """A frame of numbers with gaps, words and dates, and whether they buy."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": rng.uniform(18, 80, N),
            "town": rng.choice(["Ulm", "Bonn", "Kiel"], N),
            "since": pd.date_range("2020-01-01", periods=N, freq="D"),
        },
        index=pd.Index(np.arange(N) * 7, name="number"),
    )
    buys = np.where((frame["age"] > 50) | (frame["town"] == "Kiel"), "yes", "never")
    frame.loc[frame.index[::9], "age"] = np.nan
    return frame, buys


@pytest.fixture(scope="module")
def fitted(people):
    return classifier().fit(*people)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_named_and_keeps_what_it_was_given(name):
    kind = getattr(automl, name)
    signature = inspect.signature(kind.__init__)
    assert not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    given = {key: object() for key in signature.parameters if key != "self"}
    made = clone(kind(**given), safe=False)
    assert set(made.get_params()) == set(given)
    assert {"budget", "max_trials", "seed", "metric", "columns"} <= set(given)


def test_what_is_learned_is_told(fitted, people):
    frame, buys = people
    assert fitted.classes_.tolist() == ["never", "yes"]
    assert fitted.n_features_in_ == 3 and fitted.feature_names_in_.tolist() == ["age", "town", "since"]
    assert fitted.score(frame, buys) > 0.9


def test_probabilities_stand_in_the_order_of_the_classes(fitted, people):
    frame, buys = people
    found = fitted.predict_proba(frame)
    assert found.shape == (N, 2) and found.sum(axis=1) == pytest.approx(np.ones(N))
    assert found[buys == "yes", 1].mean() > 0.8 > 0.2 > found[buys == "never", 1].mean()


def test_the_index_of_a_frame_is_no_input(fitted, people):
    frame, _ = people
    assert (fitted.predict_proba(frame.reset_index(drop=True)) == fitted.predict_proba(frame)).all()


def test_columns_are_held_against_those_trained_on(fitted, people):
    frame, _ = people
    with pytest.raises(ValueError, match="Feature names unseen at fit time"):
        fitted.predict(frame.assign(more=1))
    with pytest.raises(ValueError, match="same order"):
        fitted.predict(frame[["town", "age", "since"]])


def test_an_array_is_taken_in_the_order_trained_on(people):
    frame = people[0][["age"]].fillna(0).assign(b=1.0 * np.arange(N))
    model = classifier().fit(frame, people[1])
    with pytest.warns(UserWarning, match="valid feature names"):
        assert (model.predict(frame.to_numpy()) == model.predict(frame)).all()


@pytest.mark.parametrize(
    "classes",
    [
        np.array([2019, 2020, 2021]), np.array(["NA", "null", "x"]), np.array([1.0, 2.0, 3.0]), np.array([True, False]),
        np.array(["a, b", "b, c", "c"]), np.array(["2020-01-05", "2020-01-06"]), np.array(["b ", "b"]),
    ],
    ids=["years", "words for missing", "floats", "truths", "lists", "dates", "blanks"],
)  # fmt: skip
def test_labels_come_back_as_they_were_given(classes):
    codes = np.arange(60) % len(classes)
    X = codes[:, None] + 0.1 * np.random.default_rng(0).normal(size=(60, 1))
    model = classifier().fit(X, classes[codes])
    found = model.predict(X)
    assert found.dtype == classes.dtype and (found == classes[codes]).mean() > 0.9


def test_numbers_that_look_like_years_are_predicted_as_numbers():
    X = RNG.uniform(size=(60, 2))
    years = 1990 + np.round(30 * X[:, 0])
    assert regressor().fit(X, years).score(X, years) > 0.9


def test_several_targets_and_labels_are_predicted_together():
    X = RNG.normal(size=(80, 3))
    values = regressor().fit(X, X[:, :2] @ [[1.0, 2.0], [3.0, -1.0]])
    assert values.predict(X).shape == (80, 2) and values.score(X, X[:, :2] @ [[1.0, 2.0], [3.0, -1.0]]) > 0.9
    labels = classifier().fit(X, (X > 0).astype(int))
    assert labels.predict(X).shape == (80, 3) == labels.predict_proba(X).shape
    assert labels.score(X, (X > 0).astype(int)) > 0.7


def test_images_and_texts_are_inputs_too():
    bright = np.arange(40) % 2
    images = (100 * bright[:, None, None, None] + RNG.integers(0, 50, (40, 8, 8, 1))).astype(np.uint8)
    assert classifier().fit(images, bright).score(images, bright) == 1.0
    words = np.where(bright, "what a splendid evening it was", "we were bored and left early").astype(object)
    texts = pd.DataFrame({"note": [f"{text}, said guest {i}" for i, text in enumerate(words)]})
    assert classifier().fit(texts, bright).score(texts, bright) == 1.0


def test_a_row_of_weight_zero_is_as_if_it_were_not_there():
    X, noise = RNG.normal(size=(90, 2)), np.arange(90) >= 60
    y = np.where(noise, X[:, 0] < 0, X[:, 0] > 0)
    without = classifier().fit(X[:60], y[:60])
    weighted = classifier().fit(X, y, sample_weight=np.where(noise, 0.0, 1.0))
    assert (without.predict_proba(X) == weighted.predict_proba(X)).all()


def test_a_weight_counts():
    X, y = RNG.normal(size=(200, 1)), np.repeat([0, 1], 100)
    heavy = classifier(metric="log_loss").fit(X, y, sample_weight=np.where(y == 1, 9.0, 1.0))
    assert heavy.predict_proba(X)[:, 1].mean() > 0.8


def test_the_same_seed_gives_the_same_model(people):
    frame, buys = people
    assert (
        classifier().fit(frame, buys).predict_proba(frame) == classifier().fit(frame, buys).predict_proba(frame)
    ).all()


def test_it_goes_through_pipelines_cross_validation_and_grids():
    X = RNG.normal(size=(90, 3))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    pipe = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipe, X, y, cv=2, scoring="roc_auc").mean() > 0.9
    grid = GridSearchCV(classifier(), {"max_trials": [1, 2]}, cv=2).fit(X, y)
    assert grid.best_params_["max_trials"] in (1, 2) and grid.score(X, y) > 0.9


def test_a_pickle_predicts_the_same_and_needs_no_folder(fitted, people):
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.predict_proba(people[0]) == fitted.predict_proba(people[0])).all()
    assert again.feature_names_in_.tolist() == ["age", "town", "since"]
    assert (pickle.loads(pickle.dumps(again)).predict(people[0]) == fitted.predict(people[0])).all()


def test_nothing_is_left_behind(tmp_path, monkeypatch, people):
    (tmp_path / "work").mkdir()
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    pickle.loads(pickle.dumps(classifier().fit(*people)))
    assert {path.name for path in tmp_path.rglob("*")} == {"work", "scratch"}


def test_a_budget_of_time_fits_in_a_process_apart_and_is_kept(people):
    model = classifier(budget="60m").fit(*people)
    assert model.score(*people) > 0.9


def test_a_bound_on_time_and_a_contest_are_tagged_as_not_deterministic():
    assert not classifier().__sklearn_tags__().non_deterministic
    assert classifier(budget="60s").__sklearn_tags__().non_deterministic
    assert automl.ContestClassifier(budget=None, max_trials=1).__sklearn_tags__().non_deterministic


def test_tensorflow_is_never_loaded():
    code = """
import sys, numpy as np, automl
X = np.random.default_rng(0).normal(size=(40, 2))
automl.ShallowRegressor(budget=None, max_trials=2).fit(X, X[:, 0]).predict(X)
print({name for name in ("tensorflow", "keras", "keras_tuner") if name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.strip() == "set()"


X20, Y20 = RNG.normal(size=(20, 2)), np.arange(20) % 2


def test_it_must_be_fitted_first():
    with pytest.raises(NotFittedError):
        classifier().predict(X20)


def test_a_fit_that_failed_leaves_no_earlier_model_behind(people):
    model = classifier().fit(X20, Y20)
    with pytest.raises(RecipeError):
        model.set_params(metric="nonsense").fit(X20, Y20)
    with pytest.raises(NotFittedError):
        model.predict(X20)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (X20, np.ones(20), "at least 2 classes.*one class only.*gather"),
        (X20, X20[:, 0], "[Uu]nknown label type|continuous"),
        (X20, Y20 + 1j, "Complex data not supported"),
        (X20 + 1j, Y20, "Complex data not supported"),
        (X20, np.array([[1, 2], [2, 3]] * 10), "one ShallowClassifier per column"),
        (X20, Y20[:-1], "inconsistent numbers of samples"),
        (X20, None, "requires y to be passed"),
        (X20[:5], Y20[:5], "minimum of 8 is required by ShallowClassifier"),
        (X20[:, :0], Y20, "0 feature"),
        (pd.DataFrame(index=range(20)), Y20, "0 feature"),
        (X20[0], Y20, "Reshape your data"),
    ],
    ids=[
        "one class", "numbers", "complex y", "complex X", "several classes", "lengths", "no y", "few rows", "no column",
        "an empty frame", "one dimension",
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_told(X, y, words):
    with pytest.raises(ValueError, match=words):
        classifier().fit(X, y)


def test_sparse_rows_are_refused_with_what_to_do():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match=r"[Ss]parse.*toarray"):
        classifier().fit(csr_array(X20), Y20)
    with pytest.raises(TypeError, match=r"[Ss]parse.*toarray"):
        regressor().fit(X20, csr_array(X20))


def test_words_are_no_target_of_a_regressor():
    with pytest.raises(ValueError, match="use a classifier"):
        regressor().fit(X20, np.array(["a", "b"] * 10))


@pytest.mark.parametrize(
    ("weight", "words"),
    [(np.zeros(20), "non-zero"), (-np.ones(20), "Negative"), (np.ones(19), "one weight per row"), (Y20, "one class")],
    ids=["all zero", "negative", "too few", "one class left"],
)
def test_weights_that_cannot_count_are_told(weight, words):
    with pytest.raises(ValueError, match=words):
        classifier().fit(X20, Y20, sample_weight=weight)


def test_a_contest_takes_every_parameter_of_fit_that_is_not_about_the_rows():
    """Its rows come with `fit`, each with a target; it neither forecasts nor generates, nor is it resumed or shown."""
    rows = {
        "data",
        "target",
        "goal",
        "label",
        "normal",
        "contamination",
        "dims",
        "condition",
        "memorised_limit",
        "pretrain",
        "test",
        "series",
        "weight",
        "horizon",
        "season",
        "known",
        "void",
    }
    asked = set(inspect.signature(automl.fit).parameters) - rows - {"resume", "json", "json_lines", "source"}
    for name in ("ContestClassifier", "ContestRegressor"):
        assert set(inspect.signature(getattr(automl, name).__init__).parameters) - {"self", "on_odd"} == asked
    with pytest.raises(RecipeError, match=r"costs: unknown key 'retrains' \(did you mean 'retrains_per_year'"):
        automl.ContestClassifier(max_trials=1, costs={"retrains": 3}).fit(X20, Y20)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"max_trials": None}, "neither budget nor max_trials"),
        ({"budget": "soon"}, 'ShallowClassifier: budget: expected a time such as 90, "90s"'),
        ({"metric": "rmse"}, "does not score goal 'binary'"),
        ({"columns": {"x0": "numerc"}}, "numeric"),
        ({"columns": {"x9": "numeric"}}, "x9"),
    ],
    ids=["no bound", "budget", "metric", "kind", "column"],
)
def test_a_wrong_parameter_is_told_by_fit(parameters, words):
    with pytest.raises(RecipeError, match=words) if "x9" not in words else pytest.raises(ValueError, match=words):
        classifier(**parameters).fit(X20, Y20)
