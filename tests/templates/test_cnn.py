import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.cnn import CNN, FEW_PICTURES
from automl.templates.shared.pictures import stem_for

(SPEC,) = testing.example_specs(CNN.accepts, "binary")


def sized(*shape):
    stats = {"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]}
    return dataclasses.replace(SPEC, shape=shape, stats=stats)


def built(spec, **settings):
    hp = keras_tuner.HyperParameters()
    CNN.space(hp, [spec], Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in CNN.knobs}
    return CNN.build(point, knobs, [spec], testing.example_head("binary"))


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (9, 9, 4)])
def test_tiny_and_oblong_pictures_build(shape):
    spec = sized(*shape)
    output = built(spec, blocks="1-1-1", stem=8)(testing.example_arrays([spec], 2), training=False)
    assert output.shape == (2, 1)


def test_large_pictures_are_shrunk_at_once():
    sides = {side: side / stem_for([sized(side, side, 3)]) for side in (28, 48, 96, 128)}
    assert all(14 <= left <= 28 for left in sides.values()), sides


def test_pictures_are_mirrored_only_where_asked():
    assert all(start["flip"] == "no" for start in CNN.starts([SPEC], Facts(500)))
    flips = [layer.flip.number() for layer in built(SPEC).layers if type(layer).__name__ == "RandomView"]
    assert flips == [0.0]


def test_predictions_do_not_change_from_call_to_call():
    x = testing.example_arrays([SPEC])
    model = built(SPEC)
    np.testing.assert_array_equal(model(x, training=False), model(x, training=False))


@pytest.mark.parametrize("n_rows", [500, 9_000])
def test_starts_are_in_order_of_their_cost_and_a_faster_one_needs_no_compilation(n_rows):
    spec = sized(28, 28, 1)
    starts = CNN.starts([spec], Facts(n_rows))

    def cost(start):
        blocks = sum(int(n) for n in start["blocks"].split("-"))
        return blocks * (start["width"] / start["stem"]) ** 2 * (1.3 if start["views"] == "varied" else 1.0)

    costs = [cost(start) for start in starts]
    assert costs == sorted(costs)
    shapes = [{name: value for name, value in start.items() if name not in CNN.knobs} for start in starts]
    if n_rows < FEW_PICTURES:
        assert shapes.pop(1) == {**shapes[0], "beside": "gradients"}
    assert shapes[0] == shapes[1] and shapes[1] not in shapes[2:]


def test_filters_are_whitened_where_the_encoder_gives_them():
    kinds = {name: [type(layer).__name__ for layer in built(spec).layers] for name, spec in
             (("given", SPEC), ("none", sized(12, 10, 3)))}  # fmt: skip
    assert "PatchFilters" in kinds["given"] and "PatchFilters" not in kinds["none"]
    assert "PatchFilters" not in [type(layer).__name__ for layer in built(SPEC, filters="learned").layers]


@pytest.mark.parametrize("stem", [1, 2, 4, 8])
def test_whitened_filters_shrink_pictures_as_learned_ones_do(stem):
    spec = dataclasses.replace(SPEC, shape=(48, 40, 3))
    sizes = [
        next(layer.output.shape[1:3] for layer in built(spec, stem=stem, filters=filters).layers
             if type(layer).__name__ == "Add")
        for filters in ("whitened", "learned")
    ]  # fmt: skip
    assert sizes[0] == sizes[1] == (48 // stem, 40 // stem)
