"""Each setting that a shallow family draws changes its fit, on data of its kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from automl import catalog
from automl.baselines.facts import facts_of
from automl.goals import learnt_truth, named, truth
from automl.records import Baseline, Column, Dataset, Facts, Split, Task
from automl.testing import check_baseline_settings
from automl.testing.settings import varying

N_ROWS = 320
ROWS = np.arange(N_ROWS)
SPLIT = Split(ROWS[:240], ROWS[240:280], ROWS[280:], "row", ROWS[:0], "synthetic", 0)
SMALLER = {"max_iter": 12, "n_estimators": 8, "n_features": 40}
FAMILIES = [b for b in catalog.members(Baseline, "automl.baselines").values() if b.tier != "floor"]
WITHOUT_TARGET = {"n_trees": 8, "convolutions": 200, "n_patches": 20, "n_features": 40}
TABLES, IMAGES = (
    [b for b in FAMILIES if b.modality == modality and "binary" in b.goals] for modality in ("tabular", "image")
)
UNTARGETED = [b for b in FAMILIES if not named(b.goals[0]).needs_target]
GENERATORS = [b for b in FAMILIES if named(b.goals[0]).makes_rows and b.modality == "tabular"]
ABOUT_WORDS = {"text_dimensions", "max_levels", "target_means"}


def columns(**kinds):
    return tuple(Column(name, kind, 1.0, "") for name, kind in kinds.items())


def numbers(rng):
    frame = pd.DataFrame(rng.normal(size=(N_ROWS, 4)), columns=list("abcd"))
    return frame, columns(a="numeric", b="numeric", c="numeric", d="numeric")


def everything(rng):
    frame, _ = numbers(rng)
    towns = [f"town {k}" for k in np.minimum(rng.geometric(0.025, N_ROWS), 200)]
    frame["town"] = pd.Series(towns, dtype=object)
    frame["words"] = [" ".join(f"word{k}" for k in rng.integers(0, 40, 6)) for _ in ROWS]
    return frame, columns(a="numeric", b="numeric", c="numeric", d="numeric", town="categorical", words="text")


def problem(made, goal, even=False, skewed=True, seed=0):
    rng = np.random.default_rng(seed)
    frame, kinds = made(rng)
    signal = frame["a"] + np.sin(2 * frame["b"]) + 0.5 * rng.normal(size=N_ROWS)
    if goal == "regression":
        target = pd.DataFrame({"y": np.exp(1.5 * signal) if skewed else signal})
        task = Task("tabular", goal, ("y",), "r2", columns=kinds, evidence=("Made up.",))
    else:
        border = np.median(signal) if even else np.quantile(signal, 0.8)
        target = pd.DataFrame({"y": np.where(signal > border, "yes", "no")})
        task = Task("tabular", goal, ("y",), "roc_auc", ("no", "yes"), columns=kinds, evidence=("Made up.",))
    return Dataset("made up", frame, target), task


def pictures(size, goal="multiclass"):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, N_ROWS)
    x = np.arange(size) / size
    waves = np.sin(2 * np.pi * (2 * x[None, :] * np.cos(kind)[:, None] + rng.random((N_ROWS, 1))))
    drawn = waves[:, None, :] + np.sin(2 * np.pi * 2 * x[None, :, None] * np.sin(kind)[:, None, None])
    noisy = drawn + rng.normal(size=drawn.shape)
    images = np.clip(128 + 40 * noisy, 0, 255).astype(np.uint8)[..., None]
    target = pd.DataFrame({"y": np.array(["a", "b", "c"])[np.where(rng.random(N_ROWS) < 0.4, 0, kind)]})
    task = Task("image", goal, ("y",), "accuracy", ("a", "b", "c"), image_shape=(size, size, 1), evidence=("Made up.",))
    return Dataset("pictures", images, target), task


def facts(dataset, task):
    return facts_of(dataset, task, SPLIT.train)


def check(baseline, dataset, task):
    known = facts(dataset, task)
    if reason := baseline.unfit(task, known):
        pytest.skip(reason)
    with threadpool_limits(1):
        check_baseline_settings(baseline, dataset, task, SPLIT, truth(dataset, task, ROWS), known, SMALLER)


@pytest.mark.parametrize("goal", ["binary", "regression"])
@pytest.mark.parametrize("made", [numbers, everything])
@pytest.mark.parametrize("baseline", TABLES, ids=lambda b: b.name)
def test_each_setting_of_a_table_changes_its_fit(baseline, made, goal):
    check(baseline, *problem(made, goal))


@pytest.mark.thorough
@pytest.mark.parametrize("baseline", IMAGES, ids=lambda b: b.name)
def test_each_setting_of_pictures_changes_their_fit(baseline):
    check(baseline, *pictures(40))


@pytest.mark.parametrize("baseline", TABLES, ids=lambda b: b.name)
def test_what_cannot_matter_is_not_varied(baseline):
    dataset, task = problem(numbers, "regression", skewed=False)
    _, values = varying(baseline, task, facts(dataset, task))
    assert not values.keys() & {*ABOUT_WORDS, "unskew", "components"}
    dataset, task = problem(numbers, "binary", even=True)
    _, values = varying(baseline, task, facts(dataset, task))
    assert not values.keys() & {*ABOUT_WORDS, "class_weight"}


@pytest.mark.parametrize("baseline", TABLES, ids=lambda b: b.name)
def test_what_was_not_looked_at_is_varied(baseline):
    dataset, task = problem(numbers, "binary")
    known = replace(facts(dataset, task), most_words=None, most_levels=None, priors=())
    _, values = varying(baseline, task, known)
    assert {"class_weight", "target_means"} <= values.keys()


@pytest.mark.parametrize("baseline", IMAGES, ids=lambda b: b.name)
def test_pictures_smaller_than_a_side_have_one(baseline):
    dataset, task = pictures(14)
    if baseline.unfit(task, facts(dataset, task)):
        pytest.skip("it reads vectors of a backbone, which resizes pictures itself")
    first, values = varying(baseline, task, facts(dataset, task))
    assert first["side"] <= 14 and "side" not in values


def test_a_setting_that_changes_nothing_is_named():
    baseline = next(b for b in TABLES if b.name == "forest")

    def idle(task, facts, seed):
        for number in range(3):
            yield {**next(baseline.settings(task, facts, seed)), "idle": number}

    dataset, task = problem(numbers, "binary")
    with pytest.raises(AssertionError, match="'idle' changes no prediction"):
        check(replace(baseline, settings=idle), dataset, task)


@pytest.mark.parametrize("baseline", UNTARGETED, ids=lambda b: b.name)
def test_each_setting_of_a_family_without_target_changes_its_fit(baseline):
    rng = np.random.default_rng(0)
    if baseline.modality == "tabular":
        frame, kinds = numbers(rng)
        dataset, task = Dataset("made up", frame), Task("tabular", baseline.goals[0], (), "roc_auc", columns=kinds)
    elif baseline.modality == "image":
        dataset, task = pictures(40)
        dataset, task = replace(dataset, target=None), replace(task, goal=baseline.goals[0], target=())
    elif baseline.modality == "audio":
        spectrograms = rng.integers(0, 256, (N_ROWS, 40, 64, 1)).astype(np.uint8)  # (rows, bands, frames, 1)
        dataset, task = Dataset("made up", spectrograms), Task("audio", baseline.goals[0], (), "roc_auc")
    elif baseline.modality == "text":
        lines = [" ".join(f"word{k}" for k in rng.integers(0, 12, 9)) for _ in ROWS]
        dataset = Dataset("made up", pd.DataFrame({"line": pd.Series(lines, dtype=object)}))
        task = Task("text", baseline.goals[0], (), "roc_auc", columns=columns(line="text"))
    else:
        series = np.cumsum(rng.normal(size=(N_ROWS, 2, 300)), axis=2).astype(np.float32)
        dataset, task = Dataset("made up", series), Task("sequence", baseline.goals[0], (), "roc_auc")
    task = replace(task, dims=5, classes=(), evidence=("Made up.",))
    known = facts(dataset, task)
    if reason := baseline.unfit(task, known):
        pytest.skip(reason)
    with threadpool_limits(1):
        check_baseline_settings(
            baseline, dataset, task, SPLIT, learnt_truth(dataset, task, ROWS), known, WITHOUT_TARGET
        )


def test_samples_of_neighbours_are_tried_where_rows_are_many():
    task = Task("tabular", "anomaly", (), "roc_auc", columns=columns(a="numeric", b="numeric"))
    family = next(b for b in UNTARGETED if b.name == "neighbour_distance")
    assert (
        "n_bags" in varying(family, task, Facts(5_000, 0))[1] and "n_bags" not in varying(family, task, Facts(90, 0))[1]
    )


@pytest.mark.parametrize("baseline", GENERATORS, ids=lambda b: b.name)
def test_each_setting_of_a_generator_changes_its_rows_where_there_are_levels(baseline):
    frame, kinds = everything(np.random.default_rng(0))
    frame["town"] = frame["town"].where(frame["a"] > 0, "elsewhere")
    dataset = Dataset("made up", frame.drop(columns="words"))
    task = Task("tabular", "generate", (), "indistinct", columns=kinds[:-1], evidence=("Made up.",))
    with threadpool_limits(1):
        check_baseline_settings(
            baseline, dataset, task, SPLIT, learnt_truth(dataset, task, ROWS), facts(dataset, task), WITHOUT_TARGET
        )


def test_levels_are_put_in_order_only_where_there_are_some():
    family = next(b for b in GENERATORS if b.name == "gaussian_copula")
    task = Task("tabular", "generate", (), "indistinct", columns=columns(a="numeric", b="numeric"))
    gaps = (replace(task.columns[0], reading={"gaps": True}), task.columns[1])
    assert "by_component" not in varying(family, task, Facts(900, 0))[1]
    assert "by_component" in varying(family, replace(task, columns=gaps), Facts(900, 0))[1]
