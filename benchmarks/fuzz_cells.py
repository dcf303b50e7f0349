"""Columns as nobody would wish for them, each made by a generator and n: what `fuzz.py` builds its frames of."""

from __future__ import annotations

import datetime
import decimal
import fractions
import ipaddress
import uuid
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["COLUMNS", "NAMES", "TARGETS", "name"]

Make = Callable[[np.random.Generator, int], Any]
LETTERS = list("abcdefghijklmnopqrstuvwxyz")
WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heath",
    "inlet",
    "jetty",
    "kelp",
    "larch",
    "meadow",
    "north",
    "ocean",
    "pine",
    "quay",
    "reef",
]
GAPS = (None, float("nan"), pd.NA, pd.NaT, float("inf"), -float("inf"), "", " ", "NA", "n/a", "null", "-", "?", "None",
        "nan", "#N/A", "#DIV/0!", "inf", "-Infinity", "1e999", "\x00", "\ufeff", "\u200b")  # fmt: skip
CONTROLS = ("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\rb", "a\nb", "tab\there", "nul\x00in", "\x7f", "\x85next",
            "\u2028line", "\u202eright to left", "\u2066iso\u2069", "zero\u200bwidth", "\ufeffbom", "e\u0301" * 40,
            "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\ud800", "half \udc80 a name", "\uffff",
            "\U0010ffff")  # fmt: skip
INJECTIONS = ("$(touch pwned)", "`id`", "'; DROP TABLE x; --", "=1+1", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
              "{{7*7}}", "{% raise %}", "%s%s%n", "../../etc/passwd", "C:\\con", "file:///etc/passwd", "[bold]x[/]",
              "[/]",
              "\\x1b", "${jndi:ldap://x}", "--help", "-", "|", "a|b", "#", "$", "_", "!", "*")  # fmt: skip
DATES = ("2020-01-31", "31/01/2020", "01/31/2020", "31.1.20", "2020-W05", "KW 5 2021", "Q3 2021", "Jan-20",
    "1er août 2020",
         "0000-00-00", "0001-01-01", "9999-12-31", "12345-01-01", "-0044-03-15", "2020-02-30", "2020-13-01",
         "1677-09-20",
         "2262-04-12", "2020-01-31T23:59:60Z", "2020-01-31T00:00:00+99:99", "2020-01-31 24:00:00", "25:61", "20200131",
         "1e9", "99999999", "00/00/0000", "1/1/1", "Feb 29 2021", "yesterday", "now", "today", "NaT",
         "2020-01-31T10:00[UTC]",
         "Tue, 15 Nov 1994 12:45:26 GMT", "2020年1月31日", "٢٠٢٠-٠١-٣١", "31 Dez 2020", "12:00 AM",
         "13:00 PM")  # fmt: skip
NUMERALS = ("1", "-1", "+1", "1.5", "1,5", "1.234,5", "1,234.5", "1'234", "1 234", "1\u202f234", "1e5", "1E-400",
    "1e400", "0x1f",
            "0b11", "1_000", ".5", "5.", "--1", "1.2.3", "1,2,3", "٣", "Ⅷ", "½", "²", "1/0", "3/4", "1:30", "∞", "NaN",
            "(5)",
            "5-", "$5", "5 €", "€ 1.234,50", "12 %", "1.2k", "5 kg", "5 lb 3 oz", "5'11\"", "9" * 400, "0." + "1" * 400,
            "1e", "e1", "00012", "−4", "≈3", "<0.5", "5 out of 6", "1 Mio. €", "1h 5m", "1ee5", "1" * 5000)  # fmt: skip
TRUTHS = (
    "yes",
    "no",
    "Y",
    "N",
    "true",
    "FALSE",
    "1",
    "0",
    "ja",
    "nein",
    "oui",
    "sí",
    "✓",
    "✗",
    "x",
    "on",
    "off",
    "t",
    "f",
    "да",
)
NESTED = (
    '{"a": 1}', "[1, 2, 3]", "{'a': None}", "[[[[1]]]]", "[" * 60 + "]" * 60, "[" * 3000,
    '{"a":' * 200 + "1" + "}" * 200, "a;b;c",
    "a|b", "(1, 2)", "[1e999]", '{"a": NaN}', '["a", {"b": [1]}]', "[]", "{}", "None", '"', "[1,", "{" * 500,
    '{"\\ud800": 1}',
)  # fmt: skip


class Spiteful:
    """An object none of whose methods works; `how` says which of them raise."""

    def __init__(self, how: str) -> None:
        self.how = how

    def _fail(self, method: str) -> None:
        if self.how in (method, "all"):
            raise RuntimeError(f"{method} of a cell")

    def __eq__(self, other: object) -> bool:
        self._fail("eq")
        return self is other

    def __hash__(self) -> int:
        self._fail("hash")
        return 7

    def __repr__(self) -> str:
        self._fail("repr")
        return "Spiteful()"

    def __str__(self) -> str:
        self._fail("str")
        return "spite"

    def __bool__(self) -> bool:
        self._fail("bool")
        return True

    def __len__(self) -> int:
        self._fail("len")
        return 3

    def __float__(self) -> float:
        self._fail("float")
        return 1.5

    def __lt__(self, other: object) -> bool:
        self._fail("lt")
        return False

    def __iter__(self) -> Any:
        self._fail("iter")
        return iter(())


class Plain:
    """An object with nothing to say."""


class Name(str):
    """A text of another class."""


class Whole(int):
    """A number of another class."""


SPITES = ("eq", "hash", "repr", "str", "bool", "len", "float", "lt", "iter", "all")


def some(rng: np.random.Generator, n: int, values: Any) -> list[Any]:
    """n of these, NumPy not asked to look at them."""
    return [values[int(i)] for i in rng.integers(0, len(values), n)]


def few(rng: np.random.Generator, n: int, values: Any, most: int = 4) -> list[Any]:
    """n of a few of these."""
    return some(rng, n, some(rng, int(rng.integers(1, most + 1)), values))


def mixed(rng: np.random.Generator, n: int, common: list[Any], odd: Any, share: float = 0.1) -> list[Any]:
    """Common cells with some odd ones."""
    return [odd[int(rng.integers(len(odd)))] if rng.random() < share else cell for cell in common]


def words(rng: np.random.Generator, n: int, least: int = 1, most: int = 12) -> list[str]:
    return [" ".join(some(rng, int(rng.integers(least, most + 1)), WORDS)) for _ in range(n)]


def floats(rng: np.random.Generator, n: int) -> list[float]:
    return [float(v) for v in rng.normal(0, 10.0 ** rng.integers(-3, 4), n).round(int(rng.integers(0, 6)))]


def days(rng: np.random.Generator, n: int) -> list[datetime.datetime]:
    start = datetime.datetime(2020, 1, 1)
    return [start + datetime.timedelta(hours=int(h)) for h in rng.integers(0, 20_000, n)]


def with_gaps(rng: np.random.Generator, n: int) -> list[Any]:
    common = floats(rng, n) if rng.random() < 0.5 else words(rng, n, 1, 2)
    return mixed(rng, n, list(common), GAPS, float(rng.random()))


def arrow(rng: np.random.Generator, n: int) -> pd.Series:
    import pyarrow as pa

    kind = int(rng.integers(12))
    types: list[tuple[Any, list[Any]]] = [
        (pa.int64(), [int(v) for v in rng.integers(-9, 9, n)]),
        (pa.uint64(), [2**64 - 1 - int(v) for v in rng.integers(0, 9, n)]),
        (pa.decimal128(30, 4), [decimal.Decimal(int(v)) / 8 for v in rng.integers(0, 99, n)]),
        (pa.date32(), [d.date() for d in days(rng, n)]),
        (pa.time64("us"), [d.time() for d in days(rng, n)]),
        (pa.duration("s"), [datetime.timedelta(seconds=int(v)) for v in rng.integers(0, 99, n)]),
        (pa.timestamp("us", "Asia/Kathmandu"), days(rng, n)),
        (pa.list_(pa.float64()), [floats(rng, int(v)) for v in rng.integers(0, 4, n)]),
        (pa.struct([("a", pa.int64()), ("b", pa.string())]), [{"a": 1, "b": "x"}] * n),
        (pa.binary(), [bytes(rng.bytes(3)) for _ in range(n)]),
        (pa.map_(pa.string(), pa.int64()), [[("a", 1)]] * n),
        (pa.large_string(), words(rng, n)),
    ]
    chosen, cells = types[kind]
    cells = [None if rng.random() < 0.1 else cell for cell in cells]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(cells, chosen)))


def nullable(rng: np.random.Generator, n: int) -> pd.Series:
    dtype = some(rng, 1, ["Int8", "Int64", "UInt64", "Float32", "Float64", "boolean", "string"])[0]
    cells: list[Any] = [int(v) for v in rng.integers(0, 2, n)]
    if dtype == "string":
        cells = words(rng, n, 1, 2)
    return pd.Series([pd.NA if rng.random() < 0.2 else cell for cell in cells], dtype=dtype)


def categories(rng: np.random.Generator, n: int) -> pd.Series:
    levels = some(rng, 1, [["a", "b", "c"], [1, 2, 3], [1.5, 2.5, "x"], [pd.Timestamp("2020"), "y"], [], [(1, 2), (3,)],
                           [True, False], ["", " "], [pd.Interval(0, 1), pd.Interval(1, 2)]])[0]  # fmt: skip
    codes = rng.integers(-1, max(len(levels), 1), n) if levels else np.full(n, -1)
    unused = pd.Categorical.from_codes(codes.astype(int), categories=pd.Index(levels, dtype=object,
        tupleize_cols=False),
                                       ordered=bool(rng.integers(2)))  # fmt: skip
    return pd.Series(unused)


def times(rng: np.random.Generator, n: int) -> pd.Series:
    zone = some(rng, 1, [None, "UTC", "Europe/Berlin", "America/New_York", "+05:45"])[0]
    unit = some(rng, 1, ["s", "ms", "us", "ns"])[0]
    values = (
        pd.Series(pd.to_datetime(days(rng, n))).astype(f"datetime64[{unit}]") if n else pd.Series([], dtype="M8[ns]")
    )
    return values if zone is None else values.dt.tz_localize("UTC").dt.tz_convert(zone)


def far_times(rng: np.random.Generator, n: int) -> pd.Series:
    bounds = np.array(some(rng, n, ["0001-01-01", "1500-01-01", "9999-12-31", "NaT", "2020-01-01"]), dtype="M8[s]")
    return pd.Series(bounds)


def regular(rng: np.random.Generator, n: int) -> pd.Series:
    step = some(rng, 1, ["D", "h", "MS", "W", "YS", "15min", "B", "QS"])[0]
    return pd.Series(pd.date_range("2001-01-01", periods=n, freq=step))


def dtyped(dtype: str) -> Make:
    def make(rng: np.random.Generator, n: int) -> pd.Series:
        bits = np.frombuffer(rng.bytes(n * np.dtype(dtype).itemsize), dtype) if n else np.zeros(0, dtype)
        return pd.Series(bits.copy())

    return make


def objects(*values: Any) -> Make:
    return lambda rng, n: few(rng, n, values)


# fmt: off
COLUMNS: dict[str, Make] = {
    "floats": floats,
    "floats32": lambda rng, n: pd.Series(rng.normal(size=n).astype("float32")),
    "floats16": dtyped("float16"),
    "float bits": dtyped("float64"),
    "int bits": dtyped("int64"),
    "uint bits": dtyped("uint64"),
    "small ints": lambda rng, n: pd.Series(rng.integers(0, 6, n)),
    "int8": dtyped("int8"),
    "bool": lambda rng, n: pd.Series(rng.integers(0, 2, n).astype(bool)),
    "huge ints": lambda rng, n: some(rng, n, [2**64, -(2**70), 10**300, 10**400, 5, 2**63]),
    "long int": lambda rng, n: some(rng, n, [10**5000, 1, 2, 3]),
    "extremes": lambda rng, n: some(rng, n, [1e308, -1e308, 5e-324, 0.0, -0.0, float("inf"), float("nan")]),
    "complex": lambda rng, n: pd.Series(rng.normal(size=n) + 1j * rng.normal(size=n)),
    "numerals": lambda rng, n: some(rng, n, NUMERALS),
    "few numerals": lambda rng, n: few(rng, n, NUMERALS),
    "amounts": lambda rng, n: [f"{v:,.2f} €" for v in rng.normal(1e3, 1e3, n)],
    "words in numbers": lambda rng, n: mixed(rng, n, list(floats(rng, n)), [*WORDS, *NUMERALS]),
    "words": lambda rng, n: words(rng, n, 1, 1),
    "levels": lambda rng, n: few(rng, n, WORDS, 8),
    "texts": lambda rng, n: words(rng, n, 3, 30),
    "all different": lambda rng, n: [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(n)],
    "uuids": lambda rng, n: [uuid.UUID(bytes=rng.bytes(16)) for _ in range(n)],
    "row numbers": lambda rng, n: pd.Series(range(n)),
    "long text": lambda rng, n: mixed(rng, n, list(words(rng, n)), ["x" * 200_000, "word " * 40_000], 0.02),
    "gaps": with_gaps,
    "only gaps": lambda rng, n: few(rng, n, GAPS),
    "missing": lambda rng, n: [None] * n,
    "nan": lambda rng, n: pd.Series([float("nan")] * n),
    "na": lambda rng, n: [pd.NA] * n,
    "nat": lambda rng, n: pd.Series([pd.NaT] * n),
    "constant": lambda rng, n: few(rng, n, [1, "x", 2.5, True, datetime.date(2020, 1, 1), b"x", (1,)], 1),
    "controls": lambda rng, n: some(rng, n, CONTROLS),
    "some controls": lambda rng, n: mixed(rng, n, list(words(rng, n)), CONTROLS),
    "injections": lambda rng, n: some(rng, n, INJECTIONS),
    "surrogates": lambda rng, n: mixed(rng, n, list(words(rng, n, 1, 2)), ["\ud83d", "a\udcff"], 0.3),
    "truths": lambda rng, n: few(rng, n, TRUTHS, 3),
    "all truths": lambda rng, n: some(rng, n, TRUTHS),
    "dates": lambda rng, n: some(rng, n, DATES),
    "few dates": lambda rng, n: few(rng, n, DATES),
    "times": times,
    "far times": far_times,
    "regular times": regular,
    "regular texts": lambda rng, n: [str(v) for v in regular(rng, n)],
    "date objects": lambda rng, n: [v.date() for v in days(rng, n)],
    "time objects": lambda rng, n: [v.time() for v in days(rng, n)],
    "far dates": lambda rng, n: some(rng, n, [datetime.date.min, datetime.date.max, datetime.datetime.max, None]),
    "mixed zones": lambda rng, n: [
        v.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=int(h)))) if h else v
        for v, h in zip(days(rng, n), rng.integers(-9, 9, n), strict=True)
    ],
    "timedeltas": lambda rng, n: pd.Series(pd.to_timedelta(rng.integers(-99, 10**6, n), unit="s")),
    "timedelta objects": lambda rng, n: some(rng, n, [datetime.timedelta(1), datetime.timedelta.max, None]),
    "periods": lambda rng, n: pd.Series(pd.period_range("2001-01", periods=n, freq="M")),
    "intervals": lambda rng, n: pd.Series(pd.arrays.IntervalArray.from_breaks(np.arange(n + 1))),
    "sparse": lambda rng, n: pd.Series(pd.arrays.SparseArray(rng.integers(0, 2, n).astype(float))),
    "categories": categories,
    "nullable": nullable,
    "arrow": arrow,
    "epochs": lambda rng, n: pd.Series(1_600_000_000 * 10 ** int(rng.integers(0, 4)) + rng.integers(0, 10**8, n)),
    "nested texts": lambda rng, n: some(rng, n, NESTED),
    "lists": lambda rng, n: [floats(rng, int(v)) for v in rng.integers(0, 5, n)],
    "lists of texts": lambda rng, n: [few(rng, int(v), WORDS) for v in rng.integers(0, 5, n)],
    "tuples": lambda rng, n: some(rng, n, [(1, 2), (), ("a", None), ((1,),)]),
    "dicts": lambda rng, n: some(rng, n, [{"a": 1}, {}, {1: [2]}, {"a": {"b": None}}]),
    "sets": lambda rng, n: some(rng, n, [{1, 2}, frozenset("a"), set()]),
    "arrays": lambda rng, n: [rng.normal(size=int(v)) for v in rng.integers(0, 4, n)],
    "cells of arrays": lambda rng, n: [np.array(v) for v in rng.integers(0, 4, n)],
    "frames": objects(pd.DataFrame({"a": [1]}), pd.Series([1, 2])),
    "bytes": lambda rng, n: [bytes(rng.bytes(int(v))) for v in rng.integers(0, 6, n)],
    "byte words": lambda rng, n: [w.encode() for w in words(rng, n, 1, 1)],
    "decimals": lambda rng, n: some(rng, n, [decimal.Decimal("1.50"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"),
                                             decimal.Decimal("1e9999"), decimal.Decimal("-Infinity")]),
    "good decimals": lambda rng, n: [decimal.Decimal(int(v)).scaleb(-2) for v in rng.integers(0, 9999, n)],
    "fractions": lambda rng, n: some(rng, n, [fractions.Fraction(1, 3), fractions.Fraction(10**400, 7), 1]),
    "addresses": objects(ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("::1")),
    "paths": objects(PurePosixPath("a/b.png"), PurePosixPath("c.txt")),
    "picture names": lambda rng, n: some(rng, n, ["a.png", "../b.jpg", "/etc/passwd", "c\x00.png", "d.gif", "",
        "é.png"]),
    "links": lambda rng, n: [f"https://example.org/{w}?q=%zz" for w in words(rng, n, 1, 1)],
    "mails": lambda rng, n: [f"{w}{i}@example.org" for i, w in enumerate(words(rng, n, 1, 1))],
    "plain objects": objects(Plain(), Plain(), Plain()),
    "classes": objects(int, str, Plain, len, ..., NotImplemented, Ellipsis),
    "subclasses": lambda rng, n: some(rng, n, [Name("a"), Name("b"), Whole(3), Name("1")]),
    "numpy scalars": lambda rng, n: some(rng, n, [np.float32(1), np.int8(2), np.str_("a"), np.datetime64("2020"),
                                                  np.bool_(True), np.bytes_(b"x"), np.timedelta64(3, "s")]),
    "spiteful": lambda rng, n: mixed(rng, n, list(words(rng, n, 1, 2)), [Spiteful(some(rng, 1, SPITES)[0])], 0.2),
    "only spiteful": lambda rng, n: [Spiteful(how) for how in few(rng, n, SPITES, 2)],
    "everything": lambda rng, n: [
        (None, 1, 2.5, "a", True, b"b", [1], {"k": 1}, (2,), datetime.date(2020, 1, 1), pd.NaT, 10**30, 1j, Plain(),
         decimal.Decimal("2.5"), np.float64("nan"), pd.Timestamp("2020", tz="UTC"))[int(rng.integers(17))]
        for _ in range(n)
    ],
}
# fmt: on

# Columns that a target is taken from three times in four, so that more than refusals come out.
TARGETS = ("floats", "small ints", "bool", "levels", "truths", "floats32", "nullable", "amounts", "categories", "words")

NAMES: tuple[Any, ...] = (
    "", " ", "y", "y", "index", "level_0", "x0", "target", "class", "text", "image", "date", "id", "a b", "a.b", "a/b",
    "a=b,c=d",
    "$(touch pwned)", "`id`", "--target", "'", '"', "\\", "a\nb", "a\tb", "\x1b[31m", "\u202e", "\x00", "é", "Ω", "🎉",
    "n" * 3000,
    "\ud800", "$array", "$tuple", "{x}", "{{x}}", "%s", "[x]", "<b>", "__class__", "None", "nan", "NaN", "True", "0",
    "1.0", "self",
    0, 1, -1, 1.5, None, float("nan"), True, ("a", "b"), ("a",), b"bytes", pd.Timestamp("2020"), pd.NaT, Plain(),
    2**70, 1j, int,
)  # fmt: skip


def name(rng: np.random.Generator, place: int) -> Any:
    """A column's name: usual three times in four."""
    return f"c{place}" if rng.random() < 0.75 else NAMES[int(rng.integers(len(NAMES)))]
