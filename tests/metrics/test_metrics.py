"""Scores agree with scikit-learn's, weights included, and one weighting agrees with many."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics as reference

from automl import goals, metrics
from automl.errors import DataError, RecipeError, Unfit
from automl.records import Output

N = 300


def weights_of(kind, n=N, seed=1):
    rng = np.random.default_rng(seed)
    return {
        "none": None,
        "fractional": rng.uniform(0.1, 3.0, n),
        "zeros": rng.poisson(1.0, n).astype(float),
    }[kind]


def binary(seed=0, ties=False):
    rng = np.random.default_rng(seed)
    truth = (rng.random(N) < 0.3).astype(np.int64)
    p = np.clip(0.3 * truth + 0.6 * rng.random(N), 0.01, 0.99)
    p = np.round(p, 1) if ties else p
    p = np.clip(p, 0.05, 0.95)
    return truth, Output(
        "probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(int)}
    )


def multiclass(seed=0, k=4):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, N)
    p = rng.dirichlet(np.ones(k), N) + 0.5 * np.eye(k)[truth] * rng.random((N, 1))
    p /= p.sum(axis=1, keepdims=True)
    return truth, Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def multilabel(seed=0, k=3):
    rng = np.random.default_rng(seed)
    truth = (rng.random((N, k)) < [0.2, 0.5, 0.7]).astype(np.int8)
    p = np.clip(0.3 * truth + 0.65 * rng.random((N, k)), 0.01, 0.99)
    return truth, Output("probabilities", {"probabilities": p, "labels": (p > 0.5).astype(int)})


def regression(seed=0, targets=2):
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 10, (N, targets))
    return truth, Output("values", {"values": truth + rng.normal(0, 4, truth.shape)})


@pytest.mark.parametrize("weight", ["none", "fractional", "zeros"])
@pytest.mark.parametrize("ties", [False, True])
def test_binary_scores_equal_scikit_learns(weight, ties):
    truth, output = binary(ties=ties)
    w, p, labels = weights_of(weight), output.arrays["probabilities"], output.arrays["labels"]
    expected = {
        "roc_auc": reference.roc_auc_score(truth, p[:, 1], sample_weight=w),
        "average_precision": reference.average_precision_score(truth, p[:, 1], sample_weight=w),
        "accuracy": reference.accuracy_score(truth, labels, sample_weight=w),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, labels, sample_weight=w),
        "f1": reference.f1_score(truth, labels, sample_weight=w),
        "log_loss": reference.log_loss(truth, p, sample_weight=w),
    }
    assert expected == pytest.approx({name: metrics.score(name, truth, output, w) for name in expected}, abs=1e-12)


@pytest.mark.parametrize("weight", ["none", "fractional", "zeros"])
def test_multiclass_scores_equal_scikit_learns(weight):
    truth, output = multiclass()
    w, p, labels = weights_of(weight), output.arrays["probabilities"], output.arrays["labels"]
    one_hot = np.eye(4)[truth]
    expected = {
        "roc_auc": reference.roc_auc_score(one_hot, p, sample_weight=w),
        "average_precision": reference.average_precision_score(one_hot, p, sample_weight=w),
        "accuracy": reference.accuracy_score(truth, labels, sample_weight=w),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, labels, sample_weight=w),
        "f1": reference.f1_score(truth, labels, sample_weight=w, average="macro"),
        "quadratic_kappa": reference.cohen_kappa_score(truth, labels, weights="quadratic", sample_weight=w),
        "log_loss": reference.log_loss(truth, p, sample_weight=w),
    }
    actual = {name: metrics.score(name, truth, output, w, {"classes": 4}) for name in expected}
    assert expected == pytest.approx(actual, abs=1e-12)


@pytest.mark.parametrize("weight", ["none", "fractional"])
def test_multilabel_scores_equal_scikit_learns(weight):
    truth, output = multilabel()
    w, p, labels = weights_of(weight), output.arrays["probabilities"], output.arrays["labels"]
    expected = {
        "roc_auc": reference.roc_auc_score(truth, p, sample_weight=w),
        "average_precision": reference.average_precision_score(truth, p, sample_weight=w),
        "accuracy": reference.accuracy_score(truth, labels, sample_weight=w),
        "f1": reference.f1_score(truth, labels, sample_weight=w, average="macro"),
        "log_loss": np.mean([reference.log_loss(truth[:, k], p[:, k], sample_weight=w) for k in range(3)]),
    }
    assert expected == pytest.approx({name: metrics.score(name, truth, output, w) for name in expected}, abs=1e-12)


@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("weight", ["none", "fractional", "zeros"])
def test_regression_scores_equal_scikit_learns(weight, targets):
    truth, output = regression(targets=targets)
    w, values = weights_of(weight), output.arrays["values"]
    expected = {
        "r2": reference.r2_score(truth, values, sample_weight=w),
        "rmse": reference.root_mean_squared_error(truth, values, sample_weight=w),
        "mae": reference.mean_absolute_error(truth, values, sample_weight=w),
    }
    assert expected == pytest.approx({name: metrics.score(name, truth, output, w) for name in expected}, abs=1e-10)


def test_r2_of_a_target_far_from_zero_is_exact():
    rng = np.random.default_rng(0)
    truth = 1e8 + rng.normal(size=(N, 1))
    values = truth + 0.1 * rng.normal(size=(N, 1))
    expected = reference.r2_score(truth, values)
    assert expected == pytest.approx(metrics.score("r2", truth, Output("values", {"values": values})), abs=1e-6)


def test_r2_of_a_constant_truth_is_one_if_hit_and_zero_if_missed():
    truth = np.full((5, 1), 3.0)
    assert metrics.score("r2", truth, Output("values", {"values": truth})) == 1.0
    assert metrics.score("r2", truth, Output("values", {"values": truth + 1})) == 0.0


def test_mase_counts_series_alike_however_many_windows_they_have():
    truth = np.zeros((3, 2, 1))
    values = np.array([1.0, 3.0, 10.0])[:, None, None] + truth  # series 0 has two windows, series 1 one
    context = {"scale": np.array([[1.0], [1.0], [2.0]]), "series": np.array([0, 0, 1])}
    output = Output("windows", {"values": values})
    assert metrics.score("mase", truth, output, None, context) == pytest.approx((2.0 + 5.0) / 2)
    weighted = metrics.score("mase", truth, output, np.array([2.0, 0.0, 1.0]), context)
    assert weighted == pytest.approx((1.0 * 1.0 + 1.0 * 5.0) / 2)
    assert metrics.score("mase", truth, output, np.array([1.0, 1.0, 0.0]), context) == pytest.approx(2.0)


def test_mase_leaves_out_targets_without_a_scale():
    truth = np.zeros((2, 2, 2))
    output = Output("windows", {"values": truth + np.array([1.0, 100.0])})
    context = {"scale": np.array([[1.0, 0.0], [1.0, np.nan]]), "series": np.array([0, 1])}
    assert metrics.score("mase", truth, output, None, context) == pytest.approx(1.0)


def test_pinball_equals_scikit_learns():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(20, 3, 1))
    quantiles = np.sort(rng.normal(size=(20, 3, 1, 2)), axis=-1)
    w = rng.random(20)
    flat = np.repeat(w, 3)
    expected = np.mean(
        [
            reference.mean_pinball_loss(truth.ravel(), quantiles[..., k].ravel(), alpha=level, sample_weight=flat)
            for k, level in enumerate((0.1, 0.9))
        ]
    )
    output = Output("windows", {"values": truth, "quantiles": quantiles})
    assert expected == pytest.approx(metrics.score("pinball", truth, output, w, {"quantiles": (0.1, 0.9)}))


def test_smape_is_a_percentage_and_counts_zero_against_zero_as_right():
    truth = np.array([[1.0], [0.0]])
    assert metrics.score("smape", truth, Output("values", {"values": np.array([[3.0], [0.0]])})) == pytest.approx(50.0)


CASES = [("roc_auc", binary), ("average_precision", multilabel), ("f1", multiclass), ("balanced_accuracy", multiclass),
         ("accuracy", multilabel), ("log_loss", binary), ("r2", regression), ("rmse", regression), ("mae", regression),
         ("roc_auc", multiclass)]  # fmt: skip


@pytest.mark.parametrize(("name", "make"), CASES)
def test_bootstrap_gives_what_one_score_after_another_gives(name, make):
    truth, output = make()
    weights = np.random.default_rng(3).poisson(1.0, (7, N)).astype(float)
    expected = [metrics.score(name, truth, output, w, {"classes": 4}) for w in weights]
    assert expected == pytest.approx(metrics.bootstrap(name, truth, output, weights, {"classes": 4}), abs=1e-12)


@pytest.mark.parametrize(("name", "make"), CASES)
def test_a_whole_weight_is_a_repeated_row(name, make):
    truth, output = make()
    counts = np.random.default_rng(4).poisson(1.0, N)
    rows = np.repeat(np.arange(N), counts)
    repeated = Output(output.kind, {key: array[rows] for key, array in output.arrays.items()})
    expected = metrics.score(name, truth[rows], repeated)
    assert expected == pytest.approx(metrics.score(name, truth, output, counts.astype(float)), abs=1e-10)


def test_bootstrap_of_no_weightings_is_empty():
    truth, output = binary()
    assert metrics.bootstrap("roc_auc", truth, output, np.empty((0, N))).shape == (0,)


def test_undefined_scores_are_nan_and_predictions_that_are_not_finite_never_win():
    truth, output = binary()
    assert np.isnan(metrics.score("roc_auc", np.zeros_like(truth), output))
    broken = Output("probabilities", {"probabilities": np.full((N, 2), np.nan)})
    assert np.isnan(metrics.score("log_loss", truth, broken))
    assert not metrics.better("log_loss", float("nan"), 3.0)
    assert metrics.better("log_loss", 3.0, float("nan"))
    assert metrics.better("log_loss", 3.0, None)
    assert not metrics.better("log_loss", None, None)


def test_roc_auc_leaves_out_labels_with_one_value():
    truth, output = multilabel()
    lone = truth.copy()
    lone[:, 0] = 0
    expected = np.mean([reference.roc_auc_score(lone[:, k], output.arrays["probabilities"][:, k]) for k in (1, 2)])
    assert expected == pytest.approx(metrics.score("roc_auc", lone, output))


def test_log_loss_of_a_sure_mistake_is_finite_and_alike_in_both_precisions():
    truth = np.array([1])
    scores = {
        metrics.score("log_loss", truth, Output("probabilities", {"probabilities": np.array([[1.0, 0.0]], dtype)}))
        for dtype in (np.float32, np.float64)
    }
    assert len(scores) == 1 and np.isfinite(scores.pop())


def test_gain_is_positive_for_the_better_score_whatever_the_direction():
    assert metrics.gain("roc_auc", 0.9, 0.8) == pytest.approx(0.1)
    assert metrics.gain("rmse", 0.8, 0.9) == pytest.approx(0.1)
    assert metrics.better("rmse", 0.8, 0.9) and not metrics.better("roc_auc", 0.8, 0.9)


@pytest.mark.parametrize(("given", "meant"), [("rocauc", "roc_auc"), ("RMSE ", "rmse"), ("acuracy", "accuracy")])
def test_an_unknown_metric_names_the_nearest(given, meant):
    with pytest.raises(RecipeError, match=f"did you mean '{meant}'"):
        metrics.named(given)


def test_defaults_by_goal():
    chosen = [
        goals.default_metric(goal, (8, 5)) for goal in ("binary", "multiclass", "multilabel", "regression", "forecast")
    ]
    assert chosen == ["roc_auc", "accuracy", "roc_auc", "r2", "mase"]
    assert goals.default_metric("multiclass", (900, 60, 55)) == "balanced_accuracy"
    assert (
        goals.default_metric("multiclass", (400, 60, 55))
        == goals.default_metric("multiclass", (900, 60, 5))
        == "accuracy"
    )


def test_a_missing_array_says_what_the_metric_reads():
    with pytest.raises(Unfit, match="pinball reads 'quantiles'"):
        metrics.score("pinball", np.zeros((1, 1, 1)), Output("windows", {"values": np.zeros((1, 1, 1))}))


def test_rows_that_do_not_match_are_refused():
    truth, output = binary()
    with pytest.raises(DataError, match="300"):
        metrics.score("roc_auc", np.concatenate([truth, truth]), output)


def test_item_losses_average_to_the_score():
    truth, output = multiclass()
    losses, shares = metrics.item_losses("log_loss", truth, output)
    assert metrics.score("log_loss", truth, output) == pytest.approx((losses * shares).sum() / shares.sum())
    assert metrics.item_losses("roc_auc", truth, output) is None


def test_importing_metrics_loads_numpy_only():
    code = "import sys, automl.metrics; print([m for m in ('pandas', 'sklearn', 'scipy', 'keras') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_score_lies_outside_of_the_range_that_its_metric_declares():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    for sign in (-30.0, -1.0, 0.0, 1.0, 30.0):
        p = 1 / (1 + np.exp(-sign * (truth - 0.5)))
        output = Output(
            "probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(int)}
        )
        for name in metrics.names_for("binary"):
            score = metrics.score(name, truth, output, None, {"classes": 2})
            assert metrics.clipped(name, score) == score, name
    values = Output("values", {"values": -truth[:, None] - 1.0})
    assert metrics.score("smape", truth[:, None].astype(float), values) == metrics.METRICS["smape"].worst


def test_scores_and_gains_are_clipped_to_the_range():
    assert [metrics.clipped("roc_auc", score) for score in (-0.1, 0.4, 1.2)] == [0.0, 0.4, 1.0]
    assert [metrics.clipped("rmse", score) for score in (-0.1, 1e9)] == [0.0, 1e9]
    assert [metrics.clipped("r2", score) for score in (-1e9, 1.2)] == [-1e9, 1.0]
    assert [metrics.most_gain(name) for name in ("roc_auc", "quadratic_kappa", "rmse", "r2")] == [1, 2, np.inf, np.inf]
