"""Whether this process can use Keras as automl needs it: on TensorFlow, and not forked after TensorFlow was loaded."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from automl.errors import RecipeError

__all__ = ["check_backend"]

BACKEND = "tensorflow"
MOST_CONFIG_BYTES = 1 << 20

_forked_with_tensorflow = False


def check_backend() -> None:
    """Check before anything is read that networks can be built here.

    Keras takes its backend from KERAS_BACKEND, else from its configuration file, once per process. A fork copies
    TensorFlow without its threads, so that the first call in the new process would wait forever.

    Raises:
        RecipeError: Keras has, or would get, another backend; or this process was forked from one that had loaded
            TensorFlow.
    """
    if _forked_with_tensorflow:
        raise RecipeError(
            "this process was forked from one that had loaded TensorFlow, whose threads a fork does not copy: it would "
            "wait forever. Start processes with multiprocessing.get_context('spawn'), or before the first fit"
        )
    backend, origin = _backend()
    if backend != BACKEND:
        raise RecipeError(f"expected Keras to run on {BACKEND}, but {origin}; {_step()} to use automl")


def _backend() -> tuple[str, str]:
    """The backend that Keras has or would get, and what says so."""
    if "keras" in sys.modules:
        loaded = str(sys.modules["keras"].backend.backend())
        return loaded, f"it is loaded in this process with the backend {loaded!r}"
    variable = os.environ.get("KERAS_BACKEND")
    if variable:
        return variable, f"the environment variable KERAS_BACKEND is {variable!r}"
    file = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    with contextlib.suppress(OSError, ValueError, RuntimeError, RecursionError):
        if file.is_file() and file.stat().st_size <= MOST_CONFIG_BYTES:
            config = json.loads(file.read_text("utf-8"))
            backend = str(config["backend"]) if isinstance(config, dict) and "backend" in config else BACKEND
            return backend, f"its configuration {file} names the backend {backend!r}"
    return BACKEND, ""


def _step() -> str:
    if "keras" in sys.modules:
        return "use another process, with KERAS_BACKEND unset,"
    return "unset KERAS_BACKEND or set it to tensorflow"


def _after_fork() -> None:
    global _forked_with_tensorflow
    _forked_with_tensorflow = _forked_with_tensorflow or "tensorflow" in sys.modules


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
