"""Greedy ensembles: what is chosen, what it must prove, and what the mean of outputs is."""

import numpy as np
import pytest

from automl import metrics
from automl.goals.shared.outputs import combine
from automl.records import Cost, Output, Run
from automl.sides.ensemble import MOST_MEMBERS, ensemble_run, select

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=(400, 1))


def values(noise, seed, bias=0.0):
    return Output("values", {"values": TRUTH + bias + noise * np.random.default_rng(seed).normal(size=TRUTH.shape)})


def labels(p):
    p = np.asarray(p, "float64")
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def test_two_models_with_independent_errors_beat_either():
    outputs = [values(0.5, 1), values(0.5, 2)]
    weights = select(outputs, "rmse", TRUTH)
    assert weights == pytest.approx((0.5, 0.5), abs=0.15) and sum(weights) == pytest.approx(1)
    score = metrics.score("rmse", TRUTH, combine(outputs, weights), None, {})
    assert score < min(metrics.score("rmse", TRUTH, one, None, {}) for one in outputs)


def test_a_model_that_adds_nothing_is_left_out():
    good, copy = values(0.2, 1), values(0.2, 1)
    assert select([good, copy], "r2", TRUTH) is None
    assert select([good, values(5.0, 2)], "r2", TRUTH) is None


def test_opposite_biases_cancel_and_noise_is_not_asked():
    weights = select([values(0.05, 1, bias=0.5), values(0.05, 2, bias=-0.5), values(3.0, 3)], "mae", TRUTH)
    assert weights == pytest.approx((0.5, 0.5, 0.0), abs=0.06)


def test_at_most_so_many_members():
    weights = select([values(0.5, seed) for seed in range(8)], "r2", TRUTH)
    assert np.count_nonzero(weights) == MOST_MEMBERS and len(weights) == 8


def test_what_is_only_luck_on_the_validation_rows_is_refused():
    """Predictions that are pure noise: some mean of them always looks better on the rows it is chosen on."""
    refused = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 2, 120)
        p = rng.random((6, 120))
        refused += select([labels(np.stack([1 - one, one], axis=1)) for one in p], "roc_auc", truth) is None
    assert refused >= 6  # half of the time by chance, were there no check


def test_few_rows_choose_nothing():
    few = [Output("values", {"values": one.arrays["values"][:20]}) for one in (values(0.5, 1), values(0.5, 2))]
    assert select(few, "rmse", TRUTH[:20]) is None


def test_weights_of_rows_and_a_forecasts_scale_go_along():
    n, horizon = 60, 3
    truth = RNG.normal(size=(n, horizon, 1))
    made = [
        Output("windows", {"values": truth + 0.5 * np.random.default_rng(seed).normal(size=truth.shape)})
        for seed in (1, 2)
    ]
    context = {"scale": np.ones((n, 1)), "series": np.zeros(n, dtype=int), "quantiles": ()}
    assert select(made, "mase", truth, np.ones(n), context) is not None


def test_a_mean_is_weighted_and_labels_follow_it():
    mean = combine([labels([[0.9, 0.1]]), labels([[0.2, 0.8]])], (0.25, 0.75))
    assert mean.arrays["probabilities"] == pytest.approx(np.array([[0.375, 0.625]]))
    assert mean.arrays["labels"].tolist() == [1]


def test_votes_are_weighted_where_there_are_no_probabilities():
    said = [Output("labels", {"labels": np.array([code])}) for code in (0, 1, 1)]
    assert combine(said, (0.6, 0.2, 0.2)).arrays["labels"].tolist() == [0]
    assert combine(said).arrays["labels"].tolist() == [1]


def test_an_ensembles_run_costs_what_its_members_cost():
    runs = [
        Run(name, "deep", "done", "mlp", valid_score=0.5, cost=Cost(2.0, 3.0, None, None, peak, 1.5, 10))
        for name, peak in (("mlp-1", 100.0), ("mlp-2", 300.0))
    ]
    run = ensemble_run("deep", runs, (0.25, 0.75), 0.6)
    assert (run.name, run.family, run.valid_score) == ("deep-ensemble", "ensemble", 0.6)
    assert run.choices == {"ensemble": {"mlp-1": 0.25, "mlp-2": 0.75}}
    cost = run.cost
    assert (cost.fit_seconds, cost.peak_mib, cost.size_mib, cost.n_parameters) == (4.0, 300.0, 3.0, 20)
    assert cost.predict_ms is None


def test_members_are_chosen_by_the_loss_where_every_model_ranks_all_rows_right():
    truth = np.arange(200) % 2
    sure = np.random.default_rng(1).uniform(0.51, 0.99, 200)  # where one is sure the other is not
    ps = [np.where(truth == 1, one, 1 - one) for one in (sure, 1.5 - sure)]
    made = [labels(np.stack([1 - p, p], axis=1)) for p in ps]
    assert np.count_nonzero(select(made, "roc_auc", truth)) == 2
    assert select([made[0], made[0]], "roc_auc", truth) is None


def test_forecasts_of_which_one_lacks_quantiles_are_chosen_by_the_metric_alone():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(80, 3, 1))
    outputs = [
        Output("windows", {"values": truth + 0.5 * rng.normal(size=truth.shape)} | more)
        for more in ({"quantiles": np.sort(rng.normal(size=(80, 3, 1, 2)))}, {}, {})
    ]
    context = {"scale": np.ones((80, 1)), "quantiles": (0.1, 0.9)}
    weights = select(outputs, "mase", truth, None, context)
    assert weights is not None and np.count_nonzero(weights) >= 2
