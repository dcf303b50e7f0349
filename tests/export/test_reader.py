"""The reader makes of cells what automl's encoders make of them, in plain NumPy."""

import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.export import describe, reader
from automl.export.reader import Export


def read_by(inputs, task, cells):
    made = {"columns": describe.cell_columns(task, inputs.made), "inputs": inputs.made, "features": {}}
    return Export({}, made).encode(cells)


def test_needs_python_and_numpy_alone():
    tree = ast.parse(Path(reader.__file__).read_text("utf-8"))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} - {"numpy"} <= sys.stdlib_module_names


@pytest.mark.parametrize("goal", ["binary", "regression"])
def test_network_inputs_are_those_of_the_encoder(prepared, deep, goal):
    made = prepared(goal)
    encoder, rows = deep(made, n_models=1).encoder, np.arange(made.dataset.n_rows)
    assert set(encoder.parts) >= {"numbers", "categories", "texts", "clues", "tokens"}
    inputs = describe.of_encoder(encoder, list(encoder.parts), inside=False)
    found = read_by(inputs, made.task, made.dataset.inputs)
    wanted = encoder.transform(made.dataset, rows)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        if name in ("texts", "clues"):  # sums of products in another order
            np.testing.assert_allclose(found[name], array, rtol=0, atol=2e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], array, err_msg=name)


@pytest.mark.parametrize("family", ["linear", "boosting", "forest"])
def test_matrix_of_a_shallow_model_is_that_of_its_features(prepared, shallow, family):
    made = prepared("binary")
    features = shallow(made, family, **({"max_iter": 3} if family == "boosting" else {})).models[0].features
    content, width = describe.of_features(features)
    inputs = describe.Inputs()
    inputs.add("table", content, (width,), "float64")
    found = read_by(inputs, made.task, made.dataset.inputs)["table"]
    wanted = features.transform(made.dataset, np.arange(made.dataset.n_rows))
    assert found.shape == wanted.shape == (made.dataset.n_rows, width)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-9)


def test_cells_as_a_csv_file_holds_them_are_read(prepared, deep):
    made = prepared("binary")
    encoder = deep(made, n_models=1).encoder
    inputs = describe.of_encoder(encoder, list(encoder.parts), inside=False)
    raw = {
        "amount": ["1.5", "", None],
        "member": ["Yes", "no", "?"],
        "colour": ["RED ", None, "nan"],
        "price": [1e7, 2, 3],
    }
    raw["day"] = ["2020-01-31", "", "2021-02-03 04:05:06"]
    found = read_by(inputs, made.task, raw)
    assert found["numbers"].shape[0] == 3
    place = inputs.made["categories"]["columns"].index("colour")
    assert found["categories"][0, place] > 0 and not found["categories"][1:, place].any()


@pytest.mark.parametrize(
    ("cells", "words"),
    [({}, "none of"), ({"amount": [1], "price": [1, 2]}, "one length"),
     ({"amount": ["a lot"]}, "'amount': expected numbers"),
     ({"day": ["yesterday"]}, "'day': expected ISO 8601")],
)  # fmt: skip
def test_cells_that_cannot_be_read_are_named(prepared, deep, cells, words):
    made = prepared("binary")
    inputs = describe.of_encoder(deep(made, n_models=1).encoder, ["numbers"], inside=False)
    with pytest.raises(ValueError, match=words):
        read_by(inputs, made.task, cells)


def test_normal_quantiles_are_those_of_scipy():
    from scipy.special import ndtri

    p = np.concatenate([[0.0, 1e-300, 1e-20, 1e-7, 0.5, 1 - 1e-7, 1.0], np.linspace(0, 1, 10_001)])
    np.testing.assert_allclose(reader.normal_quantile(p), ndtri(p), rtol=1e-13, atol=1e-15)


def test_dates_outside_the_years_of_nanoseconds_are_gaps_as_they_are_in_automl():
    from automl.detect.parse.stamps import dates

    cells = ["2500-01-01", "1500-01-01", "1677-09-21", "1677-09-22", "2262-04-10", "2262-04-11", "2020-01-31 23:59:58"]
    cells += ["2020-01-31T23:59:58.123456789", None, ""]
    found = reader._dates(cells, {"name": "d"})
    np.testing.assert_array_equal(found, dates(pd.Series(cells, dtype=object)))
    assert np.isnat(found).tolist() == [True, True, True, False, False, True, False, False, True, True]
    assert np.isnat(reader._dates(["300000-01-01", np.datetime64("2500-01-01", "s")], {"name": "d"})).all()


ZONED = pd.Timestamp("2020-01-31", tz="UTC")


@pytest.mark.parametrize(
    "cell", ["2020-01-31T00:00Z", "2020-01-31 00:00+01:00", "2020-01-31 00-0100", "2020-01-31T00:00:00.5+01", ZONED,
             "now", "today", 5, 5.5, np.int64(7)],
)  # fmt: skip
def test_times_with_a_zone_and_what_is_no_date_are_refused(cell):
    with pytest.raises(ValueError, match="'d': expected ISO 8601 dates without a zone, got"):
        reader._dates(["2020-01-01", cell], {"name": "d"})
