"""Attacks: bounds are kept, a search finds what harms, gradients lead where the loss rises."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from finalists_by_function import context_of

from automl.analyses import attacks as module
from automl.analyses.attacks import ATTACKS, share_changed
from automl.analyses.shared.attack_spaces import ArraySpace, TextSpace, space_of
from automl.analyses.shared.changed_rows import changed_rows
from automl.analyses.shared.gradients import NetworkGradients
from automl.modalities import fit as fit_encoder
from automl.records import AnalysisContext, Dataset
from automl.sides.predictors import DeepPredictor


def logistic(values: Any) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(values, float)))


def table(n: int = 500) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    frame = pd.DataFrame({f"x{k}": 2.0 * y + rng.normal(size=n) for k in range(4)})
    frame.loc[::7, "x3"] = np.nan
    return frame, y


def steep(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Every small move counts."""
    return logistic(2 * (np.nan_to_num(dataset.inputs.to_numpy(float)[rows], nan=1.0).sum(axis=1) - 4))


def stepped(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Moves of less than a half count for nothing, as within a leaf of a tree."""
    values = np.nan_to_num(dataset.inputs.to_numpy(float)[rows], nan=1.0)
    return logistic(2 * (np.rint(values / 4).sum(axis=1) * 4 - 8) + 1e-3)


def context(**more: Any) -> AnalysisContext:
    frame, y = table()
    kinds = dict.fromkeys(frame.columns, "numeric")
    return context_of(frame, y, {"deep": steep, "shallow": stepped}, kinds=kinds, n_test=100, **more)


def rows_of(made: dict[str, Any], attack: str, side: str) -> list[dict[str, Any]]:
    return [row for row in made["rows"] if (row["attack"], row["attacked"], row["side"]) == (attack, side, side)]


def test_a_search_harms_more_than_random_changes_and_more_the_farther_it_may_go():
    made = ATTACKS.run(context())
    assert made is not None
    json.dumps(made)
    for side in ("deep", "shallow"):
        searched, random = (rows_of(made, attack, side) for attack in ("search", "random"))
        assert len(searched) == len(random) == 5
        pairs = list(zip(searched, random, strict=True))
        assert all(one["score"] <= other["score"] + 0.02 for one, other in pairs)
        assert pairs[-1][0]["score"] < pairs[-1][1]["score"] - 0.1
        assert searched[-1]["low"] > 0 and searched[0]["score"] > searched[-1]["score"]
        assert {row["n_queries"] for row in searched} == {module.UNTIMED_QUERIES}, "both sides are asked as often"
    assert {row["attack"] for row in made["gains"]} == {"random", "search"}
    assert made["no_gradients"] == "there is no network" and made["left_out"] == []
    assert ATTACKS.run(context()) == made


def test_changed_numbers_stay_within_the_strength_and_the_training_range():
    here = context()
    rows = changed_rows(here, 100)
    space = space_of(here, rows)
    assert isinstance(space, ArraySpace)
    rng = np.random.default_rng(0)
    state = space.random(0.5, rng)
    for query in range(20):
        state = space.proposed(state, 0.5, share_changed(query, 20), rng)
    state = space.moved(state, rng.normal(size=state.shape), 3.0, 0.5)
    known = ~np.isnan(space.values)
    spread = np.array([rows.inputs.spread[name] for name in here.dataset.inputs])
    assert (np.abs(state - space.values) <= 0.5 * spread + 1e-9)[known].all() and np.isnan(state[~known]).all()
    learnt = here.dataset.inputs.to_numpy(float)[here.split.train]
    outside = (state < np.fmin(np.nanmin(learnt, axis=0), space.values)) | (
        state > np.fmax(np.nanmax(learnt, axis=0), space.values)
    )
    assert not outside[known].any()
    changed = space.dataset(state).inputs
    assert list(changed.columns) == list(here.dataset.inputs.columns) and changed.isna().equals(
        rows.inputs.dataset.inputs.isna()
    )


def pictures(n: int = 120, shape: tuple[int, ...] = (12, 12)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    noise = rng.normal(100, 10, (n, *shape))
    return np.clip(noise + 10 * y.reshape(-1, *[1] * len(shape)), 0, 255).astype(np.uint8), y


def bright(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    return logistic((dataset.inputs[rows].reshape(len(rows), -1).mean(axis=1) - 105) / 2)


@pytest.mark.parametrize("shape", [(12, 12), (12, 12, 3)])
def test_pictures_stay_whole_and_within_grey_levels(shape: tuple[int, ...]):
    array, y = pictures(shape=shape)
    here = context_of(array, y, {"deep": bright, "shallow": bright}, modality="image", n_test=40)
    rows = changed_rows(here, 40)
    space = space_of(here, rows)
    assert isinstance(space, ArraySpace)
    rng = np.random.default_rng(0)
    state = space.proposed(space.random(4.0, rng), 4.0, 0.2, rng)
    for _ in range(10):
        state = space.moved(state, np.ones(state.shape), 0.3, 4.0)  # steps of less than one add up
    changed = space.dataset(state).inputs
    away = changed.astype(int) - rows.inputs.dataset.inputs.astype(int)
    assert changed.dtype == np.uint8 and changed.shape == rows.inputs.dataset.inputs.shape
    assert np.abs(away).max() == 4 and away.mean() > 1


def test_words_changed_are_no_more_than_the_share():
    y = np.arange(200) % 2
    texts = pd.DataFrame({"t": [("good " if one else "poor ") + "a b c d e f g h i" for one in y]}, dtype=object)

    def spelled(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.array(["good" in text for text in dataset.inputs["t"].to_numpy()[rows]]) * 0.8 + 0.1

    here = context_of(texts, y, {"deep": spelled, "shallow": spelled}, kinds={"t": "text"}, modality="text", n_test=60)
    space = space_of(here, changed_rows(here, 60))
    assert isinstance(space, TextSpace)
    rng = np.random.default_rng(0)
    state = space.random(0.2, rng)
    for _ in range(30):
        state = space.proposed(state, 0.2, 0.1, rng)
    assert {len(edits) for edits in state} <= {1, 2}, "two of ten words at most"
    made = ATTACKS.run(here)
    assert made is not None and made["no_gradients"] == "words have no gradient" and made["percent"]
    assert rows_of(made, "search", "deep")[-1]["score"] < rows_of(made, "random", "deep")[-1]["score"] <= 1.0


def test_forecasts_and_tables_without_numbers_are_not_attacked():
    y = np.arange(200) % 2
    frame = pd.DataFrame({"c": pd.Series(["up" if one else "down" for one in y], dtype=object)})
    flat = lambda dataset, rows: np.full(len(rows), 0.5)  # noqa: E731
    here = context_of(frame, y, {"deep": flat, "shallow": flat}, kinds={"c": "categorical"}, n_test=60)
    assert ATTACKS.unfit(here) == "no numbers, pictures, series or texts"
    assert ATTACKS.unfit(context()) is None


def test_the_share_changed_falls_and_covers_the_schedule():
    shares = [share_changed(query, 10_000) for query in range(1, 10_000)]
    assert shares[0] == 0.8 and shares == sorted(shares, reverse=True) and shares[-1] == 0.8 / 512


def test_with_little_time_few_strengths_are_attacked_and_the_middle_one_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module.time, "monotonic", lambda: 0.0)
    assert [module._n_strengths(5, 1.0, seconds) for seconds in (1.0, 40.0, 1e6, np.inf)] == [1, 2, 5, 5]
    clock = iter(np.arange(0.0, 1e5, 1.0))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    made = ATTACKS.run(context(deadline=200.0))
    assert made is not None
    assert {row["strength"] for row in made["rows"]} == {0.1, 0.25, 0.5}
    assert {"attack": "any", "strengths": [0.05, 1.0], "reason": module.NO_TIME} in made["left_out"]
    assert {row["attack"] for row in made["gains"]} == {"random", "search"}


# --------------------------------------------------------------------------- gradients


def network(context: AnalysisContext, kind: str) -> DeepPredictor:
    """A linear network on what the encoder gives, whose gradient is known."""
    import keras

    encoder, codec = fit_encoder(context.dataset, context.task, context.split)
    spec = next(one for one in encoder.specs if one.kind == kind)
    given = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
    scale = (1 / 50, -2.1) if kind == "image" else (1.0, 0.0)
    x = keras.layers.Flatten()(keras.layers.Rescaling(*scale)(given))
    model = keras.Model({spec.name: given}, keras.layers.Dense(1)(x))
    model.layers[-1].set_weights([np.linspace(-0.5, 1.0, x.shape[1])[:, None].astype("float32"), np.zeros(1)])
    return DeepPredictor((model,), encoder, codec)


def swap(context: AnalysisContext, deep: DeepPredictor) -> AnalysisContext:
    import dataclasses

    return dataclasses.replace(context, predictors={**context.predictors, "deep": deep})


@pytest.mark.parametrize("kind", ["numbers", "image", "series"])
def test_gradients_by_the_users_values_are_those_of_finite_differences(kind: str):
    if kind == "numbers":
        here = context()
    elif kind == "image":
        array, y = pictures()
        here = context_of(array, y, {"deep": bright, "shallow": bright}, modality="image", n_test=40)
    else:
        y = np.arange(120) % 2
        values = (np.random.default_rng(0).normal(size=(120, 2, 30)) + y[:, None, None]).astype(np.float32)
        first = lambda dataset, rows: logistic(dataset.inputs[rows, 0, 0])  # noqa: E731
        here = context_of(values, y, {"deep": first, "shallow": first}, modality="sequence", n_test=40)
    deep = network(here, kind)
    here = swap(here, deep)
    rows = changed_rows(here, 20)
    space = space_of(here, rows)
    assert isinstance(space, ArraySpace)
    gradients = NetworkGradients(deep, space.names)
    found = space.back(deep.encoder, gradients(rows.inputs.dataset, rows.at.items))
    assert found is not None and found.shape == space.values.shape

    def losses(state: np.ndarray) -> np.ndarray:
        return module.loss_of_rows(here, rows, deep.output(space.dataset(state), rows.at.items))

    step = 5.0 if space.whole else 1e-2
    flat = space.values.reshape(len(space.values), -1)
    for place in (0, flat.shape[1] // 2, flat.shape[1] - 2):
        up, down = flat.copy(), flat.copy()
        up[:, place] += step
        down[:, place] -= step
        slope = (losses(up.reshape(space.values.shape)) - losses(down.reshape(space.values.shape))) / (2 * step)
        expected = found.reshape(len(flat), -1)[:, place]
        known = ~np.isnan(flat[:, place])
        assert np.allclose(slope[known], expected[known], rtol=0.1, atol=1e-4)
    made = ATTACKS.run(here)
    assert made is not None and made["no_gradients"] == ""
    fast, random = rows_of(made, "fgsm", "deep"), rows_of(made, "random", "deep")
    assert len(fast) == len(random) == 5 and fast[2]["score"] < random[2]["score"]
    assert [row["side"] for row in made["rows"] if row["attack"] == "pgd"] == ["deep", "shallow"] * 5


def test_a_network_is_the_same_after_its_gradients_were_taken():
    array, y = pictures()
    here = context_of(array, y, {"deep": bright, "shallow": bright}, modality="image", n_test=40)
    deep = network(here, "image")
    before = deep.output(here.dataset, here.split.test).arrays["probabilities"]
    NetworkGradients(deep, ("image",))(here.dataset, here.split.test)
    after = deep.output(here.dataset, here.split.test).arrays["probabilities"]
    assert np.array_equal(before, after) and deep.models[0].inputs[0].dtype == "uint8"
