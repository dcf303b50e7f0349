"""A recipe's faults are named with file, line and nearest valid key; a sound one becomes the frozen record."""

from pathlib import Path

import pytest

from automl import recipe
from automl.errors import RecipeError


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a recipe beside a small table; the current folder is that of the recipe."""
    (tmp_path / "cars.csv").write_text("price,age\n1,2\n3,4\n")
    monkeypatch.chdir(tmp_path)

    def write(text, name="r.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def only(path):
    """The single problem of a recipe, its folder cut off."""
    (problem,) = recipe.validate(path)
    assert problem.startswith(str(path))
    return problem.removeprefix(f"{path.parent}/")


def test_every_key_reaches_the_record(written):
    read = recipe.read(
        written("""
data: cars.csv
target: [price, age]
goal: regression
metric: rmse
test: cars.csv
time_column: t
series: s
group: g
weight: w
label: l
columns: {colour: categorical}
drop: [x, z]
budget: 90s
max_trials: 3
templates: [mlp]
seed: 7
min_gain: 0.01
latency: 20ms
out: runs/one
resume: true
json: true
quiet: true
plugins: [mine]
costs: {retrains_per_year: 52, predictions_per_year: 2500.5}
""")
    )

    assert read.target == ("price", "age")
    assert (read.goal, read.metric, read.label) == ("regression", "rmse", "l")
    assert (read.time_column, read.series, read.group, read.weight) == ("t", "s", "g", "w")
    assert read.columns == {"colour": "categorical"} and read.drop == ("x", "z")
    assert (
        read.budget_seconds, read.max_trials, read.templates, read.seed, read.min_gain, read.latency_ms
    ) == (90.0, 3, ("mlp",), 7, 0.01, 20.0)  # fmt: skip
    assert (
        read.out, read.resume, read.json, read.quiet, read.plugins
    ) == ("runs/one", True, True, True, ("mine",))  # fmt: skip
    assert (read.costs.retrains_per_year, read.costs.predictions_per_year) == (52.0, 2500.5)
    assert read.source == "r.yaml"


def test_left_out_keys_have_the_documented_defaults(written):
    read = recipe.read(written("data: cars.csv\n"))

    assert (
        read.budget_seconds, read.seed, read.min_gain, read.max_trials, read.target
    ) == (300.0, 0, 0.005, None, ())  # fmt: skip


def test_paths_are_read_against_the_recipes_folder(written, tmp_path, monkeypatch):
    path = written("data: cars.csv\ntest: ./cars.csv\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    read = recipe.read(Path("..") / path.name)

    assert (tmp_path / "cars.csv").samefile(read.data)
    assert (tmp_path / "cars.csv").samefile(read.test)


def test_overrides_replace_keys_and_none_leaves_them(written, tmp_path):
    path = written("data: cars.csv\nbudget: 90\nseed: 1\nout: a\n")
    read = recipe.read(path, budget="5m", seed=None, out=str(tmp_path.parent / "b"))

    assert (300.0, 1, str(tmp_path.parent / "b")) == (read.budget_seconds, read.seed, read.out)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("buget: 60s", "unknown key 'buget' (did you mean 'budget'?)"),
        ("time-column: t", "unknown key 'time-column' (did you mean 'time_column'?)"),
        ("Taget: price", "unknown key 'Taget' (did you mean 'target'?)"),
        ("random_state: 3", "unknown key 'random_state' (did you mean 'seed'?)"),
        ("time_limit: 60", "unknown key 'time_limit' (did you mean 'budget'?)"),
        ("search: {oracl: grid}", "search: unknown key 'oracl' (did you mean 'oracle'?)"),
        ("search: {device: gpu}", "search.device: expected one of auto, cpu, one, all, got the text"),
        ("search: {oracle: gird}", "search.oracle: expected one of bayesian, random, hyperband, grid, got the text"),
        ("search: {memory: much}", "search.memory: expected an amount"),
        ("search: {log: tensorbord}", "search.log: unknown logger 'tensorbord' (did you mean 'tensorboard'?)"),
        ("search: random", "search: expected a mapping of the search's own keys, got the text 'random'"),
        ("ensemble: maybe", "ensemble: expected true or false, got the text 'maybe'"),
        ("<<: {seed: 1}", "unknown key '<<'"),
        ("horizon: ten", "horizon: expected a whole number of steps, at least 1, got the text 'ten'"),
        ("horizon: 1.5", "horizon: expected a whole number of steps, at least 1, got the number 1.5"),
        ("horizon: 0", "got the number 0"),
        ("seed: '3'", "seed: expected a whole number from 0 to 4294967295, got the text '3'"),
        ("seed: true", "got true (a yes/no value"),
        (
            "target: yes",
            "target: expected a column's name or a list of different names, got true (a yes/no value; quote",
        ),
        ("target: {a: b}", "target: expected a column's name or a list of different names, got a mapping"),
        ("target: [a, a]", "target: a name is given twice"),
        ("target: {a: b}", "got a mapping"),
        ("group: [a, b]", "group: expected a column's name, got a list of 2"),
        ("quiet: maybe", "quiet: expected true or false, got the text 'maybe'"),
        ("min_gain: 5", "min_gain: expected a share from 0 to 1, got the number 5"),
        ("min_gain: .nan", "min_gain: expected a share from 0 to 1"),
        ("budget: 5 minutes", 'budget: expected a time such as 90, "90s", "5m" or "2h", or "none", got \'5 minutes\''),
        ("budget: -1", "above zero, got -1"),
        ("budget: .inf", "above zero"),
        ("budget:", "budget: expected a time"),
        ("latency: fast", "latency: expected milliseconds"),
        ("goal: binry", "got the text 'binry' (did you mean 'binary'?)"),
        ("metric: roc_ac", "metric: metric 'roc_ac' is not known; did you mean 'roc_auc'?"),
        ("columns: {age: numerc}", "columns: 'age' has the unknown kind 'numerc' (did you mean 'numeric'?)"),
        ("columns: [age]", "columns: expected a mapping from column names to kinds, got a list of 1"),
        ("test: car.csv", "test: 'car.csv' does not exist"),
        ("test: sklearn:iris", "is a shipped set"),
        ("plugins: mine.py", "plugins: 'mine.py' is a file; a recipe names entry points only"),
        ("plugins: [ok, ../mine]", "plugins: '../mine' is a file"),
        ("out: ../elsewhere", "out: '../elsewhere' lies outside the current folder"),
        ("out: /tmp/elsewhere", "lies outside the current folder"),
        ("out: a/../../b", "lies outside the current folder"),
        ("out: .", "lies outside the current folder"),
        ("resume: true", "resume: needs 'out'"),
    ],
)
def test_a_fault_names_file_line_and_key(written, line, words):
    problem = only(written(f"# a comment\ndata: cars.csv\n{line}\n"))

    assert problem.startswith("r.yaml:3: ") and words in problem


def test_only_a_forecast_has_a_horizon(written):
    problem = only(written("data: cars.csv\nhorizon: 3\ngoal: binary\n"))

    assert problem.startswith("r.yaml:2: horizon: only a forecast has one, but goal is binary")


@pytest.mark.parametrize("role", ["group", "weight", "time_column", "series", "label"])
def test_the_target_has_no_second_role(written, role):
    assert f"r.yaml:3: {role}: 'price' is the target as well" in only(
        written(f"data: cars.csv\ntarget: price\n{role}: price\n")
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: car.csv", "r.yaml:1: data: 'car.csv' does not exist in"),
        ("data: car.csv", "did you mean 'cars.csv'?"),
        ("data: nowhere/cars.csv", "there is no folder"),
        ("data: https://example.org/cars.csv", "is an address; automl reads local files only"),
        ("data: sklearn:irs", "there is no set 'sklearn:irs' (did you mean 'sklearn:iris'?)"),
        ("data: [1, 2]", "r.yaml:1: data: expected a path, or a shipped set"),
        ("data:", "got nothing"),
        ("target: price", "r.yaml: the key 'data' is missing; expected a path"),
        ("data: cars.csv\nseed: 1\nseed: 2", "r.yaml:3: the key 'seed' is there twice"),
        ("data: cars.csv\ncolumns:\n  a: text\n  a: list", "r.yaml:4: 'a' is there twice"),
        ("", "r.yaml: expected a mapping of keys to values"),
        ("- data: cars.csv", "r.yaml: expected a mapping"),
        ("just words", "r.yaml: expected a mapping"),
        ("data: 'cars.csv\n", "not valid YAML"),
        ("data: cars.csv\n\ttarget: price", "r.yaml:2: this is not valid YAML"),
        ("data: a\n---\ndata: b", "not valid YAML"),
        ("data: !!python/object/apply:os.system [ls]", "python/object/apply:os.system is not allowed"),
        ("data: cars.csv\nseed: &a [*a]", "r.yaml"),
        ("data: \0", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
    ],
)  # fmt: skip
def test_what_is_no_recipe_is_said(written, text, words):
    assert words in only(written(text))


def test_a_missing_recipe_names_its_neighbour(written):
    path = written("data: cars.csv", "quick.yaml")

    assert "quik.yaml: this recipe does not exist; did you mean 'quick.yaml'?" in only(path.with_name("quik.yaml"))


def test_a_folder_is_no_recipe(tmp_path):
    assert "is a folder" in recipe.validate(tmp_path)[0]


def test_a_recipe_that_is_not_utf8_is_said(tmp_path):
    (tmp_path / "r.yaml").write_bytes("data: größe.csv".encode("latin-1"))

    assert "byte 8 is not UTF-8" in only(tmp_path / "r.yaml")


def test_all_problems_are_told_in_the_order_of_their_lines(written):
    path = written("seed: x\nbuget: 3\ndata: car.csv\nmetric: nope\nout: ../x\n")
    lines = [problem.split(":")[1] for problem in recipe.validate(path)]

    assert lines == ["1", "2", "3", "4", "5"]
    with pytest.raises(RecipeError) as caught:
        recipe.read(path)
    assert recipe.validate(path) == str(caught.value).splitlines()


def test_a_sound_recipe_has_no_problems(written):
    assert recipe.validate(written("data: cars.csv\ntarget: price\nout: runs/a\n")) == []


def test_no_yaml_tag_runs_code(written, tmp_path):
    path = written(f"data: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n")

    assert recipe.validate(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("search: {max_trails: 3}", "did you mean 'max_trials', which belongs outside of search?"),
        ("search: {metric: rmse}", "did you mean 'metric', which belongs outside of search?"),
        ("search: {time_limit: 60}", "did you mean 'budget', which belongs outside of search?"),
        ("search: {orcale: random}", "did you mean 'oracle'?"),
        ("orcale: random", "did you mean 'oracle', which belongs under search?"),
        ("workers: 2", "did you mean 'workers', which belongs under search?"),
        ("max_trails: 3", "did you mean 'max_trials'?"),
        ("exclude: x", "did you mean 'drop'?"),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(written, text, words):
    assert words in only(written(f"data: cars.csv\n{text}\n"))


def test_keys_of_the_search_are_replaced_one_by_one(written):
    path = written("data: cars.csv\nsearch: {oracle: random, workers: 3}\n")
    search = recipe.read(path, workers=2).search
    assert (search.oracle, search.workers) == ("random", 2)
    assert recipe.read(path, search={"device": "cpu"}, oracle="grid").search.workers == 1


def test_replacing_a_key_of_the_search_does_not_let_an_address_of_the_file_in(written):
    path = written("data: cars.csv\nsearch: {ray_address: 'ray://far:1', workers: 3}\n")
    for more in ({}, {"workers": 2}, {"oracle": "random", "metric": "rmse"}):
        with pytest.raises(RecipeError, match="is an address, and a recipe file may only name local"):
            recipe.read(path, **more)
    assert recipe.read(path, ray_address="ray://near:1").search.ray_address == "ray://near:1"


def test_a_wrong_value_given_beside_the_file_names_no_line_of_it(written):
    with pytest.raises(RecipeError, match=r"r\.yaml: metric: "):
        recipe.read(written("data: cars.csv\nmetric: rmse\n"), metric="rmsle of it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("costs: {retrain_per_year: 3}", "costs: unknown key 'retrain_per_year' (did you mean 'retrains_per_year'?)"),
        ("costs: {rent: 3}", "keys are retrains_per_year, predictions_per_year"),
        ("costs: {miss: -1}", "costs.miss: expected a cost, at least 0, got"),
        ("costs: {budget: 3}", "(did you mean 'budget', which belongs outside of costs?)"),
        ("costs: {workers: 3}", "(did you mean 'workers', which belongs under search?)"),
        ("costs: {retrains_per_year: -1}", "costs.retrains_per_year: expected a number of times, at least 0, got"),
        ("costs: {predictions_per_year: .nan}", "costs.predictions_per_year: expected a number of rows, at least 0"),
        ("costs: {predictions_per_year: many}", "costs.predictions_per_year: expected a number of rows, at least 0"),
        ("costs: 3", "costs: expected a mapping of retrains_per_year, predictions_per_year, false_alarm,"),
        ("predictions_per_year: 3", "(did you mean 'predictions_per_year', which belongs under costs?)"),
    ],
)
def test_a_wrong_key_of_the_costs_is_named_with_its_line(written, text, said):
    problem = only(written(f"data: cars.csv\n{text}\n"))
    assert problem.startswith("r.yaml:2: ") and said in problem


def test_single_keys_of_the_costs_are_replaced(written):
    path = written("data: cars.csv\ncosts: {retrains_per_year: 52, predictions_per_year: 10}\n")
    read = recipe.read(path, predictions_per_year=99)
    assert (read.costs.retrains_per_year, read.costs.predictions_per_year) == (52.0, 99.0)
    assert recipe.read(path, costs={"predictions_per_year": 7}).costs.retrains_per_year == 12.0
    wrong = written("data: cars.csv\ncosts: {retrains_per_year: x}\n", "s.yaml")
    assert recipe.read(wrong, retrains_per_year=1).costs.retrains_per_year == 1.0


def test_costs_of_errors_and_of_power(written):
    read = recipe.read(written("data: cars.csv\ncosts: {false_alarm: 2, miss: 20.5, power_watts: 90}\n"), miss=30)
    costs = read.costs
    assert (costs.false_alarm, costs.miss, costs.power_watts, costs.price_per_kwh) == (2.0, 30.0, 90.0, 0.3)


def test_costs_are_written_as_they_are_read(written):
    made = recipe.make(data="sklearn:iris", costs={"predictions_per_year": 5_000_000})
    text = recipe.dump(made)
    assert "costs:\n  predictions_per_year: 5000000\n" in text
    assert recipe.read(written(text)).costs == made.costs
    assert "costs" not in recipe.dump(recipe.make(data="sklearn:iris"))


def test_folds_of_pairs_are_three_or_more_or_none(written):
    assert recipe.read(written("data: cars.csv\nfold_pairs: 5\n")).fold_pairs == 5
    assert recipe.read(written("data: cars.csv\nfold_pairs: 5\n"), fold_pairs=0).fold_pairs == 0
    assert "fold_pairs: 5\n" in recipe.dump(recipe.make(data="sklearn:iris", fold_pairs=5))
    assert "fold_pairs" not in recipe.dump(recipe.make(data="sklearn:iris"))
    for value, said in (("2", "half of the rows at most"), ("21", "a whole number from 3 to 20, or 0 for none")):
        with pytest.raises(RecipeError, match=said):
            recipe.read(written(f"data: cars.csv\nfold_pairs: {value}\n"))


def test_repeats_are_several_or_none(written):
    assert recipe.read(written("data: cars.csv\nrepeats: 5\n")).repeats == 5
    assert recipe.read(written("data: cars.csv\nrepeats: 5\n"), repeats=0).repeats == 0
    assert "repeats: 5\n" in recipe.dump(recipe.make(data="sklearn:iris", repeats=5))
    assert "repeats" not in recipe.dump(recipe.make(data="sklearn:iris"))
    for value, said in (("1", "one repeat has no spread"), ("101", "a whole number from 2 to 100, or 0 for none")):
        with pytest.raises(RecipeError, match=said):
            recipe.read(written(f"data: cars.csv\nrepeats: {value}\n"))
