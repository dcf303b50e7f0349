"""What a side passes on to its finalist: both sides answer these calls of `records.Contender` alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from automl.records import Output, Run
    from automl.sides.composition import Composition

__all__ = ["NamesFinalist"]


class Finalist(Protocol):
    """The finalist of a side, and the candidates that it is chosen from."""

    composition: Composition[Any]

    def choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        """See `NamesFinalist.choose`."""
        ...

    def stand_as(self, members: Mapping[str, float]) -> bool:
        """See `records.Contender.stand_as`."""
        ...

    def run(self) -> Run:
        """See `NamesFinalist.finalist_run`."""
        ...

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """See `NamesFinalist.seconds_a_refit`."""
        ...

    def refit(self, seconds: float) -> bool:
        """See `NamesFinalist.refit`."""
        ...

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """See `NamesFinalist.models`."""
        ...

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """See `NamesFinalist.outputs`."""
        ...


Named = TypeVar("Named", bound=Finalist)


class NamesFinalist(Generic[Named]):
    """A side with a finalist.

    Attributes:
        finalist: chooses among the candidates, refits, and predicts.
    """

    finalist: Named

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best candidate by validation score, or an ensemble.

        Args:
            latency_ms: the longest time that predicting one item may take, in milliseconds; None for no limit.
            ensemble: whether an ensemble may be named.

        Returns:
            The finalist's run; None if no candidate is fast enough, or there is none.
        """
        return self.finalist.choose(latency_ms, ensemble)

    def weights(self) -> tuple[float, ...]:
        """The weights of the finalist's members; they sum to 1."""
        return self.finalist.composition.weights

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """The time that the next refit of the finalist is expected to take; 0 if all members have it already.

        Args:
            n_members: so many members are reckoned with, those of largest weight; before the finalist is named, so
                many of the best candidates. None for all members, or for one candidate.
        """
        return self.finalist.seconds_a_refit(n_members)

    def refit(self, seconds: float) -> bool:
        """Refit the finalist once more within these seconds; return whether it worked."""
        return self.finalist.refit(seconds)

    def stand_as(self, members: Mapping[str, float]) -> bool:
        """Name the finalist by its members; see `records.Contender.stand_as`."""
        return self.finalist.stand_as(members)

    def finalist_run(self) -> Run:
        """The run of the finalist as it stands, without members that left it."""
        return self.finalist.run()

    def undo_refits(self) -> None:
        """Drop all refits: the finalist stands as it was searched."""
        self.finalist.composition.undo_refits()

    def remember(self) -> Callable[[], None]:
        """Return a function that lets the finalist stand again as it stands now, whatever was named since."""
        return self.finalist.composition.remember()

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The fitted models of all members for the first seed, then for the next, up to n seeds."""
        return self.finalist.models(n_seeds)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions on validation rows, or of n seeds on test rows."""
        return self.finalist.outputs(part, n_seeds)
