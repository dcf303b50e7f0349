"""Reading new rows by recorded kinds: pure, robust, the same as at training."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from automl.detect import read
from automl.detect.columns.kinds import column
from automl.records import Column

COLUMNS = (
    Column("age", "numeric", 1.0, "", {}),
    Column("price", "embedded_number", 1.0, "", {"unit": "$", "decimal": "."}),
    Column("smokes", "boolean", 1.0, "", {"true": "yes", "false": "no"}),
    Column("when", "datetime", 1.0, "", {"day_first": True}),
    Column("city", "categorical", 1.0, "", {}),
    Column("note", "text", 1.0, "", {}),
)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "note": ["hi 😀", None, "a\x00b"],
            "city": [" Rome ", None, 5.0],
            "when": ["03/04/2020", "nonsense", None],
            "smokes": ["YES", "no", "perhaps"],
            "price": ["$1,200.50", "85", "?"],
            "age": ["12", "x", "inf"],
            "extra": [1, 2, 3],
        }
    )


def test_columns_come_typed_in_the_recorded_order() -> None:
    out = read(frame(), COLUMNS)

    assert [c.name for c in COLUMNS] == list(out.columns)
    assert [str(d) for d in out.dtypes[:4]] == ["float64", "float64", "float64", "datetime64[ns]"]
    np.testing.assert_array_equal([12.0, np.nan, np.nan], out["age"])
    np.testing.assert_array_equal([1200.5, 85.0, np.nan], out["price"])
    np.testing.assert_array_equal([1.0, 0.0, np.nan], out["smokes"])
    assert pd.Timestamp("2020-04-03") == out["when"][0]
    assert out["when"].isna().tolist() == [False, True, True]
    assert out["city"].tolist() == ["Rome", None, "5"]
    assert out["note"].tolist() == ["hi 😀", "", "a b"]


def test_reading_leaves_its_input_alone() -> None:
    given = frame()

    read(given, COLUMNS)

    pd.testing.assert_frame_equal(frame(), given)


def test_missing_columns_are_filled_and_extra_ones_dropped() -> None:
    out = read(pd.DataFrame({"extra": [1, 2]}), COLUMNS)

    assert len(out) == 2
    assert out.drop(columns="note").isna().all().all()
    assert out["note"].tolist() == ["", ""]


def test_no_rows_read_as_no_rows() -> None:
    out = read(frame().iloc[:0], COLUMNS)

    assert (0, len(COLUMNS)) == out.shape
    assert str(out["when"].dtype) == "datetime64[ns]"


def test_one_new_row_reads_as_it_did_among_many() -> None:
    many = pd.DataFrame({"d": ["25/12/2020", "03/04/2020"], "n": ["1,5", "1,500"], "c": [1.0, np.nan]})
    columns = [column(c, many[c]) for c in many]

    whole = read(many, columns)
    one = read(many.iloc[[1]], columns)

    pd.testing.assert_frame_equal(whole.iloc[[1]].reset_index(drop=True), one)
    assert whole["n"][1] == 1.5


@pytest.mark.parametrize("dtype", ["int64", "float64", "object", "str", "category", "Int64"])
def test_codes_are_the_same_words_whatever_type_they_came_in(dtype: str) -> None:
    series = pd.Series([3, 14, 3]).astype(dtype)

    out = read(pd.DataFrame({"x": series}), [Column("x", "categorical", 1.0, "")])

    assert out["x"].tolist() == ["3", "14", "3"]
    assert all(type(v) is str for v in out["x"])


def test_any_value_at_all_is_read_without_error_or_warning() -> None:
    odd = [
        None,
        np.nan,
        pd.NaT,
        pd.NA,
        True,
        3,
        2.5,
        -np.inf,
        "x",
        "",
        "2020-02-30",
        "31/02/2020",
        "99/99/9999",
        [1, 2],
        b"\xff",
    ]
    odd += [
        pd.Timestamp("2020-01-01", tz="UTC"),
        "1e400",
        "٣",
        "\x00",
        "😀",
        {"a": 1},
        "10000-01-01",
        "0001-01-01",
        "12:30",
    ]
    kinds = [
        "numeric",
        "embedded_number",
        "boolean",
        "datetime",
        "categorical",
        "text",
        "url",
        "list",
        "identifier",
        "constant",
    ]
    columns = [Column(k, k, 1.0, "", {"unit": "kg"}) for k in kinds]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = read(pd.DataFrame({k: pd.Series(odd, dtype=object) for k in kinds}), columns)

    assert len(odd) == len(out)
    assert not np.isinf(out[["numeric", "embedded_number", "boolean"]].to_numpy()).any()


def test_an_array_reads_as_columns_x0_x1() -> None:
    out = read(
        np.array([[1.0, 2.0], [3.0, np.inf]]), [Column("x1", "numeric", 1.0, ""), Column("x0", "numeric", 1.0, "")]
    )

    np.testing.assert_array_equal([[2.0, 1.0], [np.nan, 3.0]], out.to_numpy())


def test_times_with_zones_become_utc() -> None:
    series = pd.Series(["2020-01-01T12:00:00+02:00", "2020-01-01 10:00Z"])

    out = read(pd.DataFrame({"t": series}), [column("t", series)])

    assert [pd.Timestamp("2020-01-01 10:00")] * 2 == out["t"].tolist()


@pytest.mark.parametrize(("decimal", "unit"), [(".", None), (",", None), (".", "$"), (",", "€"), (".", "")])
def test_a_cell_reads_the_same_alone_and_among_many(decimal: str, unit: str | None) -> None:
    cells = [
        "12", " 12 ", "+7", "-3.5", "−4", "1,200", "1,200.50", "1.200,5", "12,5", "1 200", "1'200", "$1,200", "5 $",
        "€ 3,5", "1e5", "1e400", "9" * 400, ".5", "5.", "", "?", "x", "0x10", "١٢", "1_000", "+", "1,20", "-$5", "$-5",
        "3k", "nan", "inf", "-0", "007", "1,234,567", "1.234.567", None,
    ]  # fmt: skip
    reading = {"decimal": decimal, **({} if unit is None else {"unit": unit})}
    kind = Column("a", "numeric" if unit is None else "embedded_number", 1.0, "", reading)
    many = read(pd.DataFrame({"a": pd.Series(cells * 5, dtype="str")}), [kind])["a"][: len(cells)]
    alone = [read(pd.DataFrame({"a": pd.Series([cell], dtype="str")}), [kind])["a"][0] for cell in cells]
    np.testing.assert_array_equal(many, alone)
