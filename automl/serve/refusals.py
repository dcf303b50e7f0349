"""Why a request gets no prediction, in words and as a status of HTTP."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Refusal", "internal", "overloaded", "too_large", "too_late", "unknown_media"]


class Refusal(Exception):
    """A request that is not served.

    Attributes:
        status: of HTTP.
        code: one word for programs.
        message: a sentence for people; it holds no path and nothing of the server, at most parts of the request.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def too_large(most_bytes: int) -> Refusal:
    """413: the body is longer than the server takes."""
    return Refusal(413, "body_too_large", f"expected a body of at most {most_bytes:,} bytes; send fewer rows a request")


def too_late(seconds: float) -> Refusal:
    """504: the answer was not ready in time."""
    return Refusal(504, "timeout", f"no answer within {seconds:g} s; send fewer rows a request, or try again later")


def overloaded(most_waiting: int) -> Refusal:
    """503: too many requests wait already."""
    message = f"{most_waiting} requests are waiting for the model already; try again later"
    return Refusal(503, "overloaded", message, {"Retry-After": "1"})


def unknown_media(media: str) -> Refusal:
    """415: the body is of another type."""
    got = f"{media[:60]!r}" if media else "none"
    return Refusal(415, "media_type", f"expected Content-Type application/json or text/csv, got {got}")


def misdirected() -> Refusal:
    """421: the request names a host that this server does not go by."""
    return Refusal(421, "host", "the Host header names no host of this server; its operator adds one with --allow-host")


def internal() -> Refusal:
    """500: a fault of ours; the server's own log has it."""
    return Refusal(500, "internal", "the server failed on this request; its log says more")
