"""Records of those who take part in a contest: deep templates, shallow baselines, and the interface of a side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from automl.records.data import Dataset, Split, Task
from automl.records.names import Family, GoalName, InputKind, ModalityName, Side, Tier
from automl.records.network import Facts, Head, InputSpec, Output
from automl.records.outcome import Run

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One deep architecture: a search space and a function that builds a network from a point in it.

    Attributes:
        space: ``space(hp, specs, facts)`` declares every hyperparameter on a KerasTuner HyperParameters; no Keras.
        knobs: names of the hyperparameters that are numbers read inside the compiled step (`keras.Variable`), so that
            a change needs no new compilation; the others are choices. "learning_rate" and "weight_decay" are always
            knobs of the training loop and must be declared. "batch_size" and "epochs" are choices that the loop reads.
        build: ``build(choices, knobs, specs, head) -> keras.Model``: an uncompiled model with inputs named as the
            specs, and with raw output (no activation) of shape head.shape. `knobs` maps a name to a scalar
            `keras.Variable`.
        starts: ``starts(specs, facts)``: good first settings, best first; each a full or partial mapping name → value.
        unfit: ``unfit(task, specs) -> reason or None``: why the template cannot be used for this task.
        accepts: kinds of input that the network can read; any other kind is an `unfit` reason unless it can be ignored.
        prior: ``prior(specs, facts)``: how promising the template is on such data compared with others, a positive
            number; None means 1 (neutral). It decides which template is tried first and how time is divided. A template
            below 1 waits until ``1 / prior`` trials have been run.
        keeps_rows: whether the network ends in `automl.layers.neighbours.Neighbours`, which holds the embeddings and
            targets of rows that it was trained on: in a refit also of validation rows.
        is_game: whether its loss is that of a game of two networks, which need not fall while they learn.
        seed_share: of a plug-in: standard deviation of the test score between seeds, as a share of what the score lacks
            to the best one, measured by ``benchmarks/seeds.py``; None where it was not measured. `verdict.shares` holds
            those of the package's own families and assumes one for the others.
        title: the name that people know it by, with more about it in brackets at its end: "dense network (MLP)".
    """

    name: str
    family: Family
    goals: tuple[GoalName, ...]
    accepts: tuple[InputKind, ...]
    space: Callable[[Any, Sequence[InputSpec], Facts], None]
    build: Callable[[Mapping[str, Any], Mapping[str, Any], Sequence[InputSpec], Head], Any]
    knobs: tuple[str, ...]
    starts: Callable[[Sequence[InputSpec], Facts], Sequence[Mapping[str, Any]]]
    unfit: Callable[[Task, Sequence[InputSpec]], str | None]
    source: str
    prior: Callable[[Sequence[InputSpec], Facts], float] | None = None
    keeps_rows: bool = False
    is_game: bool = False
    seed_share: float | None = None
    title: str = ""


class ShallowModel(Protocol):
    """A shallow model, which reads raw columns and predicts `Output` arrays."""

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit on these rows (or forecast windows). When the deadline comes, the model must be usable.

        A refit that its deadline shortened is not used; the model's attribute `stopped`, if it has one, then says why.
        """
        ...

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows (or forecast windows)."""
        ...


class RefittableModel(ShallowModel, Protocol):
    """A shallow model that can be refitted on training and validation rows."""

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """What validation rows decided in the fit: rounds, strengths, temperatures; see `FitContext.chosen`.

        A family whose models lack this method takes part, but its finalist is not refitted.

        Args:
            growth: rows of the refit, as a multiple of those of this fit; lengths grow with it.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FitContext:
    """What a shallow fit may use in addition to its rows.

    Attributes:
        deadline: `time.monotonic` value at which the fit must have ended, or None.
        checkpoint: function to call with the model whenever it is usable (such as after each round of boosting); None
            in a refit, which counts only if it comes to its end.
        valid_rows: validation rows for early stopping, or None.
        valid_truth: their truth, or None.
        chosen: of a refit, which learns from the validation rows too: what they decided in the fit before, as its
            `chosen` method returned it. There are no validation rows then. None in the search.
    """

    deadline: float | None = None
    checkpoint: Callable[[Any], None] | None = None
    valid_rows: np.ndarray | None = None
    valid_truth: np.ndarray | None = None
    chosen: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """One shallow family.

    Attributes:
        tier: "floor" (does not use the inputs), "fast" or "strong".
        make: ``make(task, settings, seed) -> ShallowModel``, not fitted.
        settings: ``settings(task, facts, seed) -> iterator`` of plain dicts; the first is the default. A setting that
            cannot matter for the data has one value in all of them.
        keeps_rows: whether the fitted model holds rows that it was fitted on: in a refit also validation rows.
        unfit: ``unfit(task, facts) -> reason or None``: why the family cannot be used for this task.
        types: of a plug-in: full names of the types in a fitted model that are neither its own nor trusted by skops,
            such as those of another library.
        seed_share: as in `Template`; 0 where a fit does not depend on its seed.
        turn: which family of a tier is tried first: the lowest turn, then the order of the catalog.
        title: as in `Template`: "RBF support vector machine (sklearn SVC or SVR)".
    """

    name: str
    tier: Tier
    modality: ModalityName
    goals: tuple[GoalName, ...]
    make: Callable[[Task, Mapping[str, Any], int], ShallowModel]
    settings: Callable[[Task, Facts, int], Iterator[Mapping[str, Any]]]
    keeps_rows: bool = False
    unfit: Callable[[Task, Facts], str | None] = lambda task, facts: None
    source: str = ""
    types: tuple[str, ...] = ()
    seed_share: float | None = None
    turn: int = 0
    title: str = ""


class Contender(Protocol):
    """One side of the contest. The flow runs it step by step and gives each step a number of seconds."""

    side: Side

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Fit one more setting within these seconds; returns its runs, or None if there is nothing left to try."""
        ...

    def earlier_runs(self) -> tuple[Run, ...]:
        """The runs of earlier calls in the same folder, if a run is resumed."""
        ...

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best run by validation score, or an ensemble of several runs if that is better.

        Args:
            latency_ms: the most milliseconds that predicting one row may take, or None.
            ensemble: whether an ensemble may be named.
        """
        ...

    def stand_as(self, members: Mapping[str, float]) -> bool:
        """Name the finalist by the runs that it consists of: that of an earlier process.

        Args:
            members: name of a run → its weight; they are scaled to sum to 1.

        Returns:
            Whether all of them are there; else nothing is changed.
        """
        ...

    def weights(self) -> tuple[float, ...]:
        """Weights of the finalist's members; their sum is 1."""
        ...

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """Expected seconds of the next refit of the finalist; 0 if an earlier naming left that refit.

        It is infinite where there was only time to refit some members once: a further refit cannot be made.

        Args:
            n_members: so many members are reckoned with, those of largest weight; before the finalist is named: so
                many of the best candidates. None for all members, or for one candidate.
        """
        ...

    def refit(self, seconds: float) -> bool:
        """Refit the finalist once more within these seconds; returns whether that succeeded.

        A refit has the finalist's settings, the length that validation chose, another seed, and learns from training
        and validation rows. In the first refit, members of an ensemble for which there is no time stay as they
        were searched, and those that could not be fitted leave it.
        """
        ...

    def seconds_a_repeat(self, n_members: int = 1) -> float:
        """Expected seconds to fit the finalist once on another split of the same rows.

        Args:
            n_members: see `seconds_a_refit`.
        """
        ...

    def repeat(self, task: Task, split: Split, number: int, seconds: float, dataset: Dataset | None = None) -> Output:
        """Fit the finalist's settings once on another split, and predict its test items.

        The fit is that of a refit: on training and validation items of this split alone, encoders included, for the
        length that validation chose in the contest.

        Args:
            task: the task, with facts of this split's training rows.
            split: another split of the same rows.
            number: of the repeat, from 1; its seed follows from it.
            seconds: time allotted; infinite without a time limit.
            dataset: the same rows with other values of the target to learn from; None for those of the contest.

        Returns:
            The predictions for the split's test items, before calibration and thresholds.

        Raises:
            OutOfTime: the time was over before the end of the fit.
            TrialError: a member could not be fitted.
        """
        ...

    def finalist_run(self) -> Run:
        """The run of the finalist as it stands, without members that left it."""
        ...

    def undo_refits(self) -> None:
        """Drop all refits: the finalist stands as it was searched, with all its members."""
        ...

    def remember(self) -> Callable[[], None]:
        """Return a function that lets the finalist stand again as it stands now, whatever was named since."""
        ...

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions before calibration and thresholds.

        Returns:
            For validation items: one output, of the models as they were searched, which have not learnt from these
            items. For test items: one for each of the first n seeds.
        """
        ...

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The fitted models: all members of the first seed, then those of the next, up to n seeds.

        If the finalist was not refitted, its only seed are the models as they were searched.
        """
        ...

    def close(self) -> None:
        """Free processes and memory."""
        ...
