"""`automl validate` checks the columns that a recipe names by the beginning of its data."""

import bz2
import gzip
import io
import json
import lzma

import numpy as np
import pandas as pd
import pytest

from automl import cli
from automl.errors import DataError
from automl.flow.data_header import problems_of
from automl.intake.header import HEAD_BYTES, header_of
from automl.intake.raw import Hints

FRAME = pd.DataFrame({"age": [30, 41, 52], "plan": ["a", "b", "a"], "churn": ["yes", "no", "yes"]})


@pytest.mark.parametrize(
    "name", ["d.csv", "d.tsv", "d.csv.gz", "d.parquet", "d.feather", "d.jsonl", "d.json", "d.xlsx"]
)
def test_every_form_of_a_table_tells_its_columns(name, tmp_path):
    path = tmp_path / name
    if ".csv" in name or ".tsv" in name:
        FRAME.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")
    elif name.endswith(("jsonl", "json")):
        FRAME.to_json(path, orient="records", lines=name.endswith("l"))
    else:
        {"parquet": FRAME.to_parquet, "feather": FRAME.to_feather, "xlsx": lambda p: FRAME.to_excel(p, index=False)}[
            name.rpartition(".")[2]
        ](path)
    assert header_of(str(path), Hints()) == ("age", "plan", "churn")


@pytest.mark.parametrize("opener", [open, gzip.open])
def test_only_the_beginning_of_a_large_file_is_read(opener, tmp_path, monkeypatch):
    path = tmp_path / "large.csv"
    row = b"30,a,yes\n"
    with opener(path, "wb") as file:
        file.write(b"age,plan,churn\n" + row * (3 * HEAD_BYTES // len(row)))
    seen = []
    read = io.BufferedReader.read
    monkeypatch.setattr("automl.intake.tables.read", lambda data, *rest: seen.append(len(data)) or Table)
    assert header_of(str(path), Hints()) == ("age", "plan", "churn") and read
    assert seen and seen[0] <= HEAD_BYTES


class Table:
    frame = FRAME


@pytest.mark.parametrize("module", [gzip, lzma, bz2])
@pytest.mark.parametrize("fault", ["cut short", "altered"])
def test_a_damaged_compressed_file_is_refused_in_words(module, fault, tmp_path):
    packed = bytearray(module.compress(np.random.default_rng(0).bytes(60_000)))
    path = tmp_path / "d.csv.packed"
    packed[len(packed) // 3] ^= 255
    path.write_bytes(bytes(packed[: len(packed) // 2] if fault == "cut short" else packed))
    with pytest.raises(DataError, match="compress it again"):
        header_of(str(path), Hints())


def test_pictures_and_arrays_have_no_columns(tmp_path):
    np.savez(tmp_path / "d.npz", X=np.zeros((4, 3, 9)), y=np.arange(4))
    assert header_of(str(tmp_path / "d.npz"), Hints()) is None
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "a").mkdir()
    assert header_of(str(tmp_path / "cats"), Hints()) is None


def recipe(tmp_path, text):
    FRAME.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "r.yaml"
    path.write_text(text)
    return path


def test_each_wrong_column_is_told_with_its_line_and_the_nearest_name(tmp_path):
    path = recipe(tmp_path, "data: d.csv\ntarget: chrun\ndrop:\n- age\n- paln\ncolumns:\n  aeg: numeric\nseed: -1\n")
    problems, checked = problems_of(path)
    assert [problem.split(": ")[0] for problem in problems] == [f"{path}:{line}" for line in (2, 3, 7, 8)]
    assert problems[0].endswith(
        "'chrun' is not a column of d.csv (did you mean 'churn'?); it has 'age', 'plan', 'churn'"
    )
    assert "(did you mean 'plan'?)" in problems[1] and "(did you mean 'age'?)" in problems[2]
    assert checked == "3 columns of d.csv checked"


def test_the_test_file_has_to_have_the_columns_too(tmp_path):
    path = recipe(tmp_path, "data: d.csv\ntarget: churn\ntest: t.csv\n")
    FRAME.drop(columns="plan").to_csv(tmp_path / "t.csv", index=False)
    (problem,) = problems_of(path)[0]
    assert problem.startswith(f"{path}:3: test: t.csv lacks 'plan'")


def test_damaged_and_missing_data_are_one_problem_of_their_key(tmp_path, capsys):
    path = recipe(tmp_path, "data: gone.csv\ntarget: churn\n")
    (problem,) = problems_of(path)[0]
    assert problem.startswith(f"{path}:1: data: 'gone.csv' does not exist")
    (tmp_path / "d.parquet").write_bytes(b"PAR1 and nothing more")
    path.write_text("data: d.parquet\ntarget: churn\n")
    (problem,) = problems_of(path)[0]
    assert problem.startswith(f"{path}:1: data: d.parquet cannot be read as parquet")
    assert cli.main(["validate", str(path)]) == 2 and "cannot be read" in capsys.readouterr().err


def test_a_resolved_recipe_asks_for_the_same_contest(tmp_path):
    from automl import recipe as recipes
    from automl.flow.environment import resolved, write_asked
    from automl.flow.prepare import prepare

    rng = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=200)
    pd.DataFrame({"day": days, "sales": 10 + rng.normal(size=200)}).to_csv(tmp_path / "sales.csv", index=False)
    rated = pd.DataFrame({"a": rng.normal(size=90), "stars": rng.integers(1, 4, 90)})
    rated.to_csv(tmp_path / "rated.csv", index=False)
    for name, target in (("sales", "sales"), ("rated", "stars")):
        asked = recipes.make(data=str(tmp_path / f"{name}.csv"), target=target)
        first = prepare(asked)
        write_asked(asked, first.task, tmp_path)
        again = prepare(recipes.read(tmp_path / "recipe.yaml"))
        assert resolved(asked, first.task).goal == first.task.goal == again.task.goal
        assert again.dataset.fingerprint == first.dataset.fingerprint
        assert all(np.array_equal(getattr(again.split, p), getattr(first.split, p)) for p in ("train", "valid", "test"))
        assert (again.task.metric, again.task.classes, again.task.horizon, again.task.season) == (
            first.task.metric, first.task.classes, first.task.horizon, first.task.season
        )  # fmt: skip
    assert json.loads(json.dumps(recipes.dump(asked)))
