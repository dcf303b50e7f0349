"""Odd data for `fuzz.py`: frames, files and arrays, with arguments to go with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_cells import COLUMNS, TARGETS, few, name, some, words
from fuzz_tables import FORMS, as_series, safe_text

__all__ = ["Made", "damaged", "made", "other_rows"]

ROWS = (0, 1, 2, 7, 20, *[40] * 6, *[60] * 6, *[120] * 6, 300, 300)
GOALS = (
    "binary",
    "multiclass",
    "multilabel",
    "regression",
    "forecast",
    "anomaly",
    "represent",
    "generate",
    "segment",
    "nope",
)
METRICS = (
    "roc_auc",
    "accuracy",
    "rmse",
    "mae",
    "log_loss",
    "f1",
    "r2",
    "mase",
    "nope",
    "average_precision",
    "balanced_accuracy",
)
KINDS = ("numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number", "list", "image_path",
    "identifier",
         "constant", "unknown", "nope")  # fmt: skip
DTYPES = ("float64", "float32", "float16", "int8", "uint8", "uint64", "bool", "complex64", "object", "S3", "U3",
    "M8[D]", "m8[s]",
          ">f8", "longdouble", "void")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """An input: data and options of `automl.inspect`, and what is told of it."""

    data: Any
    options: dict[str, Any] = field(default_factory=dict)
    told: str = ""


def made(rng: np.random.Generator, folder: Path) -> Made:
    """Data of some form, with arguments; files lie in `folder`."""
    if rng.random() < 0.22:
        return arrays(rng, folder)
    columns = table(rng)
    roles = [key for key, _, _ in columns]
    target = columns[-1][0] if columns and rng.random() < 0.93 else None
    form, write = some(rng, 1, [*FORMS.items()])[0] if rng.random() < 0.97 else ("series", as_series)
    told = f"{form}: {len(columns[0][2]) if columns else 0} rows of {', '.join(kind for _, kind, _ in columns)}"
    data, options = write(rng, columns, folder), {}
    if target is not None:
        options["target"] = (
            target if rng.random() < 0.95 else some(rng, 1, [[target, roles[0]], "absent", [], roles[:3], ""])[0]
        )
    if rng.random() < 0.2:
        options |= arguments(rng, roles)
    if rng.random() < 0.05:
        options["test"] = write(rng, columns, folder)
    if isinstance(data, Path) and rng.random() < 0.1:
        data.write_bytes(damaged(rng, data.read_bytes()))
        told += ", damaged"
    return Made(str(data) if isinstance(data, Path) else data, options, told)


def table(rng: np.random.Generator) -> list[tuple[Any, str, Any]]:
    """Columns as (name, kind, cells); the last is most often one that may be a target."""
    n = some(rng, 1, ROWS)[0]
    width = int(min(40, 1 + rng.geometric(0.25))) if rng.random() > 0.03 else int(rng.integers(2))
    kinds = some(rng, width, [*COLUMNS])
    if rng.random() < 0.5:  # half of them are usual columns, so that something is left to learn
        kinds = [
            kind if rng.random() < 0.4 else some(rng, 1, ["floats", "levels", "small ints", "times"])[0]
            for kind in kinds
        ]
    if kinds and rng.random() < 0.15:
        kinds[0] = some(rng, 1, ["regular times", "regular texts", "times", "epochs"])[0]
    if kinds and rng.random() < 0.75:
        kinds[-1] = some(rng, 1, TARGETS)[0]
    names = [name(rng, place) for place in range(width)]
    if names and rng.random() < 0.8:
        names[-1] = "yy"
    return [(key, kind, COLUMNS[kind](rng, n)) for key, kind in zip(names, kinds, strict=True)]


def other_rows(rng: np.random.Generator, names: list[Any], folder: Path) -> Any:
    """Rows with some of these columns, of other kinds, in any form."""
    n = some(rng, 1, [0, 1, 1, 3, 12])[0]
    kept = [key for key in names if rng.random() < 0.9]
    columns = [
        (key, kind, COLUMNS[kind](rng, n)) for key, kind in zip(kept, some(rng, len(kept), [*COLUMNS]), strict=True)
    ]
    return some(rng, 1, [*FORMS.values()])[0](rng, columns, folder)


def arguments(rng: np.random.Generator, names: list[Any]) -> dict[str, Any]:
    """One or two odd arguments."""
    some_name = some(rng, 1, [*names, "absent", "", 0])[0]
    choices: dict[str, Callable[[], Any]] = {
        "goal": lambda: some(rng, 1, GOALS)[0],
        "metric": lambda: some(rng, 1, METRICS)[0],
        "group": lambda: some_name,
        "time_column": lambda: names[0] if names else "t",
        "series": lambda: some_name,
        "label": lambda: some_name,
        "horizon": lambda: some(rng, 1, [1, 3, 10, 10**6, 0, -1, "x"])[0],
        "columns": lambda: {some_name: some(rng, 1, KINDS)[0]},
        "weight": lambda: some(rng, 1, [some_name, np.ones(3), np.zeros(60), np.full(60, np.nan), rng.random(60), []])[
            0
        ],
        "seed": lambda: some(rng, 1, [0, 7, 2**32 - 1, 2**32, -1, "a"])[0],
    }
    keys = few(rng, int(rng.integers(1, 3)), [*choices], 2)
    return {key: choices[key]() for key in keys}


def arrays(rng: np.random.Generator, folder: Path) -> Made:
    """Arrays of 0 to 5 dimensions, lists of texts, `.npz`, folders of pictures and texts."""
    kind = some(
        rng,
        1,
        [
            "array",
            "pair",
            "pair",
            "pair",
            "pair",
            "texts",
            "npz",
            "npz",
            "pictures",
            "folder of texts",
            "sparse",
            "odd",
        ],
    )[0]
    if kind == "texts":
        texts = [safe_text(cell) for cell in COLUMNS[some(rng, 1, [*COLUMNS])[0]](rng, some(rng, 1, ROWS)[0])]
        labels = few(rng, len(texts), ["a", "b", None, 1])
        return Made((texts, labels) if rng.random() < 0.7 else texts, {}, "texts")
    if kind == "pictures":
        return pictures(rng, folder)
    if kind == "folder of texts":
        for label in ("a", "b"):
            (folder / "t" / label).mkdir(parents=True)
            for i, text in enumerate(words(rng, 12, 0, 9)):
                (folder / "t" / label / f"{i}.txt").write_bytes(rng.bytes(20) if rng.random() < 0.1 else text.encode())
        return Made(str(folder / "t"), {}, "folder of texts")
    if kind == "sparse":
        import scipy.sparse

        matrix = scipy.sparse.random(60, 5, 0.2, format=some(rng, 1, ["csr", "coo", "lil"])[0], rng=rng)
        return Made((matrix, rng.integers(0, 2, 60)), {}, "sparse")
    if kind == "odd":
        return Made(some(rng, 1, [None, 5, "", [], {}, (), (1, 2, 3), b"x", "/dev/null", ".", range(9), np.array(3),
            iter([1]),
                                  {"X": [[1]]}, object(), ([], []), "https://x", "sklearn:nope", "automl:nope",
                                  "\x00"])[0],
                    {}, "odd")  # fmt: skip
    shape = [
        some(rng, 1, [1, 2, 8, 30, 60, 60, 60])[0],
        *(int(v) for v in rng.choice([1, 3, 8, 16, 28], some(rng, 1, [0, 1, 1, 2, 2, 3, 4])[0])),
    ]
    while np.prod(shape) > 200_000:
        shape.pop()
    array = values(rng, tuple(shape))
    labels = (
        values(rng, (shape[0] if rng.random() < 0.9 else 5,)) if rng.random() < 0.4 else rng.integers(0, 3, shape[0])
    )
    told = f"{kind} {array.dtype} {array.shape}"
    if kind == "npz":
        path = folder / "d.npz"
        np.savez(
            path, **{some(rng, 1, ["X", "x", "data", "arr_0"])[0]: array, some(rng, 1, ["y", "target", "z"])[0]: labels}
        )
        if rng.random() < 0.3:
            path.write_bytes(damaged(rng, path.read_bytes()))
        return Made(str(path), {}, told)
    return Made(
        (array, labels) if kind == "pair" else array, arguments(rng, ["x0", "x1"]) if rng.random() < 0.1 else {}, told
    )


def values(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """An array of an odd or a usual type."""
    dtype = some(rng, 1, DTYPES)[0] if rng.random() < 0.6 else "float64"
    size = int(np.prod(shape))
    if dtype == "object":
        cells = np.empty(size, dtype=object)
        cells[:] = some(rng, size, [1, 2.5, None, "a", b"b", np.nan] if rng.random() < 0.5 else [1, 2.5, 3])
        return cells.reshape(shape)
    if dtype == "void":
        return np.array([(1, 2.5)] * size, dtype=[("a", "i4"), ("b", "f8")]).reshape(shape)
    with np.errstate(all="ignore"):
        array = (rng.integers(0, 9, shape) if dtype[0] in "SUMm" else rng.normal(3, 3, shape)).astype(dtype)
    if array.dtype.kind == "f" and rng.random() < 0.3:
        array[rng.random(shape) < 0.1] = some(rng, 1, [np.nan, np.inf, -np.inf])[0]
    return array


def pictures(rng: np.random.Generator, folder: Path) -> Made:
    """A folder of classes with some pictures that are none."""
    from PIL import Image

    for label in ("a", "b"):
        (folder / "p" / label).mkdir(parents=True)
        for i in range(10):
            shape = tuple(int(v) for v in rng.integers(1, 40, 2))
            mode = some(rng, 1, ["RGB", "RGB", "L", "RGBA", "P", "1", "I", "F", "CMYK"])[0]
            suffix = (
                ".tiff" if mode in ("F", "CMYK", "I") else some(rng, 1, [".png", ".gif" if mode == "P" else ".png"])[0]
            )
            path = folder / "p" / label / f"{i}{suffix}"
            Image.fromarray(rng.integers(0, 255, (*shape, 3), dtype=np.uint8)).convert(mode).save(path)
            if rng.random() < 0.15:
                path.write_bytes(damaged(rng, path.read_bytes()))
    return Made(str(folder / "p"), {}, "pictures")


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Bytes flipped, cut out, put in or doubled."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, len(data) + 1))
        kind = int(rng.integers(5))
        if kind == 0 and at < len(data):
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del data[at : at + int(rng.integers(1, 50))]
        elif kind == 2:
            data[at:at] = rng.bytes(int(rng.integers(1, 20)))
        elif kind == 3 and at < len(data):
            data[at] = int(rng.choice([0, 255, 10, 34, 44, 92]))
        elif kind == 4 and rng.random() < 0.2:
            del data[at:]
    return bytes(data)
