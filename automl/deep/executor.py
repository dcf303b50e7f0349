"""Who runs trials: this process, or several at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from automl.deep.messages import TrialResult, TrialSpec
from automl.deep.training.trainer import Trainer
from automl.deep.training.trial import Snapshot

__all__ = ["Ask", "LocalPool", "OnEpoch", "OnSnapshot", "Pool"]

Ask = Callable[[], tuple[TrialSpec, Snapshot | None] | None]
OnEpoch = Callable[[TrialSpec, Mapping[str, float]], None]
OnSnapshot = Callable[[TrialSpec, Snapshot], None]


class Pool(Protocol):
    """Runs orders, as many at once as it has workers."""

    @property
    def n_workers(self) -> int:
        """How many trials run at once."""
        ...

    def run(
        self, ask: Ask, on_epoch: OnEpoch, on_snapshot: OnSnapshot, until: float = math.inf
    ) -> Iterator[TrialResult]:
        """Run orders until none is left and all have ended; one report each, in the order they end.

        Args:
            ask: called whenever a worker is free: the next order, with a snapshot to go on from where there is one, or
                None when there is nothing to do for now. It is called again after each report, for what was learned
                from it may change the answer.
            until: `time.monotonic` value from which on it is of no use to wait for a worker.
        """
        ...

    def close(self) -> None:
        """End other processes."""
        ...


class LocalPool:
    """One trial after another, in this process.

    Args:
        trainer: what runs them.
    """

    n_workers = 1

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def run(
        self, ask: Ask, on_epoch: OnEpoch, on_snapshot: OnSnapshot, until: float = math.inf
    ) -> Iterator[TrialResult]:
        """Run orders one after another."""
        while (asked := ask()) is not None:
            spec, snapshot = asked

            def tell(point: Mapping[str, float], spec: TrialSpec = spec) -> None:
                on_epoch(spec, point)

            def save(snapshot: Snapshot, spec: TrialSpec = spec) -> None:
                on_snapshot(spec, snapshot)

            yield self.trainer.run(spec, tell, save, snapshot)

    def close(self) -> None:
        """There are no other processes."""
