"""What `automl serve` is told: which model, where, and how much a request may ask for."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from automl.errors import RecipeError

__all__ = ["Settings"]

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """One server.

    Attributes:
        model: a saved model, or a run folder.
        side: "deep", "shallow", "blend" or "floor"; None for the recommended one.
        host: the only address that is bound.
        port: 0 for a free one, of a single worker.
        workers: processes, each with its own copy of the model.
        most_body_mib: of a request's body, in MiB.
        most_rows: of a request.
        timeout_seconds: from a request's first byte to its answer.
        most_waiting: requests that may wait for the model; more are sent away.
        batch_rows: rows of several requests that are predicted together.
        plugins: files and entry points, as for `automl.load`.
        allowed_hosts: names that requests may have in their Host header, "*" for any; see `automl.serve.hosts`.

    Raises:
        RecipeError: a value is out of its bounds.
    """

    model: str
    side: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    most_body_mib: float = 16.0
    most_rows: int = 10_000
    timeout_seconds: float = 30.0
    most_waiting: int = 256
    batch_rows: int = 1024
    plugins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        least = {"port": 0, "workers": 1, "most_rows": 1, "most_waiting": 1, "batch_rows": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise RecipeError(f"{name}: expected at least {low}, got {getattr(self, name)}")
        if self.port > 65535:
            raise RecipeError(f"port: expected at most 65535, got {self.port}")
        if self.port == 0 and self.workers > 1:
            raise RecipeError("port: 0 (a free one) needs a single worker; name a port")
        for name in ("most_body_mib", "timeout_seconds"):
            if not 0 < getattr(self, name) < float("inf"):
                raise RecipeError(f"{name}: expected a number above 0, got {getattr(self, name)}")

    @property
    def most_body_bytes(self) -> int:
        """Bytes of a request's body."""
        return int(self.most_body_mib * MIB)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the host."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
