"""The Dockerfile of the server: what it copies and installs exists, and its command starts the server."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from automl.cli.app import app

ROOT = Path(__file__).parents[2]
FILE = ROOT / "integrations" / "docker" / "Dockerfile"


@pytest.fixture(scope="module")
def steps():
    """Its instructions in their order: (name, arguments)."""
    text = re.sub(r"\\\n", " ", FILE.read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def of(steps, name):
    return [arguments for found, arguments in steps if found == name]


def test_its_instructions_are_known_and_begin_with_an_image(steps):
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
    assert {name for name, _ in steps} == known and steps[0][0] == "FROM"


def test_what_it_copies_is_there_and_passes_the_ignore_file(steps):
    kept = {line[1:] for line in FILE.with_name("Dockerfile.dockerignore").read_text().split() if line.startswith("!")}
    sources = [word for line in of(steps, "COPY") if "--from" not in line for word in shlex.split(line)[:-1]]
    assert sources and set(sources) == kept
    assert all((ROOT / source).exists() for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {project["readme"], *project["license-files"]} <= set(sources)


def test_it_installs_an_extra_that_there_is(steps):
    (extra,) = re.findall(r'pip install --no-cache-dir "/source\[(\w+)\]"', "\n".join(of(steps, "RUN")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extra in project["optional-dependencies"]


def test_its_python_is_one_that_the_package_takes(steps):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    for image in of(steps, "FROM"):
        assert tuple(map(int, re.match(r"python:(\d+)\.(\d+)", image).groups())) >= least


def test_its_command_starts_the_server_and_takes_further_flags(steps, monkeypatch):
    (entry,) = map(json.loads, of(steps, "ENTRYPOINT"))
    seen = []
    monkeypatch.setattr("automl.serve.server.run", seen.append)
    assert entry[0] == "automl"
    assert CliRunner().invoke(app, [*entry[1:], "--side", "shallow"]).exit_code == 0
    (settings,) = seen
    assert (settings.model, settings.host, settings.side) == ("/model", "0.0.0.0", "shallow")
    assert of(steps, "EXPOSE") == [str(settings.port)]


def test_it_runs_as_no_root_and_ends_as_the_server_does(steps):
    assert of(steps, "USER") == ["automl"] and of(steps, "STOPSIGNAL") == ["SIGTERM"]
    names = [name for name, _ in steps]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_its_health_check_is_a_program(steps):
    command = json.loads(of(steps, "HEALTHCHECK")[0].partition("CMD ")[2])
    assert command[:2] == ["python", "-c"] and "/health" in command[2]
    compile(command[2], "health", "exec")
