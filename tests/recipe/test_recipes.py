"""Every recipe that ships is valid, explains itself and stays within its time; the schema in docs is today's."""

import json
from pathlib import Path

import pytest

from automl import recipe
from automl.errors import RecipeError
from automl.intake import load
from automl.pretrained.shipped import FOLDERS
from automl.recipe import shipped

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def test_there_is_a_recipe_for_every_kind_of_data():
    names = {path.stem for path in RECIPES}

    assert {"quickstart", "tabular", "text", "image", "sequence", "forecast"} <= names
    assert {"known", "pretrained_text", "pretrained_image"} <= names


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


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_a_shipped_backbone_is_small_opens_by_its_name_and_is_found_by_recipes(name):
    from automl.pretrained import open_backbone, open_picture_backbone
    from automl.pretrained.shipped import place_of

    folder = Path(place_of(name))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 300 << 10
    opened = open_picture_backbone(folder) if name == "automl:letters" else open_backbone(folder)
    assert 16 <= opened.dim <= 128
    assert recipe.make(data="sklearn:iris", pretrained=name).pretrained == name


def test_a_backbone_that_does_not_ship_names_those_that_do():
    with pytest.raises(RecipeError, match="those that ship are automl:letters"):
        recipe.make(data="sklearn:iris", pretrained="automl:resnet")


def test_calendars_of_the_bakery_are_known_and_raise_its_sales():
    frame, _ = shipped.load("automl:bakery")
    usual = frame[(frame.holiday == 0) & (frame.promotion == 0)].groupby("shop").loaves.mean()
    raised = frame[(frame.holiday == 0) & (frame.promotion == 1)].groupby("shop").loaves.mean()
    assert (raised / usual).between(1.2, 1.7).all()
    assert (frame[frame.holiday == 1].loaves == 0).all()


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
