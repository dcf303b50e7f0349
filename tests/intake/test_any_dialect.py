"""One table in any dialect, encoding and surroundings is read as the same table, as a whole and streamed."""

import pyarrow as pa
import pytest
from written_tables import DELIMITERS, Written, judged, plain_tables, random_ways, written

from automl.intake import delimited, delimited_stream
from automl.intake.cells import typed_frame
from automl.intake.raw import Hints

N_WHOLE, N_STREAMED, N_PLAIN = 240, 120, 200


def whole(data):
    return delimited.read(data, "t.csv", Hints()).frame


def test_a_table_is_read_however_it_is_written():
    wrong = [(how.special, said) for how in random_ways(N_WHOLE, seed=1) if (said := judged(how, whole)) != "right"]
    assert wrong == []


@pytest.fixture
def streamed(tmp_path, monkeypatch):
    """Reads bytes as a large file is read: its beginning is not all of it, and pieces and blocks are short."""
    monkeypatch.setattr(delimited_stream, "BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(delimited_stream, "PIECE_BYTES", 700)

    def read(data):
        path = tmp_path / "t.csv"
        path.write_bytes(data)
        text = delimited_stream.layout(path, data[:1_500], "t.csv", Hints())
        noticed = delimited_stream.Noticed(repeated=text.begun.heading.repeated)
        table = pa.Table.from_batches(list(text.stream(path, noticed)))
        frame, _ = typed_frame(table, list(text.names), text.begun.dialect.delimiter, Hints())
        noticed.findings("t.csv", len(frame))
        return delimited.without_empty(frame, "t.csv")[0]

    return read


def test_a_streamed_table_is_read_however_it_is_written(streamed):
    ways = [how for how in random_ways(2 * N_STREAMED, seed=2) if not how.codec.startswith("utf-16")][:N_STREAMED]
    assert len(ways) == N_STREAMED
    wrong = [(how.special, said) for how in ways if (said := judged(how, streamed)) != "right"]
    assert wrong == []


def test_plain_tables_raise_no_alarm():
    """Whatever their names and cells look like. A column of texts alone may say that its commas part nothing."""
    wrong = []
    for frame, text in plain_tables(N_PLAIN):
        found = delimited.read(text.encode(), "t.csv", Hints())
        checks = {finding.check for finding in found.findings} - {"missing_words", "kept_words"}
        if list(found.frame.columns) != list(frame.columns) or len(found.frame) != len(frame):
            wrong.append((text[:200], list(found.frame.columns), len(found.frame), len(frame)))
        elif checks - ({"dialect"} if frame.shape[1] == 1 else set()):
            wrong.append((text[:200], checks))
    assert wrong == []


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("script", ["ascii", "latin"])
def test_nothing_is_said_of_a_plain_table(delimiter, script):
    data, _ = written(Written(script=script, delimiter=delimiter))
    assert delimited.read(data, "t.csv", Hints()).findings == ()


@pytest.mark.parametrize(
    ("trait", "value", "check"),
    [
        ("escape", "backslash", "dialect"), ("quote", "'", "dialect"), ("header", "none", "no_header"),
        ("header", "row names", "row_names"), ("header", "units", "units_row"), ("header", "again", "repeated_header"),
        ("lead", "title", "lines_above_header"), ("lead", "comments", "lines_above_header"),
        ("tail", "total", "rows_below_table"), ("tail", "source", "rows_below_table"),
        ("trailing_delimiter", True, "empty_columns"), ("codec", "cp1252", "encoding"),
    ],
)  # fmt: skip
def test_what_was_decided_is_told(trait, value, check, streamed):
    how = Written(**{"script": "latin", trait: value})
    data, _ = written(how)
    assert [finding.check for finding in delimited.read(data, "t.csv", Hints()).findings] == [check]
    assert judged(how, streamed) == "right"
