"""Rows that occur twice: test rows that equal or nearly equal a training row, and equal inputs with other targets."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from automl.audit.view import View, file_rows, remembered, sample_of, severity_of
from automl.detect.quoting import percent
from automl.records import NUMERIC_KINDS, Column, Finding, Severity

__all__ = ["contradictory_rows", "near_twins", "twins"]

MOST_TEST, MOST_KNOWN = 20_000, 100_000
MOST_CELLS = 20_000_000
"""Cells of training rows that are compared; wide tables get fewer rows."""
GRID = 0.01
"""Share of a column's standard deviation; numbers within the same step of this size count as nearly the same."""
UNLIKE = 0.5
"""Share of distinct rows below which rows of such columns repeat by chance."""
SHARE_MEDIUM, SHARE_HIGH = 0.01, 0.2
LEAST_TWINS = 5
CONTRARY_SHARE = 0.02
SHINGLE, SKETCH, MOST_WORDS = 3, 8, 200
SAME_SKETCH = 5
LEAST_WORDS = 8
TEXT_TEST, TEXT_KNOWN = 1_500, 8_000
_MARKS = re.compile(r"[\W_]+")

Hash = Callable[[pd.Series, Column], np.ndarray]


# --------------------------------------------------------------------------- the same in training and test


def twins(view: View) -> Finding | None:
    """Test rows with exactly the inputs of a training row."""
    exact = _exact(view)
    if exact is None or len(exact[0]) < LEAST_TWINS:
        return None
    rows, of = exact
    if _distinct_share(view) < UNLIKE:
        severity: Severity = "low"
        why = "The columns take few values, so this may be chance."
    else:
        severity = severity_of(_share(view, len(rows), of), SHARE_MEDIUM, SHARE_HIGH)
        why = "A model that only memorises rows scores well on these, and will not on new ones."
    message = f"{_counted(view, rows, of)} have exactly the inputs of a training row. {why}"
    step = "Remove the copies, or name the column they share as --group so that copies stay on one side."
    return Finding("twin_rows", severity, message, step, (), file_rows(view.dataset, rows), len(rows))


def near_twins(view: View) -> Finding | None:
    """Test rows that equal a training row up to rounding, letter case, spacing, or a few words.

    Nothing is reported where half as many or more would do so by chance.
    """
    exact = _exact(view)
    if exact is None or _distinct_share(view) < UNLIKE:
        return None
    equal, test = set(exact[0].tolist()), _test_rows(view)
    alike: set[int] = set()
    for shift in (0.0, 0.5):
        alike |= set(_across(view, test, _roughly(view, shift)).tolist())
    alike |= set(_alike_texts(view).tolist())
    rows = _with_text(view, np.array(sorted(alike - equal), np.int64))
    share = _share(view, len(rows), len(test))
    if len(rows) < LEAST_TWINS or share < SHARE_MEDIUM / 2:
        return None
    message = (
        f"{_counted(view, rows, len(test))} nearly equal a training row: they differ in rounding, letter case, spacing "
        "or a few words. The model has seen the answers to this part of the test."
    )
    if 2 * _near_by_chance(view, test) >= len(rows):
        return None
    step = "Keep one of each, or name the column they share as --group so that they stay on one side."
    severity = severity_of(share, SHARE_MEDIUM, SHARE_HIGH)
    return Finding("near_twin_rows", severity, message, step, (), file_rows(view.dataset, rows), len(rows))


def contradictory_rows(view: View) -> Finding | None:
    """Rows with the inputs of another row and a different target."""
    frame, columns = view.frame, _columns_by_levels(view)
    if frame is None or not columns or not view.targets or view.dataset.pictures:
        return None
    repeated, keys = _repeated(frame, columns, _exactly)
    if not len(repeated):
        return None
    values = view.targets[0].values[repeated]
    table = pd.DataFrame({"key": keys, "value": values}).groupby("key")["value"].agg(["min", "max"])
    least = 0 if view.targets[0].n_classes else 0.2 * float(np.std(view.targets[0].values))
    contrary = table.index[(table["max"] - table["min"]) > least]
    rows = _with_text(view, np.sort(repeated[np.isin(keys, contrary)]))
    share = len(rows) / len(frame)
    if len(rows) < LEAST_TWINS:
        return None
    natural = _distinct_share(view) < UNLIKE
    severity: Severity = "medium" if share >= CONTRARY_SHARE and not natural else "low"
    message = (
        f"{len(rows):,} of {len(frame):,} rows have the same inputs as another row and a different "
        f"{view.targets[0].name!r}: no model can predict all of them correctly."
    )
    step = "Look for a column that distinguishes them, or for wrong labels."
    return Finding("contradictory_rows", severity, message, step, (), file_rows(view.dataset, rows), len(rows))


def _counted(view: View, rows: np.ndarray, of: int) -> str:
    """How many of how many test rows, and whether either number is of a sample."""
    assert view.split is not None
    sampled = "sampled " if of < len(view.split.test) else ""
    least = "At least " if len(_known_rows(view)) < len(view.split.train) + len(view.split.valid) else ""
    share = len(rows) / of
    return f"{least}{len(rows):,} of {of:,} {sampled}test rows ({percent(share, 0 if share >= 0.02 else 1)})"


def _share(view: View, n: int, of: int) -> float:
    """Estimated share of test rows with a twin, scaled up where only a sample of the training rows was searched."""
    assert view.split is not None
    n_known = len(view.split.train) + len(view.split.valid)
    return min(1.0, n / of * n_known / max(len(_known_rows(view)), 1))


# --------------------------------------------------------------------------- finding them


@remembered
def _test_rows(view: View) -> np.ndarray:
    assert view.split is not None
    return sample_of(view.split.test, MOST_TEST)


@remembered
def _known_rows(view: View) -> np.ndarray:
    assert view.split is not None
    most = min(MOST_KNOWN, MOST_CELLS // max(1, len(view.all_used)))
    return sample_of(np.union1d(view.split.train, view.split.valid), most)


@remembered
def _exact(view: View) -> tuple[np.ndarray, int] | None:
    """Test rows that equal a training row, and how many were searched; None where there is no table or no test."""
    if view.frame is None or view.split is None or not len(view.split.test) or not _columns_by_levels(view):
        return None
    if view.goal.in_windows or view.dataset.pictures:
        return None
    test = _test_rows(view)
    return _with_text(view, _across(view, test, _exactly)), len(test)


def _with_text(view: View, rows: np.ndarray) -> np.ndarray:
    """Without rows of empty texts where inputs are texts alone: another check reports these."""
    if view.frame is None or not view.modality.is_text:
        return rows
    empty = (view.frame[[c.name for c in view.used]].iloc[rows] == "").to_numpy().all(axis=1)
    return np.asarray(rows[~empty])


@remembered
def _columns_by_levels(view: View) -> tuple[Column, ...]:
    """Used columns, those with the most different values first: they rule out most rows soonest.

    Of a wide table these are the columns that are looked at; the others follow, for the rows that are left by then.
    """
    if view.frame is None:
        return ()
    n = {c.name: view.known_frame[c.name].nunique() for c in view.used}
    return (*sorted(view.used, key=lambda c: -n[c.name]), *view.all_used[len(view.used) :])


@remembered
def _distinct_share(view: View) -> float:
    """Share of distinct rows of inputs in the known sample."""
    keys = np.zeros(len(view.known), np.uint64)
    for column in view.used:
        keys = _with(keys, _exactly(view.known_frame[column.name], column))
    return len(np.unique(keys)) / max(len(keys), 1)


def _across(view: View, test: np.ndarray, hashed: Hash) -> np.ndarray:
    """Rows of `test` that share their key with a training row; each column is read only for the rows that are left."""
    assert view.frame is not None
    known = _known_rows(view)
    keys_known, keys_test = np.zeros(len(known), np.uint64), np.zeros(len(test), np.uint64)
    for column in _columns_by_levels(view):
        series = view.frame[column.name]
        keys_known = _with(keys_known, hashed(series.iloc[known], column))
        keys_test = _with(keys_test, hashed(series.iloc[test], column))
        stays = np.isin(keys_test, keys_known)
        test, keys_test = test[stays], keys_test[stays]
        if not len(test):
            break
        stays = np.isin(keys_known, keys_test)
        known, keys_known = known[stays], keys_known[stays]
    return test


def _near_by_chance(view: View, test: np.ndarray) -> int:
    """How many of `test` would nearly equal a training row if columns were independent of each other."""
    assert view.frame is not None
    rng, known = np.random.default_rng(0), _known_rows(view)
    hashed = _roughly(view, 0.0)
    keys_known, keys_test = np.zeros(len(known), np.uint64), np.zeros(len(test), np.uint64)
    for column in _columns_by_levels(view):
        series = view.frame[column.name]
        keys_known = _with(keys_known, rng.permutation(hashed(series.iloc[known], column)))
        keys_test = _with(keys_test, hashed(series.iloc[test], column))
        stays = np.isin(keys_test, keys_known)
        test, keys_test = test[stays], keys_test[stays]
        if not len(test):
            break
    return len(test)


def _repeated(frame: pd.DataFrame, columns: Sequence[Column], hashed: Hash) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose key occurs more than once, and their keys."""
    rows, keys = np.arange(len(frame)), np.zeros(len(frame), np.uint64)
    for column in columns:
        keys = _with(keys, hashed(frame[column.name].iloc[rows], column))
        again = pd.Series(keys).duplicated(keep=False).to_numpy()
        rows, keys = rows[again], keys[again]
        if not len(rows):
            break
    return rows, keys


def _with(keys: np.ndarray, more: np.ndarray) -> np.ndarray:
    return np.asarray((keys ^ (keys >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + more, np.uint64)


def _exactly(series: pd.Series, column: Column) -> np.ndarray:
    return np.asarray(pd.util.hash_array(series.to_numpy(), categorize=True), np.uint64)


def _roughly(view: View, shift: float) -> Hash:
    """Hashes of numbers in steps of `GRID` of their spread, of dates by day, and of texts by their words alone."""

    def hashed(series: pd.Series, column: Column) -> np.ndarray:
        if column.kind in NUMERIC_KINDS:
            values = series.to_numpy(np.float64)
            assert view.frame is not None
            seen = view.frame[column.name].to_numpy(np.float64)[view.known]
            low, high = np.nanquantile(seen, [0.1, 0.9]) if np.isfinite(seen).any() else (0.0, 0.0)
            step = GRID * (high - low) / 2.56 or 1e-9  # 2.56 standard deviations lie between, were it normal
            steps = np.floor(np.nan_to_num(np.clip(values / step, -1e15, 1e15), nan=9e15) + shift)
            return np.asarray(pd.util.hash_array(steps), np.uint64)
        if column.kind == "datetime":
            return np.asarray(pd.util.hash_array(series.to_numpy().astype("datetime64[D]").astype(np.int64)), np.uint64)
        codes, levels = pd.factorize(series)
        plain = np.array([_plain(v) for v in levels] + [""], dtype=object)
        return np.asarray(pd.util.hash_array(plain, categorize=False), np.uint64)[codes]

    return hashed


def _plain(value: object) -> str:
    return _MARKS.sub(" ", str(value).casefold()).strip()


# --------------------------------------------------------------------------- texts


def _alike_texts(view: View) -> np.ndarray:
    """Test rows whose text shares most of its runs of words with that of a training row.

    Source: Broder 1997, "On the resemblance and containment of documents" (shingles; the smallest hashes as a sketch).
    """
    if view.frame is None or view.split is None or not view.modality.is_text:
        return np.empty(0, np.int64)
    known, test = sample_of(_known_rows(view), TEXT_KNOWN), sample_of(view.split.test, TEXT_TEST)
    name = max(view.used, key=lambda c: view.known_frame[c.name].str.len().mean()).name
    homes: dict[int, list[int]] = {}
    for i, text in enumerate(view.frame[name].iloc[known].tolist()):
        for mark in sketch(text):
            homes.setdefault(mark, []).append(i)
    alike = []
    for row, text in zip(test.tolist(), view.frame[name].iloc[test].tolist(), strict=True):
        shared = Counter(i for mark in sketch(text) for i in homes.get(mark, ()))
        if shared and max(shared.values()) >= SAME_SKETCH:
            alike.append(row)
    return np.array(alike, np.int64)


def sketch(text: str) -> list[int]:
    """The smallest hashes of a text's runs of three words; none for short texts."""
    words = _plain(text).split()[:MOST_WORDS]
    if len(words) < LEAST_WORDS:
        return []
    return sorted({zlib.crc32(" ".join(words[i : i + SHINGLE]).encode()) for i in range(len(words) - SHINGLE + 1)})[
        :SKETCH
    ]
