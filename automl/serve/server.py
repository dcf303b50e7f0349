"""Runs the application: one process in this one, several by uvicorn's own supervisor."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import tempfile
from typing import TYPE_CHECKING, Any

from automl.errors import AutomlError, RecipeError
from automl.serve.application import application, need
from automl.serve.hosts import allowed_hosts
from automl.serve.metrics import FOLDER
from automl.serve.settings import Settings
from automl.system import terminal
from automl.system.printable import printable

if TYPE_CHECKING:
    from fastapi import FastAPI

    from automl.predict.side_model import SideModel

__all__ = ["from_environment", "model_of", "run"]

SETTINGS = "AUTOML_SERVE_SETTINGS"
"""The variable that tells the processes of a server what to serve."""
WARM_ROWS = (1, 2)


def model_of(settings: Settings) -> SideModel:
    """The model that serves, loaded and called once, so that the first request finds it ready.

    Raises:
        BundleError: the folder cannot be opened. DataError: it has no model of this side.
    """
    from automl import api

    loaded = api.load(settings.model, settings.plugins)
    side = loaded.side(settings.side or loaded.recommended)
    _warm(side)
    return side


def _warm(model: SideModel) -> None:
    """Predict made-up rows, if the model takes them: what is compiled or read at the first call is then ready."""
    from automl.serve.answering import Answering
    from automl.serve.body import JSON, Question, example_of

    if model.task.columns and model.task.horizon is None:
        rows = example_of(model.task)["rows"]
        for n_rows in WARM_ROWS:
            try:
                body = json.dumps({"rows": rows * n_rows, "on_odd": "ignore"}).encode()
                Answering(model, n_rows).answers([Question("predict", body, JSON)])
            except AutomlError:
                return


def run(settings: Settings) -> None:
    """Serve until the process is asked to end (SIGTERM, Ctrl-C); requests that run are answered first.

    Raises:
        MissingExtra: a library of the extra `serve` is not installed.
        BundleError: the model cannot be opened. DataError: it has no model of this side.
        RecipeError: the address cannot be bound, or an allowed host is no name.
    """
    need()
    allowed_hosts(settings)  # before the model is read
    # What uvicorn hands the signal on to, once it has ended because of it: that is no fault.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        if settings.workers == 1:
            _serve_here(settings)
        else:
            _serve_in_processes(settings)
    except SystemExit as error:  # uvicorn's, after it has said why
        raise RecipeError(f"host and port: {settings.host}:{settings.port} cannot be bound; name others") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _options(settings: Settings) -> dict[str, Any]:
    """The arguments of uvicorn."""
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": int(settings.timeout_seconds) + 1,
    }


def _serve_here(settings: Settings) -> None:
    """In this process; where it can be reached is said once it can."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            for one in self.servers[:1]:
                _say_where(settings.host, one.sockets[0].getsockname()[1])

    Server(uvicorn.Config(application(model_of(settings), settings), **_options(settings))).run()


def _serve_in_processes(settings: Settings) -> None:
    """In several processes at one address; the model is opened here first, so that its faults are reported once."""
    import uvicorn

    from automl import api

    loaded = api.load(settings.model, settings.plugins)
    loaded.side(settings.side or loaded.recommended)
    with tempfile.TemporaryDirectory(prefix="automl-serve-") as counts:
        os.environ[FOLDER] = counts
        os.environ[SETTINGS] = json.dumps(dataclasses.asdict(settings))
        _say_where(settings.host, settings.port)
        try:
            uvicorn.run(
                "automl.serve.server:from_environment", factory=True, workers=settings.workers, **_options(settings)
            )
        finally:
            del os.environ[FOLDER], os.environ[SETTINGS]


def _say_where(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    terminal.err(printable(f"serving at http://{shown}:{port}"))


def from_environment() -> FastAPI:
    """The application of one of several processes."""
    given: dict[str, Any] = json.loads(os.environ[SETTINGS])
    settings = Settings(**{**given, **{name: tuple(given[name]) for name in ("plugins", "allowed_hosts")}})
    return application(model_of(settings), settings)
