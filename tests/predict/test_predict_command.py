"""`automl predict`: a row a row, what is odd on standard error once, nothing written where rows are refused."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import bundle, cli, goals
from automl.detect.columns.seen import with_training_facts
from automl.records import Dataset, HeldOut


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


@pytest.fixture(scope="module")
def towns(fitted, tmp_path_factory):
    """Saved models with scores of held-out rows: of rents, and of which town it is."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"area": rng.uniform(20, 90, 300).round(2), "town": rng.choice(["Bonn", "Ulm"], 300)})
    frame["rent"] = (frame["area"] * 10 + 20 * rng.normal(size=300)).round(1)
    made = {}
    for name, target in (("numbers", "rent"), ("classes", "town")):
        model = fitted(frame, target, "linear")
        truth = (
            frame["rent"].to_numpy()[:, None] if name == "numbers" else (frame["town"] == "Ulm").astype(int).to_numpy()
        )
        rows = model.read(frame.drop(columns=target))
        output = model.predictor.output(rows, np.arange(300))
        scores = goals.named(model.task).regions.fit(truth, output, model.task, HeldOut())
        path = tmp_path_factory.mktemp(name) / "model"
        made[name] = bundle.save(
            path, model.task, {"shallow": replace(model.predictor, regions=scores)}, "shallow", {}, ""
        )
    return made


def test_intervals_are_written_beside_their_prediction(towns, new, capsys, tmp_path):
    rows = new("50.5,Bonn", "61.25,Ulm", "70,Ulm")
    assert run(towns["numbers"], rows, "--interval", "0.9") == 0
    read = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(read) == ["rent", "rent_lower", "rent_upper"] and len(read) == 3
    assert (read["rent_lower"] < read["rent"]).all() and (read["rent"] < read["rent_upper"]).all()
    assert run(towns["numbers"], rows, "--interval", "0.5", "--out", str(tmp_path / "half.parquet")) == 0
    half = pd.read_parquet(tmp_path / "half.parquet")
    assert (half["rent_upper"] < read["rent_upper"]).all()


def test_sets_are_written_as_lists(towns, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("area,rent\n50.5,500\n20.0,700\n")
    assert run(towns["classes"], str(tmp_path / "new.csv"), "--set", "0.95") == 0
    read = pd.read_csv(io.StringIO(capsys.readouterr().out))["town"].map(json.loads)
    assert all(set(cell) <= {"Bonn", "Ulm"} and cell for cell in read)
    for suffix in ("parquet", "jsonl", "feather"):
        path = tmp_path / f"sets.{suffix}"
        assert run(towns["classes"], str(tmp_path / "new.csv"), "--set", "0.95", "--out", str(path)) == 0
        back = pd.read_json(path, lines=True) if suffix == "jsonl" else getattr(pd, f"read_{suffix}")(path)
        assert [list(cell) for cell in back["town"]] == read.tolist()


@pytest.mark.parametrize(("which", "arguments", "words"), [
    ("numbers", ["--set", "0.9"], "predict_set needs a task that predicts classes; this is regression"),
    ("classes", ["--interval", "0.9"], "predict_interval needs a task that predicts numbers"),
    ("numbers", ["--interval", "90"], "level: expected a number between 0 and 1, such as 0.9, got 90"),
    ("numbers", ["--interval", "0.999"], "level 0.999 needs 999 held-out rows"),
    ("numbers", ["--interval", "0.9", "--set", "0.9"], "--proba, --interval and --set: expected one of them"),
    ("numbers", ["--side", "blend"], "this contest has no blend model; it has shallow"),
])  # fmt: skip
def test_what_cannot_be_given_is_said(towns, new, capsys, which, arguments, words):
    assert run(towns[which], new("50.5,Bonn"), *arguments) == 2
    assert words in capsys.readouterr().err
