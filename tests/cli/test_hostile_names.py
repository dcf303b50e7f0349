"""Names that a stranger has chosen, through every command that shows them: nothing acts, fakes a line or runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl import cli
from automl.cli import views
from automl.errors import InputError
from automl.flow.reproduce import reproduce
from automl.records import Recipe, Task

NAMES = [
    "\x1b]0;owned\x07 a", "b\r\nerror: c", "gpj.\u202etxt", "\u2066d\u2069\u200b", "e\x9b31m\x85f", "[red]g[bold]",
    "[link=h]i", "$(touch pwned)", "it's `touch pwned`", "two words",
]  # fmt: skip
MARKED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def frame(names):
    rng = np.random.default_rng(0)
    made = pd.DataFrame({"x": rng.normal(size=90)})
    for i, name in enumerate(names):
        made[name] = np.array([f"{name}{k}" for k in range(2 + i % 3)])[rng.integers(0, 2 + i % 3, 90)]
    return made


def check(text: str) -> None:
    assert MARKED.findall(text) == []
    assert not re.search(r"^error: c(\.|$|\W)", text, re.MULTILINE)


@pytest.mark.parametrize("name", [*NAMES, "l\udce9"])
def test_a_files_name_in_headlines_and_messages(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame(["y"]).to_csv(f"{name}.csv", index=False)
    assert cli.main(["inspect", f"{name}.csv", "--target", "y"]) == 0
    assert cli.main(["inspect", f"{name}.csv", "--target", "nope"]) == 2
    assert cli.main(["inspect", f"no {name}.csv"]) == 2
    assert cli.main(["report", name]) == 2 == cli.main(["predict", name, name]) == cli.main(["run", name])
    assert cli.main(["validate", name]) == 2 == cli.main(["fit", f"{name}.csv", f"--{name}", "1"])
    views.show(automl.inspect(f"{name}.csv", target="y"))
    said = capsys.readouterr()
    check(said.out)
    check(said.err)
    if name.startswith("["):
        assert name in said.out and name in said.err


def test_columns_levels_and_classes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = frame(NAMES)
    data.to_parquet("d.parquet")
    for arguments in ([], ["--target", NAMES[0]], ["--target", NAMES[1]], ["--target", "x"], ["--group", NAMES[2]]):
        cli.main(["inspect", "d.parquet", *arguments])
    views.show(automl.inspect(data))
    said = capsys.readouterr()
    check(said.out)
    check(said.err)
    with pytest.raises(InputError) as told:
        automl.inspect(data, target="nope")
    check(str(told.value))


def test_recipes_keys_and_values(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(
        'data: "\\e]0;x\\a.csv"\ntarget: "a\\nerror: c"\n"k\\e[2J": 1\ngoal: "\\u202egoal"\n'
        'columns: {"c\\e": "\\x9b"}\n'
    )
    assert cli.main(["validate", "r.yaml"]) == 2 == cli.main(["run", "r.yaml"])
    check(capsys.readouterr().err)


ADVICE = re.compile(r"(--(?:target|group|time-column|columns) (?:\$?'(?:[^'\\]|\\.|'\"'\"')*'|[^\s;:)]+))")


@pytest.mark.skipif(shutil.which("bash") is None, reason="asks a real shell")
def test_lines_of_advice_name_their_columns_to_a_shell(tmp_path):
    data = frame(NAMES)
    data["id $(touch pwned)"] = [f"K{i:05d}" for i in range(90)]
    data["n $(touch pwned)"] = np.where(np.arange(90) % 6 == 0, -999, np.random.default_rng(1).integers(1, 40, 90))
    seen = automl.inspect(data)
    lines = [*seen.targets, *(finding.next_step for finding in seen.findings)]
    lines += [finding.next_step for finding in automl.inspect(data, target="x").findings]
    advice = [found for line in lines for found in ADVICE.findall(line)]
    named = set()
    for line in advice:
        code = os.fsencode(f"printf '%s\\0' {line}")
        done = subprocess.run(["bash", "-c", code], capture_output=True, cwd=tmp_path, check=True)
        words = os.fsdecode(done.stdout).split("\0")
        assert len(words) == 3
        named.add(words[1].rpartition("=")[0] or words[1])
    assert os.listdir(tmp_path) == []
    assert named <= set(data.columns) and {"id $(touch pwned)", "n $(touch pwned)"} <= named


@pytest.mark.skipif(shutil.which("bash") is None, reason="asks a real shell")
@pytest.mark.parametrize("name", [*NAMES, "-x", "b\udce9"])
def test_a_report_says_how_to_run_it_again_whatever_the_names(name, tmp_path):
    asked = Recipe(f"{name}.csv", (name,), group=name, columns={name: "text"}, time_column=name, series=name)
    made = reproduce(asked, Task("tabular", "regression", (name,), "rmse"))
    assert MARKED.findall(made["command"] + made["python"]) == []
    code = os.fsencode(f"automl() {{ printf '%s\\0' \"$@\"; }}; {made['command']}")
    done = subprocess.run(["bash", "-c", code], capture_output=True, cwd=tmp_path, check=True)
    words = os.fsdecode(done.stdout).split("\0")[:-1]
    given = {f"{name}.csv" if not name.startswith("-") else f"./{name}.csv"} | set(words)
    assert words[0] == "fit" and given == set(words) and f"{name}=text" in words
    assert name in words or f"--group={name}" in words
    assert os.listdir(tmp_path) == []
    import ast

    call = ast.parse(made["python"], mode="eval").body
    assert isinstance(call, ast.Call) and ast.literal_eval(call.args[0]) == f"{name}.csv"
    assert ast.literal_eval({k.arg: k.value for k in call.keywords}["group"]) == name


def test_a_recipe_of_a_report_holds_the_names_in_plain_sight():
    import yaml

    name = "a\u202eb\x1b\nc\udce9"
    made = reproduce(Recipe("d.csv", (name,)), Task("tabular", "regression", (name,), "rmse"))["recipe"]
    assert MARKED.findall(made) == [] and yaml.safe_load(made)["target"] == name


def test_names_that_no_flag_can_hold_leave_the_call_in_python_alone():
    made = reproduce(Recipe("d.csv", ("y",), columns={"a,b": "text"}), Task("tabular", "regression", ("y",), "rmse"))
    assert made["command"] == "" and "columns={'a,b': 'text'}" in made["python"]
