"""By which names a server may be asked: a page that rebinds its own name to the loopback is sent away.

Source: Jackson, Barth, Bortz, Shao & Boneh, "Protecting Browsers from DNS Rebinding Attacks", ACM CCS 2007, section 5.1
    (the server checks the Host header); RFC 9110, section 15.5.20 (421 Misdirected Request).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from automl.errors import RecipeError
from automl.serve.answering import refused
from automl.serve.refusals import misdirected
from automl.serve.settings import Settings

__all__ = ["KnownHosts", "allowed_hosts", "checked_hosts"]

ANY = "*"
LOCAL = ("localhost", "127.0.0.1", "::1")
NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def checked_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """Names of hosts as they are compared.

    Raises:
        RecipeError: one is no name or address; says what is expected.
    """
    return tuple(_checked(name) for name in names)


def _checked(name: str) -> str:
    bare = name.strip().removeprefix("[").removesuffix("]")
    if bare == ANY:
        return ANY
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if NAME.fullmatch(bare):
            return _plain(bare)
    raise RecipeError(
        f"allow_host: expected the name or address of a host without scheme, port and path, such as "
        f"models.example.org, or * for any; got {name!r}"
    )


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")


def allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """The names that requests may have in their Host header; None for any.

    Those that the settings name, and where only this machine can reach the server, its own names, too. A server that
    others can reach has names that it cannot know, so it takes any unless some are named.
    """
    named = checked_hosts(settings.allowed_hosts)
    if ANY in named or (not named and not settings.is_local):
        return None
    return frozenset((*named, *((*LOCAL, *checked_hosts([settings.host])) if settings.is_local else ())))


def host_of(header: str) -> str:
    """The name or address in a Host header, without its port; "" where there is none."""
    text = header.strip()
    if text.startswith("["):
        bare, end, rest = text[1:].partition("]")
        if not end or (rest and not re.fullmatch(r":\d*", rest)):
            return ""
    else:
        bare, _, port = text.partition(":")
        if port and not port.isdigit():
            return ""
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return _plain(bare)


class KnownHosts:
    """An application that answers requests to other names with 421.

    Args:
        app: that is asked by the names that are allowed.
        allowed: names and addresses in the form of `checked_hosts`.
    """

    def __init__(self, app: Application, allowed: frozenset[str]) -> None:
        self.app, self.allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http" or self._knows(scope):
            await self.app(scope, receive, send)
            return
        answer = refused(misdirected())
        length = str(len(answer.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _knows(self, scope: Scope) -> bool:
        """Whether there is one Host header, with a name that is allowed."""
        found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return len(found) == 1 and host_of(found[0]) in self.allowed
