"""Decides what the shallow side fits next, and on how many training items."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.baselines.features.columns import MANY_TEXTS
from automl.records import Task, encoded_columns
from automl.shallow.family import FamilySearch
from automl.shallow.messages import Fitted

__all__ = ["LEAST_SECONDS", "Tuning", "as_text", "rows_a_second"]

LEAST_SECONDS = 0.3
LEAST_ROWS = 500
RANDOM_FIRST = 4
EXPLORE = 0.25
MUTATE = 0.35
CUT_SHARE = 0.3
CELLS_A_SECOND = 250_000
TEXT_CELLS, TRIGRAM_CELLS = 10, 100
"""How many numeric cells take as long as one cell of free text: read by its words alone, and with trigrams.

Measured on one busy core with 64,000 rows of 50 columns, and with 8,192 rows of 13 columns.
"""
PICTURES_A_SECOND = 450.0
"""Pictures that the slowest plausible machine turns into features and fits in a second (decision 42)."""
SLOWER = 4.0
"""How many times slower than the slowest family so far another family on pictures may be."""


class Tuning:
    """Proposes a family and its settings: every default once, then mostly the families with the best scores.

    Args:
        searches: the family searches, without floors.
        n_items: number of training items.
        seed: seed of all choices.
        rank: turns a score so that higher is better.
        items_a_second: items that the slowest plausible machine reads and fits in a second; used for the very first
            fit.
        sizes_each: whether the first fit of each family, not of the first one alone, takes some of the items where all
            may be too many. The pace of earlier families then says how many.
    """

    def __init__(self, searches: list[FamilySearch], n_items: int, seed: int, rank: Callable[[float | None], float],
                 items_a_second: float = math.inf, sizes_each: bool = False) -> None:  # fmt: skip
        self.searches, self.n_items, self.rank = searches, n_items, rank
        self.items_a_second, self.sizes_each = items_a_second, sizes_each
        self.slowest = math.inf
        self.random = np.random.default_rng(seed)

    def propose(self, seconds: float) -> tuple[FamilySearch, Mapping[str, Any]] | None:
        """The next family and its settings, or None if nothing can be fitted in this time.

        Args:
            seconds: time allotted.
        """
        if seconds < LEAST_SECONDS:
            return None
        able = [
            search for search in self.searches if not search.exhausted and self.rows_for(search, seconds) is not None
        ]
        # Families without a model come first. If there may be too little time for all rows, strong families come before
        # fast ones: they grow in steps, so that a fit that is cut leaves a model, and do not scale the data first.
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
        """The family to tune: mostly the one with the best score, sometimes the runner-up or the one fitted least.

        If there are several strong families, only these are explored.
        """
        strong = [search for search in able if search.strong]
        strong = strong if len(strong) > 1 else able
        if self.random.random() < EXPLORE:
            return min(strong, key=lambda search: search.n)
        ranked = sorted(strong, key=lambda search: self.rank(search.best_score), reverse=True)
        best = max(able, key=lambda search: self.rank(search.best_score))
        # A close runner-up may overtake the best family with better settings, so it gets one turn in three.
        if len(ranked) > 1 and self.random.random() < 1 / 3:
            return ranked[1] if ranked[0] is best else ranked[0]
        return best

    def _vary(self, search: FamilySearch) -> Mapping[str, Any] | None:
        """Settings of a family that were not tried yet; None if there are none.

        The first ones are random. Later ones are mostly the best settings, with some values replaced by random ones or
        moved half-way towards them.
        """
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
        """The number of training items that can be fitted in this time; None if it would be too few.

        Args:
            search: the family search.
            seconds: time allotted.
        """
        n = self.n_items if search.capped is None else min(search.capped, self.n_items)
        if math.isinf(seconds):
            return n
        if search.seconds == 0.0 and search.used == 0.0 and self._short(seconds):
            # There is no model yet: a fit on some of the rows comes first, and shows how long all rows would take.
            return min(n, max(LEAST_ROWS, int(seconds * self.items_a_second)))
        if self.sizes_each and search.seconds == 0.0 and search.used == 0.0 and math.isfinite(self.slowest):
            return min(n, max(LEAST_ROWS, int(seconds * self.slowest / SLOWER)))
        if search.seconds == 0.0:  # no fit was completed: do not try again in far less time than was used
            return n if seconds >= CUT_SHARE * search.used else None
        expected = search.seconds * n / self.n_items
        if expected <= 0.9 * seconds:
            return n
        if search.best is not None:
            return None  # a fit on fewer rows would hardly beat the one on all rows
        rows = int(n * 0.7 * seconds / expected)
        return rows if rows >= max(LEAST_ROWS, 0.2 * self.n_items) else None

    def _short(self, seconds: float) -> bool:
        """Whether there is no model yet and this time may be too short for all rows."""
        return seconds * self.items_a_second < self.n_items and all(search.best is None for search in self.searches)

    def learn_time(self, search: FamilySearch, fitted: Fitted, seconds: float, rows: int) -> None:
        """Update a family's expected fit time.

        Args:
            search: the family search.
            fitted: result of the fit.
            seconds: time allotted to the fit.
            rows: training items of the fit.
        """
        share = rows / self.n_items
        search.used = max(search.used, fitted.fit_seconds)
        if fitted.model is not None and not fitted.stopped:
            search.seconds = max(search.seconds * 0.8, fitted.fit_seconds / share)
            self.slowest = min(self.slowest, rows / max(fitted.fit_seconds, 1e-3))
        elif fitted.model is None and fitted.stopped:
            search.seconds = max(search.seconds, (1.0 if search.best is not None else 2.0) * seconds / share)
            if search.best is None:
                search.capped = max(LEAST_ROWS, rows // 3)


def rows_a_second(task: Task, n_rows: int) -> float:
    """Rows that a first model can read and fit in a second on a busy core; infinite for arrays but pictures."""
    if task.image_shape:
        return PICTURES_A_SECOND
    if goals.named(task).in_windows or not task.columns:
        return math.inf
    text = TEXT_CELLS if n_rows > MANY_TEXTS else TRIGRAM_CELLS
    return CELLS_A_SECOND / sum(
        text if column.kind in ("text", "url") else 1 for column in encoded_columns(task.columns)
    )


def _between(a: float, b: float) -> float:
    """The geometric mean of two positive numbers; otherwise the second number."""
    return float(f"{math.sqrt(a * b):.3g}") if a > 0 and b > 0 else b


def as_text(settings: Mapping[str, Any]) -> str:
    """Settings as one text; equal settings give equal texts."""
    return repr(sorted(settings.items()))
