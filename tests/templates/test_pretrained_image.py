import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.cnn import CNN
from automl.templates.pretrained_image import PRETRAINED_IMAGE
from automl.templates.pretrained_text import PRETRAINED_TEXT
from automl.templates.resnet import RESNET
from automl.templates.vit import VIT

SPECS = testing.example_specs(("image", "vectors"), "binary")


def built(template=PRETRAINED_IMAGE, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, SPECS, Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(0)
    return template.build(point, knobs, SPECS, testing.example_head("binary"))


def test_the_head_reads_vectors_alone_and_is_linear_without_a_hidden_layer():
    network = built(hidden=0)
    assert [one.name for one in network.inputs] == ["vectors"]
    dim = network.inputs[0].shape[-1]
    one, other = np.random.default_rng(0).normal(size=(2, 1, dim)).astype("float32")
    both = network({"vectors": (one + other) / 2})
    np.testing.assert_allclose((network({"vectors": one}) + network({"vectors": other})) / 2, both, atol=1e-5)
    assert built(hidden=64).count_params() > network.count_params()


@pytest.mark.parametrize("template", [CNN, RESNET, VIT])
def test_networks_on_pixels_pass_over_the_vectors(template):
    assert template.unfit(None, SPECS) is None
    assert [one.name for one in built(template).inputs] == ["image"]
    assert template.starts(SPECS, Facts(500))


def test_it_is_tried_first_and_only_on_vectors_of_one_picture():
    assert PRETRAINED_IMAGE.prior(SPECS, Facts(500)) > 2
    assert PRETRAINED_IMAGE.unfit(None, SPECS) is None
    for kinds in (("image",), ("tokens", "vectors"), ("vectors", "image", "numbers")):
        assert "vectors of one picture" in PRETRAINED_IMAGE.unfit(None, testing.example_specs(kinds, "binary"))
    assert PRETRAINED_TEXT.unfit(None, SPECS) is not None
