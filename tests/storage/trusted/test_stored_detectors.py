"""Stored detectors and projections from elsewhere: arrays that do not fit are refused before anything is scored."""

from __future__ import annotations

import numpy as np
import pytest
import skops.io

from automl.baselines.detectors import detector_of
from automl.baselines.features.intervals import IntervalFeatures
from automl.baselines.features.series_values import SeriesValues
from automl.baselines.features.summaries import SequenceFeatures
from automl.baselines.learners.neighbour_search import NeighbourSearch
from automl.baselines.learners.projection import KernelComponents, PrincipalProjection
from automl.baselines.representing import VectorModel
from automl.baselines.scoring import ScoreModel
from automl.records import Task
from automl.storage.trusted import Untrusted, loads

X = np.random.default_rng(0).normal(size=(90, 3))
SETTINGS = {
    "neighbours": {"k": 3, "mean": True, "n_bags": 0},
    "factor": {"k": 5},
    "forest": {"n_trees": 5, "n_sampled": 16, "share": 1.0},
    "vectors": {"nu": 0.2, "gamma": 1.0},
    "principal": {"components_kept": 0.9, "within": True},
    "mixture": {"n_normals": 2, "full": True, "ridge": 0.01},
    "tails": {"by_column": True},
    "histograms": {"n_bins": 5, "dynamic": True},
}


def fitted(kind):
    detector = detector_of({"detector": kind, **SETTINGS[kind]}, 0)
    detector.fit(X)
    return detector


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_what_was_stored_opens_and_scores_bit_equally_even_twice(kind):
    detector = fitted(kind)
    before = detector.scores(X)
    again = loads(skops.io.dumps(loads(skops.io.dumps(detector))))
    assert before.tobytes() == again.scores(X).tobytes() and before.shape == (90,)


WIDE = np.zeros((4, 1, 1, 3))
WRONG = [
    ("forest", "depth", 10**9, "depth"),
    ("forest", "features", np.zeros((5, 3), np.int32), "another depth"),
    ("forest", "lengths", np.zeros((5, 3)), "other leaves"),
    ("forest", "thresholds", WIDE, "no array of 2"),
    ("neighbours", "k", 10**12, "without measure"),
    ("neighbours", "searches", [X], "other searches"),
    ("factor", "density", np.ones(3), "other densities"),
    ("factor", "reach", WIDE, "no array of 1"),
    ("vectors", "weights", np.ones(2), "other weights"),
    ("vectors", "width", float("nan"), "no number"),
    ("principal", "mean", WIDE, "no array of 1"),
    ("principal", "axes", np.ones((2, 7)), "other columns"),
    ("mixture", "roots", np.ones((2, 3, 9)), "other roots"),
    ("mixture", "means", WIDE, "no array of 2"),
    ("tails", "places", WIDE, "no array of 2"),
    ("tails", "left", np.ones((3, 2)), "other tails"),
    ("histograms", "edges", [np.zeros(1)] * 3, "other heights"),
]


@pytest.mark.parametrize(("kind", "name", "value", "words"), WRONG, ids=[f"{w[0]}-{w[1]}" for w in WRONG])
def test_arrays_that_do_not_fit_are_refused(kind, name, value, words):
    detector = fitted(kind)
    setattr(detector, name, value)
    with pytest.raises(Untrusted, match=words):
        loads(skops.io.dumps(detector))


def test_what_finds_neighbours_is_never_stored_and_never_taken_from_a_file(monkeypatch):
    detector = fitted("neighbours")
    detector.scores(X)
    search = loads(skops.io.dumps(detector)).searches[0]
    assert search.finder is None and search.rows.dtype == np.float32
    monkeypatch.setattr(NeighbourSearch, "__getstate__", lambda self: {"rows": self.rows, "finder": fitted("forest")})
    with pytest.raises(Untrusted, match="finder that was not made here"):
        loads(skops.io.dumps(detector))


def test_a_model_holds_a_detector_or_a_projection_of_ours():
    task = Task("tabular", "anomaly", (), "roc_auc")
    with pytest.raises(Untrusted, match="another detector"):
        loads(skops.io.dumps(ScoreModel(task, None, PrincipalProjection(2), 0)))
    model = ScoreModel(task, None, fitted("tails"), 0)
    model.reference = np.zeros((2, 2))
    with pytest.raises(Untrusted, match="no array of 1"):
        loads(skops.io.dumps(model))
    with pytest.raises(Untrusted, match="another projection"):
        loads(skops.io.dumps(VectorModel(task, None, fitted("tails"), 0)))
    kernel = KernelComponents(2, 20)
    kernel.fit(X, 0)
    assert loads(skops.io.dumps(kernel)).transform(X).tobytes() == kernel.transform(X).tobytes()
    kernel.inner = fitted("forest")
    with pytest.raises(Untrusted, match="another projection"):
        loads(skops.io.dumps(kernel))


@pytest.mark.parametrize("form", [(1, 10**9), (0, 5), (1, 2, 3), [1, 5], (1, 5.0), (True, 5)])
@pytest.mark.parametrize("made", [IntervalFeatures(), SequenceFeatures(True, 0), SeriesValues(5)], ids=["i", "s", "v"])
def test_a_form_of_series_is_two_whole_numbers_of_measure(made, form):
    made.form = form
    with pytest.raises(Untrusted, match="series without a form"):
        loads(skops.io.dumps(made))
    for sound in (None, (2, 24)):
        made.form = sound
        assert loads(skops.io.dumps(made)).form == sound
