"""What all shallow forecasts share: a point forecast in sizes of the window, and quantiles of its residuals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.windows import (
    covariates,
    known_names,
    moments,
    normalised,
    past,
    past_covariates,
    past_names,
)
from automl.goals.shared.contexts import transforms, usual_context
from automl.records import Dataset, Facts, Output, Task

__all__ = ["Forecaster", "admitted", "contexts_for", "evenly", "order_in_time", "residual_quantiles", "with_covariates"]

LEAST_STEPS_OF_OTHERS = 24
"""How far back other columns are read at the least, where the context reaches so far."""


class Forecaster(ABC):
    """What all forecasts share: a point forecast in sizes of the window, and quantiles of its residuals.

    Args:
        task: horizon, season, quantiles, targets.
        settings: see each baseline.
        seed: of subsamples.
    """

    most_others = 256
    """The most numbers that the past of covariates becomes, over all targets."""

    def __init__(self, task: Task, settings: Mapping[str, Any], seed: int) -> None:
        self.horizon = int(task.horizon or 1)
        self.season = max(int(task.season or 1), 1)
        self.levels = [float(q) for q in task.quantiles]
        self.known = known_names(task)
        self.settings = dict(settings)
        self.seed = seed
        self.transform = "none"
        self.residuals: np.ndarray | None = None
        self.span = max(self.season, min(self.horizon, 24), 4)
        self.length = int(settings.get("context", 2 * self.span + 1))
        self.recent = 2 * self.span
        self.others: list[str] = past_names(task) if settings.get("others") else []  # models of before lack it
        room = self.most_others // max(len(self.others) * len(task.target), 1)
        self.steps_of_others = max(1, min(self.length, max(self.span, LEAST_STEPS_OF_OTHERS), room))

    # ---- windows as numbers

    def _context(self, dataset: Dataset, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """History, base forecast, level and size of each window, on the scale that is modelled.

        What is learned is the departure from the base, in sizes: with nothing to learn the base remains.
        """
        history = past(dataset, windows, max(self.length, self.span + 1))
        history = self._straight(history)
        kind = str(self.settings.get("base", "last"))
        level, size = normalised(
            history, "mean" if kind == "mean" else "last", self.span, getattr(self, "recent", None)
        )
        if kind == "season":
            at = history.shape[1] - self.season + np.arange(self.horizon) % self.season
            return history, history[:, at], level, size
        return history, np.repeat(level, self.horizon, axis=1), level, size

    def _learn_known(self, dataset: Dataset, windows: np.ndarray) -> None:
        """Moments of the covariates known ahead, of training rows."""
        self.known_mean, self.known_spread = moments(dataset, self.known, windows)

    def _known_ahead(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Standardised covariates known ahead, of rows of any shape, ``(*rows.shape, n_covariates)``; gaps are 0."""
        values = covariates(dataset, self.known, rows)
        if not hasattr(self, "known_mean"):  # models of before
            return np.asarray(np.nan_to_num(values))
        return np.asarray(np.nan_to_num((values - self.known_mean) / self.known_spread))

    def _learn_others(self, dataset: Dataset, windows: np.ndarray) -> None:
        """Moments of the covariates whose past is read, of training rows."""
        self.others_mean, self.others_spread = moments(dataset, list(self.others), windows)

    def _past_of_others(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        """The latest steps of the covariates whose past is read, ``(n, steps · n_covariates)``, standardised."""
        if not getattr(self, "others", None):
            return np.zeros((len(windows), 0))
        found = past_covariates(
            dataset, list(self.others), windows, self.steps_of_others, self.others_mean, self.others_spread
        )
        return found.reshape(len(windows), -1)

    def _straight(self, values: np.ndarray) -> np.ndarray:
        """Values on the scale that is modelled."""
        transform = self._transform()
        if transform == "log":
            return np.asarray(np.log(np.maximum(values, 1e-12)))
        return np.asarray(np.sqrt(np.maximum(values, 0.0))) if transform == "sqrt" else values

    def _back(self, values: np.ndarray) -> np.ndarray:
        transform = self._transform()
        if transform == "log":
            return np.asarray(np.exp(np.clip(values, -600.0, 600.0)))
        return np.asarray(np.square(np.maximum(values, 0.0))) if transform == "sqrt" else values

    def _transform(self) -> str:
        """Models of before know of logarithms only."""
        return str(getattr(self, "transform", "log" if getattr(self, "log", False) else "none"))

    def _decide_transform(self, truth: np.ndarray) -> None:
        """The transform of the settings, if all known values admit it."""
        wanted = str(self.settings.get("transform", "none"))
        self.transform = wanted if wanted in transforms(truth) else "none"

    def _keep_residuals(self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray, most: int = 4000) -> None:
        """Quantiles of residuals a step and target, in sizes of the window, of so many windows at most."""
        if not self.levels:
            return
        some = evenly(len(windows), most)
        _, base, _, size = self._context(dataset, windows[some])
        z = (self._straight(truth[some]) - base) / size - self._point(dataset, windows[some])
        self.residuals = residual_quantiles(z, self.levels)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """What validation windows decided, for a refit; see `RefittableModel.chosen`."""
        return {}

    @abstractmethod
    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        """Point forecast in sizes from the level, ``(n, horizon, n_targets)``."""

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Point forecasts and quantiles of these windows; their own targets are not read."""
        _, base, _, size = self._context(dataset, rows)
        z = self._point(dataset, rows)
        arrays = {"values": self._back(base + size * z)}
        if self.levels and self.residuals is not None:
            spread = base[..., None] + size[..., None] * (z[..., None] + self.residuals[None])
            arrays["quantiles"] = np.sort(self._back(spread), axis=-1)
        return Output("windows", arrays)


def residual_quantiles(residuals: np.ndarray, levels: list[float]) -> np.ndarray:
    """Quantiles ``(horizon, n_targets, n_levels)`` of known residuals ``(n, horizon, n_targets)``.

    A step that no window knows has those of its target at all steps.
    """
    known = ~np.isnan(residuals)
    if known.all():
        return np.asarray(np.quantile(residuals, levels, axis=0).transpose(1, 2, 0))
    _, horizon, n_targets = residuals.shape
    found = np.zeros((horizon, n_targets, len(levels)))
    for target in range(n_targets):
        for step in range(horizon):
            own = known[:, step, target]
            part = residuals[own, step, target] if own.any() else residuals[..., target][known[..., target]]
            found[step, target] = np.quantile(part, levels) if len(part) else 0.0
    return found


def order_in_time(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Numbers that grow with time."""
    if dataset.times is None:
        return rows.astype(np.float64)
    return np.asarray(dataset.times[rows].astype("datetime64[ns]").astype(np.int64), dtype=np.float64)


def evenly(n: int, most: int) -> np.ndarray:
    """At most `most` of ``0 .. n-1``, evenly spread, the last among them."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).round().astype(np.int64))


def contexts_for(task: Task, facts: Facts) -> list[int]:
    """The contexts to choose among: the one to start with, then the others, the longest first."""
    if not facts.contexts:
        return [usual_context(int(task.horizon or 1), max(int(task.season or 1), 1))]
    return [facts.start_context, *(steps for steps in facts.contexts[::-1] if steps != facts.start_context)]


def admitted(facts: Facts) -> list[str]:
    """The transforms to choose among."""
    return list(facts.transforms)


def with_covariates(task: Task) -> list[dict[str, bool]]:
    """The settings to try next that read the past of covariates too; none where there are no such covariates."""
    return [{"others": True}] if past_names(task) else []
