"""Records of the results: runs and their costs, the comparison, and the input of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl.records.asked import Recipe
from automl.records.data import Finding, Split, Task
from automl.records.names import Side, Status
from automl.records.network import Output

if TYPE_CHECKING:
    import numpy as np


# The costs by which two models are compared in use, most important first, each with the ratio that may be noise.
CHEAPER_BY: tuple[tuple[Literal["predict_ms", "size_mib"], float], ...] = (("predict_ms", 1.1), ("size_mib", 1.0))


@dataclass(frozen=True, slots=True)
class Cost:
    """The costs of a run: times in seconds or milliseconds, memory and size in MiB; None if not measured."""

    fit_seconds: float = 0.0
    offered_seconds: float = 0.0
    predict_ms: float | None = None
    rows_per_second: float | None = None
    peak_mib: float | None = None
    size_mib: float | None = None
    n_parameters: int | None = None

    def cheaper_than(self, other: Cost) -> Literal["predict_ms", "size_mib"] | None:
        """The cost by which this run is cheaper in use than the other; None if it is not cheaper.

        Prediction time decides if the two differ by more than a tenth, otherwise size.
        """
        for what, noise in CHEAPER_BY:
            own, others = getattr(self, what), getattr(other, what)
            if own is None or others is None:
                continue
            if own * noise < others:
                return what
            if others * noise < own:
                return None
        return None


@dataclass(frozen=True, slots=True)
class Run:
    """One setting of a template or baseline that was fitted: a row of `result.json`, for deep and shallow alike.

    Attributes:
        name: unique, such as "mlp-3" or "boosting-1".
        family: the template's or baseline's name.
        choices: its settings, knobs included, as plain values.
        curve: dicts {"epoch", "seconds", "loss", "valid_score"} for each epoch (deep), or for each round (shallow, may
            be empty).
        at_seconds: seconds since the call at which the run ended (for "score over time").
        failure: why it failed or was cut, in words.
        n_holdouts: number of hold-outs over which `valid_score` is the mean. It is 1 if there is only one hold-out, and
            for a trial that was not judged on the others (such a trial ranks behind those that were).
    """

    name: str
    side: Side
    status: Status
    family: str
    finalist: bool = False
    valid_score: float | None = None
    test_score: float | None = None
    cost: Cost = Cost()
    n_seeds: int = 1
    device: str = "cpu"
    choices: Mapping[str, Any] = field(default_factory=dict)
    curve: tuple[Mapping[str, float], ...] = ()
    at_seconds: float = 0.0
    failure: str | None = None
    n_holdouts: int = 1


@dataclass(frozen=True, slots=True)
class WouldDecide:
    """What would decide an undecided comparison, if the difference is the one measured; each alone.

    Attributes:
        test_units: number of test units in all; None if no number of them would.
        seeds: number of seeds a side in all; None if no number of them would, or a few are not enough.
        minutes: time to fit these further seeds of both finalists; None if not known.
    """

    test_units: int | None = None
    seeds: int | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict and the figures that it is based on.

    Attributes:
        verdict: deep, shallow or tie.
        reason: better, equivalent, undecided, or one_sided where one side has no finalist.
        gain: difference of the test scores of deep and shallow, with the sign that is positive if deep is better.
        interval: confidence interval (low, high) of the gain.
        level: its confidence level.
        least_gain: min_gain × distance from the floor's score to the best possible score, in the metric's units.
        recommended: name of the recommended run.
        n_units: number of test units that were resampled.
        seeds: number of seeds that were resampled together with the units.
        p_value: of the exact paired test, if one was made.
        sentences: two sentences for a manager.
        notes: further plain sentences (one seed only, too few units, ...).
        parts: variances of the gain that make up the interval, by cause: "test" (the units that were resampled),
            "time" (shocks that all series of a panel share), "deep_seeds" and "shallow_seeds". The first two shrink
            with the number of test units, the others with the number of seeds.
        quantile: by how many standard deviations the interval reaches to each side, on average.
        lacking: what the shallow score lacks to the best possible one (its error), to which gains may be related.
        would_decide: what would decide it, where it is undecided.
    """

    verdict: Literal["deep", "shallow", "tie"]
    reason: Literal["better", "equivalent", "undecided", "one_sided"]
    recommended: str
    gain: float | None
    interval: tuple[float, float] | None
    level: float
    least_gain: float | None
    n_units: int
    seeds: int
    p_value: float | None = None
    sentences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    quantile: float | None = None
    lacking: float | None = None
    would_decide: WouldDecide | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """Test predictions of a finalist, the blend or the floor, for the verdict and the report.

    Attributes:
        run: name of the run.
        side: its side.
        output: test predictions, the mean over its seeds.
        per_seed: test predictions of each seed.
        valid_output: predictions that models of the same settings made for items they had not learnt from.
        valid_items: the items of `valid_output`, the same for both sides: validation items, or all items of the folds.
    """

    run: str
    side: Side
    output: Output
    per_seed: tuple[Output, ...] = ()
    valid_output: Output | None = None
    valid_items: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Everything that a report section can read.

    Attributes:
        truth: truth of the scored test items, as metrics read it.
        weight: weights of the scored test items, or None.
        context: context of the metrics for the scored test items, see `Metric.fn`.
        higher_is_better: whether a higher score of the metric is better.
        contestants: finalists, the blend if there is one, and the floor.
        examples: the test items as the user gave them, in test order, for "worst errors": a frame of raw input columns,
            or an array of images ``(n, h, w[, c])`` uint8 or of sequences; None if they were not kept.
        test_rows: ``(n,)`` position in the user's file of each scored test item (for a window, of its first row).
        history: forecast only: a mapping with "values" ``(n_windows, context, n_targets)`` before each window, and
            "times" ``(n_windows, horizon)``.
        clock: "budget_seconds", "wall_seconds", "started" (ISO), phases, and the seconds offered to and spent by each
            side.
        reproduce: the texts "command", "python" and "recipe", and the mappings "versions" and "machine".
        stopped: why the run ended: "budget", "max_trials", "exhausted" or "interrupt".
    """

    recipe: Recipe
    name: str
    task: Task
    split: Split
    runs: tuple[Run, ...]
    comparison: Comparison
    findings: tuple[Finding, ...]
    truth: np.ndarray
    contestants: tuple[Contestant, ...]
    higher_is_better: bool
    weight: np.ndarray | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    examples: Any = None
    test_rows: np.ndarray | None = None
    history: Mapping[str, Any] | None = None
    clock: Mapping[str, Any] = field(default_factory=dict)
    reproduce: Mapping[str, Any] = field(default_factory=dict)
    stopped: str = "budget"
    automl_version: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One part of the report.

    Attributes:
        title: heading.
        order: position on the page; lower comes first.
        collect: ``collect(outcome) -> plain dict or None`` (JSON types only; None leaves the section out).
        template: Jinja source that turns the dict into HTML (autoescaped).
        markdown: Jinja source that turns the same dict into Markdown.
    """

    name: str
    title: str
    order: int
    collect: Callable[[Outcome], dict[str, Any] | None]
    template: str
    markdown: str
