"""Fuzzed requests to a server on the loopback: no answer may be a fault of its own, and its memory may not grow."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from serve_models import TARGET, churn

__all__ = ["fuzz", "memory_mib"]

EVERY = 2_000
CELLS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -1e308, 10**30, 2**63, float("nan"), float("inf"), "", " ", "abc", "n/a", "1,5",
    "1.234,5", "12 €", "2024-02-30", "2024-01-05T10:00:00+02:00", "05/06/2024", "\x00", "\ud800", "é" * 300, "x" * 5000,
    [], [1, 2], {}, {"a": {"b": 1}}, [[1]], "../../etc/passwd", "/etc/passwd", "<script>alert(1)</script>", "'; --",
    "%s%n", "True", "0", "１２", "-999", "1e5", "infinity", "month-to-month ", "ONE YEAR", "region 99",
)  # fmt: skip
BODIES: tuple[bytes, ...] = (
    b"", b"[", b"{}", b"null", b"3", b'"a"', b"[[]]", b"[1,2]", b'{"rows": {}}', b'{"rows": [[]]}', b"[" * 5000,
    b'{"a":' * 3000, b"\xff\xfe", b"\x00" * 100, b'{"rows": [], "x": 1}', b"1" * 5000, b'{"rows": [{"tenure": 1e999}]}',
    b'{"rows": [{}]}', b'{"rows": [{"": ""}]}', b"\xef\xbb\xbf[]", b"NaN", b"-", b'{"rows": [null]}',
)  # fmt: skip
MEDIA = (
    "application/json",
    "application/json; charset=utf-16",
    "text/csv",
    "text/plain",
    "",
    "APPLICATION/JSON",
    "x" * 500,
)
PATHS = ("/predict", "/predict_proba", "/predict?on_odd=refuse", "/predict?on_odd=ignore", "/predict?on_odd=%00",
         "/predict/", "/nope", "/health", "/schema", "/metrics", "/predict?" + "a" * 99, "/../x", "/docs")  # fmt: skip


def fuzz(port: int, pid: int, n: int, seconds: float) -> dict[str, Any]:
    """So many requests, or as many as there is time for; statuses, faults and the server's memory on the way.

    Args:
        port: of a server on the loopback.
        pid: of its process.
        n: requests.
        seconds: after which it ends.
    """
    random_ = random.Random(0)
    records = churn(512, seed=3).drop(columns=TARGET).astype(object).to_dict("records")
    records = [{name: None if v != v else v for name, v in row.items()} for row in records]
    statuses: Counter[int] = Counter()
    memory: list[float] = []
    faults: list[str] = []
    begun, done = time.monotonic(), 0
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while done < n and time.monotonic() - begun < seconds:
        method, path, body, media = _request(random_, records)
        try:
            client.request(method, path, body, {"Content-Type": media})
            answer = client.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError) as error:
            statuses[0] += 1
            faults.append(f"{type(error).__name__} at {method} {path[:60]}")
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        else:
            statuses[answer.status] += 1
            if answer.status >= 500 or b"Traceback" in content or b"site-packages" in content:
                faults.append(f"{answer.status} at {method} {path[:60]}: {body[:300]!r}")
        done += 1
        if done % EVERY == 0:
            memory.append(memory_mib(pid))
            print(f"fuzz: {done} requests, {memory[-1]:.0f} MiB, {dict(statuses)}", flush=True)
    taken = time.monotonic() - begun
    for fault in faults[:10]:
        print(f"fault: {fault}", flush=True)
    half = memory[len(memory) // 2 :]
    growth = float(np.polyfit(np.arange(len(half)), half, 1)[0]) if len(half) > 1 else 0.0
    return {
        "requests": done, "seconds": taken, "statuses": dict(statuses), "faults": len(faults), "memory_mib": memory,
        "growth_mib_per_2000": growth,
    }  # fmt: skip


def memory_mib(pid: int) -> float:
    """The resident memory of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _request(random_: random.Random, records: list[dict[str, Any]]) -> tuple[str, str, bytes, str]:
    """Method, address, body and media type of one request."""
    kind = random_.random()
    if kind < 0.3:
        rows = [dict(random_.choice(records)) for _ in range(random_.choice((1, 1, 2, 5)))]
        return "POST", random_.choice(PATHS[:2]), json.dumps(rows).encode(), "application/json"
    if kind < 0.75:
        rows = [dict(random_.choice(records)) for _ in range(random_.choice((1, 1, 3, 20)))]
        for _ in range(random_.choice((1, 2, 6))):
            random_.choice(CHANGES)(random_, rows)
        body = json.dumps(rows if random_.random() < 0.5 else {"rows": rows}).encode()
        return "POST", random_.choice(PATHS[:5]), body, "application/json"
    if kind < 0.85:
        return "POST", "/predict", _csv(random_, records), "text/csv"
    if kind < 0.93:
        body = bytes(random_.randrange(256) for _ in range(random_.randrange(200)))
        body = body if random_.random() < 0.4 else random_.choice(BODIES)
        return "POST", random_.choice(PATHS[:2]), body, random_.choice(MEDIA)
    method = random_.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"))
    return method, random_.choice(PATHS), b"", random_.choice(MEDIA)


def _cell(random_: random.Random, rows: list[dict[str, Any]]) -> None:
    row = random_.choice(rows)
    if row:
        row[random_.choice(list(row))] = random_.choice(CELLS)


def _gone(random_: random.Random, rows: list[dict[str, Any]]) -> None:
    row = random_.choice(rows)
    if row:
        del row[random_.choice(list(row))]


def _more(random_: random.Random, rows: list[dict[str, Any]]) -> None:
    random_.choice(rows)[random_.choice(("extra", "", "Tenure", "churned", "x" * 300, "0", "a.b"))] = random_.choice(
        CELLS
    )


def _column(random_: random.Random, rows: list[dict[str, Any]]) -> None:
    name, cell = random_.choice(list(rows[0]) or ["tenure"]), random_.choice(CELLS)
    for row in rows:
        row[name] = cell


CHANGES: tuple[Callable[[random.Random, list[dict[str, Any]]], None], ...] = (
    _cell,
    _cell,
    _cell,
    _gone,
    _more,
    _column,
)


def _csv(random_: random.Random, records: list[dict[str, Any]]) -> bytes:
    """Delimited text, some of its bytes changed."""
    rows = [random_.choice(records) for _ in range(random_.choice((1, 3, 30)))]
    lines = [",".join(rows[0]), *(",".join("" if v is None else str(v) for v in row.values()) for row in rows)]
    text = bytearray("\n".join(lines[random_.random() < 0.1 :]).encode())
    for _ in range(random_.choice((0, 0, 1, 5, 40))):
        text[random_.randrange(len(text))] = random_.randrange(256)
    return bytes(text)
