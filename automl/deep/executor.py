"""The interface of what runs trials (a pool of workers), and the pool that runs them in this process."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from automl.deep.messages import TrialResult, TrialSpec
from automl.deep.training.records import Snapshot
from automl.deep.training.trainer import Trainer

__all__ = ["Ask", "LocalPool", "OnEpoch", "OnSnapshot", "Pool"]

Ask = Callable[[], tuple[TrialSpec, Snapshot | None] | None]
OnEpoch = Callable[[TrialSpec, Mapping[str, float]], None]
OnSnapshot = Callable[[TrialSpec, Snapshot], None]


class Pool(Protocol):
    """Runs trial specs, as many at once as it has workers."""

    @property
    def n_workers(self) -> int:
        """How many trials run at once."""
        ...

    def run(
        self, ask: Ask, on_epoch: OnEpoch, on_snapshot: OnSnapshot, until: float = math.inf
    ) -> Iterator[TrialResult]:
        """Run trials until `ask` has no more of them and all have ended.

        Args:
            ask: called whenever a worker is free. It returns the next trial spec, with a snapshot to resume from if
                there is one, or None if there is nothing to run for now. It is called again after each result, since
                a result may change the answer.
            on_epoch: called with the spec and the point of the learning curve after each validation.
            on_snapshot: called with the spec and a snapshot from which the trial can be resumed.
            until: `time.monotonic` value after which waiting for a worker is of no use.

        Yields:
            One result for each trial, in the order in which the trials end.
        """
        ...

    def close(self) -> None:
        """End other processes."""
        ...


class LocalPool:
    """One trial after another, in this process.

    Args:
        trainer: runs the trials.
    """

    n_workers = 1

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def run(
        self, ask: Ask, on_epoch: OnEpoch, on_snapshot: OnSnapshot, until: float = math.inf
    ) -> Iterator[TrialResult]:
        """Run trials one after another."""
        while (work := ask()) is not None:
            spec, snapshot = work

            def report(point: Mapping[str, float], spec: TrialSpec = spec) -> None:
                on_epoch(spec, point)

            def save(snapshot: Snapshot, spec: TrialSpec = spec) -> None:
                on_snapshot(spec, snapshot)

            yield self.trainer.run(spec, report, save, snapshot)

    def close(self) -> None:
        """Do nothing: there are no other processes."""
