"""Calibration and label rules: near the identity on few rows, right on many, and never against the ranking."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from automl import goals, metrics
from automl.goals.shared import calibration
from automl.records import Output
from automl.report import reliability


def probabilities_of(logits):
    p = 1 / (1 + np.exp(-logits))
    return Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(int)})


def overconfident(n, factor=3.0, shift=1.0, seed=0, base=0.0):
    """A binary task whose model says logits `factor` times too large, and shifted."""
    rng = np.random.default_rng(seed)
    right = rng.normal(base, 1.5, n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-right))).astype(np.int64)
    return truth, probabilities_of(factor * right + shift)


def multiclass(n, k=4, factor=2.5, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    right = rng.normal(0, 1.5, (n, k))
    p = np.exp(right) / np.exp(right).sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    said = factor * right + shift * np.arange(k)
    q = np.exp(said - said.max(axis=1, keepdims=True))
    q /= q.sum(axis=1, keepdims=True)
    return truth, Output("probabilities", {"probabilities": q, "labels": q.argmax(axis=1)})


def test_platt_calibration_is_penalised_logistic_regression():
    truth, output = overconfident(400)
    fitted = goals.decide(truth, output, "binary", "roc_auc")
    p = output.arrays["probabilities"][:, 1]
    logits = np.log(p / (1 - p))
    unbent = np.abs(logits) <= fitted.reach
    assert unbent.mean() > 0.5
    bent = np.sign(logits) * (
        np.minimum(np.abs(logits), fitted.reach)
        + np.where(unbent, 0, (np.abs(logits) - fitted.reach) / (1 + np.abs(logits) - fitted.reach))
    )
    free = LogisticRegression(C=1e6).fit(bent[:, None], truth)
    assert fitted.slopes[0] == pytest.approx(free.coef_[0, 0], abs=0.05)
    assert fitted.shifts[0] == pytest.approx(free.intercept_[0], abs=0.1)


@pytest.mark.parametrize("make", [overconfident, multiclass])
def test_calibration_lowers_log_loss_and_calibration_error_on_new_rows(make):
    goal = "binary" if make is overconfident else "multiclass"
    truth, output = make(3000)
    new_truth, new = make(3000, seed=1)
    decided = goals.decided(goals.decide(truth, output, goal, "log_loss"), new)
    assert metrics.score("log_loss", new_truth, decided) < 0.9 * metrics.score("log_loss", new_truth, new)
    before, after = (reliability.calibration_error(new_truth, o.arrays["probabilities"]) for o in (new, decided))
    assert after < 0.04 and after < 0.5 * before


def test_shifted_classes_are_shifted_back_where_rows_are_many():
    truth, output = multiclass(3000, factor=1.0, shift=0.7)
    fitted = goals.decide(truth, output, "multiclass", "accuracy")
    steps = np.diff(fitted.shifts)
    assert steps == pytest.approx(np.full(3, -0.7), abs=0.25)
    few_truth, few = multiclass(60, factor=1.0, shift=0.7)
    assert goals.decide(few_truth, few, "multiclass", "accuracy").shifts == (0.0,) * 4


def test_few_rows_change_little():
    truth, output = overconfident(6, factor=1.0, shift=0.0)
    fitted = goals.decide(truth, output, "binary", "accuracy")
    assert abs(fitted.slopes[0] - 1) < 0.5 and abs(fitted.shifts[0]) < 0.5
    assert fitted.thresholds == (0.5,)


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "f1"])
def test_binary_ranking_does_not_change(metric):
    truth, output = overconfident(500, factor=8.0)
    p = output.arrays["probabilities"].copy()
    p[:5] = [[1.0, 0.0]] * 2 + [[0.0, 1.0]] * 3
    sure = Output("probabilities", {"probabilities": p})
    decided = goals.decided(goals.decide(truth, sure, "binary", metric), sure)
    for ranking in ("roc_auc", "average_precision"):
        assert metrics.score(ranking, truth, sure) == pytest.approx(metrics.score(ranking, truth, decided), abs=1e-12)
    assert (
        np.argsort(p[:, 1], kind="stable") == np.argsort(decided.arrays["probabilities"][:, 1], kind="stable")
    ).all()


def test_a_forests_sure_zero_does_not_cost_the_log_loss_of_a_certainty():
    truth, output = overconfident(1000, factor=1.0, shift=0.0)
    p = output.arrays["probabilities"].copy()
    p[:3] = [1.0, 0.0]
    truth[:3] = [1, 0, 0]
    sure = Output("probabilities", {"probabilities": p})
    decided = goals.decided(goals.decide(truth, sure, "binary", "log_loss"), sure)
    assert decided.arrays["probabilities"][0, 1] > 1e-5
    assert metrics.score("log_loss", truth, decided) < metrics.score("log_loss", truth, sure)


def test_f1_of_a_rare_class_gains_by_its_threshold():
    truth, output = overconfident(3000, factor=1.0, shift=0.0, base=-3.0)
    new_truth, new = overconfident(3000, factor=1.0, shift=0.0, base=-3.0, seed=1)
    fitted = goals.decide(truth, output, "binary", "f1")
    decided = goals.decided(fitted, new)
    assert fitted.thresholds[0] < 0.4
    assert metrics.score("f1", new_truth, decided) > 1.1 * metrics.score("f1", new_truth, new)
    ranked = goals.decide(truth, output, "binary", "roc_auc")
    assert ranked.thresholds == fitted.thresholds  # a rare class is found even if the metric says nothing of labels


@pytest.mark.parametrize("goal", ["binary", "multiclass"])
def test_balanced_accuracy_gains_by_the_priors(goal):
    rng = np.random.default_rng(0)
    n = 4000
    truth = rng.choice(2 if goal == "binary" else 3, n, p=[0.93, 0.07] if goal == "binary" else [0.8, 0.15, 0.05])
    model = LogisticRegression()
    x = rng.normal(size=(n, 3)) + np.eye(3)[truth]
    p = model.fit(x, truth).predict_proba(x)
    output = Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})
    decided = goals.decided(goals.decide(truth, output, goal, "balanced_accuracy"), output)
    scores = [metrics.score("balanced_accuracy", truth, o) for o in (output, decided)]
    assert scores[1] > scores[0] + 0.1


def test_accuracy_moves_its_threshold_only_beyond_noise():
    moved = 0
    for seed in range(40):
        truth, output = overconfident(200, factor=1.0, shift=0.0, seed=seed)
        moved += goals.decide(truth, output, "binary", "accuracy").thresholds != (0.5,)
    assert moved <= 4
    rng = np.random.default_rng(0)
    p = rng.random(2000)
    truth = (rng.random(2000) < np.where((p > 0.35) & (p < 0.9), 0.9, 0.05)).astype(np.int64)  # no sigmoid fits this
    output = Output("probabilities", {"probabilities": np.column_stack([1 - p, p])})
    decided = goals.decided(goals.decide(truth, output, "binary", "accuracy"), output)
    assert metrics.score("accuracy", truth, decided) > 0.78


def test_each_label_of_a_multilabel_task_is_decided_by_itself():
    columns = [overconfident(1500, factor=1.0, shift=0.0, base=base, seed=k) for k, base in enumerate((-3.0, 0.0, 1.0))]
    truth = np.column_stack([t for t, _ in columns]).astype(np.int8)
    p = np.column_stack([o.arrays["probabilities"][:, 1] for _, o in columns])
    output = Output("probabilities", {"probabilities": p, "labels": (p > 0.5).astype(int)})
    fitted = goals.decide(truth, output, "multilabel", "f1")
    decided = goals.decided(fitted, output)
    assert len(fitted.thresholds) == len(fitted.slopes) == 3
    assert fitted.thresholds[0] < fitted.thresholds[2]
    assert decided.arrays["labels"].shape == (1500, 3)
    assert metrics.score("f1", truth, decided) > metrics.score("f1", truth, output)
    assert metrics.score("roc_auc", truth, decided) == pytest.approx(metrics.score("roc_auc", truth, output))


@pytest.mark.parametrize("goal", ["regression", "forecast"])
def test_values_pass_unchanged(goal):
    output = Output("values", {"values": np.ones((3, 1))})
    assert goals.decided(goals.decide(np.ones((3, 1)), output, goal, "r2"), output) is output


@pytest.mark.parametrize(("make", "goal"), [(overconfident, "binary"), (multiclass, "multiclass")])
def test_a_restored_decision_decides_alike(make, goal):
    truth, output = make(400)
    fitted = goals.decide(truth, output, goal, "f1")
    restored = calibration.restore(json.loads(json.dumps(fitted.state())))
    assert fitted == restored
    expected, actual = (goals.decided(one, output) for one in (fitted, restored))
    assert (expected.arrays["probabilities"] == actual.arrays["probabilities"]).all()
    assert (expected.arrays["labels"] == actual.arrays["labels"]).all()


def test_apply_changes_neither_its_input_nor_the_sum_of_probabilities():
    truth, output = multiclass(200)
    before = output.arrays["probabilities"].copy()
    decided = goals.decided(goals.decide(truth, output, "multiclass", "f1"), output)
    assert (before == output.arrays["probabilities"]).all()
    assert decided.arrays["probabilities"].sum(axis=1) == pytest.approx(np.ones(200))


def test_a_weighted_row_counts_as_so_many():
    truth, output = overconfident(300)
    counts = np.random.default_rng(1).integers(0, 4, 300)
    rows = np.repeat(np.arange(300), counts)
    repeated = Output("probabilities", {"probabilities": output.arrays["probabilities"][rows]})
    kept = counts > 0
    part = Output("probabilities", {"probabilities": output.arrays["probabilities"][kept]})
    one = goals.decide(truth[rows], repeated, "binary", "roc_auc")
    other = goals.decide(truth[kept], part, "binary", "roc_auc", counts[kept].astype(float))
    assert one.slopes[0] == pytest.approx(other.slopes[0], abs=0.02)
    assert one.shifts[0] == pytest.approx(other.shifts[0], abs=0.05)


@pytest.mark.parametrize("p", [np.full((4, 2), np.nan), np.empty((0, 2))])
def test_nothing_to_learn_from_leaves_things_as_they_are(p):
    fitted = goals.decide(
        np.zeros(len(p), dtype=np.int64), Output("probabilities", {"probabilities": p}), "binary", "f1"
    )
    assert (fitted.slopes, fitted.shifts, fitted.thresholds) == ((1.0,), (0.0,), (0.5,))


def test_one_class_in_validation_is_survived():
    truth, output = overconfident(50)
    decided = goals.decided(goals.decide(np.zeros_like(truth), output, "binary", "f1"), output)
    assert np.isfinite(decided.arrays["probabilities"]).all()
