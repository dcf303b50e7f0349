"""One page over several runs: what it says, and that whoever altered a run's files gets an error in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outcomes import binary, forecast, no_deep, regression

import automl
from automl.errors import FolderError
from automl.report import page
from automl.report.compare import MOST_RUNS, compared, write_comparison


def folder_of(outcome: Any, place: Path) -> Path:
    place.mkdir()
    page.write(outcome, place)
    return place


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    makers = (binary, regression, forecast, no_deep)
    return [folder_of(maker(), tmp_path / maker.__name__) for maker in makers]


def test_a_row_for_each_run_in_the_order_given(runs: list[Path]) -> None:
    found = automl.compare(runs)
    assert list(found["folder"]) == [str(run) for run in runs]
    for run, row in zip(runs, found.to_dict("records"), strict=True):
        result = json.loads((run / "result.json").read_text("utf-8"))
        assert (row["verdict"], row["reason"], row["metric"]) == (
            result["verdict"], result["reason"], result["task"]["metric"],
        )  # fmt: skip
        ends = (result.get("uncertainty") or {}).get("interval_percent")
        if ends:
            assert [row["percent_low"], row["percent_high"]] == pytest.approx(ends)
            assert row["percent_low"] <= row["gain_percent"] <= row["percent_high"]


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_the_page_names_every_run_and_loads_nothing(runs: list[Path], tmp_path: Path, ending: str) -> None:
    made = write_comparison(compared(runs), tmp_path / f"all.{ending}").read_text("utf-8")
    for row in compared(runs):
        assert row.decision in made
    assert "http" not in made.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_what_changed_between_two_runs_of_the_same_data_is_named(tmp_path: Path) -> None:
    one = binary()
    later = replace(
        one,
        automl_version="9.9",
        clock={**one.clock, "started": "2030-01-01T00:00:00"},
        fingerprint="b",
        reproduce={**one.reproduce, "recipe": "data: other.csv\nbudget: 60s\n", "versions": {"keras": "2"}},
    )
    one = replace(
        one, fingerprint="a", reproduce={**one.reproduce, "recipe": "data: other.csv\n", "versions": {"keras": "1"}}
    )
    folders = [folder_of(one, tmp_path / "one"), folder_of(later, tmp_path / "later")]
    text = write_comparison(compared(folders), tmp_path / "page.md").read_text("utf-8")
    for words in ("data (", "recipe (budget)", "→ 9.9", "keras 1 → 2"):
        assert words in text, words


def test_text_of_a_run_is_escaped(tmp_path: Path) -> None:
    folder = folder_of(replace(binary(), name="<script>alert(1)</script>"), tmp_path / "run")
    made = write_comparison(compared([folder]), tmp_path / "page.html").read_text("utf-8")
    assert "<script>" not in made and "&lt;script&gt;" in made


@pytest.mark.parametrize(
    ("key", "value"),
    [("verdict", "both"), ("gain", "1"), ("interval", [1]), ("runs", [{"side": "deep", "test_score": 1}]),
     ("split", {}), ("task", []), ("runs", [{"name": "x", "side": "deep", "test_score": "high"}])],
)  # fmt: skip
def test_an_altered_run_is_refused_in_words(runs: list[Path], key: str, value: Any) -> None:
    path = runs[0] / "result.json"
    result = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**result, key: value}), "utf-8")
    with pytest.raises(FolderError, match="was it altered"):
        compared(runs)


def test_folders_without_a_run_none_and_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no finished run"):
        compared([tmp_path])
    with pytest.raises(FolderError, match="expected run folders, got none"):
        compared([])
    with pytest.raises(FolderError, match="expected at most"):
        compared([tmp_path] * (MOST_RUNS + 1))
