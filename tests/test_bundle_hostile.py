"""A bundle from a stranger, hashes and all in order: it opens and predicts, or it is refused with words that help."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import random
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest

import automl
from automl import bundle, modalities
from automl.baselines.features.columns import TableFeatures
from automl.baselines.learners.trees import Forest
from automl.baselines.model import Model
from automl.bundle import contents
from automl.bundle.saving import digest
from automl.errors import BundleError, InputError
from automl.goals.shared.calibration import Decision
from automl.records import Column, Dataset, FitContext, Task
from automl.sides.predictors import ShallowPredictor
from automl.storage.trusted import Untrusted, networks

TASK = Task(
    "tabular", "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes",
    columns=(Column("a", "numeric", 0.9, "digits", {"decimal": "."}), Column("b", "categorical", 1.0, "few")),
)  # fmt: skip
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame({"a": RANDOM.normal(size=60), "b": RANDOM.choice(["x", "y", "z"], 60).astype(object)})


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A bundle of a small forest on a table."""
    truth = (ROWS["a"].to_numpy() > 0).astype(np.int64)
    features = TableFeatures(TASK, "linear", max_levels=5)
    model = Model(TASK, features, Forest("binary", 2, {"n_estimators": 3, "max_iter": 3}))
    model.fit(Dataset("made", ROWS), np.arange(60), truth, None, FitContext())
    decision = Decision("binary", "roc_auc", (1.0,), (0.0,), (0.5,))
    folder = tmp_path_factory.mktemp("bundle") / "model"
    return bundle.save(
        folder, TASK, {"shallow": ShallowPredictor((model,), decision)}, "shallow", {"schema": 1}, "data: a.csv\n"
    )


@pytest.fixture
def model(original, tmp_path):
    return shutil.copytree(original, tmp_path / "model")


def seal(folder, change=None):
    """Write hashes and digest anew, as whoever knows the format would."""
    content = json.loads((folder / "bundle.json").read_text())
    if change is not None:
        content = change(content) or content
    for name in content["files"] if isinstance(content.get("files"), dict) else ():
        if (folder / name).is_file():
            content["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "bundle.json").write_text(json.dumps({**content, "digest": digest(content)}))


def predict(folder):
    return automl.load(folder).predict(ROWS, on_odd="ignore")


def test_the_unaltered_twin_predicts(original, model):
    seal(model)
    assert predict(original).tolist() == predict(model).tolist()
    assert set(predict(model)) == {"no", "yes"}


# --------------------------------------------------------------------------- what lies in the folder


@pytest.mark.parametrize(
    "name", ["helper.py", "sitecustomize.py", "x.pth", ".hidden", "deep-0.keras", "shallow-1.skops"]
)
def test_a_file_that_is_not_listed_is_refused(model, name):
    (model / name).write_text("raise SystemExit(1)\n")

    with pytest.raises(BundleError, match=f"holds '{name}', which bundle.json does not list"):
        predict(model)


@pytest.mark.parametrize("name", ["encoder.json", "encoder.npz", "shallow-0.skops"])
def test_a_file_of_holes_is_refused_before_it_is_read(model, monkeypatch, name):
    monkeypatch.setattr(contents, "spendable_bytes", lambda: 10 * 2**20)
    assert set(predict(model)) == {"no", "yes"}
    os.truncate(model / name, 2**40)
    read = []
    plain = contents._blocks
    monkeypatch.setattr(contents, "_blocks", lambda file: read.append(file.name) or plain(file))

    with pytest.raises(BundleError, match=f"{name} is larger than the 10 MiB that it may take here"):
        predict(model)
    assert name not in read


def test_a_folder_a_link_and_a_pipe_are_refused(model, tmp_path):
    (model / "automl").mkdir()
    with pytest.raises(BundleError, match="holds 'automl'"):
        predict(model)
    (model / "automl").rmdir()
    os.mkfifo(model / "pipe")
    with pytest.raises(BundleError, match="holds 'pipe'"):
        predict(model)
    (model / "pipe").unlink()
    (model / "encoder.npz").rename(tmp_path / "moved.npz")
    os.mkfifo(model / "encoder.npz")
    with pytest.raises(BundleError, match=r"encoder\.npz is no regular file"):
        predict(model)


@pytest.mark.parametrize("name", ["bundle.json", "encoder.json", "shallow-0.skops"])
def test_no_link_inside_is_followed(model, tmp_path, name):
    (model / name).rename(tmp_path / name)
    (model / name).symlink_to(tmp_path / name)

    with pytest.raises(BundleError, match=rf"{name} is a link"):
        predict(model)


def test_the_folder_that_is_named_may_be_a_link_and_model_in_a_run_may_not(original, tmp_path):
    (tmp_path / "named").symlink_to(original)
    assert len(predict(tmp_path / "named")) == 60
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model").symlink_to(original)
    with pytest.raises(BundleError, match="is a link"):
        predict(tmp_path / "run")


def test_a_model_that_is_altered_between_opening_and_use_is_refused(model):
    opened = automl.load(model)
    content = bytearray((model / "shallow-0.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (model / "shallow-0.skops").write_bytes(content)

    with pytest.raises(BundleError, match="was altered"):
        opened.predict(ROWS)


def test_an_index_without_measure_is_not_read(model):
    with (model / "bundle.json").open("r+b") as file:
        file.truncate(2**40)  # takes no space on the disk
    with pytest.raises(BundleError, match="larger than the 64 MiB"):
        predict(model)


# --------------------------------------------------------------------------- bundle.json


def put(*path):
    """A change that puts the last of `path` in the place that the others name."""

    def change(content):
        *places, name, value = path
        for place in places:
            content = content[place]
        content[name] = value

    return change


INDEX = {
    "the task null": put("task", None), "the task a list": put("task", [1]), "the task a word": put("task", "x"),
    "a field less": lambda c: c["task"].pop("goal") and None, "a field more": put("task", "evil", 1),
    "no such goal": put("task", "goal", "evil"), "a goal that is none": put("task", "goal", ["binary"]),
    "classes a number": put("task", "classes", 7), "classes numbers": put("task", "classes", [1, 2]),
    "one class": put("task", "classes", ["no"]), "a class twice": put("task", "classes", ["no", "no"]),
    "three of two classes": put("task", "classes", ["a", "b", "c"]),
    "a million classes": put("task", "classes", [str(i) for i in range(3_000)]),
    "no target": put("task", "target", []), "a target twice": put("task", "target", ["y", "y"]),
    "a positive class that is none": put("task", "positive", "x"), "no metric": put("task", "metric", ""),
    "a horizon without end": put("task", "horizon", 10**12), "a season of words": put("task", "season", "x"),
    "a season without end": put("task", "season", 10**15), "no frequency": put("task", "frequency", "no such"),
    "quantiles beyond 1": put("task", "quantiles", [2.0]),
    "quantiles not a number": put("task", "quantiles", [float("nan")]),
    "pictures without end": put("task", "image_shape", [10**6, 10**6, 3]),
    "a shape of words": put("task", "image_shape", ["x"]),
    "half a range": put("task", "pixel_range", [0.0]), "columns a word": put("task", "columns", "x"),
    "columns numbers": put("task", "columns", [1]), "a column without a name": put("task", "columns", [{}]),
    "a column of no kind": lambda c: c["task"]["columns"][0].update(kind="evil"),
    "a name that is none": lambda c: c["task"]["columns"][0].update(name=None),
    "gaps that are words": lambda c: c["task"]["columns"][0].update(reading={"missing": ["x"]}),
    "units that are none": lambda c: c["task"]["columns"][0].update(reading={"units": {"kg": "x"}}),
    "parts of a time that are none": lambda c: c["task"]["columns"][0].update(reading={"parts": {"evil": "x"}}),
    "parts that are numbers": lambda c: c["task"]["columns"][0].update(reading={"parts": {"hour": 1}}),
    "keys that are numbers": lambda c: c["task"]["columns"][0].update(reading={"keys": [1]}),
    "a calendar of no day": put("task", "frequency", "C-Xyz"), "a calendar of day 32": put("task", "frequency", "M-32"),
    "a reading that is none": lambda c: c["task"]["columns"][0].update(reading=[1]),
    "words of no shape": lambda c: c["task"]["columns"][0].update(reading={"x": {"$words": 5, "shape": [1]}}),
    "a shape without end": lambda c: c["task"]["columns"][0].update(reading={"x": {"$words": [], "shape": [10**12]}}),
    "a key of a list": lambda c: c["task"]["columns"][0].update(reading={"x": {"$pairs": [[[1], 2]]}}),
    "odd bytes": lambda c: c["task"]["columns"][0].update(reading={"x": {"$bytes": "@@"}}),
    "recommended a list": put("recommended", ["shallow"]), "recommended another": put("recommended", "deep"),
    "a model a list": put("sides", {"shallow": [["shallow-0.skops"]]}), "models a word": put("sides", {"shallow": "x"}),
    "no models": put("sides", {"shallow": []}), "no sides": put("sides", {}), "sides a list": put("sides", [1]),
    "a side that is none": lambda c: c.update(sides={"x": c["sides"]["shallow"]}, recommended="x"),
    "a model that is not listed": put("sides", {"shallow": ["shallow-9.skops"]}),
    "a state as a model": put("sides", {"shallow": ["encoder.json"]}),
    "the result null": put("result", None), "the recipe a number": put("recipe", 1),
    "versions a list": put("versions", []),
    "weights a list": put("weights", [1]), "weights words": put("weights", {"shallow": ["x"]}),
    "weights not a number": put("weights", {"shallow": [float("nan")]}),
    "weights below 0": put("weights", {"shallow": [-1]}),
    "more weights than models": put("weights", {"shallow": [0.5, 0.5]}),
    "rows kept perhaps": put("keeps_rows", "no"), "a schema of truth": put("schema", True),
    "files a list": put("files", []), "a hash that is none": put("files", "report.html", 5),
    "no states": lambda c: c["files"].pop("encoder.npz") and None,
}  # fmt: skip


@pytest.mark.parametrize("change", INDEX.values(), ids=INDEX)
def test_an_index_of_wrong_values_is_refused(model, change):
    seal(model, change)
    with pytest.raises(BundleError):
        predict(model)


# --------------------------------------------------------------------------- states


def npz(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_npy", ".npy"), content)
    return made.getvalue()


def npy(shape, n_bytes):
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return made.getvalue() + bytes(n_bytes)


ARRAYS = {
    "nothing": lambda: b"", "no archive": lambda: b"x" * 50, "half of it": lambda: npz(a0_npy=npy((3,), 24))[:60],
    "more than there is": lambda: npz(a0_npy=npy((10**11,), 64)), "a bomb": lambda: npz(a0_npy=npy((2**26,), 2**29)),
    "another file": lambda: npz(evil_py=b"x"), "no array": lambda: npz(a0_npy=b"x" * 20),
    "no shape": lambda: npz(a0_npy=npy((3,), 24).replace(b"(3,)", b"'x' ")),
}  # fmt: skip
"""Made where they are asked for: the bomb takes seconds."""


@pytest.mark.parametrize("made", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_are_damaged_or_without_measure_are_refused(model, made):
    (model / "encoder.npz").write_bytes(made())
    seal(model)
    with pytest.raises(BundleError, match=r"encoder\.npz cannot be read"):
        predict(model)


def decided(**changes):
    """States with a decision that was changed."""
    plain = {"goal": "binary", "metric": "f1", "slopes": [1.0], "shifts": [0.0], "thresholds": [0.5], "biases": []}
    return json.dumps({"decisions": {"shallow": {**plain, "reach": 5.0, **changes}}})


STATES = {
    "nothing": "",
    "a number": "3",
    "no states": "{}",
    "decisions a list": '{"decisions": [1]}',
    "too deep": '{"decisions": {}, "x": ' + "[" * 3000 + "]" * 3000 + "}",
    "as deep as may be": '{"decisions": {"shallow": ' + '{"$tuple": [' * 90 + "1" + "]}" * 90 + "}}",
    "a long number": '{"decisions": {}, "x": ' + "9" * 9000 + "}",
    "no text": "\ud800",
    "words of no length": '{"decisions": {"shallow": {"$words": 5, "shape": [1]}}}',
    "an array of a list": '{"decisions": {"shallow": {"$array": [1]}}}',
    "no array": '{"decisions": {"shallow": {"$array": "a9"}}}',
    "pairs of none": '{"decisions": {"shallow": {"$pairs": [1]}}}',
    "a tuple of none": '{"decisions": {"shallow": {"$tuple": 1}}}',
    "a decision of words": '{"decisions": {"shallow": "x"}}',
    "half a decision": '{"decisions": {"shallow": {"goal": "binary"}}}',
    "more slopes than labels": decided(goal="multilabel", slopes=[1.0] * 9, shifts=[0.0] * 9, thresholds=[0.5] * 9),
    "slopes that are words": decided(slopes=["x"]),
}


@pytest.mark.parametrize("content", STATES.values(), ids=STATES)
def test_states_of_wrong_values_are_refused(model, content):
    (model / "encoder.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    seal(model)
    with pytest.raises(BundleError):
        predict(model)


def test_an_encoder_takes_no_more_memory_than_its_input_and_compiles_no_pattern_of_the_file():
    spec = {"name": "tokens", "kind": "tokens", "shape": [8], "dtype": "int32", "size": 9, "stats": {}}
    tokens = {
        "encoder": "tabular",
        "specs": [spec],
        "parts": {"tokens": {"columns": ["b"], "words": ["x"], "length": 8}},
    }
    numbers = {**spec, "name": "texts", "kind": "numbers", "shape": [1], "dtype": "float32"}
    lists = {"encoder": "tabular", "specs": [numbers],
             "parts": {"texts": {"0000": {"column": "b", "separator": r"[,;|/\n]", "members": ["x"]}}}}  # fmt: skip
    for state in (tokens, lists):
        modalities.restore(state)
    for separator in ("(a+)+$", ".*", "x|y", "(", None, 3):
        state = copy.deepcopy(lists)
        state["parts"]["texts"]["0000"]["separator"] = separator
        with pytest.raises(ValueError, match="parts no members"):
            modalities.restore(state)
    for separator in ("", "\\|", ";", "\\ \\+\\ ", "\\."):
        state = copy.deepcopy(lists)
        state["parts"]["texts"]["0000"]["separator"] = separator
        modalities.restore(state)
    for change in ({"shape": [10**12]}, {"shape": [0]}, {"kind": "evil"}, {"dtype": "object"}, {"shape": [9]}):
        state = {**tokens, "specs": [{**spec, **change}]}
        with pytest.raises(ValueError, match=r"input|length"):
            modalities.restore(state)


# --------------------------------------------------------------------------- networks


def network():
    import keras

    x = keras.Input((3,), name="x")
    return keras.Model(
        {"x": x}, keras.layers.Dense(1, name="out")(keras.layers.Dense(4, activation="relu", name="wide")(x))
    )


def keras_file(tmp_path, change=lambda config: None, weights=None):
    """The content of a ``.keras`` file whose configuration or weights were changed."""
    network().save(tmp_path / "n.keras")
    with zipfile.ZipFile(tmp_path / "n.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    if weights is not None:
        (tmp_path / "w.h5").write_bytes(members["model.weights.h5"])
        weights(tmp_path / "w.h5")
        members["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
    with zipfile.ZipFile(tmp_path / "n.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return (tmp_path / "n.keras").read_bytes()


def layer(config, name="out"):
    return next(layer for layer in config["config"]["layers"] if layer["config"]["name"] == name)


def many(config):
    config["config"]["layers"] += [layer(config)] * 2_500


def repeated(config):
    layer(config)["inbound_nodes"] *= 5_000


def embedding(config):
    last = layer(config)
    last.update(class_name="Embedding", registered_name=None)
    last["config"] = {"name": "out", "input_dim": 30_000_000, "output_dim": 64}


def reach(config):
    last = layer(config)
    last.update(class_name="RepeatVector", registered_name=None)
    last["config"] = {"name": "out", "n": 60_000_000}


NETWORKS = {
    "thousands of layers": (many, "announces .* layers"),
    "thousands of calls": (repeated, "announces .* calls"),
    "a layer without measure": (lambda c: layer(c)["config"].update(units=10**9), "announces .* units"),
    "more weights than are stored": (lambda c: layer(c)["config"].update(units=1_000_000), "of weights and stores"),
    "a table without rows": (embedding, "of weights and stores"),
    "an output without measure": (reach, "takes more memory than is free"),
    "units that are words": (lambda c: layer(c)["config"].update(units="x"), "cannot be loaded"),
    "no layers": (lambda c: c["config"].update(layers=3), "cannot be loaded"),
}


@pytest.mark.parametrize(("change", "match"), NETWORKS.values(), ids=NETWORKS)
def test_a_network_larger_than_what_it_stores_is_refused_before_it_is_built(tmp_path, change, match):
    from automl.bundle.networks import load_network

    assert load_network(tmp_path / "n.keras", keras_file(tmp_path)).count_params() == 21
    with pytest.raises(BundleError, match=match):
        load_network(tmp_path / "n.keras", keras_file(tmp_path, change))


def elsewhere(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file["leads"] = h5py.ExternalLink("/etc/hostname", "/")


def soft(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file["leads"] = h5py.SoftLink("/layers")


def itself(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file["layers/again"] = file["layers"]


def hollow(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file.create_dataset("leads", shape=(10**11,), dtype="f8", chunks=(1024,), compression="gzip")


def outside(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file.create_dataset("leads", shape=(8,), dtype="u1", external=[("/etc/hostname", 0, 8)])


@pytest.mark.parametrize(
    ("weights", "match"),
    [(elsewhere, "leads elsewhere"), (soft, "leads elsewhere"), (itself, "holds itself"),
     (hollow, "more than it holds"), (outside, "no array of numbers"),
     (lambda path: path.write_bytes(b"x" * 99), "cannot be read")],
)  # fmt: skip
def test_weights_that_lead_out_of_their_file_or_announce_more_than_it_holds_are_refused(tmp_path, weights, match):
    from automl.bundle.networks import check_network

    assert check_network(tmp_path / "n.keras", keras_file(tmp_path)) >= 21 * 4
    with pytest.raises(BundleError, match=match):
        check_network(tmp_path / "n.keras", keras_file(tmp_path, weights=weights))


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    with pytest.raises(Untrusted, match="cannot be read"):
        networks.stored_bytes(b"")


# --------------------------------------------------------------------------- by seed

ODD = (None, True, 0, -1, 3, 2**31, 2**40, 10**30, 1e308, float("nan"), float("inf"), 0.5, "", "x", "a.b.c", "\ud800",
       "(a+)+$", "filename", [], [1], [[]], ["x"], {}, {"x": 1}, {"$array": "a0"}, {"$words": 5, "shape": [1]},
       {"$pairs": [[[1], 2]]}, {"$bytes": "@@"}, {"$tuple": 3})  # fmt: skip


def places(value, path=()):
    """Where anything is in a nested value."""
    for key in range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def altered(value, chance):
    """The value with one place removed, repeated, exchanged or given another value."""
    found = list(places(value))
    *above, key = chance.choice(found)
    parent = value
    for step in above:
        parent = parent[step]
    kind = chance.random()
    if kind < 0.15:
        parent.pop(key)
    elif kind < 0.4:
        other = value
        for step in chance.choice(found):
            other = other[step]
        parent[key] = copy.deepcopy(other)
    else:
        parent[key] = copy.deepcopy(chance.choice(ODD))
    return value


def altered_array(content, chance):
    array = np.array(np.load(io.BytesIO(content)))
    if chance.random() < 0.3 or not array.size:
        return content[: chance.randrange(len(content))]
    flat = array.reshape(-1)
    for name in array.dtype.names or (None,):
        column = flat if name is None else flat[name]
        if column.dtype.kind in "iuf" and chance.random() < 0.5:
            column[chance.randrange(len(column))] = chance.choice([0, 1, 5, 100, 127])
            if column.dtype.kind in "if" and column.dtype.itemsize == 8:
                column[chance.randrange(len(column))] = chance.choice([-1, -(2**40), 2**40])
    made = io.BytesIO()
    np.save(made, array.reshape(-1) if chance.random() < 0.2 else array)
    return made.getvalue()


def alter(folder, seed):
    """Change one file of a bundle by chance, and seal it again."""
    chance = random.Random(seed)
    name = chance.choice(
        ["bundle.json", "bundle.json", "encoder.json", "shallow-0.skops", "shallow-0.skops", "encoder.npz"]
    )
    file = folder / name
    if name == "bundle.json":
        seal(folder, lambda content: {**content, "task": altered(content["task"], chance)} if chance.random() < 0.5
             else altered(content, chance))  # fmt: skip
        return
    if chance.random() < 0.1 or name == "encoder.npz":
        content = bytearray(file.read_bytes())
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
        file.write_bytes(content)
    elif name == "encoder.json":
        file.write_text(json.dumps(altered(json.loads(file.read_text()), chance)))
    else:
        with zipfile.ZipFile(file) as archive:
            members = {member: archive.read(member) for member in archive.namelist()}
        member = chance.choice(["schema.json", *sorted(members)])
        if member == "schema.json":
            members[member] = json.dumps(altered(json.loads(members[member]), chance)).encode()
        else:
            members[member] = altered_array(members[member], chance)
        with zipfile.ZipFile(file, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
    seal(folder)


def test_a_bundle_altered_by_chance_is_refused_or_predicts(original, tmp_path):
    refused = 0
    for seed in range(200):
        folder = shutil.copytree(original, tmp_path / str(seed))
        alter(folder, seed)
        try:
            assert len(predict(folder)) == len(ROWS), seed
        except InputError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        shutil.rmtree(folder)
    assert 100 <= refused < 200, refused
