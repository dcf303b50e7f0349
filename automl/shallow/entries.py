"""Reads lines of ``shallow.log``, and checks that this run can have written them."""

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

DRAWS_A_FIT = 64  # twice as many draws as one proposal may take
MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A fit of an earlier process.

    Attributes:
        run: the record of the run.
        search: its family search.
        settings: see `Archive.write`.
        rows: see `Archive.write`.
        scores: see `Archive.write`.
        skipped_for_time: see `Archive.write`.
        search_state: for `FamilySearch.go_on`.
        random: state of the random generator.
        n_fits: fits of the side so far.
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
    """Reads the entries of a journal.

    Args:
        searches: the family searches of this run.
        n_items: number of training items.
        n_holdouts: number of hold-outs.
        n_lines: lines of the journal. They bound every count in it, with some room for lines that a full disk kept out.
    """

    def __init__(self, searches: Sequence[FamilySearch], n_items: int, n_holdouts: int, n_lines: int) -> None:
        self.searches = {search.baseline.name: search for search in searches}
        self.n_items, self.n_holdouts = n_items, n_holdouts
        self.most_fits = 1000 + 2 * n_lines

    def read(self, entry: Mapping[str, Any]) -> Entry:
        """Check an entry and return its content.

        Raises:
            Misfit: this run cannot have written the entry.
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

    def _search_state(self, stored: Mapping[str, Any], search: FamilySearch) -> dict[str, Any]:
        n_runs = whole(stored, "n_runs", 1, self.most_fits)
        drawn = whole(stored, "drawn", 1, DRAWS_A_FIT * (n_runs + 1))
        return {
            "n": whole(stored, "n", 0, n_runs),
            "n_runs": n_runs,
            "seconds": number(stored, "seconds", 0.0, MOST_SECONDS),
            "used": number(stored, "used", 0.0, MOST_SECONDS),
            "capped": None if stored.get("capped") is None else whole(stored, "capped", 1, 2**53),
            "exhausted": flag(stored, "exhausted"),
            "failures": whole(stored, "failures", 0, self.most_fits),
            "drawn": drawn,
            "waiting": [self._settings(each, search, drawn) for each in listed(stored, "waiting", MOST_WAITING)],
        }

    def _settings(self, settings: Any, search: FamilySearch, drawn: int) -> dict[str, Any]:
        """Settings, checked to be ones that the family can have drawn."""
        if not isinstance(settings, dict) or not search.fresh.gave(settings, drawn):
            raise Misfit(f"settings: {search.baseline.name} does not draw {short(settings)}")
        return settings


def _random(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of NumPy's default generator, checked by setting it."""
    stored = mapping(state, "random")
    generator = np.random.default_rng(0).bit_generator
    try:
        generator.state = stored
        taken = generator.state == stored
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise Misfit(f"random: it is no generator's state ({error})") from error
    if not taken:
        raise Misfit("random: it is no generator's state")
    return stored
