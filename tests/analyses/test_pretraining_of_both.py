"""Fewer labels: both sides' settings with and without rows that have no label, by the number of labels."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from automl.analyses.pretraining import PRETRAINING, finalists_that_use, sizes
from automl.records import AnalysisContext, Dataset
from automl.report.page import html
from automl.report.page import stored as stored_page
from automl.report.sections.pretraining import PRETRAINING as SECTION
from automl.testing import check_section, fixed_context

CHOICES: dict[str, dict[str, Any]] = {"deep": {"start": "pretrained"}, "shallow": {"unlabelled": "components"}}


def context_of(n_learn: int = 400, choices: dict[str, dict[str, Any]] = CHOICES, **more: Any) -> AnalysisContext:
    """Two logistic regressions on three classes; without the other rows they learn from a third of the labels."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, n_learn + 600)
    X = np.eye(3, 12)[codes] * 2.0 + rng.normal(size=(len(codes), 12))
    models = dict.fromkeys(("deep", "shallow"), lambda number: LogisticRegression(C=0.3))
    made = fixed_context(X, np.array(["a", "b", "c"])[codes], models, goal="multiclass", n_test=600, **more)
    plain = made.refit
    assert plain is not None

    def refit(part: Any, number: int, dataset: Dataset | None = None) -> Any:
        if dataset is not None:
            assert dataset.unlabelled is None and dataset.target is made.dataset.target
            part = dataclasses.replace(
                part, train=part.train[: len(part.train) // 3], valid=part.valid[: len(part.valid) // 3]
            )
        return plain(part, number)

    runs = tuple(
        dataclasses.replace(run, choices=choices.get(run.side, {}), valid_score=0.8) if run.finalist else run
        for run in made.outcome.runs
    )
    return dataclasses.replace(
        made, refit=refit, split=dataclasses.replace(made.split, n_unlabelled=5_000),
        dataset=dataclasses.replace(made.dataset, unlabelled=Dataset("rows", made.dataset.inputs)),
        outcome=dataclasses.replace(made.outcome, runs=runs),
    )  # fmt: skip


def test_curves_with_and_without_these_rows_are_measured_and_drawn() -> None:
    context = context_of()
    assert PRETRAINING.unfit(context) is None
    found = PRETRAINING.run(context)
    assert found is not None and json.loads(json.dumps(found)) == found
    assert {row["n_labels"] for row in found["rows"]} == {30, 75, 150, 400}
    assert {(gain["side"], gain["n_labels"]) for gain in found["gains"]} == {
        (side, n) for side in ("deep", "shallow") for n in (30, 75, 150, 400)
    }
    assert all(gain["gain"] > 0 for gain in found["gains"] if gain["n_labels"] == 30)
    assert found["uses"] == {"deep": True, "shallow": True} and found["left_out"] == ""
    outcome = dataclasses.replace(context.outcome, analyses={"pretraining": found})
    check_section(SECTION, outcome)
    assert "With 30 labels they bring the deep side" in html(stored_page(outcome, [SECTION]), [SECTION])


def test_sizes_are_labels_a_class_apart_from_each_other() -> None:
    context = context_of()
    assert [round(400 * share) for share in sizes(context)] == [30, 75, 150]


def test_only_the_search_is_told_where_no_finalist_learnt_from_these_rows() -> None:
    context = context_of(choices={"deep": {"start": "drawn"}, "shallow": {"unlabelled": "no"}})
    assert not any(finalists_that_use(context).values())
    found = PRETRAINING.run(context)
    assert found is not None and found["gains"] == []
    assert {(one["side"], one["used"]) for one in found["searched"]} == {("deep", False), ("shallow", False)}


def test_without_such_rows_it_does_not_apply() -> None:
    context = context_of()
    none = dataclasses.replace(context, split=dataclasses.replace(context.split, n_unlabelled=0))
    assert PRETRAINING.unfit(none) == "no rows without a label were used"


def test_what_the_time_leaves_out_is_said() -> None:
    found = PRETRAINING.run(context_of(most_refits=2))
    assert found is not None and found["left_out"] == "fewer sizes: no time"
    assert {gain["n_labels"] for gain in found["gains"]} == {400}
