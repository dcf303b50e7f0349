"""What a server counts, in the text format of Prometheus; of several processes together."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["FOLDER", "Metrics"]

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder through which processes share their counts; prometheus_client reads it."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts of one application; labels are fixed words, never parts of a request."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        own = self.registry = CollectorRegistry()
        self.requests: Any = Counter(
            "automl_requests", "Requests by address and status.", ["path", "status"], registry=own
        )
        self.seconds: Any = Histogram(
            "automl_request_seconds", "From the first byte to the answer.", ["path"], buckets=SECONDS, registry=own
        )
        self.rows: Any = Counter("automl_rows", "Rows that were predicted.", registry=own)
        self.warned: Any = Counter("automl_warnings", "Warnings about odd rows.", registry=own)
        self.together: Any = Histogram(
            "automl_requests_together", "Requests that were predicted together.", buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=own,
        )  # fmt: skip

    def answered(self, path: str, status: int, seconds: float, n_rows: int, n_warned: int) -> None:
        """Count one request."""
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)
        self.rows.inc(n_rows)
        self.warned.inc(n_warned)

    def text(self) -> tuple[bytes, str]:
        """All counts, and their Content-Type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

        registry: Any = self.registry
        if os.environ.get(FOLDER):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
