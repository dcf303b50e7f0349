"""What may be predicted, as one record that every room asks: how truth is read, learnt, decided and handed back."""

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
    """What is made of undecided predictions, alike for both sides; fitted on validation rows."""

    def fit(self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None) -> Any:
        """A decision of plain numbers, see `automl.goals.shared.calibration.Decision`."""
        ...

    def apply(self, decision: Any, output: Output) -> Output:
        """The predictions decided: calibrated probabilities and the labels that the decision gives, for one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A small made-up target of a goal, which contract tests and example reports are made of.

    Attributes:
        metric: that scores it.
        head: of a network for it.
        encoded: from a number of rows and a generator to what a network's loss compares with, as `TargetCodec.encode`.
        target: from ``(n,)`` numbers, of which inputs tell, to target columns as a user would write them.
        truth: of the same numbers, as metrics read it; ``(n,)`` items whatever the goal.
        output: from a truth, a generator and how large the noise is (0 for none) to predictions.
        classes: as `Task.classes`.
        context: from a number of items to what metrics read beside.
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
    """What may be predicted. A goal is one file that holds one such record.

    Attributes:
        name: as recipes and results spell it.
        words: for titles, such as "Binary classification".
        answers: what is predicted of one item: the code of one "class", any of several "labels", "values" (numbers),
            or "windows" (numbers of each of the next steps).
        default_metric: from the rows of each class (none where there are no classes) to a metric's name.
        fit_codec: between the user's target and a network's, fitted on training rows.
        restore_codec: from the state of each codec that is not automl's own to that codec, by the name under "codec" in
            it.
        truth: of these items as the metrics read it, from a dataset, its task and the items.
        context: what metrics read beside truth and predictions, see `Metric.fn`.
        strata: from a frame of target columns to ``(n,)`` int64 codes: each is to have its share of the test rows.
        strata_words: what strata tell rows apart by, as "stratified by ...".
        rarest: from a truth and its task to the fewest test items of a class and its name; None where no class is.
        to_frame: from the arrays of an output and the task to what `predict` returns.
        example: for contract tests.
        fault: what contradicts itself in a stored task of this goal, behind "the task"; empty where nothing does.
        calibration: of probabilities, and the labels that they give; or what else is made of predictions before they
            are scored and handed back, such as whole numbers. None where they stand as they are.
        n_classes: how many there may be at least and at most; (0, 0) where there are none.
        base: a goal of automl's own, for goals of plug-ins: its templates, baselines, metrics and sections serve this
            goal too, and its detection reads the target.
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
    n_classes: tuple[int, int] = (0, 0)
    base: GoalName = ""

    @property
    def served_by(self) -> tuple[GoalName, ...]:
        """Names of goals that a template, a baseline or a metric may declare to serve this one."""
        return (self.name, self.base) if self.base else (self.name,)

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted, with their probabilities."""
        return self.answers in ("class", "labels")

    @property
    def is_one_class(self) -> bool:
        """Whether each row has exactly one class."""
        return self.answers == "class"

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
    def in_windows(self) -> bool:
        """Whether items are windows of time steps, parted in time; rows otherwise."""
        return self.answers == "windows"
