"""Pages of the documentation are true: their Python blocks run, one after another."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PACKAGE = DOCS.parent / "automl"


@pytest.mark.slow
@pytest.mark.parametrize("page", ["estimators.md"])
def test_the_python_blocks_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    scope: dict = {}
    for block in blocks:
        exec(compile(block, page, "exec"), scope)
    assert len(blocks) >= 4 and "Verdict" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "runs"]


def test_every_page_is_in_the_navigation():
    nav = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert [page for page in pages if page not in nav] == []


def test_the_index_of_decisions_lists_every_record_by_its_title():
    index = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0].lstrip("# 0123456789.") for path in records}
    assert [name for name, title in titles.items() if f"]({name}) | {title} |" not in index] == []


def parts_of_the_design(title):
    text = (DOCS / "design.md").read_text(encoding="utf-8")
    return [line.split("|")[1:-1] for line in text.partition(f"## {title}")[2].partition("\n## ")[0].splitlines()]


def modules_of(folder):
    found = {path.stem for path in folder.glob("*.py") if not path.name.startswith("_")}
    return found | {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}


def test_the_layers_of_the_design_are_the_modules_there_are():
    cells = [row[1] for row in parts_of_the_design("Layers") if len(row) == 3]
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == modules_of(PACKAGE)


def test_the_design_names_only_modules_that_there_are():
    rooms = [path.parent for path in PACKAGE.rglob("__init__.py")]
    there = {name for room in rooms for name in modules_of(room)}
    cells = [row[1] for row in parts_of_the_design("Inside the larger rooms") if len(row) == 2]
    named = set(re.findall(r"`(\w+)`", " ".join(cells)))
    assert len(named) > 80 and named - there == set()
