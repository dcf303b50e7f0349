"""Anomalies that last, judged as stretches of a series."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from automl import testing
from automl.analyses.ranges import MEASURES, RANGES, in_time, run, unfit
from automl.goals.shared.scores import score_output
from automl.metrics.ranges import volume_under_pr
from automl.records import AnalysisContext, Contestant, Dataset

DAY = np.timedelta64(1, "D")
START = np.datetime64("2024-01-01", "ns")


def dated(n: int, series: Any = None) -> Dataset:
    return Dataset("d", np.zeros((n, 1, 4), np.float32), times=START + np.arange(n) * DAY, series=series)


def test_rows_are_put_in_time_and_parted_where_rows_lie_between() -> None:
    dataset = dataclasses.replace(dated(6), times=START + np.array([5, 4, 3, 2, 1, 0]) * DAY)
    order, blocks = in_time(dataset, np.array([0, 1, 3, 4, 5]))
    assert order.tolist() == [4, 3, 2, 1, 0]
    assert blocks.tolist() == [1, 1, 1, 2, 2]  # the row of the third day is not among them


def test_each_series_has_blocks_of_its_own() -> None:
    order, blocks = in_time(dated(6, np.array(list("ababab"), object)), np.arange(6))
    assert order.tolist() == [0, 2, 4, 1, 3, 5]
    assert len(set(blocks[:3])) == 1 and len(set(blocks[3:])) == 1 and blocks[0] != blocks[3]


@pytest.fixture
def context() -> AnalysisContext:
    """60 test rows with two stretches; deep finds both late, shallow flags the first half of one."""
    made = testing.example_context("anomaly", "sequence", dated=True)
    n = 60
    truth, deep, shallow = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    truth[10:20] = truth[40:44] = 1
    deep[12:22] = deep[41:45] = 1.5
    shallow[10:15] = 1.2
    split = dataclasses.replace(made.split, test=np.arange(n), unit_ids=np.arange(n))
    entrants = tuple(
        Contestant(side, side, score_output(scores)) for side, scores in (("deep", deep), ("shallow", shallow))
    )
    outcome = dataclasses.replace(made.outcome, truth=truth, contestants=entrants, split=split, task=made.task)
    return dataclasses.replace(made, dataset=dated(n), split=split, outcome=outcome)


def test_figures_of_two_stretches(context: AnalysisContext) -> None:
    assert unfit(context) is None
    found = run(context)
    assert (found["n_stretches"], found["n_marked"], found["n_series"], found["median_rows"]) == (2, 14, 1, 7.0)
    rows = {row["measure"]: row for row in found["rows"]}
    assert tuple(rows) == MEASURES
    assert rows["found"]["deep"] == 1.0 and rows["found"]["shallow"] == 0.5
    assert rows["recall"]["deep"] == pytest.approx((0.8 + 0.75) / 2)
    assert rows["recall"]["shallow"] == pytest.approx(0.25)
    assert rows["precision"]["deep"] == pytest.approx((0.8 + 0.75) / 2)
    assert rows["precision"]["shallow"] == pytest.approx(1.0)
    assert rows["volume"]["deep"] == pytest.approx(
        volume_under_pr(context.outcome.truth == 1, context.outcome.contestants[0].output.arrays["scores"],
                        np.zeros(60), int(context.task.window or 0))
    )  # fmt: skip
    assert rows["f1"]["blend"] is None


def test_rows_without_time_or_labels_have_no_stretches(context: AnalysisContext) -> None:
    task = dataclasses.replace(context.task, window=None)
    assert unfit(dataclasses.replace(context, task=task)) == "rows do not follow each other in time"
    calm = dataclasses.replace(context.outcome, truth=np.zeros(60, np.int64))
    assert unfit(dataclasses.replace(context, outcome=calm)) == "the test rows are not labelled"


def test_it_keeps_the_contract_of_analyses() -> None:
    testing.check_analysis(RANGES)
