"""Python arguments and flags make the same record as YAML, and the record can be written again."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from automl import recipe
from automl.errors import RecipeError
from automl.recipe import shipped

FRAME = pd.DataFrame({"a": [1, 2], "y": [0, 1]})


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [(90, 90), (1.5, 1.5), ("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1.5m", 90), (" 5 m ", 300)],
)
def test_budgets_are_seconds(budget, seconds):
    assert seconds == recipe.parse_budget(budget) == recipe.make(data=FRAME, budget=budget).budget_seconds


@pytest.mark.parametrize("budget", ["", "s", "5d", "5 minutes", "-5", "0", 0, -1, True, float("nan"), None, [5], "1e3"])
def test_what_is_no_time_is_refused(budget):
    with pytest.raises(RecipeError, match="budget: expected a time such as"):
        recipe.parse_budget(budget)


def test_columns_are_read_as_flags_write_them():
    columns = recipe.parse_columns("age=numeric, a=b=text,")

    assert columns == {"age": "numeric", "a=b": "text"}
    assert columns == recipe.make(data=FRAME, columns="age=numeric,a=b=text").columns


@pytest.mark.parametrize(
    ("text", "words"),
    [("age", "expected name=kind, got 'age'"), ("=text", "expected name=kind"), ("a=text,a=list", "given twice"),
     ("a=nummeric", "did you mean 'numeric'?")],
)  # fmt: skip
def test_columns_written_wrong_are_refused(text, words):
    with pytest.raises(RecipeError, match=re.escape(words)):
        recipe.parse_columns(text)


def test_objects_pass_through_untouched():
    pair, weight = (np.zeros((3, 2)), np.arange(3)), np.ones(3)
    made = recipe.make(data=pair, test=FRAME, weight=weight)

    assert made.data is pair and made.test is FRAME and made.weight is weight


def test_pythons_and_numpys_words_and_numbers_are_understood(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    made = recipe.make(
        data=path, target=("y", "z"), seed=np.int64(3), min_gain=np.float64(0.1), out=tmp_path / "out", goal=None
    )

    assert (str(path), ("y", "z"), 3, 0.1, str(tmp_path / "out")) == (
        made.data, made.target, made.seed, made.min_gain, made.out
    )  # fmt: skip
    assert recipe.make(data=path, target=pd.Index(["a"])).target == ("a",)


def test_plugins_may_be_files_in_python():
    assert recipe.make(data=FRAME, plugins=["mine.py"]).plugins == ("mine.py",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"data": FRAME, "bugdet": 3}, "automl.fit: unknown argument 'bugdet' (did you mean 'budget'?)"),
        ({"data": FRAME, "seed": "x"}, "automl.fit: seed: expected a whole number"),
        ({}, "automl.fit: data is missing"),
        ({"data": "no/such.csv"}, "there is no folder"),
        ({"data": FRAME, "target": FRAME}, "target: expected a column's name"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(RecipeError, match=re.escape(words)):
        recipe.make(**arguments)


# --------------------------------------------------------------------------- shipped sets


@pytest.mark.parametrize("name", shipped.SETS)
def test_shipped_sets_load_with_their_target(name):
    made = recipe.make(data=name)
    if isinstance(made.data, tuple | shipped.Arrays):
        inputs, labels = made.data if isinstance(made.data, tuple) else (made.data["X"], made.data["y"])
        assert len(inputs) == len(labels) > 50 and made.target == ()
    else:
        assert set(made.target) <= set(made.data.columns)
        assert made.target or name == "automl:pump", "its fault is a label, which no model learns"
        assert len(made.data) >= 20
    assert name.partition(":")[2] == made.data.attrs["name"]
    assert f"data: {name}\n" in recipe.dump(made)


def test_a_target_that_is_given_wins_over_the_sets_own():
    assert recipe.make(data="sklearn:linnerud", target="Pulse").target == ("Pulse",)


def test_shipped_files_are_small_and_their_licences_are_stated():
    files = {path.name: path.read_bytes() for path in shipped.packaged("").iterdir() if path.is_file()}
    said = files["README.md"].decode()

    model = len(files["column_kinds.npz"])  # no data: what was learnt of column kinds
    assert sum(map(len, files.values())) - model < 2**20 and model < 3e6
    for name in shipped.SETS:
        source, _, short = name.partition(":")
        if source == "automl":
            assert re.search(rf"^\| `{short}` .*(public domain|CC0)", said, re.M), short


def test_the_shapes_are_those_of_their_script():
    import runpy

    make = runpy.run_path(str(shipped.packaged("make_shapes.py")))["make"]
    (X, y), _ = shipped.load("automl:shapes")
    again, labels = make()

    np.testing.assert_allclose(again, X, atol=2e-3)
    assert labels.tolist() == y.tolist()


def test_the_whistles_are_those_of_their_script():
    import runpy

    make = runpy.run_path(str(shipped.packaged("make_whistles.py")))["make"]
    data, _ = shipped.load("automl:whistles")
    again, labels = make()

    np.testing.assert_allclose(again, data["X"], atol=1)
    assert labels.tolist() == data["y"].tolist() and data["rate"] == 4_000


# --------------------------------------------------------------------------- writing


def test_what_is_dumped_reads_back_the_same(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    made = recipe.make(
        data=str(tmp_path / "a.csv"), target=["y", "z"], columns={"größe": "numeric"}, budget="2h", latency=12.5,
        templates="mlp", max_trials=4, horizon=3, min_gain=0.1, seed=5, quiet=True,
    )  # fmt: skip
    path = tmp_path / "again.yaml"
    path.write_text(recipe.dump(made), encoding="utf-8")
    back = recipe.read(path)

    for name in made.__slots__:
        if name not in ("source", "file"):
            assert getattr(made, name) == getattr(back, name), name


def test_data_in_memory_becomes_a_comment():
    text = recipe.dump(recipe.make(data=FRAME, target="y", budget=60))

    assert text.startswith("# data: was given in memory, a DataFrame of shape (2, 2)")
    assert text.partition("\n")[2] == "target: y\nbudget: 60s\n"


def test_the_schema_knows_every_key_and_forbids_others():
    content = recipe.schema()

    assert content["required"] == ["data"] and content["additionalProperties"] is False
    assert {"target", "budget", "json", "time_column", "min_gain"} <= set(content["properties"])
    assert all("description" in value for value in content["properties"].values())


def test_the_searchs_own_keys_come_through_and_back(tmp_path):
    search = {"oracle": "random", "memory": "2GB", "log": "tensorboard", "device": "one"}
    made = recipe.make(data="sklearn:iris", search=search, ensemble=False)
    assert (made.search.oracle, made.search.memory_mib, made.search.log) == ("random", 2048.0, ("tensorboard",))
    assert made.search.device == "one"
    (tmp_path / "again.yaml").write_text(recipe.dump(made))
    again = recipe.read(tmp_path / "again.yaml")
    assert again.search == made.search and again.ensemble is False


def test_how_numbers_of_a_target_are_read_may_be_said_and_no_other_kind():
    frame = pd.DataFrame({"a": [1, 2], "y": [0.5, -999]})

    made = recipe.make(data=frame, target="y", columns={"y": "numeric"})

    assert made.columns == {"y": "numeric"}
    with pytest.raises(RecipeError, match="only be numeric or embedded_number"):
        recipe.make(data=frame, target="y", columns={"y": "text"})


def test_a_budget_of_none_needs_max_trials():
    made = recipe.make(data=[[1, 2]], target="y", budget="None", max_trials=3)
    assert made.budget_seconds == math.inf
    with pytest.raises(RecipeError, match="budget: none bounds nothing; add max_trials"):
        recipe.make(data=[[1, 2]], target="y", budget="none")


@pytest.mark.parametrize(
    "values",
    [np.arange(40) % 2, [1.5] * 40, pd.Series(np.linspace(0, 1, 40)), np.array(["a", "b"] * 20), ("yes", "no") * 20],
    ids=["integers", "list", "series", "words", "tuple"],
)
def test_values_in_place_of_the_targets_name_are_told_how_arrays_are_passed(values):
    with pytest.raises(RecipeError, match=r"target names columns; it was given 40 values.*\(X, y\)"):
        recipe.make(data=np.zeros((40, 3)), target=values)


@pytest.mark.parametrize("names", [["a", "b"], np.array(["a", "b"]), [f"y{i}" for i in range(12)], list(range(12))])
def test_names_of_targets_may_come_as_any_sequence(names):
    assert recipe.make(data=FRAME, target=names).target == tuple(map(str, names))
