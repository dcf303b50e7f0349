"""Cells and columns of any class are plain at the door; no frame ends in an error that is not the user's to mend."""

import collections
import contextlib
import datetime
import decimal
import enum
import fractions
import random
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import automl
from automl.errors import DataError, InputError
from automl.intake import load
from automl.intake.cell_types import objects, plain, plain_array
from automl.intake.cell_values import label
from automl.intake.fingerprint import fingerprint
from automl.records import Recipe


class Failing:
    """Whatever is asked of it, it raises."""

    def __eq__(self, other):
        raise RuntimeError

    def __hash__(self):
        raise RuntimeError

    def __bool__(self):
        raise RuntimeError

    def __len__(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


class Bare:
    """It has no words of its own."""


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    UP = "up"


class Colour(enum.Enum):
    RED = "r"


ENDLESS: list = []
ENDLESS.append(ENDLESS)
DEEP: list = []
for _ in range(3000):
    DEEP = [DEEP]


def _plain_of(*values):
    return plain(pd.Series(objects(values), dtype=object))[0].tolist()


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ([b"ab", b"\xff"], ["ab", "\ufffd"]),
        ([b"ab", "c", None], ["ab", "c", None]),
        ([Failing(), "a"], ["<Failing>", "a"]),
        ([Bare(), "a"], ["<Bare>", "a"]),
        ([[Failing()], "a"], ["<list>", "a"]),
        ([ENDLESS, DEEP], ["<list>", "<list>"]),
        ([{(1, 2): 3}, "a"], ["{(1, 2): 3}", "a"]),
        ([{2, 1}, (1,), np.arange(2)], ["[1, 2]", "[1]", "[0, 1]"]),
        ([Level.LOW, 2], [1, 2]),
        ([Word.UP, "down"], ["up", "down"]),
        ([Colour.RED, "a"], ["Colour.RED", "a"]),
        ([np.str_("a"), np.bytes_(b"b")], ["a", "b"]),
        ([decimal.Decimal("1.5"), 2], [1.5, 2.0]),
        ([fractions.Fraction(1, 2), decimal.Decimal("sNaN")], [0.5, np.nan]),
        ([fractions.Fraction(10**400), -(10**400), 0.5], [np.inf, -np.inf, 0.5]),
        ([10**20, 1], [str(10**20), "1"]),
        ([10**400, "a"], [hex(10**400), "a"]),
        ([np.float16(1.5), np.longdouble(2)], [1.5, 2.0]),
        ([datetime.timedelta(seconds=3), None], [3.0, np.nan]),
        ([np.datetime64("2020-01-01"), pd.Timestamp("2020-01-02")], list(pd.date_range("2020-01-01", periods=2))),
        ([pd.Period("2020-01"), "a"], ["2020-01", "a"]),
        ([pd.NA, pd.NaT, None], [np.nan] * 3),
        ([1j, "a"], ["1j", "a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [1, 2]),
    ],
)
def test_cells_become_plain(cells, wanted):
    np.testing.assert_equal(_plain_of(*cells), wanted)


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pd.Series(np.array([1.5, 2], np.float16)), [1.5, 2.0]),
        (pd.Series(np.array([1, 2], ">i4")), [1, 2]),
        (pd.Series(np.array([1.5, 2], np.longdouble)), [1.5, 2.0]),
        (pd.Series(pd.Categorical.from_codes([0, 1], objects([(1, 2), "x"]))), ["[1, 2]", "x"]),
        (pd.Series(pd.period_range("2020-01", periods=1, freq="M")), [pd.Timestamp("2020-01-01")]),
        (pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), ["[1]", None]),
        (pd.Series([b"a", None], dtype=pd.ArrowDtype(pa.binary())), ["a", None]),
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.5])), [0.0, 1.5]),
    ],
)
def test_columns_become_plain(column, wanted):
    np.testing.assert_equal(plain(column)[0].tolist(), wanted)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (3, "3"), (("a", 1), "a.1"), (None, "None"), (float("nan"), "nan"), (b"b", "b"), ("a\0\ud800", "a?"),
        (Failing(), "<Failing>"), (datetime.date(2020, 1, 1), "2020-01-01"), ("a", "a"),
    ],
)  # fmt: skip
def test_names_become_text(name, shown):
    assert label(name) == shown


def test_arrays_of_any_type_become_plain():
    assert plain_array(np.array([b"ab", b"\xff"]), "x").tolist() == ["ab", "\ufffd"]
    assert plain_array(np.array([b"ab"], "V2"), "x").tolist() == ["ab"]
    assert plain_array(np.ma.masked_equal([1, 2], 2), "x").tolist()[0] == 1.0
    assert np.isnan(plain_array(np.ma.masked_equal([1, 2], 2), "x")[1])
    assert plain_array(np.array([1, 2], ">i8"), "x").dtype == np.int64
    assert plain_array(np.array([1, 2], np.longdouble), "x").dtype == np.float64
    same = np.arange(3.0)
    assert plain_array(same, "x") is same
    with pytest.raises(DataError, match="x cannot be read as an array"):
        plain_array([[1], [1, 2]], "x")


BYTES = np.array([b"abc", b"def"] * 20)
X = np.random.default_rng(0).random((40, 2))


@pytest.mark.parametrize(
    ("data", "target", "levels"),
    [
        ((X, BYTES), (), ["abc", "def"]),
        (np.array([(1.5 * i, b"uv"[i % 2 : i % 2 + 1]) for i in range(40)], [("a", "f8"), ("y", "S3")]), ("y",),
         ["u", "v"]),
        ((X, np.ma.masked_equal(np.arange(40) % 3, 2)), (), [0.0, 1.0]),
        ((X, pl.Series(["u", "v"] * 20)), (), ["u", "v"]),
        ((X, pa.array(["u", "v"] * 20)), (), ["u", "v"]),
        ((X, pd.Categorical(["u", "v"] * 20)), (), ["u", "v"]),
        ((X, ["u", "v"] * 20), (), ["u", "v"]),
    ],
)  # fmt: skip
def test_targets_of_any_type(data, target, levels):
    dataset = load(Recipe(data=data, target=target))
    assert sorted(dataset.target["y"].dropna().unique()) == levels


def test_texts_in_bytes_are_texts():
    dataset = load(Recipe(data=np.array([b"one two", b"three"] * 20)))
    assert dataset.inputs.iloc[:2, 0].tolist() == ["one two", "three"]


@pytest.mark.parametrize(
    ("groups", "first"),
    [
        (pd.date_range("2024-01-01", periods=10).repeat(4), "2024-01-01"),
        (pd.period_range("2024-01", periods=10, freq="M").repeat(4), "2024-01-01"),
        (pd.interval_range(0, 10).repeat(4), "(0, 1]"),
        (np.repeat([b"a", b"b"], 20), "a"),
        (np.repeat([True, False], 20), True),
        (np.repeat([1.5, np.nan], 20), "1.5"),
        (objects([(1, 2), [3]] * 20), "[1, 2]"),
        (pd.Categorical(np.repeat(["a", "b"], 20)), "a"),
        (np.repeat(["a", "b"], 20), "a"),
    ],
)
def test_groups_of_any_type(groups, first):
    groups = pd.Series(groups, dtype=object if isinstance(groups, np.ndarray) and groups.dtype == object else None)
    frame = pd.DataFrame({"g": groups.to_numpy() if groups.dtype.kind == "S" else groups, "x": X[:, 0], "y": X[:, 1]})
    dataset = load(Recipe(data=frame, target=("y",), group="g"))
    assert dataset.groups[0] == first
    assert dataset.fingerprint == load(Recipe(data=frame.copy(), target=("y",), group="g")).fingerprint


def test_one_column_may_say_when_and_to_what_a_row_belongs():
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=20).repeat(2), "x": X[:, 0], "y": ["u", "v"] * 20})
    assert "day" in str(automl.inspect(frame, target="y", group="day", time_column="day"))
    assert "day" not in [c.name for c in automl.inspect(frame, target="y", group="day").columns]


def test_the_fingerprint_of_any_cells_is_that_of_equal_ones():
    mixed = [1, "a", None, 2.5, datetime.date(2020, 1, 1), True]
    assert fingerprint(objects(mixed)) == fingerprint(objects(list(mixed)))
    assert fingerprint(objects(mixed)) != fingerprint(objects([*mixed[:-1], False]))
    halves = objects(["a\ud800", 1])
    assert fingerprint(halves) == fingerprint(objects(["a\ud800", 1])) != fingerprint(objects(["b\ud800", 1]))
    dates = np.array(["2020-01-01", "NaT"], "datetime64[s]")
    assert fingerprint(dates) == fingerprint(dates.copy()) != fingerprint(dates[::-1])


def test_what_a_frame_holds_once_is_not_written_out_beyond_the_memory(monkeypatch):
    monkeypatch.setattr("automl.system.resources.available_mib", lambda: 80.0)
    long = pd.Categorical.from_codes(np.zeros(1_000, int), ["x" * 100_000])
    zeros = {f"x{i}": pd.arrays.SparseArray([0.0] * 10_000, fill_value=0.0) for i in range(1_100)}
    for frame in (pd.DataFrame({"a": long, "y": range(1_000)}), pd.DataFrame(zeros)):
        with pytest.raises(DataError, match="once they are written out"):
            load(Recipe(data=frame))
    assert load(Recipe(data=pd.DataFrame({"a": long[:5], "b": zeros["x0"][:5]}))).n_rows == 5


def test_a_want_of_memory_behind_the_readers_is_told_as_any_other_size(monkeypatch):
    def none_left(*_):
        raise MemoryError

    frame = pd.DataFrame({"a": [1, 2]})
    assert load(Recipe(data=frame)).n_rows == 2
    monkeypatch.setattr("automl.intake.assemble.fingerprint", none_left)
    with pytest.raises(DataError, match="does not fit into the memory"):
        load(Recipe(data=frame))


# --------------------------------------------------------------------------- frames of all of that

POOLS = {
    "whole": [1, 2, 3], "float": [1.5, np.nan, np.inf], "half": [np.float16(2), None], "bytes": [b"a", b"\xff"],
    "text": ["some words here", "others \ud800", "nul\0", "\u202eבidi"], "level": ["a", "b", None],
    "date": [datetime.date(2020, 1, 1), datetime.date(9999, 12, 31)], "clock": [datetime.time(3), None],
    "mixed date": [datetime.date(2020, 1, 1), "x", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)],
    "length": [datetime.timedelta(1), None], "stamp": list(pd.date_range("2020-01-01", periods=50)),
    "decimal": [decimal.Decimal("NaN"), decimal.Decimal("1e9999"), 1], "fraction": [fractions.Fraction(10**400, 3)],
    "long": [10**400, -(10**5000), 3], "truth": [True, False, None], "list": [[1, 2], [], None, {1}, (1,)],
    "record": [{"a": 1}, {}, {(1, 2): 3}], "array": [np.arange(3), np.zeros((2, 2))], "failing": [Failing(), None],
    "kinds": [Failing, int, len], "endless": [ENDLESS, DEEP], "enum": [Colour.RED, Level.LOW, Word.UP],
    "gaps": [None, pd.NA, pd.NaT, np.nan], "complex": [1j, 2.5, "x"], "period": [pd.Period("2020-01"), None],
    "interval": [pd.Interval(0, 1), pd.Interval(1, 2)], "amount": ["$1,200", "21,5 °C", "٣", "²", "1e999"],
    "written": ["2020-01-01", "31/12/9999", "0000-00-00"], "url": ["http://[::1", "ftp://x"],
    "path": ["a.png", "b\udce9.png", "~nobody/x.png"], "empty": [""], "same": [0], "huge": ["x" * 3000, "9" * 6000],
}  # fmt: skip
NAMES = [0, 1.5, None, ("a", "b"), pd.Timestamp("2020"), "x", "x", "", b"b", "\ud800", "n\0", "a" * 2000, "time", "id"]
DTYPES = ["category", "string", "string[pyarrow]", None]


def _frame(seed):
    """A frame of up to six odd columns with odd names, and what is said of some of them."""
    draw = random.Random(seed)
    n_rows = draw.choice([0, 1, 3, 20, 64, 65, 120])
    columns = []
    for pool in draw.sample(list(POOLS), draw.randrange(1, 7)):
        column = pd.Series(objects(draw.choices(POOLS[pool], k=n_rows)), dtype=object)
        if draw.random() < 0.4:
            with contextlib.suppress(Exception):  # not every pool has such a type
                kind = draw.choice(DTYPES)
                column = column.infer_objects() if kind is None else column.astype(kind)
        columns.append(column)
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(
        objects(draw.choice(NAMES) if draw.random() < 0.3 else f"c{i}" for i in range(len(columns))), dtype=object
    )
    if n_rows and draw.random() < 0.2:
        frame.index = draw.choice([pd.date_range("2020", periods=n_rows), pd.Index(["k"] * n_rows, name="k")])
    shares = {"target": 0.6, "group": 0.3, "time_column": 0.3, "series": 0.2}
    return frame, {key: label(draw.choice(frame.columns)) for key, share in shares.items() if draw.random() < share}


def test_no_frame_ends_in_an_error_that_is_not_the_users_to_mend():
    outcomes = collections.Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what pandas says on odd columns
        for seed in range(60):
            frame, said = _frame(seed)
            try:
                automl.inspect(frame, **said)
                outcomes["looked at"] += 1
            except InputError:
                outcomes["refused"] += 1
    assert outcomes["looked at"] >= 15
    assert sum(outcomes.values()) == 60
