"""What a worker of shallow fits is sent, and what it answers: plain records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl.records import Dataset, Output

__all__ = ["PIECE_BYTES", "FitSpec", "Fitted", "Part", "Payload"]

PIECE_BYTES = 1 << 23
"""The most bytes of a message that are sent or received at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One hold-out: what fits are trained on and scored by.

    Attributes:
        items: training items: rows or forecast windows.
        truth: their truth, as `automl.records` says.
        weight: their weights, or None.
        valid: validation items.
        valid_truth: their truth.
        valid_weight: their weights, or None.
    """

    items: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None
    valid: np.ndarray
    valid_truth: np.ndarray
    valid_weight: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Payload:
    """The data that every fit reads; sent to a worker once.

    Attributes:
        dataset: the data.
        parts: the hold-outs; the first is the split's own.
        refit: what refits are trained on: training and validation items, with nothing held out; None in a run that
            makes none.
        plugins: (module name, file) of baselines that cannot be imported by name.
    """

    dataset: Dataset
    parts: tuple[Part, ...]
    plugins: tuple[tuple[str, str], ...] = ()
    refit: Part | None = None

    @property
    def growth(self) -> float:
        """Items of a refit, as a multiple of the training items."""
        return self.growth_to(self.refit)

    def growth_to(self, learnt: Part | None) -> float:
        """Items to learn from, as a multiple of the training items."""
        return 1.0 if learnt is None else len(learnt.items) / max(len(self.parts[0].items), 1)


@dataclass(frozen=True, slots=True, eq=False)
class FitSpec:
    """One fit to make.

    Attributes:
        model: the unfitted model, pickled.
        take: positions of the training items to use, of a refit those of `Payload.refit`; None for all.
        deadline: `time.monotonic` value to end by, or None.
        part: number of the hold-out; 0 is the first.
        searched: of a refit: the model of the search, pickled, which knows what validation items decided.
        learnt: what a refit on another split is trained on, in place of `Payload.refit`.
    """

    model: bytes
    take: np.ndarray | None
    deadline: float | None
    part: int = 0
    searched: bytes | None = None
    learnt: Part | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The result of one fit.

    Attributes:
        model: the fitted model, pickled; None if there is no complete one.
        output: predictions for the validation items; None for a checkpoint.
        fit_seconds: time of the fit. Time that cached results of earlier fits saved is added.
        peak_mib: peak memory of the worker, in MiB.
        predict_ms: see `measure`.
        rows_per_second: see `measure`.
        stopped: why the fit ended early; "" if it did not.
        failure: why the fit failed; "" if it did not.
        n_learnt: rows that the model says it learnt from; 0 where it says nothing.
    """

    model: bytes | None = None
    output: Output | None = None
    fit_seconds: float = 0.0
    peak_mib: float | None = None
    predict_ms: float | None = None
    rows_per_second: float | None = None
    stopped: str = ""
    failure: str = ""
    n_learnt: int = 0
