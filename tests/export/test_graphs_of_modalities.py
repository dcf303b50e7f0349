"""Networks on pictures, series, texts and forecasts, and goals without a target, export as they predict."""

import numpy as np
import pandas as pd
import pytest

from automl import catalog, modalities, recipe
from automl.errors import DataError
from automl.export import check, describe, graph
from automl.export.reader import Export
from automl.flow.prepare import prepare
from automl.predict.side_model import SideModel
from automl.records import Template
from automl.sides.predictors import DeepPredictor

N_ROWS = 120


def numbers():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(N_ROWS, 4)), columns=list("abcd"))


def labelled(items):
    return items, np.where(np.random.default_rng(1).random(N_ROWS) > 0.5, "a", "b")


def pictures():
    return np.random.default_rng(0).integers(0, 256, (N_ROWS, 16, 16, 3), "uint8")


def sounds():
    waves = np.random.default_rng(0).normal(0, 0.1, (N_ROWS, 1_600))
    return {"X": waves, "y": labelled(None)[1], "rate": 8_000}


def texts():
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(["good", "bad", "day", "night"], 15)) for _ in range(N_ROWS)]
    return pd.DataFrame({"t": words, "y": labelled(None)[1]})


def days():
    steps = np.random.default_rng(0).normal(size=300).cumsum()
    return pd.DataFrame({"day": pd.date_range("2020-01-01", periods=300, freq="D"), "v": steps})


def made_of(template, **how):
    prepared = prepare(recipe.make(seed=1, **how))
    encoder, codec = modalities.fit(prepared.dataset, prepared.task, prepared.split)
    kind = catalog.members(Template, "automl.templates")[template]
    choices = kind.starts(encoder.specs, modalities.facts(prepared.task, prepared.split, codec))[0]
    knobs = {name: float(choices[name]) for name in kind.knobs if name in choices}
    model = kind.build(choices, knobs, encoder.specs, codec.head)
    return prepared, DeepPredictor((model,), encoder, codec)


FORECAST = {"goal": "forecast", "target": "v", "time_column": "day", "horizon": 7}
CASES = {
    "pictures": ("cnn", lambda: {"data": labelled(pictures())}),
    "sounds": ("audio_cnn", lambda: {"data": sounds()}),
    "series": ("tcn", lambda: {"data": labelled(np.random.default_rng(0).normal(size=(N_ROWS, 2, 60)))}),
    "texts": ("text_cnn", lambda: {"data": texts(), "target": "y", "columns": {"t": "text"}}),
    "anomalies": ("autoencoder", lambda: {"data": numbers(), "goal": "anomaly"}),
    "vectors": ("autoencoder", lambda: {"data": numbers(), "goal": "represent"}),
    "forecast": ("nhits", lambda: {"data": days(), **FORECAST}),
}  # fmt: skip


@pytest.mark.parametrize("name", ["anomalies", "vectors", "forecast"])  # the others: test_formats_of_modalities
def test_the_graph_predicts_what_the_network_does(name):
    template, how = CASES[name]
    prepared, predictor = made_of(template, **how())
    made = graph.of(predictor, prepared.task, True, True)
    items = prepared.split.items("valid")[:20]
    own = predictor.encoder.transform(prepared.dataset, items)
    columns = describe.cell_columns(prepared.task, made.inputs.made)
    export = Export({}, {"columns": columns, "inputs": made.inputs.made, "features": {}})
    cells = {key: own[key] for key, spec in made.inputs.made.items() if spec["encoder"] == "array"}
    cells |= {c["name"]: prepared.dataset.inputs[c["name"]].to_numpy()[items] for c in export.preprocess["columns"]}
    arrays = {key: array.astype(made.inputs.dtypes[key]) for key, array in export.encode(cells).items()}
    wanted, found = predictor.output(prepared.dataset, items).arrays, made.model(arrays)
    assert set(found) == set(wanted)
    for key, array in wanted.items():
        np.testing.assert_allclose(np.asarray(found[key], np.float64), array, rtol=1e-5, atol=1e-5, err_msg=key)


def test_a_forecast_is_checked_on_a_history_that_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "CALLS", 2)
    prepared, predictor = made_of("nhits", data=days(), **FORECAST)
    side = SideModel("deep", prepared.task, predictor)
    with pytest.raises(DataError, match="checked on a history"):
        side.export(tmp_path / "x", "keras")
    made = side.export(tmp_path / "x", "keras", rows=days().tail(60))
    assert made.manifest["rows"] == {"n": 54, "from": "given"}
    assert made.manifest["difference"]["values"] <= 1e-5 and "quantiles" in made.manifest["difference"]
