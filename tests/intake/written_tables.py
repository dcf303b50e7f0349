"""One clean table as many programs would write it: dialects, headers, encodings, and what stands around the rows."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd

TALES = {
    "latin": (
        ("area", "rooms", "city", "day", "note", "sold"), ("Köln", "Málaga", "Besançon", "Århus"),
        ("sehr schön, groß", 'das "Café" am Eck', "près de l'église", "tranquilo y soleado", "años después"),
    ),
    "ascii": (
        ("area", "rooms", "city", "day", "note", "sold"), ("Kiel", "Bonn", "Ulm"),
        ("quiet, bright", 'the "old" house', "needs work", "near the station; cheap", "sea | view"),
    ),
    "japanese": (
        ("面積", "部屋数", "都市", "日付", "備考", "売却"), ("東京", "大阪", "京都", "札幌"),
        ("駅から近い, 静かな部屋です", 'とても"広い"家', "日当たりが良い", "リフォーム済み", "庭があります"),
    ),
    "simplified": (
        ("面积", "房间数", "城市", "日期", "备注", "成交"), ("北京", "上海", "广州", "成都"),
        ("离地铁站很近, 安静", '非常"大"的房子', "阳光充足", "已经装修", "有花园"),
    ),
    "traditional": (
        ("面積", "房間數", "城市", "日期", "備註", "成交"), ("臺北", "高雄", "臺中", "新竹"),
        ("離捷運站很近, 安靜", '非常"大"的房子', "陽光充足", "已經裝修", "有花園"),
    ),
    "russian": (
        ("площадь", "комнаты", "город", "дата", "заметка", "продано"), ("Москва", "Казань", "Тула", "Омск"),
        ("рядом с метро, тихо", 'очень "большой" дом', "солнечная сторона", "нужен ремонт", "есть сад"),
    ),
}  # fmt: skip
"""By script: names of columns, words that come back, texts."""

CODECS = {
    "latin": ("utf-8", "utf-8-sig", "utf-16", "cp1252"),
    "ascii": ("utf-8", "utf-8-sig", "utf-16-le"),
    "japanese": ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932", "euc_jp"),
    "simplified": ("utf-8", "utf-16", "gb18030"),
    "traditional": ("utf-8", "utf-16", "big5"),
    "russian": ("utf-8", "utf-8-sig", "utf-16-be", "cp1251", "koi8-r"),
}
DELIMITERS = (",", ";", "\t", "|")
QUOTINGS = ("needed", "all", "words")
ESCAPES = ("doubled", "backslash", "bare")
HEADERS = ("plain", "hash", "none", "row names", "units", "again")
LEADS = ("nothing", "title", "padded title", "comments", "slashes", "percent", "sep", "blank")
TAILS = ("nothing", "blank", "total", "source", "count")


@dataclass(frozen=True)
class Written:
    """How a table is written. The defaults are a plain CSV."""

    script: str = "ascii"
    codec: str = "utf-8"
    delimiter: str = ","
    quoting: str = "needed"
    escape: str = "doubled"
    quote: str = '"'
    line_end: str = "\n"
    header: str = "plain"
    lead: str = "nothing"
    tail: str = "nothing"
    trailing_delimiter: bool = False
    n_rows: int = 60
    seed: int = 0

    @property
    def special(self):
        """What differs from a plain CSV."""
        plain = Written()
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != getattr(plain, f.name)}


@dataclass(frozen=True)
class Table:
    names: list
    rows: list = field(repr=False)


def table(how):
    """Names and rows of cells; a number is a float or an int, all others are texts, None is missing."""
    rng = np.random.default_rng(how.seed)
    names, cities, notes = TALES[how.script]
    rows = []
    for i in range(how.n_rows):
        note = str(rng.choice(notes)) + (f" {i}" if i % 3 else "")
        if i % 7 == 2:
            note = note + "\n" + str(rng.choice(notes))
        area, rooms = round(float(rng.normal(50, 10)), 2), int(rng.integers(1, 9))
        rows.append([
            None if i % 11 == 5 else area, rooms, str(rng.choice(cities)),
            f"2024-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}", note, "yes" if area + 5 * rooms > 72 else "no",
        ])  # fmt: skip
    return Table(list(names), rows)


def random_ways(n_ways, seed=0):
    """Ways to write the table, with one to four traits each, drawn at random."""
    rng = np.random.default_rng(seed)
    scripts = list(TALES)
    for i in range(n_ways):
        script = scripts[int(rng.integers(len(scripts)))]
        how = Written(script=script, codec=str(rng.choice(CODECS[script])), seed=i, n_rows=int(rng.integers(12, 90)))
        traits = {
            "delimiter": DELIMITERS, "quoting": QUOTINGS, "escape": ESCAPES, "quote": ('"', "'"),
            "line_end": ("\n", "\r\n"), "header": HEADERS, "lead": LEADS, "tail": TAILS, "trailing_delimiter": (True,),
        }  # fmt: skip
        for name in rng.choice(list(traits), size=int(rng.integers(1, 5)), replace=False):
            options = traits[str(name)]
            how = replace(how, **{str(name): options[int(rng.integers(len(options)))]})
        yield sensible(how)


def sensible(how):
    """Without what no program would write together."""
    if how.header == "row names" and (how.trailing_delimiter or how.escape == "bare"):
        how = replace(how, header="plain")
    if how.quote == "'" and how.escape == "bare":
        how = replace(how, quote='"')
    if how.header == "hash" and how.lead in ("slashes", "percent", "sep"):
        how = replace(how, lead="nothing")
    return how


def written(how):
    """The table's bytes, and the names that it should be read with."""
    whole = table(how)
    names = {"none": [f"x{i}" for i in range(len(whole.names))], "row names": ["row_name", *whole.names]}
    lines = [_line([_cell(cell, how, i == 4) for i, cell in enumerate(row)], how) for row in whole.rows]
    if how.header == "row names":
        lines = [how.quote + f"r{i + 1}" + how.quote + how.delimiter + line for i, line in enumerate(lines)]
    head = _line([_cell(name, how, False) for name in whole.names], how)
    if how.header == "again":
        lines.insert(len(lines) // 3, head)
        lines.insert(2 * len(lines) // 3, head)
    if how.header == "hash":
        head = "# " + head
    units = [head, _line(["m2", "", "", "", "", ""], how)] if how.header == "units" else [head]
    text = how.line_end.join([*_lead(how), *([] if how.header == "none" else units), *lines, *_tail(how), ""])
    return text.encode(how.codec), names.get(how.header, whole.names)


def _line(cells, how):
    return how.delimiter.join(cells) + (how.delimiter if how.trailing_delimiter else "")


def _cell(value, how, is_text):
    """One cell as text; `is_text` marks the free texts, where a line may end."""
    if value is None:
        return ""
    text = str(value).replace("\n", how.line_end) if how.escape != "bare" else str(value).replace("\n", " ")
    if how.escape == "bare":  # no quotes at all: what would delimit is escaped
        return text.replace("\\", "\\\\").replace(how.delimiter, "\\" + how.delimiter)
    inner = text.replace(how.quote, how.quote * 2)
    if how.escape == "backslash":
        inner = text.replace("\\", "\\\\").replace(how.quote, "\\" + how.quote)
    needs = any(mark in text for mark in (how.delimiter, how.quote, "\n", "\r"))
    wanted = how.quoting == "all" or (how.quoting == "words" and isinstance(value, str))
    return how.quote + inner + how.quote if needs or wanted else text


def _lead(how):
    d = how.delimiter * 5
    return {
        "title": ["Houses of 2024", "exported by hand", ""], "padded title": [f"Houses of 2024{d}", d],
        "comments": ["# made by our tool, version 2", "# all prices, areas; in the usual units"],
        "slashes": ["// made by our tool"], "percent": ["% made by our tool", "%"], "sep": [f"sep={how.delimiter}"],
        "blank": ["", "", ""],
    }.get(how.lead, [])  # fmt: skip


def _tail(how):
    d = how.delimiter
    return {
        "blank": ["", ""], "total": [f"Total{d}312{d}{d}{d}{d}"],
        "source": ["", "Source: our own survey. All rights reserved."], "count": [f"({how.n_rows} rows)"],
    }.get(how.tail, [])  # fmt: skip


# --------------------------------------------------------------------------- what came back


def judged(how, read):
    """ "right", "refused" or "wrong: ..." of what a reader makes of a table.

    Args:
        how: it was written.
        read: from bytes to a frame of inputs; raises DataError where it refuses.
    """
    from automl.errors import DataError

    data, names = written(how)
    try:
        frame = read(data)
    except DataError as error:
        return f"refused: {error}"
    if list(frame.columns) != names:
        return f"wrong names: {list(frame.columns)}"
    rows = table(how).rows
    if len(frame) != len(rows):
        return f"wrong number of rows: {len(frame)} for {len(rows)}"
    first = 1 if how.header == "row names" else 0
    for place in range(6):
        own = [_plain(cell) for cell in frame.iloc[:, first + place].tolist()]
        true = [_plain(row[place], how) for row in rows]
        if own != true:
            odd = next((a, b) for a, b in zip(own, true, strict=True) if a != b)
            return f"wrong cells of {names[first + place]}: {odd[0]!r} for {odd[1]!r}"
    return "right"


def _plain(value, how=None):
    if value is None or value != value:
        return None
    if isinstance(value, str):
        value = value.replace("\r\n", "\n")
        return value.replace("\n", " ") if how is not None and how.escape == "bare" else value
    return float(value)


# --------------------------------------------------------------------------- plain tables that are made to confuse

CONFUSING = (
    "area", "rooms", "city", "price", "sold", "note", "class", "total", "sum", "mean", "source", "date", "year", "id",
    "male", "a", "b", "x1", "#tag", "%share", "unit", "average", "report", "yes", "no", "NA", "2019",
)  # fmt: skip
PIECES = ("good", "bad, really", '"quoted"', "it's", "# no", "Total: 3", "(see)", "a\nb", "10%", "C:\\dir", "\\n")


def plain_tables(n_tables, seed=0):
    """Frames of one to six columns, and as text as pandas writes them."""
    for i in range(n_tables):
        rng = np.random.default_rng((seed, i))
        n_rows, names = int(rng.integers(2, 60)), rng.choice(CONFUSING, int(rng.integers(1, 7)), replace=False)
        frame = pd.DataFrame({str(name): _confusing(rng, n_rows) for name in names})
        yield (
            frame,
            frame.to_csv(
                index=False, sep=str(rng.choice(DELIMITERS)), quoting=int(rng.integers(3)), lineterminator="\n"
            ),
        )


def _confusing(rng, n_rows):
    def drawn(*values):
        return rng.choice(values, n_rows)

    makers = (
        lambda: rng.normal(size=n_rows).round(3), lambda: rng.integers(0, 10, n_rows), lambda: drawn(0, 1),
        lambda: rng.integers(0, 10**6, n_rows), lambda: drawn("red", "green", "dark blue"), lambda: drawn("yes", "no"),
        lambda: [f"word{number}" for number in rng.integers(0, 10**6, n_rows)], lambda: drawn("a", "b", "c", "d"),
        lambda: pd.date_range("2020-01-01", periods=n_rows).strftime("%Y-%m-%d"),
        lambda: [" ".join(rng.choice(PIECES, rng.integers(1, 6))) for _ in range(n_rows)],
        lambda: np.where(rng.random(n_rows) < 0.5, np.nan, rng.normal(size=n_rows).round(2)),
        lambda: drawn("Total", "North", "South"), lambda: [f"{kilos:.1f} kg" for kilos in rng.normal(50, 10, n_rows)],
        lambda: np.where(rng.random(n_rows) < 0.9, None, "x"),
    )  # fmt: skip
    return makers[int(rng.integers(len(makers)))]()
