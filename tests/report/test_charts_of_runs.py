"""Pictures of runs say when and where something was measured."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from automl.records import Run
from automl.report.sections.learning import LEARNING, needs_dots
from automl.report.sections.progress import PROGRESS


def points_of(outcome: Any, side: str) -> dict[str, list[float]]:
    data = PROGRESS.collect(outcome)
    assert data is not None
    return next(one for one in data["chart"]["layers"] if one["mark"] == "points" and one["colour"] == side)


@pytest.mark.parametrize("at", [0.0, 12.0])
def test_an_ensemble_does_not_reach_its_score_before_its_members(at: float, outcome_of: Any) -> None:
    plain = outcome_of("binary")
    better = 2.0 if plain.higher_is_better else -2.0
    last = max(run.at_seconds for run in plain.runs if run.side == "deep" and run.valid_score is not None)
    members = {run.name: 0.5 for run in plain.runs if run.side == "deep"}
    ensemble = Run(
        "deep-ensemble", "deep", "done", "ensemble", valid_score=better, choices={"ensemble": members}, at_seconds=at
    )
    shown = points_of(dataclasses.replace(plain, runs=(ensemble, *plain.runs)), "deep")
    assert shown["x"][-1] == last and shown["y"][-1] == better
    assert len(shown["x"]) > 1 and shown["x"] == sorted(shown["x"])


def test_an_ensemble_that_is_named_later_keeps_its_time(outcome_of: Any) -> None:
    plain = outcome_of("binary")
    better = 2.0 if plain.higher_is_better else -2.0
    ensemble = Run("deep-ensemble", "deep", "done", "ensemble", valid_score=better,
                   choices={"ensemble": {"mlp-1": 1.0, "gone": 1.0}}, at_seconds=900.0)  # fmt: skip
    assert points_of(dataclasses.replace(plain, runs=(*plain.runs, ensemble)), "deep")["x"][-1] == 900.0


def test_curves_of_few_points_are_marked_on_every_line(outcome_of: Any) -> None:
    plain = outcome_of("binary")
    runs = tuple(dataclasses.replace(run, curve=run.curve[:2]) for run in plain.runs)
    data = LEARNING.collect(dataclasses.replace(plain, runs=runs))
    assert data is not None
    layers = [layer for chart in data["charts"] for layer in chart["layers"]]
    assert len(layers) > 2 and all(layer["dots"] for layer in layers)


@pytest.mark.parametrize(
    ("values", "dots"),
    [([0.1] * 12, True), ([0.1] * 13, False), ([0.1] * 20 + [None, 0.2], True), ([None, 0.1] * 20, True),
     ([0.1, None] + [0.2] * 20, True), ([None] * 3 + [0.1] * 20, False)],
)  # fmt: skip
def test_a_point_that_no_line_shows_is_marked(values: list[float | None], dots: bool) -> None:
    assert needs_dots(values) is dots
