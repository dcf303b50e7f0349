"""Servers in processes of their own: several workers, clients that are slow or send too much, and an end under load."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import pytest

from automl import bundle

JSON = {"Content-Type": "application/json"}
CLIENTS = 6


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    target = tmp_path_factory.mktemp("served") / "model"
    return bundle.save(target, model.task, {"shallow": model.predictor}, "shallow", {}, "")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def served(folder, *flags):
    """A server, and its port once it can be reached."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "automl", "serve", str(folder), *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    drained = threading.Thread(target=lambda: [None for _ in process.stderr], daemon=True)
    try:
        port = next(int(line.rsplit(":", 1)[1]) for line in process.stderr if line.startswith("serving at http://127."))
        drained.start()
        while True:  # until a worker listens; a server that ended is a failure
            assert process.poll() is None
            try:
                assert fetched(port, "GET", "/health")[0] == 200
                break
            except OSError:
                continue
        yield port, process
    finally:
        process.terminate()
        process.wait(120)
        drained.join(120)
        process.stderr.close()


@pytest.fixture(scope="module")
def running(folder):
    """Gives a server of one process and its port: the last one, unless that has ended."""
    with ExitStack() as ended_last:
        servers = []

        def last():
            if not servers or servers[-1][1].poll() is not None:
                servers.append(ended_last.enter_context(served(folder, "--port", "0", "--max-body", "0.01")))
            return servers[-1]

        yield last


def fetched(port, method, path, body=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        client.request(method, path, body, JSON)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def test_two_workers_answer_at_one_address_and_count_together(folder, model, records):
    wanted = model.predict(pd.DataFrame(records)).tolist()
    body, n = json.dumps(records).encode(), 12
    with served(folder, "--port", str(free_port()), "--workers", "2") as (port, process):
        answers = [fetched(port, "POST", "/predict", body) for _ in range(n)]
        assert all((status, json.loads(words)["predictions"]) == (200, wanted) for status, words in answers)
        counts = fetched(port, "GET", "/metrics")[1].decode()
        (asked,) = re.findall(r'automl_requests_total\{path="/predict",status="200"\} ([\d.]+)', counts)
        assert float(asked) == n
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


def test_a_slow_client_holds_nobody_up_and_a_long_body_is_refused(running, records):
    port, _ = running()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as slow:
        head = (
            "POST /predict HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            "Content-Length: 900",
        )
        slow.sendall("\r\n".join([*head, "", "["]).encode())  # and nothing more
        assert fetched(port, "POST", "/predict", json.dumps(records).encode())[0] == 200
        assert fetched(port, "GET", "/health")[0] == 200
    status, words = fetched(port, "POST", "/predict", b"[" + b" " * 20_000 + b"]")
    assert status == 413 and json.loads(words)["error"]["code"] == "body_too_large"


def test_sigterm_under_load_lets_no_request_hang(running, model, records):
    """Each request is answered rightly, or its connection is closed; the server ends with code 0."""
    wanted, body = model.predict(pd.DataFrame(records)).tolist(), json.dumps(records).encode()
    right, wrong, first = [], [], threading.Event()

    def ask(port):
        while True:
            try:
                status, words = fetched(port, "POST", "/predict", body)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, TimeoutError):
                    wrong.append(error)
                return
            (right if status == 200 and json.loads(words)["predictions"] == wanted else wrong).append(status)
            if len(right) >= CLIENTS:
                first.set()

    port, process = running()
    clients = [threading.Thread(target=ask, args=(port,)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    assert first.wait(120)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    for client in clients:
        client.join(120)
    assert not any(client.is_alive() for client in clients) and not wrong and len(right) >= CLIENTS
