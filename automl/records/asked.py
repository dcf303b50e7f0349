"""What is asked: a recipe, and how it wants to be searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from automl.records.names import DeviceWish, GoalName, Kind


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How the deep side searches: the keys under ``search:`` in a recipe.

    Attributes:
        oracle: KerasTuner's algorithm: "bayesian", "random", "hyperband" or "grid".
        memory_mib: what a trial may use, and the table an eighth of it; None for most of what is free.
        log: where trials are logged beside the journal: "tensorboard".
        device: "auto", "cpu", "one" (one device a trial) or "all" (each trial over all devices).
        workers: how many trials run at once; more than one through Ray.
        ray_address: of a Ray to run on ("auto", "local", "ray://host:port", "host:port"); None for a Ray of our own
            where there are several workers, and for this process where there is one.
    """

    oracle: Literal["bayesian", "random", "hyperband", "grid"] = "bayesian"
    memory_mib: float | None = None
    log: tuple[str, ...] = ()
    device: DeviceWish = "auto"
    workers: int = 1
    ray_address: str | None = None

    @property
    def uses_ray(self) -> bool:
        """Whether trials run in Ray's workers."""
        return self.workers > 1 or self.ray_address is not None


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One contest as asked for: made alike by the Python call, the command line and a YAML file.

    Attributes:
        data: a path, or an object in memory (frame, array, dict of arrays, pair of inputs and target).
        target: names of target columns; empty for none.
        goal: a member of `GOALS`, or None to detect it.
        label: a column used only to score a goal without target.
        metric: a metric's name, or None to choose by goal.
        test: a path or object holding the test rows, or None to split.
        time_column: column names, or None to detect (time, series) or not to use (group).
        series: column names, or None to detect (time, series) or not to use (group).
        group: column names, or None to detect (time, series) or not to use (group).
        weight: column of sample weights, or an array of shape (n_rows,), or None.
        horizon: steps to forecast, or None to choose by frequency.
        columns: column name → kind, overriding detection.
        budget_seconds: for the whole call.
        max_trials: a further bound on deep trials and shallow fits, each.
        budget_given: the budget was asked for; a resumed run that is given none goes on with what is left of its own.
        templates: deep templates to search; empty for all that fit.
        min_gain: least gain that counts, as a share of the distance from floor to best.
        latency_ms: a finalist must predict one row within this many milliseconds.
        out: run folder, or None for a new one under ``automl-runs``.
        plugins: entry points or (Python only) files that bring more members.
        ensemble: both sides may name a weighted ensemble as finalist.
        search: how the deep side searches.
        json_lines: progress as one JSON object a line on standard error.
        source: where the recipe came from, for messages (``"quickstart.yaml"``, ``"automl.fit"``, ...).
    """

    data: Any
    target: tuple[str, ...] = ()
    goal: GoalName | None = None
    label: str | None = None
    metric: str | None = None
    test: Any = None
    time_column: str | None = None
    series: str | None = None
    group: str | None = None
    weight: Any = None
    horizon: int | None = None
    columns: Mapping[str, Kind] = field(default_factory=dict)
    budget_seconds: float = 300.0
    budget_given: bool = True
    max_trials: int | None = None
    templates: tuple[str, ...] = ()
    seed: int = 0
    min_gain: float = 0.005
    latency_ms: float | None = None
    out: str | None = None
    resume: bool = False
    json: bool = False
    quiet: bool = False
    plugins: tuple[str, ...] = ()
    ensemble: bool = True
    json_lines: bool = False
    search: SearchOptions = SearchOptions()
    source: str = "automl.fit"
