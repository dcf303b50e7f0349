"""What callers pay for predictions: the public call on rows in the user's own form, reading and decoding included."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl import goals
from automl.errors import InputError
from automl.predict.side_model import SideModel
from automl.records import Cost

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Dataset, Split

__all__ = [
    "OwnForm", "in_own_form", "measure", "merged", "model_ms", "seconds_to_measure", "wide_reading_seconds",
]  # fmt: skip

TIMED_CALLS = 5
TIMED_ROWS, FIRST_ROWS = 1024, 32
BATCH_SECONDS = 0.1
"""About how long a batch may take; fewer rows are timed of a slow model, or of rows that take long to read."""
SLOW_SECONDS = 0.5
"""A call that takes longer is not repeated for the sake of a median."""
WIDE_COLUMNS = 2_000
"""With more columns a row takes long to read: that is timed once for all models, and then the models alone."""
MOST_HISTORY, MOST_SERIES = 20_000, 64
"""Rows of the histories that forecasts are timed on, all series together, and the most series."""


@dataclass(slots=True, eq=False)
class OwnForm:
    """Some items as the user gave them, before they were typed.

    Attributes:
        rows: a frame of raw cells, or an array; for a forecast a frame of histories.
        ends: for a forecast, where the history of each series ends in `rows`; None if rows are items.
        read_ms: milliseconds to read one item, once it was timed.
    """

    rows: Any
    ends: tuple[int, ...] | None = None
    read_ms: float | None = None

    @property
    def is_wide(self) -> bool:
        """Whether a row takes long to read."""
        return isinstance(self.rows, pd.DataFrame) and self.rows.shape[1] > WIDE_COLUMNS

    @property
    def n_items(self) -> int:
        """Rows, or series of which each has one window."""
        return len(self.rows) if self.ends is None else len(self.ends)

    def first(self, n: int) -> Any:
        """The first n items."""
        end = n if self.ends is None else self.ends[n - 1]
        return self.rows.iloc[:end] if isinstance(self.rows, pd.DataFrame) else self.rows[:end]


def in_own_form(raw: Dataset, dataset: Dataset, split: Split) -> OwnForm | None:
    """Some test items as they were read (validation items, if there are none); None if they cannot be found again.

    Args:
        raw: the data as read.
        dataset: the data as detection made them.
        split: of the dataset.
    """
    items = split.items("test") if len(split.test) else split.items("valid")
    if dataset.row_numbers is None or raw.row_numbers is None or not len(items):
        return None
    if items.ndim == 1:
        at = _places(raw.row_numbers, dataset.row_numbers[items[:TIMED_ROWS]])
        return None if at is None else OwnForm(_taken(raw.inputs, at))
    histories = _histories(dataset, items)
    at = _places(raw.row_numbers, dataset.row_numbers[np.concatenate(histories)]) if histories else None
    if at is None or not isinstance(raw.inputs, pd.DataFrame) or raw.target is None:
        return None
    frame = _taken(pd.concat([raw.inputs, raw.target], axis=1), at)
    return OwnForm(frame, tuple(np.cumsum([len(rows) for rows in histories]).tolist()))


def _places(numbers: np.ndarray, wanted: np.ndarray) -> np.ndarray | None:
    """Where the wanted row numbers are; None if one of them is not there, as of steps that were filled in."""
    is_sorted = bool((numbers[1:] > numbers[:-1]).all())
    order = np.arange(len(numbers)) if is_sorted else np.argsort(numbers, kind="stable")
    at = order[np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)]
    return at if np.array_equal(numbers[at], wanted) else None


def _taken(inputs: Any, at: np.ndarray) -> Any:
    return inputs.iloc[at].reset_index(drop=True) if isinstance(inputs, pd.DataFrame) else inputs[at]


def _histories(dataset: Dataset, windows: np.ndarray) -> list[np.ndarray]:
    """The rows before the first test window of each of some series."""
    found: list[np.ndarray] = []
    series = np.zeros(dataset.n_rows, np.int64) if dataset.series is None else dataset.series
    total = 0
    for name in pd.unique(series[windows[:, 0]])[:MOST_SERIES]:
        own = np.flatnonzero(series == name)
        rows = own[own < windows[series[windows[:, 0]] == name].min()][-MOST_HISTORY:]
        total += len(rows)
        if found and total > MOST_HISTORY:
            break
        found.append(rows)
    return [rows for rows in found if len(rows)]


def measure(predictor: Any, side: str, prepared: Prepared) -> Cost:
    """Median milliseconds of a call with one item, and items per second of a batch, through `SideModel.predict`.

    Of a generator through `SideModel.sample`. Where the rows that the user gave cannot be read by themselves, the model
    alone is timed on the rows as typed.

    Args:
        predictor: of any side.
        side: its side.
        prepared: the data.
    """
    form, dataset = prepared.own_form, prepared.dataset
    if goals.named(prepared.task).makes_rows:
        model = SideModel(side, prepared.task, predictor)
        return _timed(model.sample, TIMED_ROWS)
    if form is not None and form.n_items and not form.is_wide:
        model = SideModel(side, prepared.task, predictor, dataset.root)
        try:
            return _timed(lambda n: model.predict(form.first(n), on_odd="ignore"), form.n_items)
        except InputError:
            pass
    items = prepared.split.items("test")
    own = _timed(lambda n: predictor.output(dataset, items[:n]), min(len(items), TIMED_ROWS))
    return own if form is None or not form.is_wide else _with_reading(own, _reading_ms(prepared), len(items))


def _with_reading(cost: Cost, read_ms: float, n_items: int) -> Cost:
    """The times of a model with those to read its rows, which take as long for a batch as for one row."""
    n = min(n_items, TIMED_ROWS)
    batch_seconds = n / (cost.rows_per_second or 1.0) + read_ms / 1000
    return Cost(predict_ms=(cost.predict_ms or 0.0) + read_ms, rows_per_second=n / max(batch_seconds, 1e-9))


def _timed(call: Callable[[int], Any], n_items: int) -> Cost:
    """Time a call for one item, and for a batch that takes about `BATCH_SECONDS`."""
    n, warm = min(FIRST_ROWS, n_items), _seconds(call, 1)
    one = warm if warm > SLOW_SECONDS else _median_seconds(call)
    seconds = _seconds(call, n)
    most = min(TIMED_ROWS, n_items, max(n, int(n * BATCH_SECONDS / max(seconds, 1e-9))))
    if most > n:
        n, seconds = most, _seconds(call, most)
    return Cost(predict_ms=1000 * one, rows_per_second=n / max(seconds, 1e-9))


def seconds_to_measure(one_seconds: float, row_seconds: float, n_items: int) -> float:
    """What `measure` takes of a model, if its rows are ready.

    Args:
        one_seconds: of a call for one item.
        row_seconds: of each item of a batch.
        n_items: items that there are.
    """
    first = min(FIRST_ROWS, n_items) * row_seconds
    calls = one_seconds + min(TIMED_CALLS * one_seconds, BATCH_SECONDS + one_seconds)
    return calls + first + min(min(TIMED_ROWS, n_items) * row_seconds, max(first, BATCH_SECONDS))


def _median_seconds(call: Callable[[int], Any]) -> float:
    """Of a call for one item; fewer calls of a slow one."""
    times: list[float] = []
    while len(times) < TIMED_CALLS and sum(times) < BATCH_SECONDS:
        times.append(_seconds(call, 1))
    return statistics.median(times)


def _seconds(call: Callable[[int], Any], n: int) -> float:
    begun = time.perf_counter()
    call(n)
    return time.perf_counter() - begun


def model_ms(latency_ms: float | None, prepared: Prepared) -> float | None:
    """What a bound on the whole call leaves for a model, which is all that the sides time; None without a bound.

    The time to read one item in the user's own form is subtracted.

    Args:
        latency_ms: the most milliseconds of a call with one item.
        prepared: the data.
    """
    return None if latency_ms is None else max(0.0, latency_ms - _reading_ms(prepared))


def wide_reading_seconds(prepared: Prepared) -> float:
    """Seconds to read rows of a wide table in the user's own form; 0 of other data. They are measured once."""
    form = prepared.own_form
    return _reading_ms(prepared) / 1000 if form is not None and form.is_wide else 0.0


def _reading_ms(prepared: Prepared) -> float:
    form = prepared.own_form
    if form is None or not form.n_items:
        return 0.0
    if form.read_ms is None:
        model = SideModel("floor", prepared.task, None, prepared.dataset.root)
        try:
            warm = _seconds(lambda n: model.read(form.first(n), on_odd="ignore"), 1)
            slow = warm > SLOW_SECONDS
            form.read_ms = 1000 * (
                warm if slow else _median_seconds(lambda n: model.read(form.first(n), on_odd="ignore"))
            )
        except InputError:
            form.read_ms = 0.0
    return form.read_ms


def merged(fitted: Cost, measured: Cost) -> Cost:
    """The cost of a fit with the times that were measured at prediction."""
    return dataclasses.replace(fitted, predict_ms=measured.predict_ms, rows_per_second=measured.rows_per_second)
