"""A contest whose deep side has workers: what is lost, and what is not, when processes are killed."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest

import automl
from automl.deep.ray import session as ray_session
from automl.deep.ray.watchdog import MARK, marked_processes
from automl.errors import MissingExtra, RecipeError

SCRIPT = """
import automl
if __name__ == "__main__":
    automl.fit({data!r}, target="y", budget="60m", out={out!r}, search={{"workers": 2}}, json_lines=True)
"""


def table(n=1500):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    frame["y"] = np.where(frame["a"] + frame["b"] ** 2 + 0.3 * rng.normal(size=n) > 0.5, "yes", "no")
    return frame


def entries(out):
    path = out / "trials.log"
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    return [json.loads(line[9:]) for line in lines if line.endswith("}")]


def ended(out):
    return [entry["name"] for entry in entries(out) if "name" in entry]


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def workers_of(driver):
    """Ray's workers below a process that have loaded what they need (each is named after its class)."""
    found = []
    for process in psutil.Process(driver).children(recursive=True):
        try:
            if process.name().startswith("ray::TrialWorke") or "ray::TrialWorker" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
def test_a_lost_worker_and_a_lost_driver_cost_no_trial(tmp_path):
    data, out = tmp_path / "data.csv", tmp_path / "run"
    table().to_csv(data, index=False)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(data=str(data), out=str(out)))
    with open(tmp_path / "said.txt", "wb") as said, open(tmp_path / "printed.txt", "wb") as printed:
        driver = subprocess.Popen([sys.executable, str(script)], stdout=printed, stderr=said, start_new_session=True)
    try:
        until(lambda: ended(out), 900, (tmp_path / "said.txt").read_text())
        worker = until(lambda: workers_of(driver.pid), 300, "no worker was found")[0]
        session = worker.environ()[MARK]
        worker.kill()
        lost = '"text": "the worker of'
        until(lambda: lost in (tmp_path / "said.txt").read_text(), 900, "nothing was said of a lost worker")
        n_ended = len(ended(out))
        until(lambda: len(ended(out)) > n_ended, 900, "no trial after the loss")
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    until(lambda: not marked_processes(session), 300, "processes of Ray outlived the driver")
    assert (tmp_path / "printed.txt").read_text() == ""

    before = entries(out)
    begun = [entry["begun"] for entry in before if "begun" in entry]
    left = sorted(set(begun) - set(ended(out)))
    assert left, "nothing was under way when the driver was killed"
    result = automl.fit(
        str(data), target="y", budget="60m", max_trials=len(begun), out=str(out), resume=True, quiet=True
    )  # in this process: how many workers there are may change
    assert entries(out)[: len(before)] == before
    names = [run["name"] for run in result.result["runs"] if run["side"] == "deep" and run["name"] != "deep-ensemble"]
    assert sorted(names) == sorted(begun) == sorted(ended(out))
    assert not any(run["status"] == "failed" for run in result.result["runs"])


def test_want_of_ray_is_told_before_the_data_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_session.importlib.util, "find_spec", lambda name: None)
    missing = tmp_path / "data.csv"
    missing.write_text("not, read\n")
    with pytest.raises(MissingExtra, match=r"pip install 'automl-keras\[ray\]'"):
        automl.fit(str(missing), target="y", search={"workers": 2}, out=str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()


def test_an_address_without_a_ray_is_told_before_the_data_are_read(tmp_path):
    missing = tmp_path / "data.csv"
    missing.write_text("not, read\n")
    options = {"ray_address": "ray://127.0.0.1:1"}
    with pytest.raises(RecipeError, match="start one with `ray start --head`"):
        automl.fit(str(missing), target="y", search=options, out=str(tmp_path / "run"), quiet=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"workers": 0}, "workers"), ({"workers": 1.5}, "whole number"), ({"ray_address": "there"}, "ray://host:port")],
)
def test_wrong_options_say_what_is_expected(options, words):
    with pytest.raises(RecipeError, match=words):
        automl.fit(table(50), target="y", search=options, quiet=True)
