"""Tables of unusual shape: many columns, few rows, many classes, a column with nothing in it."""

import json

import numpy as np
import pandas as pd
import pytest

import automl


def table(n_rows, n_columns):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns))
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(n_columns)])
    frame["level"] = np.where(X[:, 1] > 0, "up", "down")
    frame["nothing"] = np.nan
    frame["void"] = pd.Series([None] * n_rows, dtype=object)
    frame["y"] = np.where(X[:, 0] + 0.3 * rng.normal(size=n_rows) > 0, "yes", "no")
    return frame


def many_classes(n_rows=3_000, n_classes=120):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 6))
    place = np.argsort(np.argsort(X[:, 0] + 0.01 * X[:, 1])) * n_classes // n_rows
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(6)])
    frame["y"] = np.char.add("class ", place.astype(str))
    return frame


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "n_columns"),
    [(lambda: table(300, 900), 903), (lambda: table(50, 200), 203), (many_classes, 6)],
    ids=["many columns", "fewer rows than columns", "many classes"],
)
def test_both_sides_come_to_a_model(tmp_path, make, n_columns):
    frame = make()
    result = automl.fit(frame, target="y", budget="60m", max_trials=1, quiet=True, out=str(tmp_path / "run"))
    runs = result.result["runs"]
    finalists = {run["side"]: run for run in runs if run["finalist"]}
    assert set(finalists) == {"deep", "shallow"}
    assert all(np.isfinite(run["test_score"]) for run in finalists.values())
    assert all(run["peak_mib"] is None or run["peak_mib"] < 3_000 for run in runs)
    assert len(result.predict(frame.drop(columns="y").head(3))) == 3
    kinds = {column["name"]: column["kind"] for column in result.result["columns"]}
    assert len(kinds) == n_columns
    if "nothing" in kinds:
        assert kinds["nothing"] == kinds["void"] == "constant"
        finding = next(f for f in result.result["findings"] if f["check"] == "constant_column")
        assert "'nothing'" in json.dumps(finding)
    assert (result.folder / "report.html").stat().st_size < 3_000_000
