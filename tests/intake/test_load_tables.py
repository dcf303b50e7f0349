"""Other table files: Parquet, Feather, JSON, Excel."""

import datetime
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from automl.errors import DataError
from automl.intake import load
from automl.records import Recipe

FRAME = pd.DataFrame({"make": ["fiat", "ford", None], "price": [1, 2, 3], "km": [1.5, np.nan, 3.5]})


def read(path, target=("price",)):
    return load(Recipe(data=path, target=target))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("cars.parquet", lambda frame, path: frame.to_parquet(path)),
        ("cars.feather", lambda frame, path: frame.to_feather(path)),
        ("cars.jsonl", lambda frame, path: frame.to_json(path, orient="records", lines=True)),
        ("cars.json", lambda frame, path: frame.to_json(path, orient="records")),
        ("columns.json", lambda frame, path: path.write_text(json.dumps(json.loads(frame.to_json(orient="columns"))))),
        ("split.json", lambda frame, path: frame.to_json(path, orient="split", index=False)),
        ("lists.json", lambda frame, path: path.write_text(json.dumps(json.loads(frame.to_json(orient="records"))))),
        ("cars.jsonl.gz", lambda frame, path: frame.to_json(path, orient="records", lines=True)),
        ("cars.xlsx", lambda frame, path: frame.to_excel(path, index=False)),
        ("cars.csv", lambda frame, path: frame.to_csv(path, index=False)),
        ("misnamed.csv", lambda frame, path: frame.to_parquet(path)),
    ],
)
def test_every_format_holds_the_same_table(tmp_path, name, write):
    write(FRAME, tmp_path / name)
    dataset = read(tmp_path / name)
    assert list(dataset.inputs.columns) == ["make", "km"]
    assert dataset.inputs["make"].isna().tolist() == [False, False, True]
    np.testing.assert_array_equal(dataset.inputs["km"].to_numpy(float), [1.5, np.nan, 3.5])
    assert dataset.fingerprint == read(FRAME).fingerprint
    assert dataset.name == name.split(".")[0]


def test_parquet_types_become_plain_ones(tmp_path):
    frame = pd.DataFrame(
        {
            "day": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)],
            "kind": pd.Categorical(["a", None]),
            "tags": [["x", "y"], ["z"]],
            "at": pd.to_datetime(["2020-01-01T12:00+02:00", "2020-01-02T12:00+02:00"]),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    dataset = read(tmp_path / "t.parquet", ())
    assert dataset.inputs["day"].dtype.kind == "M" and dataset.inputs["at"].dtype.kind == "M"
    assert str(dataset.inputs["at"][0]) == "2020-01-01 12:00:00+02:00"
    assert dataset.inputs["tags"].tolist() == ['["x", "y"]', '["z"]']
    assert dataset.inputs["kind"].tolist()[0] == "a" and dataset.inputs["kind"].isna().tolist() == [False, True]
    assert [finding.check for finding in dataset.findings] == ["time_zone"]


def test_nested_records_become_columns_with_a_point(tmp_path):
    (tmp_path / "n.json").write_text('[{"a": {"b": 1, "c": "x"}, "d": 2}, {"a": {"b": 3}, "d": 4}]')
    assert list(read(tmp_path / "n.json", ("d",)).inputs.columns) == ["a.b", "a.c"]


def test_records_of_a_wrapped_list_are_found(tmp_path):
    (tmp_path / "n.json").write_text('{"info": 1, "rows": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}')
    assert read(tmp_path / "n.json", ("b",)).inputs["a"].tolist() == [1, 3]


def test_mixed_json_values_stay_as_they_are(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"a": 1, "b": 1}\n{"a": "two", "b": 2}\n{"b": 3}\n')
    assert read(tmp_path / "m.jsonl", ("b",)).inputs["a"].tolist() == [1, "two", None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}\n{"a": \n', r"line 2: not valid JSON"),
        ('{"a": 1}\n[1, 2]\n', r"line 2: expected a record"),
        ("[1, 2, 3]", r"JSON that is no table"),
        ('{"a": [1, 2], "b": [1]}', r"must be of one length"),
        ('{"a": 1, "b"', r"cannot be read as JSON"),
    ],
)
def test_json_that_is_no_table_says_where(tmp_path, text, words):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(DataError, match=rf"bad.json.*{words}"):
        read(tmp_path / "bad.json", ())


def _book(path, *sheets):
    book = openpyxl.Workbook()
    for i, rows in enumerate(sheets):
        sheet = book.active if i == 0 else book.create_sheet(f"more{i}")
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_excel_text_that_looks_like_a_number_stays_text_with_leading_zeros(tmp_path):
    _book(
        tmp_path / "x.xlsx", [["plz", "n", "day"], ["00123", "1", datetime.datetime(2020, 1, 1)], ["98765", "2", None]]
    )
    inputs = read(tmp_path / "x.xlsx", ()).inputs
    assert inputs["plz"].tolist() == ["00123", "98765"]
    assert inputs["n"].tolist() == [1, 2]
    assert inputs["day"].dtype.kind == "M"


def test_empty_excel_rows_and_a_first_empty_sheet_are_skipped_and_further_sheets_reported(tmp_path):
    rows = [["a", "b", None], [1, 2, None], [None, None, None], [3, 4, None]]
    _book(tmp_path / "x.xlsx", [], rows, [["c"], [1]])
    dataset = read(tmp_path / "x.xlsx", ("b",))
    assert dataset.inputs["a"].tolist() == [1, 3]
    assert [finding.check for finding in dataset.findings] == ["several_sheets"]


def test_an_excel_file_without_rows_says_so(tmp_path):
    _book(tmp_path / "x.xlsx", [["a", "b"]])
    with pytest.raises(DataError, match=r"x.xlsx has no sheet with a header and rows"):
        read(tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.parquet", b"PAR1 nothing more PAR1"),
        ("bad.feather", b"ARROW1 nothing"),
        ("bad.xlsx", b"PK\x03\x04 nothing"),
        ("bad.npz", b"PK\x03\x04 nothing"),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} cannot be read"):
        read(tmp_path / name)


def test_a_text_called_parquet_is_refused(tmp_path):
    (tmp_path / "bad.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"ends in .parquet but does not hold that format"):
        read(tmp_path / "bad.parquet")


def test_a_table_without_rows_says_so(tmp_path):
    FRAME.iloc[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(DataError, match=r"none.parquet holds 0 rows and 3 columns"):
        read(tmp_path / "none.parquet")
