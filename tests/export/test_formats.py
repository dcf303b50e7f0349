"""Each format is written, checked against the model and described by a manifest; the rest is refused in words."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import automl
from automl import report
from automl.errors import DataError, FolderError, MissingExtra, RecipeError
from automl.export import check, formats
from automl.export.reader import open_export
from automl.predict.model import Model
from automl.predict.side_model import SideModel
from automl.storage.files import locked
from automl.testing.outcomes import example_outcome

LIBRARIES = {"onnx": ["onnx", "tf2onnx", "onnxruntime"], "litert": ["ai_edge_litert"], "openvino": ["openvino"]}


@pytest.fixture(autouse=True)
def few_calls(monkeypatch):
    monkeypatch.setattr(check, "CALLS", 3)


@pytest.fixture(scope="module")
def folders(binary, tmp_path_factory):
    """folders(format, side) → an export, made once."""
    made, place = {}, tmp_path_factory.mktemp("exports")

    def export(name, side):
        for library in LIBRARIES.get(name, ()):
            pytest.importorskip(library, reason=f"format {name} needs the extra export or export-{name}")
        if (name, side) not in made:
            made[name, side] = binary.export(place / f"{name}-{side}", name, side)
        return made[name, side]

    return export


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "side"),
    [("onnx", "blend"), ("saved_model", "shallow"), ("litert", "deep"), ("openvino", "deep"), ("keras", "deep")],
)
def test_an_export_predicts_what_the_model_does(folders, name, side):
    made = folders(name, side)
    manifest = json.loads((made.folder / "export.json").read_text("utf-8"))
    assert manifest == json.loads(json.dumps(dict(made.manifest)))
    assert (manifest["format"], manifest["side"], manifest["labels"]) == (name, side, ["no", "yes"])
    assert manifest["rows"] == {"n": 1000, "from": "made-up"}
    assert manifest["difference"]["probabilities"] <= manifest["tolerance"] == formats.FORMATS[name].tolerance
    assert set(manifest["latency_ms"]) == {"file", "reader", "predict"} and manifest["size_mib"] > 0
    on_disk = {p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*") if p.is_file()}
    assert set(manifest["files"]) | {"export.json"} == on_disk
    assert "largest difference to the model on 1000 made-up rows" in str(made)


@pytest.mark.filterwarnings("ignore")
def test_a_program_without_automl_predicts_as_predict_proba_does(folders, binary, prepared):
    made = folders("onnx", "blend")
    frame = prepared("binary", ("note", "page", "tags")).dataset.inputs.head(40)
    wanted = binary.predict_proba(frame, on_odd="ignore", side="blend").to_numpy()
    cells = {
        name: [
            None if value is None or value != value else str(value) if "00:" in str(value) else value
            for value in column
        ]
        for name, column in frame.items()
    }
    (made.folder / "cells.json").write_text(json.dumps(cells, default=str), "utf-8")
    code = (
        "import json, sys, onnxruntime, reader\n"
        "model = reader.open_export('.')\n"
        "arrays = model.encode(json.load(open('cells.json')))\n"
        "session = onnxruntime.InferenceSession('model.onnx')\n"
        "labels, chances = session.run(['labels', 'probabilities'], arrays)\n"
        "assert not {'automl', 'keras', 'pandas', 'sklearn'} & set(sys.modules)\n"
        "print(json.dumps([model.labels(labels), chances.tolist()]))\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=made.folder, capture_output=True, text=True, env=env)
    (made.folder / "cells.json").unlink()
    assert ran.returncode == 0, ran.stderr
    labels, chances = json.loads(ran.stdout)
    np.testing.assert_allclose(chances, wanted, rtol=0, atol=1e-5)
    assert labels == binary.predict(frame, on_odd="ignore", side="blend").tolist()


def test_a_refusal_within_the_graph_keeps_its_words(prepared, shallow, tmp_path):
    made = prepared("binary", ("note", "page", "tags"))
    model = Model(made.task, {"shallow": shallow(made, "vectors")}, "shallow")
    with pytest.raises(DataError, match=r"^the shallow learner Vectors has no export .* --format python$"):
        model.export(tmp_path / "out", "saved_model")


def test_plain_keras_opens_a_network_with_one_import(folders):
    made = folders("keras", "deep")
    code = (
        "import keras, numpy, automl.layers\n"
        "automl.layers.register()\n"
        "network = keras.models.load_model('network-0.keras')\n"
        "rows = {t.name: numpy.zeros((2, *t.shape[1:]), t.dtype) for t in network.inputs}\n"
        "print(network.predict(rows, verbose=0).shape)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(automl.__file__)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=made.folder, capture_output=True, text=True, env=env)
    assert ran.stdout.strip() == "(2, 1)", ran.stderr


def test_rows_given_are_those_that_are_checked(binary, prepared, tmp_path):
    rows = prepared("binary", ("note", "page", "tags")).dataset.inputs.head(30)
    made = binary.export(tmp_path / "x", "saved_model", "shallow", rows)
    assert made.manifest["rows"] == {"n": 30, "from": "given"}


def test_an_export_that_predicts_otherwise_leaves_nothing(binary, tmp_path, monkeypatch):
    shallow = binary.predictors["shallow"]

    class Other(type(shallow)):
        def output(self, dataset, rows):
            found = super().output(dataset, rows)
            found.arrays["probabilities"] = found.arrays["probabilities"] + 1e-3
            return found

    other = Other(shallow.models, shallow.decision)
    with pytest.raises(DataError, match=r"differs from the model by 0\.001 in probabilities \(of 1000 rows\)"):
        SideModel("shallow", binary.task, other).export(tmp_path / "x", "saved_model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"format": "onx"}, RecipeError, "expected one of onnx, .* or python, got 'onx'"),
        ({"format": "litert", "side": "shallow"}, DataError, "shallow model cannot be exported as litert"),
        ({"format": "onnx", "side": "floor"}, DataError, "no floor model"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(binary, tmp_path, how, error, words):
    with pytest.raises(error, match=words):
        binary.export(tmp_path / "x", **how)
    assert not list(tmp_path.iterdir())


def test_nothing_is_replaced(binary, tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(FolderError, match="exists; expected a new name"):
        binary.export(tmp_path / "x", "saved_model", "shallow")


def test_a_missing_library_names_the_extra(binary, tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'automl-keras\[export\]'"):
        binary.export(tmp_path / "x", "onnx", "deep")
    with pytest.raises(MissingExtra, match=r"automl-keras\[export-litert\]"):
        binary.export(tmp_path / "x", "litert", "deep")


def test_the_reader_beside_an_export_opens_it(folders):
    made = folders("saved_model", "shallow")
    arrays = open_export(made.folder).encode({"amount": [1.0, None], "town": ["Town 1", "elsewhere"]})
    assert arrays["table"].shape[0] == 2 and np.isfinite(arrays["table"][0]).any()


@pytest.mark.filterwarnings("ignore")
def test_figures_of_an_export_go_into_the_report_of_its_run(binary, tmp_path):
    (tmp_path / "run").mkdir()
    report.write(example_outcome("binary"), tmp_path / "run")
    model = dataclasses.replace(binary, folder=tmp_path / "run", result={})
    made = model.export(tmp_path / "x", "saved_model", "shallow")
    (found,) = json.loads((tmp_path / "run/result.json").read_text("utf-8"))["exports"]
    assert (found["format"], found["side"]) == ("saved_model", "shallow") and model.result["exports"] == [found]
    assert found["size_bytes"] == sum(made.manifest["files"].values())
    assert found["file_ms"] == made.manifest["latency_ms"]["file"]
    assert str(made).endswith(f"written into the costs in {tmp_path / 'run/report.html'}")
    with locked(tmp_path / "run"):  # by another process, say
        other = model.export(tmp_path / "y", "saved_model", "shallow")
    assert (tmp_path / "y/export.json").exists() and "not written into the report" in str(other)


def test_an_export_of_a_saved_model_alone_writes_nothing_beside_it(binary, tmp_path):
    (tmp_path / "model").mkdir()
    made = dataclasses.replace(binary, folder=tmp_path / "model").export(tmp_path / "x", "saved_model", "shallow")
    assert made.report_note == "" and not list((tmp_path / "model").iterdir())


@pytest.mark.filterwarnings("ignore")
def test_gaps_of_new_rows_in_columns_without_gaps_count_as_zero_in_the_file_too(prepared, shallow, tmp_path):
    """ONNX has a choice of floats as a sum of products, unless its condition is the test for NaN itself."""
    for library in ("lightgbm", "onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(library, reason="needs lightgbm and the extra export")
    made = prepared("binary", ("note", "page", "tags"))
    rows = made.dataset.inputs.head(60).copy()
    assert rows["amount"].notna().all()
    rows.loc[rows.index[::2], "amount"] = np.nan
    side = SideModel("shallow", made.task, shallow(made, "lightgbm", max_iter=20))
    exported = side.export(tmp_path / "x", "onnx", rows=rows)
    assert exported.manifest["difference"]["probabilities"] <= 1e-6
