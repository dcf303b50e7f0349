"""Bundles that earlier versions have saved open and predict as they did."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import DataError

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", ["schema_1"])
def test_a_bundle_of_before_opens_and_predicts_what_it_did(name):
    expected = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    model = automl.load(DATA / name)
    rows = pd.DataFrame(expected["rows"])
    assert np.allclose(model.predict(rows), expected["predictions"], rtol=1e-6)
    assert len(model.side("floor").predict(rows)) == len(rows)
    assert "automl.baselines.words" in names(DATA / name / "shallow-0.skops")


def test_a_bundle_of_before_has_no_intervals_and_says_to_fit_anew():
    model = automl.load(DATA / "schema_1")
    rows = pd.DataFrame(json.loads((DATA / "schema_1.json").read_text("utf-8"))["rows"])
    predict = model.predict_interval if model.task.goal == "regression" else model.predict_set
    with pytest.raises(DataError, match=r"has no scores of held-out rows.*older automl saved it without.*fit anew"):
        predict(rows)
    with pytest.raises(DataError, match="has no blend model; it has floor, shallow"):
        model.predict(rows, side="blend")


def names(path):
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return archive.read("schema.json").decode()
