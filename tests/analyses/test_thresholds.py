"""Thresholds: areas, lift and costs against values that can be computed by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import planted
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from automl.analyses.thresholds import CHOSEN, FORMULA, HALF, THRESHOLDS, _curves, best_threshold
from automl.records import Costs


def made(costs: Costs | None = None, n: int = 600) -> planted.AnalysisContext:
    rng = np.random.default_rng(0)
    truth, valid_truth = (rng.random(n) < 0.2).astype(int), (rng.random(n) < 0.2).astype(int)

    def claims(of: np.ndarray, skill: float) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(1.4 - skill * of - 0.8 * rng.normal(size=n))))

    valid = {"deep": claims(valid_truth, 2.0), "shallow": claims(valid_truth, 0.5)}
    return planted.binary(
        truth, claims(truth, 2.0), claims(truth, 0.5), valid_truth=valid_truth, valid=valid, costs=costs
    )


def test_areas_and_curves_are_those_of_sklearn() -> None:
    context = made()
    found = THRESHOLDS.run(context)
    assert found is not None
    for row, curve, entrant in zip(found["areas"], found["curves"], context.outcome.contestants, strict=True):
        claimed = entrant.output.arrays["probabilities"][:, 1]
        assert row["roc_auc"] == pytest.approx(roc_auc_score(context.outcome.truth, claimed))
        assert row["average_precision"] == pytest.approx(average_precision_score(context.outcome.truth, claimed))
        assert row["roc_auc_low"] < row["roc_auc"] < row["roc_auc_high"]
        x, y, _ = roc_curve(context.outcome.truth, claimed, drop_intermediate=False)
        for a, b in zip(curve["roc"]["x"], curve["roc"]["y"], strict=True):
            assert np.hypot(x - a, y - b).min() < 1e-4
        assert len(curve["roc"]["x"]) <= 80


def test_the_threshold_is_chosen_on_validation_rows_and_its_cost_measured_on_test_rows() -> None:
    context = made(Costs(false_alarm=1, miss=20))
    found = THRESHOLDS.run(context)
    assert found is not None
    row = next(row for row in found["rows"] if row["side"] == "deep" and row["rule"] == CHOSEN)
    entrant = context.outcome.contestants[0]
    assert entrant.valid_output is not None
    valid_truth = context.dataset.target[context.task.target[0]].iloc[context.split.valid]
    codes = (valid_truth == context.task.classes[1]).to_numpy()
    claimed = entrant.valid_output.arrays["probabilities"][:, 1]
    tried = {t: 20 * (codes & (claimed <= t)).sum() + (~codes & (claimed > t)).sum() for t in np.linspace(0, 1, 2001)}
    at_chosen = 20 * (codes & (claimed <= row["threshold"])).sum() + (~codes & (claimed > row["threshold"])).sum()
    assert at_chosen <= min(tried.values())
    truth, test = context.outcome.truth == 1, entrant.output.arrays["probabilities"][:, 1]
    flagged = test > row["threshold"]
    assert row["cost"] == pytest.approx((20 * (truth & ~flagged) + (flagged & ~truth)).mean())
    assert row["low"] < row["cost"] < row["high"]


def test_dear_misses_lower_the_threshold_and_doing_nothing_stands_in_the_table() -> None:
    found = THRESHOLDS.run(made(Costs(false_alarm=1, miss=20)))
    assert found is not None and found["costs"]["given"] is True
    rows = {(row["side"], row["rule"]): row for row in found["rows"]}
    assert rows["deep", CHOSEN]["threshold"] < 0.4
    assert rows["deep", FORMULA]["threshold"] == pytest.approx(1 / 21)
    assert rows["deep", CHOSEN]["cost"] < rows["deep", HALF]["cost"]
    assert rows["floor", "never flag"]["misses"] == rows["floor", "never flag"]["cost"] * 600 / 20
    assert rows["floor", "always flag"]["misses"] == 0
    saved = found["costs"]["saved_by_deep"]
    assert saved["value"] == pytest.approx(rows["shallow", CHOSEN]["cost"] - rows["deep", CHOSEN]["cost"])


def test_best_thresholds_of_odd_predictions() -> None:
    truth, claimed = np.array([False, True]), np.array([0.5, 0.5])
    assert best_threshold(truth, claimed, (1, 20)) == 0.0, "all are flagged: one false alarm is the cheaper"
    assert best_threshold(truth, claimed, (20, 1)) == 1.0, "none is flagged"
    assert best_threshold(np.array([False, True]), np.array([0.2, 0.6]), (1, 1)) == pytest.approx(0.4)
    assert best_threshold(truth, np.array([0.0, 1.0]), (1, 1)) == 0.5


def test_equal_probabilities_are_flagged_together_and_lift_is_that_of_the_share() -> None:
    truth = np.repeat([True, False], [10, 90])
    curve = _curves(truth, np.where(truth, 0.9, 0.1), None)
    assert curve["gains"] == {"x": [0.0, 0.1, 1.0], "y": [0.0, 1.0, 1.0]}
    assert {one["share"]: one["lift"] for one in curve["lift"]}[0.1] == pytest.approx(10.0)


def test_without_validation_predictions_or_with_free_errors_there_is_less_to_say() -> None:
    context = made()
    bare = tuple(dataclasses.replace(one, valid_output=None) for one in context.outcome.contestants)
    found = THRESHOLDS.run(dataclasses.replace(context, outcome=dataclasses.replace(context.outcome, contestants=bare)))
    assert found is not None and CHOSEN not in {row["rule"] for row in found["rows"]}
    assert found["costs"]["saved_by_deep"] is None
    free = THRESHOLDS.run(made(Costs(false_alarm=0, miss=0)))
    assert free is not None and free["costs"] is None and free["rows"] == free["areas"]


def test_one_class_in_the_test_has_no_curve() -> None:
    assert THRESHOLDS.run(planted.binary(np.zeros(20), np.full(20, 0.3), np.full(20, 0.4))) is None
