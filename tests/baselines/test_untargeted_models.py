"""Shallow models of goals without target: they rank what is odd, or represent rows, and are stored like others."""

from __future__ import annotations

import itertools
import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
import skops.io
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from untargeted import N_TEST, N_TRAIN, untargeted

from automl import catalog
from automl.baselines.features.columns import TableFeatures
from automl.baselines.learners.neighbour_distance import NeighbourDistance
from automl.baselines.learners.principal import PrincipalComponents
from automl.baselines.scoring import ScoreModel
from automl.records import Baseline, Facts, FitContext
from automl.storage.trusted import loads

BASELINES = catalog.members(Baseline, "automl.baselines")
SCORING = {name: b for name, b in BASELINES.items() if "anomaly" in b.goals}
REPRESENTING = {name: b for name, b in BASELINES.items() if "represent" in b.goals}
SMALLER = {"n_trees": 40, "convolutions": 300, "n_features": 150, "n_patches": 30}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    with threadpool_limits(1):
        yield


def settings_of(baseline, task):
    first = dict(next(iter(baseline.settings(task, Facts(N_TRAIN, len(task.classes)), 0))))
    return first | {name: value for name, value in SMALLER.items() if first.get(name)}


def fitted(baseline, made, context=None):
    dataset, task, split, _ = made
    model = baseline.make(task, settings_of(baseline, task), 0)
    model.fit(dataset, split.train, np.zeros(len(split.train), np.int64), None, context or FitContext())
    return model


@pytest.mark.parametrize("name", list(SCORING))
def test_what_is_odd_scores_higher_than_what_is_usual(name):
    made = untargeted(SCORING[name].modality)
    dataset, _, split, odd = made
    scores = fitted(SCORING[name], made).predict(dataset, split.test).arrays["scores"]
    found = roc_auc_score(odd[split.test], scores)
    assert found == 0.5 if SCORING[name].tier == "floor" else found > 0.9


@pytest.mark.parametrize("name", [*SCORING, *REPRESENTING])
def test_stored_by_skops_it_predicts_bit_equally_and_holds_only_what_is_on_the_closed_lists(name):
    made = untargeted(BASELINES[name].modality, BASELINES[name].goals[0])
    dataset, _, split, _ = made
    model = pickle.loads(pickle.dumps(fitted(BASELINES[name], made)))  # as it comes from the worker, arrays in C order
    again = loads(skops.io.dumps(loads(skops.io.dumps(model))))
    before, after = (one.predict(dataset, split.test).arrays for one in (model, again))
    assert before.keys() == after.keys()
    for key, array in before.items():
        np.testing.assert_array_equal(after[key], array)


@pytest.mark.parametrize("name", [*SCORING, *REPRESENTING])
def test_one_row_gets_what_it_gets_among_others(name):
    made = untargeted(BASELINES[name].modality, BASELINES[name].goals[0])
    dataset, _, split, _ = made
    model = pickle.loads(pickle.dumps(fitted(BASELINES[name], made)))
    together, single = (model.predict(dataset, rows) for rows in (split.test, split.test[7:8]))
    np.testing.assert_allclose(single.arrays[single.kind][0], together.arrays[single.kind][7], atol=1e-5)


@pytest.mark.parametrize("name", [*SCORING, *REPRESENTING])
def test_nothing_is_learnt_from_a_truth_or_from_validation_rows(name):
    made = untargeted(BASELINES[name].modality, BASELINES[name].goals[0])
    dataset, task, split, _ = made
    plain = fitted(BASELINES[name], made)
    other = BASELINES[name].make(task, settings_of(BASELINES[name], task), 0)
    truth = np.random.default_rng(1).integers(0, 2, len(split.train))
    other.fit(dataset, split.train, truth, None, FitContext(valid_rows=split.valid, valid_truth=truth[:40]))
    before, after = (one.predict(dataset, split.test) for one in (plain, other))
    np.testing.assert_array_equal(after.arrays[after.kind], before.arrays[before.kind])
    assert plain.chosen(1.25) == {}


@pytest.mark.parametrize("name", [*SCORING, *REPRESENTING])
def test_settings_start_with_a_default_are_plain_and_many(name):
    baseline = BASELINES[name]
    _, task, _, _ = untargeted(baseline.modality, baseline.goals[0], normal=None)
    streams = [list(itertools.islice(baseline.settings(task, Facts(5_000, 2), 7), 12)) for _ in range(2)]
    assert streams[0] == streams[1]
    assert all(isinstance(v, (int, float, str, bool, type(None))) for s in streams[0] for v in s.values())
    assert len({repr(s) for s in streams[0]}) >= {"floor": 1, "fast": 1, "strong": 6}[baseline.tier]


def test_neighbours_and_isolation_forests_come_first():
    for modality in ("tabular", "text", "image", "sequence"):
        fast = [b for b in SCORING.values() if b.modality == modality and b.tier == "fast"]
        first = sorted(fast, key=lambda b: b.turn)[:2]
        assert ["nearest neighbours" in first[0].title, "isolation forest" in first[1].title] == [True, True]


def test_nothing_is_left_out_where_all_rows_are_known_to_be_usual():
    for baseline in SCORING.values():
        _, task, _, _ = untargeted(baseline.modality)
        drawn = list(itertools.islice(baseline.settings(task, Facts(5_000, 2), 0), 30))
        assert {s.get("trim", 0.0) for s in drawn} == {0.0}
        unknown = list(itertools.islice(baseline.settings(replace(task, normal=None), Facts(5_000, 2), 0), 30))
        assert baseline.tier == "floor" or len({s["trim"] for s in unknown}) > 1


def test_anomalies_among_the_training_rows_are_left_out():
    rng, task = np.random.default_rng(0), untargeted("tabular")[1]
    X = rng.normal(size=(600, 20))
    X[370:400] += 1.5  # and 100 rows like them are to be found among 100 usual ones
    X[500:] += 1.5
    found = []
    for trim in (0.0, 0.15):
        model = ScoreModel(task, Matrix(X), PrincipalComponents(1.0, True), 0, trim)
        model.fit(None, np.arange(400), None, None, FitContext())
        scores = model.predict(None, np.arange(400, 600)).arrays["scores"]
        found.append(roc_auc_score(np.arange(200) >= 100, scores))
    assert found[1] > found[0] + 0.02


class Matrix:
    """Features that are there already."""

    categories = ()

    def __init__(self, X):
        self.X = X

    def fit(self, dataset, rows, truth, weight):
        return self.X[rows]

    def transform(self, dataset, rows):
        return self.X[rows]


def test_ranks_of_rows_that_were_learnt_from_are_even_though_each_is_its_own_neighbour():
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(900, 3)), untargeted("tabular")[1]
    for detector in (NeighbourDistance(3), NeighbourDistance(3, n_bags=4)):
        model = ScoreModel(task, Matrix(X), detector, 0)
        model.fit(None, np.arange(800), None, None, FitContext())
        assert abs(np.median(model.predict(None, np.arange(800, 900)).arrays["scores"]) - 0.5) < 0.1


def test_many_rows_are_sampled_and_it_says_how_many(monkeypatch):
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(3_000, 20)), untargeted("tabular")[1]
    monkeypatch.setattr(NeighbourDistance, "most_rows", lambda self, n_columns: 500)
    model = ScoreModel(task, Matrix(X), NeighbourDistance(5), 0)
    model.fit(None, np.arange(3_000), None, None, FitContext())
    assert model.n_learnt == 500 == len(model.detector.searches[0].rows) and model.stopped == ""
    assert abs(np.median(model.predict(None, np.arange(3_000)).arrays["scores"]) - 0.5) < 0.1


def test_before_a_deadline_a_few_rows_are_fitted_first_and_then_as_many_as_there_is_time_for(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    rng, task, stored = np.random.default_rng(0), untargeted("tabular")[1], []

    class Slow(PrincipalComponents):
        def fit(self, X):
            clock[0] += len(X) / 1_000  # seconds
            super().fit(X)

    X = rng.normal(size=(20_000, 3))
    for deadline, expected in ((1_000.0, 20_000), (14.0, 8_000), (4.0, 2_000)):
        clock[0] = 0.0
        model = ScoreModel(task, Matrix(X), Slow(), 0)
        model.fit(None, np.arange(len(X)), None, None, FitContext(deadline, lambda m: stored.append(m.n_learnt)))
        assert model.n_learnt == expected and clock[0] <= deadline
        assert bool(model.stopped) == (expected < 20_000)
    assert stored == [2_000, 20_000, 2_000, 8_000, 2_000]


def test_a_table_without_a_usable_column_has_scores_that_are_all_alike():
    dataset, task, split, _ = untargeted("tabular")
    blank = replace(dataset, inputs=dataset.inputs.assign(**dict.fromkeys("abcd", np.nan), town=None))
    for name, baseline in SCORING.items():
        if baseline.modality == "tabular":
            model = fitted(baseline, (blank, task, split, None))
            assert len(np.unique(model.predict(blank, split.test).arrays["scores"])) == 1, name


def test_new_rows_with_unseen_levels_and_gaps_are_scored():
    made = untargeted("tabular")
    dataset, *_ = made
    odd = dataset.inputs.iloc[:3].copy().reset_index(drop=True)
    odd["a"], odd["b"], odd["town"] = [np.nan, np.inf, 1e300], np.nan, ["nowhere", None, "north"]
    for name, baseline in SCORING.items():
        if baseline.modality == "tabular":
            found = fitted(baseline, made).predict(replace(dataset, inputs=odd), np.arange(3)).arrays["scores"]
            assert np.isfinite(found).all(), name


@pytest.mark.parametrize("name", list(REPRESENTING))
def test_vectors_have_as_many_numbers_as_asked_for_and_no_more_than_there_are_features(name):
    baseline = REPRESENTING[name]
    for dims, least in ((3, 3), (5_000, 5)):
        made = untargeted(baseline.modality, "represent", dims=dims)
        vectors = fitted(baseline, made).predict(made[0], made[2].test).arrays["vectors"]
        assert vectors.dtype == np.float64 and vectors.shape[0] == N_TEST and np.isfinite(vectors).all()
        assert vectors.shape[1] == 3 if dims == 3 else least <= vectors.shape[1] < 5_000


@pytest.mark.parametrize("name", [name for name, b in REPRESENTING.items() if b.tier != "floor"])
def test_vectors_tell_odd_rows_apart(name):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    made = untargeted(REPRESENTING[name].modality, "represent", dims=8)
    dataset, _, split, odd = made
    vectors = fitted(REPRESENTING[name], made).predict(dataset, split.test).arrays["vectors"]
    probe = LinearDiscriminantAnalysis().fit(vectors[::2], odd[split.test][::2])
    assert roc_auc_score(odd[split.test][1::2], probe.decision_function(vectors[1::2])) > 0.85


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("goal", ["anomaly", "represent"])
def test_vectors_of_a_backbone_are_used_where_there_is_one(modality, goal):
    made = untargeted(modality, goal)
    families = [b for b in BASELINES.values() if b.modality == modality and goal in b.goals]
    family = next(b for b in families if "backbone" in b.title)
    assert "pretrained=FOLDER" in family.unfit(made[1], Facts(N_TRAIN))
    output = fitted(family, made).predict(made[0], made[2].test)
    assert len(output.arrays[output.kind]) == N_TEST


def test_columns_on_a_normal_scale_are_of_the_same_rows():
    dataset, task, split, _ = untargeted("tabular")
    features = TableFeatures(task, "linear", 0, 30, False, quantiles=True)
    assert len(features.fit(dataset, split.train, np.zeros(N_TRAIN, np.int64), None)) == N_TRAIN
