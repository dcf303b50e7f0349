"""What a finalist is composed of: its members, their weights, and the refits that they have.

A refit has the settings of a member and the length that validation chose, and learns from training and validation
rows. Each seed of a finalist is a refit of all of its members (docs/decisions/0029-refits.md). Where there is no time
to refit all of them once, those of largest weight are refitted, and the others stay as they were searched
(docs/decisions/0046-time-for-refits.md).
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
        is_whole: whether all members have these refits; else there was only time for some of the first ones.
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
        self.is_whole = True

    def remember(self) -> Callable[[], None]:
        """Return a function that lets the finalist stand again as it stands now, with its refits."""
        named, members, weights = self._named, self.members, self.weights
        n_refits, is_whole = self.n_refits, self.is_whole

        def stand_again() -> None:
            self._named, self.members, self.weights = named, members, weights
            self.n_refits, self.is_whole = n_refits, is_whole

        return stand_again

    def without_refit(self, n_members: int | None = None) -> list[Member]:
        """The members without the next refit, those of largest weight first.

        Args:
            n_members: look only at so many members, those of largest weight; None for all.
        """
        order = sorted(range(len(self.members)), key=lambda i: -self.weights[i])[:n_members]
        return [self.members[i] for i in order if len(self.members[i].refits) <= self.n_refits]

    def refit_of(self, member: Member, number: int) -> Any | None:
        """A member's refit of this number, from 0; None if the member stands as it was searched."""
        return member.refits[number] if number < min(self.n_refits, len(member.refits)) else None

    @property
    def as_searched(self) -> list[Member]:
        """Of a refitted finalist: the members for whose refit there was no time."""
        return [one for one in self.members if self.n_refits and not one.refits]

    def count_refit(self, out_of_time: Collection[Member] = ()) -> bool:
        """Count the next refit of the members, and return whether the finalist has it.

        In the first refit, members for which there was no time stay as they were searched. Others without a refit
        could not be fitted: they leave, and the weights of the rest are scaled to sum to 1. A later refit counts only
        if all members have it.

        Args:
            out_of_time: members for which there was no time.
        """
        lacking = self.without_refit()
        if not self.members or len(lacking) == len(self.members) or (lacking and self.n_refits):
            return False
        late = [one for one in lacking if any(one is other for other in out_of_time)]
        gone = [one for one in lacking if all(one is not other for other in late)]
        pairs = zip(self.members, self.weights, strict=True)
        stay = [(member, weight) for member, weight in pairs if all(member is not one for one in gone)]
        total = sum(weight for _, weight in stay)
        self.members = tuple(member for member, _ in stay)
        self.weights = tuple(weight / total for _, weight in stay)
        self.n_refits += 1
        self.is_whole = not late
        return True
