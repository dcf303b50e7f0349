"""What every encoder says about its arrays: statistics of training rows, and specs as plain state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from automl.records import InputKind, InputSpec
from automl.target_encoding.microaggregation import magnitude, quantiles

__all__ = ["categories_spec", "channel_stats", "check_equal", "evenly", "numbers_spec", "restore_spec", "spec_state"]

N_EDGES = 64
MAX_STAT_ROWS = 100_000
DTYPES = ("float32", "int32", "uint8")
MOST_NUMBERS = 2**24
"""In a row of one input: a picture of 2,000 by 2,000 pixels has fewer."""


def spec_state(spec: InputSpec) -> dict[str, Any]:
    """A spec as plain numbers, strings and lists."""
    return {
        "name": spec.name,
        "kind": spec.kind,
        "shape": [int(size) for size in spec.shape],
        "dtype": spec.dtype,
        "size": int(spec.size),
        "stats": dict(spec.stats),
    }


def restore_spec(state: Mapping[str, Any]) -> InputSpec:
    """The spec that `spec_state` described.

    Raises:
        ValueError: it is of no kind, or a row of it takes more memory than any row of ours: the state may come from a
            file, and memory is taken for what it says.
    """
    shape = tuple(int(size) for size in state["shape"])
    if state["kind"] not in get_args(InputKind) or state["dtype"] not in DTYPES or not isinstance(state["name"], str):
        raise ValueError(f"an input of kind {state['kind']!r} and dtype {state['dtype']!r} is none")
    if not all(size > 0 for size in shape) or math.prod(shape) > MOST_NUMBERS:
        raise ValueError(f"an input of shape {shape} holds more than the {MOST_NUMBERS:,} numbers of a row, or none")
    return InputSpec(state["name"], state["kind"], shape, state["dtype"], int(state["size"]), dict(state["stats"]))


def check_equal(what: str, said: Any, expected: Any) -> None:
    """Make sure that a part's state says what its spec says, which was bounded.

    Raises:
        ValueError: it does not.
    """
    if said != expected:
        raise ValueError(f"{what} is {said!r:.60}, and its input has {expected!r}")


def evenly(rows: np.ndarray, at_most: int) -> np.ndarray:
    """These rows, or `at_most` of them evenly spread: no random draw, so the same rows give the same sample."""
    if len(rows) <= at_most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, at_most).astype(np.int64)]


def numbers_spec(name: str, columns: Sequence[str], values: np.ndarray, missing: Sequence[float]) -> InputSpec:
    """Spec of kind numbers from the encoded training rows.

    Args:
        name: of the spec.
        columns: a name for each encoded column.
        values: encoded training rows ``(n, n_columns)`` float32, NaN where the raw value was missing: statistics speak
            of what was observed, not of what was filled in.
        missing: share of missing raw values a column.
    """
    levels = np.concatenate([np.linspace(0.0, 1.0, N_EDGES), [0.01, 0.25, 0.5, 0.75, 0.99]])
    sample = evenly(values, MAX_STAT_ROWS).astype(np.float64)
    table = quantiles(sample, levels)  # (edges + 5, columns), wrong for columns with gaps
    std, span = sample.std(axis=0), np.ptp(sample, axis=0)
    for column in np.flatnonzero(np.isnan(span) | (np.asarray(missing) > 0)):
        seen = values[~np.isnan(values[:, column]), column]
        observed = evenly(seen, MAX_STAT_ROWS).astype(np.float64)
        table[:, column], std[column], span[column] = quantiles(observed, levels), observed.std(), np.ptp(observed)
    edges = table[:N_EDGES].astype(np.float32)
    q01, q25, median, q75, q99 = table[N_EDGES:]
    rises = np.asarray((edges[1:] > edges[:-1]).all(axis=0))  # then all differ already
    return InputSpec(
        name=name,
        kind="numbers",
        shape=(len(columns),),
        dtype="float32",
        stats={
            "columns": list(columns),
            "median": median.tolist(),
            "scale": _scales(q75 - q25, q99 - q01, std, magnitude(span)).tolist(),
            "quantiles": [
                own if rises[column] else np.unique(edges[:, column]).tolist()
                for column, own in enumerate(edges.T.tolist())
            ],
            "missing": [float(share) for share in missing],
        },
    )


def _scales(iqr: np.ndarray, spread: np.ndarray, std: np.ndarray, span: np.ndarray) -> np.ndarray:
    """IQR / 1.349 (a normal's standard deviation), held up where tails are heavy; standard deviation where IQR is 0.

    The span is no more than a magnitude: as it is, it would tell the largest value.
    """
    robust = np.maximum(iqr / 1.349, spread / 8.0)
    fallback = np.maximum.reduce([robust, std, span / 5.0])
    scale = np.where(iqr > 0, robust, fallback)
    return np.where(scale > 0, scale, 1.0)


def categories_spec(columns: Sequence[str], sizes: Sequence[int]) -> InputSpec:
    """Spec of kind categories: `sizes` counts each column's codes, code 0 included."""
    return InputSpec(
        name="categories",
        kind="categories",
        shape=(len(columns),),
        dtype="int32",
        size=max(int(size) for size in sizes),
        stats={"columns": list(columns), "sizes": [int(size) for size in sizes]},
    )


def channel_stats(values: np.ndarray) -> dict[str, list[float]]:
    """Mean and standard deviation (1 where there is none) over all axes but the last."""
    flat = values.reshape(-1, values.shape[-1])
    mean = flat.mean(axis=0, dtype=np.float64)
    std = flat.std(axis=0, dtype=np.float64)
    varies = std > 1e-7 * np.maximum(np.abs(mean), 1e-12)
    return {"mean": mean.tolist(), "std": np.where(varies, std, 1.0).tolist()}
