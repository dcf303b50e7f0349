"""Prediction and serving speed beside scikit-learn and bare FastAPI, and what 20,000 fuzzed requests do to a server.

    python benchmarks/serve.py [--only predict,load,fuzz] [--calls 60] [--requests 200] [--fuzz 20000]
        [--seconds 240] [--folder FOLDER]

The table is made (`serve_models.py`): eight numbers, eight levels and two dates, 4,000 rows. Ours and the other are
called in turn, and figures are medians of them in the same run; ratios are of medians. All servers listen on the
loopback alone. Every part ends by itself: after its calls, or after `--seconds`. `--folder` keeps the model for another
run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from serve_fuzz import fuzz
from serve_models import TARGET, churn, make_bundle, pipeline_of

SIDES = ("shallow", "deep")
BLOCK = 20
CONNECTIONS = 8


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="predict,load,fuzz")
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--fuzz", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    parts, sides = asked.only.split(","), asked.sides.split(",")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch) / "model"
        if not folder.exists():
            make_bundle(folder)
        if "predict" in parts:
            figures["predict"] = {side: predictions(folder, side, asked.calls) for side in sides}
        if "load" in parts:
            figures["load"] = {side: load(folder, side, asked.requests, asked.seconds) for side in sides}
        if "fuzz" in parts:
            with server(["-m", "automl", "serve", str(folder), "--port", "0", "--side", sides[0]]) as (port, process):
                figures["fuzz"] = fuzz(port, process.pid, asked.fuzz, asked.seconds)
    print(json.dumps(figures))


# --------------------------------------------------------------------------- predict


def predictions(folder: Path, side: str, n_calls: int) -> dict[str, Any]:
    """Milliseconds of one row and of 1,024: ours, the general reader's path, and a pipeline of scikit-learn."""
    import automl

    model = automl.load(folder).side(side)
    pipeline = pipeline_of(side, model)
    frame = churn(2048, seed=7).drop(columns=TARGET)
    some = frame.dropna()
    found: dict[str, Any] = {}
    for n_rows in (1, 1024):
        rows = [(some if n_rows == 1 else frame).iloc[place : place + n_rows] for place in range(n_calls)]
        calls: dict[str, Callable[[Any], Any]] = {
            "ours": lambda own: model.predict(own, on_odd="ignore"),
            "general": lambda own: model.predict(model.read(own, on_odd="ignore")),
            "scikit_learn": pipeline.predict,
        }
        ms = in_turn(calls, rows)
        ratio = ms["ours"] / ms["scikit_learn"]
        found[str(n_rows)] = {**ms, "ratio": ratio, "speedup_on_general": ms["general"] / ms["ours"]}
        print(
            f"predict, {side}, {n_rows} rows: ours {ms['ours']:.2f} ms, general reader {ms['general']:.2f} ms, "
            f"scikit-learn pipeline {ms['scikit_learn']:.2f} ms; ratio {ratio:.2f}", flush=True,
        )  # fmt: skip
    return found


def in_turn(calls: dict[str, Callable[[Any], Any]], rows: Sequence[Any]) -> dict[str, float]:
    """The median milliseconds of each call, called one after the other for each of some rows."""
    for call in calls.values():
        call(rows[0])
        call(rows[0])
    times: dict[str, list[float]] = {name: [] for name in calls}
    for own in rows:
        for name, call in calls.items():
            begun = time.perf_counter()
            call(own)
            times[name].append(1000 * (time.perf_counter() - begun))
    return {name: statistics.median(one) for name, one in times.items()}


# --------------------------------------------------------------------------- load


@contextmanager
def server(arguments: Sequence[str]) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server in a process of its own, and its port; it is asked to end at the end."""
    process = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("serving at http://127.0.0.1:"):
                break
        else:
            raise SystemExit("".join(said))
        threading.Thread(target=lambda: [None for _ in process.stderr or ()], daemon=True).start()
        yield int(line.rsplit(":", 1)[1]), process
    finally:
        process.terminate()
        process.wait(60)


def load(folder: Path, side: str, n_requests: int, seconds: float) -> dict[str, Any]:
    """Latency of a single client and requests a second of several, of both servers in turn."""
    ours = ["-m", "automl", "serve", str(folder), "--port", "0", "--side", side]
    bare = [str(Path(__file__).parent / "serve_models.py"), side, str(folder)]
    frame = churn(2048, seed=7).drop(columns=TARGET).dropna()
    records = frame.to_dict("records")
    found: dict[str, Any] = {}
    with server(ours) as (own, _), server(bare) as (other, _):
        for n_rows, share in ((1, 1.0), (1000, 0.25)):
            bodies = [json.dumps(records[place : place + n_rows]).encode() for place in range(BLOCK)]
            n = max(int(n_requests * share), BLOCK)
            times, rates = both(own, other, bodies, n, seconds / 4)
            figures = {name: quantiles_of(one) | {"requests_per_second": rates[name]} for name, one in times.items()}
            figures["ratio_p50"] = figures["ours"]["p50_ms"] / figures["bare"]["p50_ms"]
            figures["ratio_rate"] = rates["bare"] / rates["ours"]
            found[str(n_rows)] = figures
            told = [
                f"{name} p50 {figures[name]['p50_ms']:.2f} ms, p99 {figures[name]['p99_ms']:.2f} ms, "
                f"{rates[name]:.0f} requests/s with {CONNECTIONS} clients" for name in ("ours", "bare")
            ]  # fmt: skip
            print(f"load, {side}, {n_rows} rows: {'; '.join(told)}; p50 ratio {figures['ratio_p50']:.2f}", flush=True)
    return found


def both(
    own: int, other: int, bodies: Sequence[bytes], n: int, seconds: float
) -> tuple[dict[str, Any], dict[str, float]]:
    """Latencies of blocks of requests in turn, then requests a second of several clients."""
    ports, times = {"ours": own, "bare": other}, {"ours": [], "bare": []}  # type: ignore[var-annotated]
    end = time.monotonic() + seconds
    for port in ports.values():
        timed(port, bodies[:5], 5)
    while len(times["bare"]) < n and time.monotonic() < end:
        for name, port in ports.items():
            times[name] += timed(port, bodies, BLOCK)
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(3):
        for name, port in ports.items():
            rates[name].append(rate(port, bodies, max(n // 3, CONNECTIONS), seconds / 6))
    return times, {name: statistics.median(one) for name, one in rates.items()}


def timed(port: int, bodies: Sequence[bytes], n: int) -> list[float]:
    """Milliseconds of so many requests of one client, one after another."""
    client, times = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for place in range(n):
        begun = time.perf_counter()
        client.request("POST", "/predict", bodies[place % len(bodies)], {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - begun))
        assert answer.status == 200, answer.status
    client.close()
    return times


def rate(port: int, bodies: Sequence[bytes], n: int, seconds: float) -> float:
    """Requests a second of several clients at once, for so many requests or seconds."""
    done, end = [0] * CONNECTIONS, time.monotonic() + seconds

    def work(place: int) -> None:
        while done[place] < n // CONNECTIONS and time.monotonic() < end:
            done[place] += len(timed(port, bodies, min(BLOCK, n // CONNECTIONS - done[place])))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def quantiles_of(times: Sequence[float]) -> dict[str, float]:
    """The median and the 99th percentile."""
    return {"n": len(times), "p50_ms": float(np.median(times)), "p99_ms": float(np.quantile(times, 0.99))}


if __name__ == "__main__":
    main()
