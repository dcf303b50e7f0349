"""Signals: the first concludes, a later one stops, and handlers of others stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import automl
from automl.flow.interrupt import SAME_SECONDS, SIGNALS, Interrupt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Hands:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def handlers():
    """As a fresh process has them; put back afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ALL)
def test_the_first_signal_asks_and_handlers_come_back(number) -> None:
    before = [signal.getsignal(one) for one in ALL]
    with Interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(number)
        assert interrupt.asked
    assert [signal.getsignal(one) for one in ALL] == before


@pytest.mark.parametrize("first", ALL)
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_request_stops_at_once_but_not_the_echo_of_the_first(first, second) -> None:
    now = Hands()
    with Interrupt(now) as interrupt:
        signal.raise_signal(first)
        signal.raise_signal(second)  # as `timeout` sends it to the process and to its group
        assert interrupt.asked
        now.seconds = 2 * SAME_SECONDS
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(second)


def test_a_terminal_that_is_closed_says_so_as_often_as_it_likes() -> None:
    now = Hands()
    with Interrupt(now) as interrupt:
        for now.seconds in (0.0, 1.0, 5.0):
            signal.raise_signal(signal.SIGHUP)
        assert interrupt.asked


@pytest.mark.parametrize("number", ALL)
def test_a_handler_of_the_users_own_stays(number) -> None:
    heard = []
    signal.signal(number, lambda *_: heard.append(number))
    with Interrupt() as interrupt:
        signal.raise_signal(number)
        assert heard == [number] and not interrupt.asked


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGHUP)
        assert not interrupt.asked and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_a_signal_that_a_library_has_taken_meanwhile_is_taken_back() -> None:
    with Interrupt() as interrupt:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(15))
        interrupt.hold()
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked


def test_nothing_is_installed_outside_the_main_thread() -> None:
    seen = []

    def look() -> None:
        with Interrupt() as interrupt:
            interrupt.hold()
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


CHILD = """
import sys, threading
from automl.flow.interrupt import Interrupt
from automl.flow.loading import Loading
with Interrupt() as interrupt:
    loading = Loading("auto", lambda wish: threading.Event().wait())  # never ends
    loading.start()
    print("loading", flush=True)
    print(loading.wait(lambda: interrupt.asked).reason, flush=True)
"""


@pytest.mark.parametrize("number", ALL)
def test_a_signal_while_tensorflow_loads_does_not_wait_for_it(number) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None and child.stdout.readline() == "loading\n"
    child.send_signal(number)
    said, _ = child.communicate(timeout=600)
    assert said == "the run was stopped while TensorFlow loaded\n" and child.returncode == 0
