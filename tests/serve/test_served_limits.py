"""How much a request may ask for, how many may ask at once, and how a server ends."""

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from serving_clients import asked, client_of, posted
from typer.testing import CliRunner

from automl import bundle
from automl.cli.app import app
from automl.errors import BundleError, MissingExtra, RecipeError
from automl.serve import server
from automl.serve.application import application
from automl.serve.settings import Settings

JSON = {"Content-Type": "application/json"}


class Held:
    """A predictor that tells when it is asked, and answers once it is let go."""

    def __init__(self, predictor):
        self.predictor, self.reads_arrays = predictor, predictor.reads_arrays
        self.begun, self.go, self.sizes = threading.Event(), threading.Event(), []

    def output(self, dataset, rows):
        self.sizes.append(len(rows))
        self.begun.set()
        assert self.go.wait(60)
        return self.predictor.output(dataset, rows)


@pytest.fixture
def held(model):
    return dataclasses.replace(model, predictor=Held(model.predictor))


class Failing:
    """A predictor that raises."""

    reads_arrays, source = True, ""

    def __init__(self, error):
        self.error = error

    def output(self, dataset, rows):
        raise self.error


def test_a_long_body_is_refused(model, records):
    body = json.dumps(records).encode()
    status, words = posted(model, body, most_body_mib=0.0005)
    assert status == 413 and "at most 524 bytes" in words["error"]["message"]

    async def parts():
        for _ in range(3):
            yield b" " * 300

    (streamed,) = asked(model, ("POST", "/predict", {"content": parts(), "headers": JSON}), most_body_mib=0.0005)
    assert streamed.status_code == 413


def test_many_rows_are_refused(model, records):
    status, words = posted(model, records, most_rows=19)
    assert status == 422 and words["error"] == {
        "code": "too_many_rows", "message": "expected at most 19 rows a request, got 20"
    }  # fmt: skip
    assert posted(model, records, most_rows=20)[0] == 200


def test_a_late_answer_is_given_up(held, records):
    async def ask():
        async with client_of(held, timeout_seconds=0.05) as client:
            answer = await client.post("/predict", json=records)
            held.predictor.go.set()
            return answer

    answer = asyncio.run(ask())
    assert answer.status_code == 504 and answer.json()["error"]["code"] == "timeout"


def test_a_body_that_never_ends_is_given_up(model):
    async def parts():
        yield b"["
        await asyncio.Event().wait()

    (answer,) = asked(model, ("POST", "/predict", {"content": parts(), "headers": JSON}), timeout_seconds=0.05)
    assert answer.status_code == 504 and answer.json()["error"]["code"] == "timeout"


async def waiting(client, held, records, n):
    """A request that is being answered, and n others behind it."""
    first = asyncio.create_task(client.post("/predict", json=records[:1]))
    await asyncio.to_thread(held.predictor.begun.wait, 60)
    others = [asyncio.create_task(client.post("/predict", json=records[place : place + 2])) for place in range(n)]
    return first, others


def test_requests_that_come_while_the_model_is_busy_are_answered_together(held, model, records):
    async def ask():
        async with client_of(held) as client:
            first, others = await waiting(client, held, records, 5)
            queue = _queue_of(client)
            while queue.qsize() < 5:
                await asyncio.sleep(0)
            held.predictor.go.set()
            return await asyncio.gather(first, *others)

    answers = asyncio.run(ask())
    assert held.predictor.sizes == [1, 10]
    frame = pd.DataFrame(records)
    for place, answer in enumerate(answers[1:]):
        assert answer.json()["predictions"] == model.predict(frame.iloc[place : place + 2]).tolist()


def test_too_many_that_wait_are_sent_away(held, records):
    async def ask():
        async with client_of(held, most_waiting=2) as client:
            first, others = await waiting(client, held, records, 2)
            queue = _queue_of(client)
            while queue.qsize() < 2:
                await asyncio.sleep(0)
            refused = await client.post("/predict", json=records)
            held.predictor.go.set()
            await asyncio.gather(first, *others)
            return refused

    answer = asyncio.run(ask())
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"


def _queue_of(client):
    """The queue before the model of an application in this process."""
    import gc

    from automl.serve.waiting import Waiting

    alive = [one for one in gc.get_objects() if isinstance(one, Waiting) and one.thread.is_alive()]
    return alive[-1].items


@pytest.mark.parametrize(("error", "status"), [
    (RuntimeError("/srv/secret/model"), 500), (BundleError("the model in /srv/secret cannot predict"), 422),
    (MemoryError("/srv/secret"), 413),
])  # fmt: skip
def test_a_failing_model_tells_no_path(model, records, error, status):
    failing = dataclasses.replace(model, predictor=Failing(error))
    found, words = posted(failing, records)
    assert found == status and "secret" not in json.dumps(words) and set(words) == {"error"}


def test_a_missing_library_names_the_extra(model, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"automl-keras\[serve\]"):
        application(model, Settings("model"))


@pytest.mark.parametrize("wrong", [
    {"port": -1}, {"port": 70_000}, {"port": 0, "workers": 2}, {"workers": 0}, {"most_rows": 0},
    {"timeout_seconds": 0.0}, {"most_body_mib": float("inf")},
])  # fmt: skip
def test_settings_have_bounds(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Settings("model", **wrong)


def test_the_command_hands_on_what_it_is_told(monkeypatch):
    seen = []
    monkeypatch.setattr("automl.serve.server.run", seen.append)
    flags = [
        "--port",
        "8123",
        "--side",
        "deep",
        "--workers",
        "2",
        "--max-rows",
        "5",
        "--max-body",
        "2",
        "--timeout",
        "9",
        "--allow-host",
        "models.example.org",
        "--allow-host",
        "[::2]",
    ]
    assert CliRunner().invoke(app, ["serve", "folder", *flags]).exit_code == 0
    (settings,) = seen
    assert settings == Settings(
        "folder", "deep", "127.0.0.1", 8123, 2, 2.0, 5, 9.0, allowed_hosts=("models.example.org", "[::2]")
    )


def test_an_address_that_is_taken_is_the_users_fault(model, monkeypatch):
    monkeypatch.setattr("automl.serve.server.model_of", lambda settings: model)
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RecipeError, match=f"127.0.0.1:{port} cannot be bound"):
            server.run(Settings("model", port=port))
    assert signal.getsignal(signal.SIGTERM) is before


SERVER = """
import dataclasses, sys
from automl.serve import server
from automl.serve.settings import Settings

class Held:
    def __init__(self, predictor):
        self.predictor, self.reads_arrays = predictor, predictor.reads_arrays
    def output(self, dataset, rows):
        print("begun", flush=True)
        sys.stdin.readline()
        return self.predictor.output(dataset, rows)

whole = server.model_of
def held(settings):
    model = whole(settings)
    return dataclasses.replace(model, predictor=Held(model.predictor))
server.model_of = held
server.run(Settings(sys.argv[1], port=0))
print("ended", sorted(name for name in ("tensorflow", "keras") if name in sys.modules), flush=True)
"""


def test_a_running_request_is_answered_before_the_server_ends(model, records, tmp_path):
    """A process of its own that serves a shallow model, and never loads TensorFlow."""
    folder = bundle.save(tmp_path / "model", model.task, {"shallow": model.predictor}, "shallow", {}, "")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        port = next(int(line.rsplit(":", 1)[1]) for line in process.stderr if line.startswith("serving at http://127."))
        answers = []

        def ask():
            request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", json.dumps(records).encode(), JSON)
            with urllib.request.urlopen(request, timeout=120) as answer:
                answers.append((answer.status, json.load(answer)))

        client = threading.Thread(target=ask)
        client.start()
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        while _is_open(port):
            pass
        assert not answers
        process.stdin.write("go\n")
        process.stdin.flush()
        client.join(120)
        assert answers == [(200, {"predictions": model.predict(pd.DataFrame(records)).tolist(), "warnings": []})]
        assert process.stdout.readline() == "ended []\n"
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.communicate()


def _is_open(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
