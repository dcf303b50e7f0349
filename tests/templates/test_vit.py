import dataclasses

import keras
import keras_tuner
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.vit import VIT, patch_for

(SPEC,) = testing.example_specs(VIT.accepts, "binary")


def sized(*shape):
    stats = {"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]}
    return dataclasses.replace(SPEC, shape=shape, stats=stats)


def tokens(spec, **settings):
    """The number of tokens of the network, after checking that it predicts."""
    hp = keras_tuner.HyperParameters()
    VIT.space(hp, [spec], Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in VIT.knobs}
    model = VIT.build(point, knobs, [spec], testing.example_head("binary"))
    assert model(testing.example_arrays([spec], 2), training=False).shape == (2, 1)
    return next(layer.output.shape[1] for layer in model.layers if type(layer).__name__ == "PositionEmbedding")


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (9, 9, 4)])
def test_tiny_and_oblong_pictures_build(shape):
    assert tokens(sized(*shape), patch=16, convolutions=2) >= 1


@pytest.mark.parametrize("side", [16, 28, 48, 64, 96, 128])
def test_by_default_there_are_some_tens_of_tokens_whatever_the_pictures_size(side):
    spec = sized(side, side, 3)
    assert 16 <= tokens(spec) == (side // patch_for([spec])) ** 2 <= 64


def test_it_waits_for_the_tenth_trial():
    assert VIT.prior([SPEC], Facts(500)) == pytest.approx(1 / 10)
