"""Columns that the user leaves out are no inputs, in every way in; what cannot be left out is refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl import cli, recipe
from automl.errors import DataError, RecipeError
from automl.intake import load
from automl.records import Recipe


@pytest.fixture
def cars():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "km": rng.normal(size=60).round(3),
            "paid in full": rng.normal(size=60).round(3),
            "colour": rng.choice(["red", "blue"], 60),
            "price": rng.normal(size=60).round(3),
        }
    )


def names(dataset):
    return list(dataset.inputs.columns)


@pytest.mark.parametrize("form", ["frame", "pair", "csv", "parquet", "dict", "records"])
def test_a_dropped_column_is_no_input_whatever_the_data_are(cars, form, tmp_path):
    data = cars
    if form == "pair":
        data = (cars.drop(columns="price"), cars["price"])
    elif form in ("csv", "parquet"):
        data = str(tmp_path / f"cars.{form}")
        cars.to_csv(data, index=False) if form == "csv" else cars.to_parquet(data)
    elif form != "frame":
        data = cars.to_dict("list" if form == "dict" else "records")

    read = load(recipe.make(data=data, target=None if form == "pair" else "price", drop="paid in full"))

    assert names(read) == ["km", "colour"]
    (found,) = [one for one in read.findings if one.check == "dropped_columns"]
    assert (found.severity, found.columns) == ("low", ("paid in full",)) and "'paid in full'" in found.message


def test_columns_of_an_array_are_dropped_by_their_number(cars):
    read = load(recipe.make(data=(np.arange(40.0).reshape(20, 2), np.arange(20) % 2), drop=["x1"]))
    assert names(read) == ["x0"]


def test_test_rows_may_have_the_dropped_column_or_not(cars, tmp_path):
    for test in (cars, cars.drop(columns="km")):
        read = load(recipe.make(data=cars, target="price", drop="km", test=test))
        assert names(read) == ["paid in full", "colour"] and read.given.sum() == 60
        assert not [one for one in read.findings if one.check == "extra_columns"]


def test_other_columns_are_read_as_without_it_and_the_fingerprint_is_another(cars):
    whole, part = (load(recipe.make(data=cars, target="price", drop=drop)) for drop in (None, ["km"]))
    pd.testing.assert_frame_equal(part.inputs, whole.inputs.drop(columns="km"))
    assert part.fingerprint != whole.fingerprint


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"drop": "pa1d in full"}, "drop: 'pa1d in full' is not a column .* did you mean 'paid in full'"),
        ({"drop": ["km", "colour", "paid in full", "price"], "target": None}, "every column"),
        ({"drop": ["km", "colour", "paid in full"]}, "no input column is left"),
    ],
)
def test_what_cannot_be_dropped_is_refused_in_words(cars, asked, words):
    with pytest.raises(DataError, match=words):
        load(recipe.make(**({"data": cars, "target": "price"} | asked)))


def test_the_target_of_a_pair_and_of_a_shipped_set_cannot_be_dropped(cars):
    for data, target in (((cars[["km"]], cars["price"]), "y"), ("sklearn:iris", "species")):
        with pytest.raises(DataError, match=f"'{target}' is the target"):
            load(recipe.make(data=data, drop=target))


def test_an_array_without_columns_has_none_to_drop():
    pictures = np.zeros((20, 8, 8, 1), np.uint8)
    with pytest.raises(DataError, match="array without columns"):
        load(recipe.make(data=(pictures, np.arange(20) % 2), drop="x1"))


@pytest.mark.parametrize("role", ["target", "time_column", "series", "group", "weight"])
def test_a_column_with_a_role_cannot_be_dropped(cars, role):
    with pytest.raises(RecipeError, match=f"drop: 'km' is the {role} as well"):
        recipe.make(data=cars, drop=["colour", "km"], **{"target": "price", role: "km"})


def test_a_kind_for_a_dropped_column_does_no_harm(cars):
    seen = automl.inspect(cars, target="price", drop="km", columns={"km": "categorical"})
    assert [column.name for column in seen.columns] == ["paid in full", "colour"]


def test_without_a_target_the_dropped_column_is_not_proposed(cars):
    seen = automl.inspect(cars, drop="price")
    assert "price" not in str(seen.targets) and "price" not in [column.name for column in seen.columns]


def test_flag_key_and_argument_are_one_recipe(cars, tmp_path, capsys):
    cars.to_csv(tmp_path / "cars.csv", index=False)
    file = tmp_path / "r.yaml"
    for text in ("drop: [km, colour]", "drop: km"):
        file.write_text(f"data: cars.csv\ntarget: price\n{text}\n")
        assert recipe.read(file).drop == (("km", "colour") if "[" in text else ("km",))
        assert recipe.read(file, drop=["paid in full"]).drop == ("paid in full",)
    assert (
        cli.main(["inspect", str(tmp_path / "cars.csv"), "--target", "price", "--drop", "km", "--drop", "colour"]) == 0
    )
    said = capsys.readouterr().out
    assert "('paid in full') of 1 kind" in said and "2 columns were left out, as you asked: 'km', 'colour'" in said


def test_a_recipe_with_dropped_columns_is_written_and_read_back(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    for drop in (("x",), ("x", "y z")):
        (tmp_path / "again.yaml").write_text(recipe.dump(Recipe(str(tmp_path / "a.csv"), ("t",), drop=drop)))
        assert recipe.read(tmp_path / "again.yaml").drop == drop


def test_estimators_take_it(cars):
    X, y = cars.drop(columns="price"), cars["price"]
    model = automl.ShallowRegressor(budget=None, max_trials=1, drop=["paid in full"]).fit(X, y)
    assert [c.name for c in model._fitted_model.task.columns] == ["km", "colour"]
    shuffled = X.assign(**{"paid in full": 7.0})
    np.testing.assert_array_equal(model.predict(X), model.predict(shuffled))
