"""README and the recipes are true: its Python block runs, its commands exist, every recipe is valid."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_two_commands_are_one_line_each():
    run = [line for line in README.splitlines() if "automl run recipes/quickstart.yaml" in line]
    test = [line for line in README.splitlines() if "pytest" in line]
    assert run[0].startswith("python3 -m venv") and test[0].startswith("python3 -m venv")


def test_every_command_named_exists():
    from typer.main import get_command

    from automl.cli.app import app

    known = set(get_command(app).commands)
    shown = [shlex.split(line) for block in blocks("sh") for line in block.splitlines() if line.startswith("automl ")]
    assert shown and {words[1] for words in shown} <= known


@pytest.mark.analyses
def test_the_python_block_runs(tmp_path, monkeypatch):
    import numpy as np
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
    rng = np.random.default_rng(0)
    cars = pd.DataFrame({"age": rng.uniform(0, 15, 300), "fuel": rng.choice(["petrol", "diesel"], 300)})
    cars["price"] = 20_000 - 900 * cars["age"] + 2_000 * (cars["fuel"] == "diesel") + rng.normal(0, 500, 300)
    cars.to_csv("cars.csv", index=False)
    cars.head(5).drop(columns="price").to_csv("new_cars.csv", index=False)
    (code,) = blocks("python")
    scope: dict = {}
    exec(compile(code.replace('budget="5m"', 'budget="none", max_trials=1, quiet=True'), "README.md", "exec"), scope)
    assert (tmp_path / "report.html").exists() and (tmp_path / "model" / "bundle.json").exists()
    assert scope["result"].deep is not None and scope["result"].shallow is not None


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_every_recipe_is_valid_and_says_why(path):
    from automl import recipe

    assert recipe.validate(path) == []
    assert path.read_text().count("#") >= 3
    assert recipe.read(path).budget_seconds <= 150


def test_the_pictures_of_readme_are_there():
    for name in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / name).exists(), name
