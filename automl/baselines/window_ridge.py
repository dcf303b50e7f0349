"""A ridge on long windows, shared by all targets and series: from the past of a target to all steps ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from automl.baselines.features.description import Part
from automl.baselines.features.plain.forecasts import window_rows
from automl.baselines.forecaster import (
    Forecaster,
    admitted,
    contexts_for,
    evenly,
    order_in_time,
    with_covariates,
)
from automl.baselines.model import draws
from automl.goals.shared.scoring import series_codes
from automl.records import Baseline, Dataset, Facts, FitContext, Task

__all__ = ["WINDOW_RIDGE", "WindowRidge"]

MOST_ROWS = 30_000
"""Pasts of single targets."""

PART = 1_000
"""Windows at a time, so that only their second moments are held."""

STRENGTHS = tuple(float(s) for s in np.geomspace(1e-5, 10.0, 13))
USUAL_STRENGTH = 0.03
ROUNDS = 4
LEAST_MISSED = 0.02
LEAST_JUDGED = 20
MOST_SIZE, MOST_COUNTED = 50.0, 10.0

Sizes = dict[int | None, np.ndarray]


class WindowRidge(Forecaster):
    """Least squares with a penalty, in closed form, from the past less its last value to the steps less that value.

    Windows are measured in their own sizes. With `weigh` "size" they count by the square of it, as they would in the
    target's units; each target in units of its usual size. With "absolute" they are weighted anew some times so that
    absolute errors count. The strength is judged by validation windows, or by the latest training windows where these
    are few.

    Settings: context, transform, weigh ("size", "absolute" or "even"), calendar (whether each target has its own),
    others (whether it reads the past of covariates).
    """

    export_maker = ("window_inputs", (Part("rows", (None, None)),))

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit on at most 30,000 pasts of single targets, of windows that are evenly spread."""
        self._decide_transform(truth)
        some = evenly(len(split_rows), max(MOST_ROWS // truth.shape[2], 1))
        windows, known, own = split_rows[some], truth[some], None if weight is None else weight[some]
        self._learn_known(dataset, windows)
        self._learn_others(dataset, windows)
        usual = self._sizes(dataset, windows)
        self.strength = self._judged(dataset, windows, known, own, usual, context)
        self.coef = self._fitted(dataset, windows, known, own, usual, [self.strength])[0]
        self._keep_residuals(dataset, split_rows, truth)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The strength."""
        return {"strength": self.strength}

    def _judged(
        self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
        usual: Sizes, context: FitContext,
    ) -> float:  # fmt: skip
        """The strength with the least absolute errors on later windows."""
        if context.chosen is not None:
            return float(context.chosen["strength"])
        later, later_truth = context.valid_rows, context.valid_truth
        learnt = np.ones(len(windows), bool)
        if later is None or later_truth is None or len(later) < LEAST_JUDGED:
            first, last = order_in_time(dataset, windows[:, 0]), order_in_time(dataset, windows[:, -1])
            cut = np.quantile(first, 0.75)
            learnt, late = last < cut, first >= cut
            if learnt.sum() < 10 or late.sum() < 5:
                return USUAL_STRENGTH
            later, later_truth = windows[late], truth[late]
        own = None if weight is None else weight[learnt]
        coefs = self._fitted(dataset, windows[learnt], truth[learnt], own, usual, STRENGTHS)
        X, z, counts = self._rows(dataset, later, later_truth, usual)
        unit = np.sqrt(counts) if self._weigh() in ("size", "absolute") else counts
        losses = [float(np.nansum(np.abs(z - X @ coef) * unit[:, None])) for coef in coefs]
        return STRENGTHS[int(np.argmin(losses))]

    def _sizes(self, dataset: Dataset, windows: np.ndarray) -> Sizes:
        """The usual size of windows of each series, by its code, and of all together by None."""
        size = self._context(dataset, windows)[3][:, 0]
        codes = series_codes(dataset)[windows[:, 0]]
        return {None: size.mean(axis=0), **{int(c): size[codes == c].mean(axis=0) for c in np.unique(codes)}}

    def _fitted(
        self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, usual: Sizes,
        strengths: Sequence[float],
    ) -> list[np.ndarray]:  # fmt: skip
        """Coefficients for each strength, from second moments alone.

        Steps that are not known are taken to be as the known ones predict them. With `weigh` "absolute", windows count
        by the inverse of how far they were missed. Both are repeated until they change little.
        """
        rounds = ROUNDS if self._weigh() == "absolute" or np.isnan(truth).any() else 1
        before: np.ndarray | None = None
        for _ in range(rounds):
            square: Any = 0.0
            cross: Any = 0.0
            for begin in range(0, len(windows), PART):
                part = slice(begin, begin + PART)
                X, z, counts = self._rows(dataset, windows[part], truth[part], usual)
                known = ~np.isnan(z)
                if before is not None and self._weigh() == "absolute":
                    missed = np.nansum(np.abs(z - X @ before), axis=1) / np.maximum(known.sum(axis=1), 1)
                    counts = np.sqrt(counts) / np.maximum(missed, LEAST_MISSED * np.median(missed) + 1e-9)
                if weight is not None:
                    counts = counts * np.repeat(weight[part], len(X) // len(windows[part]))
                z = np.where(known, z, 0.0 if before is None else X @ before)
                scaled = X * counts[:, None]
                square = square + scaled.T @ X
                cross = cross + scaled.T @ z
            before = _solved(square, cross, [USUAL_STRENGTH])[0]
        return _solved(square, cross, strengths)

    def _weigh(self) -> str:
        return str(self.settings.get("weigh", "size"))

    def _rows(
        self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray, usual: Sizes
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Features, steps ahead in sizes, and weight of each target of each window."""
        _, base, _, size = self._context(dataset, windows)
        z = np.clip((self._straight(truth) - base) / size, -MOST_SIZE, MOST_SIZE)
        codes = series_codes(dataset)[windows[:, 0]]
        power = {"size": 2.0, "absolute": 2.0, "even": 0.0}[self._weigh()]
        of_window = np.stack([usual.get(int(code), usual[None]) for code in codes])
        counts = np.minimum(size[:, 0] / of_window, MOST_COUNTED) ** power
        return self._features(dataset, windows), z.transpose(0, 2, 1).reshape(-1, self.horizon), counts.ravel()

    @property
    def n_known_past(self) -> int:
        """As long as the span, where the past is."""
        return min(self.length, self.span)

    @property
    def reads_calendar(self) -> bool:
        """As the settings say."""
        return bool(self.settings.get("calendar", True))

    def settings_of_rows(self) -> dict[str, Any]:
        """With whether the calendar counts."""
        return super().settings_of_rows() | {"calendar": self.reads_calendar}

    def _features(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        """``(n · targets, features)``: own past, a constant; for each target past covariates, and what is known."""
        return window_rows(self._given(dataset, windows, windows[:, :1]), self.settings_of_rows())

    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        z = self._features(dataset, windows) @ self.coef
        return np.asarray(z.reshape(len(windows), -1, self.horizon).transpose(0, 2, 1))


def _solved(square: np.ndarray, cross: np.ndarray, strengths: Sequence[float]) -> list[np.ndarray]:
    """Coefficients for each penalty, a multiple of the mean eigenvalue."""
    values, vectors = np.linalg.eigh(square)
    values = np.maximum(values, 0.0)
    spread = max(float(values.mean()), 1e-12)
    projected = vectors.T @ cross
    return [vectors @ (projected / (values + strength * spread)[:, None]) for strength in strengths]


def make(task: Task, settings: Mapping[str, Any], seed: int) -> WindowRidge:
    """Direct forecasts of all steps at once."""
    return WindowRidge(task, settings, seed)


def settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The strongest long lag or two seasons first, then transforms, weights and other contexts."""
    contexts, transforms = contexts_for(task, facts), admitted(facts)
    first = {"context": contexts[0], "transform": "none", "weigh": "size", "calendar": True}
    absolute = [{"weigh": "absolute"}] if task.metric not in ("rmse", "r2") else []
    reaches = [{"context": steps} for steps in contexts[1:]]
    others = [{"transform": name} for name in transforms[1:]]
    options: dict[str, Any] = {
        "context": contexts, "transform": transforms, "weigh": ["size", "absolute", "absolute", "even"],
        "calendar": [True, False],
    }  # fmt: skip
    reading = with_covariates(task)
    if reading:
        options["others"] = [True, False]
    yield from draws(first, options, seed, [*reading, *others, *absolute, *reaches])


WINDOW_RIDGE = Baseline(
    "window_ridge", "fast", "sequence", ("forecast",), make, settings,
    source="Zeng et al. 2023 (NLinear: last value subtracted, one map for all channels), in closed form as in Toner "
    "and Darlow 2024, An Analysis of Linear Time Series Forecasting Models",
    title="linear map of the past window (NLinear, ridge)",
)  # fmt: skip
