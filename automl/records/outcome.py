"""What came out: runs and their costs, the comparison, and what the report is made of."""

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


# What parts two costs in use, most telling first, and the ratio up to which a difference is noise.
CHEAPER_BY: tuple[tuple[Literal["predict_ms", "size_mib"], float], ...] = (("predict_ms", 1.1), ("size_mib", 1.0))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run costs. Times in seconds or milliseconds, memory and size in MiB; None where not measured."""

    fit_seconds: float = 0.0
    offered_seconds: float = 0.0
    predict_ms: float | None = None
    rows_per_second: float | None = None
    peak_mib: float | None = None
    size_mib: float | None = None
    n_parameters: int | None = None

    def cheaper_than(self, other: Cost) -> Literal["predict_ms", "size_mib"] | None:
        """By what this costs less in use: a row's time by more than a tenth, or else size; None where it does not."""
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
    """One contestant's one setting, deep and shallow alike: the rows of `result.json`.

    Attributes:
        name: unique, such as "mlp-3" or "boosting-1".
        family: the template's or baseline's name.
        choices: its settings, knobs included, plain values.
        curve: per epoch dicts {"epoch", "seconds", "loss", "valid_score"} (deep) or per round (shallow, may be empty).
        at_seconds: clock time since the call when the run ended (for "score over time").
        failure: why it failed or was cut, in words.
        n_holdouts: hold-outs whose mean `valid_score` is; 1 where one part of the rows validates, and for a trial that
            was not examined on the others (such a one stands behind those that were).
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
class Comparison:
    """The verdict and the figures that it rests on.

    Attributes:
        verdict: deep, shallow or tie.
        reason: better, equivalent or undecided.
        gain: test score of deep minus shallow, turned so that positive means that deep is better.
        interval: (low, high) of the gain.
        level: its confidence level.
        least_gain: min_gain × distance from the floor's to the best possible score, in the metric's units.
        recommended: a run's name.
        n_units: test units resampled.
        seeds: number of seeds crossed in.
        p_value: of the exact paired test, where one was asked for.
        sentences: two, for a manager.
        notes: further plain sentences (one seed only, too few units, ...).
    """

    verdict: Literal["deep", "shallow", "tie"]
    reason: Literal["better", "equivalent", "undecided"]
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


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A finalist's, the blend's or the floor's predictions on test rows: what compare and report read.

    Attributes:
        run: the run's name.
        side: its side.
        output: the finalist's own test predictions (its seeds averaged).
        per_seed: test predictions of each seed.
        valid_output: on validation rows (calibration, thresholds).
    """

    run: str
    side: Side
    output: Output
    per_seed: tuple[Output, ...] = ()
    valid_output: Output | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """All that a report section sees.

    Attributes:
        truth: of the scored test items, as metrics read them.
        weight: of the scored test items, as metrics read them.
        context: of the scored test items, as metrics read them.
        higher_is_better: of the metric.
        contestants: finalists, the blend where there is one, and the floor.
        examples: test items as the user's own, in test order, for "worst errors": a frame of raw input columns, or
            an array of images ``(n, h, w[, c])`` uint8 or of sequences; None when not kept.
        test_rows: ``(n,)`` positions in the user's file of the scored test items (first row of a window).
        history: forecast only, mapping with "values" ``(n_windows, context, n_targets)`` before each window,
            "times" ``(n_windows, horizon)``.
        clock: "budget_seconds", "wall_seconds", "started" (ISO), phases and what each side was offered and spent.
        reproduce: "command", "python", "recipe" texts, "versions" mapping, "machine" mapping.
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
        order: place on the page, ascending.
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
