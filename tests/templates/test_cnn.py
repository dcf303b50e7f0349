import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.cnn import CNN
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
