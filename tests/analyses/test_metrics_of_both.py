"""All metrics in one table: gains have the right sign, and metrics that disagree with the verdict are named."""

from __future__ import annotations

import dataclasses

import numpy as np
import planted
import pytest

from automl.analyses.metrics import METRICS


def made(n: int = 400) -> planted.AnalysisContext:
    """Deep orders the rows better, but its labels are all wrong ones of one class: it never says yes."""
    rng = np.random.default_rng(0)
    truth = np.arange(n) % 2
    deep = 0.4 * (truth * 0.7 + 0.3 * rng.random(n))
    shallow = np.clip(0.5 + 0.25 * (2 * truth - 1) + 0.2 * rng.normal(size=n), 0.01, 0.99)
    return planted.binary(truth, deep, shallow)


def test_a_metric_that_says_the_opposite_beyond_chance_is_named() -> None:
    context = made()
    context = dataclasses.replace(context, task=dataclasses.replace(context.task, metric="roc_auc"))
    found = METRICS.run(context)
    assert found is not None
    rows = {row["metric"]: row for row in found["rows"]}
    assert next(iter(rows)) == "roc_auc" and rows["roc_auc"]["gain"] > 0
    assert rows["accuracy"]["gain"] < 0 and rows["accuracy"]["high"] < 0
    assert "accuracy" in found["disagree"] and "roc_auc" not in found["disagree"]
    assert "quadratic_kappa" not in rows


def test_gains_are_positive_where_deep_is_better_whatever_the_direction_of_the_metric() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(300) % 2
    sure, unsure = np.where(truth, 0.9, 0.1), np.clip(0.5 + 0.1 * rng.normal(size=300), 0.01, 0.99)
    found = METRICS.run(planted.binary(truth, sure, unsure))
    assert found is not None
    for row in found["rows"]:
        assert row["gain"] > 0 and row["low"] <= row["gain"] <= row["high"], row


def test_a_side_without_a_finalist_is_no_contest() -> None:
    context = made()
    outcome = dataclasses.replace(context.outcome, contestants=context.outcome.contestants[:1])
    assert METRICS.unfit(dataclasses.replace(context, outcome=outcome)) and METRICS.unfit(context) is None


def test_after_its_deadline_it_ends_with_the_metric_of_the_verdict() -> None:
    found = METRICS.run(dataclasses.replace(made(), deadline=0.0))
    assert found is not None and [row["metric"] for row in found["rows"]] == [found["metric"]]


@pytest.mark.parametrize("key", ["rows", "metric", "level", "seeds_included", "disagree", "n_items"])
def test_the_example_has_the_fields_of_what_is_found(key: str) -> None:
    found = METRICS.run(made())
    assert found is not None and key in found and key in METRICS.example
    assert set(found["rows"][0]) == set(METRICS.example["rows"][0])
