"""Turns typed cells into the arrays that an exported model takes, in plain NumPy.

This file is written beside each exported model and needs nothing but Python and NumPy::

    import reader
    model = reader.open_export("exported")
    arrays = model.encode({"age": [39, None], "job": ["clerk", "nurse"], "since": ["2020-01-31", "2021-06-01 12:30"]})
    # give `arrays` to the model's file, then:
    labels = model.labels(outputs["labels"])

Cells are numbers for columns of kind "number", texts for "level" and "text", ISO 8601 texts without a zone or
datetime64 for "date", and true or false (or the column's own words for them) for "boolean". None, NaN, "" and times
before 1677-09-22 or after 2262-04-10 are gaps. ``docs/export.md`` describes ``preprocess.json``, from which all of this
is read.
"""

from __future__ import annotations

import json
import math
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Export", "open_export"]

Cells = Mapping[str, Any]
Spec = Mapping[str, Any]
TRUE, FALSE = {"true", "yes", "y", "t", "1", "1.0", "on"}, {"false", "no", "n", "f", "0", "0.0", "off"}
MOST_CHARACTERS = 10_000
HOST = re.compile(r"\s*(?:[a-z][a-z0-9+.\-]*:)?(?://)?(?:[^/?#@\s]*@)?(?:www\.)?([^/?#:\s]+)", re.IGNORECASE)
WORD, WORD_UP_TO_40 = re.compile(r"\w+"), re.compile(r"\w{1,40}")
MEMBERS = re.compile(r"[,;|/\n]")
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*|[^\w\s]|_+")
ZONED = re.compile(r"[T ]\d[\d:.]*([A-Z]|[+-]\d+(:\d+)?)$", re.IGNORECASE)
EARLIEST, LATEST = np.datetime64("1677-09-22", "s"), np.datetime64("2262-04-10", "s")
LONG_NUMBER = re.compile(r"\d{5,}")
MISSING_LEVEL = "\x00missing"
LONGEST_HEADER = 10_000
MAKERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {}
"""What makes features of shallow models, by the name in ``preprocess.json``; this file ends with those it needs."""


def open_export(folder: str | os.PathLike[str]) -> Export:
    """Read ``export.json``, ``preprocess.json`` and ``preprocess.npz`` of a folder."""
    folder = os.fspath(folder)

    def read(name: str) -> Any:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return json.load(file)

    preprocess = read("preprocess.json")
    arrays = _arrays(os.path.join(folder, "preprocess.npz"), preprocess["arrays"])
    return Export(read("export.json"), _with_arrays(preprocess, arrays))


def _arrays(path: str, known: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of ``preprocess.npz``; nothing is read of a file that holds others than ``preprocess.json`` says.

    Raises:
        ValueError: an array has another size, or is none of numbers.
    """
    if not known:
        return {}
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    for name, (shape, dtype) in known.items():
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if np.dtype(dtype).hasobject or not n_bytes <= sizes.pop(name + ".npy", -1) <= n_bytes + LONGEST_HEADER:
            raise ValueError(f"{path}: expected an array {name!r} of {n_bytes} bytes; export the model again")
    if sizes:
        raise ValueError(f"{path}: expected no array {', '.join(sizes)}; export the model again")
    with zipfile.ZipFile(path) as archive:
        for name, one in known.items():
            with archive.open(name + ".npy") as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file, LONGEST_HEADER)
            if [list(shape), dtype.str] != list(one):
                raise ValueError(f"{path}: its arrays are not those that preprocess.json names; export the model again")
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in known}


class Export:
    """What is known of an exported model.

    Attributes:
        manifest: the content of ``export.json``.
        preprocess: the content of ``preprocess.json``, its arrays filled in.
    """

    def __init__(self, manifest: Spec, preprocess: Spec) -> None:
        self.manifest, self.preprocess = manifest, preprocess

    def encode(self, cells: Cells) -> dict[str, np.ndarray]:
        """Arrays by the name of the model's input, ``(n, ...)`` each.

        Args:
            cells: by column, ``(n,)`` each; a dict of lists or a pandas frame. A column that lacks counts as empty.
                Arrays that the model takes as they are (pictures, series) by the name of the input, and those that
                features are made of by the name under "sources" in ``preprocess.json``.

        Raises:
            ValueError: there are no rows, columns differ in length, or a cell cannot be read.
        """
        inputs: Spec = self.preprocess["inputs"]
        made = {name: spec for name, spec in inputs.items() if spec["encoder"] in ENCODERS}
        columns = self.preprocess["columns"]
        typed = read_cells(cells, columns) if made or columns else {}
        features = {
            name: _features(cells, typed, self.preprocess, name) for name in self.preprocess.get("features", ())
        }
        arrays = {name: ENCODERS[spec["encoder"]](typed, spec) for name, spec in made.items()}
        for name, spec in inputs.items():
            if spec["encoder"] == "features":
                whole = features[spec["of"]]
                arrays[name] = whole if spec["part"] is None else whole[spec["part"]]
            elif name not in made:
                arrays[name] = _given(cells, name, spec)
        _check_lengths(arrays)
        dtypes = {one["name"]: one["dtype"] for one in self.manifest.get("inputs", ())}
        return {name: array.astype(dtypes.get(name, array.dtype), copy=False) for name, array in arrays.items()}

    def labels(self, codes: Any) -> list[Any]:
        """Class labels as `automl` returns them, from the model's output "labels" ``(n,)``."""
        return [self.manifest["labels"][int(code)] for code in np.asarray(codes).reshape(-1)]

    def outputs(self, raw: Sequence[Any]) -> dict[str, np.ndarray]:
        """What `automl` predicts, from the raw outputs of the networks in ``network-0.keras`` and so on.

        Only exports of format "keras" need it: in all others the model's file does this itself.

        Args:
            raw: an array ``(n, ...)`` of each network, in their order.
        """
        after = self.manifest["after"]
        parts = [decode(np.asarray(one, np.float64), after["codec"]) for one in raw]
        n = len(after["weights"])
        seeds = [_mean(parts[at : at + n], after["weights"]) for at in range(0, len(parts), n)]
        return decide(_mean(seeds, [1.0] * len(seeds)), after["decision"], after["several_labels"])


# --------------------------------------------------------------------------- cells


def read_cells(cells: Cells, columns: Sequence[Spec]) -> dict[str, np.ndarray]:
    """Typed cells by column: float64, datetime64[ns], or objects (texts and None).

    Args:
        cells: see `Export.encode`.
        columns: under "columns" in ``preprocess.json``.
    """
    given = {name: cells[name] for name in (c["name"] for c in columns) if name in cells}
    if not given:
        raise ValueError(f"expected columns of one length, got none of {', '.join(map(_name, columns))}")
    for name, values in given.items():
        if isinstance(values, str | bytes):
            raise ValueError(f"column {name!r}: expected a list of cells, got one text; put it into a list")
    _check_lengths(given)
    n = len(next(iter(given.values())))
    return {
        c["name"]: READ[c["cells"]](list(cells[c["name"]]) if c["name"] in cells else [None] * n, c) for c in columns
    }


def _check_lengths(given: Mapping[str, Any]) -> None:
    lengths = {name: len(values) for name, values in given.items()}
    if len({*lengths.values()}) > 1:
        raise ValueError(f"expected columns of one length, got {lengths}")
    if 0 in lengths.values():
        raise ValueError("expected rows, got none")


def _features(cells: Cells, typed: Cells, preprocess: Spec, name: str) -> Any:
    """Features of a shallow model: a matrix, or columns and weights."""
    spec = preprocess["features"][name]
    given = {column: typed[column] for column in spec["columns"]}
    for source in spec["sources"]:
        known = preprocess["sources"][source]
        given[source] = _given(cells, source if source in cells else known.get("as", source), known)
    _check_lengths(given)
    return MAKERS[spec["maker"]](given, spec["settings"])


def _given(cells: Cells, name: str, spec: Spec) -> np.ndarray:
    """An array that the caller made."""
    if spec["shape"] is None and name in cells:
        return np.asarray(cells[name])
    shape = f"(n, {', '.join('any' if size is None else str(size) for size in spec['shape'] or ['...'])})"
    if name not in cells:
        raise ValueError(f"expected an array {name!r} of shape {shape}: {spec['meaning']}")
    array = np.asarray(cells[name])
    sizes = zip(spec["shape"], array.shape[1:], strict=False)
    if array.ndim != 1 + len(spec["shape"]) or any(size not in (None, own) for size, own in sizes):
        raise ValueError(f"{name!r}: expected shape {shape}, got {array.shape}")
    return _cast(array, name, spec)


def _cast(array: np.ndarray, name: str, spec: Spec) -> np.ndarray:
    """The array in its type, if that holds its numbers: a cast to whole numbers would wrap around without a word."""
    wanted = np.dtype(spec["dtype"])
    if np.can_cast(array.dtype, wanted):
        return array.astype(wanted)
    if array.dtype.kind not in "biufO":
        raise ValueError(f"{name!r}: expected numbers, got {array.dtype}: {spec['meaning']}")
    numbers = array.astype(np.float64) if array.dtype.kind == "O" else array
    if wanted.kind in "iu":
        limits: Any = np.iinfo(wanted.str)
        low, high = limits.min, limits.max
        fits = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
        if not fits.all():
            raise ValueError(
                f"{name!r}: expected whole numbers from {low} to {high}, got {numbers[~fits][0]}; scale and round "
                f"them: {spec['meaning']}"
            )
    return numbers.astype(wanted)


def _name(column: Spec) -> str:
    return repr(column["name"])


def _gap(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":  # pandas.NA, which is neither equal to itself nor not
        return True
    return (isinstance(value, str) and not value.strip()) or value != value or str(value) == "<NA>"


def _numbers(values: Sequence[Any], column: Spec) -> np.ndarray:
    try:
        out = np.array([math.nan if _gap(value) else float(value) for value in values], np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column {column['name']!r}: expected numbers, got {error}; convert them first") from error
    out[~np.isfinite(out) | np.isin(out, column.get("missing", []))] = math.nan
    return out


def _booleans(values: Sequence[Any], column: Spec) -> np.ndarray:
    true, false = str(column.get("true", "true")).lower(), str(column.get("false", "false")).lower()
    gap = 0.0 if column.get("empty") == "false" else math.nan

    def read(value: Any) -> float:
        if _gap(value):
            return gap
        word = (_word(value) or "").lower()
        if word in (true, false):
            return float(word == true)
        return 1.0 if word in TRUE else 0.0 if word in FALSE else math.nan

    return np.array([read(value) for value in values], np.float64)


def _dates(values: Sequence[Any], column: Spec) -> np.ndarray:
    """Times as datetime64[ns]; those outside `EARLIEST` to `LATEST` are gaps, as they are in automl."""
    cells = [_date_cell(value, column) for value in values]
    try:
        seconds, stamps = (np.array(cells, f"datetime64[{unit}]") for unit in ("s", "ns"))
    except ValueError as error:
        raise ValueError(f"{_dated(column)}, got {error}") from error
    # Nanoseconds wrap around without a word beyond these years, seconds do not.
    stamps[~((seconds >= EARLIEST) & (seconds <= LATEST))] = np.datetime64("NaT")
    return stamps


def _date_cell(value: Any, column: Spec) -> Any:
    """A text or time that NumPy reads; it would warn of a zone and shift the time, and take "now" and numbers."""
    if _gap(value):
        return "NaT"
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str):
        if text.lower() != "nat" and (not text[0].isdigit() or ZONED.search(text)):
            raise ValueError(f"{_dated(column)}, got {text[:40]!r}")
    elif isinstance(text, int | float | np.number) or getattr(text, "tzinfo", None) is not None:
        raise ValueError(f"{_dated(column)}, got {str(text)[:40]}")
    return text


def _dated(column: Spec) -> str:
    return f"column {column['name']!r}: expected ISO 8601 dates without a zone"


def _word(value: Any) -> str | None:
    """A cell as text: whole numbers without a point, texts without NULs, "?" for halves of characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip() or None
    if isinstance(value, bool | np.bool_):
        return "True" if value else "False"
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value)


def _levels(values: Sequence[Any], column: Spec) -> np.ndarray:
    gaps = set(column.get("gaps", ()))
    words = [None if _gap(value) else _word(value) for value in values]
    return _objects([None if word is None or word.lower() in gaps else word for word in words])


def _texts(values: Sequence[Any], column: Spec) -> np.ndarray:
    return _objects(["" if _gap(value) else _word(value) or "" for value in values])


def _objects(values: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(values), object)
    out[:] = values
    return out


READ: dict[str, Callable[[Sequence[Any], Spec], np.ndarray]] = {
    "number": _numbers, "boolean": _booleans, "date": _dates, "level": _levels, "text": _texts
}  # fmt: skip


# --------------------------------------------------------------------------- networks: numbers, categories, words


def encode_cells(cells: Cells, spec: Spec) -> np.ndarray:
    """Numbers as they are ``(n, n_columns)`` float64, NaN for gaps; the model's file does the rest."""
    return np.stack([cells[name] for name in spec["columns"]], axis=1)


def encode_seconds(cells: Cells, spec: Spec) -> np.ndarray:
    """Dates as whole seconds since 1970 ``(n, n_columns)`` int64, the least int64 for gaps."""
    return np.stack([cells[name].astype("datetime64[s]").astype(np.int64) for name in spec["columns"]], axis=1)


def encode_numbers(cells: Cells, spec: Spec) -> np.ndarray:
    """Numbers and parts of dates without gaps ``(n, n_kept + n_flagged)`` float32."""
    parts = [cells[name][:, None] for name in spec["numeric"]]
    dates = zip(spec["dates"], spec["origins"], strict=True)
    parts += [date_parts(cells[name].astype("datetime64[s]"), origin) for name, origin in dates]
    raw = np.concatenate(parts, axis=1).astype(np.float64)
    gone = np.isnan(raw)
    raw = np.clip(np.where(gone, spec["fill"], raw), spec["low"], spec["high"]) - spec["offset"]
    kept, flagged = np.asarray(spec["kept"], np.int64), np.asarray(spec["flagged"], np.int64)
    return np.concatenate([raw[:, kept], gone[:, flagged]], axis=1).astype(np.float32)


def date_parts(times: np.ndarray, origin: float) -> np.ndarray:
    """``(n, 11)``: days since the origin, year, sine and cosine of month, day of the year and of the week, day, and
    sine and cosine of the time of day."""
    days, months, years = (times.astype(f"datetime64[{unit}]") for unit in "DMY")
    month = 2 * np.pi * (months - years.astype("datetime64[M]")).astype(np.int64) / 12.0
    yearday = 2 * np.pi * (days - years.astype("datetime64[D]")).astype(np.int64) / 365.25
    weekday = 2 * np.pi * ((days.astype(np.int64) + 3) % 7) / 7.0
    hour = 2 * np.pi * (times.astype(np.int64) % 86400) / 86400.0
    parts = [
        times.astype(np.int64) / 86400.0 - origin, years.astype(np.int64) + 1970.0, np.sin(month), np.cos(month),
        np.sin(yearday), np.cos(yearday), np.sin(weekday), np.cos(weekday),
        (days - months.astype("datetime64[D]")).astype(np.int64) + 1.0, np.sin(hour), np.cos(hour),
    ]  # fmt: skip
    made = np.stack(parts, axis=1)
    made[np.isnat(times)] = np.nan
    return made


def encode_categories(cells: Cells, spec: Spec) -> np.ndarray:
    """Codes ``(n, n_columns)`` int32: 0 for gaps, then levels in the order stored, rare and unknown ones last."""
    out = []
    for name, is_url, levels, rare in zip(spec["columns"], spec["hosts"], spec["levels"], spec["rare"], strict=True):
        codes = {level: code for code, level in enumerate(levels, 1)}
        words = [None if cell is None else _host(cell) if is_url else spelled(cell) for cell in cells[name]]
        out.append([0 if word is None else codes.get(word, rare) for word in words])
    return np.array(out, np.int32).T.reshape(-1, len(spec["columns"]))


def spelled(level: str) -> str:
    """A level without what spelling alone differs in: spaces, and case from three characters on."""
    plain = " ".join(level.split())
    return plain.casefold() if len(plain) > 2 else plain


def _host(url: str) -> str | None:
    found = HOST.match(url)
    return found.group(1).lower() if found else None


def encode_texts(cells: Cells, spec: Spec) -> np.ndarray:
    """Topics of words, and members of lists as 0 and 1: ``(n, n_columns)`` float32."""
    blocks = []
    for part in spec["parts"]:
        rows = [_phrase(cell, part["separator"]) for cell in cells[part["column"]]]
        if "members" in part:
            places = {member: place for place, member in enumerate(part["members"])}
            block = np.zeros((len(rows), len(places)), np.float32)
            for row, members in enumerate(rows):
                block[row, [places[member] for member in members if member in places]] = 1.0
        else:
            components = np.asarray(part["components"], np.float32)
            block = _weighed_sum(rows, part["words"], part["idf"], components, np.float32)
        blocks.append(block.astype(np.float32))
    return np.concatenate(blocks, axis=1)


def _phrase(cell: str | None, separator: str) -> list[str]:
    text = (cell or "")[:MOST_CHARACTERS].lower()
    if not separator:
        return WORD.findall(text)
    return [m for member in re.split(separator, text) if (m := member.strip(" \t[](){}'\""))]


def _weighed_sum(
    rows: Iterable[Sequence[str]], words: Sequence[str], idf: Any, table: np.ndarray, dtype: Any
) -> np.ndarray:
    """TF-IDF rows of unit length times a table ``(n_words, n_columns)``."""
    codes, weights = {word: code for code, word in enumerate(words)}, np.asarray(idf, np.float64)
    out = []
    for row in rows:
        found, counts = np.unique([codes[word] for word in row if word in codes], return_counts=True)
        found = found.astype(np.int64)
        value = (1.0 + np.log(counts)) * weights[found]
        length = math.sqrt(float((value**2).sum()))
        out.append((value / length).astype(dtype) @ table[found] if len(found) else np.zeros(table.shape[1]))
    return np.array(out).reshape(len(out), table.shape[1])


def encode_clues(cells: Cells, spec: Spec) -> np.ndarray:
    """What words and levels tell of the target, and how much cells hold: ``(n, n_columns)`` float32."""
    n = len(next(iter(cells.values())))
    folds = folds_of(cells, spec["watched"], spec["n_folds"]) if spec["parts"] else np.zeros(n, np.int64)
    read = {
        name: list(cells[name]) for name in (*spec["measured"], *(p["column"] for p in spec["parts"])) if name in cells
    }
    read |= {name: spikes(cells[column], known) for name, column, known in spec["repeated"]}
    blocks = []
    for part in spec["parts"]:
        coef, intercept = np.asarray(part["coef"]), np.asarray(part["intercept"])
        rows = [tokens(cell) for cell in read[part["column"]]]
        block = np.empty((n, coef.shape[2]))
        for fold in np.unique(folds):
            here = np.flatnonzero(folds == fold)
            own = coef[fold].astype(np.float64)
            block[here] = _weighed_sum([rows[i] for i in here], part["words"], part["idf"], own, np.float64)
            block[here] += intercept[fold]
        blocks.append(block)
    for name, kept in spec["measured"].items():
        blocks.append(amounts(read[name])[:, kept])
    return np.concatenate(blocks, axis=1).astype(np.float32)


def tokens(cell: str | None) -> list[str]:
    """The distinct members and words of a cell."""
    if not cell:
        return []
    text = cell[:MOST_CHARACTERS].casefold()
    members = [" ".join(part.split()).strip("[](){}'\"") for part in MEMBERS.split(text)]
    return list(dict.fromkeys([*(m for m in members if 0 < len(m) <= 40), *WORD_UP_TO_40.findall(text)]))


def amounts(cells: Sequence[str | None]) -> np.ndarray:
    """Logarithms of the numbers of characters, words and members plus one, ``(n, 3)``."""
    counts = [(len(c), c.count(" ") + 1, len(MEMBERS.findall(c)) + 1) if c else (0, 0, 0) for c in cells]
    return np.log1p(np.array(counts, np.float64).reshape(-1, 3))


def spikes(numbers: np.ndarray, known: Any) -> list[str | None]:
    """A word for each number that is one of the known values, "other" for the rest, None for gaps."""
    values = np.asarray(known, np.float64)
    at = np.minimum(np.searchsorted(values, numbers), len(values) - 1)
    words = [f"v{place}" if hit else "other" for place, hit in zip(at, values[at] == numbers, strict=True)]
    return [None if math.isnan(number) else word for number, word in zip(numbers, words, strict=True)]


def folds_of(cells: Cells, watched: Sequence[str], n_folds: int) -> np.ndarray:
    """``(n,)`` from 0: a hash of the watched columns' cells (SplitMix64)."""
    mixed = np.zeros(len(cells[watched[0]]), np.uint64)
    for name in watched:
        column = cells[name]
        if column.dtype.kind == "M":
            bits = column.astype("datetime64[s]").view(np.uint64)
        elif column.dtype.kind == "f":
            bits = np.where(np.isnan(column), 0.0, column + 0.0).view(np.uint64)
        else:
            hashes = [zlib.crc32((cell or "").encode("utf-8", "surrogatepass")) for cell in column]
            bits = np.array(hashes, np.uint64)
        x = mixed ^ (bits + np.uint64(0x9E3779B97F4A7C15))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = x ^ (x >> np.uint64(31))
    return (mixed % np.uint64(n_folds)).astype(np.int64)


def encode_tokens(cells: Cells, spec: Spec) -> np.ndarray:
    """Ids of words in their order ``(n, length)`` int32: 0 padding, 1 unknown, 2 between several columns."""
    columns, length = spec["columns"], spec["length"]
    ids = {word: place for place, word in enumerate(spec["words"], 2 + (len(columns) > 1))}
    out = np.zeros((len(cells[columns[0]]), length), np.int32)
    for row in range(len(out)):
        line: list[int] = []
        for place, name in enumerate(columns):
            text = LONG_NUMBER.sub(
                lambda found: "0" * min(len(found.group()), 15), (cells[name][row] or "")[:MOST_CHARACTERS].lower()
            )
            line += [2] * (place > 0) + [ids.get(word, 1) for word in TOKEN.findall(text)[:length]]
        out[row, : len(line)] = line[:length]
    return out


# --------------------------------------------------------------------------- shallow models: one matrix


def encode_table(cells: Cells, spec: Spec) -> np.ndarray:
    """All columns as one matrix ``(n, n_columns)`` float64, filled and scaled where the model needs it."""
    n = len(next(iter(cells.values())))
    blocks = [_step(cells[step["column"]], step) for step in spec["steps"]] or [np.zeros((n, 1))]
    matrix = np.concatenate(blocks, axis=1)
    if spec["center"] is None:
        return matrix
    matrix = np.where(np.isnan(matrix), spec["center"], matrix)
    if spec["scale"] is None:
        return matrix
    parts = [np.clip((matrix - spec["center"]) / spec["scale"], -8.0, 8.0)]
    if spec["quantiles"] is not None:
        smooth = np.asarray(spec["smooth"], bool)
        parts.append(
            normal_scores(np.asarray(spec["quantiles"]), np.asarray(spec["references"]), matrix[:, smooth]) / 2
        )
    return np.concatenate(parts, axis=1)


def _step(cells: np.ndarray, step: Spec) -> np.ndarray:
    block = STEPS[step["kind"]](cells, step)
    words = [cell if cell is not None else "" for cell in cells] if cells.dtype == object else []
    if step.get("amounts"):
        block = np.concatenate([block, amounts(words)], axis=1)
    if step.get("clues"):
        clues = step["clues"]
        told = spikes(block[:, 0], step["levels"]) if "levels" in step else words
        coef = np.asarray(clues["coef"], np.float64)
        sums = _weighed_sum([tokens(one) for one in told], clues["words"], clues["idf"], coef, np.float64)
        intercept = np.asarray(clues["intercept"], np.float64)
        largest = max(float(np.abs(coef).max(initial=0.0)), float(np.abs(intercept).max(initial=0.0)))
        size = 2.0 ** math.ceil(math.log2(largest)) if largest > 0 else 1.0
        block = np.concatenate([block, _rounded(sums + intercept, size)], axis=1)
    return block


def _number_step(cells: np.ndarray, step: Spec) -> np.ndarray:
    values = np.clip(cells, -1e100, 1e100)
    return np.stack([values, np.isnan(values) * 1.0], axis=1) if step["flag"] else values[:, None]


def _date_step(cells: np.ndarray, step: Spec) -> np.ndarray:
    days, months, years = (cells.astype(f"datetime64[{unit}]") for unit in "DMY")
    since = (cells - np.datetime64(int(step["origin"]), "s")).astype(np.int64)
    values = {
        "year": years.astype(np.int64) + 1970.0,
        "month": (months - years.astype("datetime64[M]")).astype(np.int64) + 1.0,
        "day": (days - months.astype("datetime64[D]")).astype(np.int64) + 1.0,
        "day_of_week": (days.astype(np.int64) + 3) % 7 * 1.0,
        "hour": (cells - days).astype("timedelta64[h]").astype(np.int64) * 1.0,
    }
    blocks = [since / 1e9 / 86400]
    for part in step["parts"]:
        period = {"month": 12.0, "day": 31.0, "day_of_week": 7.0, "hour": 24.0}.get(part)
        angle = 2 * np.pi * values[part] / (period or 1.0)
        blocks += [np.sin(angle), np.cos(angle)] if step["cyclic"] and period else [values[part]]
    made = np.stack(blocks, axis=1)
    made[np.isnat(cells)] = np.nan
    return made


def _level_step(cells: np.ndarray, step: Spec) -> np.ndarray:
    """A code or a count ``(n, 1)``, or a column of 0 and 1 for each level."""
    values = dict(zip(step["names"], step["values"], strict=True))
    found = [values.get(MISSING_LEVEL if cell is None else spelled(cell)) for cell in cells]
    if step["kind"] != "onehot":
        lacking = math.nan if step["kind"] == "codes" else 0.0
        return np.array([[lacking if value is None else value] for value in found], np.float64).reshape(-1, 1)
    block = np.zeros((len(cells), len(values)))
    for row, value in enumerate(found):
        if value is not None:
            block[row, int(value)] = 1.0
    return block


def _bag_step(cells: np.ndarray, step: Spec) -> np.ndarray:
    """A column of 0 and 1 for each member of a list, and the number of members."""
    values = dict(zip(step["names"], step["values"], strict=True))
    block = np.zeros((len(cells), len(values) + 1))
    for row, cell in enumerate(cells):
        members = _members(cell)
        block[row, [int(values[member]) for member in members if member in values]] = 1.0
        block[row, -1] = len(members)
    return block


def _members(cell: str | None) -> list[str]:
    text = (cell or "").strip().strip("[](){}")
    for mark in (";", "|", ","):
        if mark in text:
            return list(dict.fromkeys(spelled(p.strip().strip("'\"")) for p in text.split(mark) if p.strip()))
    return [spelled(text)] if text else []


def _text_step(cells: np.ndarray, step: Spec) -> np.ndarray:
    """Trigrams inside words, a space at both ends of a word, as TF-IDF of unit length on a few directions."""
    known = step["trigrams"]
    if known is None:
        return np.zeros((len(cells), 0))
    codes, idf = {word: code for code, word in enumerate(known["words"])}, np.asarray(known["idf"], np.float64)
    axes = np.eye(known["n"], len(codes)) if known["axes"] is None else np.asarray(known["axes"], np.float64)
    out = np.zeros((len(cells), known["n"]))
    for row, cell in enumerate(cells):
        inside = [f" {word} " for word in (cell or "").lower().split()]
        own = [codes.get(word[at : at + 3]) for word in inside for at in range(len(word) - 2)]
        found, counts = np.unique(np.array([code for code in own if code is not None], np.int64), return_counts=True)
        if len(found):
            weights = counts * idf[found]
            out[row] = axes[:, found] @ (weights / math.sqrt(float((weights**2).sum()))) / known["scale"]
    return _rounded(out, 1.0)


def _rounded(sums: np.ndarray, size: float) -> np.ndarray:
    """Sums at multiples of a 2^24th of a size, a power of two, so that trees do not see the order of their terms."""
    return np.round(sums * (2.0**24 / size)) * (size / 2.0**24)


STEPS: dict[str, Callable[[np.ndarray, Spec], np.ndarray]] = {
    "number": _number_step, "date": _date_step, "onehot": _level_step, "codes": _level_step, "counts": _level_step,
    "bag": _bag_step, "text": _text_step,
}  # fmt: skip


def normal_scores(quantiles: np.ndarray, references: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Columns on a normal scale, as scikit-learn's QuantileTransformer has them."""
    shares = np.empty(values.shape)
    for j, column in enumerate(values.T):
        own = quantiles[:, j]
        back = np.interp(-column, -own[::-1], -references[::-1])
        shares[:, j] = 0.5 * (np.interp(column, own, references) - back)
    shares[values + 1e-7 > quantiles[-1]] = 1.0
    shares[values - 1e-7 < quantiles[0]] = 0.0
    least = 1e-7 - np.spacing(1)
    low, high = normal_quantile(np.array([least, 1 - least]))
    return np.asarray(np.clip(normal_quantile(shares), low, high))


def normal_quantile(p: np.ndarray) -> np.ndarray:
    """The normal distribution's inverse, to about 1e-15.

    Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 1988.
    """
    q = np.asarray(p, np.float64) - 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        r = 0.180625 - q * q
        middle = q * _ratio(r, A, B)
        tail = np.sqrt(-np.log(np.where(q < 0, p, 1 - np.asarray(p, np.float64))))
        near, far = _ratio(tail - 1.6, C, D), _ratio(tail - 5.0, E, F)
        outer = np.where(np.isinf(tail), np.inf, np.where(tail <= 5.0, near, far))
    return np.where(np.abs(q) <= 0.425, middle, np.sign(q) * outer)


def _ratio(x: np.ndarray, above: Sequence[float], below: Sequence[float]) -> np.ndarray:
    return np.polyval(above, x) / np.polyval(below, x)


A = (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0)  # fmt: skip
B = (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0)  # fmt: skip
C = (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734)  # fmt: skip
D = (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0)  # fmt: skip
E = (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.6579046435011037772)  # fmt: skip
F = (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0)  # fmt: skip


# --------------------------------------------------------------------------- after the networks


def decode(raw: np.ndarray, codec: Spec) -> dict[str, np.ndarray]:
    """The raw output of a network as chances, values in the target's units, scores, vectors or steps ahead."""
    kind = codec["codec"]
    if kind == "classes" and raw.shape[1:] == (1,):
        return {"probabilities": np.concatenate([_sigmoid(-raw), _sigmoid(raw)], axis=1)}
    if kind == "classes":
        return {"probabilities": _softmax(raw)}
    if kind == "labels":
        return {"probabilities": _sigmoid(raw)}
    if kind == "values":
        values = np.clip(raw.reshape(len(raw), -1), codec["low"], codec["high"]) * codec["std"] + codec["mean"]
        for place, shape in enumerate(codec["shapes"]):
            z, power = values[:, place], shape["power"]
            if power != 1.0:
                size = np.log1p(power * np.abs(z)) / power if power else np.abs(z)
                values[:, place] = np.sign(z) * np.expm1(size) * shape["unit"] + shape["origin"]
        return {"values": values}
    if kind == "scores":
        scores = raw.reshape(-1)
        high = np.clip(scores / 2.0, 0.0, 1.0)
        return {"scores": scores, "probabilities": np.stack([1.0 - high, high], axis=1)}
    if kind == "forecast":
        found = {"values": raw[..., 0]}
        return {**found, "quantiles": np.sort(raw[..., 1:], axis=-1)} if raw.shape[-1] > 1 else found
    return {"vectors": raw}


def decide(outputs: Mapping[str, np.ndarray], decision: Spec | None, several_labels: bool) -> dict[str, np.ndarray]:
    """Calibrated probabilities, and the labels that follow from them."""
    if "probabilities" not in outputs:
        return dict(outputs)
    p = outputs["probabilities"]
    if decision is None or not decision["slopes"]:
        return {**outputs, "labels": (p >= 0.5).astype(np.int64) if several_labels else p.argmax(axis=1)}
    slopes, shifts, reach = np.array(decision["slopes"]), np.array(decision["shifts"]), decision["reach"]
    changes = bool(reach or (slopes != 1).any() or shifts.any())
    if decision["thresholds"]:
        positive = p if several_labels else p[:, 1:]
        if changes:
            inner = np.clip(positive, 1e-300, np.nextafter(1.0, 0.0))
            positive = _sigmoid(slopes * _bent(np.log(inner) - np.log1p(-inner), reach) + shifts)
            p = positive if several_labels else np.concatenate([1.0 - positive, positive], axis=1)
        marks = (positive >= np.array(decision["thresholds"])).astype(np.int64)
        return {**outputs, "probabilities": p, "labels": marks if several_labels else marks[:, 0]}
    if changes:
        p = _softmax(slopes[0] * _bent(np.log(np.maximum(p, 1e-300)), reach) + shifts)
    logs = np.log(np.maximum(p, 1e-300)) + np.array(decision["biases"])
    return {**outputs, "probabilities": p, "labels": logs.argmax(axis=1)}


def _bent(z: np.ndarray, reach: float) -> np.ndarray:
    """Logits beyond plus or minus `reach`, pressed into one unit more."""
    if reach <= 0:
        return z
    beyond = np.maximum(np.abs(z) - reach, 0.0)
    return np.asarray(np.sign(z) * (np.minimum(np.abs(z), reach) + beyond / (1.0 + beyond)))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0.0, -z)))


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _mean(parts: Sequence[Mapping[str, np.ndarray]], weights: Sequence[float]) -> dict[str, np.ndarray]:
    names = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: np.average([part[name] for part in parts], axis=0, weights=weights) for name in names}


ENCODERS: dict[str, Callable[[Cells, Spec], np.ndarray]] = {
    "cells": encode_cells, "seconds": encode_seconds, "numbers": encode_numbers, "categories": encode_categories,
    "texts": encode_texts, "clues": encode_clues, "tokens": encode_tokens, "table": encode_table,
}  # fmt: skip


def _with_arrays(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The content with each ``{"array": name}`` replaced by the array of that name."""
    if isinstance(value, list):
        return [_with_arrays(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"array"} and isinstance(value["array"], str):
        return arrays[value["array"]]
    return {key: _with_arrays(item, arrays) for key, item in value.items()}
