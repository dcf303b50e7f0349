"""The application: addresses, limits of a request, and errors in words."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from automl.errors import MissingExtra
from automl.serve.answering import Answer, Answering, refused
from automl.serve.body import Question
from automl.serve.hosts import KnownHosts, allowed_hosts
from automl.serve.refusals import Refusal, internal, too_large, too_late
from automl.serve.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from automl.predict.side_model import SideModel

__all__ = ["application", "need"]

LOG = logging.getLogger("automl.serve")
VERBS = ("predict", "predict_proba")


def need() -> None:
    """Make sure of the libraries of the extra `serve`.

    Raises:
        MissingExtra: one is not installed.
    """
    from importlib.util import find_spec

    lacking = [name for name in ("fastapi", "uvicorn", "prometheus_client") if find_spec(name) is None]
    if lacking:
        raise MissingExtra(
            f"automl serve needs {' and '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed; "
            "install with: pip install 'automl-keras[serve]'"
        )


def application(model: SideModel, settings: Settings) -> FastAPI:
    """An application that serves one model.

    Args:
        model: of a side, loaded.
        settings: with the limits; address and workers are the server's.

    Raises:
        MissingExtra: a library of the extra `serve` is not installed.
        RecipeError: an allowed host is no name.
    """
    need()
    from fastapi import FastAPI, Request, Response

    from automl.serve.metrics import Metrics
    from automl.serve.schema import openapi
    from automl.serve.waiting import Waiting

    metrics = Metrics()
    answering = Answering(model, settings.most_rows)
    waiting = Waiting(
        answering.answers, settings.most_waiting, settings.batch_rows, lambda n: metrics.together.observe(n)
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        waiting.start()
        try:
            yield
        finally:
            await asyncio.to_thread(waiting.end)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    described = json.dumps(openapi(model.task, model.side, settings)).encode()

    def respond(answer: Answer, path: str, begun: float) -> Response:
        metrics.answered(path, answer.status, time.perf_counter() - begun, answer.n_rows, answer.n_warned)
        return Response(answer.body, answer.status, dict(answer.headers), "application/json")

    async def ask(request: Request, verb: str) -> Response:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                body = await _body(request, settings.most_body_bytes)
            question = Question(verb, body, request.headers.get("content-type", ""), request.query_params.get("on_odd"))
            left = settings.timeout_seconds - (time.perf_counter() - begun)
            answer = await waiting.ask(question, left)
        except TimeoutError:
            answer = refused(too_late(settings.timeout_seconds))
        except Refusal as refusal:
            answer = refused(refusal)
        return respond(answer, f"/{verb}", begun)

    async def predict(request: Request) -> Response:
        return await ask(request, "predict")

    async def predict_proba(request: Request) -> Response:
        return await ask(request, "predict_proba")

    async def health() -> Response:
        words = {"status": "ok", "side": model.side, "goal": str(model.task.goal), "modality": str(model.task.modality)}
        return Response(json.dumps(words), media_type="application/json")

    async def schema() -> Response:
        return Response(described, media_type="application/json")

    async def counts() -> Response:
        text, media = metrics.text()
        return Response(text, headers={"Content-Type": media})

    # Annotations of nested functions are texts that FastAPI looks up in this module, where the class is not.
    for handler in (predict, predict_proba):
        handler.__annotations__["request"] = Request
    app.add_api_route("/predict", predict, methods=["POST"], response_model=None)
    app.add_api_route("/predict_proba", predict_proba, methods=["POST"], response_model=None)
    app.add_api_route("/health", health, methods=["GET"], response_model=None)
    app.add_api_route("/schema", schema, methods=["GET"], response_model=None)
    app.add_api_route("/metrics", counts, methods=["GET"], response_model=None)
    _word_errors(app)
    allowed = allowed_hosts(settings)
    if allowed is not None:
        app.add_middleware(KnownHosts, allowed=allowed)
    return app


async def _body(request: Request, most_bytes: int) -> bytes:
    """The body, as far as it may be.

    Raises:
        Refusal: it is longer.
    """
    told = request.headers.get("content-length", "")
    if told.isdigit() and len(told) < 20 and int(told) > most_bytes:
        raise too_large(most_bytes)
    parts, n_bytes = [], 0
    async for part in request.stream():
        n_bytes += len(part)
        if n_bytes > most_bytes:
            raise too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


def _word_errors(app: FastAPI) -> None:
    """Errors of the framework in the same words of JSON as our own."""
    from fastapi import Response
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    def answer(status: int, code: str, message: str, headers: Any = None) -> Response:
        made = refused(Refusal(status, code, message))
        return Response(made.body, status, headers, "application/json")

    async def known(_request: Any, error: Any) -> Response:
        words = {404: "expected one of /predict, /predict_proba, /health, /schema, /metrics",
                 405: "expected POST for predictions and GET for all other addresses"}  # fmt: skip
        return answer(error.status_code, "http", words.get(error.status_code, "the request is not served"),
                      error.headers)  # fmt: skip

    async def gone(_request: Any, _error: Any) -> Response:
        return answer(499, "gone", "the client went away")

    async def unknown(_request: Any, error: Any) -> Response:
        LOG.error("a request failed", exc_info=error)
        refusal = internal()
        return answer(refusal.status, refusal.code, refusal.message)

    app.add_exception_handler(HTTPException, known)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, unknown)
