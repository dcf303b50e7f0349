"""Predictions in files keep the clock of their times."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from automl.cli.views import write

READ = {
    ".csv": pd.read_csv,
    ".tsv": lambda path: pd.read_csv(path, sep="\t"),
    ".jsonl": lambda path: pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()]),
    ".parquet": pd.read_parquet,
    ".feather": pd.read_feather,
}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+02:00", "UTC"])
@pytest.mark.parametrize("suffix", list(READ))
def test_times_with_a_zone_are_written_in_it(tmp_path: Path, suffix: str, zone: str) -> None:
    stamps = pd.date_range("2021-07-01", periods=3, freq="h", tz=zone, unit="ns")
    frame = pd.DataFrame({"t": stamps, "y": [1.0, 2.0, 3.0]})

    write(frame, tmp_path / f"p{suffix}")
    again = READ[suffix](tmp_path / f"p{suffix}")

    read = [pd.Timestamp(value) for value in again["t"]]
    assert read == list(stamps)
    assert [stamp.utcoffset() for stamp in read] == [stamp.utcoffset() for stamp in stamps]


def test_times_without_a_zone_are_written_without(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": pd.date_range("2021-07-01", periods=2, freq="h"), "y": [1.0, 2.0]})

    write(frame, tmp_path / "p.jsonl")

    assert '"t":"2021-07-01T00:00:00' in (tmp_path / "p.jsonl").read_text()
    assert "+" not in (tmp_path / "p.jsonl").read_text() and "Z" not in (tmp_path / "p.jsonl").read_text()
