"""Every recipe that ships is valid, explains itself and stays within its time; the schema in docs is today's."""

import json
from pathlib import Path

import pytest

from automl import recipe
from automl.intake import load
from automl.recipe import shipped

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def test_there_is_a_recipe_for_every_kind_of_data():
    names = {path.stem for path in RECIPES}

    assert {"quickstart", "tabular", "text", "image", "sequence", "forecast"} <= names


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_runs_on_shipped_data_within_its_time(path):
    read = recipe.read(path)
    is_quick = "# quick" in path.read_text("utf-8").splitlines()

    assert not isinstance(read.data, str)
    assert read.budget_seconds <= (60 if is_quick else 150)
    assert path.read_text("utf-8").count("# ") >= 4


def test_the_quickstart_is_marked_quick():
    assert "# quick" in (ROOT / "recipes" / "quickstart.yaml").read_text("utf-8").splitlines()


def test_the_schema_in_docs_is_what_the_command_writes():
    assert recipe.schema() == json.loads((ROOT / "docs" / "recipe.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(shipped.SETS))
def test_shipped_data_keep_their_name_which_titles_the_report(name):
    assert load(recipe.make(data=name)).name == name.partition(":")[2]


def test_a_frame_in_memory_is_titled_by_its_own_name_if_it_has_one():
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2, 3], "y": [0, 1, 0]})
    assert load(recipe.make(data=frame, target="y")).name == "data"
    for name, title in (("cars", "cars"), ("", "data"), (3, "data")):
        frame.attrs["name"] = name
        assert load(recipe.make(data=frame, target="y")).name == title
