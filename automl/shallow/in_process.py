"""Shallow fits in this process, for runs without a time limit."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable

import numpy as np

from automl.baselines.model import forget
from automl.errors import OutOfTime
from automl.shallow.child import in_words, run_fit
from automl.shallow.messages import FitSpec, Fitted, Part, Payload

__all__ = ["InProcessWorker"]


class InProcessWorker:
    """Replaces `Worker` without a process of its own, since starting one takes longer than a small fit.

    A fit cannot be ended here, so this is for runs without a time limit. The memory of fits is not measured.

    Args:
        payload: the data that every fit reads.
    """

    def __init__(self, payload: Payload) -> None:
        self.payload = payload

    def wait(self, deadline: float | None, stopping: Callable[[], bool] = lambda: False) -> str | None:
        """Return None: there is nothing to wait for."""
        return None

    def fit(self, model: bytes, take: np.ndarray | None, deadline: float | None,
            stopping: Callable[[], bool] = lambda: False, part: int = 0,
            searched: bytes | None = None, learnt: Part | None = None) -> Fitted:  # fmt: skip
        """Fit one model to its end, whatever the deadline; see `Worker.fit`."""
        begun = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = run_fit(
                    self.payload, FitSpec(model, take, deadline, part, searched, learnt), lambda model: None
                )
        except Exception as error:  # an error of a library fails this run only, not the contest
            words = in_words(error)
            stopped = words if isinstance(error, OutOfTime) else ""
            return Fitted(fit_seconds=time.monotonic() - begun, failure=words, stopped=stopped)
        return dataclasses.replace(fitted, peak_mib=None)

    def close(self) -> None:
        """Drop what fits have cached for each other."""
        forget()
