"""Exponential smoothing and Theta: a level, a trend and a season of each window's own past, carried on.

The parameters are shared by all series and chosen by the errors on training windows, so that a new series needs no fit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.description import Part
from automl.baselines.features.plain.forecasts import smoothed_ahead
from automl.baselines.forecaster import Forecaster, admitted, evenly
from automl.baselines.model import draws
from automl.records import Baseline, Dataset, Facts, FitContext, Task

__all__ = ["ETS", "THETA", "Smoothing"]

MOST_WINDOWS = 400
MOST_STEPS = 512
LEAST_STEPS = 30
ALPHAS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.95)
BETAS = (0.02, 0.1, 0.3)
GAMMAS = (0.05, 0.2, 0.5)


class Smoothing(Forecaster):
    """Additive exponential smoothing of a window's past, transformed or not, or the Theta method.

    Settings: kind ("ets", "theta"), trend ("none", "damped", "linear"; of ETS), transform, context.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, chapter 8 (ETS(A, Ad, A));
        Assimakopoulos and Nikolopoulos 2000, Hyndman and Billah 2003 (Theta: smoothing with half the trend as drift).
    """

    export_maker = ("smoothing_inputs", (Part("rows", (None, None)),))

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Choose the parameters on at most 400 windows, evenly spread."""
        self._decide_transform(truth)
        some = evenly(len(split_rows), MOST_WINDOWS)
        if context.chosen is None:
            self.parameters = self._best(dataset, split_rows[some], truth[some])
        else:
            self.parameters = dict(context.chosen["parameters"])
        self._keep_residuals(dataset, split_rows, truth)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The parameters."""
        return {"parameters": dict(self.parameters)}

    def _best(self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """The parameters with the least absolute errors, in the target's units, relative to each target's size."""
        past = self._past(dataset, windows)
        unit = np.nanmean(np.abs(truth - self._back(past[:, -1:])), axis=(0, 1))
        grid: Any
        if self.settings.get("kind") == "theta":
            grid = [{"alpha": alpha} for alpha in ALPHAS]
        else:
            betas = BETAS if self.settings.get("trend", "damped") != "none" else (0.0,)
            gammas = GAMMAS if self.season > 1 else (0.0,)
            grid = [
                {"alpha": alpha, "beta": beta, "gamma": gamma}
                for alpha, beta, gamma in itertools.product(ALPHAS, betas, gammas)
            ]
        losses = []
        for parameters in grid:
            away = np.abs(truth - self._back(self._ahead(past, parameters)))
            losses.append(float(np.nanmean(away / np.maximum(unit, 1e-12))))
        return dict(grid[int(np.argmin(losses))])

    def _past(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        """``(n, steps, n_targets)`` on the scale that is modelled."""
        return self._context(dataset, windows)[0]

    def _ahead(self, past: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
        """Forecasts ``(n, horizon, n_targets)`` on the scale of `past`."""
        return smoothed_ahead(past, parameters, self.settings_of_rows())

    def settings_of_rows(self) -> dict[str, Any]:
        """With how is smoothed."""
        own = {"method": str(self.settings.get("kind")), "trend": str(self.settings.get("trend", "damped"))}
        return super().settings_of_rows() | own | {"parameters": dict(getattr(self, "parameters", {}))}

    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        history, base, _, size = self._context(dataset, windows)
        return np.asarray((self._ahead(history, self.parameters) - base) / size)


def make(task: Task, settings: Mapping[str, Any], seed: int) -> Smoothing:
    """A level, a trend and a season, carried on."""
    return Smoothing(task, settings, seed)


def memory(task: Task) -> int:
    """Steps after which the start of smoothing no longer matters: five seasons, two horizons, or thirty steps."""
    season, horizon = max(int(task.season or 1), 1), int(task.horizon or 1)
    return min(max(5 * season, 2 * horizon, LEAST_STEPS), MOST_STEPS)


def ets_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A damped trend, then the other trends, and transforms."""
    first = {"kind": "ets", "context": memory(task), "trend": "damped", "transform": "none"}
    trends = [{"trend": "none"}, {"trend": "linear"}]
    tried = [{"transform": name, **trend} for name in admitted(facts)[::-1] for trend in ({}, *trends)]
    yield first
    yield from ({**first, **one} for one in tried if {**first, **one} != first)


def theta_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The values as they are, then their transforms."""
    first = {"kind": "theta", "context": memory(task), "transform": "none"}
    yield from draws(first, {}, seed, [{"transform": name} for name in admitted(facts)[:0:-1]])


def too_long(task: Task, facts: Facts) -> str | None:
    """A season that a past of 512 steps does not hold twice cannot be smoothed."""
    return "the season is too long to be smoothed" if 2 * int(task.season or 1) > MOST_STEPS else None


ETS = Baseline(
    "ets", "fast", "sequence", ("forecast",), make, ets_settings, unfit=too_long,
    source="Holt-Winters with a damped trend, Gardner and McKenzie 1985",
    title="exponential smoothing (ETS, damped Holt-Winters)",
)  # fmt: skip
THETA = Baseline(
    "theta", "fast", "sequence", ("forecast",), make, theta_settings, unfit=too_long,
    source="Assimakopoulos and Nikolopoulos 2000, the winner of M3",
    title="Theta method",
)  # fmt: skip
