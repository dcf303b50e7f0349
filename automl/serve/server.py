"""Runs the application: one process in this one, several by uvicorn's own supervisor."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import tempfile
from typing import TYPE_CHECKING, Any

from automl.serve.application import application, need
from automl.serve.metrics import FOLDER
from automl.serve.settings import Settings
from automl.system import terminal
from automl.system.printable import printable

if TYPE_CHECKING:
    from fastapi import FastAPI

    from automl.predict.model import SideModel

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
    from automl.errors import AutomlError
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
    """
    need()
    import uvicorn

    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": int(settings.timeout_seconds) + 1,
    }
    signal.signal(signal.SIGTERM, lambda *_: None)  # what uvicorn hands it on to once it has ended: that is no fault
    if settings.workers == 1:
        _Announced(uvicorn, application(model_of(settings), settings), options).run()
        return
    with tempfile.TemporaryDirectory(prefix="automl-serve-") as counts:
        os.environ[FOLDER] = counts
        os.environ[SETTINGS] = json.dumps(dataclasses.asdict(settings))
        _announce(settings, settings.port)
        uvicorn.run("automl.serve.server:from_environment", factory=True, workers=settings.workers, **options)


class _Announced:
    """A server that says where it can be reached once it can."""

    def __init__(self, uvicorn: Any, app: FastAPI, options: dict[str, Any]) -> None:
        class Server(uvicorn.Server):  # type: ignore[misc]
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                ports = [socket.getsockname()[1] for one in self.servers for socket in one.sockets]
                if ports:
                    _announce_at(options["host"], ports[0])

        self.server = Server(uvicorn.Config(app, **options))

    def run(self) -> None:
        """Until it is asked to end."""
        self.server.run()
        if not self.server.started:
            from automl.errors import RecipeError

            raise RecipeError("host and port: the address cannot be bound; name another --host or --port")


def _announce(settings: Settings, port: int) -> None:
    _announce_at(settings.host, port)


def _announce_at(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    terminal.err(printable(f"serving at http://{shown}:{port}"))


def from_environment() -> FastAPI:
    """The application of one of several processes."""
    settings = Settings(**{
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(os.environ[SETTINGS]).items()
    })  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: None)
    return application(model_of(settings), settings)
