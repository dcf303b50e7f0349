"""A whole run on a disk that fills up, and under a wall clock that jumps."""

import contextlib
import errno
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import FolderError
from automl.flow import contest

OPTIONS = {"target": "y", "budget": "40m", "max_trials": 1, "templates": ["mlp"]}


def table(n=300):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    return frame


@contextlib.contextmanager
def tmpfs(place):
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def full_from_the_search_on(monkeypatch, fill):
    """Call `fill` once the floors are fitted."""
    floor = contest._floor

    def then(*args):
        made = floor(*args)
        fill()
        return made

    monkeypatch.setattr(contest, "_floor", then)


def check_full(out, empty, monkeypatch, capfd):
    """The run ends with an error that names what to do; with space again it is gone on with to its verdict."""
    with pytest.raises(FolderError) as said:
        automl.fit(table(), out=str(out), **OPTIONS)
    message = str(said.value)
    assert "--resume" in message and str(out) in message and "space" in message
    notes = capfd.readouterr().err
    assert "no space left" in notes and "goes on" in notes
    empty()
    monkeypatch.undo()
    assert not list(out.glob(".*.tmp"))
    result = automl.fit(table(), out=str(out), resume=True, quiet=True, **OPTIONS).result
    assert sorted(run["side"] for run in result["runs"] if run["finalist"]) == ["deep", "shallow"]
    assert json.loads((out / "result.json").read_text()) == result
    assert (out / "model" / "bundle.json").is_file()


@pytest.mark.slow
def test_a_disk_that_is_full_from_the_search_on_loses_no_verdict(tmp_path, monkeypatch, capfd):
    sync = os.fsync

    def full(handle):
        if str(tmp_path) in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("asks the system for a file's path")
    full_from_the_search_on(monkeypatch, lambda: monkeypatch.setattr(os, "fsync", full))
    check_full(tmp_path / "run", lambda: None, monkeypatch, capfd)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root")
def test_a_real_disk_that_is_full_from_the_search_on_loses_no_verdict(tmp_path, monkeypatch, capfd):
    ballast = tmp_path / "disk" / "ballast"

    def fill():
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    with tmpfs(tmp_path / "disk"):
        full_from_the_search_on(monkeypatch, fill)
        check_full(tmp_path / "disk" / "run", ballast.unlink, monkeypatch, capfd)


@pytest.mark.slow
def test_a_wall_clock_that_jumps_by_days_changes_no_budget_and_no_report(tmp_path, monkeypatch):
    draw, real = random.Random(0), time.time
    monkeypatch.setattr(time, "time", lambda: real() + draw.uniform(-30, 30) * 86400)
    begun = time.monotonic()
    result = automl.fit(table(), out=str(tmp_path / "run"), quiet=True, **OPTIONS).result
    took = time.monotonic() - begun
    assert 0 < result["wall_seconds"] <= took
    assert {run["side"] for run in result["runs"] if run["finalist"]} == {"deep", "shallow"}
    spent = json.loads((tmp_path / "run" / "spent.json").read_text())
    assert 0 < spent["wall_seconds"] <= took and all(0 <= s <= took for s in spent["phases"].values())
    assert all(0 <= at <= took for at in ends_of_fits(tmp_path / "run"))


def ends_of_fits(out):
    """When each fit of the shallow side ended, by its journal."""
    lines = Path(out / "shallow.log").read_text().splitlines()[1:]
    return [json.loads(line[9:])["at_seconds"] for line in lines]
