"""A small table, and clients of an application in this process."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pandas as pd

from automl.serve.application import application
from automl.serve.settings import Settings

N = 200


def shops(n=N, seed=0):
    """A number with no gap, levels, a date, and whether a shop closed."""
    rng = np.random.default_rng(seed)
    size, kind = np.round(rng.uniform(10, 90, n), 1), rng.choice(["bakery", "books", "tools"], n)
    opened = (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")).strftime("%Y-%m-%d")
    closed = np.where(size + rng.normal(0, 10, n) + 20 * (kind == "books") > 55, "yes", "no")
    return pd.DataFrame({"size": size, "kind": kind, "opened": opened, "closed": closed})


@asynccontextmanager
async def client_of(model, **limits):
    """A client of an application that runs in this loop."""
    app = application(model, Settings("model", **limits))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


def asked(model, *requests, **limits):
    """The answers to requests (method, address, arguments of httpx), one after another."""

    async def ask():
        async with client_of(model, **limits) as client:
            return [await client.request(method, path, **options) for method, path, options in requests]

    return asyncio.run(ask())


def posted(model, body, path="/predict", media="application/json", **limits):
    """The status and the words of one request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = asked(model, ("POST", path, {"content": content, "headers": {"Content-Type": media}}), **limits)[0]
    return answer.status_code, answer.json()
