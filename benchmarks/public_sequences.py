"""Sets of whole series of the UCR and UEA archives out of a registry package, as a data folder that `contest.py` reads.

    python benchmarks/public_sequences.py --data PACKAGES --out FOLDER [--only NAME,NAME]
    python benchmarks/public_sequences.py --packages            what to download, and how to unpack it

`public_sequences.json` names five sets of the package aeon: files of the training and the test part with their SHA-256,
and how many series, channels and steps they have. No data lies in the repository. PACKAGES is as in `public_tables.py`.
FOLDER then holds `catalog.json`, an npz (X, y) for each set, and `splits/NAME.npy`, which marks the archive's own test
part, so that figures can be laid beside published ones. Shorter series end in missing values.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from public_tables import arguments, instructions, verified

CATALOG = Path(__file__).with_suffix(".json")
PARTS = ("train", "test")


def entries(only: str = "") -> list[dict[str, Any]]:
    """The sets of the catalog, or those that are named, parted by commas."""
    found: list[dict[str, Any]] = json.loads(CATALOG.read_text("utf-8"))
    return [entry for entry in found if not only or entry["name"] in only.split(",")]


def read_ts(text: str) -> tuple[list[list[np.ndarray]], list[str]]:
    """The series of a file, each a list of channels ``(steps,)``, and their labels.

    A line after ``@data`` holds the channels and the label, parted by colons; values are parted by commas.
    """
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data") + 1
    series, labels = [], []
    for line in filter(None, map(str.strip, lines[first:])):
        *channels, label = line.split(":")
        series.append([np.array([float(cell) for cell in channel.split(",")]) for channel in channels])
        labels.append(label)
    return series, labels


def arrays(packages: Path, entry: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Series ``(n, channels, length)`` float32, labels ``(n,)``, and 1 for the series of the test part."""
    series, labels, marks = [], [], []
    for part in PARTS:
        content = verified(packages, {**entry, **entry[part]})
        found, told = read_ts(content.decode("utf-8"))
        series += found
        labels += told
        marks += [int(part == "test")] * len(found)
    length = max(len(channel) for one in series for channel in one)
    X = np.full((len(series), len(series[0]), length), np.nan, np.float32)
    for row, one in enumerate(series):
        for place, channel in enumerate(one):
            X[row, place, : len(channel)] = channel
    return X, np.array(labels), np.array(marks, np.int8)


def write(packages: Path, folder: Path, chosen: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write a data folder and return its catalog.

    Args:
        packages: folder with a folder for each package.
        folder: the data folder.
        chosen: entries of the catalog.
    """
    (folder / "splits").mkdir(parents=True, exist_ok=True)
    written = []
    for entry in chosen:
        X, y, marks = arrays(packages, entry)
        if list(X.shape) != entry["shape"]:
            sys.exit(f"{entry['name']}: read an array of shape {X.shape}, expected {entry['shape']}")
        np.savez_compressed(folder / f"{entry['name']}.npz", X=X, y=y)
        np.save(folder / "splits" / f"{entry['name']}.npy", marks)
        written.append({
            "name": entry["name"], "file": f"{entry['name']}.npz", "modality": "time series", "task": "multiclass",
            "target": "y", "metric": "accuracy", "n_rows": len(X),
        })  # fmt: skip
    (folder / "catalog.json").write_text(json.dumps(written, indent=1), "utf-8")
    return written


def main() -> None:
    args = arguments(__doc__)
    chosen = entries(args.only)
    if args.packages or not (args.data and args.out):
        print("\n".join(instructions(chosen)))
        return
    write(Path(args.data), Path(args.out), chosen)
    for entry in chosen:
        print(f"{entry['name']:<24}{entry['shape'][0]:>6} series × {entry['shape'][1]} × {entry['shape'][2]}")


if __name__ == "__main__":
    main()
