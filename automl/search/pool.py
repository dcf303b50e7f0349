"""Who runs trials: this process, or several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from automl.search.trainer import Order, Report, Trainer
from automl.search.trial import Snapshot

__all__ = ["LocalPool", "OnEpoch", "OnSnapshot", "Pool"]

OnEpoch = Callable[[Order, Mapping[str, float]], None]
OnSnapshot = Callable[[Order, Snapshot], None]


class Pool(Protocol):
    """Runs orders, as many at once as it has workers."""

    n_workers: int

    def run(
        self, orders: Sequence[tuple[Order, Snapshot | None]], on_epoch: OnEpoch, on_snapshot: OnSnapshot
    ) -> Iterator[Report]:
        """Run these orders (each from a snapshot, where there is one); one report each, in the order they end."""
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
        self, orders: Sequence[tuple[Order, Snapshot | None]], on_epoch: OnEpoch, on_snapshot: OnSnapshot
    ) -> Iterator[Report]:
        """Run these orders one after another."""
        for order, snapshot in orders:

            def tell(point: Mapping[str, float], order: Order = order) -> None:
                on_epoch(order, point)

            def save(snapshot: Snapshot, order: Order = order) -> None:
                on_snapshot(order, snapshot)

            yield self.trainer.run(order, tell, save, snapshot)

    def close(self) -> None:
        """There are no other processes."""
