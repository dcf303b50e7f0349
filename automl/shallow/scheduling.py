"""What the shallow side tries next, and on how many items there is time for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.baselines.features.columns import MANY_TEXTS
from automl.records import Task
from automl.shallow.family import FamilySearch
from automl.shallow.worker import Fitted

__all__ = ["LEAST_SECONDS", "Tuning", "as_text", "rows_a_second"]

LEAST_SECONDS = 0.3
LEAST_ROWS = 500
RANDOM_FIRST = 4
EXPLORE = 0.25
MUTATE = 0.35
CUT_SHARE = 0.3
CELLS_A_SECOND = 250_000
TEXT_CELLS, TRIGRAM_CELLS = 10, 100
"""What a free text takes beside a number, by its words alone and with trigrams: as 64,000 rows of 50 columns took, and
8,192 of 13, on one busy core."""


class Tuning:
    """Proposes a family and its settings: every default once, then what has paid, now and then another.

    Args:
        lanes: the families, floors left out.
        n_items: training items there are.
        seed: of all choices.
        rank: a score turned so that more is better.
        items_a_second: how many the slowest plausible machine reads and fits, for the first fit of all.
    """

    def __init__(self, searches: list[FamilySearch], n_items: int, seed: int, rank: Callable[[float | None], float],
                 items_a_second: float = math.inf) -> None:  # fmt: skip
        self.searches, self.n_items, self.rank = searches, n_items, rank
        self.items_a_second = items_a_second
        self.random = np.random.default_rng(seed)

    def propose(self, seconds: float) -> tuple[FamilySearch, Mapping[str, Any]] | None:
        """The next family and its settings: every default once, then what has paid, now and then another."""
        if seconds < LEAST_SECONDS:
            return None
        able = [
            search for search in self.searches if not search.exhausted and self.rows_for(search, seconds) is not None
        ]
        # What has no model at all comes first; where all rows may be too many, what grows by steps and scales nothing.
        for search in sorted(
            able, key=lambda search: (search.best is not None, self._short(seconds) and not search.strong)
        ):
            if search.n == 0:
                settings = next(search.fresh, None)
                if settings is not None:
                    return search, settings
                search.exhausted = True
        able = [search for search in able if search.best is not None and not search.exhausted]
        while able:
            search = self._search_that_pays(able)
            settings = self._vary(search)
            if settings is not None:
                return search, settings
            search.exhausted = True
            able.remove(search)
        for search in self.searches:  # a family whose default failed is not tried again
            search.exhausted = search.exhausted or (search.n > 0 and search.best is None)
        return None

    def _search_that_pays(self, able: list[FamilySearch]) -> FamilySearch:
        """Mostly the family with the best score so far, else the one fitted least (strong ones first)."""
        strong = [search for search in able if search.strong]
        strong = strong if len(strong) > 1 else able
        if self.random.random() < EXPLORE:
            return min(strong, key=lambda search: search.n)
        ranked = sorted(strong, key=lambda search: self.rank(search.best_score), reverse=True)
        best = max(able, key=lambda search: self.rank(search.best_score))
        # A runner-up close behind may overtake it with better settings: one turn in three.
        if len(ranked) > 1 and self.random.random() < 1 / 3:
            return ranked[1] if ranked[0] is best else ranked[0]
        return best

    def _vary(self, search: FamilySearch) -> Mapping[str, Any] | None:
        """Random settings at first; then the best ones with some replaced by a fresh draw or moved half-way to it."""
        for _ in range(30):
            fresh = next(search.fresh, None)
            if fresh is None:
                return None
            settings = dict(fresh)
            if search.n > RANDOM_FIRST and search.best is not None and self.random.random() < 0.8:
                for name, value in search.best.items():
                    if self.random.random() > MUTATE:
                        settings[name] = value
                    elif isinstance(value, float) and isinstance(settings.get(name), float):
                        settings[name] = _between(value, settings[name])
            if as_text(settings) not in search.tried:
                return settings
        return None

    def rows_for(self, search: FamilySearch, seconds: float) -> int | None:
        """Training items that fit into the seconds (all if it seems so); None if too few would."""
        n = self.n_items if search.capped is None else min(search.capped, self.n_items)
        if math.isinf(seconds):
            return n
        if search.seconds == 0.0 and search.used == 0.0 and self._short(seconds):
            # With no model at all, one of some rows comes first, and tells how long all of them would take.
            return min(n, max(LEAST_ROWS, int(seconds * self.items_a_second)))
        if search.seconds == 0.0:  # never seen to its end: not again in far less time than it used
            return n if seconds >= CUT_SHARE * search.used else None
        expected = search.seconds * n / self.n_items
        if expected <= 0.9 * seconds:
            return n
        if search.best is not None:
            return None  # fewer rows would hardly beat what all of them have given
        rows = int(n * 0.7 * seconds / expected)
        return rows if rows >= max(LEAST_ROWS, 0.2 * self.n_items) else None

    def _short(self, seconds: float) -> bool:
        """Whether there is no model yet and all rows may be too many for the seconds."""
        return seconds * self.items_a_second < self.n_items and all(search.best is None for search in self.searches)

    def learn_time(self, search: FamilySearch, fitted: Fitted, seconds: float, rows: int) -> None:
        """Take in what a fit of so many items took of the seconds it was offered."""
        share = rows / self.n_items
        search.used = max(search.used, fitted.fit_seconds)
        if fitted.model is not None and not fitted.stopped:
            search.seconds = max(search.seconds * 0.8, fitted.fit_seconds / share)
        elif fitted.model is None and fitted.stopped:
            search.seconds = max(search.seconds, (1.0 if search.best is not None else 2.0) * seconds / share)
            if search.best is None:
                search.capped = max(LEAST_ROWS, rows // 3)


def rows_a_second(task: Task, n_rows: int) -> float:
    """Rows of a table that a first model reads and is fitted on in a second of a busy core; no bound for arrays."""
    if goals.named(task).in_windows or not task.columns:
        return math.inf
    text = TEXT_CELLS if n_rows > MANY_TEXTS else TRIGRAM_CELLS
    return CELLS_A_SECOND / sum(text if column.kind in ("text", "url") else 1 for column in task.columns)


def _between(a: float, b: float) -> float:
    """The geometric mean of two positive numbers, else the second."""
    return float(f"{math.sqrt(a * b):.3g}") if a > 0 and b > 0 else b


def as_text(settings: Mapping[str, Any]) -> str:
    """Settings as one text, the same for the same settings."""
    return repr(sorted(settings.items()))
