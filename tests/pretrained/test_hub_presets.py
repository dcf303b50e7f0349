"""A preset of KerasHub gives what KerasHub computes of it; needs the extra `hub`."""

import json

import numpy as np
import pytest

from automl.errors import DataError
from automl.pretrained import open_picture_backbone

keras_hub = pytest.importorskip("keras_hub", exc_type=ImportError)


@pytest.fixture
def preset(tmp_path):
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[3], stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1], stackwise_num_strides=[1, 2], block_type="basic_block",
        image_shape=(None, None, 3),
    )  # fmt: skip
    converter = keras_hub.layers.ResNetImageConverter(image_size=(32, 32), scale=1 / 128, offset=-1.0)
    folder = str(tmp_path / "preset")
    backbone.save_to_preset(folder)
    keras_hub.models.ResNetImageClassifierPreprocessor(converter).save_to_preset(folder)
    return tmp_path / "preset"


def test_vectors_are_the_mean_of_what_keras_hub_computes(preset):
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    converted = keras_hub.layers.ResNetImageConverter.from_preset(str(preset))(images.astype("float32"))
    expected = np.asarray(keras_hub.models.ResNetBackbone.from_preset(str(preset))(converted))
    found = open_picture_backbone(preset)
    assert (found.kind, found.dim, found.shape) == ("ResNetBackbone", 64, (32, 32, 3))
    np.testing.assert_allclose(expected.mean(axis=(1, 2)), found.vectors(images), rtol=1e-4, atol=1e-5)


def test_weights_of_another_preset_do_not_fit(preset):
    config = json.loads((preset / "config.json").read_text())
    config["config"]["stackwise_num_blocks"] = [4, 4]
    (preset / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="do not fit"):
        open_picture_backbone(preset)
