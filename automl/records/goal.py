"""The record of a goal, such as regression: how its target is read, encoded, split, scored and returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from automl.records.names import Answers, GoalName

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from automl.records.data import Dataset, Split, Task
    from automl.records.network import Head, Output, TargetCodec


class Calibration(Protocol):
    """Calibrates probabilities and turns them into labels; fitted on validation rows, the same way for both sides."""

    def fit(self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None) -> Any:
        """Fit a decision, which consists of plain numbers; see `automl.goals.shared.calibration.Decision`."""
        ...

    def apply(self, decision: Any, output: Output) -> Output:
        """Return calibrated probabilities and the labels that the decision gives."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What is known of held-out items beside their truth and predictions.

    Attributes:
        weight: ``(n,)`` or None.
        groups: ``(n,)`` int64 codes where whole groups were held out, else None.
        context: the context of metrics for the items, see `Metric.fn`.
    """

    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


class Regions(Protocol):
    """Regions that hold the truth with a given chance, from held-out predictions: intervals or sets of labels."""

    @property
    def kind(self) -> str:
        """What they are: "interval" or "set"."""
        ...

    def fit(self, truth: np.ndarray, output: Output, task: Task, held_out: HeldOut) -> Any:
        """Scores of held-out items, sorted and bounded in number.

        Their ``state()`` is plain values and arrays, their ``thresholds`` an
        `automl.goals.shared.conformal.Thresholds`, which says what level they allow.
        """
        ...

    def apply(self, scores: Any, output: Output, level: float, context: Mapping[str, Any]) -> Mapping[str, np.ndarray]:
        """The regions of new items as arrays.

        Raises:
            RecipeError: the level is no number between 0 and 1.
            DataError: there are too few held-out items for the level.
        """
        ...

    def covers(self, region: Mapping[str, np.ndarray], truth: np.ndarray) -> np.ndarray:
        """Which truths the regions hold, ``(n, ..., n_answers)`` float64, NaN where a truth is not known."""
        ...

    def size(self, region: Mapping[str, np.ndarray]) -> np.ndarray:
        """Widths or numbers of labels, ``(n, ..., n_answers)``."""
        ...

    def answers(self, task: Task) -> tuple[str, ...]:
        """Names of what has a region of its own: targets, labels, or "" for the class."""
        ...

    def to_frame(self, region: Mapping[str, np.ndarray], output: Output, task: Task) -> pd.DataFrame | pd.Series:
        """What is returned to users."""
        ...

    def restore(self, state: Mapping[str, Any]) -> Any:
        """The scores whose state this is; raises ValueError, TypeError or KeyError if it is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A small synthetic target of a goal, for contract tests and example reports.

    Attributes:
        metric: name of its metric.
        head: the head of a network for it.
        encoded: ``encoded(n_rows, rng)``: an encoded target as `TargetCodec.encode` returns it.
        target: ``target(numbers)``: target columns as a user would write them, from ``(n,)`` numbers that inputs
            predict.
        truth: ``truth(numbers)``: the truth of the same numbers as metrics read it, ``(n,)`` items for every goal.
        output: ``output(truth, rng, noise)``: predictions of a truth with noise of this size (0 for none).
        classes: see `Task.classes`.
        context: ``context(n_items)``: the context of metrics, see `Metric.fn`.
        fields: further fields of the task, by name.
    """

    metric: str
    head: Head
    encoded: Callable[[int, np.random.Generator], np.ndarray]
    target: Callable[[np.ndarray], pd.DataFrame]
    truth: Callable[[np.ndarray], np.ndarray]
    output: Callable[[np.ndarray, np.random.Generator, float], Output]
    classes: tuple[str, ...] = ()
    context: Callable[[int], dict[str, Any]] = lambda n_items: {}
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """A kind of prediction, such as regression. Each goal is one file with one such record.

    Attributes:
        name: name in recipes and results.
        words: name in titles, such as "Binary classification".
        purpose: of a goal that learns no target: what it is for, to complete "pass --goal NAME ...".
        answers: what is predicted for one item: "class" (the code of one class), "labels" (any of several), "values"
            (numbers), "windows" (numbers for each of the next steps), "vectors" (numbers that represent it),
            "rows" (new ones), or "masks" (the class of each pixel of a picture).
        default_metric: ``default_metric(counts)``: name of the metric, from the number of rows of each class (empty
            without classes).
        fit_codec: ``fit_codec(dataset, task, split)``: the codec between the user's target and a network's, fitted on
            training rows.
        restore_codec: the functions that restore codecs which are not automl's own from their states, by the name under
            "codec" in the state.
        truth: ``truth(dataset, task, items)``: the truth of these items as metrics read it.
        context: ``context(dataset, task, split, items)``: the context of metrics, see `Metric.fn`.
        strata: ``strata(target)``: ``(n,)`` int64 codes from a frame of target columns; each stratum gets its share of
            the test rows.
        strata_words: what strata are made of, to complete "stratified by ...".
        rarest: ``rarest(truth, task)``: the number of test items of the rarest class, and its name; None without
            classes.
        to_frame: ``to_frame(arrays, task)``: what `predict` returns, from the arrays of an output.
        example: for contract tests.
        fault: ``fault(task)``: what is inconsistent in a stored task of this goal, to complete "the task ..."; empty if
            nothing is.
        calibration: of probabilities; None for goals without them.
        regions: intervals or sets that hold the truth with a given chance; None for goals that have none.
        n_classes: the smallest and the largest number of classes allowed; (0, 0) without classes.
        calibration_for: ``calibration_for(task)``: the calibration of a task that says more than the goal does, such as
            the share of anomalies; None where `calibration` serves all tasks.
        search_metric: ``search_metric(task)``: the metric of the search where predictions are scored another way there
            than those of the finalists; None for the task's own.
        probed: whether finalists are scored by a probe of what they predict (`automl.sides.probing`); their predictions
            are then never averaged.
        needs_target: whether models learn a target. If not, the column of the target is a label, which selects on
            validation rows and scores on test rows; no encoder, template or baseline sees it (`goals.learnable`).
        drawn: what is drawn several times to take the place of seeds in the interval, to complete "draws of ..."; empty
            where finalists have seeds.
        most_held_out: validation rows, and test rows, at most; further ones train. None for no such bound.
        handed: ``handed(output, dataset)``: predictions in the form of the user's own items, which `to_frame` reads.
        base: for goals of plug-ins, the goal of automl that they build on: its templates, baselines, metrics and
            sections also serve this goal, and its detection reads the target.
    """

    name: GoalName
    words: str
    answers: Answers
    default_metric: Callable[[Sequence[int]], str]
    fit_codec: Callable[[Dataset, Task, Split], TargetCodec]
    truth: Callable[[Dataset, Task, np.ndarray], np.ndarray]
    context: Callable[[Dataset, Task, Split, np.ndarray], dict[str, Any]]
    strata: Callable[[pd.DataFrame], np.ndarray]
    strata_words: str
    rarest: Callable[[np.ndarray, Task], tuple[int, str] | None]
    to_frame: Callable[[Mapping[str, np.ndarray], Task], pd.DataFrame | pd.Series]
    example: Example
    fault: Callable[[Task], str] = lambda task: ""
    restore_codec: Mapping[str, Callable[[Mapping[str, Any]], TargetCodec]] = field(default_factory=dict)
    calibration: Calibration | None = None
    calibration_for: Callable[[Task], Calibration] | None = None
    search_metric: Callable[[Task], str] | None = None
    probed: bool = False
    needs_target: bool = True
    purpose: str = ""
    drawn: str = ""
    most_held_out: int | None = None
    regions: Regions | None = None
    n_classes: tuple[int, int] = (0, 0)
    handed: Callable[[Output, Dataset], Output] = lambda output, dataset: output
    base: GoalName = ""

    @property
    def served_by(self) -> tuple[GoalName, ...]:
        """Goal names by which templates, baselines and metrics serve this goal: its own, and that of `base`."""
        return (self.name, self.base) if self.base else (self.name,)

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted, with their probabilities."""
        return self.answers in ("class", "labels")

    @property
    def learns_classes(self) -> bool:
        """Whether models learn classes, so that their predictions are probabilities of what the target may be."""
        return self.is_classification and self.needs_target

    @property
    def is_one_class(self) -> bool:
        """Whether each row has exactly one class."""
        return self.answers == "class"

    @property
    def has_classes(self) -> bool:
        """Whether scored items have a class each: one that is predicted, or one that a probe is to tell."""
        return self.is_one_class or self.probed

    @property
    def is_binary(self) -> bool:
        """Whether each row has one of two classes."""
        return self.answers == "class" and self.n_classes == (2, 2)

    @property
    def is_multiclass(self) -> bool:
        """Whether each row has one of any number of classes."""
        return self.answers == "class" and not self.is_binary

    @property
    def is_multilabel(self) -> bool:
        """Whether a row may have any number of labels."""
        return self.answers == "labels"

    @property
    def is_numeric(self) -> bool:
        """Whether each row has numbers."""
        return self.answers == "values"

    @property
    def in_rows(self) -> bool:
        """Whether models learn a target of rows or items, each of which has classes or numbers of its own."""
        return self.needs_target and (self.is_classification or self.is_numeric)

    @property
    def makes_rows(self) -> bool:
        """Whether new rows are made, rather than something said of given ones."""
        return self.answers == "rows"

    @property
    def has_mean(self) -> bool:
        """Whether predictions of several models can be averaged; vectors and new rows have no mean."""
        return self.answers not in ("vectors", "rows")

    @property
    def in_pixels(self) -> bool:
        """Whether each pixel of a picture has a class of its own; items are whole pictures with their masks."""
        return self.answers == "masks"

    @property
    def in_windows(self) -> bool:
        """Whether items are windows of time steps, split in time; otherwise items are rows."""
        return self.answers == "windows"
