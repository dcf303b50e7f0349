"""A saved contest predicts bit by bit as before, and a folder from a stranger runs no code."""

import json
import zipfile
from dataclasses import dataclass, replace

import numpy as np
import pytest

from automl import bundle, goals
from automl.bundle.packing import pack, unpack
from automl.bundle.saving import digest, sha256
from automl.bundle.trust import SKOPS_TYPES, check_keras
from automl.errors import BundleError, FolderError
from automl.goals.shared.calibration import Decision
from automl.records import Column, Dataset, Head, HeldOut, InputSpec, Output, Task
from automl.sides.predictors import BlendPredictor, DeepPredictor, ShallowPredictor
from automl.storage.trusted.networks import refusal

TASK = Task(
    "tabular",
    "binary",
    ("y",),
    "roc_auc",
    classes=("no", "yes"),
    positive="yes",
    quantiles=(0.1, 0.9),
    columns=(
        Column("a", "numeric", 0.9, "digits only", {"decimal": ",", "levels": ("x", "y"), "days": [1, 2]}),
        Column("grüße", "text", 1 / 3, "long"),
    ),
    evidence=("two values", "roc_auc is usual"),
)
DATASET = Dataset("data", np.random.default_rng(0).normal(size=(40, 3)))
ROWS = np.arange(40)


@dataclass
class Shift:
    """A tiny encoder with arrays in its state."""

    means: np.ndarray
    specs = (InputSpec("x", "numbers", (3,), "float32"),)

    def transform(self, dataset, rows):
        return {"x": (dataset.inputs[rows] - self.means).astype("float32")}

    def state(self):
        return {"means": self.means, "words": np.array(["a", None], dtype=object), "shape": (3,)}


@dataclass
class Sigmoid:
    head = Head("binary", (1,), "sigmoid", "binary_crossentropy")

    def decode(self, raw):
        p = 1 / (1 + np.exp(-raw[:, 0].astype("float64")))
        probabilities = np.stack([1 - p, p], axis=1)
        return Output("probabilities", {"probabilities": probabilities, "labels": probabilities.argmax(axis=1)})

    def state(self):
        return {"classes": ["no", "yes"]}


def restore_encoder(state):
    assert state["words"].tolist() == ["a", None] and state["shape"] == (3,)
    return Shift(state["means"])


def restore_codec(state):
    assert state["classes"] == ["no", "yes"]
    return Sigmoid()


def network(seed):
    import keras

    keras.utils.set_random_seed(seed)
    x = keras.Input((3,), name="x")
    h = keras.layers.Dense(8, activation="gelu", kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    return keras.Model({"x": x}, keras.layers.Dense(1)(keras.layers.LayerNormalization()(h)))


def linear():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(DATASET.inputs, (DATASET.inputs[:, 0] > 0).astype(int))


@pytest.fixture(scope="module")
def predictors():
    decision = Decision("binary", "accuracy", (1.25,), (0.125,), (0.375,))
    deep = DeepPredictor((network(1), network(2)), Shift(np.array([0.1, 0.2, 0.3])), Sigmoid(), decision)
    return {"deep": deep, "shallow": ShallowPredictor((linear(),), decision)}


def saved_in(folder, predictors, **changes):
    settings = {"recommended": "deep", "result": {"gain": 0.1}, "recipe_text": "data: a.csv\n", "report_html": "<p>"}
    return bundle.save(folder, TASK, predictors, **{**settings, **changes})


def opened(folder):
    return bundle.open(folder, restore_encoder, restore_codec)


@pytest.fixture(scope="module")
def original(predictors, tmp_path_factory):
    return saved_in(tmp_path_factory.mktemp("bundle") / "model", predictors)


@pytest.fixture
def model(original, tmp_path):
    """A copy of the bundle to be spoilt."""
    import shutil

    return shutil.copytree(original, tmp_path / "model")


def sign(folder, **changes):
    """Write bundle.json again as somebody who knows the format would, hashes and all."""
    content = json.loads((folder / "bundle.json").read_text())
    content.update(changes)
    content["files"] = {name: sha256(folder / name) if (folder / name).is_file() else "" for name in content["files"]}
    content["digest"] = digest(content)
    (folder / "bundle.json").write_text(json.dumps(content))


# --------------------------------------------------------------------------- round trip


def test_everything_comes_back(original):
    back = opened(original)

    assert back.task == TASK
    assert (back.recommended, back.result, back.recipe) == ("deep", {"gain": 0.1}, "data: a.csv\n")
    assert {"deep", "shallow"} == set(back.predictors)
    assert back.report.read_text() == "<p>"
    assert {"keras", "numpy", "scikit-learn"} <= set(back.versions)


def test_deep_predictions_are_bit_equal(original, predictors):
    expected = predictors["deep"].output(DATASET, ROWS).arrays
    back = opened(original).predictors["deep"].output(DATASET, ROWS).arrays

    assert expected["probabilities"].tobytes() == back["probabilities"].tobytes()
    assert expected["labels"].tobytes() == back["labels"].tobytes()


def test_shallow_models_are_bit_equal_and_keep_their_decision(original, predictors):
    back = opened(original).predictors["shallow"]
    expected = predictors["shallow"].models[0].predict_proba(DATASET.inputs)

    assert expected.tobytes() == back.models[0].predict_proba(DATASET.inputs).tobytes()
    assert predictors["shallow"].decision == back.decision


def test_a_network_with_a_layer_of_ours_comes_back(tmp_path):
    import keras

    from automl.layers.dropout import KnobDropout

    x = keras.Input((3,), name="x")
    model = keras.Model({"x": x}, keras.layers.Dense(1)(KnobDropout(0.5)(x)))
    predictor = DeepPredictor((model,), Shift(np.zeros(3)), Sigmoid())
    folder = saved_in(tmp_path / "model", {"deep": predictor})

    back = opened(folder).predictors["deep"]

    expected = predictor.output(DATASET, ROWS).arrays["probabilities"]
    assert expected.tobytes() == back.output(DATASET, ROWS).arrays["probabilities"].tobytes()


def test_numpys_numbers_in_a_task_become_plain_ones():
    task = replace(TASK, modality="image", image_shape=(np.int64(8), np.int64(8), np.int64(1)), pixel_range=(0.0, 16.0))

    assert task == bundle.task_from_dict(json.loads(json.dumps(bundle.task_to_dict(task))))


def test_a_side_that_is_not_there_is_a_key_error(original):
    with pytest.raises(KeyError):
        opened(original).predictors["floor"]


def test_states_come_back_exactly():
    state = {
        "a": np.arange(3.0),
        "t": (1, (2.5, "x")),
        "none": None,
        "inf": float("inf"),
        "i": np.int64(7),
        "when": np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]"),
        "words": np.array([["a", None], ["grüße", "\0"]], dtype=object),
        "keys": {1: "one", "$array": "not a reference", None: [True]},
        "b": b"\x00\xff",
    }
    arrays = {}
    back = unpack(json.loads(json.dumps(pack(state, arrays))), arrays)

    assert list(state) == list(back)
    for name in ("t", "none", "inf", "i", "keys", "b"):
        assert state[name] == back[name] and type(state[name]) is type(back[name])
    for name in ("a", "when", "words"):
        np.testing.assert_array_equal(state[name], back[name])
        assert state[name].dtype == back[name].dtype


def test_a_state_that_holds_an_object_is_refused_where_it_is():
    with pytest.raises(BundleError, match=r"cannot save a object \(at /deep/1\)"):
        pack({"deep": [1, object()]}, {})


# --------------------------------------------------------------------------- saving


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path, predictors):
    (tmp_path / "photo.jpg").write_text("x")

    with pytest.raises(FolderError, match="not empty and holds no saved model"):
        saved_in(tmp_path, predictors)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_what_an_exception_said_of_a_run_is_not_saved(tmp_path, predictors):
    runs = [
        {"name": "a-1", "failure": "could not convert string to float: 'ann@example.org'"},
        {"name": "b-1", "failure": None},
    ]
    folder = saved_in(tmp_path / "m", predictors, result={"verdict": "tie", "runs": runs})
    kept = opened(folder).result
    assert "ann@" not in (folder / "bundle.json").read_text() and kept["verdict"] == "tie"
    assert bool(kept["runs"][0]["failure"]) and kept["runs"][1]["failure"] is None


def test_saving_again_replaces_all_of_the_old_bundle(tmp_path, predictors):
    folder = saved_in(tmp_path / "model", predictors)
    saved_in(folder, {"shallow": predictors["shallow"]}, recommended="shallow", report_html=None)

    assert tuple(opened(folder).predictors) == ("shallow",)
    assert {"bundle.json", "encoder.json", "encoder.npz", "shallow-0.skops"} == {p.name for p in folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failed_save_leaves_the_old_bundle_and_no_litter(tmp_path, predictors):
    folder = saved_in(tmp_path / "model", predictors)
    broken = replace(predictors["deep"], encoder=Shift(object()))
    with pytest.raises(BundleError, match="cannot save a object"):
        saved_in(folder, {"deep": broken})

    assert opened(folder).task == TASK
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, predictors, monkeypatch):
    import errno
    import os

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match="no space left on the disk"):
        saved_in(tmp_path / "model", predictors)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_could_not_be_opened_again_is_refused_when_saved(tmp_path):
    import keras

    x = keras.Input((3,), name="x")
    model = keras.Model({"x": x}, keras.layers.Lambda(lambda v: v * 2)(x))

    with pytest.raises(BundleError, match="Lambda"):
        saved_in(tmp_path / "model", {"deep": DeepPredictor((model,), Shift(np.zeros(3)), Sigmoid())})


# --------------------------------------------------------------------------- the blend, and scores of held-out rows


def scores_of(n=60):
    rng = np.random.default_rng(4)
    p = rng.dirichlet(np.ones(2), n)
    output = Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})
    truth = np.r_[0, 1, rng.integers(0, 2, n - 2)]
    return goals.named("binary").regions.fit(truth, output, TASK, HeldOut())


@pytest.fixture(scope="module")
def blended(predictors):
    deep = replace(predictors["deep"], regions=scores_of())
    blend = BlendPredictor(deep, predictors["shallow"], 0.3, regions=scores_of(80))
    return {"deep": deep, "shallow": predictors["shallow"], "blend": blend}


def test_a_blend_is_saved_as_its_weight_and_refers_to_the_finalists(tmp_path, blended, original):
    folder = saved_in(tmp_path / "model", blended, recommended="blend")
    back = opened(folder)

    assert {path.name for path in folder.iterdir()} == {path.name for path in original.iterdir()}
    assert (back.recommended, set(back.predictors)) == ("blend", {"deep", "shallow", "blend"})
    blend = back.predictors["blend"]
    assert blend.deep is back.predictors["deep"] and blend.shallow is back.predictors["shallow"]
    assert (blend.weight_of_deep, blend.decision) == (0.3, None)


def test_scores_of_held_out_rows_come_back_exactly(tmp_path, blended):
    back = opened(saved_in(tmp_path / "model", blended)).predictors
    for side in ("deep", "blend"):
        for level in (0.5, 0.8, 0.9):
            assert (
                blended[side].regions.thresholds.at(level).tolist() == back[side].regions.thresholds.at(level).tolist()
            )
    assert back["shallow"].regions is None


def test_a_blend_without_its_finalists_is_not_saved(tmp_path, blended, predictors):
    for others in ({}, {"deep": predictors["deep"], "shallow": predictors["shallow"]}):
        with pytest.raises(ValueError, match="together with the two finalists"):
            saved_in(tmp_path / "model", {**others, "blend": blended["blend"]}, recommended="blend")
        assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("weight", [2, -0.1, True, "0.5", None, [0.5]])
def test_a_blend_of_no_share_is_refused(model, weight):
    sign(model, blend={"weight_of_deep": weight})
    with pytest.raises(BundleError, match=r"blend in bundle\.json does not fit"):
        opened(model)


def test_a_blend_that_is_recommended_and_not_there_is_refused(model):
    sign(model, recommended="blend")
    with pytest.raises(BundleError, match="recommends 'blend', which it does not hold"):
        opened(model)


@pytest.mark.parametrize("spoil", [
    lambda scores: {**scores, "by_class": ["yes"]},
    lambda scores: {**scores, "by_class": 7},
    lambda scores: {"by_class": scores["by_class"]},
    lambda scores: {**scores, "thresholds": {**scores["thresholds"], "ends": [3]}},
    lambda scores: [scores],
])  # fmt: skip
def test_faulty_scores_are_refused_when_the_model_is_read(tmp_path, blended, spoil):
    folder = saved_in(tmp_path / "model", blended)
    states = json.loads((folder / "encoder.json").read_text())
    states["regions"]["deep"] = spoil(states["regions"]["deep"])
    (folder / "encoder.json").write_text(json.dumps(states))
    sign(folder)
    with pytest.raises(BundleError, match=r"held-out scores in encoder\.json cannot be restored"):
        opened(folder).predictors["deep"]


# --------------------------------------------------------------------------- strangers' folders


def test_a_run_folder_opens_the_model_in_it(model):
    inside = model.rename(model.parent / "kept")
    (model.parent / "run").mkdir()
    inside.rename(model.parent / "run" / "model")
    assert opened(model.parent / "run").folder == model.parent / "run" / "model"


def test_no_bundle_is_said(tmp_path):
    with pytest.raises(BundleError, match="holds no saved model"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["deep-1.keras", "shallow-0.skops", "encoder.json", "encoder.npz", "report.html"])
def test_a_missing_file_is_named(model, name):
    (model / name).unlink()

    with pytest.raises(BundleError, match=rf"{name} is missing"):
        opened(model)


@pytest.mark.parametrize("name", ["deep-1.keras", "shallow-0.skops", "encoder.json", "encoder.npz", "report.html"])
def test_an_altered_file_is_named(model, name):
    content = bytearray((model / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model / name).write_bytes(content)

    with pytest.raises(BundleError, match=rf"{name} was altered"):
        opened(model)


def test_an_altered_index_is_noticed(model):
    text = (model / "bundle.json").read_text()
    (model / "bundle.json").write_text(text.replace('"yes"', '"no!"'))

    with pytest.raises(BundleError, match=r"bundle\.json was altered"):
        opened(model)


def test_another_schema_version_is_refused_with_what_saved_it(model):
    sign(model, schema=99, versions={"automl-keras": "7.1"})

    with pytest.raises(BundleError, match=r"schema version 99, saved by automl-keras 7\.1.*reads version 1"):
        opened(model)


@pytest.mark.parametrize("name", ["../secret.keras", "/etc/passwd", "a/../deep-0.keras", "deep-0.keras/..", "x.py", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(model, name):
    content = json.loads((model / "bundle.json").read_text())
    sign(model, files={**content["files"], name: ""})

    with pytest.raises(BundleError, match="is no file of a bundle"):
        opened(model)


def test_a_link_is_refused(model, tmp_path):
    (model / "report.html").rename(tmp_path / "elsewhere.html")
    (model / "report.html").symlink_to(tmp_path / "elsewhere.html")

    with pytest.raises(BundleError, match="is a link"):
        opened(model)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 1}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(model, content):
    (model / "bundle.json").write_text(content)

    with pytest.raises(BundleError, match=r"bundle\.json"):
        opened(model)


def rewrite_config(path, change, extra=None):
    """Rewrite a .keras file's config.json, as an attacker would."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**members, **(extra or {})}.items():
            archive.writestr(name, data)


def dense(config):
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")


HARMFUL = {
    "another module": {"module": "os", "class_name": "System", "config": {}, "registered_name": None},
    "a function": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
    "a Lambda": {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None},
    "a saved graph": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {}, "registered_name": None},
    "marshalled code": {"class_name": "__lambda__", "config": {"value": "gASV"}},
    "a type": {"class_name": "__typespec__", "spec_name": "X", "module": "os", "config": []},
    "a file to download": {"module": "keras.utils", "class_name": "get_file", "config": {}, "registered_name": None},
    "a file to read": {"module": "keras.layers", "class_name": "StringLookup", "config": {}, "registered_name": None},
    "a prefix": {"module": "keras_evil", "class_name": "Dense", "config": {}, "registered_name": None},
    "a module inside": {"module": "keras.src.utils.python_utils", "class_name": "Dense", "registered_name": None},
    "another package": {"module": "automl.layers.x", "class_name": "X", "config": {}, "registered_name": "evil>X"},
    "a registered Lambda": {"module": "keras.layers", "class_name": "Dense", "registered_name": "keras>Lambda"},
    "an old module": {"module": None, "class_name": "Dense", "config": {}, "registered_name": "Custom>Dense"},
    "no name": {"module": "keras.layers", "class_name": ["Dense"], "config": {}, "registered_name": None},
    "our command line": {"module": "automl.cli.app", "class_name": "App", "registered_name": "automl>App"},
}


@pytest.mark.parametrize("node", HARMFUL.values(), ids=HARMFUL)
@pytest.mark.parametrize("place", ["initialiser", "deep inside", "the model itself"])
def test_a_network_that_names_something_foreign_is_refused_before_it_is_built(model, node, place, monkeypatch):
    import keras

    def change(config):
        if place == "initialiser":
            dense(config)["config"]["kernel_initializer"] = node
        elif place == "deep inside":
            dense(config)["config"]["name"] = [{"a": [[{"b": node}]]}]
        else:
            config.update(node)

    rewrite_config(model / "deep-0.keras", change)
    sign(model)
    monkeypatch.setattr(keras.models, "load_model", lambda *a, **k: pytest.fail("it was built"))

    with pytest.raises(BundleError, match=r"names .*; nothing was run"):
        opened(model)


def test_a_network_that_carries_other_files_is_refused(model):
    rewrite_config(model / "deep-0.keras", lambda config: None, {"assets/vocabulary.txt": b"x"})
    sign(model)

    with pytest.raises(BundleError, match=r"assets/vocabulary\.txt"):
        opened(model)


def test_a_network_file_that_is_none_is_refused(model):
    (model / "deep-0.keras").write_bytes(b"PK\3\4 no zip")
    sign(model)

    with pytest.raises(BundleError, match="not a Keras model file"):
        opened(model)


def test_what_keras_itself_writes_is_accepted(original):
    check_keras(original / "deep-0.keras")

    assert refusal({"module": "keras", "class_name": "DTypePolicy", "config": {}, "registered_name": None}) is None


class Foreign:
    """A type that is on nobody's list."""


def test_a_shallow_model_of_foreign_types_is_refused(model):
    import skops.io

    skops.io.dump({"model": Foreign()}, model / "shallow-0.skops")
    sign(model)

    with pytest.raises(BundleError, match=r"names the type '.*Foreign', which is not on automl's list"):
        opened(model).predictors["shallow"]


def test_a_shallow_file_that_is_none_is_refused(model):
    (model / "shallow-0.skops").write_bytes(b"\x80\x04 pickle")
    sign(model)

    with pytest.raises(BundleError, match="not a skops file"):
        opened(model).predictors["shallow"]


def test_pickled_arrays_are_refused(model):
    np.savez(model / "encoder.npz", a0=np.array([Foreign()], dtype=object))
    sign(model)

    with pytest.raises(BundleError, match=r"encoder\.npz cannot be read"):
        opened(model)


def test_every_type_on_the_closed_list_exists():
    from importlib import import_module

    for name in SKOPS_TYPES:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name
