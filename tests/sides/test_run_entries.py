"""What both journals say of a run."""

import json

import numpy as np
import pytest

from automl.records import Cost, Run
from automl.sides.entries import damage, ended, read_run
from automl.storage.journal import Journal
from automl.storage.values import Misfit
from automl.storage.weights import WeightStore

RUN = Run("mlp-1", "deep", "cut", "mlp", cost=Cost(fit_seconds=2.0, offered_seconds=3.0, n_parameters=7),
          choices={"width": 8}, valid_score=0.5, failure="time was over", n_holdouts=2)  # fmt: skip


def entry(**changed):
    return json.loads(json.dumps(ended(RUN, [0.25, 0.75], False) | changed))


def test_a_run_comes_back_as_it_was():
    assert read_run(entry(), "deep", "mlp", {"width": 8}, 2) == (RUN, [0.25, 0.75])


def test_a_run_without_a_score_stands_on_one_hold_out():
    run, scores = read_run(entry(score=None, scores=[], status="failed"), "deep", "mlp", {}, 2)
    assert (run.valid_score, run.n_holdouts, scores) == (None, 1, [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scores": [0.1, 0.2]}, "score: expected the mean"),
        ({"score": None}, "score: expected the mean"),
        ({"scores": []}, "score: expected the mean"),
        ({"scores": [0.5, 0.5, 0.5]}, "scores: expected a list of at most 2"),
        ({"scores": ["0.5"]}, "scores: expected a number"),
        ({"status": "odd"}, "status: expected one of done, cut, failed"),
        ({"failure": 1}, "failure: expected a text"),
        ({"cost": {"fit_seconds": -1.0}}, "fit_seconds: expected a number"),
    ],
)
def test_what_no_run_says_is_refused_in_words(changed, said):
    with pytest.raises(Misfit, match=said):
        read_run(entry(**changed), "deep", "mlp", {}, 2)


def test_of_three_hold_outs_a_run_has_one_or_all():
    with pytest.raises(Misfit, match="expected one, or 3 of them, got 2"):
        read_run(entry(), "deep", "mlp", {}, 3)


def test_what_an_earlier_call_left_damaged_is_told_of_journal_and_store(tmp_path):
    (tmp_path / "trials.log").write_bytes(b"no journal\n")
    store = WeightStore(tmp_path / "weights")
    assert damage(Journal(None, {}), None) == damage(Journal(None, {}), store) == []
    assert store.save("mlp-1", [np.ones(3)], {}) is None
    (tmp_path / "weights" / "mlp-1.npz").write_bytes(b"damaged")
    assert store.load("mlp-1") is None
    journal, weights = damage(Journal(tmp_path / "trials.log", {}), store)
    assert "put aside as trials.unreadable" in journal and weights.endswith("were put aside: mlp-1.unreadable")
