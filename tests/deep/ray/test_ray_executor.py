"""Trials on a local Ray: the same as without it, none lost with a worker, none longer than its time."""

import json
import math
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from automl import catalog, modalities
from automl.catalog import template_loader
from automl.deep import DeepSide
from automl.deep.ray import executor
from automl.deep.ray import session as ray_session
from automl.deep.ray.executor import RayPool
from automl.deep.ray.session import Place, Session, places
from automl.deep.ray.watchdog import MARK, marked_processes
from automl.deep.scheduling import round_ends
from automl.errors import MissingExtra, RecipeError
from automl.records import Column, Dataset, SearchOptions, Split, Task, Template

PLUGIN = str(Path(__file__).with_name("plugin_of_workers.py"))


@pytest.fixture(scope="module")
def parts():
    """A small task with encoders that other processes can import."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    y = np.where(frame["a"] + 0.5 * frame["b"] ** 2 + 0.1 * rng.normal(size=400) > 0.3, "yes", "no")
    dataset = Dataset("toy", frame, pd.DataFrame({"y": y}))
    rows = np.arange(400)
    split = Split(rows[:240], rows[240:320], rows[320:], "row", rows[320:], "in order", 0)
    columns = tuple(Column(name, "numeric", 1.0, "") for name in "abc")
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes", columns=columns)
    encoder, codec = modalities.fit(dataset, task, split)
    return dataset, task, split, encoder, codec, modalities.facts(task, split, codec)


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """Where templates of the plug-in note that they were built, in this process and in workers."""
    folder = tmp_path_factory.mktemp("marks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOML_TEST_MARKS", str(folder))
        yield folder


@pytest.fixture(scope="module", autouse=True)
def known_here_alone():
    """Templates of the plug-in must not be searched by the contests of other files in the same process."""
    yield
    catalog._FILES.pop(Path(PLUGIN).resolve(), None)


@pytest.fixture(scope="module")
def two(marks):
    """Two workers that the tests below share; what a worker reads is given anew by each side."""
    pool = RayPool(SearchOptions(workers=2), template_loader([PLUGIN]))
    pool.start()
    yield pool
    pool.close()


def side(parts, name, remote=None, **options):
    catalog.extend([PLUGIN])
    while remote is not None and any(worker.ready is not None for worker in remote._workers):
        remote._wait()  # a worker that took another's place takes in one side's material after the other's
        remote._tend()
    templates = {name: catalog.members(Template, "automl.templates")[name]}
    return DeepSide(*parts, templates, metric="roc_auc", seed=0, remote=remote, **options)


def trials(deep, seconds=math.inf):
    runs = []
    while (made := deep.step(seconds)) is not None:
        runs += made
    return runs


def pids(pool):
    """Process ids of the workers that are ready."""
    import ray

    ready = [worker.actor for worker in pool._workers if worker.ready is None]
    return ray.get([actor.__ray_call__.remote(lambda worker: os.getpid()) for actor in ready])


def listening(processes):
    found = set()
    for process in processes:
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                found.add(connection.laddr.ip)
    return found


@pytest.mark.slow
def test_one_worker_gives_what_no_ray_gives_and_leaves_no_process_behind(parts, marks, capfd):
    pool = RayPool(SearchOptions(workers=1, ray_address="local"), template_loader([PLUGIN]))
    pool.start()
    here, there = side(parts, "tiny", max_trials=5), side(parts, "tiny", pool, max_trials=5)
    (worker,) = pids(pool)
    session = psutil.Process(worker).environ()[MARK]
    expected, actual = trials(here), trials(there)
    assert [run.name for run in actual] == [run.name for run in expected]
    assert [run.choices for run in actual] == [run.choices for run in expected]
    assert [run.valid_score for run in actual] == [run.valid_score for run in expected]
    assert [point["epoch"] for point in actual[0].curve] == [point["epoch"] for point in expected[0].curve]
    here.choose(None)
    there.choose(None)
    assert here.refit(math.inf) and there.refit(math.inf)
    for one, other in zip(here.outputs("test", 1), there.outputs("test", 1), strict=True):
        assert np.array_equal(one.arrays["probabilities"], other.arrays["probabilities"])
    found = listening(marked_processes(session))
    assert found and found <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}

    with pytest.raises(RecipeError, match="knows no template nameless"):
        pool.supply(there.trainer.training_data, ("nameless",), None)
    assert there.step(math.inf) is None  # nobody is left to try anything
    pool.close()
    assert marked_processes(session) == []
    assert capfd.readouterr().out == ""


@pytest.mark.thorough
def test_a_killed_worker_costs_one_trial_which_another_one_runs(parts, two, tmp_path):
    killed = []

    def kill(event):
        if event["event"] == "run" and not killed:
            killed.append(pids(two)[0])
            os.kill(killed[0], signal.SIGKILL)
        events.append(event)

    events: list[dict] = []
    two.note = lambda text: events.append({"event": "note", "text": text})
    runs = trials(side(parts, "tiny", two, max_trials=5, folder=tmp_path, on_event=kill))
    assert sorted(run.name for run in runs) == sorted(f"tiny-{n}" for n in range(1, 6))
    assert {run.status for run in runs} == {"done"}
    entries = [json.loads(line[9:]) for line in (tmp_path / "trials.log").read_text().splitlines()[1:]]
    assert {entry["begun"] for entry in entries if "begun" in entry} == {run.name for run in runs}
    assert sorted(entry["name"] for entry in entries if "name" in entry) == sorted(run.name for run in runs)
    lost = [run for run in runs if run.failure]
    said = [event for event in events if event["event"] == "note" and "was lost" in event["text"]]
    assert killed and len(lost) == len(said) == 1 and lost[0].failure.startswith("first tried: its worker was lost")
    assert killed[0] not in pids(two)


@pytest.mark.slow
def test_a_trial_that_kills_its_workers_fails_in_the_end(parts, two, marks, monkeypatch):
    monkeypatch.setattr(executor, "TRIES", 2)
    deep = side(parts, "dies_always", two, max_trials=1)
    (run,) = trials(deep)
    assert run.status == "failed" and "its worker was lost 2 times" in run.failure
    assert deep.failures == {"lost": 2} and len(list(marks.iterdir())) == 2


@pytest.mark.slow
def test_a_trial_that_never_ends_is_cut_at_its_deadline(parts, two):
    deep = side(parts, "never_ends", two, max_trials=1)
    (run,) = deep.step(5.0)  # which would not come back without the cut
    assert run.status == "cut" and "did not answer" in run.failure


@pytest.mark.slow
def test_a_wish_to_stop_reaches_workers_at_once_and_keeps_their_best(parts, two):
    seen = []

    def note(event):
        if event["event"] == "epoch" and not seen:
            seen.append(event)

    stopping = lambda: bool(seen)  # noqa: E731
    two.stopping = stopping
    runs = side(parts, "long", two, on_event=note, stopping=stopping).step(math.inf)
    assert runs and {run.status for run in runs} == {"cut"}  # there is no other end to their time
    assert any(run.valid_score is not None for run in runs)


def test_without_ray_the_message_names_the_extra(monkeypatch):
    monkeypatch.setattr(ray_session.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"automl-keras\[ray\]"):
        Session(None)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_an_address_where_nothing_answers_is_told_without_asking_ray_which_would_try_for_minutes(address, monkeypatch):
    asked, connect = [], ray_session.socket.create_connection

    def knock(place, timeout):
        asked.append((place, timeout))
        return connect(place, timeout)

    monkeypatch.setattr(ray_session.socket, "create_connection", knock)
    monkeypatch.setattr("ray.init", lambda **_: pytest.fail("Ray was asked"))
    with pytest.raises(RecipeError, match=f"no Ray can be reached at {address}"):
        Session(address)
    assert asked == [(("127.0.0.1", 1), ray_session.CONNECT_SECONDS)]


@pytest.mark.parametrize(
    ("n_workers", "nodes", "expected"),
    [
        (2, [{"CPU": 8}], Place(2, 4, 0, 4)),
        (1, [{"CPU": 8}], Place(1, 8, 0, None)),
        (3, [{"CPU": 4}, {"CPU": 4}], Place(3, 2, 0, 2)),
        (9, [{"CPU": 4}, {"CPU": 4}], Place(8, 1, 0, 1)),
        (8, [{"CPU": 16, "GPU": 4}, {"CPU": 8, "GPU": 2}, {"CPU": 64}], Place(6, 4, 1, 4)),
        (2, [{}], Place(0, 1, 0, 1)),
    ],
)
def test_machines_are_parted_among_workers(n_workers, nodes, expected):
    assert places(n_workers, nodes) == expected


def test_rounds_are_half_of_the_time_until_that_is_too_little():
    assert round_ends(60.0, 2, [1.0, 2.0, 9.0]) == 30.0
    assert round_ends(12.0, 2, [1.0, 2.0, 9.0]) == 12.0
    assert round_ends(60.0, 1, [1.0]) == 60.0
    assert round_ends(math.inf, 2, []) == math.inf
