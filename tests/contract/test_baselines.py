from __future__ import annotations

from dataclasses import replace

import pytest
from threadpoolctl import threadpool_limits

from automl import catalog
from automl.records import MODALITIES, Baseline
from automl.testing import check_baseline

BASELINES = catalog.members(Baseline, "automl.baselines")
FIRST = ("binary", "regression", "anomaly", "represent", "generate")
"""Goals that are checked each time, for tables all; the others are by the thorough tests."""
CASES = [
    pytest.param(
        b.name,
        goal,
        marks=[] if goal in FIRST and (b.modality == "tabular" or goal == b.goals[0]) else [pytest.mark.thorough],
    )
    for b in BASELINES.values()
    for goal in b.goals
    if goal != "forecast"
]
SHORT = {"max_iter": 12, "n_estimators": 8, "n_trees": 8}
"""Lengths of fits, on which no promise hangs."""


def shortened(baseline):
    """The family with its own settings, but for how long a fit takes."""

    def settings(task, facts, seed):
        for own in baseline.settings(task, facts, seed):
            yield {name: min(value, SHORT[name]) if name in SHORT else value for name, value in own.items()}

    return replace(baseline, settings=settings)


@pytest.mark.parametrize(("name", "goal"), CASES)
def test_baseline_keeps_the_contract(name, goal):
    with threadpool_limits(1):  # small fits are quicker so
        check_baseline(shortened(BASELINES[name]), [goal])


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_has_a_name_that_people_know(name):
    title = BASELINES[name].title
    assert title and title != name and len(title) <= 90 and title.count("(") == title.count(")") <= 1
    assert "_" not in title


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("goal", ["binary", "multiclass", "multilabel", "regression"])
def test_every_cell_of_the_design_has_all_three_tiers(modality, goal):
    tiers = {b.tier for b in BASELINES.values() if b.modality == modality and goal in b.goals}
    assert tiers == {"floor", "fast", "strong"}


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("goal", ["anomaly", "represent"])
def test_every_cell_without_target_has_all_three_tiers(modality, goal):
    tiers = {b.tier for b in BASELINES.values() if b.modality == modality and goal in b.goals}
    assert tiers == {"floor", "fast", "strong"}


def test_forecasts_have_all_three_tiers():
    assert {b.tier for b in BASELINES.values() if "forecast" in b.goals} == {"floor", "fast", "strong"}


def test_those_that_store_training_rows_say_so():
    said = {b.name for b in BASELINES.values() if b.keeps_rows}
    untargeted = {name for name in said if "anomaly" in BASELINES[name].goals}
    made_of_rows = {"block_bootstrap", "token_ngrams"}
    assert said - untargeted == {"vectors", "hog_vectors", "patch_vectors", "mfcc_vectors", "neighbours"} | made_of_rows
    by_title = ("nearest neighbours", "outlier factor", "one-class support vector")
    scoring = [b for b in BASELINES.values() if "anomaly" in b.goals]
    assert untargeted == {b.name for b in scoring if any(words in b.title for words in by_title)}
