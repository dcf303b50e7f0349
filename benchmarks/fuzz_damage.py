"""Damage to files of ours, for `fuzz.py`: what lies on a disk, and what a forger would write who knows the formats."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_cells import some
from fuzz_forms import damaged

__all__ = ["BY_NAME", "damage", "json_file", "odd_thing", "regular", "seal", "store_file"]

DEEP_NEST: Any = []
for _ in range(400):
    DEEP_NEST = [DEEP_NEST]
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 255, 2**31, -(2**31), 2**63, 10**13, 10**30, 0.5, -0.5, 1e308, float("nan"),
    float("inf"),
    "", "x", "0", "nan", "../x", "/etc/passwd", "x" * 20_000, "\x1b[31m", "\ud800", "model.helper.x", "os.system", [],
    {}, [1], ["x"],
    [None], [[]], {"x": 1}, {"$array": "a0"}, {"$array": "gone"}, {"$tuple": [1]}, {"$words": [1], "shape": [7]},
    {"$pairs": [[[], 1]]},
    {"$scalar": "a0"}, {"$bytes": "!"}, {"class_name": "Lambda"}, list(range(3000)), [1e400], DEEP_NEST,
)  # fmt: skip
TYPES = (
    ("builtins", "list"), ("builtins", "dict"), ("builtins", "str"), ("builtins", "slice"), ("builtins", "eval"),
    ("os", "system"),
    ("posix", "system"), ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy", "memmap"), ("numpy.random", "Generator"),
    ("functools", "partial"),
    ("sklearn.utils.validation", "check_array"), ("sklearn.tree._tree", "Tree"), ("sklearn.linear_model._ridge",
        "Ridge"),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"), ("sklearn.ensemble._forest",
        "RandomForestClassifier"),
    ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
    ("automl.baselines.learners.boosters", "Boosters"),
    ("automl.baselines.learners.trees", "Boosting"), ("automl.baselines.learners.trees", "Forest"),
    ("automl.baselines.features.columns",
        "TableFeatures"),
    ("automl.baselines.model", "Model"), ("automl.baselines.learners.linear", "Linear"),
    ("automl.baselines.learners.neighbours",
        "Neighbours"),
    ("automl.baselines.features.words", "TextFeatures"), ("skrub._to_str", "ToStr"),
    ("scipy.sparse._csr", "csr_matrix"),
)  # fmt: skip
DTYPES = (
    "float64",
    "float32",
    "int64",
    "int32",
    "int8",
    "uint8",
    "uint64",
    "bool",
    "S3",
    "U3",
    "M8[ns]",
    "complex128",
    "float16",
)


def leaf(rng: np.random.Generator, content: Any) -> Any:
    """A JSON value with one of its parts replaced, taken out, doubled or named otherwise."""
    places: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting:
        node = waiting.pop()
        found = (
            list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
        )
        places += [(node, key) for key, _ in found]
        waiting += [value for _, value in found]
    if not places or rng.random() < 0.01:
        return some(rng, 1, ODD)[0]
    holder, key = places[int(rng.integers(len(places)))]
    kind, value = int(rng.integers(10)), holder[key]
    if kind < 5:
        holder[key] = some(rng, 1, ODD)[0]
    elif kind == 5:
        del holder[key]
    elif kind == 6 and isinstance(holder, dict):
        holder[some(rng, 1, ["x", "", "$array", "class_name", "\ud800"])[0]] = value
    elif kind == 6:
        holder.append(value)
    elif kind == 7 and isinstance(value, int | float) and not isinstance(value, bool):
        holder[key] = some(rng, 1, [value + 1, -value, value * 10**6, value / 7, str(value), value * 1e300, [value]])[0]
    elif kind == 7 and isinstance(value, str):
        holder[key] = some(
            rng, 1, [value + "x", value.upper(), value[:-1], value * 500, value.encode().hex(), [value]]
        )[0]
    elif kind == 8:
        other, place = places[int(rng.integers(len(places)))]
        holder[key] = json.loads(json.dumps(other[place])) if other is not holder else some(rng, 1, ODD)[0]
    else:
        holder[key] = [value] if rng.random() < 0.5 else {"x": value}
    return content


def as_json(content: Any) -> bytes:
    return json.dumps(content).encode()


def json_file(rng: np.random.Generator, path: Path) -> None:
    content = json.loads(path.read_text("utf-8"))
    for _ in range(int(rng.integers(1, 3))):
        content = leaf(rng, content)
    text = as_json(content)
    if rng.random() < 0.03:
        text = b"[" * 100_000
    path.write_bytes(text)


def array(rng: np.random.Generator, old: np.ndarray) -> np.ndarray:
    """An array with other values, of another type or shape."""
    kind = int(rng.integers(7))
    if kind == 0:
        return np.zeros(tuple(int(v) for v in rng.integers(0, 5, int(rng.integers(0, 4)))), some(rng, 1, DTYPES)[0])
    if kind == 1 and old.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            return old.astype(some(rng, 1, DTYPES[:8])[0])
    if kind == 2:
        return old.reshape(-1)[: old.size // 2]
    if kind == 3:
        return np.concatenate([old.reshape(-1)] * 2)
    if kind == 4:
        return old.T[..., None] if old.ndim else old.reshape(1)
    new = old.copy()
    flat = new.reshape(-1)
    if flat.size and old.dtype.kind in "biuf":
        odd = (
            [0, -1, 1, 7, 2**15, 2**31 - 1, -(2**31), 2**62]
            if old.dtype.kind in "iu"
            else [0.0, -1.0, 1e308, np.nan, np.inf]
        )
        with np.errstate(all="ignore"):
            for at in rng.integers(0, flat.size, int(rng.integers(1, 4))):
                flat[at] = np.array(some(rng, 1, odd)[0]).astype(old.dtype)
    elif flat.size:
        raw = bytearray(new.tobytes())
        raw[int(rng.integers(len(raw)))] ^= 1 << int(rng.integers(8))
        new = np.frombuffer(bytes(raw), old.dtype).reshape(old.shape)
    return new


def npy(rng: np.random.Generator, content: bytes) -> bytes:
    """An `.npy` file with another array, or with a header that says so."""
    if rng.random() < 0.25:
        buffer = io.BytesIO()
        shape = some(rng, 1, [(10**6, 10**6), (2**62,), (-1,), (0,), (), (3, 10**9), ("x",)])[0]
        np.lib.format.write_array_header_1_0(buffer, {"descr": some(rng, 1, ["<f8", "|O", "<i4", "|V9", "nope"])[0],
                                                      "fortran_order": False, "shape": shape})  # fmt: skip
        return buffer.getvalue() + b"\0" * 80
    buffer = io.BytesIO()
    np.save(buffer, array(rng, np.load(io.BytesIO(content), allow_pickle=False)), allow_pickle=False)
    return buffer.getvalue()


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(rng: np.random.Generator, path: Path, inside: dict[str, bytes]) -> None:
    """Write an archive; sometimes with a member left out, doubled, of another name, or that unpacks to much."""
    names = [*inside]
    kind = int(rng.integers(40)) if names else 1
    if kind == 0:
        inside.pop(some(rng, 1, names)[0])
    elif kind == 1:
        inside["../out.py"] = b"x"
    elif kind == 2:
        inside[some(rng, 1, names)[0]] = b"\0" * 300_000_000
    elif kind == 3:
        inside[some(rng, 1, names)[0]] = damaged(rng, inside[names[0]])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
        if kind == 4:
            with contextlib.suppress(UserWarning):
                archive.writestr(names[0], b"{}")


def skops_file(rng: np.random.Generator, path: Path) -> None:
    inside = members(path)
    arrays = [name for name in inside if name.endswith(".npy")]
    kind = rng.random()
    if arrays and kind < 0.4:
        chosen = some(rng, 1, arrays)[0]
        inside[chosen] = npy(rng, inside[chosen])
    else:
        schema = json.loads(inside["schema.json"])
        if kind < 0.6:
            nodes: list[dict[str, Any]] = []
            waiting: list[Any] = [schema]
            while waiting:
                node = waiting.pop()
                if isinstance(node, dict):
                    nodes += [node] if "__class__" in node else []
                    waiting += node.values()
                elif isinstance(node, list):
                    waiting += node
            node = nodes[int(rng.integers(len(nodes)))]
            node["__module__"], node["__class__"] = some(rng, 1, TYPES)[0]
            if rng.random() < 0.3:
                node["__loader__"] = some(rng, 1, ["ObjectNode", "TypeNode", "FunctionNode", "ReduceNode",
                    "NdArrayNode", "TreeNode",
                                                   "MethodNode", "PartialNode", "DictNode", "JsonNode",
                                                   "nope"])[0]  # fmt: skip
        else:
            schema = leaf(rng, schema)
        inside["schema.json"] = as_json(schema)
    zipped(rng, path, inside)


def keras_file(rng: np.random.Generator, path: Path) -> None:
    inside = members(path)
    kind = rng.random()
    if kind < 0.15:
        inside["model.weights.h5"] = damaged(rng, inside["model.weights.h5"])
    elif kind < 0.2:
        inside["metadata.json"] = as_json(leaf(rng, json.loads(inside["metadata.json"])))
    else:
        config = leaf(rng, json.loads(inside["config.json"]))
        if kind > 0.9 and isinstance(config, dict) and isinstance(config.get("config"), dict):
            layers = config["config"].get("layers") or []
            config["config"]["layers"] = layers * int(rng.choice([0, 2, 3, 300]))
        inside["config.json"] = as_json(config)
    zipped(rng, path, inside)


def npz_file(rng: np.random.Generator, path: Path) -> None:
    inside = members(path)
    if inside:
        chosen = some(rng, 1, [*inside])[0]
        inside[chosen] = npy(rng, inside[chosen])
    zipped(rng, path, inside)


def store_file(rng: np.random.Generator, path: Path) -> None:
    """Weights of a run, with the checksum at their end made right again."""
    body = path.read_bytes()[:-4]
    inner = path.with_name("inner.npz")
    inner.write_bytes(body)
    inside = members(inner)
    if rng.random() < 0.4:
        facts = json.loads(np.load(io.BytesIO(inside["meta.npy"])).tobytes())
        buffer = io.BytesIO()
        np.save(buffer, np.frombuffer(as_json(leaf(rng, facts)), np.uint8))
        inside["meta.npy"] = buffer.getvalue()
        zipped(rng, inner, inside)
    else:
        npz_file(rng, inner)
    body = inner.read_bytes()
    inner.unlink()
    path.write_bytes(body + zlib.crc32(body).to_bytes(4, "big"))


def journal(rng: np.random.Generator, path: Path) -> None:
    """Lines with a right checksum and odd contents, doubled, in another order, or damaged."""
    lines = path.read_bytes().splitlines()
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(len(lines)))
        kind = int(rng.integers(8))
        if kind == 0:
            lines[at] = damaged(rng, lines[at])
        elif kind == 1:
            lines.append(lines[at])
        elif kind == 2:
            lines[at], lines[-1] = lines[-1], lines[at]
        else:
            text = as_json(
                leaf(rng, json.loads(lines[at].partition(b" ")[2] or b"{}") if lines[at][8:9] == b" " else {})
            )
            lines[at] = b"%08x %s" % (zlib.crc32(text), text)
    path.write_bytes(b"\n".join(lines) + b"\n")


def odd_thing(rng: np.random.Generator, path: Path) -> None:
    """Something else than a file where a file was: a link, a pipe, a folder, nothing, or one without end."""
    keep = path.with_name(f"kept-{path.name}") if rng.random() < 0.5 else path.parents[1] / f"kept-{path.name}"
    os.rename(path, keep)
    kind = int(rng.integers(7))
    if kind == 0:
        path.symlink_to(keep)
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.mkdir()
    elif kind == 3:
        path.symlink_to("/dev/zero")
    elif kind == 4:
        path.symlink_to(path.name)
    elif kind == 5:
        path.write_bytes(b"")


BY_NAME: dict[str, Callable[[np.random.Generator, Path], None]] = {
    ".skops": skops_file, ".keras": keras_file, ".json": json_file, ".npz": npz_file, ".log": journal,
}  # fmt: skip


def damage(rng: np.random.Generator, path: Path, how: Callable[[np.random.Generator, Path], None] | None) -> None:
    """Damage a file by its format, or, where it is damaged already and no longer of it, byte by byte."""
    content = path.read_bytes()
    try:
        if how is not None:
            how(rng, path)
            return
    except Exception:
        path.with_name("inner.npz").unlink(missing_ok=True)
    path.write_bytes(damaged(rng, content))


def seal(bundle: Path) -> None:
    """Make hashes and digest right again; what is no regular file (a pipe, a link to a device) keeps its hash."""
    from automl.bundle.saving import digest

    index, plain = bundle / "bundle.json", {path.name for path in regular(bundle)}
    if index.name not in plain:
        return
    try:
        content = json.loads(index.read_text("utf-8"))
        content["files"] = {
            name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() if name in plain else known
            for name, known in content["files"].items()
        }
        content["digest"] = digest(content)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError):
        return
    index.write_bytes(as_json(content))


def regular(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
