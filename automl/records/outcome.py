"""Records of the results: runs and their costs, the comparison, and the input of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl.records.asked import Inherited, Recipe
from automl.records.data import Finding, Split, Task
from automl.records.names import Cause, Side, Status, Stopped
from automl.records.network import Output

if TYPE_CHECKING:
    import numpy as np


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
        hours_per_year: total cost in CPU hours a year at the user's rates (`Costs`): of finalists, blend and floor.
        refitted: of a finalist: each seed is a fit of the same settings on training and validation rows. Otherwise its
            models learnt from training rows alone. `valid_score` is always that of the fit on training rows.
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
    refitted: bool = False
    hours_per_year: float | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much one contestant leads another on validation rows.

    Attributes:
        gain: difference of the scores, positive where the first is better.
        noise: standard error of the gain over the validation units, paired; None where it cannot be measured.
    """

    gain: float
    noise: float | None = None

    @property
    def is_beyond_noise(self) -> bool:
        """Whether the first is better by more than one standard error."""
        return self.noise is not None and self.gain > self.noise


@dataclass(frozen=True, slots=True)
class Champion:
    """What validation rows say of the contestants. It is settled before any test row is scored.

    Attributes:
        side: the champion: deep, shallow or blend; the floor where no side has a finalist.
        better: the side of the better finalist; None where no side has a finalist.
        scores: validation score by side. That of the blend is the better side's score with `blend_lead` added.
        deep_lead: lead of the deep finalist over the shallow one; None where a side has no finalist.
        blend_lead: lead of the blend over the better side, on rows that its weight was not chosen by; None where there
            is no blend or there are too few rows to tell.
        weight_of_deep: weight of the deep finalist in the blend, chosen on all validation rows.
        n_items: number of validation items.
    """

    side: Side
    better: Side | None = None
    scores: Mapping[Side, float] = field(default_factory=dict)
    deep_lead: Lead | None = None
    blend_lead: Lead | None = None
    weight_of_deep: float | None = None
    n_items: int = 0


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
class FoldPairs:
    """What out-of-fold pairs say: both finalists' settings, fitted on all rows but a fold, predict that fold.

    Attributes:
        asked: number of folds that the user wants.
        n_folds: number of folds that were made; with 0 the test rows decide.
        n_items: number of rows that were predicted, test rows among them.
        n_chose: number of rows that are never predicted, since settings were chosen by them.
        verdict: by these pairs alone.
        reason: by these pairs alone.
        scores: of both finalists' settings on all of these rows, by side.
        gain: of deep over shallow.
        interval: of the gain.
        level: its confidence level.
        least_gain: least gain that counts.
        p_value: of the exact paired test, if one was made.
        test_verdict: what the test rows alone say.
        test_reason: the reason of that.
        note: all of this in sentences.
    """

    asked: int
    n_folds: int = 0
    n_items: int = 0
    n_chose: int = 0
    verdict: Literal["deep", "shallow", "tie"] | None = "tie"
    reason: Literal["better", "equivalent", "undecided", "one_sided", "no_label"] = "undecided"
    scores: Mapping[Side, float] = field(default_factory=dict)
    gain: float | None = None
    interval: tuple[float, float] | None = None
    level: float = 0.95
    least_gain: float | None = None
    p_value: float | None = None
    test_verdict: Literal["deep", "shallow", "tie"] | None = "tie"
    test_reason: Literal["better", "equivalent", "undecided", "one_sided", "no_label"] = "undecided"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict and the figures that it is based on.

    Verdict, reason, recommendation and sentences are those of the test, or of out-of-fold pairs where these were asked
    for and made. All other figures are those of the test.

    Attributes:
        verdict: deep, shallow or tie; None without a label that tells test rows apart.
        reason: better, equivalent, undecided, one_sided where one side has no finalist, or no_label where no label
            tells test rows apart.
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
        champion: what validation rows say, named before any test row is scored.
        why: why the recommended run is recommended, a sentence.
        says_why: whether the sentences give that reason already.
        crossing: predictions a year at which both finalists cost the same in total; None where one of them is the
            cheaper at any number.
        parts: variances of the gain that make up the interval, by cause: "test" (the units that were resampled),
            "time" (shocks that all series of a panel share), "deep_seeds" and "shallow_seeds". The first two shrink
            with the number of test units, the others with the number of seeds.
        quantile: by how many standard deviations the interval reaches to each side, on average.
        lacking: what the shallow score lacks to the best possible one (its error), to which gains may be related.
        would_decide: what would decide it, where it is undecided.
        fold_pairs: what out-of-fold pairs say; None if none were asked for.
    """

    verdict: Literal["deep", "shallow", "tie"] | None
    reason: Literal["better", "equivalent", "undecided", "one_sided", "no_label"]
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
    champion: Champion | None = None
    why: str = ""
    says_why: bool = False
    crossing: float | None = None
    parts: Mapping[Cause, float] = field(default_factory=dict)
    quantile: float | None = None
    lacking: float | None = None
    would_decide: WouldDecide | None = None
    fold_pairs: FoldPairs | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """Test predictions of a finalist, the blend or the floor, for the verdict and the report.

    Attributes:
        run: name of the run.
        side: its side.
        output: test predictions, the mean over its seeds.
        per_seed: test predictions of each seed.
        valid_output: predictions that models of the same settings, which had not learnt from them, made for the
            validation items.
    """

    run: str
    side: Side
    output: Output
    per_seed: tuple[Output, ...] = ()
    valid_output: Output | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the intervals, or sets of labels, of a level hold the truth of the test items.

    Attributes:
        run: name of the run.
        side: its side.
        answer: the target or label; "" for the class.
        level: how often they are to hold it.
        share: how often they did, weighted as the test items are; None if `needed` is more than there is.
        low: the lowest share of a class or of a step of the horizon, of those with enough test items; None otherwise.
        size: mean width in the target's units, or mean number of labels; None as `share`.
        n_items: test items whose truth is known.
        n_held_out: held-out units of the smallest part that the regions are made from.
        needed: held-out units that the level needs.
        unit: what is counted: "row", "group", "window" or "step".
    """

    run: str
    side: Side
    answer: str
    level: float
    share: float | None
    low: float | None
    size: float | None
    n_items: int
    n_held_out: int
    needed: int
    unit: str


@dataclass(frozen=True, slots=True)
class Repeats:
    """What further splits of the same rows say: both finalists' settings fitted anew and scored on each.

    The split of the contest is not one of them.

    Attributes:
        asked: number of repeats that the user wants.
        gains: of deep over shallow, one for each repeat that was scored.
        gain: their mean; None if there are none.
        interval: corrected resampled interval of the mean; None with fewer than two gains.
        level: its confidence level.
        failures: why repeats failed, one entry for each.
        note: all of this in sentences.
    """

    asked: int
    gains: tuple[float, ...]
    gain: float | None
    interval: tuple[float, float] | None
    level: float
    failures: tuple[str, ...] = ()
    note: str = ""


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
        sources: of items that are played: `Dataset.sources` of the test items, in test order; None without any.
        test_rows: ``(n,)`` position in the user's file of each scored test item (for a window, of its first row).
        history: forecast only: a mapping with "values" ``(n_windows, context, n_targets)`` before each window, and
            "times" ``(n_windows, horizon)``.
        coverage: of intervals or sets on the test items, for each finalist and the blend, by answer and level.
        repeats: what further splits say; None if none were asked for.
        analyses: what each analysis found, by its name.
        analyses_left_out: why an analysis that applies was not made, by its name.
        clock: "budget_seconds", "wall_seconds", "started" (ISO), phases, and the seconds offered to and spent by each
            side.
        reproduce: the texts "command", "python" and "recipe", and the mappings "versions" and "machine".
        fingerprint: digest of the data's content.
        folder: the run folder; empty where it is not kept.
        inherited: what was taken over from an earlier contest; None for one with a search.
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
    sources: np.ndarray | None = None
    test_rows: np.ndarray | None = None
    history: Mapping[str, Any] | None = None
    coverage: tuple[Coverage, ...] = ()
    repeats: Repeats | None = None
    analyses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    analyses_left_out: Mapping[str, str] = field(default_factory=dict)
    clock: Mapping[str, Any] = field(default_factory=dict)
    reproduce: Mapping[str, Any] = field(default_factory=dict)
    stopped: Stopped = "budget"
    automl_version: str = ""
    fingerprint: str = ""
    folder: str = ""
    inherited: Inherited | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One part of the report.

    Attributes:
        title: heading.
        order: position on the page; lower comes first.
        collect: ``collect(outcome) -> plain dict or None`` (JSON types only; None leaves the section out).
        template: Jinja source that turns the dict into HTML (autoescaped).
        markdown: Jinja source that turns the same dict into Markdown.
        group: the part of the page that it stands in, one of `automl.report.page.GROUPS`; "" for the trade-off where an
            analysis has the section's name, else for the evidence.
    """

    name: str
    title: str
    order: int
    collect: Callable[[Outcome], dict[str, Any] | None]
    template: str
    markdown: str
    group: str = ""
