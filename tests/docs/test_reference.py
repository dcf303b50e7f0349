"""The reference is whole: every key, command, member and public name is in it, and its examples are true."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
import yaml

import automl
from automl import catalog, metrics, recipe
from automl.cli.app import app
from automl.predict.model import Model
from automl.recipe.schema import EXAMPLES, EXPECTED
from automl.records import Baseline, Template
from automl.result import Result

DOCS = Path(__file__).resolve().parents[2] / "docs"
TUTORIALS = DOCS / "tutorials"


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("reference_pages", DOCS / "reference_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: page() for name, page in module.PAGES.items()}


def test_every_key_has_an_example_that_is_valid(pages, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("cars.csv", "cars_of_2025.csv"):
        (tmp_path / name).write_text("y\n1\n")
    for folder in ("backbones/minilm", "runs/cars"):
        (tmp_path / folder).mkdir(parents=True)
    assert set(EXAMPLES) == set(EXPECTED)
    for key, value in EXAMPLES.items():
        outer, _, inner = key.rpartition(".")
        given = {outer: {inner: value}} if outer else {key: value}
        others = {"data": "cars.csv", "target": "y", "out": "runs/cars"}
        made = recipe.make(**{**others, **given}, source="the reference")
        assert made is not None and f"`{key}`" in pages["recipe"]


def test_the_blocks_of_the_recipe_page_are_yaml(pages):
    blocks = re.findall(r"```yaml\n(.*?)```", pages["recipe"], re.DOTALL)
    assert [next(iter(yaml.safe_load(block))) for block in blocks] == [key.partition(".")[0] for key in keys_in(pages)]


def keys_in(pages):
    return re.findall(r"^###? `([\w.]+)`", pages["recipe"], re.MULTILINE)


def test_every_command_has_its_flags(pages):
    names = [command.name for command in app.registered_commands]
    assert [name for name in names if f"## `automl {name}`" not in pages["command_line"]] == []
    assert "`--time-column <str>`" in pages["command_line"]


@pytest.mark.parametrize(
    ("page", "record", "package"),
    [("templates", Template, "automl.templates"), ("baselines", Baseline, "automl.baselines")],
)
def test_every_member_is_listed_with_its_source(pages, page, record, package):
    members = catalog.members(record, package)
    assert len(members) > 20
    assert [name for name in members if f"`{name}`" not in pages[page]] == []
    assert "Source: ." not in pages[page]


def test_every_metric_is_listed(pages):
    assert [name for name in metrics.METRICS if f"`{name}`" not in pages["metrics"]] == []


def test_a_template_shows_the_settings_it_declares(pages):
    mlp = pages["templates"].partition("## `mlp`\n")[2].partition("\n## ")[0]
    assert "| dropout | 0 to 0.5 | 0.15 |" in mlp and "| layers | 2 to 4 | 3 |" in mlp


def run_in_tests():
    """Python that the documentation shows and tests run."""
    texts = [(DOCS / "reference" / "examples.md").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in sorted(TUTORIALS.glob("*.ipynb"))]
    return "\n".join(texts)


def test_every_public_name_has_an_example():
    shown = run_in_tests()
    public = {name for name in automl.__all__ if not name.startswith("_")}
    for owner in (Result, Model):
        public |= {name for name, _ in inspect.getmembers(owner) if not name.startswith("_")}
    internal = {"read", "outcome", "predictors", "run_folder", "summary", "folder", "model", "index", "task"}
    assert sorted(name for name in public - internal if not re.search(rf"\b{name}\b", shown)) == []


@pytest.mark.thorough
@pytest.mark.analyses
def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "reference" / "examples.md").read_text(encoding="utf-8")
    scope: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "examples.md", "exec"), scope)
    assert "shallow" in capsys.readouterr().out
    assert {"sold.html", "README.md", "reforms.md", "model", "runs"} <= {path.name for path in tmp_path.iterdir()}
