"""Forecast windows: the past of each window, what is known of its future, and whose series it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.errors import DataError
from automl.goals.shared.contexts import Reach, reach, transforms
from automl.goals.shared.truth import value_truth, values_of
from automl.modalities.shared.specs import categories_spec, channel_stats, check_equal, evenly, restore_spec, spec_state
from automl.records import NUMERIC_KINDS, Dataset, InputSpec, Split, Task

__all__ = ["ForecastEncoder", "block_starts", "fit", "history_rows", "restore"]

CYCLE_DAYS = {"year": 365.25, "week": 7.0, "day": 1.0}


@dataclass(eq=False)
class ForecastEncoder:
    """Windows → "series" (past values), "future" (calendar and known covariates) and, for panels, "categories".

    Attributes:
        specs: the inputs.
        targets: channels of "series" in this order.
        covariates: channels of "series" in this order.
        known: covariates that "future" reads at the target rows.
        cycles: members of `CYCLE_DAYS` whose phase "future" holds.
        context: in steps; the longest of those that networks choose among.
        horizon: in steps.
        step_seconds: usual time between rows.
        fill: channel means of the training rows, where a series has no past at all.
        known_fill: of `known`.
        levels: series labels, code i + 1; empty when there is but one series.
    """

    specs: tuple[InputSpec, ...]
    targets: list[str]
    covariates: list[str]
    known: list[str]
    cycles: list[str]
    context: int
    horizon: int
    step_seconds: float
    fill: np.ndarray
    known_fill: np.ndarray
    levels: list[str] = field(default_factory=list)

    @cached_property
    def codes(self) -> dict[str, int]:
        """Series label → code."""
        return {level: code for code, level in enumerate(self.levels, 1)}

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for windows ``(n, horizon)`` of row numbers; their own targets are never read."""
        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.shape[1] != self.horizon:
            raise DataError(f"expected windows of shape (n, {self.horizon}); these rows have the shape {rows.shape}")
        starts = block_starts(dataset)
        arrays = {"series": self._past(dataset, rows[:, 0], starts), "future": self._future(dataset, rows, starts)}
        if self.levels and dataset.series is not None:
            labels = dataset.series[rows[:, 0]]
            arrays["categories"] = np.array([[self.codes.get(str(v), 0)] for v in labels], np.int32).reshape(-1, 1)
        elif self.levels:
            arrays["categories"] = np.zeros((len(rows), 1), np.int32)
        return arrays

    def _past(self, dataset: Dataset, first: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """``(n, context, channels)`` float32: rows before `first`, the earliest one repeated where there are fewer."""
        values = _filled_forward(_channels(dataset, self.targets, self.covariates), starts, self.fill).astype(
            np.float32
        )
        begin = starts[first]
        index = np.maximum(first[:, None] - self.context + np.arange(self.context), begin[:, None])
        past: np.ndarray = values[index]
        past[first == begin] = self.fill.astype(np.float32)  # no row before the window: nothing may be read
        return past

    def _future(self, dataset: Dataset, rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """``(n, horizon, n_known)`` float32: time since the last past row, phases of cycles, known covariates."""
        seconds = _seconds(dataset)
        first = rows[:, 0]
        origin = np.where(first > starts[first], seconds[first - 1], seconds[first] - self.step_seconds)
        ahead = (seconds[rows] - origin[:, None]) / (self.step_seconds * self.horizon)
        features = [ahead, *_phases(seconds[rows], self.cycles)]
        if self.known:
            known = dataset.inputs[self.known].to_numpy(np.float64)[rows]  # (n, horizon, n_covariates)
            known = np.where(np.isfinite(known), known, self.known_fill)
            features += [known[:, :, place] for place in range(len(self.known))]
        return np.stack(features, axis=2).astype(np.float32)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {"encoder": "forecast", "specs": [spec_state(spec) for spec in self.specs], **plain}


_PLAIN = (
    "targets", "covariates", "known", "cycles", "context", "horizon", "step_seconds", "fill", "known_fill", "levels",
)  # fmt: skip


def fit(dataset: Dataset, task: Task, split: Split) -> ForecastEncoder:
    """Fit on the rows up to the end of training.

    Raises:
        DataError: the task has no horizon, or the dataset no times.
    """
    if not task.horizon or dataset.times is None or split.train_windows is None:
        raise DataError("a forecast needs a time column, a horizon and training windows; pass --time-column, --horizon")
    starts = block_starts(dataset)
    rows = history_rows(dataset, split)
    choices = reach(dataset, task, split.train_windows)
    numeric = [column.name for column in task.columns if column.kind in NUMERIC_KINDS]
    covariates = [name for name in numeric if name in dataset.inputs.columns]
    known = [name for name in task.covariates_known if name in covariates]
    values = _channels(dataset, list(task.target), covariates)[rows]
    values[:, : len(task.target)] = values_of(dataset, task.target, rows)  # without what was filled in
    step_seconds = _step(_seconds(dataset), rows, starts)
    encoder = ForecastEncoder(
        specs=(),
        targets=list(task.target),
        covariates=covariates,
        known=known,
        cycles=_cycles(_seconds(dataset)[rows], step_seconds),
        context=choices.contexts[-1],
        horizon=task.horizon,
        step_seconds=step_seconds,
        fill=_means(values),
        known_fill=_means(dataset.inputs[known].to_numpy(np.float64)[rows]),
        levels=sorted({str(label) for label in dataset.series[rows]}) if dataset.series is not None else [],
    )
    encoder.specs = _specs(encoder, dataset, task, split, np.where(np.isfinite(values), values, encoder.fill), choices)
    return encoder


def restore(state: Mapping[str, Any]) -> ForecastEncoder:
    """The encoder that `ForecastEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    check_equal("the context", state["context"], specs[0].shape[0])
    check_equal("the horizon", state["horizon"], specs[1].shape[0])
    return ForecastEncoder(specs, **{k: state[k] for k in _PLAIN})


def block_starts(dataset: Dataset) -> np.ndarray:
    """For each row, the first row of its series ``(n,)``."""
    starts = np.zeros(dataset.n_rows, np.int64)
    if dataset.series is not None and dataset.n_rows > 1:
        changes = np.flatnonzero(dataset.series[1:] != dataset.series[:-1]) + 1
        starts[changes] = changes
    return np.maximum.accumulate(starts)


def history_rows(dataset: Dataset, split: Split) -> np.ndarray:
    """Rows an encoder may learn from: training rows and, in their series, what lies before them."""
    starts = block_starts(dataset)
    ends = np.full(dataset.n_rows, -1, np.int64)  # by first row of a series: its last training row
    trained = split.train if split.train_windows is None else np.union1d(split.train, split.train_windows)
    np.maximum.at(ends, starts[trained], trained)
    allowed = np.arange(dataset.n_rows) <= ends[starts]
    allowed[split.valid] = False
    allowed[split.test] = False
    return np.flatnonzero(allowed)


def _specs(
    encoder: ForecastEncoder, dataset: Dataset, task: Task, split: Split, values: np.ndarray, choices: Reach
) -> tuple[InputSpec, ...]:
    assert split.train_windows is not None
    future = encoder._future(dataset, evenly(split.train_windows, 5_000), block_starts(dataset))
    facts = {"n_targets": len(encoder.targets), "horizon": encoder.horizon, "season": int(task.season or 1)}
    phases = [f"{cycle}_{wave}" for cycle in encoder.cycles for wave in ("sin", "cos")]
    names = {"columns": [*encoder.targets, *encoder.covariates]}
    ahead = {"columns": ["ahead", *phases, *encoder.known]}
    shape = (encoder.context, values.shape[1])
    truth = value_truth(dataset, task, split.train_windows)
    known = encoder.fill[: len(encoder.targets)]
    wishes = {
        "contexts": list(choices.contexts),
        "start": choices.start,
        "transforms": list(transforms(truth)),
        "low": np.minimum(np.nanmin(truth, axis=(0, 1), initial=np.inf), known).tolist(),
        "high": np.maximum(np.nanmax(truth, axis=(0, 1), initial=-np.inf), known).tolist(),
    }
    specs = [
        InputSpec("series", "series", shape, "float32", stats={**channel_stats(values), **facts, **names, **wishes}),
        InputSpec("future", "series", future.shape[1:], "float32", stats={**channel_stats(future), **facts, **ahead}),
    ]
    if encoder.levels:
        specs.append(categories_spec([task.series_column or "series"], [len(encoder.levels) + 1]))
    return tuple(specs)


def _channels(dataset: Dataset, targets: list[str], covariates: list[str]) -> np.ndarray:
    """``(n_rows, n_targets + n_covariates)`` float64."""
    if dataset.target is None:
        raise DataError(f"expected the history of {', '.join(targets)} to forecast from; {dataset.name} holds none")
    target: pd.DataFrame = dataset.target[targets]
    return np.concatenate(
        [target.to_numpy(np.float64), dataset.inputs[covariates].to_numpy(np.float64).reshape(dataset.n_rows, -1)],
        axis=1,
    )


def _filled_forward(values: np.ndarray, starts: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """Missing values take the last one before them in their series, or `fill`: a row never sees a later one."""
    seen = np.isfinite(values)
    if seen.all():
        return values
    last = np.maximum.accumulate(np.where(seen, np.arange(len(values))[:, None], -1), axis=0)
    held = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(last >= starts[:, None], held, fill)


def _means(values: np.ndarray) -> np.ndarray:
    seen = np.isfinite(values)
    return np.asarray(np.where(seen, values, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1))


def _seconds(dataset: Dataset) -> np.ndarray:
    if dataset.times is None:
        raise DataError(f"expected the times of the rows to forecast; {dataset.name} has none. Pass --time-column")
    return np.asarray(dataset.times.astype("datetime64[ns]").astype(np.int64) / 1e9)


def _step(seconds: np.ndarray, rows: np.ndarray, starts: np.ndarray) -> float:
    """Median time between neighbouring rows of one series, over training rows."""
    later = rows[rows > starts[rows]]
    steps = seconds[later] - seconds[later - 1]
    return float(np.median(steps)) if len(steps) and np.median(steps) > 0 else 1.0


def _cycles(seconds: np.ndarray, step_seconds: float) -> list[str]:
    """Cycles that training goes through at least once, in steps shorter than half of them."""
    days = (seconds.max() - seconds.min()) / 86400.0 if len(seconds) else 0.0
    return [
        name
        for name, length in CYCLE_DAYS.items()
        if days >= length
        and 2 * step_seconds < length * 86400.0
        and np.ptp(_phases(seconds, [name]), axis=1).max() > 0.1
    ]


def _phases(seconds: np.ndarray, cycles: list[str]) -> list[np.ndarray]:
    """Sine and cosine of each cycle's phase, alike in shape to `seconds`."""
    waves: list[np.ndarray] = []
    for name in cycles:
        if name == "year":
            times = np.floor(seconds).astype(np.int64).astype("datetime64[s]")
            months = times.astype("datetime64[M]").astype(np.int64)
            day = (times - times.astype("datetime64[M]")).astype(np.int64) / 86400.0
            phase = (months % 12 + day / 31.0) / 12.0
        elif name == "week":
            phase = ((np.floor(seconds / 86400.0) + 3) % 7) / 7.0  # 1970-01-01 was a Thursday
        else:
            phase = (seconds % 86400.0) / 86400.0
        waves += [np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)]
    return waves
