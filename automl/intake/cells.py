"""Text cells → numbers where every cell is one, text elsewhere; what counts as missing is decided here, and said."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from automl.intake.number_blocks import MOST_ROWS, plain_numbers, without_look
from automl.intake.raw import Hints, listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["typed_frame"]

MISSING = frozenset(
    ["#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
     "NaN", "None", "n/a", "nan", "null", "?"]
)  # fmt: skip
"""Words read as missing: those of pandas, and the "?" of the UCI archive."""
AMONG_NUMBERS = frozenset(["-", "--", ".", "*"])
"""Further signs for missing where all other cells of a column are numbers."""
BOOLEANS = frozenset(["true", "false", "yes", "no", "y", "n", "t", "f", "0", "1"])
NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([T ].*)?")
SAMPLE = 500


def typed_frame(
    table: pa.Table, names: list[str], delimiter: str, hints: Hints
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """A table of text as a frame of numbers and text.

    A column becomes numbers only if nothing is lost: not with leading zeros ("00123"), nor with whole numbers too
    long for 64 bits. "NA" stays a value among two-letter codes, "None" among categories; both are reported.

    Args:
        table: text columns, in the order of `names` (which may repeat).
        delimiter: of the file; decimal commas are only looked for where it is not a comma itself.
    """
    import pandas as pd

    columns = table.columns
    untyped = [i for i, name in enumerate(names) if name not in hints.text]
    plain = plain_numbers(columns, untyped, MISSING | AMONG_NUMBERS)
    looked = untyped if delimiter == "," else range(len(names))
    samples = {i: _sample(columns[i]) for i in looked if i not in plain}
    if delimiter != "," and any(map(_may_have_commas, samples.values())):
        plain, samples = {}, {i: _sample(column) for i, column in enumerate(columns)}
    comma = delimiter != "," and _has_decimal_commas(list(samples.values()), delimiter)
    as_written = without_look(columns, [i for i in range(len(names)) if i not in plain], MISSING)
    gone: dict[str, dict[str, int]] = defaultdict(dict)
    odd_words: dict[str, list[str]] = defaultdict(list)
    made: dict[int, Any] = {}
    with_comma = []
    for i, (name, column) in enumerate(zip(names, columns, strict=True)):
        if i in plain:
            made[i] = plain[i].values
            for word, count in plain[i].words.items():
                gone[word][name] = count
            continue
        words: Counter[str] = Counter()
        numbers = None if name in hints.text else _numbers(column, samples[i], comma, words)
        if numbers is not None and comma and any("," in cell for cell in samples[i]):
            with_comma.append(name)
        if numbers is None:
            words.clear()
            numbers = column if i in as_written else _text(column, name in hints.words, words, odd_words, name)
        for word, count in words.items():
            gone[word][name] = count
        made[i] = numbers.to_pandas().array
    # of short tables one block of each type: a block a column takes longer at every use
    frame = pd.DataFrame(made, copy=table.num_rows <= MOST_ROWS)
    frame.columns = pd.Index(names)
    return frame, _said(gone, odd_words, with_comma)


def _may_have_commas(sample: list[str]) -> bool:
    """Whether a column may be written with decimal commas."""
    return any("," in cell for cell in sample) and all(map(COMMA_NUMBER.fullmatch, sample))


def _said(
    gone: dict[str, dict[str, int]], odd_words: dict[str, list[str]], with_comma: list[str]
) -> tuple[Finding, ...]:
    findings = []
    for word, where in gone.items():
        count = sum(where.values())
        message = f"{word!r} was read as missing in {count} cells of {listed(where, 5)}."
        step = "If it is a value of its own, write it differently."
        findings.append(Finding("missing_words", "low", message, step, columns=tuple(where), count=count))
    for word, columns in odd_words.items():
        message = f"{word!r} was kept as a value, not read as missing, in {listed(columns, 5)}."
        step = "If it stands for missing, leave these cells empty."
        findings.append(Finding("kept_words", "low", message, step, columns=tuple(columns), count=len(columns)))
    if with_comma:
        message = f"Numbers with a decimal comma were read in {listed(with_comma, 5)}."
        step = "If the comma parts thousands, write these numbers without it."
        findings.append(
            Finding("decimal_comma", "low", message, step, columns=tuple(with_comma), count=len(with_comma))
        )
    return tuple(findings)


def _sample(column: pa.ChunkedArray) -> list[str]:
    """Up to 500 cells from the whole length of a column that are neither empty nor a word for missing."""
    import numpy as np

    n_rows = len(column)
    places = np.linspace(0, n_rows - 1, min(n_rows, 2 * SAMPLE)).astype("int64")
    cells = [cell.strip() for cell in column.take(places).to_pylist() if cell]
    found = [cell for cell in cells if cell and cell not in MISSING and cell not in AMONG_NUMBERS]
    if found:
        return found[:SAMPLE] if n_rows > 2 * SAMPLE else found
    if n_rows <= 2 * SAMPLE:
        return []
    distinct = [cell.strip() for cell in column.unique().to_pylist() if cell]
    return [cell for cell in distinct if cell and cell not in MISSING and cell not in AMONG_NUMBERS][:SAMPLE]


def _has_decimal_commas(samples: list[list[str]], delimiter: str) -> bool:
    """Whether the file writes 3,5 for three and a half.

    A comma followed by other than three digits says so. Three digits alone may be thousands: behind ';' they are
    still read as decimals unless another column has points as decimals.
    """
    fitting = [sample for sample in samples if _may_have_commas(sample)]
    if not fitting:
        return False
    strong = re.compile(r"[+-]?(0\d*|\d{4,}),\d+|.*,(\d{1,2}|\d{4,})([eE].*)?")
    if any(strong.fullmatch(cell) for sample in fitting for cell in sample):
        return True
    points = any(
        all(map(NUMBER.fullmatch, sample)) and any("." in cell for cell in sample) for sample in samples if sample
    )
    return delimiter == ";" and not points


def _numbers(column: pa.ChunkedArray, sample: list[str], comma: bool, words: Counter[str]) -> Any:
    """The column as int64 or float64, or None if it is not wholly numbers or would lose something."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = NUMBER
    if comma and sample and all(map(COMMA_NUMBER.fullmatch, sample)):
        thousands = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
        if any("," in cell for cell in sample) or all(map(thousands.fullmatch, sample)):
            pattern = COMMA_NUMBER
    if not all(map(pattern.fullmatch, sample)):
        return None
    cells = _without(column, MISSING | AMONG_NUMBERS, words)
    if pattern is COMMA_NUMBER:
        cells = pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", ".")
    pointed = any("." in cell or "e" in cell.lower() or "n" in cell.lower() for cell in sample)
    try:
        return _cast(cells, pointed and pattern is NUMBER)
    except pa.ArrowInvalid:
        words.clear()
    cells = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"^\+", "")  # " 7", "+7": rare, so second
    if pattern is COMMA_NUMBER:
        cells = pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", ".")
    try:
        return _cast(_without(cells, MISSING | AMONG_NUMBERS, words), pointed and pattern is NUMBER)
    except pa.ArrowInvalid:
        return None


def _cast(cells: pa.ChunkedArray, pointed: bool) -> Any:
    """Text as int64 (if no cell has a point) or float64; None if that would lose something.

    Raises:
        pyarrow.ArrowInvalid: some cell is no number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pointed:
        return pc.cast(cells, pa.float64())
    padded = pc.match_substring_regex(cells, r"^[+-]?0[0-9]+$")
    if pc.any(padded).as_py():
        return None
    try:
        whole = pc.cast(cells, pa.int64())
    except pa.ArrowInvalid:
        if pc.any(pc.match_substring_regex(cells, r"^[+-]?[0-9]{17,}$")).as_py():
            return None
        return pc.cast(cells, pa.float64())
    # Missing cells make pandas hold whole numbers as floats, exact up to 2 ** 53 only.
    extremes = pc.min_max(whole).as_py()
    largest = max(abs(extremes["min"] or 0), abs(extremes["max"] or 0))
    return None if whole.null_count and largest > 2**53 else whole


def _without(cells: pa.ChunkedArray, missing: frozenset[str], words: Counter[str]) -> Any:
    """Cells with empty ones and words for missing as null; counts the words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    gone = pc.is_in(cells, value_set=pa.array(["", *sorted(missing)], cells.type))
    if not pc.any(gone).as_py():
        return cells
    for entry in pc.value_counts(pc.filter(cells, gone)).to_pylist():
        if entry["values"]:
            words[entry["values"]] += entry["counts"]
    return pc.if_else(gone, pa.scalar(None, cells.type), cells)


def _text(column: pa.ChunkedArray, keep: bool, words: Counter[str], odd_words: dict[str, list[str]], name: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    indented = pc.starts_with(column, " ")
    if pc.any(indented).as_py():
        column = pc.if_else(pc.match_substring_regex(column, r"^\s+$"), pa.scalar("", column.type), column)
        if pc.all(pc.or_(indented, pc.equal(column, ""))).as_py():
            column = pc.utf8_ltrim(column, characters=" ")  # the file is delimited by ", "
    missing = set(MISSING)
    ambiguous = pa.array(["NA", "None"], column.type)
    if keep:
        missing -= {"NA", "None"}
    elif pc.any(pc.is_in(column, value_set=ambiguous)).as_py():
        distinct = set(column.unique().to_pylist())
        for word in sorted({"NA", "None"} & distinct):
            if _is_value(word, distinct - MISSING - {""}):
                missing.discard(word)
                odd_words[word].append(name)
    return _without(column, frozenset(missing), words)


def _is_value(word: str, others: set[str]) -> bool:
    """Whether a word that may stand for missing is rather a value among these others.

    "NA" is a value among at least five others that are nearly all two capital letters (Namibia, North America).
    "None" is one among at most fifty categories that are neither yes/no, nor numbers, nor dates.
    """
    if word == "NA":
        codes = sum(re.fullmatch(r"[A-Z]{2}", other) is not None for other in others)
        return len(others) >= 5 and codes >= 0.9 * len(others)
    if not 1 <= len(others) <= 50 or {other.strip().lower() for other in others} <= BOOLEANS:
        return False
    plain = sum(bool(NUMBER.fullmatch(other.strip()) or DATE.fullmatch(other.strip())) for other in others)
    return plain < 0.5 * len(others)
