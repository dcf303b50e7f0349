"""Sequences of several channels, and windows of tables in time, which have an encoder of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automl import goals
from automl.errors import DataError
from automl.modalities import forecast
from automl.modalities.image import in_pixels, near_square
from automl.modalities.shared import generated_items
from automl.modalities.shared.cells import as_they_are, typed
from automl.modalities.shared.row_windows import in_time, row_windows, window_steps
from automl.modalities.shared.specs import MOST_NUMBERS, channel_stats, check_equal, evenly, restore_spec, spec_state
from automl.records import (
    NUMERIC_KINDS,
    ArrayForm,
    Column,
    Dataset,
    Encoder,
    Finding,
    InputSpec,
    Modality,
    Split,
    TargetCodec,
    Task,
)
from automl.system.counts import counted, noun

__all__ = ["SEQUENCE", "SequenceEncoder", "fit", "restore"]

MAX_STEPS = 512
LARGEST = 1e30
GAP_ROWS = 2_000
UNEQUAL_SHARE = 0.1
MOST_CHANNELS = 16
"""Of what may be pictures: with more rows of numbers than this, an array of one size a side is not told."""
EXAMPLE_STEPS = 40


@dataclass(eq=False)
class SequenceEncoder:
    """Sequences → ``(steps, channels)`` without gaps.

    Attributes:
        specs: the one input "series".
        length: raw steps; a shorter row keeps its last value, a longer one is cut.
        factor: raw steps averaged into one.
        fill: a channel's training mean, for rows where it is missing entirely.
        stretch: whether a row that ends early, in gaps of all channels, is stretched to the whole length; see `fit`.
    """

    specs: tuple[InputSpec, ...]
    length: int
    factor: int
    fill: np.ndarray
    stretch: bool = False

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Series ``(n, steps, channels)`` float32 under "series"."""
        spec = self.specs[0]
        values = _raw(dataset, rows)  # (n, channels, length)
        if values.shape[1] != spec.shape[1]:
            raise DataError(
                f"expected sequences of {counted(spec.shape[1], 'channel')} as in training; {dataset.name} has "
                f"{values.shape[1]}. Give an array of shape (n, channels, length)"
            )
        if self.stretch:
            filled = _stretched(values, self.fill, self.length)
        else:
            filled = _without_gaps(_of_length(values, self.length), self.fill)
        return {spec.name: _averaged(filled, self.factor).transpose(0, 2, 1).astype(np.float32)}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {
            "encoder": "sequence",
            "specs": [spec_state(spec) for spec in self.specs],
            "length": self.length,
            "factor": self.factor,
            "fill": self.fill,
            "stretch": self.stretch,
        }


def fit(dataset: Dataset, task: Task, split: Split) -> SequenceEncoder:
    """Fix length and averaging, measure the training sequences' channels.

    Where one training sequence in ten or more ends early, sequences are of unequal length, and all are stretched to the
    longest. Held values in their place had cost networks a third of the right answers on gestures (decision 40).

    Raises:
        DataError: the input is no array of three dimensions, or no channel holds a number.
    """
    values = _raw(dataset, split.train)
    length = values.shape[2]
    factor = -(-length // MAX_STEPS)
    seen = np.isfinite(values)
    if not seen.any():
        raise DataError(f"expected numbers in the sequences of {dataset.name}; all training values are missing")
    fill = np.where(seen, values, 0.0).sum(axis=(0, 2)) / np.maximum(seen.sum(axis=(0, 2)), 1)
    stretch = bool(np.mean(_lengths(values) < length) >= UNEQUAL_SHARE)
    encoder = SequenceEncoder((), length, factor, fill, stretch)
    filled = _stretched(values, fill, length) if stretch else _without_gaps(values, fill)
    series = _averaged(filled, factor).transpose(0, 2, 1)
    stats = {**channel_stats(series), "factor": factor, "end_gap": end_gap(series)}
    encoder.specs = (InputSpec("series", "series", series.shape[1:], "float32", stats=stats),)
    return encoder


def end_gap(series: np.ndarray) -> float:
    """How far apart the ends of ``(n, steps, channels)`` lie, in standard deviations: the median over series and
    channels that vary.

    It is small for a closed curve, such as the outline of a leaf, which may begin anywhere; 1 for noise.
    """
    sample = evenly(series, GAP_ROWS)
    spread = sample.std(axis=1)
    varies = spread > 1e-7 * np.abs(sample).max(axis=1)
    gaps = np.abs(sample[:, -1] - sample[:, 0])[varies] / spread[varies]
    return float(np.median(gaps)) if gaps.size else 1.0


def restore(state: Mapping[str, Any]) -> SequenceEncoder:
    """The encoder that `SequenceEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    length, factor = int(state["length"]), int(state["factor"])
    check_equal(
        "the number of steps", -(-length // factor) if factor > 0 and length <= MOST_NUMBERS else 0, specs[0].shape[0]
    )
    return SequenceEncoder(specs, length, factor, state["fill"], bool(state.get("stretch", False)))


def _raw(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Fresh float64 values ``(n, channels, length)``; infinities are gaps."""
    inputs = dataset.inputs
    if not isinstance(inputs, np.ndarray) or inputs.ndim != 3:
        found = inputs.shape if isinstance(inputs, np.ndarray) else type(inputs).__name__
        raise DataError(f"expected sequences of shape (n, channels, length); {dataset.name} holds {found}")
    values = inputs[rows].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return np.asarray(np.clip(values, -LARGEST, LARGEST))


def _of_length(values: np.ndarray, length: int) -> np.ndarray:
    lacking = length - values.shape[2]
    if lacking <= 0:
        return values[:, :, :length]
    return np.pad(values, ((0, 0), (0, 0), (0, lacking)), constant_values=np.nan)


def _lengths(values: np.ndarray) -> np.ndarray:
    """Steps up to the last one that any channel knows, ``(n,)``; the whole length of a row without a number."""
    known = ~np.isnan(values).all(axis=1)  # (n, length)
    lengths = np.where(known, np.arange(1, values.shape[2] + 1), 0).max(axis=1)
    return np.asarray(np.where(lengths > 0, lengths, values.shape[2]))


def _stretched(values: np.ndarray, fill: np.ndarray, length: int) -> np.ndarray:
    """Rows without gaps, each with its own steps resampled to so many, by linear interpolation."""
    lengths = _lengths(values)
    filled = _without_gaps(values, fill)
    made = np.empty((*values.shape[:2], length))
    for row, own in enumerate(lengths):
        places = np.linspace(0, own - 1, length)
        for channel, line in enumerate(filled[row]):
            made[row, channel] = line[:length] if own == length else np.interp(places, np.arange(own), line[:own])
    return made


def _without_gaps(values: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """Gaps bridged linearly, held at the ends, and filled with `fill` where a whole channel is missing."""
    gaps = np.isnan(values)
    steps = np.arange(values.shape[2])
    for row, channel in np.argwhere(gaps.any(axis=2)):
        gap = gaps[row, channel]
        line = values[row, channel]
        line[gap] = fill[channel] if gap.all() else np.interp(steps[gap], steps[~gap], line[~gap])
    return values


def _averaged(values: np.ndarray, factor: int) -> np.ndarray:
    """Means of `factor` steps; the last one over as many as are left."""
    if factor == 1:
        return values
    starts = np.arange(0, values.shape[2], factor)
    counts = np.diff(np.append(starts, values.shape[2]))
    return np.asarray(np.add.reduceat(values, starts, axis=2) / counts)


# --------------------------------------------------------------------------- the record


def _recognises(inputs: Any, columns: Sequence[Column]) -> str | None:
    if not isinstance(inputs, np.ndarray) or inputs.ndim != 3:
        return None
    _, channels, length = inputs.shape
    if near_square(inputs.shape) and (in_pixels(inputs) or channels == length or channels > MOST_CHANNELS):
        return None
    return f"an array of shape {inputs.shape} is {counted(channels, 'channel')} of {counted(length, 'step')}"


def _fit(dataset: Dataset, task: Task, split: Split, codec: TargetCodec) -> Encoder:
    """Of rows of an array, or of the windows of a table in time."""
    if goals.named(task).in_windows:
        return forecast.fit(dataset, task, split)
    encoder = fit(dataset, task, split)
    if task.window is not None:
        encoder.specs = tuple(replace(spec, stats={**spec.stats, "judged": "last"}) for spec in encoder.specs)
    return encoder


def _read(dataset: Dataset) -> Dataset:
    values = np.asarray(dataset.inputs).astype(np.float32)
    if values.shape[2] == 1 < values.shape[1]:
        raise DataError(
            f"{dataset.name} has shape {values.shape}, which is read as (n, channels, length): "
            f"{counted(values.shape[1], 'channel')} of a single step. Series whose last axis holds the channels, as "
            "Keras has them, are passed as X.transpose(0, 2, 1); rows without any order as X[:, :, 0], a table"
        )
    infinite = np.isinf(values)
    if not infinite.any():
        return replace(dataset, inputs=values)
    values[infinite] = np.nan
    n = int(infinite.sum())
    message = f"{counted(n, 'infinite number')} {noun(n, 'was', 'were')} read as missing."
    step = "Look for divisions by zero where these values are made."
    finding = Finding("infinite_numbers", "medium", message, step, count=int(infinite.sum()))
    return replace(dataset, inputs=values, findings=(*dataset.findings, finding))


def _matrix(part: np.ndarray) -> np.ndarray:
    """Mean, spread, ends and mean step of each channel, ``(n, 5 channels)``."""
    values = np.nan_to_num(part.astype(np.float64))
    step = np.abs(np.diff(values, axis=2)).mean(axis=2) if values.shape[2] > 1 else np.zeros(values.shape[:2])
    return np.concatenate(
        [values.mean(axis=2), values.std(axis=2), values.min(axis=2), values.max(axis=2), step], axis=1
    )


def _example(signal: np.ndarray, rng: np.random.Generator) -> tuple[Dataset, tuple[Column, ...]]:
    """One channel each, the higher, the larger the signal is."""
    inputs = (rng.normal(size=(len(signal), 1, EXAMPLE_STEPS)) + signal[:, None, None]).astype("float32")
    return Dataset("example", inputs), ()


def _decode(dataset: Dataset, task: Task, memory_mib: float | None) -> tuple[Dataset, Task]:
    """Rows of a table in time become windows; arrays, and tables of forecasts, stay as they are.

    Arrays of series to generate more of lose their gaps, each series by itself.
    """
    if goals.named(task).makes_rows:
        return _to_generate(dataset), task
    if task.time_column is None or goals.named(task).in_windows or isinstance(dataset.inputs, np.ndarray):
        return as_they_are(dataset, task, memory_mib)
    values, order, codes = _in_time(dataset, task)
    task = replace(task, window=window_steps(np.nan_to_num(values), order, task.season))
    return _windowed(dataset, task, values, order, codes), task


def _to_generate(dataset: Dataset) -> Dataset:
    """Series ``(n, channels, steps)`` float32 without gaps, of at most `MAX_STEPS` steps.

    Gaps are bridged; a channel without a number becomes 0.
    """
    values = _raw(dataset, np.arange(dataset.n_rows))
    n_gaps, factor = int(np.isnan(values).any(axis=(1, 2)).sum()), -(-values.shape[2] // MAX_STEPS)
    made = _averaged(_without_gaps(values, np.zeros(values.shape[1])), factor).astype(np.float32)
    findings = list(dataset.findings)
    if n_gaps:
        message = f"Gaps were bridged in {counted(n_gaps, 'series', 'series')}; generated series have none."
        findings.append(Finding("gaps_bridged", "medium", message, "Leave series with long gaps out.", count=n_gaps))
    if factor > 1:
        message = (
            f"Series of {values.shape[2]:,} steps are generated at {made.shape[2]} steps, each the mean of {factor}."
        )
        findings.append(Finding("series_averaged", "medium", message, "Pass windows of the series to keep all steps."))
    return replace(dataset, inputs=made, findings=tuple(findings))


def _ready(dataset: Dataset, task: Task, read: Any) -> Dataset:
    """New rows like those of training."""
    made = typed(dataset, task, read)
    if task.window is None or isinstance(made.inputs, np.ndarray):
        return made
    return _windowed(made, task, *_in_time(made, task))


def _in_time(dataset: Dataset, task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers ``(n, channels)``, row numbers in time, and the codes of the series."""
    names = [column.name for column in task.columns if column.kind in NUMERIC_KINDS]
    values = dataset.inputs[names].to_numpy(np.float64)
    return values, *in_time(dataset.inputs, str(task.time_column), task.series_column)


def _windowed(dataset: Dataset, task: Task, values: np.ndarray, order: np.ndarray, codes: np.ndarray) -> Dataset:
    """The dataset with windows for inputs; the column of series, which they do not hold, stays beside them."""
    assert task.window is not None
    series = None if task.series_column is None else dataset.inputs[task.series_column].astype(str).to_numpy(object)
    return replace(dataset, inputs=row_windows(values, order, codes, task.window), series=series)


SEQUENCE = Modality(
    name="sequence",
    items="series",
    recognises=_recognises,
    decode=_decode,
    ready=_ready,
    fit=_fit,
    restore={"sequence": restore, "forecast": forecast.restore, "items": generated_items.restore_items},
    example=_example,
    array=ArrayForm("(n, channels, length)", (3,), lambda array: array.ndim == 2, _read, kind="numeric"),
    matrix=_matrix,
    generator=generated_items.fit_generator,
    restore_codec={"items": generated_items.restore_item_codec},
)
