"""Column kinds: each rule on what it must and must not claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.detect.columns.convert import typed
from automl.detect.columns.kinds import column
from automl.detect.columns.rules import RULES

RNG = np.random.default_rng(0)
N = 200


def strings(values: list[object]) -> pd.Series:
    return pd.Series([values[i % len(values)] for i in range(N)], dtype=object)


SENTENCES = pd.Series([f"the {i} dog ran over hill number {i * 7} and came back" for i in range(N)])
CASES: list[tuple[str, pd.Series, str]] = [
    ("empty", pd.Series([None] * N, dtype=object), "constant"),
    ("country", strings(["UK"]), "constant"),
    ("passenger_id", pd.Series(RNG.permutation(N) + 500), "identifier"),
    ("CustomerId", pd.Series([f"C-{i:05d}" for i in range(N)]), "identifier"),
    ("uuid", pd.Series([f"{i:08x}-1b2c-4d3e-9f00-{i:012x}" for i in range(N)]), "identifier"),
    ("whatever", pd.Series([f"{i:08x}-1b2c-4d3e-9f00-{i:012x}" for i in range(N)]), "identifier"),
    ("n", pd.Series(np.arange(N)), "identifier"),
    ("weight", pd.Series(RNG.normal(size=N)), "numeric"),
    ("id", pd.Series(RNG.normal(size=N)), "numeric"),
    ("amount", pd.Series(RNG.permutation(N * 10)[:N]), "numeric"),
    ("smokes", strings(["yes", "no"]), "boolean"),
    ("smokes", strings(["Y", "n"]), "boolean"),
    ("flag", strings([1, 0]), "boolean"),
    ("flag", pd.Series(RNG.random(N) < 0.5), "boolean"),
    ("flag", strings(["TRUE", "FALSE", None]), "boolean"),
    ("sex", strings(["male", "female"]), "categorical"),
    ("band", strings(["(0, 2]", "(2, 4]", "(4, 10]"]), "categorical"),
    ("band", strings(["[0.5, 2.5)", "[2.5, 4.5)", "[4.5, 10.0)"]), "categorical"),
    ("when", strings(["2020-01-31", "2021-02-03", "2020-11-30"]), "datetime"),
    ("when", strings(["31/01/2020", "03/02/2021"]), "datetime"),
    ("when", strings(["Jan 5, 2020", "6 March 2021"]), "datetime"),
    ("month", strings(["1949-01", "1949-02"]), "datetime"),
    ("date", strings([20200131, 20210203, 20201130]), "datetime"),
    ("created_at", pd.Series(1_600_000_000 + np.arange(N) * 977), "datetime"),
    ("year", strings([1999, 2001, 2010]), "numeric"),
    ("price", strings(["$1,200", "$85", "$3.50"]), "embedded_number"),
    ("followers", strings(["1.2k", "85", "3M", "700"]), "embedded_number"),
    ("share", strings(["85 %", "7 %", "12.5 %"]), "embedded_number"),
    ("temperature", strings(["21,5 °C", "7,25 °C", "-3,0 °C"]), "embedded_number"),
    ("size", strings(["1.5", "2", "NA", "-", "30"]), "numeric"),
    ("size", strings(["1,5", "2,25", "30,125"]), "numeric"),
    ("size", strings(["1,500", "22,250", "1,030,125"]), "numeric"),
    ("zip", strings([90210, 10001, 60601]), "categorical"),
    ("code", strings(["00123", "04561", "99999"]), "categorical"),
    ("grade", strings(["A1", "B2", "C3"]), "categorical"),
    ("clarity", strings(["SI1", "VS2", "VVS1"]), "categorical"),
    ("genre", strings(["Drama, Comedy", "Drama", "Comedy, Crime", "Crime, Drama, War"]), "list"),
    ("tags", strings(["a|b", "b|c|d", "d", "a|d"]), "list"),
    ("tags", strings([["p", "q"], ["q"]]), "list"),
    ("tags", strings(['["p", "q"]', '["q"]', "[]"]), "list"),
    ("site", pd.Series([f"https://example.org/{i}" for i in range(N)]), "url"),
    ("path", pd.Series([f"cats/{i}.JPG" for i in range(N)]), "image_path"),
    ("remark", SENTENCES, "text"),
    ("id", SENTENCES, "text"),
    (
        "名",
        pd.Series(
            [f"{chr(0x4E00 + i)}这是一个没有空格的很长的中文句子其中每一行都不同于其他所有的行{i}" for i in range(N)]
        ),
        "text",
    ),
]


@pytest.mark.parametrize(("name", "series", "kind"), CASES, ids=[f"{n}-{k}-{i}" for i, (n, _, k) in enumerate(CASES)])
def test_a_column_is_what_its_values_say(name: str, series: pd.Series, kind: str) -> None:
    found = column(name, series)

    assert kind == found.kind, found.evidence
    assert 0.0 < found.confidence <= 1.0
    assert found.evidence


def test_every_rule_but_the_last_can_say_no() -> None:
    kinds = {column(name, series).kind for name, series, _ in CASES}

    assert {"constant", "identifier", "boolean", "datetime", "categorical", "numeric", "list", "text"} <= kinds
    assert RULES[-1].__name__ == "unknown"


def test_words_that_never_come_back_and_are_no_text_are_unknown() -> None:
    words = ["".join(RNG.choice(list("abcdefghij"), 6)) for _ in range(N)]

    assert column("x", pd.Series(words)).kind == "unknown"


@pytest.mark.parametrize(
    ("texts", "day_first", "evidence"),
    [
        (["01/02/2020", "25/12/2020"], True, "day first"),
        (["01/02/2020", "12/25/2020"], False, "month first"),
        (["01/02/2020", "03/04/2020"], False, "no day above 12"),
        (["01.02.2020", "03.04.2020"], True, "no day above 12"),
        (["13/02/2020", "14/02/2020", "02/15/2020"], True, "both orders"),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_whole_column(
    texts: list[str], day_first: bool, evidence: str
) -> None:
    found = column("d", pd.Series(texts))

    assert found.reading["day_first"] is day_first
    assert evidence in found.evidence


def test_one_decisive_date_beyond_the_sample_still_decides_the_order() -> None:
    series = pd.Series(["01/02/2020", "03/04/2020"] * 10_000 + ["25/12/2020"])

    assert column("d", series).reading == {"day_first": True}


def test_evidence_counts_what_was_sampled() -> None:
    values = [f"{i % 28 + 1:02d}/01/2020" for i in range(9_700)] + ["soon"] * 300

    found = column("d", pd.Series(values))

    assert "of 1,000 sampled values parse as dates, day first" in found.evidence
    assert 0.95 <= found.confidence < 1.0


def test_the_same_column_gives_the_same_answer() -> None:
    series = pd.Series(RNG.choice(["a", "b", "3", "4.5", "$5"], 50_000))

    assert column("x", series) == column("x", series.copy())


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        (["$1,200", "-$85", "($3.50)"], "$", [1200.0, -85.0, -3.5]),
        (["21,5 °C", "-7,25 °C"], "°C", [21.5, -7.25]),
        (["1.2k", "3M", "700"], "", [1200.0, 3e6, 700.0]),
        (["€ 1.200,50", "€ 85,25"], "€", [1200.5, 85.25]),
    ],
)
def test_an_embedded_number_keeps_its_unit_and_value(values: list[str], unit: str, expected: list[float]) -> None:
    series = pd.Series(values)
    found = column("x", series)

    assert ("embedded_number", unit) == (found.kind, found.reading["unit"])
    np.testing.assert_allclose(expected, typed(series, found))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("date", "datetime"), ("hireDate", "datetime"), ("order_dates", "datetime"), ("salary_at_hire_date", "numeric"),
        ("price_on_date", "numeric"), ("balance_to_date", "numeric"), ("sales_date", "numeric"), ("day", "numeric"),
    ],
)  # fmt: skip
def test_whole_numbers_are_a_spreadsheets_days_only_where_the_name_says_a_date_and_nothing_else(
    name: str, kind: str
) -> None:
    assert column(name, pd.Series(RNG.integers(26_000, 55_000, N))).kind == kind


def test_several_units_are_not_one_number() -> None:
    assert column("x", strings(["5 kg", "3 boxes", "3 kWh", "8 m"])).kind != "embedded_number"


@pytest.mark.parametrize("kind", ["numeric", "categorical", "boolean", "datetime", "text", "list", "embedded_number"])
def test_a_kind_set_by_the_user_is_believed_and_readable(kind: str) -> None:
    found = column("x", strings(["1", "0", "2"]), kind)

    assert (kind, 1.0, "set by you") == (found.kind, found.confidence, found.evidence)
    assert len(typed(strings(["1", "0"]), found)) == N


def test_thousands_of_levels_that_come_back_are_categories_though_a_sample_shows_each_once() -> None:
    rng = np.random.default_rng(0)
    codes = pd.Series([f"sku{i}" for i in rng.integers(0, 5_000, 40_000)])
    assert column("product", codes).kind == "categorical"


def test_years_that_no_time_stamp_holds_are_no_dates():
    """Dates of the years 14 and 15 were read as dates, and then as missing in every row."""
    cells = [f"00{14 + i % 2}-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:{i % 60:02d}:00" for i in range(300)]
    frame = pd.DataFrame({"created": cells, "a": np.arange(300) % 7, "y": np.arange(300) % 2})
    (column,) = [one for one in automl.inspect(frame, "y").columns if one.name == "created"]
    assert column.kind != "datetime"
    late = pd.DataFrame({**frame, "created": [cell.replace("00", "20", 1) for cell in cells]})
    (column,) = [one for one in automl.inspect(late, "y").columns if one.name == "created"]
    assert column.kind == "datetime"
