"""Local tables as a data folder that `tables.py` and `leaderboard.py` read: rows are parted once, for all systems.

A set is named as ``path:target`` or by an entry of a YAML file, a list of mappings with the keys of `KEYS` (or a
mapping whose key ``sets`` holds that list). Paths in a YAML file are relative to its folder. The data folder then holds
`catalog.json`, `NAME.csv` and `splits/NAME.npy`, which marks the test rows.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

__all__ = ["METRICS", "entries", "write"]

KEYS = ("path", "target", "metric", "test", "name", "date")
METRICS = ("roc_auc", "accuracy", "r2")
TEST_SHARE = 0.25
MOST_CLASSES = 20
"""A target of numbers with more different values is predicted as a number."""


def entries(given: Iterable[str]) -> list[dict[str, Any]]:
    """The sets that arguments name, each with path, target and a name of its own.

    Args:
        given: ``path:target`` or paths of YAML files.

    Raises:
        SystemExit: an argument or an entry is no set; the message says what was expected.
    """
    found: list[dict[str, Any]] = []
    for text in given:
        found += _listed(Path(text)) if text.endswith((".yaml", ".yml")) else [_pair(text)]
    names: set[str] = set()
    for entry in found:
        name = _plain(entry.get("name") or Path(entry["path"]).name.split(".")[0])
        same = sum(known == name or known.startswith(f"{name}-") for known in names)
        entry["name"] = f"{name}-{same + 1}" if name in names else name
        names.add(entry["name"])
    return found


def _pair(text: str) -> dict[str, Any]:
    path, parted, target = text.rpartition(":")
    if not (parted and path and target):
        sys.exit(f"a set is path:target or a .yaml file, not {text!r}; write for example sales.csv:price")
    return {"path": path, "target": target}


def _listed(path: Path) -> list[dict[str, Any]]:
    """Entries of a YAML file, with paths as seen from here."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        sys.exit(f"{path} cannot be read as YAML: {error}")
    listed = content.get("sets") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not listed:
        sys.exit(f"{path} holds no list of sets; write a line such as '- {{path: sales.csv, target: price}}' for each")
    found = []
    for place, entry in enumerate(listed, 1):
        fault = _fault(entry)
        if fault:
            sys.exit(f"{path}, set {place}: {fault}")
        found.append(entry | {key: str(path.parent / entry[key]) for key in ("path", "test") if entry.get(key)})
    return found


def _fault(entry: Any) -> str:
    """What is wrong with an entry of a YAML file; empty if nothing."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("path", "target")):
        return "expected a mapping with the texts path and target"
    unknown = sorted(set(map(str, entry)) - set(KEYS))
    if unknown:
        return f"unknown key {unknown[0]!r}; there are {', '.join(KEYS)}"
    if entry.get("metric") not in (None, *METRICS):
        return f"metric {entry['metric']!r} is none of {', '.join(METRICS)}"
    return ""


def _plain(name: Any) -> str:
    """A name that is safe as a file's."""
    return re.sub(r"[^\w-]+", "_", str(name)).strip("_") or "set"


def write(folder: Path, chosen: Iterable[Mapping[str, Any]], seed: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Write a data folder.

    Args:
        folder: the data folder.
        chosen: see `entries`.
        seed: of the split, where an entry names no test file.

    Returns:
        The catalog, and by name why a set cannot be used.
    """
    (folder / "splits").mkdir(parents=True, exist_ok=True)
    catalog, unusable = [], {}
    for entry in chosen:
        try:
            catalog.append(_write_one(folder, entry, seed))
        except (OSError, ValueError) as error:
            unusable[entry["name"]] = str(error) or type(error).__name__
    (folder / "catalog.json").write_text(json.dumps(catalog, indent=1), "utf-8")
    return catalog, unusable


def _write_one(folder: Path, entry: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Write one set and return its entry of the catalog.

    Raises:
        OSError: a file cannot be read.
        ValueError: it is no table with this target, or the metric does not fit the target.
    """
    target = entry["target"]
    frame, n_lost = _rows(entry["path"], target)
    metric = _metric(frame[target], entry.get("metric"), entry["name"])
    if entry.get("test"):
        other, n_lost_test = _rows(entry["test"], target)
        n_lost += n_lost_test
        test = np.arange(len(frame) + len(other)) >= len(frame)
        frame = pd.concat([frame, other[frame.columns.intersection(other.columns)]], ignore_index=True)
    else:
        test = _drawn(frame[target], metric, seed)
    text = frame.to_csv(index=False)
    (folder / f"{entry['name']}.csv").write_text(text, "utf-8")
    np.save(folder / "splits" / f"{entry['name']}.npy", test.astype(np.int8))
    told = {
        "name": entry["name"], "file": f"{entry['name']}.csv", "modality": "table", "task": "tabular", "target": target,
        "metric": metric, "n_train": int((~test).sum()), "n_test": int(test.sum()), "n_columns": frame.shape[1] - 1,
        "n_without_target": n_lost,
    } | ({"date": entry["date"]} if entry.get("date") else {})  # fmt: skip
    print_of = hashlib.sha256(text.encode() + test.tobytes() + json.dumps(told, sort_keys=True).encode())
    return told | {"fingerprint": print_of.hexdigest()[:16]}


def _rows(path: str, target: str) -> tuple[pd.DataFrame, int]:
    """The rows of a file that have a target, and how many have none."""
    frame = pd.read_parquet(path) if ".parquet" in Path(path).suffixes else pd.read_csv(path, low_memory=False)
    if target not in frame.columns:
        raise ValueError(f"{path} has no column {target!r}; it has {', '.join(map(str, frame.columns[:20]))}")
    kept = frame[frame[target].notna()].reset_index(drop=True)
    if len(kept) < 10:
        raise ValueError(f"{path} has {len(kept)} rows with a target; at least 10 are needed")
    return kept, len(frame) - len(kept)


def _metric(target: pd.Series, wanted: str | None, name: str) -> str:
    """The metric of a set: the one that is wanted, else by the target.

    Raises:
        ValueError: the wanted metric does not fit the target.
    """
    n_values = target.nunique()
    number = pd.api.types.is_numeric_dtype(target) and not pd.api.types.is_bool_dtype(target)
    metric = wanted or ("r2" if number and n_values > MOST_CLASSES else "roc_auc" if n_values == 2 else "accuracy")
    if metric == "roc_auc" and n_values != 2:
        raise ValueError(f"roc_auc needs a target of 2 classes; that of {name} has {n_values}: use accuracy or r2")
    if metric == "r2" and not number:
        raise ValueError(f"r2 needs a target of numbers; that of {name} holds texts: use accuracy")
    if n_values < 2:
        raise ValueError(f"the target of {name} has the same value in all rows")
    return metric


def _drawn(target: pd.Series, metric: str, seed: int) -> np.ndarray:
    """Marks of test rows: a quarter of each class, or of each tenth of a target of numbers."""
    if metric == "r2":
        ranks = target.rank(method="first").to_numpy()
        strata = ((ranks - 1) * 10 // len(ranks)).astype(int)
    else:
        strata = target.astype(str).factorize(sort=True)[0]
    rng, marks = np.random.default_rng(seed), np.zeros(len(target), bool)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        marks[rng.permutation(rows)[: round(len(rows) * TEST_SHARE)]] = True
    return marks
