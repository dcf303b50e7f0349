"""The catalog of public tables is whole, and a data folder is written of files with the right hash alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("public_tables")


@pytest.fixture
def public():
    with benchmark("public_tables") as module:
        yield module


CSV = (
    '"","grade","height","id"\n'
    + "".join(f'"{i}","{"AB"[i % 3 == 0]}","{i}.5","{i}"\n' for i in range(40))
    + '"40","NA","1","4"\n'
)


def packaged(folder: Path, **more: object) -> dict[str, object]:
    """A package with one table, and the table's entry."""
    (folder / "toys").mkdir(parents=True)
    (folder / "toys" / "a.csv").write_text(CSV)
    return {"name": "toy", "registry": "PyPI", "package": "toys", "version": "1.0", "file": "a.csv",
            "sha256": hashlib.sha256(CSV.encode()).hexdigest(), "target": "grade", "metric": "accuracy", "drop": ["id"],
            "n_rows": 40, "n_columns": 1, "licence": "MIT", **more}  # fmt: skip


def test_the_catalog_has_twenty_tables_to_tune_by_and_ten_held_out(public):
    tables = public.entries()
    held_out = [entry for entry in tables if entry.get("held_out")]
    assert (len(tables) - len(held_out), len(held_out)) == (20, 10)
    assert len({entry["name"] for entry in tables}) == len({(e["package"], e["file"]) for e in tables}) == 30
    assert max(entry["n_rows"] for entry in tables if not entry.get("held_out")) <= 5000
    assert {entry["metric"] for entry in held_out} == {"roc_auc", "accuracy", "r2"}
    needed = {
        "name",
        "registry",
        "package",
        "version",
        "file",
        "sha256",
        "target",
        "metric",
        "n_rows",
        "n_columns",
        "licence",
    }
    assert all(needed <= set(entry) and len(entry["sha256"]) == 64 for entry in tables)


def test_a_folder_is_written_as_contests_read_it(public, tmp_path):
    entry = packaged(tmp_path / "packages", held_out=True)
    public.write(tmp_path / "packages", tmp_path / "data", [entry])
    (said,) = json.loads((tmp_path / "data" / "catalog.json").read_text())
    assert said == {"name": "toy", "file": "toy.csv.gz", "task": "tabular", "target": "grade", "metric": "accuracy",
                    "held_out": True, "n_rows": 40, "n_columns": 1}  # fmt: skip
    frame = pd.read_csv(tmp_path / "data" / "toy.csv.gz", dtype=str)
    assert list(frame.columns) == ["grade", "height"] and frame["height"][1] == "1.5"
    test = np.load(tmp_path / "data" / "splits" / "toy.npy")
    assert test.sum() == 10 and set(frame["grade"][test == 1].value_counts()) == {3, 7}


def test_a_file_of_another_version_is_refused_with_how_to_get_the_right_one(public, tmp_path):
    entry = packaged(tmp_path)
    (tmp_path / "toys" / "a.csv").write_text(CSV + "more")
    with pytest.raises(SystemExit, match=r"expected .*pip download --no-deps toys==1.0"):
        public.table(tmp_path, entry)
    (tmp_path / "toys" / "a.csv").unlink()
    with pytest.raises(SystemExit, match=r"a\.csv, which is not there; pip download"):
        public.table(tmp_path, entry)


def test_a_table_of_another_shape_is_refused(public, tmp_path):
    with pytest.raises(SystemExit, match="expected 41 rows"):
        public.write(tmp_path, tmp_path / "data", [packaged(tmp_path, n_rows=41)])


def test_test_rows_are_drawn_by_the_name_within_the_classes(public):
    target = pd.Series(["a"] * 80 + ["b"] * 20)
    marks = public.test_rows("x", target, "accuracy")
    assert (marks[:80].sum(), marks[80:].sum()) == (20, 5)
    assert (marks == public.test_rows("x", target, "accuracy")).all()
    assert (marks != public.test_rows("y", target, "accuracy")).any()


def test_held_out_sets_are_run_by_their_mark(monkeypatch, tmp_path):
    with benchmark("tables") as tables:
        entries = [{"name": "a", "held_out": False}, {"name": "b", "held_out": True}, {"name": "c"}]
        (tmp_path / "catalog.json").write_text(json.dumps(entries))
        assert tables.held_out(tmp_path) == ["b"]
        (tmp_path / "catalog.json").write_text(json.dumps(entries[::2]))
        with pytest.raises(SystemExit, match="holds no set out"):
            tables.held_out(tmp_path)
