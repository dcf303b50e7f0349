"""What goes wrong on the user's side of a contest: nothing is lost and the message says what to do."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import DataError, FolderError, InputError, RecipeError
from automl.flow.budget import passes
from automl.storage import files as folders
from automl.storage.run_folder import check_folder, open_folder


def table(n=200):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    return frame


def test_a_folder_that_holds_a_run_is_refused(tmp_path):
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(FolderError, match="--resume"):
        check_folder(str(tmp_path), resume=False)
    assert (tmp_path / "result.json").read_text() == "{}"


def test_a_folder_that_holds_no_run_cannot_be_resumed(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match="no run to resume"):
        check_folder(str(tmp_path), resume=True)


def test_a_new_folder_is_made_under_automl_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = open_folder(None, "my data/../x")
    assert folder.is_dir() and folder.parent.name == "automl-runs" and "/" not in folder.name


def test_bad_data_leaves_no_folder_behind(tmp_path):
    with pytest.raises(DataError, match="target"):
        automl.fit(table(), target="z", out=str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()


def test_an_unknown_template_names_the_known_ones(tmp_path):
    with pytest.raises(RecipeError, match="mlp"):
        automl.fit(table(), target="y", templates=["mpl"], out=str(tmp_path / "run"), budget="20s", quiet=True)


def test_every_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_a_budget_too_small_for_any_model_still_returns_one(tmp_path, monkeypatch):
    monkeypatch.setattr(passes, "LEAST_LATE_SECONDS", 3600.0)
    monkeypatch.setattr(passes, "MOST_LATE_SECONDS", 3600.0)
    facts = automl.fit(table(), target="y", budget="0.01s", out=str(tmp_path / "run"), quiet=True).result
    assert [run["side"] for run in facts["runs"] if run["finalist"]] == ["shallow"]
    assert (facts["verdict"], facts["reason"]) == ("tie", "one_sided")


def test_where_no_model_is_fitted_the_floor_is_returned_and_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(passes, "MOST_LATE_SECONDS", 0.0)
    result = automl.fit(table(), target="y", budget="0.01s", out=str(tmp_path / "run"), quiet=True)
    facts = result.result
    assert any(run["side"] == "floor" and run["test_score"] is not None for run in facts["runs"])
    assert not any(run["finalist"] for run in facts["runs"])
    assert (facts["verdict"], facts["reason"]) == ("tie", "undecided")
    assert "budget" in str(result)
    assert len(result.predict(table(5))) == 5


SCRIPT = """
import sys, automl
from pathlib import Path
if __name__ == "__main__":
    result = automl.fit({data!r}, target="y", budget={budget!r}, out={out!r})
    print(result.result["stopped"])
"""


def start(tmp_path, budget):
    path = tmp_path / "data.csv"
    table(3000).to_csv(path, index=False)
    out = tmp_path / "run"
    code = SCRIPT.format(data=str(path), out=str(out), budget=budget)
    script = tmp_path / "script.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
    )  # fmt: skip
    return process, out


def wait_for_trials(out, n, seconds=900, name="trials.log"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (out / name).exists() and (out / name).read_text().count('"name": ') >= n:
            return
        time.sleep(0.2)
    raise AssertionError("no trial was written in time")


@pytest.mark.slow
def test_ctrl_c_concludes_with_the_best_so_far(tmp_path):
    process, out = start(tmp_path, "60m")
    wait_for_trials(out, 1)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
    assert printed.strip().endswith("interrupt")
    facts = json.loads((out / "result.json").read_text())
    assert facts["stopped"] == "interrupt" and any(run["finalist"] for run in facts["runs"])


@pytest.mark.slow
def test_a_killed_run_is_resumed_with_its_trials(tmp_path):
    process, out = start(tmp_path, "60m")
    wait_for_trials(out, 1)
    wait_for_trials(out, 1, name="shallow.log")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = (out / "trials.log").read_text().splitlines()
    shallow = [json.loads(line[9:]) for line in (out / "shallow.log").read_text().splitlines()[1:]]
    used = json.loads((out / "spent.json").read_text())
    assert 0 < sum(used["spent"].values()) < used["wall_seconds"] and used["offered_seconds"] == 3600
    result = automl.fit(
        str(tmp_path / "data.csv"), target="y", budget="30m", max_trials=3, out=str(out), resume=True, quiet=True
    )
    after = (out / "trials.log").read_text().splitlines()
    assert after[: len(before)] == before and len(after) > len(before)
    names = [run["name"] for run in result.result["runs"] if run["side"] == "deep"]
    done = [json.loads(line.partition(" ")[2]) for line in before]
    assert {entry["name"] for entry in done if "name" in entry} <= set(names) and len(names) == 3
    runs = {run["name"]: run for run in result.result["runs"]}
    assert shallow and all(runs[entry["name"]]["valid_score"] == entry["score"] for entry in shallow)
    assert len(runs) == len(result.result["runs"])
    assert result.result["budget_seconds"] == pytest.approx(used["wall_seconds"] + 1800)  # another budget, from now on
    assert used["wall_seconds"] < result.result["wall_seconds"]


def test_what_a_run_killed_at_its_start_leaves_is_as_good_as_empty(tmp_path):
    for name in (".lock", ".writable", ".spent.json.x1.tmp"):
        (tmp_path / name).touch()
    check_folder(str(tmp_path), resume=True)
    check_folder(str(tmp_path), resume=False)
    (tmp_path / "spent.json").touch()
    check_folder(str(tmp_path), resume=True)
    with pytest.raises(FolderError, match="--resume"):
        check_folder(str(tmp_path), resume=False)


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
def test_a_run_that_is_being_written_is_not_resumed(tmp_path):
    (tmp_path / "trials.log").touch()
    with folders.locked(tmp_path), pytest.raises(FolderError, match="another automl process"):
        check_folder(str(tmp_path), resume=True)
    check_folder(str(tmp_path), resume=True)
