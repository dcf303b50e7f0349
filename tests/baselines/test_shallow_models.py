from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
import skops.io
from problems import parts_of
from sklearn.ensemble import HistGradientBoostingClassifier

from automl import catalog, metrics
from automl.goals import named, scoring_context, truth
from automl.records import Baseline, Facts
from automl.storage.trusted import loads

BASELINES = {
    name: baseline
    for name, baseline in catalog.members(Baseline, "automl.baselines").items()
    if all(named(goal).needs_target and not named(goal).in_pixels for goal in baseline.goals)
    # others: test_untargeted_models.py and test_segment_models.py
}
SMALLER = {"max_iter": 15, "n_estimators": 12, "convolutions": 400, "n_features": 150, "patience": 5}
GOALS = {
    "tabular": "multiclass", "text": "binary", "image": "regression", "audio": "multiclass", "sequence": "multiclass",
}  # fmt: skip


LIBRARIES = ("lightgbm", "catboost")


def made_for(baseline, task, n, **changed):
    """The family's first settings, smaller; those of `changed` that it knows as they are given."""
    if baseline.name in LIBRARIES:
        pytest.importorskip(baseline.name)
    facts = Facts(n, len(task.classes))
    settings = dict(next(baseline.settings(task, facts, 0)))
    settings |= {k: v for k, v in SMALLER.items() if settings.get(k)}
    settings |= {k: v for k, v in changed.items() if k in settings}
    return baseline.make(task, settings, 0)


def case_of(name):
    baseline = BASELINES[name]
    return ("sequence", "forecast") if "forecast" in baseline.goals else (baseline.modality, GOALS[baseline.modality])


@pytest.mark.parametrize("name", list(BASELINES))
def test_stored_by_skops_predicts_bit_equally_and_holds_only_what_is_on_the_closed_lists(name, problem, fit):
    made = problem(*case_of(name))
    dataset, task, split = made
    train, _, test = parts_of(split)
    fitted = fit(made_for(BASELINES[name], task, len(train)), made)
    model = pickle.loads(pickle.dumps(fitted))  # as it comes from the worker: slices of arrays are arrays of their own
    stored = skops.io.dumps(model)
    again = loads(skops.io.dumps(loads(stored)))  # opened, saved and opened again
    before, after = model.predict(dataset, test).arrays, again.predict(dataset, test).arrays
    assert before.keys() == after.keys()
    for key in before:
        np.testing.assert_array_equal(after[key], before[key])


@pytest.mark.parametrize("name", [n for n, b in BASELINES.items() if b.tier != "floor"])
def test_learns_what_the_floor_does_not_know(name, problem, fit):
    made = problem(*case_of(name))
    dataset, task, split = made
    train, _, test = parts_of(split)
    tier = [b for b in BASELINES.values() if b.tier == "floor" and task.goal in b.goals]
    floors = [b for b in tier if b.modality == BASELINES[name].modality]
    scores = []
    for baseline in (BASELINES[name], *floors):
        model = fit(made_for(baseline, task, len(train)), made)
        context = scoring_context(dataset, task, split, test)
        scores.append(
            metrics.score(task.metric, truth(dataset, task, test), model.predict(dataset, test), None, context)
        )
    assert all(metrics.better(task.metric, scores[0], floor) for floor in scores[1:])


@pytest.mark.parametrize("name", list(BASELINES))
def test_settings_start_with_a_default_and_are_plain(name, problem):
    _, task, _ = problem(*case_of(name))
    draws = [list(itertools.islice(BASELINES[name].settings(task, Facts(500, 3), 7), 12)) for _ in range(2)]
    assert draws[0] == draws[1]
    assert all(isinstance(v, (int, float, str, bool, type(None))) for s in draws[0] for v in s.values())
    if BASELINES[name].tier == "strong":
        assert len({repr(s) for s in draws[0]}) >= 6


def test_tables_begin_with_boosted_trees_and_soon_with_scikit_learns_defaults(problem):
    _, task, _ = problem("tabular", "binary")
    tables = [b for b in BASELINES.values() if b.modality == "tabular"]
    first = next(b for b in tables if b.tier == "strong")
    assert [b.name for b in tables if b.tier == "fast"] == ["linear"]
    assert first.name == "boosting"
    own = HistGradientBoostingClassifier().get_params()
    names = ("learning_rate", "max_leaf_nodes", "min_samples_leaf", "l2_regularization", "max_features")
    for n, place in ((2_000, 2), (100_000, 0)):  # small tables begin with what was chosen on others (decision 36)
        settings = list(itertools.islice(first.settings(task, Facts(n, 2), 3), 3))[place]
        assert {name: settings[name] for name in names} == {name: own[name] for name in names}


@pytest.mark.parametrize("name", [n for n, b in BASELINES.items() if b.modality == "tabular" and b.tier != "floor"])
def test_weights_are_honoured(name, problem, fit):
    made = problem("tabular", "binary")
    dataset, task, split = made
    weight = np.where(truth(dataset, task, split.train) == 1, 50.0, 1.0)
    # A leaf of one class says the same whatever its rows weigh, so leaves must be large enough to hold both.
    made_twice = [made_for(BASELINES[name], task, 120, min_samples_leaf=30) for _ in range(2)]
    plain = fit(made_twice[0], made).predict(dataset, split.test).arrays["probabilities"][:, 1]
    heavy = fit(made_twice[1], made, weight).predict(dataset, split.test).arrays["probabilities"][:, 1]
    if name == "vectors":  # its temperature is fitted again, so the mean may stay: the order of rows may not
        assert not np.allclose(heavy, plain)
    else:
        assert heavy.mean() > plain.mean() + 0.05


@pytest.mark.parametrize("name", [n for n, b in BASELINES.items() if "binary" in b.goals])
def test_a_class_without_training_rows_gets_probability_zero_or_little(name, problem, fit):
    dataset, task, split = problem(BASELINES[name].modality, "multiclass")
    codes = truth(dataset, task, split.train)
    short = type(split)(split.train[codes != 2], split.valid, split.test, "row", split.unit_ids, "short", 0)
    model = fit(made_for(BASELINES[name], task, len(short.train)), (dataset, task, short))
    probabilities = model.predict(dataset, split.test).arrays["probabilities"]
    assert probabilities.shape == (len(split.test), 3)
    assert probabilities[:, 2].mean() < 0.25
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-9)


def test_a_forecast_never_reads_the_target_of_its_own_rows(problem, fit):
    made = problem("sequence", "forecast", n_series=2, n_targets=2)
    dataset, task, split = made
    blank = dataset.target.copy()
    one = split.test_windows[:1]
    blank.iloc[one[0, 0] :] = np.nan
    future = type(dataset)("waves", dataset.inputs, blank, times=dataset.times, series=dataset.series)
    for name in ("naive", "seasonal_naive", "lagged_ridge", "lagged_boosting"):
        model = fit(made_for(BASELINES[name], task, len(split.train_windows)), made)
        known, unknown = model.predict(dataset, one), model.predict(future, one)
        np.testing.assert_array_equal(unknown.arrays["values"], known.arrays["values"])
        assert unknown.arrays["quantiles"].shape == (1, 6, 2, 2)


def test_forecast_quantiles_are_ordered_and_hold_most_of_the_truth(problem, fit):
    made = problem("sequence", "forecast")
    dataset, task, split = made
    actual = truth(dataset, task, split.test_windows)
    for name in ("lagged_ridge", "seasonal_naive"):
        model = fit(made_for(BASELINES[name], task, len(split.train_windows)), made)
        quantiles = model.predict(dataset, split.test_windows).arrays["quantiles"]
        assert (np.diff(quantiles, axis=-1) >= 0).all()
        inside = (actual >= quantiles[..., 0]) & (actual <= quantiles[..., 1])
        assert 0.5 < inside.mean() <= 1.0


def test_a_series_without_any_past_is_still_forecast(problem, fit):
    made = problem("sequence", "forecast")
    dataset, task, split = made
    first = np.arange(6)[None, :]
    for name in ("naive", "seasonal_naive", "lagged_ridge", "lagged_boosting"):
        model = fit(made_for(BASELINES[name], task, len(split.train_windows)), made)
        assert np.isfinite(model.predict(dataset, first).arrays["values"]).all()


def test_seasonal_naive_repeats_the_last_season(problem, fit):
    made = problem("sequence", "forecast")
    dataset, task, split = made
    model = fit(made_for(BASELINES["seasonal_naive"], task, 10), made)
    found = model.predict(dataset, split.test_windows).arrays["values"][..., 0]
    expected = dataset.target["y0"].to_numpy()[split.test_windows - 12]
    np.testing.assert_allclose(found, expected)


def test_new_rows_with_unseen_levels_and_gaps_are_predicted(problem, fit):
    made = problem("tabular", "binary")
    dataset, task, _ = made
    odd = dataset.inputs.iloc[:3].copy().reset_index(drop=True)
    odd["level"] = ["sideways", None, "up"]
    odd["many"] = ["nowhere", None, "town 3"]
    odd["tags"] = [None, "never; seen", "y"]
    odd["words"] = ["", "\x00 \U0001f600", "good"]
    odd["number"] = np.nan
    odd["day"] = np.datetime64("NaT", "ns")
    new = type(dataset)("new", odd)
    offered = [name for name in LIBRARIES if BASELINES[name].unfit(task, Facts(120)) is None]
    for name in ("linear", "boosting", "forest", "vectors", "neighbours", *offered):
        model = fit(made_for(BASELINES[name], task, 120), made)
        assert np.isfinite(model.predict(new, np.arange(3)).arrays["probabilities"]).all()
        one = pickle.loads(pickle.dumps(model)).predict(new, np.array([2])).arrays["probabilities"]
        np.testing.assert_allclose(one[0], model.predict(new, np.arange(3)).arrays["probabilities"][2], atol=1e-12)


@pytest.mark.parametrize("settings", [{"words": 0.0}, {"words": 2.0}, {"words": 0.0, "loss": "kernel"}])
def test_vectors_of_a_backbone_are_read_with_words_without_and_by_a_kernel(settings, problem, fit):
    made = problem("text", "regression")
    dataset, task, split = made
    first = next(iter(BASELINES["pretrained_linear"].settings(task, Facts(len(split.train)), 0)))
    model = fit(BASELINES["pretrained_linear"].make(task, {**first, **settings}, 0), made)
    score = metrics.score("r2", truth(dataset, task, split.test), model.predict(dataset, split.test), None, {})
    assert score > 0.5
    np.testing.assert_array_equal(
        model.predict(dataset, split.test).arrays["values"],
        loads(skops.io.dumps(model)).predict(dataset, split.test).arrays["values"],
    )


@pytest.mark.parametrize("settings", [{}, {"learner": "ridge"}, {"learner": "kernel"}])
@pytest.mark.parametrize(("goal", "metric", "least"), [("multiclass", "accuracy", 0.6), ("regression", "r2", 0.5)])
def test_vectors_of_pictures_are_read_by_linear_models_and_a_kernel(settings, goal, metric, least, problem, fit):
    made = problem("image", goal)
    dataset, task, split = made
    family = BASELINES["pretrained_image_linear"]
    first = next(iter(family.settings(task, Facts(len(split.train)), 0)))
    model = fit(family.make(task, {**first, **settings}, 0), made)
    found = model.predict(dataset, split.test)
    assert metrics.score(metric, truth(dataset, task, split.test), found, None, {}) > least
    again = loads(skops.io.dumps(model)).predict(dataset, split.test)
    for name, array in found.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name])


@pytest.mark.parametrize(("modality", "name"), [("text", "pretrained_linear"), ("image", "pretrained_image_linear")])
def test_without_a_backbone_the_family_says_why_it_is_left_out(problem, modality, name):
    _, task, split = problem(modality, "binary")
    assert "pretrained=FOLDER" in BASELINES[name].unfit(task, Facts(len(split.train)))


def test_each_family_says_what_it_tries_and_where_it_is_from():
    families = [baseline for baseline in BASELINES.values() if baseline.tier != "floor"]
    said = {baseline.name: (baseline.settings.__doc__ or "").strip() for baseline in families}
    assert all(len(words) > 20 for words in said.values()), said
    assert len(set(said.values())) == len(said)
    assert all(baseline.source for baseline in families)
