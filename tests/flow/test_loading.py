"""TensorFlow that cannot load leaves the shallow side alone in the contest, with the reason told."""

from __future__ import annotations

import math
import threading

import pytest

from automl.flow import loading
from automl.flow.loading import Loading, lacking
from automl.system import resources


@pytest.fixture(autouse=True)
def plenty(monkeypatch):
    """No limit, and nothing loaded."""
    monkeypatch.setattr(resources, "address_space_mib", lambda: math.inf)
    monkeypatch.delitem(loading.sys.modules, "tensorflow", raising=False)


def test_what_loads_is_no_problem() -> None:
    seen = []
    one = Loading("cpu", seen.append)
    one.start()
    assert one.wait() is None and seen == ["cpu"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("a.so: failed to map segment\nmore"), "ImportError: a.so: failed to map segment)"),
        (ModuleNotFoundError("No module named 'tensorflow'"), "No module named 'tensorflow'"),
        (MemoryError(), "(MemoryError)"),
        (SystemExit(3), "SystemExit: 3"),
        (RuntimeError("\x1b[31m" + "x" * 900), r"RuntimeError: \x1b[31mxxx"),
    ],
)
def test_whatever_it_raises_is_a_reason_on_one_line(error, words) -> None:
    def load(wish):
        raise error

    one = Loading("auto", load)
    one.start()
    problem = one.wait()
    assert words in problem.reason and len(problem.reason) < 400 and "\n" not in problem.reason
    assert "automl doctor" in problem.step


def test_a_thread_that_cannot_start_is_a_reason(monkeypatch) -> None:
    monkeypatch.setattr(loading, "_threads_start", lambda n: True)

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(loading.threading.Thread, "start", refuse)
    one = Loading("auto", lambda wish: None)
    one.start()
    assert "can't start new thread" in one.wait().reason


def test_a_limit_that_tensorflow_would_abort_under_is_told_before_it_loads(monkeypatch) -> None:
    monkeypatch.setattr(loading, "usable_cores", lambda: 2)
    monkeypatch.setattr(resources, "address_space_mib", lambda: 2999.0)
    called = []
    one = Loading("auto", called.append)
    one.start()
    assert "leaves 2,999" in one.wait().reason and called == []
    monkeypatch.setattr(resources, "address_space_mib", lambda: 3001.0)
    assert lacking() is None


def test_more_cores_need_more_and_what_is_loaded_needs_less(monkeypatch) -> None:
    monkeypatch.setattr(resources, "address_space_mib", lambda: 3500.0)
    monkeypatch.setattr(loading, "usable_cores", lambda: 8)
    assert lacking() is not None
    monkeypatch.setitem(loading.sys.modules, "tensorflow", loading)
    assert lacking() is None


def test_threads_that_may_not_start_are_told(monkeypatch) -> None:
    started = []
    begin = loading.threading.Thread.start

    def few(self):
        if len(started) == 5:
            raise RuntimeError("can't start new thread")
        started.append(self)
        begin(self)

    monkeypatch.setattr(loading.threading.Thread, "start", few)
    assert "threads" in lacking().reason
    assert len(started) == 5 and not any(thread.is_alive() for thread in started)


def test_limits_of_memory_count_by_the_lesser(monkeypatch) -> None:
    resource = pytest.importorskip("resource")
    import psutil

    monkeypatch.undo()
    limits = {resource.RLIMIT_AS: 10 * 2**30, resource.RLIMIT_DATA: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda what: (limits[what], limits[what]))
    used = psutil.Process().memory_info()
    assert resources.address_space_mib() == pytest.approx(10 * 1024 - used.vms / 2**20, abs=64)
    limits[resource.RLIMIT_DATA] = 2**20
    assert resources.address_space_mib() == 0.0
    limits.update(dict.fromkeys(limits, resource.RLIM_INFINITY))
    assert resources.address_space_mib() == math.inf


def test_what_has_not_begun_to_load_can_be_done_without() -> None:
    seen: list[object] = []
    one = Loading("cpu", seen.append)
    one.start(wait_seconds=3600.0)
    assert one.give_up()
    assert one.wait() is None and not seen


def test_what_has_begun_to_load_is_waited_for() -> None:
    begun, end = threading.Event(), threading.Event()

    def load(wish):
        begun.set()
        end.wait(60)

    one = Loading("cpu", load)
    one.start()
    assert begun.wait(60) and not one.give_up()
    end.set()
    assert one.wait() is None
