"""Label noise: how many labels are wrong, whose, and which side loses more by them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from automl.analyses.label_noise import LABEL_NOISE, with_noise
from automl.records import AnalysisContext, Dataset
from automl.report.page import html
from automl.report.page import stored as stored_page
from automl.report.sections.label_noise import LABEL_NOISE as SECTION
from automl.testing import check_section, fixed_context
from automl.testing.examples import example_task


def classes(**more: Any) -> AnalysisContext:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 4))
    y = np.where(X[:, 0] + X[:, 1] + 0.3 * rng.normal(size=len(X)) > 0, "yes", "no")
    models = {"deep": lambda number: KNeighborsClassifier(1), "shallow": lambda number: LogisticRegression()}
    return fixed_context(X, y, models, goal="binary", metric="roc_auc", n_test=500, **more)


def test_one_neighbour_loses_more_than_a_linear_model_and_the_page_says_so() -> None:
    context = classes()
    found = LABEL_NOISE.run(context)
    assert found is not None and json.loads(json.dumps(found)) == found
    assert found["compared"]["loses_more"] == "deep" and found["left_out"] == ""
    deep = [row for row in found["rows"] if row["side"] == "deep"]
    assert [row["share"] for row in deep] == [0.0, 0.05, 0.1, 0.2, 0.4] and [row["fits"] for row in deep] == [
        1,
        2,
        2,
        2,
        2,
    ]
    assert deep[-1]["lost"] > deep[1]["lost"] > 0 and deep[0]["lost"] == 0
    outcome = dataclasses.replace(context.outcome, analyses={"label_noise": found})
    check_section(SECTION, outcome)
    assert "The deep side loses more" in html(stored_page(outcome, [SECTION]), [SECTION])


def test_numbers_are_replaced_by_those_of_other_rows() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 3))
    y = X.sum(axis=1)
    models = {"deep": lambda number: KNeighborsRegressor(1), "shallow": lambda number: LinearRegression()}
    found = LABEL_NOISE.run(fixed_context(X, y, models, metric="r2", n_test=300))
    assert found is not None and found["noise"] == "values" and found["compared"]["loses_more"] == "deep"


@pytest.mark.parametrize("kind", ["text", "number", "category"])
def test_so_many_labels_of_these_rows_change_and_no_others(kind: str) -> None:
    labels = pd.Series(np.arange(300) % 3)
    labels = {"text": labels.map(str), "number": labels, "category": labels.map(str).astype("category")}[kind]
    dataset = Dataset("labels", pd.DataFrame({"a": range(300)}), labels.to_frame("y"))
    task = dataclasses.replace(example_task("multiclass"), target=("y",), classes=("0", "1", "2"))
    noisy = with_noise(dataset, task, np.arange(200), 0.25, seed=1).target
    assert noisy is not None and noisy["y"].dtype == labels.dtype
    changed = (noisy["y"] != labels).to_numpy()
    assert changed[:200].sum() == 50 and not changed[200:].any()
    assert (labels == dataset.target["y"]).all()  # type: ignore[index]


def test_numbers_keep_their_distribution() -> None:
    dataset = Dataset("numbers", pd.DataFrame({"a": range(200)}), pd.DataFrame({"y": np.arange(200.0)}))
    task = dataclasses.replace(example_task("regression"), target=("y",))
    noisy = with_noise(dataset, task, np.arange(100), 0.4, seed=0).target
    assert noisy is not None and sorted(noisy["y"]) == list(range(200))
    assert (noisy["y"].to_numpy() != np.arange(200)).sum() == 40


def test_it_ends_with_the_points_it_has() -> None:
    found = LABEL_NOISE.run(classes(most_refits=2))
    assert found is not None and found["left_out"] == "fewer shares: no time"
    assert {row["share"] for row in found["rows"]} == {0.0, 0.2, 0.4}
    assert LABEL_NOISE.run(classes(most_refits=0)) is None


def test_forecasts_are_left_out() -> None:
    context = dataclasses.replace(classes(), task=example_task("forecast"))
    assert LABEL_NOISE.unfit(context) is not None and LABEL_NOISE.unfit(classes()) is None
