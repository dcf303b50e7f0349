"""What all shallow forecasts share: a point forecast in sizes of the window, and quantiles of its residuals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.description import Description, Part
from automl.baselines.features.plain.forecasts import straightened, window_context
from automl.baselines.features.windows import (
    before,
    calendar,
    covariates,
    known_names,
    moments,
    past_names,
    raw_past,
    starts_of,
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
    export_maker: tuple[str, tuple[Part, ...]] = ("naive_inputs", ())
    """The function that makes what an exported learner reads, and its rows beside base and size."""

    @property
    def n_known_past(self) -> int:
        """Steps before the window of which covariates known ahead are read; 0 where none are read at all."""
        return 0

    @property
    def reads_calendar(self) -> bool:
        """Whether the learner reads waves of the calendar."""
        return False

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

    def sources(self, dataset: Dataset, windows: np.ndarray) -> dict[str, np.ndarray]:
        """What the makers of `automl.baselines.features.plain.forecasts` read of these windows, by the names of
        `described_sources`.
        """
        return self._given(dataset, windows, windows)

    def _given(self, dataset: Dataset, windows: np.ndarray, of_calendar: np.ndarray) -> dict[str, np.ndarray]:
        """The same with the calendar of other rows: waves of all steps take longer than a ridge that reads the first
        alone.
        """
        assert dataset.target is not None
        values = dataset.target.to_numpy(dtype=np.float64)
        given = {self._past_name(): raw_past(values, dataset, windows, self._past_steps())}
        if self.reads_calendar:
            given["calendar"] = calendar(dataset, of_calendar)
        if self.known and self.n_known_past:
            given["known"] = covariates(dataset, self.known, windows)
            rows = before(windows, starts_of(dataset), self.n_known_past)
            given[f"known_{self.n_known_past}"] = covariates(dataset, self.known, rows)
        if getattr(self, "others", None):  # models of before lack it
            rest = covariates(dataset, list(self.others), np.arange(dataset.n_rows))
            given[f"others_{self.steps_of_others}"] = raw_past(rest, dataset, windows, self.steps_of_others)
        return given

    def described_sources(self) -> dict[str, str]:
        """What each of `sources` is."""
        told = {
            self._past_name(): f"the targets of the {self._past_steps()} steps before each window, gaps filled as "
            "docs/export.md says (NaN holds the last value, as the model does without a season); where a series has "
            "fewer its first step, where it has none NaN"
        }
        if self.reads_calendar:
            told["calendar"] = "of each step ahead, what calendar_phases of reader.py makes of its time"
        if self.known and self.n_known_past:
            names = ", ".join(self.known)
            told["known"] = f"of each step ahead, the covariates {names}"
            told[f"known_{self.n_known_past}"] = f"of each of as many steps before the window, the covariates {names}"
        if getattr(self, "others", None):
            told[f"others_{self.steps_of_others}"] = f"of the steps before the window, {', '.join(self.others)}"
        return told

    def settings_of_rows(self) -> dict[str, Any]:
        """What the makers of `automl.baselines.features.plain.forecasts` need beside the sources."""
        has_others = bool(getattr(self, "others", None))
        return {
            "past": self._past_name(), "length": self.length, "span": self.span, "season": self.season,
            "horizon": self.horizon, "recent": getattr(self, "recent", None), "transform": self._transform(),
            "base": str(self.settings.get("base", "last")), "known": bool(self.known),
            "known_past": f"known_{self.n_known_past}", "known_mean": getattr(self, "known_mean", None),
            "known_spread": getattr(self, "known_spread", None),
            "others": f"others_{self.steps_of_others}" if has_others else None,
            "others_mean": getattr(self, "others_mean", None), "others_spread": getattr(self, "others_spread", None),
        }  # fmt: skip

    def describe(self) -> Description:
        """How an exported reader makes what its learner reads."""
        maker, rows = type(self).export_maker  # of the class: a stored model brings attributes of its own
        parts = (*rows, Part("base", (self.horizon, None)), Part("size", (1, None)))
        return Description(
            f"automl.baselines.features.plain.forecasts:{maker}", self.settings_of_rows(), self.described_sources(),
            (), parts,
        )  # fmt: skip

    def _past_steps(self) -> int:
        return max(self.length, self.span + 1)

    def _past_name(self) -> str:
        return f"past_{self._past_steps()}"

    def _context(self, dataset: Dataset, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """History, base forecast, level and size of each window, on the scale that is modelled.

        What is learned is the departure from the base, in sizes: with nothing to learn the base remains.
        """
        assert dataset.target is not None
        values = dataset.target.to_numpy(dtype=np.float64)
        given = {self._past_name(): raw_past(values, dataset, windows, self._past_steps())}
        return window_context(given, self.settings_of_rows())

    def _learn_known(self, dataset: Dataset, windows: np.ndarray) -> None:
        """Moments of the covariates known ahead, of training rows."""
        self.known_mean, self.known_spread = moments(dataset, self.known, windows)

    def _learn_others(self, dataset: Dataset, windows: np.ndarray) -> None:
        """Moments of the covariates whose past is read, of training rows."""
        self.others_mean, self.others_spread = moments(dataset, list(self.others), windows)

    def _straight(self, values: np.ndarray) -> np.ndarray:
        """Values on the scale that is modelled."""
        return straightened(values, self._transform())

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
