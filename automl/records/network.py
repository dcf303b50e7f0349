"""Records around a network: its inputs, its output, the encoder, the target codec, and the metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from automl.records.data import Dataset
from automl.records.names import GoalName, InputKind, OutputKind

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class InputSpec:
    """One named input of a network.

    Attributes:
        kind: numbers ``(n, n_columns)`` float32 without NaN; categories ``(n, n_columns)`` int32, 0 = missing or
            unseen; tokens ``(n, length)`` int32, 0 = padding, 1 = unknown word; ngrams ``(n, length)`` int32, 0 =
            padding, otherwise the id of an n-gram and, from bit `NGRAM_BITS` on, its weight from 0 to 1 in 2,047ths;
            vectors ``(n, dim)`` float32, of texts or pictures by a backbone; image ``(n, h, w, c)`` uint8; spectrogram
            ``(n, bands, frames, 1)`` uint8, the highest band first; series
            ``(n, steps, channels)`` float32 without NaN; noise ``(n, size)`` float32 standard normal, from which a
            generator makes a row.
        shape: of one row, without the batch dimension.
        dtype: name of a NumPy dtype.
        size: vocabulary size for tokens and ngrams (ids < size); for categories the largest of stats["sizes"]; else 0.
        stats: statistics of training rows that `build` needs, as plain lists and numbers. For
            numbers: "median", "scale", "quantiles" (per column, up to 64 ascending edges), "missing" (share), and for
            a table's own columns "splits" (per column, up to 63 thresholds that best predict the target, best first);
            categories: "sizes" (levels per column, code 0 included); tokens, ngrams: "columns"; tokens of a generator
            also "shares" (of each id) and "filled" (share of the cells that hold tokens);
            image: "mean", "std" (per channel, 0 to 255), "patch_filters" (whitening filters of standardised
            patches of 3 x 3, each a list; not for pictures smaller than that), in a table also "columns", and where no
            target is learnt "gradients": "center", "components" and "deviations", as arrays, of
            `automl.picture_gradients.described`;
            spectrogram: "mean", "std";
            series: "mean", "std" (per channel), and "judged": "last" where an item is a row of a table, its last step,
            with the rows before it; vectors: "mean", "std" (per number). Of a
            generator, numbers are normal scores (standard normal, no NaN) with "columns" and "ties" (per column, the
            first and last rank, from 0 to 1, of each value that many rows hold); categories have "sizes", "columns"
            and "priors" (share of each code, per column; a code with none is never generated); images and series have
            "center", "components" and "deviations" (mean, principal components and deviations along them of scaled
            items, as arrays).
    """

    name: str
    kind: InputKind
    shape: tuple[int, ...]
    dtype: str
    size: int = 0
    stats: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts of the training rows; together with the inputs, all that a search space may depend on.

    Attributes:
        n_rows: training rows, or forecast windows.
        n_classes: classes, or labels.
        priors: share of each class; empty without classes, or where they were not counted.
        skewed: whether a target of values asks for a transform; True where that was not looked at.
        positive: whether all values to predict are positive; True where that was not looked at.
        most_levels: levels of enough rows in the column that has most of them; None where they were not counted.
        most_words: the same, levels of few rows included.
        numbers_come_back: whether a column of numbers has values that come back and tell more than their neighbours;
            True where that was not looked at.
        contexts: forecasts only: numbers of steps before a window that a model may read, ascending.
        start_context: forecasts only: the one to try first; 0 if they were not looked at.
        transforms: forecasts only: transforms that the training values admit.
    """

    n_rows: int
    n_classes: int = 0
    priors: tuple[float, ...] = ()
    skewed: bool = True
    positive: bool = True
    most_levels: int | None = None
    most_words: int | None = None
    numbers_come_back: bool = True
    contexts: tuple[int, ...] = ()
    start_context: int = 0
    transforms: tuple[str, ...] = ("none",)


LOSSES = ("binary_crossentropy", "sparse_categorical_crossentropy", "mse", "forecast", "masks", "own")
"""What `Head.loss` may be; "own" is nothing but what the network's layers add (`keras.layers.Layer.add_loss`)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The output that a network must have: raw, without activation (logits, standardised values).

    Attributes:
        goal: of the task.
        shape: of one row's output: ``(1,)`` binary logit, or how unusual the row is (anomaly); ``(n_classes,)``
            logits; ``(n_labels,)`` logits; ``(n_targets,)``; ``(dims,)`` numbers that represent the row;
            ``(n_numbers + n_categories,)`` a generated row, normal scores followed by codes; forecast
            ``(horizon, n_targets, 1 + n_quantiles)`` whose last axis is the point forecast followed by the quantiles;
            masks ``(height, width, n_classes)`` logits of each pixel.
        activation: "sigmoid", "softmax" or "linear"; applied outside the network at prediction.
        loss: "binary_crossentropy", "sparse_categorical_crossentropy", "mse", "forecast" (mean absolute error
            of the point forecast plus pinball losses of the quantiles), "masks" (cross-entropy of pixels plus Dice loss
            of the classes of a picture), or "own": a network of a goal without target
            learns from the losses that its layers add.
        quantiles: forecast only: levels of the quantiles.
        priors: class shares of the training rows (for the initial output bias); empty without classes.
        ordered: multiclass only: whether the classes are ordered, like grades (`Task.ordered`).
        is_code: whether the output is the code itself, numbers that represent the row, and not what is made of it.
    """

    goal: GoalName
    shape: tuple[int, ...]
    activation: str
    loss: str
    quantiles: tuple[float, ...] = ()
    priors: tuple[float, ...] = ()
    ordered: bool = False
    is_code: bool = False


@runtime_checkable
class Encoder(Protocol):
    """Turns a dataset's rows into a network's input arrays; fitted on training rows only."""

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these rows (1-D row numbers, or forecast windows of shape (n, horizon))."""
        ...

    def state(self) -> dict[str, Any]:
        """The state as plain numbers, strings, lists and arrays, from which the encoder is restored exactly."""
        ...


@runtime_checkable
class TargetCodec(Protocol):
    """Converts the user's target to a network's, and raw outputs to predictions; fitted on training rows only."""

    head: Head

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The target for the loss: int32 codes, float32 labels or standardised values.

        Forecast: the raw float32 window ``(n, horizon, n_targets)``; the network scales by the context itself.
        """
        ...

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The target for the metrics, in the user's units (see the conventions of `automl.records`)."""
        ...

    def decode(self, raw: np.ndarray) -> Output:
        """Convert a network's raw output to probabilities, or to values in the user's units."""
        ...

    def state(self) -> dict[str, Any]:
        """The state as plain numbers, strings and lists, from which the codec is restored exactly."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Predictions of either side in a common form, so that the same code scores both.

    Attributes:
        kind: what the model predicts: "probabilities" (classification), "values", "windows" (forecast), or "scores"
            (anomaly).
        arrays: by name:
            probabilities: "probabilities" ``(n, n_classes)`` (binary has two columns; multilabel: each label's own),
            "labels" int64 codes ``(n,)`` (multilabel: ``(n, n_labels)`` 0/1);
            values: "values" ``(n, n_targets)``;
            windows: "values" ``(n, horizon, n_targets)`` and, where predicted,
            "quantiles" ``(n, horizon, n_targets, n_quantiles)``;
            scores: "scores" ``(n,)``, from 0 to below 2: the share of training rows that are less unusual, and above 1
            where a row is more unusual than all of them; and what classification has, with the score as the chance
            of an anomaly until a `Calibration` makes a chance of it;
            masks: "pixel_probabilities" ``(n, height, width, n_classes)`` float32, and "masks" ``(n, height, width)``
            uint8 codes, on the canvas of the pictures;
            samples: "samples" ``(n,)``, or several draws ``(n, n_draws)``: generated rows, a structured array.
    """

    kind: OutputKind
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric.

    Attributes:
        reads: the array of an `Output` that it needs ("labels", "probabilities", "values", "quantiles", "samples").
        fn: ``fn(truth, array, sample_weight, context) -> float``. Weights ``(n,)`` may be fractional or zero. The
            context holds "scale" ``(n_windows, n_targets)``, "series" ``(n_windows,)`` and "quantiles" for forecasts,
            "classes" (int) for classification, and of generated rows "reference", a tuple with some training rows in
            the form of the truth.
        best: the score of a perfect model (0.0 or 1.0).
        words: name of the metric in reports, short enough for an axis.
        worst: the score that no model can fall short of; None if there is no such bound.
        weighs_classes: whether rows of a rare class weigh more than others, so that few of them leave the score
            uncertain however many rows there are; False for a mean over rows, such as accuracy.
        fits_items: whether a model that is fitted on the items scores them. Items of weight 0 then count for nothing
            in the score, but play a part in that fit.
        meaning: what it measures, for reports, where its name does not say it; empty elsewhere.
    """

    name: str
    goals: tuple[GoalName, ...]
    reads: str
    fn: Callable[..., float]
    higher_is_better: bool
    best: float
    words: str = ""
    worst: float | None = None
    weighs_classes: bool = True
    fits_items: bool = False
    meaning: str = ""
