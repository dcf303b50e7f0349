"""Columns as people really write them, each with the kind that a person would give and what its first cells say.

A `Nasty` holds a column's name, cells, kind, and the values that its first cells are read as (`first`: numbers, days as
texts, True and False, None for a gap), where that is worth a check. Short columns are repeated to `N` rows by the test.
All of it is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["COLUMNS", "N", "Nasty"]

N = 120


@dataclass(frozen=True, slots=True)
class Nasty:
    """A column and what a person would say of it."""

    name: str
    cells: list[Any]
    kind: str
    first: list[Any] | None = None
    reading: dict[str, Any] | None = None


def _some(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


_WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "kelp", "larch"),
    *("meadow", "north", "ocean", "pine", "quay", "reef"),
)


def _sentence(i: int) -> str:
    return " ".join(_some(i).choice(_WORDS, 9)).capitalize() + "."


AGES = [*(float(v) for v in _some(1).integers(18, 90, 110)), *[-999.0] * 10]
VISITS = [*(int(v) for v in _some(2).integers(0, 60, 110)), *[-1] * 10]
INCOME = [*(int(v) for v in _some(3).integers(900, 90_000, 105)), *[99_999_999] * 0, *[999_999] * 15]
CHILDREN = [0, 1, 2, 3, 1, 0, 2, 9, 0, 1]

COLUMNS: list[Nasty] = [
    # ------------------------------------------------------------------ numbers inside text
    Nasty("price", ["$1,200", "$85", "-$3.50", "($40.25)"], "embedded_number", [1200, 85, -3.5, -40.25]),
    Nasty("price", ["1.200,50 €", "85,00 €", "3,99 €"], "embedded_number", [1200.5, 85, 3.99], {"unit": "€"}),
    Nasty("prix", ["1 234,50 €", "12,00 €", "1 000 €"], "embedded_number", [1234.5, 12, 1000]),
    Nasty("salary", ["USD 85,000", "USD 120,500", "USD 64,250"], "embedded_number", [85000, 120500, 64250]),
    Nasty("salary", ["₹ 12,34,567", "₹ 8,50,000", "₹ 95,000"], "embedded_number", [1234567, 850000, 95000]),
    Nasty("lohn", ["CHF 4'500.50", "CHF 12'000.00"], "embedded_number", [4500.5, 12000]),
    Nasty("budget", ["$1.2M", "$850K", "$3.4B"], "embedded_number", [1.2e6, 8.5e5, 3.4e9]),
    Nasty("umsatz", ["1,2 Mio. €", "850 Tsd. €", "3,4 Mrd. €"], "embedded_number", [1.2e6, 8.5e5, 3.4e9]),
    Nasty("followers", ["1.2k", "85", "3M", "700"], "embedded_number", [1200, 85, 3e6, 700]),
    Nasty("share", ["85 %", "7%", "12.5 %"], "embedded_number", [85, 7, 12.5], {"unit": "%"}),
    Nasty("anteil", ["85,5 %", "7,25 %", "0,3 %"], "embedded_number", [85.5, 7.25, 0.3]),
    Nasty("rate", ["85%", "0.5", "12%", "0.07"], "embedded_number", [85, 50, 12, 7], {"unit": "%"}),
    Nasty("growth", ["+3.2%", "-1.5%", "0.0%"], "embedded_number", [3.2, -1.5, 0]),
    Nasty("profit", ["1,200", "(350)", "(1,000)", "75"], "embedded_number", [1200, -350, -1000, 75]),
    Nasty("replies", ["(12)", "(3)", "(140)"], "embedded_number", [12, 3, 140], {"brackets": "plain"}),
    Nasty("saldo", ["1200.50-", "300.00", "15.25-"], "embedded_number", [-1200.5, 300, -15.25]),
    Nasty("temperature", ["21,5 °C", "-7,25 °C", "3 °C"], "embedded_number", [21.5, -7.25, 3], {"unit": "°C"}),
    Nasty("speed", ["12 km/h", "85 km/h", "7.5 km/h"], "embedded_number", [12, 85, 7.5], {"unit": "km/h"}),
    Nasty("weight", ["1.5 kg", "800 g", "2 kg"], "embedded_number", [1.5, 0.8, 2], {"unit": "kg"}),
    Nasty("length", ["12 cm", "1.2 m", "350 mm", "8 cm"], "embedded_number", [12, 120, 35, 8], {"unit": "cm"}),
    Nasty("distance", ["5 km", "3 mi", "800 m", "4 km"], "embedded_number", [5, 4.828032, 0.8, 4]),
    Nasty("duration", ["90 min", "2 h", "45 min", "1.5 h", "30 min"], "embedded_number", [90, 120, 45, 90, 30]),
    Nasty("runtime", ["1h 30m", "2h", "45m", "1h 5m"], "embedded_number", [5400, 7200, 2700, 3900], {"unit": "s"}),
    Nasty("elapsed", ["0 days 00:20:00", "1 days 02:00:00"], "embedded_number", [1200, 93600]),
    Nasty("lap", ["1:23.456", "1:02.001", "0:59.900"], "embedded_number", [83.456, 62.001, 59.9]),
    Nasty("file size", ["512 KB", "1.5 MB", "2 GB", "10 MB"], "embedded_number", [0.512, 1.5, 2000, 10]),
    Nasty("height", ["5'11\"", "6'0\"", "5'7\""], "embedded_number", [71, 72, 67], {"unit": "in"}),
    Nasty("height", ["5 ft 11 in", "6 ft 0 in", "5 ft 7 in"], "embedded_number", [71, 72, 67]),
    Nasty("birthweight", ["7 lb 4 oz", "8 lb 0 oz", "6 lb 15.5 oz"], "embedded_number", [116, 128, 111.5]),
    Nasty("lat", ["51°30'36\"N", "33°51'36\"S"], "embedded_number", [51.51, -33.86], {"unit": "°"}),
    Nasty("tenure", ["2 years", "1 year", "10 years", "6 months"], "embedded_number", [2, 1, 10, 0.5]),
    Nasty("age", ["3 weeks", "1 day", "2 days", "1 week", "5 weeks"], "embedded_number", [3, 1 / 7, 2 / 7, 1, 5]),
    Nasty("rating", ["4.5 out of 5", "3 out of 5", "5 out of 5"], "embedded_number", [4.5, 3, 5]),
    Nasty("score", ["8/10", "7/10", "9.5/10"], "embedded_number", [8, 7, 9.5], {"unit": "/10"}),
    Nasty("mileage", ["19.67 kmpl", "26.6 km/kg", "18.2 kmpl", *["20.1 kmpl"] * 60], "embedded_number", [19.67, None]),
    Nasty("engine", ["1248 CC", "1498 CC", "998 cc"], "embedded_number", [1248, 1498, 998]),
    Nasty("population", ["≈3", "~12.5", "ca. 40", "about 7"], "embedded_number", [3, 12.5, 40, 7]),
    Nasty("ferritin", ["<0.5", "12.1", ">1000", "88", "3.2", "47"], "embedded_number", [0.5, 12.1, 1000, 88]),
    Nasty("income", ["<=50K", ">50K"], "categorical"),
    Nasty("installs", ["10,000+", "500+", "1,000,000+"], "embedded_number", [1e4, 500, 1e6]),
    Nasty("cups", ["1 1/2", "3/4", "2", "½"], "embedded_number", [1.5, 0.75, 2, 0.5]),
    # ------------------------------------------------------------------ plain numbers, oddly written
    Nasty("size", ["1,5", "2,25", "30,125", "7"], "numeric", [1.5, 2.25, 30.125, 7], {"decimal": ","}),
    Nasty("size", ["1.234,5", "22.250,75", "3,0"], "numeric", [1234.5, 22250.75, 3]),
    Nasty("size", ["1,500", "22,250", "1,030,125"], "numeric", [1500, 22250, 1030125]),
    Nasty("size", ["1 500", "22 250", "1 030 125"], "numeric", [1500, 22250, 1030125]),
    Nasty("size", ["1.5", "2", "NA", "-", "30", "n.a."], "numeric", [1.5, 2, None, None, 30, None]),
    Nasty("size", ["12", "tbd", "7", "not available", "9", "unknown", "3"], "numeric", [12, None, 7, None, 9, None, 3]),
    Nasty("size", ["#DIV/0!", "0.25", "0.5", "#REF!"], "numeric", [None, 0.25, 0.5, None]),
    Nasty("size", ["−4", "3.5", "−1.25"], "numeric", [-4, 3.5, -1.25]),
    Nasty("size", ["1E+03", "2.5E-02", "7E+00"], "numeric", [1000, 0.025, 7]),
    Nasty("size", [" 12 ", "7\t", "3.5"], "numeric", [12, 7, 3.5]),
    Nasty("mixed", [1, "2", 3.5, "4,000", None], "numeric", [1, 2, 3.5, 4000, None]),
    Nasty("age", AGES, "numeric", None, {"missing": [-999.0]}),
    Nasty("visits", VISITS, "numeric", None, {"missing": [-1.0]}),
    Nasty("income", INCOME, "numeric", None, {"missing": [999_999.0]}),
    Nasty("children", CHILDREN, "numeric", [0, 1, 2, 3, 1, 0, 2, 9], {}),
    Nasty("balance", [*range(-50, 60), *[-1] * 10], "numeric", None, {}),
    Nasty("change", [-1, 0, 1, 1, 0, -1, 0], "numeric", [-1, 0, 1], {}),
    Nasty("year", [1999, 2003, 2011, 2003], "numeric", [1999, 2003, 2011]),
    Nasty("level", ["1.0", "2.0", "2.5", "4.0"], "numeric", [1, 2, 2.5, 4]),
    Nasty("big", [str(10**15 + i * 7919) for i in range(N)], "numeric", [1e15]),
    # ------------------------------------------------------------------ yes and no
    Nasty("smokes", ["yes", "no", "YES", "No"], "boolean", [True, False, True, False]),
    Nasty("smokes", ["Y", "N", "yes", "no", "n"], "boolean", [True, False, True, False, False]),
    Nasty("raucher", ["ja", "nein", "k.A.", "Ja"], "boolean", [True, False, None, True]),
    Nasty("fumeur", ["oui", "non", "", "oui"], "boolean", [True, False, None, True]),
    Nasty("fuma", ["sí", "no", "sí"], "boolean", [True, False, True]),
    Nasty("done", ["✓", "✗", "✓", "✓"], "boolean", [True, False, True]),
    Nasty("ticked", ["x", "", "", "x", ""], "boolean", [True, False, False, True]),
    Nasty("ticked", ["X", None, None, "X"], "boolean", [True, False, False, True]),
    Nasty("power", ["on", "off", "ON"], "boolean", [True, False, True]),
    Nasty("flag", ["0", "1", "1"], "boolean", [False, True, True]),
    Nasty("flag", ["TRUE", "FALSE", "unknown", "TRUE"], "boolean", [True, False, None, True]),
    Nasty("flag", [True, False, None, True], "boolean", [True, False, None, True]),
    Nasty("flag", [1.0, 0.0, float("nan")], "boolean", [True, False, None]),
    Nasty("sex", ["M", "F", "F"], "categorical"),
    # ------------------------------------------------------------------ dates and times
    Nasty("when", ["31/01/2020", "03/02/2021"], "datetime", ["2020-01-31", "2021-02-03"], {"day_first": True}),
    Nasty("when", ["01/31/2020", "03/02/2021"], "datetime", ["2020-01-31", "2021-03-02"], {"day_first": False}),
    Nasty("when", ["2020-01-31", "31/01/2020", "Jan 31, 2020"], "datetime", ["2020-01-31"] * 3),
    Nasty("when", ["2020/1/5", "2020/12/31"], "datetime", ["2020-01-05", "2020-12-31"]),
    Nasty("when", ["5.1.2020", "31.12.20"], "datetime", ["2020-01-05", "2020-12-31"]),
    Nasty("datum", ["3. März 2021", "12. Dezember 2020"], "datetime", ["2021-03-03", "2020-12-12"]),
    Nasty(
        "date", ["3 mars 2021", "1er août 2020", "12 déc. 2020"], "datetime", ["2021-03-03", "2020-08-01", "2020-12-12"]
    ),
    Nasty("fecha", ["3 de marzo de 2021", "12 de enero de 2020"], "datetime", ["2021-03-03", "2020-01-12"]),
    Nasty("when", ["Monday, 2 March 2020", "Fri, 13 Nov 2020"], "datetime", ["2020-03-02", "2020-11-13"]),
    Nasty("when", ["31-JAN-20", "05-DEC-99"], "datetime", ["2020-01-31", "1999-12-05"]),
    Nasty("month", ["Jan-20", "Dec-19", "Mar-20"], "datetime", ["2020-01-01", "2019-12-01", "2020-03-01"]),
    Nasty("month", ["January 2020", "Dec 2019"], "datetime", ["2020-01-01", "2019-12-01"]),
    Nasty("month", ["01/2020", "12/2019"], "datetime", ["2020-01-01", "2019-12-01"]),
    Nasty("month", ["1949-01", "1949-12"], "datetime", ["1949-01-01", "1949-12-01"]),
    Nasty("quarter", ["2021-Q3", "2020Q1"], "datetime", ["2021-07-01", "2020-01-01"]),
    Nasty("quarter", ["Q3 2021", "Q1/2020"], "datetime", ["2021-07-01", "2020-01-01"]),
    Nasty("week", ["2021-W05", "2020-W53", "2021W06"], "datetime", ["2021-02-01", "2020-12-28", "2021-02-08"]),
    Nasty("week", ["KW 5 2021", "KW 53 2020"], "datetime", ["2021-02-01", "2020-12-28"]),
    Nasty(
        "stamp",
        ["2020-01-31T23:59:59Z", "2020-02-01T00:30:00+02:00"],
        "datetime",
        ["2020-01-31 23:59:59", "2020-01-31 22:30"],
    ),
    Nasty(
        "stamp",
        ["2020-01-31 10:00:00.123456", "2020-01-31 10:00:00"],
        "datetime",
        ["2020-01-31 10:00:00.123456", "2020-01-31 10:00"],
    ),
    Nasty("stamp", ["1/31/2020 5:07 PM", "12/1/2020 12:00 AM"], "datetime", ["2020-01-31 17:07", "2020-12-01 00:00"]),
    Nasty(
        "stamp",
        ["Wed Aug 27 13:08:45 +0000 2008", "Thu Aug 28 01:00:00 +0200 2008"],
        "datetime",
        ["2008-08-27 13:08:45", "2008-08-27 23:00:00"],
    ),
    Nasty("stamp", ["10/Oct/2000:13:55:36 -0700", "11/Oct/2000:00:00:01 -0700"], "datetime", ["2000-10-10 20:55:36"]),
    Nasty(
        "stamp",
        ["Tue, 15 Nov 1994 12:45:26 GMT", "Wed, 16 Nov 1994 08:49:37 EST"],
        "datetime",
        ["1994-11-15 12:45:26", "1994-11-16 13:49:37"],
    ),
    Nasty("date", [20200131, 20210203, 20201130], "datetime", ["2020-01-31", "2021-02-03", "2020-11-30"]),
    Nasty("order_date", [43861, 44230, 44165], "datetime", ["2020-01-31", "2021-02-03", "2020-11-30"]),
    Nasty("order_date", ["43861", "44230"], "datetime", ["2020-01-31", "2021-02-03"]),
    Nasty("time", [43861, 44230, 44165], "numeric", [43861, 44230, 44165]),
    Nasty("date", ["20200131", "20210203"], "datetime", ["2020-01-31", "2021-02-03"]),
    Nasty("created_at", [1_600_000_000 + 86_400 * i for i in range(N)], "datetime", ["2020-09-13 12:26:40"]),
    Nasty("timestamp", [1_600_000_000_000 + i for i in range(N)], "datetime", ["2020-09-13 12:26:40"]),
    Nasty("opens", ["09:30", "14:05", "23:59"], "datetime", ["1970-01-01 09:30"], {"clock": True}),
    Nasty(
        "opens",
        ["9:30 AM", "12:05 PM", "8 pm"],
        "datetime",
        ["1970-01-01 09:30", "1970-01-01 12:05", "1970-01-01 20:00"],
    ),
    Nasty("when", ["2020-01-31", "", "unknown", "2020-02-01", "tbd"], "datetime", ["2020-01-31", None, None]),
    Nasty("年月日", ["2020年1月31日", "2021年12月5日"], "datetime", ["2020-01-31", "2021-12-05"]),
    # ------------------------------------------------------------------ words that come back
    Nasty("zip", [90210, 10001, 60601, 94103], "categorical"),
    Nasty("plz", ["01067", "10115", "80331"], "categorical"),
    Nasty("clarity", ["SI1", "VS2", "VVS1", "IF"], "categorical"),
    Nasty("blood", ["A+", "B-", "AB+", "O-", "O+"], "categorical"),
    Nasty("age group", ["18-25", "26-35", "36-45", "65+"], "categorical"),
    Nasty("state", ["CA", "NY", "NA", "TX", "AL"], "categorical"),
    Nasty("shoe", ["S", "M", "L", "XL"], "categorical"),
    Nasty("currency", ["USD", "EUR", "GBP"], "categorical"),
    Nasty("answer", ["agree", "disagree", "neutral", "strongly agree"], "categorical"),
    Nasty("gauge", ["120/80", "130/85", "118/76", "140/90"], "categorical"),
    Nasty("seat", ["12A", "3B", "7C", "22F"], "categorical"),
    Nasty("version", ["1.0.2", "1.0.3", "2.11.0"], "categorical"),
    Nasty("ip", ["10.0.0.1", "10.0.0.7", "192.168.1.20"], "categorical"),
    Nasty("amount", ["5 kg", "3 boxes", "2 kWh", "8 m", "1 box", "7 kg"], "categorical"),
    Nasty("paid", ["$5", "€7", "£12", "$8", "€3"], "categorical"),
    Nasty("firma", ["Müller & Söhne", "Łódź S.A.", "Œuvre"], "categorical"),
    Nasty("gene", ["G/G", "A/G", "A/A"], "categorical"),
    # ------------------------------------------------------------------ lists
    Nasty("genre", ["Drama, Comedy", "Drama", "Comedy, Crime", "Crime, Drama, War"], "list", None, {"separator": ","}),
    Nasty("section", ["Sci/Tech", "World", "Sports"], "categorical"),
    Nasty("section", ["Food, Drink & Travel", "World", "Sports"], "categorical"),
    Nasty("tags", ["a|b", "b|c|d", "d", "a|d"], "list", None, {"separator": "|"}),
    Nasty("langs", ["en;de", "de", "fr;en;es", "es;de"], "list", None, {"separator": ";"}),
    Nasty("genre", ["Action/Adventure", "Action/Comedy", "Drama", "Adventure/Drama"], "list", None, {"separator": "/"}),
    Nasty("tags", ['["p", "q"]', '["q"]', "[]"], "list", None, {"separator": ","}),
    Nasty("tags", ["{red,blue}", "{blue}", "{green,red}"], "list", None, {"separator": ","}),
    Nasty("tags", [["p", "q"], ["q"], []], "list"),
    # ------------------------------------------------------------------ texts, names, addresses
    Nasty("review", [_sentence(i) for i in range(N)], "text"),
    Nasty("id", [_sentence(i) for i in range(N)], "text"),
    Nasty("site", [f"https://example.org/{i}?q={i * 3}" for i in range(N)], "url"),
    Nasty("photo", [f"img/{i:04d}.jpeg" for i in range(N)], "image_path"),
    # ------------------------------------------------------------------ names of rows, and nothing
    Nasty("customer_id", [f"C-{i:05d}" for i in range(N)], "identifier"),
    Nasty("uuid", [f"{i:08x}-1b2c-4d3e-9f00-{i * 77:012x}" for i in range(N)], "identifier"),
    Nasty("Unnamed: 0", list(range(N)), "identifier"),
    Nasty("passenger id", [int(v) for v in _some(5).permutation(N) + 500], "identifier"),
    Nasty("country", ["UK"], "constant"),
    Nasty("empty", [None], "constant"),
    Nasty("empty", ["n/a", "", "?"], "constant"),
    Nasty("gaps", [float("nan")], "constant"),
]
