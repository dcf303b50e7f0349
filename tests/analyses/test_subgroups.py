"""Subgroups that are served worse are found, clean ones are not, and rates by sensitive groups are Fairlearn's."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixed_finalists import by_x, context_of, levels, normal, table, table_task

from automl.analyses.shared import fairness
from automl.analyses.shared.maxima import against_others
from automl.analyses.shared.traits import Trait, subgroups_of
from automl.analyses.subgroups import COVERAGE_LEVEL, SUBGROUPS
from automl.records import AnalysisContext, Dataset
from automl.report.words import plain


def spoilt(seed: int = 0, *, level: str | None = "red", n: int = 700) -> AnalysisContext:
    """Half of the rows of a level have the other label."""
    dataset = table(n, seed, x=normal, colour=levels("red", "blue", "green", "grey"), size=normal)
    if level is not None:
        y = dataset.target["y"].to_numpy().copy()  # type: ignore[index]
        own = (dataset.inputs["colour"] == level).to_numpy() & (np.random.default_rng(seed).random(n) < 0.6)
        y[own] = np.where(y[own] == "yes", "no", "yes")
        dataset = dataclasses.replace(dataset, target=pd.DataFrame({"y": y}))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    return context_of(dataset, task, {"deep": by_x, "shallow": by_x}, n_train=100, n_valid=100)


def found(context: AnalysisContext) -> dict[str, Any]:
    made = SUBGROUPS.run(context)
    assert made is not None
    return dict(plain(made))


def test_a_subgroup_with_flipped_labels_is_found_on_both_sides_with_its_scores() -> None:
    made = found(spoilt())
    for side in ("deep", "shallow"):
        first = next(row for row in made["rows"] if row["side"] == side)
        assert (first["subgroup"], first["found"]) == ("colour = red", True)
        assert first["low"] <= first["score"] <= first["high"] < first["overall"]
        assert first["other"] == first["score"]
    keys = set(made["rows"][0])
    assert all(set(row) == keys for row in made["rows"])


def test_what_has_no_metric_is_measured_by_its_losses() -> None:
    dataset = table(400, x=normal, colour=levels("red", "blue"))
    y = np.where((dataset.inputs["colour"] == "red").to_numpy(), "yes", dataset.target["y"])  # type: ignore[index]
    dataset = dataclasses.replace(dataset, target=pd.DataFrame({"y": y}))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    made = found(context_of(dataset, task, {"deep": by_x}, n_train=50, n_valid=50))
    red = next(row for row in made["rows"] if row["subgroup"] == "colour = red")
    assert red["measure"] == "Brier score" and red["low"] < red["score"] < red["high"]
    assert red["other"] is None


def test_chance_rarely_passes_for_a_finding() -> None:
    """The corrected test holds its level where losses do not depend on subgroups."""
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        losses = rng.exponential(size=(400, 2))
        inside = np.stack([rng.permutation(400) < size for size in (30, 60, 100, 150, 200) * 4], axis=1)
        hits += bool((against_others(losses, inside, None, np.arange(400), seed)[2] <= 0.05).any())
    assert hits <= 6


def test_items_of_one_unit_count_together() -> None:
    """Forty copies of a unit tell no more than the unit."""
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(12), 40)
    losses = np.repeat(rng.normal(size=12), 40)[:, None]
    inside = (units < 5)[:, None]
    by_rows = against_others(losses, inside, None, np.arange(480), 0)[1]
    by_units = against_others(losses, inside, None, units, 0)[1]
    assert np.isclose(by_rows, np.sqrt(40) * by_units).all()


def test_ranges_levels_gaps_and_rare_levels() -> None:
    numbers = Trait("age", np.r_[np.arange(80.0), np.full(20, np.nan)])
    words = [one.words for one in subgroups_of([numbers], 10)]
    assert words == ["age < 20", "20 ≤ age < 40", "40 ≤ age < 60", "age ≥ 60", "age is missing"]
    colours = Trait("colour", np.asarray(["red"] * 50 + ["blue"] * 46 + ["grey"] * 2 + ["green"] * 2, object))
    assert [one.words for one in subgroups_of([colours], 20)] == ["colour = red", "colour = blue"]
    rest = subgroups_of([colours], 3, rest=True)
    assert rest[-1].words == "colour = another" and rest[-1].inside.sum() == 4


def test_rates_gaps_and_ratios_are_those_of_their_definitions() -> None:
    inside = np.stack([np.arange(8) < 4, np.arange(8) >= 4], axis=1)
    positive = np.array([1, 1, 0, 0, 1, 1, 0, 0], bool)
    selected = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    made = fairness.rates(positive, selected, inside, np.ones((1, 8)))
    first, second = made["groups"]
    assert [first[name][0] for name in fairness.NAMES] == [0.75, 1.0, 0.5]
    assert [second[name][0] for name in fairness.NAMES] == [0.25, 0.5, 0.0]
    gaps = {name: value and value[0] for name, value in made["gaps"].items()}
    assert gaps == {
        "demographic_parity_difference": 0.5, "demographic_parity_ratio": pytest.approx(1 / 3),
        "true_positive_rate_difference": 0.5, "false_positive_rate_difference": 0.5,
        "equalized_odds_difference": 0.5, "equalized_odds_ratio": 0.0,
    }  # fmt: skip


def codes(text: str) -> np.ndarray:
    return np.array([int(one) for one in text])


@pytest.mark.parametrize(
    ("weighted", "expected"),
    [
        (False, [0.1339285714285714, 0.765625, 0.5555555555555556, 0.3333333333333333]),
        (True, [0.11805555555555558, 0.7875, 0.5789473684210527, 0.30357142857142855]),
    ],
)
def test_gaps_and_ratios_are_the_figures_of_fairlearn(weighted: bool, expected: list[float]) -> None:
    """Made by fairlearn 0.15.0: `demographic_parity_difference(y, p, sensitive_features=g)` and the three like it."""
    positive = codes("1000011100001000110000110011011110011110") == 1
    selected = codes("1011011010010010100100000001011101011111") == 1
    weight = codes("3113131233211321333232232323312211113123") if weighted else np.ones(40)
    groups = np.array(list("aabbbcccc" * 4 + "aabb"))
    inside = np.stack([groups == one for one in "abc"], axis=1)
    gaps = fairness.rates(positive, selected, inside, weight[None, :])["gaps"]
    names = [f"{what}_{how}" for what in ("demographic_parity", "equalized_odds") for how in ("difference", "ratio")]
    assert [gaps[name][0] for name in names] == pytest.approx(expected)


def test_a_group_without_positives_has_no_true_positive_rate() -> None:
    """Fairlearn takes its rate as 0, so that the gap would be 1."""
    groups = np.array(list("aaaabbccc"))
    inside = np.stack([groups == one for one in "abc"], axis=1)
    made = fairness.rates(codes("110010000") == 1, codes("100010000") == 1, inside, np.ones((1, 9)))
    assert made["groups"][2]["true_positive_rate"] is None
    assert made["gaps"]["true_positive_rate_difference"][0] == made["gaps"]["equalized_odds_difference"][0] == 0.5


def sensitive(dataset: Dataset, values: Any) -> Dataset:
    return dataclasses.replace(dataset, aside=pd.DataFrame({"region": values}))


def test_sensitive_columns_are_compared_though_they_are_no_inputs() -> None:
    dataset = table(500, x=normal)
    dataset = sensitive(dataset, np.where(dataset.inputs["x"] > 0, "north", "south"))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    made = found(context_of(dataset, task, {"deep": by_x, "shallow": by_x}, n_train=100, n_valid=100))
    (one,) = made["sensitive"]
    assert one["column"] == "region" and [part["side"] for part in one["parts"]] == ["deep", "shallow"]
    value, low, high = one["parts"][0]["gaps"]["demographic_parity_difference"]
    assert value == 1.0 and low <= value <= high, "all of the north and none of the south are selected"
    by_chance = one["parts"][0]["chance"]["demographic_parity_difference"]
    assert 0.0 < by_chance < 0.3, "groups by lot differ a little"
    assert {group["group"] for group in one["parts"][0]["groups"]} == {"region = north", "region = south"}


def test_errors_of_numbers_by_sensitive_group() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300)})
    dataset = Dataset("hand", frame, pd.DataFrame({"y": 10 * frame["x"]}))
    dataset = sensitive(dataset, np.where(np.arange(300) % 2, "north", "south"))

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return (10 * data.inputs["x"].to_numpy()[rows] + 3.0 * (rows % 2))[:, None]

    made = found(context_of(dataset, table_task(frame, "regression", "rmse"), {"deep": predict}, n_train=100))
    groups = {one["group"]: one for one in made["sensitive"][0]["parts"][0]["groups"]}
    assert groups["region = north"]["mean_error"][0] == pytest.approx(3.0)
    assert groups["region = south"]["mean_error"][0] == pytest.approx(0.0)
    assert made["sensitive"][0]["parts"][0]["gaps"]["mean_error_difference"][0] == pytest.approx(3.0)


def test_a_group_too_rare_to_compare_is_said() -> None:
    dataset = sensitive(table(300, x=normal), ["north"] * 299 + ["south"])
    task = table_task(dataset.inputs, "binary", "roc_auc")
    (one,) = found(context_of(dataset, task, {"deep": by_x}, n_train=50, n_valid=50))["sensitive"]
    assert one["parts"] == [] and "fewer than two groups" in one["why"]


class Wide:
    """Regions that miss the truth of rows with a low x."""

    class thresholds:
        most = 0.99


def test_coverage_is_shown_where_it_is_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl.analyses import subgroups as module

    context = spoilt(level=None)
    inside = (context.dataset.inputs["colour"].iloc[context.split.test] != "red").to_numpy().astype(float)

    class Known:
        def apply(self, scores: Any, output: Any, level: float, given: Any) -> dict[str, Any]:
            assert level == COVERAGE_LEVEL
            return {}

        def covers(self, region: Any, truth: Any) -> np.ndarray:
            return inside[:, None]

    goal = module.goals.named(context.task)
    monkeypatch.setattr(module.goals, "named", lambda task: dataclasses.replace(goal, regions=Known()))
    for predictor in context.predictors.values():
        predictor.regions = Wide()  # type: ignore[attr-defined]
    made = found(context)
    first = made["coverage"][0]
    assert first["subgroup"] == "colour = red" and first["share"] == 0.0 and first["found"]
