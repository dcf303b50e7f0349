"""The child's side of the worker process of shallow fits: receives the data, fits models, measures them.

`automl.shallow.worker` says how parent and child talk.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import OutOfTime, TrialError
from automl.records import Dataset, FitContext
from automl.shallow.messages import PIECE_BYTES, FitSpec, Fitted, Payload
from automl.sides.items import length_growth
from automl.system import resources

__all__ = ["in_words", "main", "measure", "run_fit"]

CHECKPOINT_SECONDS = 0.5


def main(fd: int) -> None:
    """Run the child: receive the data, then fit until the pipe closes.

    Args:
        fd: number of the pipe's file descriptor.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # if memory runs out, the kernel should kill this process and not its parent
        Path("/proc/self/oom_score_adj").write_text("500")
    warnings.simplefilter("ignore")
    pipe = Connection(fd)
    try:
        from automl.baselines import tabular  # noqa: F401  (loads scikit-learn while the parent does other things)

        kind, payload = _receive_large(pipe)
        assert kind == "data"
        for name, file in payload.plugins:
            _import_plugin(name, file)
        _tell(
            pipe,
            "ready",
            {"loaded": [name for name in ("sklearn", "tensorflow") if name in sys.modules], "pid": os.getpid()},
        )
        while True:
            _, spec = pipe.recv()
            try:
                _tell(pipe, "done", run_fit(payload, spec, lambda model: _tell(pipe, "checkpoint", model)))
            except OutOfTime as error:
                _tell(pipe, "late", in_words(error))
            except Exception as error:  # an error of a library fails this run only, not the contest
                _tell(pipe, "failed", in_words(error))
    except (EOFError, OSError):
        pass
    except Exception as error:
        _tell(pipe, "failed", f"the worker could not start: {type(error).__name__}: {error}")
    os._exit(0)


def run_fit(payload: Payload, spec: FitSpec, keep: Callable[[bytes], None]) -> Fitted:
    """Fit one model and predict the validation items. A refit learns from them, and predicts nothing.

    Args:
        payload: the data that every fit reads.
        spec: what to fit.
        keep: called with checkpoints if there is a deadline: pickled models that are usable if the fit is ended.
    """
    from automl.baselines.model import seconds_spared

    model = pickle.loads(spec.model)  # safe: from our own parent
    take = slice(None) if spec.take is None else spec.take
    last = [0.0, 0.0]  # when the last checkpoint was sent, and how long that took

    def checkpoint(candidate: Any) -> None:
        now = time.monotonic()
        if spec.deadline is None or now - last[0] < CHECKPOINT_SECONDS + 20 * last[1]:
            return
        keep(pickle.dumps(candidate, pickle.HIGHEST_PROTOCOL))
        last[:] = [time.monotonic(), time.monotonic() - now]

    if spec.searched is not None:
        learnt = spec.learnt or payload.refit
        assert learnt is not None
        growth = length_growth(payload.growth_to(learnt))
        chosen = pickle.loads(spec.searched).chosen(growth)  # safe: a model of this run
        part, context = learnt, FitContext(spec.deadline, None, None, None, chosen)
    else:
        part = payload.parts[spec.part]
        context = FitContext(spec.deadline, checkpoint, part.valid, part.valid_truth)
    weight = None if part.weight is None else part.weight[take]
    resources.reset_peak()
    seconds_spared()
    begun = time.monotonic()
    model.fit(payload.dataset, part.items[take], part.truth[take], weight, context)
    fit_seconds = time.monotonic() - begun + seconds_spared()
    if spec.searched is not None:
        stopped = str(getattr(model, "stopped", ""))
        return Fitted(pickle.dumps(model, pickle.HIGHEST_PROTOCOL), None, fit_seconds, stopped=stopped)
    output = model.predict(payload.dataset, part.valid)
    peak = resources.peak_mib()
    pickled = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
    stopped = str(getattr(model, "stopped", ""))
    if spec.part:  # only the score is needed on other hold-outs
        return Fitted(pickled, output, fit_seconds, stopped=stopped)
    left = 1.0 if spec.deadline is None else spec.deadline - time.monotonic()
    predict_ms, rate = measure(model, payload.dataset, part.valid, min(max(left, 0.05), 1.0))
    n_learnt = int(getattr(model, "n_learnt", 0))
    return Fitted(pickled, output, fit_seconds, peak, predict_ms, rate, stopped, n_learnt=n_learnt)


def in_words(error: Exception) -> str:
    """Why a fit failed, as a message."""
    return str(error) if isinstance(error, TrialError) else f"{type(error).__name__}: {error}"


def _tell(pipe: Connection, kind: str, content: Any) -> None:
    with contextlib.suppress(OSError):
        pipe.send_bytes(pickle.dumps((kind, content), pickle.HIGHEST_PROTOCOL))


def _import_plugin(name: str, file: str) -> None:
    """Import a plug-in file under the parent's name for it, since pickled models name their module."""
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _receive_large(pipe: Connection) -> Any:
    """Receive what `_send` sends."""
    parts = []
    for size in pipe.recv():
        part = bytearray(size)
        for begin in range(0, size, PIECE_BYTES):
            pipe.recv_bytes_into(part, begin)
        parts.append(part)
    return pickle.loads(parts.pop(0), buffers=parts)  # safe: from our own parent


def measure(model: Any, dataset: Dataset, items: np.ndarray, seconds: float = 1.0) -> tuple[float, float]:
    """Measure latency and throughput of a fitted model.

    Args:
        model: the fitted model.
        dataset: the data.
        items: rows or windows to predict.
        seconds: about how long this may take.

    Returns:
        Milliseconds to predict one item (median of up to five calls, after one to warm up), and items per second.
    """
    begun = time.perf_counter()
    some = items[: min(len(items), 1024)]
    model.predict(dataset, some)
    rate = len(some) / max(time.perf_counter() - begun, 1e-9)
    times = []
    for i in range(6):
        start = time.perf_counter()
        model.predict(dataset, items[i % len(items) : i % len(items) + 1])
        times.append(time.perf_counter() - start)
        if time.perf_counter() - begun > seconds:
            break
    return float(np.median(times[1:] or times)) * 1000, rate
