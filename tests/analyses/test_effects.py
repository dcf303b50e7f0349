"""Partial dependence follows what a finalist does with a column, on both sides, for numbers, levels and dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from fixed_finalists import by_x, context_of, levels, normal, table, table_task

from automl.analyses.effects import EFFECTS
from automl.records import Dataset
from automl.report.sections.effects import EFFECTS as SECTION


def by_level(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    return np.where((dataset.inputs["c"] == "a").to_numpy()[rows], 0.8, 0.3)


def test_curves_are_those_of_the_finalists() -> None:
    dataset = table(400, x=normal, c=levels("a", "b"))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    context = context_of(dataset, task, {"deep": by_x, "shallow": by_level}, n_train=100)
    made = EFFECTS.run(context)
    assert made is not None
    panels = {panel["column"]: panel for panel in made["panels"]}
    x = np.asarray(panels["x"]["x"])
    assert np.allclose(panels["x"]["sides"]["deep"]["mean"], 1 / (1 + np.exp(-3 * x)))
    assert np.ptp(panels["x"]["sides"]["shallow"]["mean"]) < 1e-9
    by_value = dict(zip(panels["c"]["written"], panels["c"]["sides"]["shallow"]["mean"], strict=True))
    assert {name: round(value, 9) for name, value in by_value.items()} == {"a": 0.8, "b": 0.3}
    assert panels["x"]["answer"] == "probability of yes" and len({tuple(sorted(row)) for row in made["rows"]}) == 1


def test_the_columns_that_matter_come_first_and_others_are_left_out() -> None:
    dataset = table(300, x=normal, z=normal, c=levels("a", "b"))
    task = table_task(dataset.inputs, "binary", "roc_auc")
    rows = [
        {"side": side, "factor": name, "kind": "column", "drop": drop}
        for side in ("deep", "shallow")
        for name, drop in (("z", 0.001), ("c", 0.4), ("x", 0.1))
    ]
    context = context_of(
        dataset, task, {"deep": by_x, "shallow": by_x}, n_train=100, analyses={"importance": {"rows": rows}}
    )
    made = EFFECTS.run(context)
    assert made is not None and [panel["column"] for panel in made["panels"]] == ["c", "x"]


def test_dates_and_gaps_stay_what_they_are() -> None:
    dataset = table(300, x=normal)
    dataset.inputs["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), "D")
    dataset.inputs.loc[::7, "x"] = np.nan

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        assert data.inputs["day"].dtype.kind == "M" and data.inputs["x"].dtype.kind == "f"
        return np.clip(np.nan_to_num(data.inputs["x"].to_numpy()[rows]), 0.1, 0.9)

    context = context_of(dataset, table_task(dataset.inputs, "binary", "roc_auc"), {"deep": predict}, n_train=100)
    made = EFFECTS.run(context)
    assert made is not None
    day = next(panel for panel in made["panels"] if panel["column"] == "day")
    assert day["written"][0].startswith("2024-") and day["numeric"]


def test_the_section_draws_levels_by_name() -> None:
    dataset = table(300, x=normal, c=levels("a", "b"))
    context = context_of(
        dataset, table_task(dataset.inputs, "binary", "roc_auc"), {"deep": by_level, "shallow": by_level}, n_train=99
    )
    context.outcome.analyses["effects"] = EFFECTS.run(context)  # type: ignore[index]
    data = SECTION.collect(context.outcome)
    assert data is not None
    chart = next(one for one in data["charts"] if one["title"] == "c")
    assert sorted(chart["x"]["names"]) == ["a", "b"]
