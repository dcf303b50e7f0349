"""Membership: a memorised training set is found out, a clean model is not, with and without further fits."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

from automl.analyses.membership import MEMBERSHIP
from automl.analyses.membership_refits import MEMBERSHIP_REFITS, attack
from automl.analyses.shared.membership import advantage, auc, auc_draws, losses_of, matched
from automl.records import AnalysisContext, Output
from automl.report.page import html
from automl.report.page import stored as stored_page
from automl.report.sections.membership import MEMBERSHIP as SECTION
from automl.report.sections.membership_refits import MEMBERSHIP_REFITS as REFITS_SECTION
from automl.testing import check_section, fixed_context


class Memory:
    """Knows every row that it learnt from, and says 50 % to all others."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Memory:
        self.known = {row.tobytes(): int(label) for row, label in zip(X, y, strict=True)}
        self.classes_ = np.arange(2)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        shares = np.full((len(X), 2), 0.5)
        for i, row in enumerate(X):
            if (label := self.known.get(row.tobytes())) is not None:
                shares[i] = np.eye(2)[label] * 0.98 + 0.01
        return shares


def classes(**more: Any) -> AnalysisContext:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1600, 4))
    y = np.where(X[:, 0] + 2.0 * rng.normal(size=len(X)) > 0.5, "yes", "no")
    models = {"deep": lambda number: Memory(), "shallow": lambda number: LogisticRegression()}
    return fixed_context(X, y, models, goal="binary", metric="roc_auc", n_test=800, **more)


def by_side(found: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    assert found is not None and json.loads(json.dumps(found)) == found
    return {row["side"]: row for row in found["rows"]}


def test_a_memory_is_found_out_and_a_clean_model_is_not() -> None:
    context = classes()
    found = MEMBERSHIP.run(context)
    rows = by_side(found)
    assert rows["deep"]["auc"] >= 0.9 and rows["deep"]["low"] > 0.9 and rows["deep"]["advantage"] > 0.8
    assert rows["shallow"]["auc"] <= 0.55 and rows["shallow"]["low"] < 0.5 < rows["shallow"]["high"]
    assert rows["deep"]["n_items"] == rows["shallow"]["n_items"] <= 800
    outcome = dataclasses.replace(context.outcome, analyses={"membership": found})
    check_section(SECTION, outcome)
    page = html(stored_page(outcome, [SECTION]), [SECTION])
    assert "is right in 100 of 100 cases" in page and "give away little or nothing" in page


def test_refits_find_the_memory_out_too() -> None:
    context = classes()
    found = MEMBERSHIP_REFITS.run(context)
    rows = by_side(found)
    assert rows["deep"]["auc"] >= 0.9 and rows["shallow"]["auc"] <= 0.55
    assert found is not None and found["n_fits"] == 8
    check_section(REFITS_SECTION, dataclasses.replace(context.outcome, analyses={"membership_refits": found}))


def test_refits_learn_from_halves_of_the_rows_learnt_from_and_never_from_test_rows() -> None:
    context, seen = classes(), []

    def refit(part: Any, number: int, dataset: Any = None) -> Any:
        seen.append(np.union1d(part.train, part.valid))
        return context.refit(part, number, dataset)  # type: ignore[misc]

    MEMBERSHIP_REFITS.run(dataclasses.replace(context, refit=refit))
    everything = np.union1d(context.split.train, context.split.valid)
    for one, other in zip(seen[::2], seen[1::2], strict=True):
        assert np.array_equal(np.union1d(one, other), everything) and not np.intersect1d(one, other).size
    assert not np.array_equal(seen[0], seen[2])


@pytest.mark.parametrize(("most", "n_fits"), [(8, 8), (5, 4), (3, None)])
def test_only_complete_pairs_count(most: int, n_fits: int | None) -> None:
    found = MEMBERSHIP_REFITS.run(classes(most_refits=most))
    assert (found and found["n_fits"]) == n_fits


def test_numbers_are_attacked_by_their_squared_errors() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 4))
    y = X.sum(axis=1) + rng.normal(size=len(X))
    models = {"deep": lambda number: KNeighborsRegressor(1), "shallow": lambda number: LinearRegression()}
    rows = by_side(MEMBERSHIP.run(fixed_context(X, y, models, n_test=400)))
    assert rows["deep"]["auc"] >= 0.9 and rows["shallow"]["auc"] <= 0.55


def test_the_attack_without_a_signal_is_a_guess() -> None:
    rng = np.random.default_rng(0)
    half = rng.random((3, 2000)) < 0.5
    inside = np.stack([side for one in half for side in (one, ~one)])
    scores = attack(rng.normal(size=inside.shape), inside)
    assert auc(scores[inside], scores[~inside]) == pytest.approx(0.5, abs=0.02)


def test_likelihood_ratios_are_those_of_the_authors_code() -> None:
    """Made by `generate_ours(keep, scores, ..., fix_variance=True)` of mi_lira_2021/plot.py, times the variance."""
    kept = ("001011101001", "110100010110", "110101100100", "001010011011", "101100001110", "010011110001")
    scores = np.array([
        [1.15, 1.75, 2.47, -3.07, -2.04, 0.94, 0.65, -0.65, 0.74, 2.07, -1.77, 0.55],
        [0.79, 2.32, 0.65, -1.3, -1.27, 0.05, -0.99, 1.73, -0.13, 3.73, -0.86, 0.26],
        [0.71, 1.42, 0.79, -1.67, -1.7, 0.14, -0.2, 0.35, -0.11, 3.28, -0.58, -1.53],
        [-0.1, 2.15, 1.8, -3.28, -0.36, 0.0, 0.2, 0.97, 0.18, 2.04, -0.42, 1.17],
        [0.86, 0.15, 1.17, -1.09, -1.41, -0.62, -0.42, 0.53, 1.55, 3.73, 0.07, -0.44],
        [-0.46, 3.03, -0.57, -2.81, -0.87, -0.17, 0.81, 0.76, 0.82, 2.03, -0.64, 1.48],
    ])  # fmt: skip
    inside = np.array([[one == "1" for one in row] for row in kept])
    expected = [0.955837, 0.067188, 2.299688, -1.427738, -0.8977, 0.325237, 0.229288, -0.553562, 0.0663, -1.029,
                -0.599212, 0.8778]  # fmt: skip
    made = attack(scores, inside)
    assert made[0] == pytest.approx(expected, abs=1e-5)
    aucs = [auc(one[learnt], one[~learnt]) for one, learnt in zip(made, inside, strict=True)]
    assert aucs == pytest.approx([0.75, 0.888889, 0.75, 0.75, 0.861111, 0.805556], abs=1e-6)


def test_auc_is_that_of_mann_and_whitney_and_draws_weigh_it() -> None:
    members, others = np.array([3.0, 1.0, 2.0]), np.array([2.0, 0.0])
    assert auc(members, others) == (1 + 1 + 0.5 + 1 + 0.5 + 0) / 6 + 0.5 / 6
    twice = auc_draws(members, others, np.array([[2.0, 0.0, 0.0]]), np.array([[1.0, 1.0]]))
    assert twice[0] == 1.0
    assert advantage(np.array([0.0, 0.2]), np.array([1.0, 0.1])) == 0.5 - 0.5


def test_as_many_of_both_in_each_class() -> None:
    first, second = np.array([0] * 50 + [1] * 10), np.array([0] * 20 + [1] * 20 + [2] * 5)
    own, others = matched(first, second, 1000, seed=0)
    assert np.bincount(first[own]).tolist() == [20, 10] and np.bincount(second[others]).tolist() == [20, 10]
    own, others = matched(first, second, 12, seed=0)
    assert len(own) == len(others) and 12 <= len(own) <= 14


def test_losses_of_values_that_are_not_known_do_not_count() -> None:
    truth = np.array([[1.0, np.nan], [2.0, 10.0], [3.0, 20.0]])
    losses = losses_of(truth, Output("values", {"values": np.array([[1.0, 5.0], [2.0, 10.0], [4.0, 20.0]])}))
    assert losses[0] == losses[1] == 0 and losses[2] > 0
