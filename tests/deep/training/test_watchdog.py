"""Templates that never end: each is stopped, named in words, and the search goes on; a process killed twice too."""

import math
import os
import signal
import sys
import threading
import time
from pathlib import Path

import keras
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_deep_side import build, side, template, trials

from automl.deep.training import watchdog as watches
from automl.deep.training.watchdog import NeverEnded, Watchdog, watching
from automl.flow.interrupt import Interrupt

STARTED = []
"""Told when what never ends has begun."""


def begins():
    for told in STARTED:
        told()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(watches, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(watches, "REPEAT_SECONDS", 0.1)
    monkeypatch.setattr(watches, "LOOK_SECONDS", 0.02)


class Hasten:
    """Called, it makes all deadlines be over, until the clock is `right` again."""

    def __init__(self):
        self.ahead, self.monotonic, self.over = 0.0, time.monotonic, False

    def now(self):
        return self.monotonic() + self.ahead

    def __call__(self):
        self.ahead = 0.0 if self.over else 1e6

    def right(self):
        self.ahead, self.over = 0.0, True


@pytest.fixture
def hasten(monkeypatch):
    made = Hasten()
    monkeypatch.setattr(time, "monotonic", made.now)
    STARTED.append(made)
    yield made
    STARTED.clear()


@keras.saving.register_keras_serializable("test")
class Spinning(keras.layers.Layer):
    """A call that loops while it is traced."""

    def call(self, x):
        begins()
        while len(x.shape) == 2:
            try:
                time.sleep(0.001)
            except Exception:
                continue
        return x


@keras.saving.register_keras_serializable("test")
class Endless(keras.layers.Layer):
    """A loop in the graph whose condition always holds."""

    def call(self, x):
        for told in STARTED:
            threading.Timer(1.5, told).start()  # by then the graph runs, most likely; it is ended wherever it is
        return keras.ops.while_loop(
            lambda y: keras.ops.sum(y) < 1e30, lambda y: (keras.ops.abs(keras.ops.sin(y)),), (x,)
        )[0]


def of(layer):
    def made(choices, knobs, specs, head):
        model = build(choices, knobs, specs, head)
        return keras.Model(model.inputs, layer(name="odd")(model.outputs[0]))

    return made


def looping(choices, knobs, specs, head):
    begins()
    while True:
        try:
            time.sleep(0.001)
        except Exception:  # what a careless template does
            continue


def sleeping(choices, knobs, specs, head):
    begins()
    time.sleep(1000)


@pytest.mark.parametrize("made", [looping, sleeping, of(Spinning), of(Endless)], ids=lambda made: made.__qualname__)
def test_what_never_ends_is_stopped_and_the_search_goes_on(task_parts, made, hasten):
    before = signal.getsignal(watches.SIGNAL)
    deep = side(task_parts, template(name="endless", build=made), template(), max_trials=2)
    (run,) = deep.step(3000.0)
    hasten.right()
    assert (run.family, run.status, run.valid_score) == ("endless", "cut", None)
    assert "had not ended" in run.failure and "template endless" in run.failure and "--budget" in run.failure
    assert deep.failures == {"never ended": 1}
    assert not any(key.startswith("endless") for key in deep.trainer.networks)
    assert signal.getsignal(watches.SIGNAL) == before
    (other,) = deep.step(3000.0)
    assert (other.family, other.status) == ("tiny", "done")
    assert deep.choose(None) is not None and deep.refit(3000.0)


def test_one_that_ends_takes_no_more_than_its_share_of_the_time_with_silence(task_parts, monkeypatch):
    monkeypatch.setattr(watches, "LEAST_SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(watches, "SILENCE_SHARE", 0.001)
    (run,) = side(task_parts, template(build=sleeping), max_trials=1).step(300.0)
    assert run.status == "cut" and "none of its steps ended" in run.failure


def test_the_best_epoch_of_one_that_stops_ending_stands(task_parts, hasten):
    deep = side(task_parts, template(starts=lambda specs, facts: [{"epochs": 6}]), max_trials=1)
    make = deep.trainer.network

    def network(*args):
        made = make(*args)
        predict, calls = made.predict_valid, []

        def valid():
            calls.append(1)
            if len(calls) == 2:
                hasten()
                time.sleep(1000)
            return predict()

        made.predict_valid = valid
        return made

    deep.trainer.network = network
    (run,) = deep.step(3000.0)
    assert run.status == "cut" and run.valid_score is not None and len(run.curve) == 1
    assert "had not ended" in run.failure


def test_without_a_clock_there_is_no_limit(monkeypatch):
    far = Watchdog(math.inf, lambda: False)
    near = Watchdog(60.0, lambda: False)
    later = time.monotonic() + 1e6
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert far.check() == "" and "had not ended" in near.check()


def test_a_callback_of_ours_is_not_broken_into(hasten, monkeypatch):
    done, signals, handle = [], [], watches.Watchdog.handle

    def counted(self, number, frame):
        signals.append(number)
        handle(self, number, frame)

    def write():
        hasten()
        while len(signals) < 3:
            time.sleep(0.01)
        done.append("written")

    monkeypatch.setattr(watches.Watchdog, "handle", counted)

    def run():
        with watching(3000.0, lambda: False) as watchdog:
            watchdog.unbroken(write)()
            time.sleep(1000)

    with pytest.raises(NeverEnded):
        run()
    assert done == ["written"]


def test_ctrl_c_ends_a_trial_that_does_not_ask_for_it(monkeypatch):
    monkeypatch.setattr(watches, "STOP_SECONDS", 0.2)

    def run():
        with watching(math.inf, lambda: interrupt.asked):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1000)

    before = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background of a shell
    with Interrupt() as interrupt, pytest.raises(NeverEnded, match="being asked"):
        run()
    assert interrupt.asked and signal.getsignal(signal.SIGINT) == before


def in_a_thread(work):
    found = []

    def run():
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(300)
    return found[0]


def test_outside_the_main_thread_a_graph_is_cancelled_and_python_is_told_as_stuck(task_parts, monkeypatch, hasten):
    monkeypatch.setattr(watches, "STUCK_SECONDS", 0.2)
    stuck, told = [], threading.Event()

    def on_stuck(why):
        stuck.append(why)
        told.set()

    def wait():
        with watching(0.0, lambda: False, on_stuck):
            told.wait(300)

    assert in_a_thread(wait) is None
    assert len(stuck) == 1 and "had not ended" in stuck[0]
    deep = side(task_parts, template(build=of(Endless)), max_trials=1)
    (run,) = in_a_thread(lambda: deep.step(3000.0))
    assert "had not ended" in run.failure


class Killed(BaseException):
    """Ends the process, as a signal would."""


def killing(choices, knobs, specs, head):
    raise Killed


def test_a_trial_during_which_the_process_ended_twice_is_not_started_again(task_parts, tmp_path):
    for _ in range(2):
        with pytest.raises(Killed):
            trials(side(task_parts, template(build=killing), template(name="other"), folder=tmp_path))
    events = []
    deep = side(task_parts, template(build=killing), template(name="other"), folder=tmp_path, max_trials=2,
                on_event=events.append)  # fmt: skip
    (given_up,) = deep.earlier_runs()
    assert (given_up.name, given_up.status) == ("tiny-1", "failed")
    assert "ended 2 times while it ran" in given_up.failure and "not started again" in given_up.failure
    assert any("tiny-1" in event.get("text", "") for event in events)
    (other,) = trials(deep)
    assert other.name == "other-1" and other.status == "done"
    again = side(task_parts, template(), template(name="other"), folder=tmp_path)
    assert [run.name for run in again.earlier_runs()] == ["tiny-1", "other-1"]


def test_a_start_that_came_further_does_not_count_and_one_that_did_not_leaves_its_best_epoch(
    task_parts, tmp_path, monkeypatch
):
    from automl.deep.training import trial

    monkeypatch.setattr(trial, "SNAPSHOT_SECONDS", 0.0)

    def call(kill_at):
        seen = []

        def die(event):
            if event["event"] == "epoch":
                seen.append(event["epoch"])
                if len(seen) == kill_at:
                    raise Killed

        long = template(starts=lambda specs, facts: [{"epochs": 6}])
        return side(task_parts, long, max_trials=1, folder=tmp_path, on_event=die)

    for kill_at in (2, 2, 1):  # the last one comes no further
        deep = call(kill_at)
        assert not deep.earlier_runs()
        with pytest.raises(Killed):
            trials(deep)
    deep = call(0)
    assert not deep.earlier_runs()
    deep._begin(deep.resumed.in_flight[0])  # killed once more at the same place
    (left,) = call(0).earlier_runs()
    assert left.status == "cut" and len(left.curve) == 2 and left.valid_score is not None


def test_a_trial_that_was_stuck_is_not_started_again(task_parts, tmp_path):
    notes = []
    deep = side(task_parts, template(), folder=tmp_path, on_event=notes.append)
    asked = deep._next(math.inf, 0)
    deep._begin(asked)
    deep.trainer.on_stuck(asked.spec, "none of its steps ended for 99 s")
    assert "--resume" in notes[-1]["text"] and str(os.getpid()) in notes[-1]["text"]
    (run,) = side(task_parts, template(), folder=tmp_path).earlier_runs()
    assert run.status == "failed" and "could not be stopped" in run.failure
