"""Too few test units cannot name a winner: two windows of `airline`, twenty rows of `basic_motions`."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl

DATA = Path(os.environ.get("AUTOML_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "catalog.json").exists(), reason="needs the data folder that AUTOML_DATA names"),
]
OPTIONS = {"budget": "60m", "max_trials": 1, "quiet": True}  # ends long before


def test_two_windows_are_undecided(tmp_path):
    test = np.load(DATA / "splits" / "airline.npy").astype(bool)
    frame = pd.read_csv(DATA / "airline.csv.gz")
    result = automl.fit(frame[~test], "passengers", test=frame[test], horizon=12, out=str(tmp_path / "run"), **OPTIONS)
    assert len(result.outcome.split.test_windows) == 2
    assert (result.result["verdict"], result.result["reason"]) == ("tie", "undecided")


def test_twenty_rows_are_undecided(tmp_path):
    test = np.load(DATA / "splits" / "basic_motions.npy").astype(bool)
    with np.load(DATA / "basic_motions.npz") as arrays:
        X, y = arrays["X"], arrays["y"]
    result = automl.fit((X[~test], y[~test]), test=(X[test], y[test]), out=str(tmp_path / "run"), **OPTIONS)
    assert result.result["split"]["n_test"] == 20
    assert (result.result["verdict"], result.result["reason"]) == ("tie", "undecided")
