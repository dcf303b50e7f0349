"""`automl predict`: a row a row, what is odd on standard error once, nothing written where rows are refused."""

import io

import numpy as np
import pandas as pd
import pytest

from automl import bundle, cli
from automl.detect.columns.seen import with_training_facts
from automl.records import Dataset


@pytest.fixture(scope="module")
def folder(fitted, tmp_path_factory):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"area": rng.uniform(20, 90, 120).round(2), "town": rng.choice(["Bonn", "Ulm"], 120)})
    model = fitted(frame.assign(rent=(frame["area"] * 10).round(1)), "rent", "linear")
    path = tmp_path_factory.mktemp("run") / "model"
    return bundle.save(path, model.task, {"shallow": model.predictor}, "shallow", {}, "")


@pytest.fixture
def new(tmp_path):
    def write(*lines):
        (tmp_path / "new.csv").write_text("\n".join(["area,town", *lines]) + "\n")
        return str(tmp_path / "new.csv")

    return write


def run(folder, *arguments):
    return cli.main(["predict", str(folder), *arguments])


def test_rows_as_in_training_are_predicted_without_a_word(folder, new, capsys):
    assert run(folder, new("50.5,Bonn", "61.25,Ulm")) == 0
    shown = capsys.readouterr()
    assert shown.err == "" and shown.out.splitlines()[0] == "rent" and len(shown.out.splitlines()) == 3


def test_a_row_that_cannot_be_read_has_an_empty_line(folder, new, capsys, tmp_path):
    path = new("50.5,Bonn", "61.25,Ulm,x", "70.0,Ulm", "71,Ulm", "72,Ulm", "73,Ulm,x")
    assert run(folder, path) == 0
    shown = capsys.readouterr()
    read = pd.read_csv(io.StringIO(shown.out))["rent"]
    assert read.isna().tolist() == [False, True, False, False, False, True]
    assert shown.err.count("2 rows of new.csv have more cells") == 1 and "(Rows 1, 5.)" in shown.err
    for name in ("out.parquet", "out.jsonl", "out.csv"):
        assert run(folder, path, "--out", str(tmp_path / name)) == 0
    assert pd.read_parquet(tmp_path / "out.parquet")["rent"].isna().tolist() == [False, True, False, False, False, True]
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 6


def test_what_is_odd_is_said_once(folder, new, capsys):
    assert run(folder, new('"50,5",Bonn', '"61,25",ULM', '"70,0",Trier', ",Ulm", '"7,5 ",Ulm')) == 0
    said = capsys.readouterr().err
    for words in ("with a decimal comma", "'town' in another spelling", "'Trier'", "'area' in 1 of 5 rows (none in"):
        assert said.count(words) == 1, said


@pytest.mark.parametrize(
    ("asked", "code"), [((), 2), (("warn",), 0), (("ignore",), 0), (("refuse",), 2), (("all",), 2)]
)
def test_what_cannot_be_read_is_refused_unless_asked_otherwise(folder, new, capsys, tmp_path, asked, code):
    path, out = new(*(f"oops{i},Ulm" for i in range(5))), tmp_path / "out.csv"
    assert run(folder, path, "--out", str(out), *(f"--on-odd={word}" for word in asked)) == code
    said = capsys.readouterr().err
    assert out.exists() == (code == 0)
    if asked == ("ignore",):
        assert said == f"5 predictions in {out}\n"
    elif asked == ("all",):
        assert "on_odd: expected one of warn, ignore, refuse, got 'all'" in said
    else:
        assert "'area'" in said and "oops0" in said and ("error:" in said) == (code == 2)


def test_predictions_of_a_folder_name_its_files(fitted, tmp_path, capsys):
    said = pd.DataFrame({"said": [["a fine day", "so dull a night"][i % 2] + f" {'abc'[i % 3]}" for i in range(80)]})
    model = fitted(said.assign(mood=np.where(np.arange(80) % 2, "bad", "good")), "mood", columns={"said": "text"})
    bundle.save(tmp_path / "model", model.task, {"shallow": model.predictor}, "shallow", {}, "")
    (tmp_path / "texts").mkdir()
    for name in ("1.txt", "2.txt"):
        (tmp_path / "texts" / name).write_text("a fine day")
    assert run(tmp_path / "model", str(tmp_path / "texts")) == 0
    assert capsys.readouterr().out.splitlines() == ["file,mood", "1.txt,good", "2.txt,good"]


def test_what_a_column_held_is_saved_with_it_and_holds_no_cell_of_few_rows(folder):
    import automl

    area, town = automl.load(folder).task.columns
    assert set(area.seen) == {"missing", "low", "high", "usual"} and set(town.seen["levels"]) == {"Bonn", "Ulm"}
    values = np.array([13.37, *np.linspace(20, 80, 60), 4_242.5])
    frame = pd.DataFrame({"area": values, "town": ["Bonn"] * 40 + ["Ulm"] * 18 + ["Kiel"] * 4})
    (area, town) = with_training_facts(automl.load(folder).task, Dataset("x", frame), np.arange(62)).columns
    assert not set(values) & {area.seen["low"], area.seen["high"], *area.seen["usual"]}
    assert area.seen["low"] < 13.37 and area.seen["high"] > 4242.5 and "Kiel" not in town.seen["levels"]
    assert town.seen["rare"] == 0.06
