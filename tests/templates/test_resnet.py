import dataclasses

import keras
import keras_tuner
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.resnet import RESNET

(SPEC,) = testing.example_specs(RESNET.accepts, "binary")


def built(shape, **settings):
    spec = dataclasses.replace(SPEC, shape=shape, stats={"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]})
    hp = keras_tuner.HyperParameters()
    RESNET.space(hp, [spec], Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in RESNET.knobs}
    model = RESNET.build(point, knobs, [spec], testing.example_head("binary"))
    return model, model(testing.example_arrays([spec], 2), training=False)


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (9, 9, 4)])
def test_tiny_and_oblong_pictures_build(shape):
    assert built(shape, stem=8)[1].shape == (2, 1)


def test_more_blocks_are_more_convolutions():
    counts = [
        sum(isinstance(layer, keras.layers.Conv2D) for layer in built((28, 28, 1), blocks=n)[0].layers) for n in (1, 3)
    ]
    assert counts[1] - counts[0] == 3 * 2 * 2


def test_starts_are_in_order_of_their_cost():
    spec = dataclasses.replace(SPEC, shape=(28, 28, 1))
    starts = RESNET.starts([spec], Facts(500))
    costs = [start["blocks"] * start["width"] ** 2 / start["stem"] ** 2 for start in starts]
    assert costs == sorted(costs)


def test_it_waits_for_the_fourth_trial():
    assert RESNET.prior([SPEC], Facts(500)) == 1 / 4
