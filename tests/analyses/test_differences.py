"""Regions in which one side does better are described and checked; where both are alike none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from fixed_finalists import by_x, context_of, levels, normal, table, table_task

from automl.analyses.differences import DIFFERENCES
from automl.records import AnalysisContext, Dataset
from automl.report.sections.differences import DIFFERENCES as SECTION


def blind_in_red(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """As by x, but a guess for red rows."""
    red = (dataset.inputs["colour"] == "red").to_numpy()[rows]
    return np.where(red, 0.5 + 1e-9, by_x(dataset, rows))


def colours(n: int = 900, *, with_valid: bool = True, shallow=blind_in_red, deep=by_x) -> AnalysisContext:
    dataset = table(n, x=normal, z=normal, colour=levels("red", "blue", "green"))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    return context_of(
        dataset, task, {"deep": deep, "shallow": shallow}, n_train=100, n_valid=n // 3, with_valid=with_valid
    )


def test_a_region_where_deep_wins_by_design_is_described_and_checked() -> None:
    for with_valid in (True, False):
        made = DIFFERENCES.run(colours(with_valid=with_valid))
        assert made is not None and made["rows"]
        assert all(
            row["better"] == "deep" and row["low"] > 0 and "colour = red" in row["region"] for row in made["rows"]
        )
        assert made["grown_on"] == ("validation rows" if with_valid else "half of the test rows")


def test_the_same_region_is_found_for_the_other_side() -> None:
    made = DIFFERENCES.run(colours(shallow=by_x, deep=blind_in_red))
    assert made is not None and made["rows"]
    assert all(row["better"] == "shallow" and row["high"] < 0 for row in made["rows"])


def noise(seed: int):
    def predict(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        draws = np.random.default_rng(seed).normal(size=dataset.n_rows)
        return np.clip(by_x(dataset, rows) + 0.1 * draws[rows], 0.001, 0.999)

    return predict


def test_noise_alone_is_rarely_a_region() -> None:
    hits = sum(
        bool((DIFFERENCES.run(colours(600, deep=noise(seed), shallow=noise(seed + 500))) or {}).get("rows"))
        for seed in range(25)
    )
    assert hits <= 4


def test_counts_sum_to_all_rows_and_examples_are_right_on_one_side_alone() -> None:
    context = colours()
    made = DIFFERENCES.run(context)
    assert made is not None
    assert sum(one["n"] for one in made["counts"]) == len(context.split.test)
    truth = context.outcome.truth
    labels = {one.side: one.output.arrays["labels"] for one in context.outcome.contestants}
    for side, other in (("deep", "shallow"), ("shallow", "deep")):
        at = made["examples"][side]
        assert 0 < len(at) <= 10
        assert (labels[side][at] == truth[at]).all() and (labels[other][at] != truth[at]).all()


def test_regression_compares_errors() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=600), "z": rng.normal(size=600)})
    dataset = Dataset("hand", frame, pd.DataFrame({"y": frame["x"]}))

    def good(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return (data.inputs["x"].to_numpy()[rows] + 0.05)[:, None]

    def bad_at_high_z(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return good(data, rows) + 2.0 * (data.inputs["z"].to_numpy()[rows] > 1)[:, None]

    context = context_of(
        dataset, table_task(frame, "regression", "rmse"), {"deep": good, "shallow": bad_at_high_z}, n_train=50
    )
    made = DIFFERENCES.run(context)
    assert made is not None and [row["better"] for row in made["rows"]] == ["deep"]
    assert made["rows"][0]["region"].startswith("z > ") and made["rows"][0]["deep_wrong"] is None


def test_one_side_makes_no_differences_and_few_rows_no_regions() -> None:
    one = colours()
    only = {"deep": one.predictors["deep"].predict}  # type: ignore[attr-defined]
    assert DIFFERENCES.unfit(context_of(one.dataset, one.task, only)) is not None
    few = DIFFERENCES.run(colours(160, with_valid=False))
    assert few is not None and few["rows"] == [] and few["n_regions"] == 0


def test_its_section_holds_rows_so_that_saved_models_leave_it_out() -> None:
    context = colours()
    made = DIFFERENCES.run(context)
    assert made is not None
    context.outcome.analyses["differences"] = made  # type: ignore[index]
    data = SECTION.collect(context.outcome)
    assert data is not None and data["holds_rows"] is True
    assert any("colour = red" in one["text"] for one in data["sentences"])
    assert data["groups"][0]["items"][0]["cells"]
