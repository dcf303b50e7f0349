"""Nothing in the folder of a backbone for pictures is run, and what is odd in it is an error that names it."""

import json
import os
import pickle
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest
from picture_folders import MOBILE, described, mobile, mobile_folder, own_folder, own_network

from automl.errors import DataError
from automl.pretrained import open_picture_backbone, pictures


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return mobile_folder(tmp_path_factory.mktemp("saved") / "m")


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "m")


def refused(folder, match):
    with pytest.raises(DataError, match=match):
        open_picture_backbone(folder)


def test_a_folder_that_is_not_there_empty_or_without_weights(tmp_path, folder):
    refused(tmp_path / "nowhere", "is not there")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "is a file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "it holds nothing")
    (folder / "model.weights.h5").rename(folder / "model.bin")
    refused(folder, "never opened")


def test_two_files_of_weights_are_one_too_many(folder):
    shutil.copy(folder / "model.weights.h5", folder / "other.h5")
    refused(folder, "one file of weights")


def test_pickles_are_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for name in ("model.keras", "model.weights.h5", "model.h5"):
        folder = described(tmp_path / name, MOBILE)
        (folder / name).write_bytes(pickle.dumps(Bomb()))
        refused(folder, "Nothing of it was run")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("application", [None, MOBILE])
def test_a_model_file_whose_layer_runs_code_is_refused(tmp_path, application):
    ran = tmp_path / "ran"
    folder = own_folder(
        tmp_path / "o", 3, lambda x: keras.layers.Lambda(lambda y: y, name="lambda")(x), **(application or {})
    )
    refused(folder, "names the layer 'Lambda', which may run code")
    assert not ran.exists()


def rewritten(path, change):
    """The model file with its configuration changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def conv(config, place=1):
    return config["config"]["layers"][place]


CHANGES = {
    "another module": (lambda c: conv(c).update(module="os", class_name="System"), "names the class 'System'"),
    "a layer of ours": (
        lambda c: conv(c).update(module="automl.layers.pixels", class_name="PatchFilters",
                                 registered_name="automl>PatchFilters"),
        "not one of Keras",
    ),
    "an initialiser": (
        lambda c: conv(c)["config"]["kernel_initializer"].update(module="subprocess", class_name="Popen"),
        "names the class 'Popen'",
    ),
    "more weights than are stored": (lambda c: conv(c, 2)["config"].update(filters=10**6), "and stores"),
    "an activation by name": (lambda c: conv(c)["config"].update(activation="os.system"), "no backbone that can"),
    "no layers": (lambda c: c["config"].update(layers=3), "no backbone that can"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "match"), CHANGES.values(), ids=CHANGES)
def test_a_model_file_that_names_what_it_should_not_is_refused(tmp_path, change, match):
    folder = own_folder(tmp_path / "o", 3)
    assert open_picture_backbone(folder).dim == 6
    rewritten(folder / "model.keras", change)
    refused(folder, match)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_links_in_the_folder_are_not_followed(folder, tmp_path, name):
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    refused(folder, "it is a link")


def test_a_pipe_in_place_of_the_description_is_no_file(folder):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    refused(folder, "no regular file")


def test_files_of_weights_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(pictures, "spendable_bytes", lambda: 1_000)
    refused(folder, "at most 0 MiB")


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "{", "\x00"])
def test_a_description_that_is_no_object(folder, text):
    (folder / "config.json").write_text(text)
    refused(folder, "JSON")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"application": "MobilNet"}, "no application 'MobilNet'; there are VGG16"),
        ({"application": "EfficientNetB0"}, "no application"),
        ({"application": ["MobileNet"]}, "no application"),
        ({"application": "VGG16"}, "alpha is a setting of"),
        ({"application": "ResNet50", "alpha": None}, "alpha"),
        ({"alpha": 0.25}, "do not fit"),
        ({"alpha": 1e9}, "alpha is"),
        ({"alpha": float("nan")}, "alpha is"),
        ({"input_size": 10**9}, "whole number of pixels from 8 to 1024"),
        ({"input_size": "32"}, "whole number of pixels"),
        ({"input_size": True}, "whole number of pixels"),
        ({"include_top": True}, "do not fit"),
        ({"include_top": "yes"}, "true or false"),
        ({"include_top": True, "classes": 10**9}, "classes is"),
        ({"pooling": "sum"}, "expected avg or max"),
        ({"preprocessing": "os.system"}, "no preprocessing 'os.system'"),
        ({"layer": "nowhere"}, "No such layer: nowhere"),
        ({"weights": "imagenet"}, "has a key 'weights'"),
        ({"minimalistic": True}, "no backbone that can"),
    ],
)
def test_a_description_that_names_what_is_not_there(folder, change, match):
    (folder / "config.json").write_text(json.dumps({**MOBILE, **change}))
    refused(folder, match)


def test_a_description_without_an_architecture_needs_a_model_file(folder):
    (folder / "config.json").write_text("{}")
    refused(folder, "names no application, and model.weights.h5 describes no network")


def test_weights_of_another_network_do_not_fit(folder):
    own_network(3).save_weights(folder / "model.weights.h5")
    refused(folder, "do not fit")


def elsewhere(file):
    file["leads"] = h5py.ExternalLink("/etc/hostname", "/")


def hollow(file):
    file.create_dataset("leads", shape=(10**11,), dtype="f8", chunks=(1024,), compression="gzip")


def outside(file):
    file.create_dataset("leads", shape=(8,), dtype="u1", external=[("/etc/hostname", 0, 8)])


def objects(file):
    file.create_dataset("leads", data=["a text"], dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    ("change", "match"),
    [(elsewhere, "leads elsewhere"), (hollow, "more than it holds"), (outside, "no array"), (objects, "no array")],
)
def test_weights_that_lead_out_of_their_file_are_refused(folder, change, match):
    with h5py.File(folder / "model.weights.h5", "r+") as file:
        change(file)
    refused(folder, match)


def test_a_file_of_weights_that_is_cut_is_refused(folder):
    content = (folder / "model.weights.h5").read_bytes()
    (folder / "model.weights.h5").write_bytes(content[: len(content) // 2])
    refused(folder, "cannot be read|do not fit")


def test_a_network_that_reads_no_picture_is_refused(tmp_path):
    inputs = keras.Input((7,))
    network = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    network.save(described(tmp_path / "d", {}) / "model.keras")
    refused(tmp_path / "d", "expected a picture of fixed height and width")


def test_weights_that_are_not_finite_give_finite_vectors_of_pictures(tmp_path):
    from automl import pretrained
    from automl.records import Dataset, Task

    network = mobile()
    network.variables[0].assign(np.full(network.variables[0].shape, np.nan))
    network.save_weights(described(tmp_path / "m", MOBILE) / "model.weights.h5")
    task = Task("image", "binary", ("y",), "roc_auc", ("n", "y"), image_shape=(8, 8, 1))
    task = pretrained.with_backbone(task, tmp_path / "m")
    made = pretrained.embedded(Dataset("d", np.zeros((2, 8, 8, 1), np.uint8)), task)
    assert np.isfinite(made.vectors).all()


# ------------------------------------------------------------------------ presets of KerasHub

PRESET = {
    "module": "keras_hub.src.models.resnet.resnet_backbone", "class_name": "ResNetBackbone",
    "registered_name": "keras_hub>ResNetBackbone",
    "config": {
        "name": "res_net_backbone", "trainable": True,
        "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        "input_conv_filters": [64], "input_conv_kernel_sizes": [3], "stackwise_num_filters": [64, 64],
        "stackwise_num_blocks": [1, 1], "stackwise_num_strides": [1, 2], "block_type": "basic_block",
        "use_pre_activation": False, "image_shape": [None, None, 3],
    },
}  # fmt: skip


def preset(folder, **changes):
    (folder / "config.json").write_text(json.dumps({**PRESET, **changes}))
    return folder


def test_a_preset_without_its_library_names_the_extra(folder, monkeypatch):
    from automl.errors import MissingExtra
    from automl.pretrained import hub

    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"automl-keras\[hub\]"):
        open_picture_backbone(preset(folder))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"class_name": "System", "module": "os"}, "those for pictures are"),
        ({"class_name": "GPT2Backbone"}, "those for pictures are"),
        ({"config": {"image_encoder": {"class_name": "Lambda", "config": {}}}}, "is no number, word or list"),
        ({"config": {"stackwise_num_filters": [10**9]}}, "announces"),
        ({"config": {"image_shape": [10**6, 10**6, 3]}}, "announces|pixels a side"),
        ({"config": 5}, "no backbone that can"),
    ],
)
def test_a_preset_that_names_what_it_should_not_is_refused(folder, changes, match):
    refused(preset(folder, **changes), match)
