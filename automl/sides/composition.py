"""What a finalist is composed of: its members, their weights, and the refits that they have.

A refit has the settings of a member and the length that validation chose, and learns from training and validation
rows. Each seed of a finalist is a refit of all of its members (docs/decisions/0029-refits.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Composition"]


class _Refitted(Protocol):
    refits: list[Any]


Member = TypeVar("Member", bound=_Refitted)


class Composition(Generic[Member]):
    """The members of a finalist: as it was named, or those that could be refitted.

    Attributes:
        members: the members, in the order in which they were named.
        weights: their weights; they sum to 1.
        n_refits: refits that each member has; 0 if the finalist stands as it was searched.
    """

    def __init__(self) -> None:
        self.set((), (1.0,))

    def set(self, members: Sequence[Member], weights: Sequence[float] = (1.0,)) -> None:
        """Name the members with their weights; refits that they have already count as `count_refit` is called."""
        self._named = tuple(members), tuple(weights)
        self.undo_refits()

    def stand_as(self, of_name: Mapping[str, Member], members: Mapping[str, float]) -> bool:
        """Name the members by their names and weights; returns False, and changes nothing, where one is not there.

        Args:
            of_name: those that may be named.
            members: name → weight.
        """
        if not members or not set(members) <= set(of_name):
            return False
        total = sum(members.values())
        self.set([of_name[name] for name in members], [weight / total for weight in members.values()])
        return True

    def undo_refits(self) -> None:
        """Let the finalist stand as it was named."""
        self.members: tuple[Member, ...] = self._named[0]
        self.weights: tuple[float, ...] = self._named[1]
        self.n_refits = 0

    def remember(self) -> Callable[[], None]:
        """Return a function that lets the finalist stand again as it stands now, with its refits."""
        named, members, weights, n_refits = self._named, self.members, self.weights, self.n_refits

        def stand_again() -> None:
            self._named, self.members, self.weights, self.n_refits = named, members, weights, n_refits

        return stand_again

    @property
    def without_refit(self) -> list[Member]:
        """The members without the next refit, those of largest weight first."""
        order = sorted(range(len(self.members)), key=lambda i: -self.weights[i])
        return [self.members[i] for i in order if len(self.members[i].refits) <= self.n_refits]

    def count_refit(self) -> bool:
        """Count the next refit of the members, and return whether the finalist has it.

        In the first refit, members without one leave, and the weights of the others are scaled to sum to 1. A later one
        counts only if all members have it.
        """
        lacking: Collection[Member] = self.without_refit
        if not self.members or len(lacking) == len(self.members) or (lacking and self.n_refits):
            return False
        pairs = zip(self.members, self.weights, strict=True)
        stay = [(member, weight) for member, weight in pairs if all(member is not one for one in lacking)]
        total = sum(weight for _, weight in stay)
        self.members = tuple(member for member, _ in stay)
        self.weights = tuple(weight / total for _, weight in stay)
        self.n_refits += 1
        return True
