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
    on_components = "components" in changes  # products in float32, of other numbers of rows at a time
    assert made.manifest["difference"]["probabilities"] <= (1e-6 if on_components else 1e-12)


def days():
    """Two series of two targets with gaps, a covariate known beforehand and one that is not."""
    rng = np.random.default_rng(2)
    parts = []
    for name in ("p", "q"):
        steps = np.arange(120)
        frame = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=120, freq="D"), "shop": name})
        frame["v"] = 10 + np.sin(2 * np.pi * steps / 7) + 0.2 * rng.normal(size=120).cumsum()
        frame["w"] = 5 + np.cos(2 * np.pi * steps / 7) + 0.1 * rng.normal(size=120)
        frame["plan"], frame["seen"] = rng.normal(size=120), rng.normal(size=120)
        frame.loc[20:22, "v"], frame.loc[[40, 41], "seen"] = np.nan, np.nan
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


FORECAST = {
    "goal": "forecast", "target": ["v", "w"], "time_column": "day", "series": "shop", "horizon": 5,
    "known": ["plan"],
}  # fmt: skip
FORECASTS = [
    ("seasonal_naive", {}),
    ("lagged_ridge", {"others": True}),
    ("lagged_ridge", {"apart": False, "transform": "log"}),
    ("lagged_boosting", {"max_iter": 3, "others": True, "rows": 50}),
    ("window_ridge", {"others": True, "transform": "sqrt"}),
    ("ets", {}),
    ("theta", {}),
]


@pytest.fixture(scope="module")
def history():
    return prepare(recipe.make(seed=1, data=days(), **FORECAST))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("family", "changes"), FORECASTS, ids=lambda one: one if isinstance(one, str) else "")
def test_the_file_forecasts_what_the_model_does(history, tmp_path, monkeypatch, family, changes):
    for library in LIBRARIES:
        pytest.importorskip(library, reason="ONNX needs the extra export")
    monkeypatch.setattr(check, "CALLS", 2)
    side = SideModel("shallow", history.task, fitted(history, family, changes))
    made = side.export(tmp_path / "x", "onnx", rows=days())
    assert made.manifest["rows"]["n"] == 232
    assert made.manifest["difference"]["values"] <= 1e-12
    assert made.manifest["difference"]["quantiles"] <= 1e-7  # sorted in float32
