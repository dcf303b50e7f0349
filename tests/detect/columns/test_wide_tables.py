"""A wide table is typed, checked and compared without a series for each column, as a narrow one is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from series_made import series_made

from automl.detect.columns import convert, kinds
from automl.detect.columns.checks import audit, duplicate_rows
from automl.detect.columns.convert import read
from automl.detect.columns.new_columns import read_new
from automl.detect.columns.seen import of_columns
from automl.detect.findings import reading_findings
from automl.intake.fingerprint import fingerprint
from automl.predict.odd_rows import odd_findings, out_of_range
from automl.records import Column


def table(n_columns, n_rows=40):
    values = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    values[::5, ::3] = np.nan
    return pd.DataFrame(values, columns=[f"g{i}" for i in range(n_columns)])


def whole_way(frame):
    """Everything that is done with the columns of new and of training rows, short of fits."""
    columns = kinds.columns(frame)
    typed = read(frame, columns)
    audit(frame, typed, columns)
    reading_findings(frame, typed, columns)
    duplicate_rows(frame, frame[["g0"]])
    fingerprint(frame)
    columns = of_columns(typed, np.arange(len(frame)), columns)
    made, compared = read_new(frame, columns)
    odd_findings(compared, np.arange(len(frame)))
    return columns, typed, made, compared


def test_no_series_is_made_for_each_column():
    few, many = (series_made(lambda n=n: whole_way(table(n))) for n in (100, 700))
    assert many <= few + 20


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_numbers_are_typed_at_once_as_one_by_one(monkeypatch, kind):
    frame = pd.DataFrame((np.arange(300).reshape(3, 100) % 7).astype(kind)).add_prefix("g")
    if frame.dtypes.iloc[0].kind == "f":
        frame.iloc[0, 3], frame.iloc[1, 4], frame.iloc[2, 5] = np.inf, -np.inf, np.nan
    columns = [Column(name, "numeric", 1.0, "", {"missing": [3.0]} if name == "g7" else {}) for name in frame]
    quick = read(frame, columns)
    monkeypatch.setattr(convert, "stored_numbers", lambda frame, columns: {})
    monkeypatch.setattr(convert, "MANY_COLUMNS", 10**6)
    pd.testing.assert_frame_equal(quick, read(frame, columns), check_exact=True)


def test_a_column_far_out_is_found_among_many():
    frame = table(120, 60)
    columns, _, _, compared = whole_way(frame)
    assert out_of_range(compared, np.arange(60)) is None
    frame.loc[:5, "g7"] = 1e6
    frame["g9"] /= 1e5
    found = out_of_range(read_new(frame, columns)[1], np.arange(60))
    assert found is not None and found.columns == ("g7", "g9")


def test_columns_that_new_rows_hold_as_text_are_read_cell_by_cell():
    frame = table(80)
    columns = whole_way(frame)[0]
    texts = frame.assign(g4=frame["g4"].map(lambda value: "" if np.isnan(value) else f"{value!r}".replace(".", ",")))
    made, compared = read_new(texts, [replace(one) for one in columns])
    assert next(one for one in compared if one.column.name == "g4").otherwise.total() > 0
    np.testing.assert_array_equal(made["g4"], read(frame, columns)["g4"])
