"""One command for the AutoML benchmark: what it writes for the runner, what it reads, and a run where the runner is."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

import automl

FILE = Path(__file__).resolve().parents[2] / "integrations" / "amlb" / "run.py"
if not FILE.exists():
    pytest.skip("integrations are not installed", allow_module_level=True)


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"amlb_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    return loaded(FILE)


@pytest.fixture
def table(tmp_path):
    """Two classes, told by the sign of a column."""
    x = [i % 21 - 10 for i in range(160)]
    path = tmp_path / "signs.csv"
    pd.DataFrame({"x": x, "z": x[::-1], "y": ["no" if i < 0 else "yes" for i in x]}).to_csv(path, index=False)
    return path


def test_the_user_folder_is_what_the_runner_reads(command, table, tmp_path):
    user = tmp_path / "user"
    pd.DataFrame({"n": range(60), "y": [i * 1.5 for i in range(60)]}).to_csv(tmp_path / "numbers.csv", index=False)
    tasks = [f"{table}:y", f"{tmp_path / 'numbers.csv'}:y", f"{table}:none"]
    left_out = command.prepare(user, tasks, 2, 60, 1, {"max_trials": 3})
    assert list(left_out) == ["signs-2"] and "no column 'none'" in left_out["signs-2"]
    defaults, signs, numbers = yaml.safe_load((user / "benchmarks" / "local.yaml").read_text())
    assert defaults == {"name": "__defaults__", "folds": 2, "max_runtime_seconds": 60, "cores": 1}
    assert (signs["dataset"]["type"], numbers["dataset"]["type"]) == ("binary", "regression")
    parts = [pd.read_csv(path) for path in (*signs["dataset"]["train"], *signs["dataset"]["test"])]
    assert [len(part) for part in parts] == [120, 120, 40, 40] and not parts[2].equals(parts[3])
    assert yaml.safe_load((user / "constraints.yaml").read_text()) == {
        "60s_1c": {"folds": 2, "max_runtime_seconds": 60, "cores": 1}
    }
    assert yaml.safe_load((user / "frameworks.yaml").read_text())["automl_keras"]["params"]["max_trials"] == 3
    mark = user / "extensions" / "automl_keras" / ".setup" / "installed"
    assert mark.read_text().strip() == automl.__version__
    assert (mark.parents[1] / "exec.py").is_file()


def test_a_task_that_names_its_test_rows_has_one_fold(command, table, tmp_path):
    listed = tmp_path / "list.yaml"
    listed.write_text("- {path: signs.csv, test: signs.csv, target: y, metric: accuracy}\n")
    assert command.prepare(tmp_path / "user", [str(listed)], 2, 60, 1, {}) == {}
    _, task = yaml.safe_load((tmp_path / "user" / "benchmarks" / "local.yaml").read_text())
    assert task["folds"] == 1 == len(task["dataset"]["test"]) and task["dataset"]["type"] == "binary"


def test_the_table_says_which_is_best_and_what_failed(command, tmp_path):
    path = tmp_path / "results.csv"
    lines = ["framework,task,fold,metric,result,info", "ours,a,0,neg_rmse,-2.5,", "tree,a,0,neg_rmse,,broken",
             "tree,a,0,neg_rmse,-3,", "tree,a,1,neg_rmse,,broken"]  # fmt: skip
    path.write_text("\n".join(lines))
    assert command.scores(tmp_path / "none.csv") == []
    rows = command.table(command.scores(path), ["ours", "tree"]).splitlines()
    assert rows[2:] == ["| a | 0 | neg_rmse | **-2.5000** | -3.0000 |", "| a | 1 | neg_rmse | failed | failed |"]


def test_the_launcher_waits_for_the_exit_code(monkeypatch):
    runner = loaded(FILE.with_name("runner.py"))
    with runner.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        monkeypatch.setattr(runner, "GRACE_SECONDS", 0.01)
        assert process.poll() is None  # it waits for its input
        monkeypatch.setattr(runner, "GRACE_SECONDS", 600)
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.poll() == 0


def test_a_runner_that_is_not_there_is_said_in_words(command, table, tmp_path):
    with pytest.raises(SystemExit, match="--amlb: there is no file"):
        command.main([f"{table}:y", "--amlb", str(tmp_path), "--amlb-python", sys.executable])


def test_a_task_runs_through_the_runner(command, table, tmp_path, capfd, monkeypatch):
    checkout, python = os.environ.get("AMLB_CHECKOUT"), os.environ.get("AMLB_PYTHON")
    if not (checkout and python):
        pytest.skip("set AMLB_CHECKOUT to a clone of openml/automlbenchmark, AMLB_PYTHON to its environment's Python")
    command.main([
        f"{table}:y", "--amlb", checkout, "--amlb-python", python, "--out", str(tmp_path / "out"), "--folds", "1",
        "--seconds", "600", "--anchors", "constantpredictor", "--arguments", '{"max_trials": 1, "budget": "none"}',
    ])  # fmt: skip
    said = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert said["failed"] == {} == said["left_out"] and said["scores"] == 2
    found = {line["framework"]: float(line["result"]) for line in command.scores(tmp_path / "out" / "results.csv")}
    assert found["constantpredictor"] == 0.5 and found["automl_keras"] > 0.8
