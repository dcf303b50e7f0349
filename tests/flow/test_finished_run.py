"""Analyses of a finished run: models and verdict stay, the data must be those of the run, fits restore both sides."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_network import PLUGIN, TINY_OPTIONS

import automl
from automl.errors import AutomlError, DataError, FolderError, RecipeError
from automl.flow import analyses as module
from automl.records import Analysis, AnalysisContext

pytestmark = pytest.mark.analyses


def frame(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame({"a": y + rng.normal(size=n), "b": rng.normal(size=n), "y": y})


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that tests only copy."""
    place = tmp_path_factory.mktemp("finished")
    path = place / "rows.csv"
    frame().to_csv(path, index=False)
    folder = place / "run"
    automl.fit(
        path, "y", budget="none", max_trials=2, quiet=True, out=folder, analysis=0, ensemble=False, **TINY_OPTIONS
    )
    return folder


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished_run, tmp_path / "run")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted((folder / "model").rglob("*")) if path.is_file()}


def test_what_is_found_later_is_added_and_nothing_else_changes(run: Path) -> None:
    before, models = json.loads((run / "result.json").read_text("utf-8")), bytes_of(run)
    sections = json.loads((run / "report.json").read_text("utf-8"))["sections"]
    made = automl.analyse(run, budget="none", quiet=True, plugins=PLUGIN)
    after = json.loads((run / "result.json").read_text("utf-8"))
    assert before["tradeoff"] == {} and "overfitting" in after["tradeoff"]
    assert bytes_of(run) == models
    for key in ("tradeoff", "tradeoff_left_out"):
        del before[key], after[key]
    assert after == before and made.verdict == before["verdict"]
    names = [part["name"] for part in json.loads((run / "report.json").read_text("utf-8"))["sections"]]
    assert set(names) > {part["name"] for part in sections} and "overfitting" in names
    assert "Overfitting" in (run / "report.html").read_text("utf-8")


def test_fits_of_later_analyses_are_of_the_finalists_settings(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def again(context: AnalysisContext) -> dict[str, Any]:
        assert context.refit is not None
        outputs = context.refit(context.split, 1)
        there = {one.side: one.output for one in context.outcome.contestants}
        for side, output in outputs.items():
            one, other = (made.arrays["probabilities"][:, 1] for made in (output, there[side]))
            seen.append(np.corrcoef(one, other)[0, 1])
        return {"rows": []}

    monkeypatch.setattr(module, "in_order", lambda: (Analysis("again", 1, again, refits=True),))
    result = automl.analyse(run, budget="1h", quiet=True, plugins=PLUGIN)
    assert result.outcome.analyses_left_out == {} and len(seen) == 2 and min(seen) > 0.9


def test_those_that_are_there_are_only_made_again_by_name(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    members = tuple(
        Analysis(name, order, lambda context, name=name: calls.append(name) or {"rows": []})  # type: ignore[misc]
        for order, name in enumerate(("one", "overfitting"))
    )
    monkeypatch.setattr(module, "in_order", lambda: members)
    asked: dict[str, Any] = {"budget": "none", "quiet": True, "plugins": PLUGIN}
    automl.analyse(run, **asked)
    automl.analyse(run, **asked)
    assert calls == ["one", "overfitting"]
    automl.analyse(run, only="overfitting", **asked)
    assert calls == ["one", "overfitting", "overfitting"]
    with pytest.raises(RecipeError, match="there is no analysis 'overfiting'"):
        automl.analyse(run, only="overfiting", **asked)


def test_other_data_are_refused_and_lose_nothing(run: Path) -> None:
    before = (run / "result.json").read_bytes()
    other = frame()
    other.loc[0, "a"] += 1.0
    with pytest.raises(DataError, match="is not what the run learnt from"):
        automl.analyse(run, data=other, budget="none", quiet=True, plugins=PLUGIN)
    assert (run / "result.json").read_bytes() == before


def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no finished run"):
        automl.analyse(tmp_path)


@pytest.mark.parametrize("key", ["split", "interval", "verdict", "recommended"])
def test_a_result_without_a_field_is_refused_in_words(run: Path, key: str) -> None:
    result = json.loads((run / "result.json").read_text("utf-8"))
    del result[key]
    (run / "result.json").write_text(json.dumps(result), "utf-8")
    with pytest.raises(AutomlError):
        automl.analyse(run, budget="none", quiet=True, plugins=PLUGIN)


@pytest.mark.parametrize("content", ["[]", "{", '{"runs": 3}', '{"runs": [{"name": "x"}], "split": {}}'])
def test_an_altered_result_is_refused_in_words(run: Path, content: str) -> None:
    (run / "result.json").write_text(content, "utf-8")
    with pytest.raises(AutomlError):
        automl.analyse(run, budget="none", quiet=True, plugins=PLUGIN)
    assert (run / "result.json").read_text("utf-8") == content
