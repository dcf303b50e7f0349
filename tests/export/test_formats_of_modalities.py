"""Networks on pictures, sounds, series, texts and windows go through ONNX, and predict there as `predict` does."""

import json

import numpy as np
import pytest
from test_graphs_of_modalities import CASES, days, made_of

from automl.baselines.representing import VectorModel
from automl.baselines.scoring import ScoreModel
from automl.baselines.segment_image import PixelModel
from automl.errors import DataError
from automl.export import check, graph
from automl.export.reader import open_export
from automl.predict.side_model import SideModel
from automl.sides.predictors import ShallowPredictor

LIBRARIES = ("onnx", "tf2onnx", "onnxruntime")
SOFT = {"pictures": 1e-5, "sounds": 1e-5, "series": 1e-5, "texts": 1e-5}


@pytest.fixture(autouse=True)
def few_calls(monkeypatch):
    monkeypatch.setattr(check, "CALLS", 2)


def session(folder):
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SOFT)
def test_the_file_predicts_what_the_network_does(name, tmp_path):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="ONNX needs the extra export")
    template, how = CASES[name]
    prepared, predictor = made_of(template, **how())
    side = SideModel("deep", prepared.task, predictor)
    made = side.export(tmp_path / "x", "onnx")
    assert made.manifest["difference"]["probabilities"] <= SOFT[name] and made.manifest["rows"]["n"] == 1000
    items = prepared.split.items("valid")[:8]
    export = open_export(made.folder)
    own = predictor.encoder.transform(prepared.dataset, items)
    spec = json.loads((made.folder / "preprocess.json").read_text("utf-8"))
    given = {key: own[key] for key, one in spec["inputs"].items() if one["encoder"] == "array"}
    given |= {one["name"]: prepared.dataset.inputs[one["name"]].to_numpy()[items] for one in spec["columns"]}
    arrays = export.encode(given)
    types = {one["name"]: one["dtype"] for one in made.manifest["inputs"]}
    run = session(made.folder)
    found = run.run(["labels", "probabilities"], {key: array.astype(types[key]) for key, array in arrays.items()})
    wanted = predictor.output(prepared.dataset, items).arrays
    np.testing.assert_allclose(found[1], wanted["probabilities"], rtol=0, atol=SOFT[name])
    assert found[0].tolist() == wanted["labels"].tolist()


@pytest.mark.filterwarnings("ignore")
def test_a_forecast_goes_through_onnx(tmp_path):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="ONNX needs the extra export")
    template, how = CASES["forecast"]
    prepared, predictor = made_of(template, **how())
    made = SideModel("deep", prepared.task, predictor).export(tmp_path / "x", "onnx", rows=days().tail(60))
    assert made.manifest["rows"] == {"n": 54, "from": "given"}
    assert {one.name for one in session(made.folder).get_outputs()} == {"values", "quantiles"}
    assert max(made.manifest["difference"].values()) <= 1e-5


@pytest.mark.parametrize(
    "kind",
    [ScoreModel, VectorModel, PixelModel],
    ids=lambda k: k.__name__,
)
def test_shallow_models_that_have_no_file_are_refused_in_words(kind):
    prepared, _ = made_of("nhits", **CASES["forecast"][1]())
    with pytest.raises(DataError, match=f"that is a {kind.__name__} has no export.*serve the saved model"):
        graph.of(ShallowPredictor((object.__new__(kind),)), prepared.task, True, True)
