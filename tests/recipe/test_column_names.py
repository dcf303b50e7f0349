"""Columns that are named by numbers."""

import numpy as np
import pandas as pd
import pytest

from automl import recipe
from automl.errors import RecipeError
from automl.intake import load
from automl.recipe.column_names import NAME_KEYS, with_names

FRAME = pd.DataFrame(np.arange(40.0).reshape(10, 4))


@pytest.mark.parametrize("name", [3, np.int64(3), "3", [3], (np.int32(3),)])
def test_a_number_names_the_target(name):
    made = recipe.make(data=FRAME, target=name)
    assert made.target == ("3",)
    assert load(made).target["3"].tolist() == FRAME[3].tolist()


@pytest.mark.parametrize("key", [key for key in NAME_KEYS if key != "target"])
def test_a_number_names_any_other_column(key):
    expected = ("3",) if key in ("known", "drop", "sensitive") else "3"
    assert getattr(recipe.make(data=FRAME, target=0, **{key: 3}), key) == expected


def test_numbers_are_keys_of_kinds():
    assert recipe.make(data=FRAME, target=0, columns={1: "numeric", np.int64(2): "text"}).columns == {
        "1": "numeric",
        "2": "text",
    }


def test_a_recipe_may_name_a_column_by_a_number(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "r.yaml").write_text("data: t.csv\ntarget: 3\ngroup: 1\n")
    made = recipe.read(tmp_path / "r.yaml")
    assert (made.target, made.group) == (("3",), "1")


@pytest.mark.parametrize(
    ("line", "words"),
    [("target: no", "yes/no value; quote the word"), ("target: 2024-01-31", "quote it if you mean it as text"),
     ("columns: {no: numeric}", "put 'no' in quotes"), ("columns: {2019: numeric}", "put '2019' in quotes"),
     ("columns: {on: numeric}", "put 'on' in quotes")],
)  # fmt: skip
def test_what_yaml_reads_as_something_else_is_told_to_be_quoted(tmp_path, line, words):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "r.yaml").write_text(f"data: t.csv\n{line}\n")
    with pytest.raises(RecipeError, match=words):
        recipe.read(tmp_path / "r.yaml")


def test_yes_and_no_and_numbers_without_end_are_no_names():
    values = {"target": True, "group": 10**400, "label": float("nan")}
    assert with_names(values).items() >= {"target": True, "group": 10**400}.items()
