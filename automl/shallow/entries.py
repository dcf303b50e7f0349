"""Lines of ``shallow.log`` as what they say, once all of it is known to be what this run can have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.records import Run
from automl.shallow.family import FamilySearch
from automl.sides.entries import read_run
from automl.storage.values import (
    MOST_SECONDS,
    Misfit,
    flag,
    listed,
    mapping,
    number,
    run_number,
    short,
    text,
    whole,
)

__all__ = ["Entries", "Entry"]

DRAWS_A_FIT = 64  # twice as many as a proposal may take
MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A fit of an earlier process.

    Attributes:
        settings: see `Archive.write`.
        rows: see `Archive.write`.
        scores: see `Archive.write`.
        passed_over: see `Archive.write`.
        lane_state: for `FamilySearch.go_on`.
        random: a generator's state.
        n_fits: of the side so far.
    """

    run: Run
    search: FamilySearch
    settings: Mapping[str, Any]
    rows: int
    scores: list[float]
    skipped_for_time: bool
    search_state: Mapping[str, Any]
    random: Mapping[str, Any]
    n_fits: int


class Entries:
    """Reads a journal's entries.

    Args:
        lanes: the families of this run.
        n_items: training items there are.
        n_holdouts: hold-outs there are.
        n_lines: of the journal, which bounds every count in it: fits that a full disk kept out of it are few.
    """

    def __init__(self, searches: Sequence[FamilySearch], n_items: int, n_holdouts: int, n_lines: int) -> None:
        self.searches = {search.baseline.name: search for search in searches}
        self.n_items, self.n_holdouts = n_items, n_holdouts
        self.most_fits = 1000 + 2 * n_lines

    def read(self, entry: Mapping[str, Any]) -> Entry:
        """What an entry says.

        Raises:
            Misfit: this run cannot have written it.
        """
        family = text(entry, "family", 200)
        search = self.searches.get(family)
        if search is None:
            raise Misfit(f"family: this run has no {short(family)}")
        state = mapping(entry, "state")
        search_state = self._search_state(mapping(state, "lane"), search)
        run_number(entry.get("name"), family, search_state["n_runs"])
        settings = self._settings(mapping(entry, "settings"), search, search_state["drawn"])
        rows = whole(entry, "rows", 1, self.n_items)
        shown = settings | ({"rows": rows} if "rows" in mapping(entry, "choices") else {})
        at_seconds = number(entry, "at_seconds", 0.0, MOST_SECONDS)
        run, scores = read_run(entry, "shallow", family, shown, self.n_holdouts, at_seconds=at_seconds)
        return Entry(
            run, search, settings, rows, scores, flag(entry, "passed_over"), search_state, _random(state),
            whole(state, "n_fits", 0, self.most_fits),
        )  # fmt: skip

    def _search_state(self, found: Mapping[str, Any], search: FamilySearch) -> dict[str, Any]:
        n_runs = whole(found, "n_runs", 1, self.most_fits)
        drawn = whole(found, "drawn", 1, DRAWS_A_FIT * (n_runs + 1))
        return {
            "n": whole(found, "n", 0, n_runs),
            "n_runs": n_runs,
            "seconds": number(found, "seconds", 0.0, MOST_SECONDS),
            "used": number(found, "used", 0.0, MOST_SECONDS),
            "capped": None if found.get("capped") is None else whole(found, "capped", 1, 2**53),
            "exhausted": flag(found, "exhausted"),
            "failures": whole(found, "failures", 0, self.most_fits),
            "drawn": drawn,
            "waiting": [self._settings(one, search, drawn) for one in listed(found, "waiting", MOST_WAITING)],
        }

    def _settings(self, found: Any, search: FamilySearch, drawn: int) -> dict[str, Any]:
        """Settings that the family's own draws can have given."""
        if not isinstance(found, dict) or not search.fresh.gave(found, drawn):
            raise Misfit(f"settings: {search.baseline.name} does not draw {short(found)}")
        return found


def _random(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a generator of NumPy's default kind, which takes it."""
    found = mapping(state, "random")
    generator = np.random.default_rng(0).bit_generator
    try:
        generator.state = found
        taken = generator.state == found
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise Misfit(f"random: it is no generator's state ({error})") from error
    if not taken:
        raise Misfit("random: it is no generator's state")
    return found
