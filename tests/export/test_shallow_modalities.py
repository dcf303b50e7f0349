"""Shallow models of texts, pictures, series and sounds export with their features, which the reader makes."""

import numpy as np
import pandas as pd
import pytest

from automl import goals, recipe
from automl.export import check
from automl.flow.prepare import prepare
from automl.flow.selection import baselines_for
from automl.predict.model import SideModel
from automl.records import Facts, FitContext
from automl.sides.predictors import ShallowPredictor

N_ROWS = 140
LIBRARIES = ("onnx", "tf2onnx", "onnxruntime")
LABELS = np.random.default_rng(0).choice(["a", "b"], N_ROWS)


def texts():
    rng = np.random.default_rng(1)
    told = np.where(LABELS == "a", "good", "bad")
    words = ["day", "night", "sea", "hill", "Straße", "über", "don't", "漢字", "fine!", "x"]
    rows = [" ".join(rng.permutation([told[i], *rng.choice(words, rng.integers(0, 30))])) for i in range(N_ROWS)]
    return {"data": pd.DataFrame({"t": rows, "y": LABELS}), "target": "y", "columns": {"t": "text"}}


def pictures():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 200, (N_ROWS, 18, 14, 3)) + 40 * (LABELS == "a")[:, None, None, None]
    return {"data": (x.astype("uint8"), LABELS)}


def series():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N_ROWS, 2, 40)) + np.linspace(0, 2, 40) * (LABELS == "a")[:, None, None]
    x[::7, :, 30:], x[::11, 0, 3:6] = np.nan, np.nan  # some end early, some have gaps
    return {"data": (x.astype(np.float32), LABELS)}


def sounds():
    rng = np.random.default_rng(1)
    waves = rng.normal(0, 0.1, (N_ROWS, 1_600)) * np.where(LABELS == "a", 1.0, 2.0)[:, None]
    return {"data": {"X": waves, "y": LABELS, "rate": 8_000}}


def rows_of(modality):
    """The inputs alone, as `predict` takes them."""
    how = DATA[modality]()
    data = how["data"]
    return data["X"] if isinstance(data, dict) else data[0] if isinstance(data, tuple) else data.drop(columns="y")


DATA = {"text": texts, "image": pictures, "sequence": series, "audio": sounds}
CASES = [
    ("text", "words", {}),
    ("text", "margin", {"char_ngrams": 3}),
    ("text", "characters", {"char_ngrams": 4}),
    ("image", "pixels", {"components": 10}),
    ("image", "hog_linear", {}),
    ("image", "hog_kernel", {"n_features": 50, "components": 8}),
    ("image", "patches", {"n_patches": 12}),
    ("image", "hog_forest", {"n_estimators": 4}),
    ("image", "hog_boosting", {"max_iter": 3}),
    ("sequence", "summaries", {}),
    ("sequence", "convolutions", {"convolutions": 300}),
    ("sequence", "pooled_convolutions", {"convolutions": 800, "normalise": False}),
    ("sequence", "intervals", {"n_estimators": 4}),
    ("sequence", "sequence_forest", {"n_estimators": 4, "convolutions": 100}),
    ("sequence", "sequence_boosting", {"max_iter": 3}),
    ("audio", "mel_linear", {"components": 10}),
    ("audio", "mfcc_linear", {}),
    ("audio", "mfcc_forest", {"n_estimators": 4}),
    ("audio", "mfcc_boosting", {"max_iter": 3}),
]


@pytest.fixture(scope="module")
def ready():
    """ready(modality) → its data, prepared once."""
    known = {}

    def make(name):
        if name not in known:
            known[name] = prepare(recipe.make(seed=1, **DATA[name]()))
        return known[name]

    return make


def fitted(prepared, family, changes):
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    chosen = baselines_for(task)[family]
    first = next(iter(chosen.settings(task, Facts(len(split.train), len(task.classes)), 0)))
    model = chosen.make(task, {**first, **changes}, 0)
    train, valid = (split.items(part) for part in ("train", "valid"))
    truths = [goals.truth(dataset, task, items) for items in (train, valid)]
    model.fit(dataset, train, truths[0], None, FitContext(None, None, valid, truths[1]))
    return ShallowPredictor((model,))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("modality", "family", "changes"), CASES, ids=lambda one: one if isinstance(one, str) else "")
def test_the_file_predicts_what_the_model_does(ready, tmp_path, monkeypatch, modality, family, changes):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="ONNX needs the extra export")
    monkeypatch.setattr(check, "CALLS", 2)
    prepared = ready(modality)
    assert prepared.task.modality == modality
    side = SideModel("shallow", prepared.task, fitted(prepared, family, changes))
    made = side.export(tmp_path / "x", "onnx", rows=rows_of(modality))
    print(made.manifest["difference"], made)
    assert made.manifest["difference"]["probabilities"] <= 1e-12
