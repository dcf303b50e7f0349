"""The exact paired test: known p-values, and no more false alarms than it promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from automl.records import Output
from automl.verdict.exact import p_value


def values(errors):
    return Output("values", {"values": np.asarray(errors, float).reshape(-1, 1)})


def p_of(metric, truth, a, b, of_item=None, weight=None, seed=0):
    of_item = np.arange(len(truth)) if of_item is None else of_item
    weight = np.ones(len(truth)) if weight is None else weight
    return p_value(metric, truth, a, b, of_item, weight, {}, np.random.default_rng(seed))


@pytest.mark.parametrize("n", [2, 5, 8])
def test_n_units_all_one_way_give_two_in_two_to_the_n(n):
    truth = np.zeros((n, 1))
    assert p_of("mae", truth, values(np.full(n, 0.1)), values(np.arange(1, n + 1))) == pytest.approx(2 / 2**n)


def test_accuracy_on_many_rows_is_the_sign_test():
    rng = np.random.default_rng(0)
    truth = np.zeros(60, dtype=np.int64)
    a, b = (rng.random(60) < 0.1).astype(int), (rng.random(60) < 0.35).astype(int)
    only_a, only_b = int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum())
    expected = binomtest(only_a, only_a + only_b).pvalue
    labels = [Output("labels", {"labels": x}) for x in (a, b)]
    assert expected == pytest.approx(p_of("accuracy", truth, *labels), abs=0.01)


def test_units_are_swapped_whole():
    truth = np.zeros((40, 1))
    a, b = values(np.full(40, 0.1)), values(np.full(40, 1.0))
    assert p_of("mae", truth, a, b) < 0.001
    assert p_of("mae", truth, a, b, of_item=np.repeat(np.arange(4), 10)) == pytest.approx(2 / 16)


def test_the_same_predictions_give_one():
    truth = np.arange(30) % 2
    p = np.random.default_rng(0).random(30)
    output = Output("probabilities", {"probabilities": np.column_stack([1 - p, p])})
    assert p_of("roc_auc", truth, output, output) == 1.0


def test_ranking_metrics_do_not_mind_the_scale_of_a_models_scores():
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    good = 0.3 * truth + 0.6 * rng.random(40)
    poor = rng.random(40)

    def output(p):
        return Output("probabilities", {"probabilities": np.column_stack([1 - p, p])})

    plain = p_of("roc_auc", truth, output(good), output(poor))
    squeezed = p_of("roc_auc", truth, output(good), output(0.49 + 0.01 * poor))
    assert plain == squeezed
    assert p_of("roc_auc", truth, output(0.9 * truth + 0.05), output(poor)) < 0.01


@pytest.mark.parametrize("metric", ["roc_auc", "rmse", "mae"])
def test_exchangeable_models_are_rarely_told_apart(metric):
    rng = np.random.default_rng(0)
    alarms = 0
    for seed in range(150):
        if metric == "roc_auc":
            truth = np.arange(12) % 2
            outputs = [0.5 * truth + rng.random(12) for _ in range(2)]
            a, b = (Output("probabilities", {"probabilities": np.column_stack([-p, p])}) for p in outputs)
        else:
            truth = np.zeros((12, 1))
            a, b = values(rng.normal(size=12)), values(rng.normal(size=12))
        alarms += p_of(metric, truth, a, b, seed=seed) < 0.05
    assert alarms <= 15  # 7.5 expected; 15 is beyond the 99 % point
