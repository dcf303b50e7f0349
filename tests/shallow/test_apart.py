"""A process for shallow fits that cannot be had: the fits are made here, and that is told."""

from __future__ import annotations

import errno
import pickle

import numpy as np
import pandas as pd
import pytest

from automl.catalog import members
from automl.records import Baseline, Column, Dataset, Facts, Task
from automl.shallow import apart, worker
from automl.shallow.apart import FallbackWorker
from automl.shallow.in_process import InProcessWorker
from automl.shallow.messages import Part, Payload
from automl.shallow.worker import Worker

pytestmark = pytest.mark.usefixtures("fresh_workers")

ROWS = np.arange(60)


@pytest.fixture
def payload():
    x = np.random.default_rng(0).normal(size=60)
    dataset = Dataset("d", pd.DataFrame({"x": x}), pd.DataFrame({"y": 2 * x}))
    return Payload(dataset, (Part(ROWS[:40], 2 * x[:40, None], None, ROWS[40:], 2 * x[40:, None]),))


@pytest.fixture
def model():
    task = Task("tabular", "regression", ("y",), "r2", columns=(Column("x", "numeric", 1.0, ""),))
    linear = members(Baseline, "automl.baselines")["linear"]
    return pickle.dumps(linear.make(task, next(linear.settings(task, Facts(40), 0)), 0))


def check_here(place: FallbackWorker, model: bytes, notes: list[str], words: str) -> None:
    assert isinstance(place.place, InProcessWorker)
    assert len(notes) == 1 and words in notes[0] and words in place.problem
    assert place.fit(model, None, None).failure == ""
    place.close()


@pytest.mark.parametrize(
    "error", [OSError(errno.EAGAIN, "try again"), OSError(errno.ENOMEM, "memory"), MemoryError("m")]
)
def test_no_process(payload, model, monkeypatch, error) -> None:
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(worker.subprocess, "Popen", refuse)
    notes: list[str] = []
    check_here(FallbackWorker(payload, notes.append), model, notes, str(error))


def test_no_pipe(payload, model, monkeypatch) -> None:
    def refuse():
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(worker, "Pipe", refuse)
    notes: list[str] = []
    check_here(FallbackWorker(payload, notes.append), model, notes, "too many open files")


def test_no_thread_ends_the_process_that_was_started(payload, model, monkeypatch) -> None:
    started = []
    popen = worker.subprocess.Popen

    def note(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker.subprocess, "Popen", note)
    monkeypatch.setattr(worker.threading.Thread, "start", refuse)
    notes: list[str] = []
    place = FallbackWorker(payload, notes.append)
    assert [process.poll() is not None for process in started] == [True]
    monkeypatch.undo()
    check_here(place, model, notes, "can't start new thread")


def test_a_process_that_dies_before_it_is_ready_is_tried_again_and_then_done_without(
    payload, model, monkeypatch
) -> None:
    monkeypatch.setattr(worker, "START", "raise SystemExit(7)  # {path} {parent} {fd}")
    notes: list[str] = []
    place = FallbackWorker(payload, notes.append)
    waited = [place.wait(None) for _ in range(apart.STARTS)]
    assert waited[:-1] == ["the worker process died (exit code 7)"] * (apart.STARTS - 1) and waited[-1] is None
    check_here(place, model, notes, "exit code 7")


def test_data_that_no_memory_is_left_to_send_ends_the_wait(payload, monkeypatch) -> None:
    def refuse(pipe, message):
        raise MemoryError

    monkeypatch.setattr(worker, "_send_parts", refuse)
    one = Worker(payload)
    assert "worker process died" in one.wait(None) and one.failed_starts == 1
    one.close()


def test_a_process_that_starts_is_used(payload, model) -> None:
    place = FallbackWorker(payload, pytest.fail)
    assert place.wait(None) is None and place.problem is None
    assert isinstance(place.place, Worker) and place.place.failed_starts == 0
    assert place.fit(model, None, None).failure == ""
    place.close()


def test_a_process_that_was_started_before_the_data_were_there_is_used(payload, model) -> None:
    child = apart.early_child()
    place = FallbackWorker(payload, pytest.fail, child)
    assert place.place.process is child.process
    assert place.fit(model, None, None).failure == ""
    place.close()
    child.close()
    assert child.process.poll() is not None


def test_an_early_process_that_died_is_started_again(payload, model) -> None:
    child = apart.early_child()
    child.process.kill()
    child.process.wait()
    place = FallbackWorker(payload, pytest.fail, child)
    assert place.fit(model, None, None).failure == ""
    place.close()


def test_no_early_process_is_no_problem(monkeypatch) -> None:
    def refuse(*_, **__):
        raise OSError(errno.EAGAIN, "try again")

    monkeypatch.setattr(worker.subprocess, "Popen", refuse)
    assert apart.early_child() is None
