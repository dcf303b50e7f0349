"""The tutorials run from top to bottom, and the notebooks hold what they showed when they were executed."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from automl import catalog
from automl.templates.shared import generators

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))
SMALL = 'SIZE = {"budget": "none", "max_trials": 1, "seed": 0, "quiet": True}'


@pytest.fixture(autouse=True)
def plug_ins_of_a_test_stay_in_it(monkeypatch):
    monkeypatch.setattr(catalog, "_FILES", {})


@pytest.fixture(autouse=True)
def generators_learn_little(monkeypatch):
    monkeypatch.setattr(generators, "STEPS_WANTED", 20)


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code_of(path):
    return ["".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "code"]


ASKS_FOR_ANALYSES = ("pictures",)
QUICK = ("plugin_template", "plugin_baseline")


def marks_of(path):
    asked = [pytest.mark.analyses] if path.stem in ASKS_FOR_ANALYSES else []
    return asked if path.stem in QUICK else [*asked, pytest.mark.thorough]


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=marks_of(path)) for path in NOTEBOOKS],
)
def test_a_tutorial_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, *others = code_of(path)
    assert re.match(r'SIZE = \{"budget": "\d+s"', first)
    scope: dict = {}
    for code in [SMALL, *others]:
        exec(compile(code, path.stem, "exec"), scope)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_executed_in_order_without_an_error(path):
    cells = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]


def test_every_tutorial_is_on_the_page_of_tutorials_and_in_the_menu():
    index, menu = (DOCS / "tutorials" / "index.md").read_text(), (DOCS.parent / "mkdocs.yml").read_text()
    names = [path.stem for path in NOTEBOOKS]
    assert len(names) >= 10
    assert [name for name in names if f"({name}.md)" not in index or f"tutorials/{name}.md" not in menu] == []


def test_a_page_shows_frames_as_tables_and_prints_as_text(tmp_path):
    spec = importlib.util.spec_from_file_location("tutorial_pages", DOCS / "tutorial_pages.py")
    assert spec is not None and spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["seen\n"]},
        {"output_type": "stream", "name": "stderr", "text": ["not seen\n"]},
        {
            "output_type": "execute_result",
            "data": {"text/html": '<table class="dataframe"></table>', "text/plain": "t"},
        },
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["1 + 1"], "outputs": outputs},
    ]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    page = pages.page(tmp_path / "one.ipynb")
    assert page.startswith("# Title\n\n[The notebook](one.ipynb)")
    assert "```text\nseen\n```" in page and "not seen" not in page and page.count('<table class="dataframe">') == 1
