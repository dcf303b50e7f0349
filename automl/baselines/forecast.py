"""Forecasts: naive and seasonal naive; lagged ridge; lagged boosted trees; quantiles from residuals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.description import Part
from automl.baselines.features.plain.forecasts import boosting_rows, ridge_rows
from automl.baselines.forecaster import (
    Forecaster,
    admitted,
    contexts_for,
    evenly,
    order_in_time,
    with_covariates,
)
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting
from automl.baselines.model import draws
from automl.records import Baseline, Dataset, Facts, FitContext, Task

__all__ = ["LAGGED_BOOSTING", "LAGGED_RIDGE", "NAIVE", "SEASONAL_NAIVE"]

MAX_CELLS = 120_000
MOST_WINDOWS = 20_000
MOST_WINDOWS_OF_A_CHECKPOINT = 300
"""Whose residuals give quantiles while trees still grow, some ten times in a fit."""
MOST_WITH_GAPS = 5_000
"""Where steps are not known everywhere, each of them is solved on rows of its own."""


class Naive(Forecaster):
    """The last value, or the value one season before, repeated; learns nothing but its residuals."""

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Residual quantiles on training windows."""
        self._keep_residuals(dataset, split_rows, truth)

    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        return np.zeros_like(self._context(dataset, windows)[1])


class LaggedRidge(Forecaster):
    """One ridge for all steps on normalised lags, calendar and covariates; one model for all series.

    Settings: context (lags), base, transform, apart (each target alone, all sharing one model), others (whether it
    reads the past of covariates).
    """

    export_maker = ("ridge_inputs", (Part("rows", (None, None)),))

    @property
    def reads_calendar(self) -> bool:
        """Always."""
        return True

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit on at most 20,000 windows (5,000 where targets have gaps), evenly spread."""
        self._decide_transform(truth)
        most = MOST_WITH_GAPS if np.isnan(truth).any() else MOST_WINDOWS
        some = evenly(len(split_rows), int(self.settings.get("rows", most)))
        self._learn_known(dataset, split_rows[some])
        self._learn_others(dataset, split_rows[some])
        X, Y = self._table(dataset, split_rows[some], truth[some])
        self.center = X.mean(axis=0)
        spread = X.std(axis=0)
        self.scale = np.where(spread > 1e-9, spread, 1.0)
        X = (X - self.center) / self.scale
        w = None if weight is None else np.repeat(weight[some], len(X) // len(some))
        strengths = self._judged(dataset, split_rows[some], X, Y, w, context)
        self.linear = Linear("regression", 0, "ridge", strengths, choose="loo")
        self.linear.fit(X, Y, w, None, None, dataclasses.replace(context, chosen=None), lambda: None)
        self._keep_residuals(dataset, split_rows, truth)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The strength."""
        return {"strength": self.linear.strength}

    def _judged(self, dataset: Dataset, windows: np.ndarray, X: np.ndarray, Y: np.ndarray, w: np.ndarray | None,
                context: FitContext) -> list[float]:  # fmt: skip
        """The strength that is best on later windows; leaving single windows out says little, since they overlap."""
        if context.chosen is not None:
            return [float(context.chosen["strength"])]
        strengths = [float(s) for s in np.geomspace(1e-4, 100.0, 13)]
        first, last = order_in_time(dataset, windows[:, 0]), order_in_time(dataset, windows[:, -1])
        late = np.repeat(first >= np.quantile(first, 0.75), len(X) // len(windows))
        early = np.repeat(last < np.quantile(first, 0.75), len(X) // len(windows))
        enough = context.valid_rows is not None and context.valid_truth is not None and len(context.valid_rows) >= 20
        judge = Linear("regression", 0, "ridge", strengths, choose="valid")
        if enough:
            assert context.valid_rows is not None and context.valid_truth is not None
            V, valid_truth = self._table(dataset, context.valid_rows, context.valid_truth)
            judge.fit(X, Y, w, (V - self.center) / self.scale, valid_truth, context, lambda: None)
        elif early.sum() >= 10 and late.sum() >= 5:
            judge.fit(X[early], Y[early], None if w is None else w[early], X[late], Y[late], context, lambda: None)
        return strengths if judge.strength is None else [judge.strength]

    @property
    def n_known_past(self) -> int:
        """As long as the span."""
        return self.span

    def settings_of_rows(self) -> dict[str, Any]:
        """With the scale of the rows."""
        own = {name: getattr(self, name, None) for name in ("center", "scale")}
        return super().settings_of_rows() | own | {"apart": bool(self.settings.get("apart", True))}

    def _features(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        return ridge_rows(self._given(dataset, windows, windows[:, :1]), self.settings_of_rows())

    def _table(self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        _, base, _, size = self._context(dataset, windows)
        z = np.clip((self._straight(truth) - base) / size, -50, 50)
        if self.settings.get("apart", True):
            return self._features(dataset, windows), z.transpose(0, 2, 1).reshape(-1, self.horizon)
        return self._features(dataset, windows), z.reshape(len(z), -1)

    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        z = self.linear.predict((self._features(dataset, windows) - self.center) / self.scale)
        if self.settings.get("apart", True):
            return z.reshape(len(windows), -1, self.horizon).transpose(0, 2, 1)
        return z.reshape(len(windows), self.horizon, -1)


class LaggedBoosting(Forecaster):
    """Boosted trees that see the step ahead as a column; one model for all steps, targets and series.

    Settings: context, base, transform, others, and those of `Boosting`. Of a long context it sees the latest steps one
    by one, the steps before as means, and the values one context before the step.
    """

    most_others = 64
    export_maker = ("boosting_inputs", (Part("rows", (None, None)),))

    @property
    def reads_calendar(self) -> bool:
        """Always."""
        return True

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit on at most 120,000 known cells (window, step, target), evenly spread windows."""
        self._decide_transform(truth)
        cells = self.horizon * truth.shape[2]
        some = evenly(len(split_rows), int(self.settings.get("rows", max(MAX_CELLS // cells, 200))))
        self._learn_others(dataset, split_rows[some])
        X, y = self._cells(dataset, split_rows[some], truth[some])
        w = None if weight is None else np.repeat(weight[some], cells)[~np.isnan(truth[some]).ravel()]
        V, v = None, None
        if context.valid_rows is not None and context.valid_truth is not None:
            V, v = self._cells(dataset, context.valid_rows, context.valid_truth)
        self.boosting = Boosting("regression", 0, self.settings, self.seed)

        def complete() -> None:
            if context.checkpoint is not None:  # one that a deadline leaves has quantiles, too
                self._keep_quantiles(dataset, split_rows, truth, context, MOST_WINDOWS_OF_A_CHECKPOINT)
                context.checkpoint(self)

        self.boosting.fit(X, y[:, None], w, V, None if v is None else v[:, None], context, complete)
        self._keep_quantiles(dataset, split_rows, truth, context)

    def _keep_quantiles(
        self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray, context: FitContext, most: int = 4000
    ) -> None:
        """Quantiles of the residuals: those that were chosen before, else of validation windows or of training ones."""
        if context.chosen is not None and context.chosen["residuals"] is not None:
            self.residuals = np.asarray(context.chosen["residuals"])  # of windows that a model had not learnt from
            return
        few = context.valid_rows is None or context.valid_truth is None or len(context.valid_rows) < 20
        self.judged = not few
        if few:  # too few held-out windows to take quantiles of
            self._keep_residuals(dataset, windows, truth, most)
        else:
            assert context.valid_rows is not None and context.valid_truth is not None
            self._keep_residuals(dataset, context.valid_rows, context.valid_truth, most)

    @property
    def stopped(self) -> str:
        """Why growing stopped early, or an empty string."""
        return self.boosting.stopped

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """Rounds of the trees; quantiles of the residuals, if validation windows gave them."""
        return {**self.boosting.chosen(growth), "residuals": self.residuals if getattr(self, "judged", True) else None}

    @property
    def n_known_past(self) -> int:
        """As long as a season."""
        return self.season

    def _features(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        """One row a (window, step, target)."""
        return boosting_rows(self.sources(dataset, windows), self.settings_of_rows())

    def _cells(self, dataset: Dataset, windows: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and departures of the cells that are known."""
        _, base, _, size = self._context(dataset, windows)
        departures = np.clip((self._straight(truth) - base) / size, -50, 50).ravel()
        known = ~np.isnan(departures)
        return self._features(dataset, windows)[known], departures[known]

    def _point(self, dataset: Dataset, windows: np.ndarray) -> np.ndarray:
        z = self.boosting.predict(self._features(dataset, windows))
        return z.reshape(len(windows), self.horizon, -1)


def naive(task: Task, settings: Mapping[str, Any], seed: int) -> Naive:
    """Repeat the last value or season."""
    return Naive(task, settings, seed)


def naive_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The last value, repeated: the forecast of a random walk (Hyndman & Athanasopoulos 2021, section 5.2)."""
    yield {"base": "last"}


def seasonal_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The value of one season before, repeated (Hyndman & Athanasopoulos 2021, section 5.2)."""
    yield {"base": "season"}


def ridge(task: Task, settings: Mapping[str, Any], seed: int) -> LaggedRidge:
    """Direct forecasts of all steps at once."""
    return LaggedRidge(task, settings, seed)


def lengths(task: Task) -> list[int]:
    """How far back lags may reach."""
    season, horizon = max(int(task.season or 1), 1), int(task.horizon or 1)
    base = max(season, min(horizon, 48), 6)
    return [min(base + 1, 200), min(2 * base + 1, 300), min(3 * base + 1, 400)]


def bases(task: Task) -> list[str]:
    """What the departure may be learned from."""
    return ["season", "season", "last", "mean"] if (task.season or 1) > 1 else ["last", "last", "mean"]


def base_of(task: Task) -> str:
    """The season before where there is one, else the last value."""
    return bases(task)[0]


def ridge_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Two seasons of lags first; then other lengths, bases, logarithms, targets together."""
    short, middle, long = lengths(task)
    several, reading = len(task.target) > 1, with_covariates(task)
    first = {"context": middle, "base": base_of(task), "transform": "none", "apart": True}
    options: dict[str, Any] = {"context": [short, middle, long], "base": bases(task), "transform": admitted(facts)}
    options |= {"apart": [True, False]} if several else {}
    options |= {"others": [True, False]} if reading else {}
    yield from draws(first, options, seed, reading)


def boosting(task: Task, settings: Mapping[str, Any], seed: int) -> LaggedBoosting:
    """Direct forecasts, the step being a column."""
    return LaggedBoosting(task, settings, seed)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Two seasons of lags and absolute errors first, as MASE counts them."""
    contexts = contexts_for(task, facts)
    first = {
        "context": contexts[0], "base": base_of(task), "transform": "none",
        "learning_rate": 0.08, "max_leaf_nodes": 31,
        "min_samples_leaf": 20, "l2_regularization": 0.0, "max_features": 0.5, "max_iter": 300, "patience": 30,
        "loss": "squared_error" if task.metric in ("rmse", "r2") else "absolute_error",
    }  # fmt: skip
    options: dict[str, Any] = {
        "context": contexts, "base": bases(task), "transform": admitted(facts),
        "learning_rate": (0.02, 0.2), "max_leaf_nodes": (6, 64), "min_samples_leaf": (5, 100),
        "l2_regularization": [0.0, 1.0, 10.0], "max_features": [1.0, 0.5, 0.3],
        "loss": ["absolute_error", "squared_error"],
    }  # fmt: skip
    reading = with_covariates(task)
    options |= {"others": [True, False]} if reading else {}
    yield from draws(first, options, seed, reading)


def no_season(task: Task, facts: Facts) -> str | None:
    """With a season of one step the seasonal naive forecast is the naive one."""
    return "the season is one step: the same as naive" if (task.season or 1) <= 1 else None


NAIVE = Baseline(
    "naive",
    "floor",
    "sequence",
    ("forecast",),
    naive,
    naive_settings,
    source="last value",
    title="last value repeated (naive forecast)",
)
SEASONAL_NAIVE = Baseline(
    "seasonal_naive", "floor", "sequence", ("forecast",), naive, seasonal_settings, unfit=no_season,
    source="value one season before",
    title="last season repeated (seasonal naive forecast)",
)  # fmt: skip
LAGGED_RIDGE = Baseline(
    "lagged_ridge", "fast", "sequence", ("forecast",), ridge, ridge_settings,
    source="direct multi-step regression, Ben Taieb et al. 2012", turn=1,
    title="ridge regression on lags (sklearn Ridge)",
)  # fmt: skip
LAGGED_BOOSTING = Baseline(
    "lagged_boosting", "strong", "sequence", ("forecast",), boosting, boosting_settings,
    source="global boosted trees, as the winners of M5 (Makridakis et al. 2022)",
    title="gradient-boosted trees on lags (sklearn HistGradientBoosting)",
)  # fmt: skip
