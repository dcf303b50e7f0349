import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.series_rnn import SERIES_RNN, stride_for

(SPEC,) = testing.example_specs(SERIES_RNN.accepts, "binary")


def built(spec=SPEC, **settings):
    hp = keras_tuner.HyperParameters()
    SERIES_RNN.space(hp, [spec], Facts(100))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in SERIES_RNN.knobs if name in point}
    keras.utils.set_random_seed(0)
    return SERIES_RNN.build(point, knobs, [spec], testing.example_head("binary"))


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_very_short_series_build_with_any_stride(steps):
    spec = dataclasses.replace(SPEC, shape=(steps, 2))
    for stem in ("none", "one", "three"):
        output = built(spec, stem=stem, stride=32, pool="attention")({"series": np.zeros((2, steps, 2), "float32")})
        assert output.shape == (2, 1)


def test_the_stride_leaves_the_recurrent_layer_at_most_64_steps():
    lengths = {n: n / stride_for([dataclasses.replace(SPEC, shape=(n, 1))]) for n in (10, 64, 427, 512, 2000)}
    assert all(left <= 64 for left in lengths.values()) and lengths[10] == 10


def test_instance_scaling_still_tells_the_level_of_a_series():
    model, x = built(scaling="instance"), testing.example_arrays([SPEC])["series"]
    assert not np.allclose(model({"series": x}), model({"series": x + 3}), rtol=1e-4)
