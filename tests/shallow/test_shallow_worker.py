from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from automl.errors import OutOfTime, Unfit
from automl.goals import truth
from automl.records import Output
from automl.shallow import worker as worker_module
from automl.shallow.messages import Part, Payload
from automl.shallow.worker import Worker

fresh = pytest.mark.usefixtures("fresh_workers")
"""For what is about how a child starts; what is said to it and how it is ended is the same of a forked one."""


@dataclass
class Stubborn:
    """Ignores its deadline; leaves a checkpoint first if asked to; or fails, dies, or fits at once."""

    what: str

    def fit(self, dataset, split_rows, truth, weight, context):
        self.n_rows, self.deadline = len(split_rows), context.deadline
        if self.what == "checkpoint":
            context.checkpoint(self)
        if self.what in ("checkpoint", "hang"):
            time.sleep(1000)
        if self.what == "refuse":
            raise Unfit("not for me")
        if self.what == "late":
            raise OutOfTime("no round was grown")
        if self.what == "break":
            raise KeyError("nonsense")
        if self.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)

    def predict(self, dataset, rows):
        return Output("values", {"values": np.full((len(rows), 2), float(os.getpid()))})


def payload(problem):
    dataset, task, split = problem("tabular", "regression")
    own = (Stubborn.__module__, __file__)
    y = truth(dataset, task, split.train)
    return Payload(dataset, (Part(split.train, y, None, split.valid, truth(dataset, task, split.valid)),), (own,))


def spec(what):
    return pickle.dumps(Stubborn(what))


@pytest.fixture(scope="module")
def worker(problem):
    worker = Worker(payload(problem))
    assert worker.wait(None) is None
    yield worker
    worker.close()


@pytest.fixture
def checkpoints(monkeypatch):
    """Those that have come from the child."""
    found, receive = [], Worker._receive

    def noticed(self, limit, stopping):
        message = receive(self, limit, stopping)
        if message is not None and message[0] == "checkpoint":
            found.append(message[1])
        return message

    monkeypatch.setattr(Worker, "_receive", noticed)
    return found


def soon():
    """A deadline that comes only where something hangs."""
    return time.monotonic() + 3000


def gone(pid):
    return not Path(f"/proc/{pid}").exists()


def test_the_child_is_another_process(worker):
    worker.wait(None)
    assert worker.ready["pid"] not in (os.getpid(), None)


def test_a_fit_comes_back_whole_with_its_costs(worker):
    fitted = worker.fit(spec("fit"), None, soon())
    assert (fitted.failure, fitted.stopped) == ("", "")
    assert pickle.loads(fitted.model).n_rows == 120
    assert fitted.output.arrays["values"][0, 0] != os.getpid()
    assert fitted.peak_mib > 20
    assert fitted.predict_ms is not None and fitted.rows_per_second > 0


def test_the_child_is_given_less_time_than_there_is_so_that_it_can_predict(worker):
    deadline = soon()
    assert deadline - 10 < pickle.loads(worker.fit(spec("fit"), None, deadline).model).deadline < deadline


def test_only_the_rows_named_are_used(worker):
    fitted = worker.fit(spec("fit"), np.arange(7), None)
    assert pickle.loads(fitted.model).n_rows == 7


@pytest.mark.parametrize(("what", "words"), [("refuse", "not for me"), ("break", "KeyError: 'nonsense'")])
def test_a_failure_is_told_in_words_and_the_child_lives_on(worker, what, words):
    worker.wait(None)
    pid = worker.process.pid
    fitted = worker.fit(spec(what), None, soon())
    assert fitted.model is None
    assert (fitted.failure, fitted.stopped) == (words, "")
    assert worker.process.pid == pid


def test_a_fit_for_which_the_time_was_too_short_is_told_from_one_that_fails(worker):
    worker.wait(None)
    fitted = worker.fit(spec("late"), None, soon())
    assert fitted.model is None and fitted.failure == fitted.stopped == "no round was grown"
    worker.close()
    fitted = worker.fit(spec("fit"), None, time.monotonic())  # the deadline comes before the child is ready
    assert fitted.model is None and fitted.failure == fitted.stopped != ""


def test_a_fit_that_ignores_its_deadline_is_killed_and_the_next_one_works(worker):
    worker.wait(None)
    pid = worker.process.pid
    fitted = worker.fit(spec("hang"), None, time.monotonic() + 0.1)
    assert "before a complete model was there" in fitted.failure
    assert gone(pid)
    assert worker.fit(spec("fit"), None, None).failure == ""


def test_the_last_checkpoint_survives_the_deadline(worker, checkpoints, monkeypatch):
    class Hastened:
        """A clock that leaps once there is a checkpoint."""

        @staticmethod
        def monotonic():
            return time.monotonic() + (1e6 if checkpoints else 0.0)

    monkeypatch.setattr(worker_module, "time", Hastened)
    fitted = worker.fit(spec("checkpoint"), None, soon())
    assert pickle.loads(fitted.model).n_rows == 120
    assert fitted.failure == ""
    assert "time ran out" in fitted.stopped


@fresh
def test_a_child_that_dies_is_told_and_replaced(worker):
    worker.wait(None)
    fitted = worker.fit(spec("die"), None, soon())
    assert "worker process died" in fitted.failure
    assert worker.fit(spec("fit"), None, None).failure == ""


def test_the_user_can_stop_a_fit_and_keeps_its_last_checkpoint(worker, checkpoints):
    fitted = worker.fit(spec("checkpoint"), None, soon(), lambda: bool(checkpoints))
    assert (fitted.stopped, fitted.failure) == ("stopped by the user", "")
    assert pickle.loads(fitted.model).n_rows == 120


def test_a_fit_stopped_before_it_has_a_model_says_so(worker):
    worker.wait(None)
    fitted = worker.fit(spec("hang"), None, None, lambda: True)
    assert fitted.model is None
    assert fitted.failure == "stopped by the user, before a complete model was there"


def test_interrupts_from_the_keyboard_do_not_reach_the_child(worker):
    worker.wait(None)
    os.kill(worker.process.pid, signal.SIGINT)
    assert worker.fit(spec("fit"), None, None).failure == ""


@fresh
def test_closing_leaves_no_process_even_while_the_data_is_being_sent(problem):
    worker = Worker(payload(problem))
    pid = worker.process.pid
    worker.close()
    worker.close()
    assert gone(pid)


SCRIPT = """
import sys, time
import numpy as np, pandas as pd
from automl.shallow import ShallowSide
from automl.catalog import members
from automl.records import Baseline, Column, Dataset, Facts, Split, Task
print("run", flush=True)
x = np.random.default_rng(0).normal(size=90)
dataset = Dataset("d", pd.DataFrame({"x": x}), pd.DataFrame({"y": 2 * x}))
task = Task("tabular", "regression", ("y",), "r2", columns=(Column("x", "numeric", 1.0, ""),))
rows = np.arange(90)
split = Split(rows[:50], rows[50:70], rows[70:], "row", rows[70:], "", 0)
linear = {n: b for n, b in members(Baseline, "automl.baselines").items() if n in ("tabular_floor", "linear")}
side = ShallowSide(dataset, task, split, Facts(50), linear, "r2")
side.step(3000)
run, = side.step(3000)
place = side.worker.place
print(run.status, run.valid_score > 0.9, ",".join(place.ready["loaded"]), place.process.pid, flush=True)
if "leave" in sys.argv:
    sys.stdout.flush()
    import os
    os._exit(0)
side.close()
"""


@pytest.mark.parametrize("how", ["script", "command that is left"])
def test_no_main_guard_is_needed_the_child_loads_no_tensorflow_and_is_not_left(tmp_path, how):
    file = tmp_path / "plain.py"
    file.write_text(SCRIPT)
    command = [sys.executable, str(file)] if how == "script" else [sys.executable, "-c", SCRIPT, "leave"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[0] == "run"
    status, good, loaded, pid = lines[1].split()  # scikit-learn before the first fit, whose time it would take
    assert (status, good, loaded) == ("done", "True", "sklearn")
    ends = time.monotonic() + 300
    while not gone(pid) and time.monotonic() < ends:
        time.sleep(0.1)
    assert gone(pid)


@fresh
@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_it_stays_in_the_session_of_its_parent_with_a_process_group_of_its_own():
    """Linux shares processors between sessions: in one of its own it would get more of a busy one than the parent."""
    child = worker_module.spawn()
    try:
        assert os.getsid(child.process.pid) == os.getsid(0)
        assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)
    finally:
        child.close()
