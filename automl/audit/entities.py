"""Entities: an id whose rows share what is constant for a person or thing (age, sex and drug of a case).

They are found by functional dependency: other columns hold one value within each id, by more than chance, while the
rows of an id differ elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.audit.encoding import evenly
from automl.audit.models import area, class_probabilities_of, values_of
from automl.audit.univariate import tamed
from automl.audit.view import View, columns_named_by, is_birth
from automl.detect.columns.sample import is_named
from automl.records import Column

__all__ = ["Compared", "compared", "constant_within", "is_count", "is_place"]

CONSTANT, VARIES = 0.98, 0.8
"""Share of the ids of two rows or more within which a column is constant, and up to which another one varies."""
BEYOND_CHANCE = 0.9
"""Share of what chance leaves to be constant, from which a column is constant by more than chance."""
LEAST_CONSTANT = 2
LEAST_IDS = 10
"""Ids of two rows or more."""
MOST_ROWS, MOST_COLUMNS = 20_000, 100
"""Rows and other columns that are looked at."""
MOST_CODED = 200_000
"""Rows whose ids are read to choose these rows."""
IN_ORDER = 0.5
"""Changes of a column along sorted ids beside those of a random order, below which it is a function of their size."""
QUICK_ROWS, QUICK_FOLDS = 1_500, 3
MOST_COUNT, LEAST_FILLED = 100, 0.8
"""Values of a count (rooms, hours), and the share of the whole numbers from 0 or 1 to the largest that they are."""
TIMES = (
    r"years?|yrs?|months?|mnths?|mths?|mon|weeks?|wks?|quarters?|qtrs?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|"
    r"weekdays?|wdays?|mdays?|ydays?|dow|doy|woy|date|datetime|timestamp|time|period|season|jahr|monat|woche|"
    r"wochentag|stunde|minute|mois|semaine|jour|heure|mes|semana|dia|hora"
)
"""Parts of names of times: the same ones come again in new rows."""
PLACES = (
    r"zip|zipcode|postcode|postal|plz|city|county|state|country|region|district|ward|fips|province|town|area|continent|"
    r"nation|iso|land|ort|stadt"
)


def is_place(name: str) -> bool:
    """Whether a column is named like a place, whose other places follow from it and new rows are of the same ones."""
    return is_named(name, PLACES)


def is_count(series: pd.Series) -> bool:
    """Whether numbers are those that counting gives, nearly all of 0 or 1 to the largest: ids may be, sizes often are.

    Args:
        series: a column of numbers.
    """
    values = np.unique(series.to_numpy(np.float64, na_value=np.nan))
    values = values[np.isfinite(values)]
    if not 0 < len(values) <= MOST_COUNT or values[0] not in (0.0, 1.0) or not (values == np.round(values)).all():
        return False
    return len(values) >= LEAST_FILLED * (float(values[-1]) - float(values[0]) + 1)


def constant_within(view: View, column: Column, rows: np.ndarray) -> tuple[str, ...]:
    """Columns that are constant within each value of an id by more than chance; empty where it is no entity.

    Args:
        view: that holds the table.
        column: that may be an id.
        rows: that are not test rows.

    Returns:
        Their names; none where they are fewer than two, where the rows of an id do not differ in anything (copies), or
        where all follow from the size of a number, as an age band does from an age.
    """
    assert view.frame is not None
    if is_named(column.name, TIMES) or is_place(column.name) or is_birth(column.name):
        return ()
    ids, rows = _whole_ids(view.frame[column.name], rows, MOST_ROWS)
    if np.count_nonzero(np.bincount(ids) >= 2) < LEAST_IDS:
        return ()
    places = evenly(np.arange(len(view.columns)), MOST_COLUMNS)
    others = [view.columns[i] for i in places.tolist() if view.columns[i].name != column.name]
    order = _order(view.frame[column.name].iloc[rows], ids) if column.kind == "numeric" else None
    held, n_varying = [], _n_varying_targets(view, ids, rows)
    for other in others:
        values = np.asarray(pd.factorize(view.frame[other.name].iloc[rows])[0], np.int64)
        share, by_chance = _constancy(ids, values)
        n_varying += share <= VARIES
        beyond = (share - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0
        if (
            share >= CONSTANT
            and beyond >= BEYOND_CHANCE
            and not _same(ids, values)
            and not _by_size(order, ids, values)
        ):
            held.append(other.name)
    return tuple(held) if len(held) >= LEAST_CONSTANT and n_varying else ()


def _whole_ids(series: pd.Series, rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes from 0 and row numbers of some ids with their rows, no more rows than are to be looked at.

    At most `MOST_CODED` rows, which follow each other, are read. Of an id with so many rows that fewer than `LEAST_IDS`
    like it would fit, some rows stand for all.

    Args:
        series: of ids.
        rows: to take them from, in order.
        most: rows to return.
    """
    rows = rows[:MOST_CODED]
    codes = np.asarray(pd.factorize(series.iloc[rows])[0], np.int64)
    rows, codes = rows[codes >= 0], codes[codes >= 0]
    if len(codes) > most:
        random = np.random.default_rng(0)
        places = random.permutation(len(codes))
        places = places[np.argsort(codes[places], kind="stable")]  # by id, the rows of each in a random order
        size = np.bincount(codes)
        rank = np.arange(len(codes)) - np.repeat(np.cumsum(size) - size, size)
        places = np.sort(places[rank < most // LEAST_IDS])
        rows, codes = rows[places], codes[places]
        shuffled = random.permutation(len(size))
        taken = np.zeros(len(size), bool)
        taken[shuffled[np.cumsum(np.bincount(codes, minlength=len(size))[shuffled]) <= most]] = True
        rows, codes = rows[taken[codes]], codes[taken[codes]]
    return np.unique(codes, return_inverse=True)[1].astype(np.int64), rows


def _constancy(ids: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """The share of ids of two rows or more within which values are constant, and that of shuffled values."""
    there = values >= 0
    ids, values = ids[there], values[there]
    if not len(ids):
        return 0.0, 1.0
    shuffled = np.random.default_rng(0).permutation(values)
    return _share_constant(ids, values), _share_constant(ids, shuffled)


def _share_constant(ids: np.ndarray, values: np.ndarray) -> float:
    size = np.bincount(ids)
    n_values = np.bincount(np.unique(ids * (int(values.max()) + 1) + values) // (int(values.max()) + 1))
    several = size >= 2
    return float((n_values[: len(size)][several] == 1).mean()) if several.any() else 0.0


def _same(ids: np.ndarray, values: np.ndarray) -> bool:
    """Whether values are another name of the ids."""
    there = values >= 0
    pairs = len(np.unique(ids[there] * (int(values.max(initial=0)) + 1) + values[there]))
    return pairs == len(np.unique(values[there]))


def _order(series: pd.Series, ids: np.ndarray) -> np.ndarray:
    """The ids, ``(n_ids,)`` row positions of their first rows, in the order of their numbers."""
    first = np.unique(ids, return_index=True)[1]
    return first[np.argsort(series.to_numpy(np.float64)[first], kind="stable")]


def _by_size(order: np.ndarray | None, ids: np.ndarray, values: np.ndarray) -> bool:
    """Whether values change more seldom along sorted ids than in a random order."""
    if order is None:
        return False
    along = values[order]
    shuffled = np.random.default_rng(0).permutation(along)
    return int((along[1:] != along[:-1]).sum()) < IN_ORDER * int((shuffled[1:] != shuffled[:-1]).sum())


def _n_varying_targets(view: View, ids: np.ndarray, rows: np.ndarray) -> int:
    """Targets that vary within ids."""
    shares = (_constancy(ids, np.asarray(pd.factorize(target.values[rows])[0], np.int64))[0] for target in view.targets)
    return sum(share <= VARIES for share in shares)


# --------------------------------------------------------------------------- with whole ids held out


@dataclass(frozen=True, slots=True)
class Compared:
    """How a quick model scores with rows held out at random, and with whole ids held out.

    Attributes:
        score: what is scored, in words.
        at_random: of held-out rows.
        by_id: of held-out ids.
        explained: share of the target that the first explains.
        lost: what the second explains less than the first.
    """

    score: str
    at_random: float
    by_id: float
    explained: float
    lost: float


def compared(view: View, column: Column, rows: np.ndarray) -> Compared | None:
    """Cross-validate a quick model of the first target twice; its work is bounded by counts of rows and fits.

    Args:
        view: that holds the table.
        column: of ids.
        rows: that are not test rows; some of the ids, with all of their rows, are looked at.

    Returns:
        None without a target, or where too few rows or ids are left.
    """
    assert view.frame is not None
    if not view.targets:
        return None
    target = view.targets[0]
    ids, rows = _whole_ids(view.frame[column.name], rows, QUICK_ROWS)
    rows_in_order = np.argsort(rows, kind="stable")
    ids, rows = ids[rows_in_order], rows[rows_in_order]
    values = target.values[rows]
    if int(ids.max(initial=0)) + 1 < LEAST_IDS or len(np.unique(values)) < 2:
        return None
    first = sorted(columns_named_by(view, "leaking_column"))
    inputs = view.matrix(rows, first=first)
    if not inputs.shape[1]:
        return None
    rng = np.random.default_rng(0)
    folds = (
        rng.permutation(len(rows)) % QUICK_FOLDS,
        (rng.permutation(int(ids.max()) + 1) % QUICK_FOLDS)[ids],
    )
    (at_random, explained), (by_id, left) = (_scored(inputs, values, target.n_classes, fold) for fold in folds)
    what = "ROC AUC" if target.n_classes == 2 else "accuracy" if target.n_classes else "R²"
    return Compared(what, at_random, by_id, explained, explained - left)


def _scored(inputs: np.ndarray, values: np.ndarray, n_classes: int, fold: np.ndarray) -> tuple[float, float]:
    """A usual score of out-of-fold predictions, and the share of the target that they explain."""
    if n_classes == 0:
        tame = tamed(values)
        predicted = values_of(inputs, tame, fold)
        variance = float(tame.var())
        skill = 1 - float(((tame - predicted) ** 2).mean()) / variance if variance > 0 else 0.0
        return skill, max(skill, 0.0)
    predicted = class_probabilities_of(inputs, values, n_classes, fold)
    own = predicted[np.arange(len(values)), values]
    prior = np.bincount(values, minlength=n_classes) / len(values)
    base = 1 - float((prior**2).sum())
    skill = 1 - float(((predicted**2).sum(axis=1) - 2 * own + 1).mean()) / base
    if n_classes == 2:
        return area(predicted[:, 1], values == 1)[0], max(skill, 0.0)
    return float((predicted.argmax(axis=1) == values).mean()), max(skill, 0.0)
