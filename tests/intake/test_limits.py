"""What a file takes is estimated before it is paid, and refused in words that name the sizes and the override."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import socket
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from automl.errors import DataError
from automl.intake import columnar, excel, files, json_tables, parquet_sizes, tables
from automl.intake.raw import Hints, Room
from automl.intake.source import read_path

TEXT = b"a,y\n" + b"1,2\n" * 1000
LITTLE = 0.005  # MiB, and the text above takes about as much once it is read


def _zip(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.gz", gzip.compress),
        ("a.csv.gz", lambda text: gzip.compress(text[:100]) + gzip.compress(text[100:])),  # two members, end to end
        ("a.csv.bz2", lambda text: bz2.compress(text[:100]) + bz2.compress(text[100:])),
        ("a.csv.xz", lambda text: lzma.compress(text[:100]) + lzma.compress(text[100:])),
        ("a.csv.zip", _zip),
    ],
)
def test_decompression_ends_at_the_limit(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(TEXT))
    assert files.content(path)[0] == TEXT  # the twin without a limit
    with pytest.raises(DataError, match=r"once it is decompressed.*--memory"):
        files.content(path, LITTLE)


def test_a_file_larger_than_half_the_memory_is_not_opened(tmp_path):
    (tmp_path / "a.json").write_bytes(TEXT)
    with pytest.raises(DataError, match=r"a.json would take about .* MiB .*--memory"):
        files.content(tmp_path / "a.json", LITTLE)


@pytest.mark.parametrize(
    ("form", "content", "words"),
    [
        ("delimited", TEXT, "cells"),
        ("delimited", TEXT + b"1,2,3\n", "cells in rows of uneven length"),
        ("json", b"[" + b'{"a":1},' * 2000 + b'{"a":2}]', "values"),
    ],
)
def test_the_cells_of_a_text_are_counted_before_it_is_read(form, content, words):
    enough = 2.0 if "uneven" in words else 1.0
    frame, *_ = tables.read(content, form, "t", Hints(), enough)
    assert len(frame) >= 1000
    with pytest.raises(DataError, match=words):
        tables.read(content, form, "t", Hints(), 0.1 if "uneven" in words else 0.02)


def test_records_with_names_of_their_own_do_not_become_a_square_table(tmp_path, monkeypatch):
    monkeypatch.setattr("automl.system.resources.available_mib", lambda: 64.0)
    few = b"".join(b'{"k%d":1}\n' % i for i in range(20))
    assert json_tables.read(few, "few.jsonl")[0].shape == (20, 20)
    many = b"".join(b'{"k%d":1}\n' % i for i in range(4_000))
    with pytest.raises(DataError, match=r"4,000 records with 4,000 different names"):
        json_tables.read(many, "many.jsonl")


# --------------------------------------------------------------------------- Parquet and Feather


def _parquet(table, **options):
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def test_rows_that_a_parquet_file_only_announces_are_counted():
    content = _parquet(pa.table({"a": np.zeros(1_000_000)}))
    assert len(content) < 20_000
    assert len(columnar.read(content, "parquet", "t", 100.0)) == 1_000_000
    with pytest.raises(DataError, match=r"t would take about 8 MiB to read \(1,000,000 rows of 1 columns\)"):
        columnar.read(content, "parquet", "t", 5.0)


@pytest.mark.parametrize("nested", [False, True])
def test_a_long_text_stored_once_counts_as_often_as_it_stands(nested):
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(200, np.int32)), pa.array(["x" * 50_000]))
    plain = texts.dictionary_decode()
    column = pa.ListArray.from_arrays(pa.array(np.arange(201), pa.int32()), plain) if nested else plain
    content = _parquet(pa.table({"s": column}))
    assert len(content) < 80_000
    assert len(columnar.read(content, "parquet", "t", 20.0)) == 200
    with pytest.raises(DataError, match=r"texts that are stored once and come back"):
        columnar.read(content, "parquet", "t", 5.0)


def test_long_texts_stored_once_are_drawn_from_without_being_written_out(tmp_path):
    texts = pa.array(np.arange(3_000) % 3).cast(pa.int32())
    column = pa.DictionaryArray.from_arrays(texts, pa.array([letter * 20_000 for letter in "abc"]))
    content = _parquet(pa.table({"s": column.dictionary_decode(), "y": np.arange(3_000)}), row_group_size=500)
    (tmp_path / "t.parquet").write_bytes(content)
    assert len(content) < 1_000_000  # of 60 MB once they are written out
    few = read_path(tmp_path / "t.parquet", Hints(target=("y",), room=Room(memory_mib=80.0)))
    assert 300 <= len(few.inputs) < 600
    assert [len(text) for text in few.inputs["s"][:3]] == [20_000] * 3
    assert few.inputs["s"].str[0].tolist() == ["abc"[number % 3] for number in few.inputs["y"]]
    every = read_path(tmp_path / "t.parquet", Hints(target=("y",), room=Room(memory_mib=2_000.0)))
    assert len(every.inputs) == 3_000


def test_different_texts_are_not_taken_for_the_longest_of_them():
    texts = ["x" * 50_000, *(f"short {i}" for i in range(999))]
    content = _parquet(pa.table({"s": texts}))
    assert len(columnar.read(content, "parquet", "t", 5.0)) == 1000


def test_members_of_lists_are_counted_too():
    values = pa.ListArray.from_arrays(pa.array([0, 500_000, 1_000_000], pa.int32()), pa.array(np.zeros(1_000_000)))
    content = _parquet(pa.table({"s": values}))
    with pytest.raises(DataError, match=r"2 rows of 1 columns"):
        columnar.read(content, "parquet", "t", 20.0)


@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_what_feather_says_of_its_columns_is_heard_before_they_are_decompressed(compression):
    sink = pa.BufferOutputStream()
    feather.write_feather(pa.table({"a": np.zeros(500_000)}), sink, compression=compression)
    content = sink.getvalue().to_pybytes()
    assert len(columnar.read(content, "feather", "t", 20.0)) == 500_000
    with pytest.raises(DataError, match=r"once they are decompressed"):
        columnar.read(content, "feather", "t", 2.0)


def test_feather_dictionaries_and_views_count_as_often_as_they_stand():
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(500, np.int32)), pa.array(["x" * 10_000]))
    assert parquet_sizes.expanded_bytes([column]) == 5_000_000
    assert parquet_sizes.expanded_bytes([column.slice(100, 50)]) == 500_000
    views = pa.array(["x" * 30, None, "ab"] * 5).cast(pa.string_view())
    assert parquet_sizes.expanded_bytes([views]) == 5 * 32
    assert parquet_sizes.expanded_bytes([pa.chunked_array([["plain"]])]) == 0


@pytest.mark.parametrize("form", ["parquet", "feather"])
def test_damaged_columns_are_told_before_native_code_follows_them(form):
    texts = pa.array(["some", "words", "here"] * 20)
    sink = pa.BufferOutputStream()
    table = pa.table({"t": texts})
    if form == "parquet":
        parquet.write_table(table, sink, compression="none", use_dictionary=False)
    else:
        feather.write_feather(table, sink, compression="uncompressed")
    content = sink.getvalue().to_pybytes()
    assert columnar.read(content, form, "t")["t"][1] == "words"
    with pytest.raises(DataError, match="t cannot be read as"):
        columnar.read(content.replace(b"words", b"wo\xffds"), form, "t")
    if form == "feather":  # where a text ends: far behind all of them
        starts = np.array([0, 4, 9], np.int32).tobytes()
        assert starts in content
        with pytest.raises(DataError, match="t cannot be read as"):
            columnar.read(content.replace(starts, np.array([0, 2**30, 9], np.int32).tobytes()), form, "t")


def test_feather_of_version_1_is_refused_in_words():
    with pytest.raises(DataError, match=r"Feather of version 1"):
        columnar.read(b"FEA1" + bytes(60) + b"FEA1", "feather", "t")


# --------------------------------------------------------------------------- Excel


def _book(rows):
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def _altered(content, part, change):
    """The workbook with one part changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            text = old.read(info)
            new.writestr(info.filename, change(text) if info.filename == part else text)
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_dimension_that_is_not_true_costs_nothing():
    content = _book([["a", "y"], [1, 2], [3, 4]])
    content = _altered(content, SHEET, lambda text: text.replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"'))
    assert excel.read(content, "t.xlsx", Hints(), 10.0)[0].shape == (2, 2)


def test_a_last_column_far_away_in_every_row_is_refused():
    rows = [["a"] + [None] * 2000 + ["y"], *([i] + [None] * 2000 + [i] for i in range(20))]
    content = _book(rows)
    assert excel.read(content, "t.xlsx", Hints(), 100.0)[0].shape == (20, 2)
    with pytest.raises(DataError, match=r"2,002 columns"):
        excel.read(content, "t.xlsx", Hints(), 1.0)


def test_a_row_beyond_the_end_of_a_sheet_is_refused(monkeypatch):
    monkeypatch.setattr(excel, "MOST_ROWS", 50)
    content = _book([["a", "y"], *([i, i] for i in range(30))])
    assert len(excel.read(content, "t.xlsx", Hints())[0]) == 30
    far = _altered(content, SHEET, lambda text: text.replace(b'<row r="31"', b'<row r="99999999999"'))
    with pytest.raises(DataError, match=r"a row beyond 50"):
        excel.read(far, "t.xlsx", Hints())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", [SHEET, "xl/styles.xml", "xl/workbook.xml"])
def test_entities_of_its_own_are_refused_before_any_is_written_out(part, encoding):
    doctype = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>'

    def laughing(text):
        _, _, rest = text.decode().rpartition("?>") if text.startswith(b"<?xml") else ("", "", text.decode())
        return f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{rest}'.encode(encoding)

    content = _book([["a", "y"], ["x", "y"]])
    assert len(excel.read(content, "t.xlsx", Hints())[0]) == 1
    with pytest.raises(DataError, match=r"defines a document type"):
        excel.read(_altered(content, part, laughing), "t.xlsx", Hints())


def test_the_parts_of_a_workbook_are_added_up_before_they_are_read():
    content = _book([["a" * 1000, "y"], *([i, i] for i in range(500))])
    with pytest.raises(DataError, match=r"its sheets and texts"):
        excel.read(content, "t.xlsx", Hints(), 0.1)


# --------------------------------------------------------------------------- what is no file


def test_a_pipe_a_socket_and_a_device_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.csv").symlink_to("/dev/zero")
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(tmp_path / "socket.csv"))
    for name, words in (("pipe.csv", "a pipe"), ("device.csv", "a device"), ("socket.csv", "a socket")):
        with pytest.raises(DataError, match=rf"{name}' is {words}: expected a file"):
            files.find(tmp_path / name)
    held.close()
    (tmp_path / "link.csv").symlink_to(tmp_path / "own.csv")
    (tmp_path / "own.csv").write_bytes(TEXT)
    assert len(read_path(tmp_path / "link.csv", Hints()).inputs) == 1000  # a link to a file is one


def test_a_link_upwards_is_no_class(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.txt").write_text("some words")
    assert len(read_path(tmp_path, Hints()).inputs) == 2
    (tmp_path / "c").symlink_to(tmp_path.parent)
    with pytest.raises(DataError, match=r"'c' is a link to a folder around it"):
        read_path(tmp_path, Hints())


def test_a_want_of_memory_is_told_as_any_other_size(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(TEXT)

    def none_left(*_):
        raise MemoryError

    monkeypatch.setattr(tables.delimited, "read", none_left)
    with pytest.raises(DataError, match=r"a.csv does not fit into the memory"):
        read_path(tmp_path / "a.csv", Hints())


def test_more_columns_than_can_be_looked_at_are_refused(monkeypatch):
    monkeypatch.setattr("automl.intake.limits.MOST_COLUMNS", 5)
    assert tables.read(b"a,b,c,d,e\n1,2,3,4,5\n", "delimited", "t", Hints())[0].shape == (1, 5)
    with pytest.raises(DataError, match=r"t has 6 columns: expected at most 5"):
        tables.read(b"a,b,c,d,e,f\n1,2,3,4,5,6\n", "delimited", "t", Hints())


# --------------------------------------------------------------------------- long cells, deep and odd JSON


@pytest.mark.parametrize("ragged", [b"", b"1,2,3\n"])
def test_a_cell_of_any_length_is_read(ragged):
    long = b"w " * 200_000
    frame, *_ = tables.read(b"t,y\n" + b'"' + long + b'",1\n' + b"b,2\n" * 5 + ragged, "delimited", "t", Hints())
    assert [len(cell) for cell in frame["t"][:2]] == [len(long), 1]


@pytest.mark.parametrize("layout", ['[{{"a": {}, "y": 1}}]', '{{"a": {}, "y": 1}}\n{{"a": 1, "y": 2}}'])
def test_json_nested_too_deeply_is_refused_and_a_long_number_is_kept_as_text(layout):
    deep = "[" * 20_000 + "]" * 20_000
    with pytest.raises(DataError, match=r"nested too deeply"):
        json_tables.read(layout.format(deep).encode(), "t.json")
    frame, *_ = tables.read(layout.format("9" * 5000).encode(), "json", "t.json", Hints())
    assert frame["a"][0] == "9" * 5000


@pytest.mark.parametrize(
    "text",
    [
        '{"columns": ["a"], "data": [[1, 2]]}', '{"columns": 3, "data": 4}', '{"rows": [{"a": 1}, 2]}', "{}", "[]",
        '{"a": [[1], [1, 2]], "b": [1]}', '[{"a": 1e999, "b": NaN, "a": 2}]', '[{"a": "\\ud800"}, {"\\ud800": 1}]',
        '{"a": {"x": 1}, "b": {"y": [1]}}', "null", '"text"', '[{"a": {"b": {"c": {}}}}]', "[[1, 2]]",
    ],
)  # fmt: skip
def test_odd_json_is_a_table_or_refused(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with contextlib.suppress(DataError):
        frame = read_path(tmp_path / "t.json", Hints()).inputs
        assert len(frame) > 0
        assert json.dumps(frame.to_dict("list"), ensure_ascii=False, default=str).encode()


# --------------------------------------------------------------------------- notes that contradict the columns


def _noted(table, **noted):
    return table.replace_schema_metadata({b"pandas": json.dumps(noted).encode()})


COLUMN = {"name": "a", "field_name": "a", "pandas_type": "float64", "numpy_type": "float64", "metadata": None}


@pytest.mark.parametrize(
    "noted",
    [
        {"index_columns": ["gone"], "columns": [COLUMN]},
        {"index_columns": ["gone"], "columns": []},
        {"index_columns": [], "columns": [{**COLUMN, "name": "other", "field_name": "other"}], "column_indexes": [3]},
        {"index_columns": [{"kind": "range", "name": None, "start": 0, "stop": 7, "step": 0}], "columns": [COLUMN]},
        {"index_columns": 5, "columns": "x"},
        {"index_columns": [], "columns": [{**COLUMN, "numpy_type": "no[such]"}]},
        {},
    ],
)
@pytest.mark.parametrize("form", ["parquet", "feather"])
def test_notes_of_pandas_that_contradict_the_columns_are_left_aside(form, noted):
    table = _noted(pa.table({"a": [1.0, 2.0], "y": ["u", "v"]}), **noted)
    sink = pa.BufferOutputStream()
    (parquet.write_table if form == "parquet" else feather.write_feather)(table, sink)
    frame = columnar.read(sink.getvalue().to_pybytes(), form, "t")
    assert frame["a"].tolist() == [1.0, 2.0] and frame["y"].tolist() == ["u", "v"]


def test_notes_of_pandas_that_fit_are_heard():
    sink = pa.BufferOutputStream()
    pd.DataFrame({"a": [1, 2]}, index=pd.Index(["u", "v"], name="key")).to_parquet(sink)
    assert columnar.read(sink.getvalue().to_pybytes(), "parquet", "t").index.tolist() == ["u", "v"]


def test_a_time_of_an_unknown_zone_is_read_in_utc():
    table = pa.table({"t": pa.array([0, 1], pa.timestamp("s", "Mars/Base")), "y": [1, 2]})
    frame = columnar.plain_frame(table)
    assert frame["t"].tolist() == [pd.Timestamp(0), pd.Timestamp(1, unit="s")]
