"""Records of what the user asks for: the recipe and its search options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl.records.names import DeviceWish, GoalName, Kind, PrecisionWish

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How the deep side searches: the keys under ``search:`` in a recipe.

    Attributes:
        oracle: KerasTuner's algorithm: "bayesian", "random", "hyperband" or "grid".
        memory_mib: memory that one trial may use; the table may use an eighth of it. None for most of the free memory.
        log: where trials are logged in addition to the journal: "tensorboard", "mlflow".
        device: "auto", "cpu", "one" (one device per trial) or "all" (each trial on all devices).
        precision: "float32", "mixed_bfloat16", or "auto": as the device policy says (a short trial of
            both on some processors).
        workers: number of trials that run at once; more than one needs Ray.
        ray_address: address of the Ray cluster to use ("auto", "local", "ray://host:port", "host:port"). None means
            this process where there is one worker, and a Ray started by automl where there are several.
    """

    oracle: Literal["bayesian", "random", "hyperband", "grid"] = "bayesian"
    memory_mib: float | None = None
    log: tuple[str, ...] = ()
    device: DeviceWish = "auto"
    precision: PrecisionWish = "auto"
    workers: int = 1
    ray_address: str | None = None

    @property
    def uses_ray(self) -> bool:
        """Whether trials run in Ray's workers."""
        return self.workers > 1 or self.ray_address is not None


@dataclass(frozen=True, slots=True)
class Costs:
    """What using a model costs: the keys under ``costs:`` in a recipe.

    Attributes:
        retrains_per_year: how often the finalist is fitted again, with all its seeds.
        predictions_per_year: number of rows that are predicted, in batches.
        false_alarm: cost of predicting the positive class where it is not, in any unit.
        miss: cost of not predicting the positive class where it is, in the same unit.
        power_watts: power that the busy processor is taken to draw.
        price_per_kwh: price of a kilowatt-hour, in any currency.
    """

    retrains_per_year: float = 12.0
    predictions_per_year: float = 1_000_000.0
    false_alarm: float = 1.0
    miss: float = 1.0
    power_watts: float = 65
    price_per_kwh: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One contest as the user asks for it: the same from Python, the command line and a YAML file.

    Attributes:
        data: a path, or an object in memory (frame, array, dict of arrays, pair of inputs and target).
        target: names of target columns; empty for none.
        goal: a member of `GOALS`, or None to detect it.
        label: a column used only to score a goal without target.
        normal: value of the label whose rows alone are learnt from; None for all rows.
        void: value of a mask whose pixels have no class, -1 if all have one; None to detect it.
        contamination: share of rows that raise an alarm, or None to choose it on validation rows.
        dims: how many numbers represent a row; None to choose by modality.
        condition: column (or "label") given whose values items are generated and scored, or None.
        memorised_limit: a generator is not recommended if a larger share of its rows repeats training rows.
        metric: a metric's name, or None to choose by goal.
        test: a path or object holding the test rows, or None to split.
        time_column: name of the column of times, or None to detect it.
        series: name of the column that names the series of a panel, or None to detect it.
        group: name of the column of groups, or None for no groups.
        weight: column of sample weights, or an array of shape (n_rows,), or None.
        horizon: steps to forecast, or None to choose by frequency.
        season: steps of a season of a forecast, also those by which MASE scales; None for the calendar's.
        known: names of covariates of a forecast whose future values are known when it is made.
        columns: kind of each column by name, overriding detection.
        drop: names of columns that are not read as inputs.
        budget_seconds: time for the whole call.
        budget_given: whether the user gave the budget; without one, a resumed run continues with the rest of its own.
        max_trials: the most deep trials, and the most shallow fits; None for no such bound.
        templates: deep templates to search; empty for all that fit the task.
        pretrained: folder of a backbone whose vectors of texts or pictures both sides read, or None.
        pretrain: whether rows without a target are used by both sides: to pretrain networks, and as the settings of
            shallow models say.
        min_gain: smallest gain that counts, as a share of the distance from the floor's score to the best score.
        repeats: number of further splits on which both finalists are fitted and compared again; 0 for none.
        fold_pairs: number of folds on which both finalists are fitted again, so that out-of-fold pairs of predictions
            decide in place of the test; 0 for none.
        analysis: share of the budget for what is measured of both finalists after the verdict; 0 for nothing.
        sensitive: names of columns by whose groups both sides are compared; they may be among the inputs or dropped.
        latency_ms: a finalist must predict one row within this many milliseconds; None for no bound.
        fail_on: conditions on the result under which the command ends with exit code 3
            (`automl.recipe.parse_fail_on`); None for none.
        out: run folder, or None for a new one under ``automl-runs``.
        plugins: entry points or (Python only) files that add templates, baselines, metrics and so on.
        ensemble: whether both sides may name a weighted ensemble as finalist.
        search: how the deep side searches.
        costs: how much the model is used, for its total cost.
        json_lines: whether progress is one JSON object per line on standard error.
        source: where the recipe came from, for messages (``"quickstart.yaml"``, ``"automl.fit"``, ...).
        file: path of the YAML file that was run, as the user wrote it; None without one.
        replaced: keys of that file which the user replaced, and by what; those under ``search`` beside the others.
    """

    data: Any
    target: tuple[str, ...] = ()
    goal: GoalName | None = None
    label: str | None = None
    normal: str | None = None
    contamination: float | None = None
    void: int | None = None
    dims: int | None = None
    condition: str | None = None
    memorised_limit: float = 0.25
    metric: str | None = None
    test: Any = None
    time_column: str | None = None
    series: str | None = None
    group: str | None = None
    weight: Any = None
    horizon: int | None = None
    season: int | None = None
    known: tuple[str, ...] = ()
    columns: Mapping[str, Kind] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    budget_seconds: float = 300.0
    budget_given: bool = True
    max_trials: int | None = None
    templates: tuple[str, ...] = ()
    pretrained: str | None = None
    pretrain: bool = False
    seed: int = 0
    min_gain: float = 0.005
    repeats: int = 0
    fold_pairs: int = 0
    analysis: float = 0.15
    sensitive: tuple[str, ...] = ()
    latency_ms: float | None = None
    fail_on: str | None = None
    out: str | None = None
    resume: bool = False
    json: bool = False
    quiet: bool = False
    plugins: tuple[str, ...] = ()
    ensemble: bool = True
    json_lines: bool = False
    search: SearchOptions = SearchOptions()
    costs: Costs = Costs()
    source: str = "automl.fit"
    file: str | None = None
    replaced: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FixedSettings:
    """Settings that a side fits as they are, without a search.

    Attributes:
        family: name of the template or baseline.
        settings: its hyperparameters, knobs included.
    """

    family: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """An earlier contest whose finalists' settings a contest took over.

    Attributes:
        folder: of its run, as it was given.
        fingerprint: of its data.
        started: when it began (ISO 8601), or "".
        n_rows: rows or windows that trained, validated and tested.
        metric: that decided.
        verdict: deep, shallow, tie, or None.
        recommended: side of the recommended model.
        score: test score of the recommended model, or None.
        gain: of deep over shallow, or None.
    """

    folder: str
    fingerprint: str
    started: str
    n_rows: int
    metric: str
    verdict: str | None
    recommended: str
    score: float | None
    gain: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Inherited:
    """What a contest without a search takes over from an earlier one.

    Attributes:
        settings: side → settings of its finalist's members.
        lineage: the earlier contests, oldest first.
        n_new: rows that are new.
        command: the update as a command; "" if none can do the same.
        python: the update as a call in Python.
        chose: ``(n,)`` bool of the rows of the data by their position: whether they trained or validated in the earlier
            contest, or repeat a row that did; None where none of them may test.
        n_repeats: new rows that repeat an old row word for word.
    """

    settings: Mapping[str, tuple[FixedSettings, ...]]
    lineage: tuple[Ancestor, ...] = ()
    n_new: int = 0
    command: str = ""
    python: str = ""
    chose: np.ndarray | None = None
    n_repeats: int = 0
