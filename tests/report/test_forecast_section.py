"""The pictures of a forecast: each target in its own units, and nothing drawn where the truth is not known."""

from __future__ import annotations

import dataclasses

import numpy as np
import outcomes
import pytest

from automl.records import Contestant, Outcome, Output
from automl.report.answers import answer_of
from automl.report.sections.calibration import CALIBRATION
from automl.report.sections.errors import ERRORS
from automl.report.sections.forecast import FORECAST


def several(outcome: Outcome, names: tuple[str, ...], gaps: bool = False) -> Outcome:
    """The outcome of a forecast with more targets, each a hundred times as large as the one before it."""
    sizes = 100.0 ** np.arange(len(names))

    def wide(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array * size for size in sizes], axis=2)

    truth = wide(outcome.truth)
    if gaps:
        truth[:, 3, 0] = np.nan  # a step that is never known
        truth[5] = np.nan
    contestants = tuple(
        Contestant(c.run, c.side, Output("windows", {name: wide(a) for name, a in c.output.arrays.items()}))
        for c in outcome.contestants
    )
    history = {**(outcome.history or {}), "values": wide(outcome.history["values"])}
    if gaps:
        history["values"][:, -4] = np.nan
    task = dataclasses.replace(outcome.task, target=names)
    context = {**outcome.context, "scale": outcome.context["scale"] * sizes}
    return dataclasses.replace(
        outcome, task=task, context=context, truth=truth, contestants=contestants, history=history
    )


@pytest.fixture
def one() -> Outcome:
    return outcomes.forecast()


def test_each_target_has_pictures_in_its_own_units(one: Outcome) -> None:
    names = ("a", "b", "c", "d", "e")
    section = FORECAST.collect(several(one, names))

    assert [target["name"] for target in section["targets"]] == ["a", "b", "c", "d"]
    assert section["left_out"] == ["e"]
    first, second = (target["by_step"]["layers"][0]["y"] for target in section["targets"][:2])
    assert np.allclose(np.array(first) * 100, second, rtol=1e-4)
    assert section["targets"][1]["by_step"]["title"] == "Error of b by distance"
    assert {chart["y"]["label"] for chart in section["targets"][1]["windows"]} == {"b"}


def test_one_target_is_drawn_in_four_windows_without_its_name(one: Outcome) -> None:
    (target,) = FORECAST.collect(one)["targets"]

    assert len(target["windows"]) == 4
    assert target["by_step"]["title"] == "Error by distance"


def test_steps_without_a_known_truth_are_gaps_in_pictures_and_in_means(one: Outcome) -> None:
    holed = several(one, ("a", "b"), gaps=True)
    section = FORECAST.collect(holed)

    of_first, of_second = (target["by_step"]["layers"][0]["y"] for target in section["targets"])
    assert [k for k, value in enumerate(of_first) if value is None] == [3]
    assert None not in of_second
    truths = [next(x for x in chart["layers"] if x["label"] == "truth") for chart in section["targets"][0]["windows"]]
    assert all(None in layer["y"] and layer["dots"] for layer in truths)
    assert all("not scored" in chart["caption"] for chart in section["targets"][0]["windows"])
    assert CALIBRATION.collect(holed) is not None and ERRORS.collect(holed) is not None


def test_coverage_and_losses_leave_out_what_is_not_known(one: Outcome) -> None:
    holed = several(one, ("a",), gaps=True)
    contestant = holed.contestants[0]
    answer = answer_of(holed.task)

    losses = answer.losses(holed.truth, contestant)

    assert np.flatnonzero(np.isnan(losses)).tolist() == [5]
    assert "nan" not in answer.truth(holed.task, holed.truth[0])
    whole = np.nan_to_num(holed.truth, nan=-1e9)
    assert answer.predicted(holed.task, holed.truth[0], contestant, 0) != answer.predicted(
        holed.task, whole[0], contestant, 0
    )
    rows = CALIBRATION.collect(holed)["chart"]["table"]["rows"]
    filled = CALIBRATION.collect(dataclasses.replace(holed, truth=whole))["chart"]["table"]["rows"]
    assert rows != filled


def test_several_targets_of_a_window_are_written_apart(one: Outcome) -> None:
    wide = several(one, ("a", "b"))
    answer = answer_of(wide.task)

    assert answer.truth(wide.task, wide.truth[0]).startswith("a ")
    assert ", b " in answer.predicted(wide.task, wide.truth[0], wide.contestants[0], 0)


def test_the_page_scores_points_and_quantiles_and_says_what_mase_divides_by(one: Outcome) -> None:
    section = FORECAST.collect(one)

    assert section["scores"]["columns"] == ["", "MASE", "pinball loss"]
    assert [row[0]["side"] for row in section["scores"]["rows"]] == ["deep", "shallow", "floor"]
    deep, shallow = (float(row[1]) for row in section["scores"]["rows"][:2])
    assert deep < shallow and "By its point forecasts deep is ahead" in section["scores"]["caption"]
    assert "over a season of 12 steps" in section["scaling"]
    yearly = dataclasses.replace(one, task=dataclasses.replace(one.task, season=1))
    assert "from one step to the next" in FORECAST.collect(yearly)["scaling"]


def test_points_and_quantiles_may_name_different_sides(one: Outcome) -> None:
    def wider(c: Contestant) -> Contestant:
        arrays = {**c.output.arrays, "quantiles": c.output.arrays["values"][..., None] + np.linspace(-90, 90, 5)}
        return dataclasses.replace(c, output=Output("windows", arrays)) if c.side == "deep" else c

    other = dataclasses.replace(one, contestants=tuple(map(wider, one.contestants)))
    caption = FORECAST.collect(other)["scores"]["caption"]

    assert "By its point forecasts deep is ahead, by its quantiles shallow is." in caption
