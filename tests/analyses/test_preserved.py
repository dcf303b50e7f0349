"""What vectors without a label keep, and how alike those of two fits are."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl import testing
from automl.analyses.preserved import explained, run, unfit
from automl.analyses.seed_stability import run as run_twice
from automl.analyses.seed_stability import unfit as unfit_twice
from automl.analyses.shared.input_matrix import input_matrices
from automl.records import AnalysisContext, Column, Dataset, Output, Task
from automl.verdict.unlabelled import alignment

RNG = np.random.default_rng(0)
N = 300


@dataclasses.dataclass(frozen=True, eq=False)
class Vectors:
    """A representation by a matrix."""

    by: np.ndarray

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        return Output("vectors", {"vectors": dataset.inputs.iloc[rows].to_numpy(float) @ self.by})


@pytest.fixture
def context() -> AnalysisContext:
    """Six numbers made of two; deep has all that there is, shallow a number of no use, the floor one of two."""
    made = testing.example_context("anomaly")
    two = RNG.normal(size=(N, 2))
    mixed = two @ RNG.normal(size=(2, 6)) + 0.01 * RNG.normal(size=(N, 6))
    frame = pd.DataFrame(mixed, columns=list("abcdef"))
    columns = tuple(Column(name, "numeric", 1.0, "") for name in frame)
    task = dataclasses.replace(made.task, goal="multiclass", columns=columns, target=(), classes=())
    dataset = dataclasses.replace(made.dataset, inputs=frame, target=None)
    split = dataclasses.replace(made.split, train=np.arange(150), test=np.arange(150, N))
    predictors: Any = {
        "deep": Vectors(np.eye(6)[:, :2]), "shallow": Vectors(np.zeros((6, 2))), "floor": Vectors(np.eye(6)[:, :1]),
    }  # fmt: skip
    entrants = tuple(
        dataclasses.replace(one, output=predictors[one.side].output(dataset, split.test))
        for one in made.outcome.contestants
        if one.side != "floor"
    )
    outcome = dataclasses.replace(made.outcome, contestants=entrants, task=task, split=split)
    return dataclasses.replace(
        made, dataset=dataset, task=task, split=split, predictors=predictors, outcome=outcome,
        refit=lambda part, number, dataset=None: {
            "deep": Output("vectors", {"vectors": -3.0 * entrants[0].output.arrays["vectors"][:, ::-1]}),
            "shallow": Output("vectors", {"vectors": RNG.normal(size=(150, 2))}),
        },
    )  # fmt: skip


def test_vectors_that_hold_all_inputs_explain_them(context: AnalysisContext) -> None:
    assert unfit(context) is None
    found = run(context)
    rows = {row["side"]: row for row in found["rows"]}
    assert rows["deep"]["explained"] > 0.99 and rows["deep"]["neighbours"] > 0.3
    assert abs(rows["shallow"]["explained"]) < 0.05
    assert 0.1 < rows["floor"]["explained"] < 0.98
    assert found["chance"] == pytest.approx(10 / 149) and found["alignment"] == 0.0


def test_seeds_that_turn_and_scale_vectors_are_the_same(context: AnalysisContext) -> None:
    assert unfit_twice(context) is None
    found = run_twice(context)
    assert found is not None
    deep, shallow = found["rows"]
    assert deep["alignment"] == pytest.approx(1.0) and deep["neighbours"] == pytest.approx(1.0)
    assert shallow["alignment"] == 0.0
    assert unfit_twice(dataclasses.replace(context, refit=None)) == "no finalist can be fitted again"


def test_vectors_that_a_label_scores_are_left_to_it() -> None:
    assert unfit(testing.example_context("represent")) == "there are no vectors, or a label scores them"


def test_variance_explained_is_that_of_least_squares() -> None:
    X, noise = RNG.normal(size=(2_000, 3)), RNG.normal(size=(2_000, 2))
    Y = X @ np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]) + noise
    Y -= Y.mean(axis=0)
    own = explained(X[:1_000], Y[:1_000], X[1_000:], Y[1_000:])
    assert own == pytest.approx(5 / 7, abs=0.03)  # variances 1 and 4 of the signal, 1 of each noise


def test_alignment_of_the_definition() -> None:
    """By Gram matrices, as equation 1 of Kornblith et al. with linear kernels and centring."""
    X, Y = RNG.normal(size=(40, 5)), RNG.normal(size=(40, 3))
    centre = np.eye(40) - 1 / 40
    K, L = centre @ X @ X.T @ centre, centre @ Y @ Y.T @ centre
    assert alignment(X, Y) == pytest.approx((K * L).sum() / np.sqrt((K * K).sum() * (L * L).sum()))
    turned, _ = np.linalg.qr(RNG.normal(size=(5, 5)))
    assert alignment(X, 4.0 * X @ turned) == pytest.approx(1.0)


def test_inputs_of_all_kinds_become_numbers() -> None:
    frame = pd.DataFrame({
        "x": [1.0, 2.0, np.nan, 4.0], "kind": ["a", "b", "a", None], "when": pd.date_range("2024", periods=4),
        "said": ["good day", None, "bad day", "day"], "same": [1.0] * 4,
    })  # fmt: skip
    kinds = {"x": "numeric", "kind": "categorical", "when": "datetime", "said": "text", "same": "numeric"}
    columns = tuple(Column(name, kind, 1.0, "") for name, kind in kinds.items())  # type: ignore[arg-type]
    task = Task("tabular", "represent", (), "unscored", columns=columns)
    pictures = RNG.integers(0, 256, (4, 40, 40)).astype(np.uint8)
    dataset = Dataset("d", frame.assign(photo="p"), pictures={"photo": pictures})
    task = dataclasses.replace(task, columns=(*columns, Column("photo", "image_path", 1.0, "")))
    known, new = input_matrices(dataset, task, np.arange(4), np.array([0, 3]))
    assert known.shape[1] == new.shape[1] and np.isfinite(known).all() and np.isfinite(new).all()
    np.testing.assert_allclose(known.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(known.std(axis=0), 1.0)
    assert known.shape[1] == 1 + 2 + 1 + 3 + 16 * 16  # three words
    np.testing.assert_array_equal(new, known[[0, 3]])
