"""Why the most unusual rows are unusual: planted patches, words and columns are named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl import testing
from automl.analyses.alarms import ALARMS
from automl.analyses.occlusion import OCCLUSION
from automl.analyses.shared.reasons import reasons
from automl.goals.shared.scores import score_output
from automl.records import AnalysisContext, Dataset, Output
from automl.report.sections.alarms import collect


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """A finalist that scores rows by a function of their inputs."""

    of: Callable[[Any], np.ndarray]

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        inputs = dataset.inputs.iloc[rows] if hasattr(dataset.inputs, "iloc") else dataset.inputs[rows]
        return score_output(self.of(inputs))


def scored_by(context: AnalysisContext, deep: Any, shallow: Any, inputs: Any = None) -> AnalysisContext:
    """The contest, with finalists that score by these functions, on other inputs if given."""
    dataset = context.dataset if inputs is None else dataclasses.replace(context.dataset, inputs=inputs)
    predictors: Any = {"deep": Scores(deep), "shallow": Scores(shallow)}
    entrants = tuple(
        dataclasses.replace(one, output=predictors[one.side].output(dataset, context.split.test))
        for one in context.outcome.contestants
        if one.side in predictors
    )
    examples = dataset.inputs[context.split.test] if isinstance(dataset.inputs, np.ndarray) else None
    outcome = dataclasses.replace(context.outcome, contestants=entrants, examples=examples)
    return dataclasses.replace(context, dataset=dataset, predictors=predictors, outcome=outcome)


def in_corner(pictures: np.ndarray) -> np.ndarray:
    """The brightness of the upper left corner."""
    return np.asarray(pictures[:, :2, :2].reshape(len(pictures), -1).mean(axis=1) / 255.0, np.float64)


def of_all(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(pictures.reshape(len(pictures), -1).mean(axis=1) / 255.0, np.float64)


@pytest.fixture
def pictures() -> AnalysisContext:
    """Dark pictures of 14 pixels, some test ones with a bright corner."""
    made = testing.example_context("anomaly", "image")
    inputs = np.full((made.dataset.n_rows, 14, 14, 1), 20, np.uint8)
    inputs[made.split.test[:3], :2, :2] = 250
    return scored_by(made, in_corner, of_all, inputs)


def test_the_patch_that_makes_a_picture_unusual_is_found(pictures: AnalysisContext) -> None:
    found = ALARMS.run(pictures)
    assert found is not None and found["what"] == "images" and found["n_patches"] == 7
    for side, most in (("deep", 230 / 255), ("shallow", 230 / 255 * 4 / 196)):
        for one in found["top"][side][:3]:
            drops = np.array(one["drops"]).reshape(7, 7)
            assert drops[0, 0] == pytest.approx(most) and np.abs(np.delete(drops.ravel(), 0)).max() < 1e-9
            assert one["reasons"] == [{"part": "rows 0 to 1, columns 0 to 1", "drop": pytest.approx(most)}]
    others = [one for one in found["top"]["deep"] if one["score"] < 0.5]
    assert others and all(not one["reasons"] for one in others)  # as usual everywhere


def test_a_heat_map_stands_beside_each_picture(pictures: AnalysisContext) -> None:
    outcome = dataclasses.replace(pictures.outcome, analyses={"alarms": ALARMS.run(pictures)})
    shown = collect(outcome)
    assert shown is not None and [group["side"] for group in shown["groups"]] == ["deep", "shallow"]
    for group in shown["groups"]:
        assert group["marked"]
        for item in group["items"][:3]:
            assert item["heat"].startswith("data:image/png") and item["heat"] != item["image"]


def test_the_words_that_make_a_text_unusual_are_found() -> None:
    made = testing.example_context("anomaly", "text")
    (name,) = [column.name for column in made.task.columns if column.kind == "text"]
    texts = made.dataset.inputs.copy()
    texts[name] = "all is as it was"
    texts.iloc[made.split.test[:2], texts.columns.get_loc(name)] = "all is on fire here"

    def fire(inputs: Any) -> np.ndarray:
        return inputs[name].str.contains("fire").to_numpy(float)

    found = ALARMS.run(scored_by(made, fire, fire, texts))
    assert found is not None and found["what"] == "text"
    first = found["top"]["deep"][0]
    assert first["words"] == ["all", "is", "on", "fire", "here"] and first["drops"] == [0.0, 0.0, 0.0, 1.0, 0.0]
    assert first["reasons"] == [{"part": "fire", "drop": 1.0}]


def test_pictures_beside_other_columns_are_set_to_what_is_usual() -> None:
    made = testing.example_context("anomaly")
    n = made.dataset.n_rows
    bright = np.full((n, 4, 4, 1), 20, np.uint8)
    bright[made.split.test[0]] = 240
    name = made.task.columns[0].name
    dataset = dataclasses.replace(made.dataset, pictures={name: bright})

    class Bright(Scores):
        def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
            return score_output(dataset.pictures[name][rows].reshape(len(rows), -1).mean(axis=1) / 255.0)

    predictors: Any = {"deep": Bright(of_all), "shallow": Bright(of_all)}
    found = reasons(dataclasses.replace(made, dataset=dataset, predictors=predictors), np.array([0]))
    assert found is not None and found.what == "factors"
    drops = dict(zip(found.parts[0], found.drops["deep"][0], strict=True))
    assert drops[name] == pytest.approx(220 / 255) and sum(map(abs, drops.values())) == pytest.approx(220 / 255)


def test_goals_of_scores_are_explained_with_their_alarms_alone(pictures: AnalysisContext) -> None:
    assert OCCLUSION.unfit(pictures) == "why items are unusual is shown with the alarms"


def test_a_side_without_a_finalist_is_left_out(pictures: AnalysisContext) -> None:
    entrants = tuple(one for one in pictures.outcome.contestants if one.side == "deep")
    alone = dataclasses.replace(
        pictures, outcome=dataclasses.replace(pictures.outcome, contestants=entrants),
        predictors={"deep": pictures.predictors["deep"]},
    )  # fmt: skip
    found = ALARMS.run(alone)
    assert found is not None and set(found["top"]) == {"deep"} and found["agreement"] is None
