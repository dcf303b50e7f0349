"""A reader with the makers of features is one file of NumPy; plug-ins add their own makers; arrays are checked."""

import ast
import importlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from test_shallow_modalities import DATA, LABELS, LIBRARIES, days, fitted, pictures, rows_of, series, texts

from automl import recipe
from automl.baselines.features.description import Description, matrix
from automl.baselines.features.plain.forecasts import calendar_phases
from automl.baselines.features.plain.sounds import decibels
from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.model import Model
from automl.errors import DataError
from automl.export import check, export, reader
from automl.export.arithmetic import learnt
from automl.export.describe import Inputs, as_json
from automl.export.joined import reader_source
from automl.export.linear import Sparse
from automl.export.preprocess import write_reader
from automl.export.shallow_inputs import add_features
from automl.flow.prepare import prepare
from automl.intake import spectrograms
from automl.predict.model import SideModel
from automl.records import FitContext
from automl.sides.predictors import BlendPredictor, ShallowPredictor

PLAIN = "automl.baselines.features.plain."
MAKERS = [
    PLAIN + name
    for name in ("words:text_features", "vectors:vectors_and_words", "pictures:picture_features",
                 "patches:patch_features", "summaries:sequence_features", "intervals:interval_features",
                 "sounds:sound_features", "forecasts:ridge_inputs", "forecasts:smoothing_inputs")
]  # fmt: skip


def test_all_makers_go_into_one_file_that_needs_numpy_alone():
    text = reader_source(MAKERS)
    tree = ast.parse(text)
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} - {"numpy"} <= sys.stdlib_module_names
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names)) and {"text_features", "ridge_inputs", "Export"} <= set(names)
    space = {"__name__": "reader"}
    exec(compile(text, "reader.py", "exec"), space)
    assert set(space["MAKERS"]) == set(MAKERS)


def test_a_reader_without_features_is_the_module_itself():
    with open(reader.__file__, encoding="utf-8") as file:
        assert reader_source([]) == file.read()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """module(source) → the name of an importable module with that source."""

    def make(source, name="plugged_features"):
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return make


@pytest.mark.parametrize(
    ("source", "words"),
    [("import pandas\ndef make(given, spec): ...", "NumPy and the standard library alone, got import pandas"),
     ("def open_export(given, spec): ...", "'open_export' is defined by plugged_features and by the reader"),
     ("from . import other\n", "expected 'from module import name'")],
)  # fmt: skip
def test_a_module_that_cannot_go_into_a_reader_is_refused(module, source, words):
    name = module(source) if "from ." not in source else module("from json import loads as x\nfrom pandas import *\n")
    words = words if "from ." not in source else "plugged_features|pandas"
    with pytest.raises(DataError, match=words):
        reader_source([f"{name}:make"])


class SilentColours:
    """Features of a plug-in: the mean of each channel."""

    def __init__(self):
        self.categories = []

    def fit(self, dataset, rows, truth, weight):
        return self.transform(dataset, rows)

    def transform(self, dataset, rows):
        return np.asarray(dataset.inputs[rows], np.float64).mean(axis=(1, 2)) / 255.0


class Colours(SilentColours):
    """The same, which can be exported."""

    maker = ""

    def describe(self):
        return Description(self.maker, {"top": 255.0}, {"pictures": "pictures"}, parts=matrix(3))

    def sources(self, dataset, rows):
        return {"pictures": dataset.inputs[rows]}


@pytest.mark.filterwarnings("ignore")
def test_features_of_a_plug_in_bring_their_own_maker(module, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "CALLS", 2)
    name = module(
        '"""Colours."""\n\nimport numpy as np\n\n\ndef mean_colours(given, spec):\n'
        '    return given["pictures"].astype(np.float64).mean(axis=(1, 2)) / spec["top"]\n'
    )
    prepared = prepare(recipe.make(seed=1, **pictures()))
    features = Colours()
    features.maker = f"{name}:mean_colours"
    model = Model(prepared.task, features, Linear("binary", 2))
    truth = (LABELS == "b").astype(np.int64)
    model.fit(prepared.dataset, np.arange(len(truth)), truth, None, FitContext(None, None, None, None))
    side = SideModel("shallow", prepared.task, ShallowPredictor((model,)))
    made = export(side, tmp_path / "x", "saved_model", rows_of("image"))
    assert made.manifest["difference"]["probabilities"] <= 1e-12
    model.features = SilentColours()
    with pytest.raises(DataError, match="SilentColours has no export: these features do not describe themselves"):
        export(side, tmp_path / "y", "saved_model", rows_of("image"))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with the reader of a text model, its features and data."""
    prepared = prepare(recipe.make(seed=1, **texts()))
    features = fitted(prepared, "characters", {"char_ngrams": 3}).models[0].features
    inputs, folder = Inputs(), tmp_path_factory.mktemp("written")
    add_features(inputs, features, prepared.task, "float64", {})
    write_reader(folder, prepared.task, inputs, {})
    (folder / "export.json").write_text(as_json({"labels": ["a", "b"]}))
    return folder, features, prepared


def test_the_reader_makes_features_where_nothing_but_numpy_is(written):
    folder, features, prepared = written
    cells = prepared.dataset.inputs["t"].tolist()
    (folder / "cells.json").write_text(json.dumps({"t": [*cells, None, "", "İI !? don't"]}))
    code = (
        "import json, sys, numpy as np, reader\n"
        "found = reader.open_export('.').encode(json.load(open('cells.json')))\n"
        "assert not {'automl', 'scipy', 'sklearn', 'pandas'} & set(sys.modules)\n"
        "np.savez('found.npz', **found)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    with np.load(folder / "found.npz") as found:
        columns, weights = found["features_columns"], found["features_weights"]
    rows = np.repeat(np.arange(len(columns)), columns.shape[1])
    width = sum(map(len, features.kept))
    made = sparse.csr_matrix((weights.ravel(), (rows, columns.ravel())), shape=(len(columns), width)).toarray()
    frame = pd.DataFrame({"t": [*cells, None, "", "İI !? don't"]}, dtype=object)
    wanted = features.transform(type(prepared.dataset)("new", frame), np.arange(len(frame))).toarray()
    np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-7)
    assert (made[:-3] != 0).sum() > 1000


def test_arrays_of_another_size_than_was_written_are_not_read(written, tmp_path):
    folder, _, _ = written
    for name in ("preprocess.json", "export.json", "preprocess.npz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    known = json.loads((tmp_path / "preprocess.json").read_text())
    with np.load(tmp_path / "preprocess.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    assert reader.open_export(tmp_path).preprocess["features"]["features"]["settings"]["kept"]
    name = next(iter(arrays))
    for changed, words in [
        ({name: np.zeros(100_000)}, "expected an array 'a0' of"),
        ({"more": np.zeros(3)}, "expected no array more.npy"),
        ({name: arrays[name].view(np.float32)}, "not those that preprocess.json names"),
    ]:
        np.savez(tmp_path / "preprocess.npz", **(arrays | changed))
        with pytest.raises(ValueError, match=words):
            reader.open_export(tmp_path)
    known["arrays"][name] = [[2], "|O"]
    (tmp_path / "preprocess.json").write_text(json.dumps(known))
    with pytest.raises(ValueError, match="expected an array"):
        reader.open_export(tmp_path)


CASES = [
    ("binary", 2, "logistic"), ("binary", 2, "hinge"), ("multiclass", 4, "ridge"), ("multiclass", 4, "hinge"),
    ("multilabel", 2, "logistic"), ("multilabel", 2, "ridge"), ("regression", 0, "ridge"),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "n_classes", "loss"), CASES)
def test_linear_models_read_sparse_rows(goal, n_classes, loss):
    rng = np.random.default_rng(0)
    X = sparse.random(80, 30, 0.2, "csr", random_state=0)
    truth = {
        "binary": rng.integers(0, 2, 80), "multiclass": rng.integers(0, 3, 80),  # the last class is not there
        "multilabel": rng.integers(0, 2, (80, 2)), "regression": rng.normal(size=(80, 2)),
    }[goal]  # fmt: skip
    learner = Linear(goal, n_classes, loss)
    learner.fit(X, truth, None, X[:30], truth[:30], FitContext(None, None, None, None), lambda: None)
    width = int(np.diff(X.indptr).max())
    columns, weights = np.zeros((80, width), np.int32), np.zeros((80, width))
    for row in range(80):
        own = slice(X.indptr[row], X.indptr[row + 1])
        columns[row, : own.stop - own.start], weights[row, : own.stop - own.start] = X.indices[own], X.data[own]
    import tensorflow as tf

    found = learnt(learner, Sparse(tf.constant(columns), tf.constant(weights), 30), tf.float64)
    np.testing.assert_allclose(found, learner.predict(X), rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("modality", ["image", "text"])
def test_a_blend_is_one_file_and_reads_an_array_of_both_sides_once(tmp_path, monkeypatch, modality):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="ONNX needs the extra export")
    from test_graphs_of_modalities import made_of

    monkeypatch.setattr(check, "CALLS", 2)
    template, family = {"image": ("cnn", "hog_linear"), "text": ("text_cnn", "words")}[modality]
    prepared, deep = made_of(template, **DATA[modality]())
    side = SideModel("blend", prepared.task, BlendPredictor(deep, fitted(prepared, family, {}), 0.4))
    made = side.export(tmp_path / "x", "onnx")  # rows are made up
    assert made.manifest["rows"] == {"n": 1000, "from": "made-up"}
    assert made.manifest["difference"]["probabilities"] <= 1e-5
    sources = json.loads((made.folder / "preprocess.json").read_text())["sources"]
    assert {name: spec.get("as") for name, spec in sources.items()} == (
        {"pictures": "image"} if modality == "image" else {}
    )


def test_made_up_texts_hold_words_that_a_shallow_model_reads(written):
    from automl.export.rows import made_rows

    _, features, prepared = written
    rows = made_rows(prepared.task, None, 50, [features])
    X = features.transform(type(prepared.dataset)("new", rows), np.arange(50))
    assert np.diff(X.indptr).mean() > 5 and len(rows) == 50
    words = {word for text in rows["t"] for word in text.split()}
    assert not words & {"good", "bad", "night"}


def test_made_up_series_need_the_contests_encoder(tmp_path):
    from automl import modalities

    prepared = prepare(recipe.make(seed=1, **series()))
    predictor = fitted(prepared, "summaries", {})
    with pytest.raises(DataError, match="cannot be made up; pass rows"):
        export(SideModel("shallow", prepared.task, predictor), tmp_path / "x", "saved_model")
    encoder, _ = modalities.fit(prepared.dataset, prepared.task, prepared.split)
    from automl.export.rows import made_rows

    assert made_rows(prepared.task, encoder, 7).shape == (7, 2, 40)


@pytest.mark.parametrize(("unit", "step"), [("h", 1 / 24), ("D", 1.0), ("W", 7.0), ("M", 30.4), ("Y", 365.0)])
def test_phases_of_the_calendar_are_those_of_pandas(unit, step):
    times = np.datetime64("1968-02-27T13:20", "ns") + np.arange(0, 900 * 13, 13).astype("timedelta64[h]")
    stamps = pd.DatetimeIndex(times)
    phases = [(stamps.hour + stamps.minute / 60) / 24] if step < 0.9 else []
    phases += [stamps.day_of_week / 7] if step < 6 else []
    phases += [(stamps.day_of_year - 1) / 365.25] if step < 200 else []
    wanted = [wave(2 * np.pi * k * np.asarray(p)) for p in phases for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    found = calendar_phases(times, step)
    np.testing.assert_array_equal(found, np.stack(wanted, axis=1) if wanted else np.zeros((900, 0)))


def test_decibels_are_those_of_the_intake():
    sounds = np.random.default_rng(0).integers(0, 256, (3, 40, 9, 1), np.uint8)
    np.testing.assert_array_equal(decibels(sounds), spectrograms.decibels(sounds))


def test_a_forecast_names_what_the_caller_gives():
    prepared = prepare(recipe.make(seed=1, data=days(), goal="forecast", target="v", time_column="day", series="shop",
                                   horizon=5))  # fmt: skip
    model = fitted(prepared, "lagged_ridge", {}).models[0]
    windows = prepared.split.items("valid")[:3]
    assert set(model.sources(prepared.dataset, windows)) == set(model.describe().sources)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_vectors_of_a_backbone_are_scaled_by_the_reader_and_words_lie_beside_them(share):
    from automl.baselines.features.plain import vectors

    prepared = prepare(recipe.make(seed=1, **texts()))
    made_vectors = np.random.default_rng(0).normal(size=(len(LABELS), 5)).astype(np.float32)
    dataset, rows = replace(prepared.dataset, vectors=made_vectors[: prepared.dataset.n_rows]), np.arange(60)
    features = PretrainedFeatures(prepared.task, share)
    wanted = features.fit(dataset, rows, np.zeros(60), None)
    description = features.describe()
    given = features.sources(dataset, rows) | {name: dataset.inputs[name][:60] for name in description.columns}
    made = getattr(vectors, description.maker.partition(":")[2])(given, description.settings)
    if not share:
        np.testing.assert_array_equal(made, wanted)
        assert description.parts == matrix(5)
        return
    columns, weights = made
    cells = np.repeat(np.arange(60), columns.shape[1]), columns.ravel()
    found = sparse.csr_matrix((weights.ravel(), cells), shape=(60, description.n_columns)).toarray()
    np.testing.assert_allclose(found, wanted.toarray(), rtol=0, atol=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_members_with_equal_features_share_an_input(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "CALLS", 2)
    prepared = prepare(recipe.make(seed=1, **pictures()))
    gradients, patches = (fitted(prepared, name, {}).models[0] for name in ("hog_linear", "patches"))
    predictor = ShallowPredictor((gradients, gradients, patches), None, (0.25, 0.25, 0.5))
    made = export(SideModel("shallow", prepared.task, predictor), tmp_path / "x", "saved_model", rows_of("image"))
    assert [one["name"] for one in made.manifest["inputs"]] == ["features", "features_2"]
    assert made.manifest["difference"]["probabilities"] <= 1e-12
