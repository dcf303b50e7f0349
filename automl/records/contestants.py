"""Who takes part: deep templates, shallow baselines, and a side as the flow drives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from automl.records.data import Dataset, Task
from automl.records.names import Family, GoalName, InputKind, ModalityName, Side, Tier
from automl.records.network import Facts, Head, InputSpec, Output
from automl.records.outcome import Run

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One deep architecture: a search space and a way to build a network from a point in it.

    Attributes:
        space: ``space(hp, specs, facts)`` declares every hyperparameter on a KerasTuner HyperParameters; no Keras.
        knobs: names of those that are numbers read inside the compiled step (`keras.Variable`), so that a change
            needs no new compilation; the others are choices. "learning_rate" and "weight_decay" are always knobs
            of the loop and must be declared. "batch_size" and "epochs" are choices that the loop reads.
        build: ``build(choices, knobs, specs, head) -> keras.Model``, uncompiled, inputs named as the specs, output
            of shape head.shape, raw (no activation). `knobs` maps a name to a scalar `keras.Variable`.
        starts: good first settings, best first; each a full or partial mapping name → value.
        unfit: ``unfit(task, specs) -> reason or None``.
        accepts: kinds of input the network can read; others present are an `unfit` reason unless ignorable.
        prior: ``prior(specs, facts)``: how promising it is on data like this beside other templates, a positive number
            (1 for neutral, which None stands for): which one is tried first, and how time is parted between them. One
            below 1 waits until ``1 / prior`` trials have been run.
        keeps_rows: its network ends in `automl.layers.neighbours.Neighbours`, which holds what it made of training rows
            and their answers.
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


class ShallowModel(Protocol):
    """A fitted shallow model: raw columns in, `Output` arrays out."""

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit on these rows (or forecast windows); must leave a usable model when the deadline comes."""
        ...

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows (or forecast windows)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FitContext:
    """What a shallow fit may use beside its rows.

    Attributes:
        deadline: `time.monotonic` value to be done by, or None.
        checkpoint: called with the model whenever it is complete enough to keep (after each round of boosting).
        valid_rows: for early stopping, or None.
        valid_truth: for early stopping, or None.
    """

    deadline: float | None = None
    checkpoint: Callable[[Any], None] | None = None
    valid_rows: np.ndarray | None = None
    valid_truth: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """One shallow family.

    Attributes:
        tier: floor (no learning from inputs), fast, strong.
        make: ``make(task, settings, seed) -> ShallowModel``, unfitted.
        settings: ``settings(task, facts, seed) -> iterator`` of plain dicts; the first is the default.
        keeps_rows: its fitted state holds training rows.
        unfit: ``unfit(task, facts) -> reason or None``.
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


class Contender(Protocol):
    """One side of the contest, as the flow drives it: one step at a time, each within the seconds offered."""

    side: Side

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Fit one more setting within these seconds; the runs it made, or None when there is nothing left to try."""
        ...

    def earlier_runs(self) -> tuple[Run, ...]:
        """What earlier calls have run in the same folder, when a run is resumed."""
        ...

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best run by validation, or an ensemble of several where that does better.

        Args:
            latency_ms: what predicting one row may take, or None.
            ensemble: whether an ensemble may be named.
        """
        ...

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        ...

    def seconds_a_seed(self) -> float:
        """What another seed of the finalist is expected to cost."""
        ...

    def add_seed(self, seconds: float) -> bool:
        """Fit the finalist once more with another seed within these seconds; whether it worked."""
        ...

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's undecided predictions, one for each of its first n seeds."""
        ...

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The fitted models of all members for the first seed, then for the next, up to n seeds."""
        ...

    def close(self) -> None:
        """Free processes and memory."""
        ...
