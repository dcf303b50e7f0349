"""The catalog of public sets of whole series is whole; files of channels become arrays that end in missing values."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("public_sequences")


@pytest.fixture
def public():
    with benchmark("public_sequences") as module:
        yield module


def test_the_catalog_has_five_sets(public):
    found = public.entries()
    files = {entry[part]["file"] for entry in found for part in public.PARTS}
    assert len({entry["name"] for entry in found}) == len(found) == 5 and len(files) == 10
    assert all(len(entry[part]["sha256"]) == 64 for entry in found for part in public.PARTS)
    assert [entry["name"] for entry in public.entries("acsf1")] == ["acsf1"]


def test_a_line_holds_channels_and_a_label(public):
    series, labels = public.read_ts("@problemName toy\n@data\n1,2:3,4:a\n\n5:6:b\n")
    assert [[channel.tolist() for channel in one] for one in series] == [[[1, 2], [3, 4]], [[5], [6]]]
    assert labels == ["a", "b"]


def test_the_test_part_is_marked_and_short_series_end_in_missing_values(public, tmp_path: Path):
    (tmp_path / "toys").mkdir()
    entry = {"name": "toy", "registry": "PyPI", "package": "toys", "version": "1", "shape": [3, 1, 3]}
    for part, rows in (("train", "1,2,3:a\n4,5:b\n"), ("test", "6,7:a\n")):
        text = f"@data\n{rows}"
        (tmp_path / "toys" / f"{part}.ts").write_text(text)
        entry[part] = {"file": f"{part}.ts", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    public.write(tmp_path, tmp_path / "out", [entry])
    (told,) = json.loads((tmp_path / "out" / "catalog.json").read_text())
    arrays = np.load(tmp_path / "out" / told["file"])
    assert np.load(tmp_path / "out" / "splits" / "toy.npy").tolist() == [0, 0, 1]
    assert np.isnan(arrays["X"][:, 0]).tolist() == [[False, False, False], [False, False, True], [False, False, True]]
    assert arrays["y"].tolist() == ["a", "b", "a"] and told["metric"] == "accuracy"
