"""The report's own instructions lead to the same recipe."""

import math
import re
import shlex
from dataclasses import fields
from types import SimpleNamespace

from typer.main import get_command

from automl import recipe as recipes
from automl.cli.app import app
from automl.flow.reproduce import reproduce
from automl.records import Recipe, SearchOptions, Task

TASK = Task("tabular", "regression", ("y",), "rmse")


def test_the_command_and_the_call_name_everything_that_was_asked():
    asked = Recipe(
        "my cars.csv", ("y",), test="held out.csv", columns={"zip": "categorical"}, templates=("mlp",), seed=3
    )
    said = reproduce(asked, TASK)
    words = shlex.split(said["command"])
    assert words[:3] == ["automl", "fit", "my cars.csv"]
    for pair in (["--target", "y"], ["--test", "held out.csv"], ["--columns", "zip=categorical"], ["--seed", "3"]):
        assert pair == words[words.index(pair[0]) : words.index(pair[0]) + 2]
    assert "test='held out.csv'" in said["python"] and "columns={'zip': 'categorical'}" in said["python"]


def test_data_in_memory_has_no_command_and_no_old_folder():
    said = reproduce(Recipe([[1, 2]], ("y",), out="old", resume=True), TASK)
    assert said["command"] == "" and said["python"].startswith("automl.fit(data, target='y'")
    assert "old" not in said["recipe"]


def test_the_recipe_is_one(tmp_path):
    (tmp_path / "cars.csv").write_text("a,y\n1,2\n")
    said = reproduce(Recipe(str(tmp_path / "cars.csv"), ("y",), budget_seconds=90.0), TASK)
    (tmp_path / "again.yaml").write_text(said["recipe"])
    assert recipes.read(tmp_path / "again.yaml").budget_seconds == 90.0


def test_a_run_without_a_bound_on_time_says_so(tmp_path):
    said = reproduce(Recipe("cars.csv", ("y",), budget_seconds=math.inf, max_trials=2), TASK)
    assert "budget='none'" in said["python"] and "max_trials=2" in said["python"]
    assert "--budget none" in said["command"]
    (tmp_path / "cars.csv").write_text("x,y\n1,2\n")
    (tmp_path / "again.yaml").write_text(said["recipe"])
    again = recipes.read(tmp_path / "again.yaml")
    assert again.budget_seconds == math.inf and again.max_trials == 2


def test_dropped_columns_and_several_targets_are_named_one_by_one():
    said = reproduce(Recipe("cars.csv", ("y", "z"), drop=("paid in full", "k")), TASK)
    words = shlex.split(said["command"])
    for flag, values in (("--target", ["y", "z"]), ("--drop", ["paid in full", "k"])):
        assert values == [words[i + 1] for i, word in enumerate(words) if word == flag]
    assert "drop=['paid in full', 'k']" in said["python"] and "- paid in full" in said["recipe"]


def test_a_shipped_set_is_named_as_it_was_asked_for():
    said = reproduce(recipes.make(data="sklearn:iris"), TASK)
    assert said["command"].startswith("automl fit sklearn:iris --target species")
    assert said["python"].startswith("automl.fit('sklearn:iris', target='species'")


def test_a_recipe_file_is_run_again_with_what_replaced_its_keys(tmp_path):
    (tmp_path / "two words.yaml").write_text("data: sklearn:iris\nsearch: {oracle: random}\n")
    file = tmp_path / "two words.yaml"
    said = reproduce(recipes.read(file), TASK)
    assert shlex.split(said["command"]) == ["automl", "run", str(file)]
    assert said["python"] == f"automl.run({str(file)!r})"

    said = reproduce(
        recipes.read(file, budget="20s", drop=["a b"], ensemble=False, workers=2, out="o", columns={"k": "text"}), TASK
    )
    words = shlex.split(said["command"])
    assert words[3:] == ["--budget", "20s", "--drop", "a b", "--no-ensemble", "--workers", "2", "--columns", "k=text"]
    assert said["python"].endswith("budget='20s', drop='a b', ensemble=False, workers=2, columns={'k': 'text'})")


def test_a_recipe_file_that_ran_on_data_in_memory_has_no_command(tmp_path):
    (tmp_path / "r.yaml").write_text("data: sklearn:iris\n")
    said = reproduce(recipes.read(tmp_path / "r.yaml", data=[[1, 2]]), TASK)
    assert said["command"] == "" and said["python"].endswith("r.yaml', data=data)")


def test_the_users_costs_are_flags_and_one_argument():
    said = reproduce(recipes.make(data="sklearn:iris", costs={"retrains_per_year": 365}), TASK)
    assert "--retrains-per-year 365" in said["command"] and "predictions" not in said["command"]
    assert "costs={'retrains_per_year': 365}" in said["python"]


def test_costs_of_errors_and_of_power_are_flags():
    costs = {"false_alarm": 2, "miss": 20, "power_watts": 100, "price_per_kwh": 0.25}
    said = reproduce(recipes.make(data="sklearn:iris", costs=costs), TASK)
    assert "--false-alarm 2 --miss 20 --power-watts 100 --price-per-kwh 0.25" in said["command"]
    assert f"costs={costs!r}" in said["python"]


def test_costs_that_replaced_those_of_a_file_are_flags(tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("data: sklearn:iris\n")
    for replaced in ({"costs": {"predictions_per_year": 7}}, {"predictions_per_year": 7}):
        said = reproduce(recipes.read(file, **replaced), TASK)
        assert said["command"].endswith("--predictions-per-year 7")


def test_out_of_fold_pairs_are_asked_for_again():
    said = reproduce(Recipe("cars.csv", ("y",), fold_pairs=5), TASK)
    assert (
        "--fold-pairs 5" in said["command"] and "fold_pairs=5" in said["python"] and "fold_pairs: 5" in said["recipe"]
    )
    assert "fold" not in reproduce(Recipe("cars.csv", ("y",)), TASK)["command"]


def test_repeats_are_asked_for_again():
    said = reproduce(Recipe("cars.csv", ("y",), repeats=5), TASK)
    assert "--repeats 5" in said["command"] and "repeats=5" in said["python"] and "repeats: 5" in said["recipe"]
    assert "repeats" not in reproduce(Recipe("cars.csv", ("y",)), TASK)["command"]


EVERY = {
    "label": "failed", "normal": "no", "contamination": 0.1, "void": -1, "dims": 8, "condition": "kind",
    "memorised_limit": 0.1, "time_column": "day", "series": "shop", "group": "who",
    "columns": {"zip": "categorical"}, "drop": ["k", "l"], "max_trials": 4, "templates": ["mlp"],
    "pretrain": True, "seed": 2, "min_gain": 0.02, "repeats": 5, "fold_pairs": 5, "analysis": 0.3,
    "sensitive": ["sex", "age"], "latency": 20.0, "fail_on": "verdict=shallow|score<0.8", "ensemble": False,
    "plugins": ["my_members"], "search": {"oracle": "random", "device": "cpu", "log": ["mlflow"], "workers": 2},
    "costs": {"miss": 20},
}  # fmt: skip


def test_no_key_that_changes_a_contest_is_forgotten(tmp_path):
    """A call that leaves one out runs another contest under the name of this one."""
    (tmp_path / "cars.csv").write_text("x,y\n1,2\n")
    keys = {"data": str(tmp_path / "cars.csv"), "target": ["y"]}
    asked = recipes.make(**keys, goal="regression", metric="rmse", pretrained=str(tmp_path), **EVERY)
    ahead = recipes.make(**keys, goal="forecast", metric="mase", horizon=3, season=7, known=["promo"])
    assert_asked_again(asked, TASK)
    assert_asked_again(ahead, Task("sequence", "forecast", ("y",), "mase"))

    words = reproduce(asked, TASK)["command"]
    flags = {flag for one in get_command(app).commands["fit"].params for flag in (*one.opts, *one.secondary_opts)}
    assert {word.partition("=")[0] for word in shlex.split(words) if word.startswith("--")} <= flags
    inner = {name for key in ("search", "costs") for name in EVERY[key]}
    for name in (EVERY.keys() - {"search", "costs"}) | inner:
        assert re.search(rf"--(no-)?{name.replace('_', '-')}\b", words), name


def assert_asked_again(asked, task):
    call = reproduce(asked, task)["python"]
    again = eval(call, {"automl": SimpleNamespace(fit=lambda data, **keys: recipes.make(data=data, **keys))})
    names = [field.name for field in fields(asked) if field.name != "budget_given"]
    assert {name: getattr(asked, name) for name in names} == {name: getattr(again, name) for name in names}


def test_the_address_of_a_ray_is_not_written_down():
    said = reproduce(Recipe("cars.csv", ("y",), search=SearchOptions(ray_address="ray://user:word@host:1")), TASK)
    assert "ray" not in said["command"] + said["python"]
