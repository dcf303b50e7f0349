"""The graph of a side gives what the side predicts, for every goal and learner."""

import numpy as np
import pytest

from automl.errors import DataError
from automl.export import describe, graph
from automl.export.reader import Export
from automl.sides.predictors import BlendPredictor

FEW = ("note", "page", "tags")
"""Columns left out where they would only cost time."""


def outputs_of(predictor, prepared, inside=True, wide=True):
    made = graph.of(predictor, prepared.task, inside, wide)
    columns = describe.cell_columns(prepared.task, made.inputs.made)
    content = {"columns": columns, "inputs": made.inputs.made, "features": {}}
    arrays = Export({}, content).encode(prepared.dataset.inputs)
    found = made.model({name: array.astype(made.inputs.dtypes[name]) for name, array in arrays.items()})
    return {name: value.numpy() for name, value in found.items()}


def check(predictor, prepared, tolerance, **how):
    wanted = predictor.output(prepared.dataset, np.arange(prepared.dataset.n_rows)).arrays
    found = outputs_of(predictor, prepared, **how)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].shape == array.shape
        if name == "labels":
            np.testing.assert_array_equal(found[name], array)
        else:
            np.testing.assert_allclose(found[name], array, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("goal", ["binary", "multiclass", "multilabel", "regression"])
def test_networks_with_numbers_and_dates_encoded_inside(prepared, deep, goal):
    made = prepared(goal, FEW)
    check(deep(made, n_models=2 if goal == "binary" else 1), made, 2e-5)


def test_networks_in_float32_with_all_encoding_outside(prepared, deep):
    made = prepared("binary", FEW)
    check(deep(made, "tabm", n_models=1), made, 2e-5, inside=False, wide=False)


@pytest.mark.parametrize("goal", ["binary", "multiclass", "multilabel", "regression"])
@pytest.mark.parametrize("family", ["linear", "boosting", "forest"])
def test_shallow_learners_in_float64(prepared, shallow, goal, family):
    made = prepared(goal)
    changes = {"boosting": {"max_iter": 8}, "forest": {"n_estimators": 8}}.get(family, {})
    if goal == "regression":
        changes["unskew"] = "log"
    check(shallow(made, family, **changes), made, 1e-8)


@pytest.mark.parametrize("goal", ["binary", "regression"])
@pytest.mark.parametrize("kind", ["random", "extra"])
def test_both_kinds_of_forests(prepared, shallow, goal, kind):
    made = prepared(goal)
    predictor = shallow(made, "forest", n_estimators=8, kind=kind)
    names = {"random": "RandomForest", "extra": "ExtraTrees"}
    assert names[kind] in repr(vars(predictor.models[0].learner))
    check(predictor, made, 1e-8)


@pytest.mark.parametrize("goal", ["multiclass", "regression"])
def test_lightgbm(prepared, shallow, goal):
    pytest.importorskip("lightgbm", reason="LightGBM comes with the extra boosting")
    made = prepared(goal, ("note", "page"))
    check(shallow(made, "lightgbm", max_iter=8), made, 1e-8)


def test_a_blend_takes_weighted_means_before_its_own_decision(prepared, binary):
    check(binary.predictors["blend"], prepared("binary", FEW), 2e-5)


def test_a_side_without_weight_in_a_blend_is_left_out(prepared, binary):
    alone = BlendPredictor(binary.predictors["deep"], binary.predictors["shallow"], 0.0)
    made = graph.of(alone, binary.task, True, True)
    assert set(made.inputs.shapes) == {"table"} and not made.networks
    check(alone, prepared("binary", FEW), 1e-8)


@pytest.mark.parametrize(("family", "settings"), [("linear", {}), ("boosting", {"max_iter": 3, "max_leaf_nodes": 6})])
def test_trigrams_of_free_text_are_made_by_the_reader(prepared, shallow, family, settings):
    made = prepared("binary")
    model = shallow(made, family, text_dimensions=4, **settings)
    steps = describe.of_features(model.models[0].features)[0]["steps"]
    assert [step["trigrams"]["n"] for step in steps if step.get("trigrams")] == [4, 4]
    check(model, made, 1e-6)  # sums of products in another order


def test_text_that_an_older_version_encoded_is_refused_by_its_column(prepared, shallow):
    made = prepared("binary")
    model = shallow(made, "linear", text_dimensions=4)
    plan = model.models[0].features.plan
    name = next(name for name, step in plan.items() if step["kind"] == "text")
    plan[name] = {**plan[name], "encoder": object()}
    with pytest.raises(DataError, match=rf"column '{name}' is text .* export the other side"):
        graph.of(model, made.task, True, True)


def test_learners_that_hold_rows_are_refused(prepared, shallow):
    made = prepared("binary", FEW)
    with pytest.raises(DataError, match="Vectors has no export"):
        outputs_of(shallow(made, "vectors"), made)


def test_dates_are_parted_as_numpy_parts_them():
    import tensorflow as tf

    from automl.export.arithmetic import _date_parts
    from automl.export.reader import date_parts

    rng = np.random.default_rng(0)
    seconds = np.concatenate([rng.integers(-9_000_000_000, 9_000_000_000, 20_000), [0, -1, 951_782_400]])
    times = np.append(seconds.astype("datetime64[s]"), np.datetime64("NaT"))
    found = _date_parts(tf.constant(times.astype(np.int64)), 10_957.0).numpy()
    np.testing.assert_allclose(found, date_parts(times, 10_957.0), rtol=0, atol=1e-12)
