"""What travels between the rooms: frozen records and protocols, and nothing that computes.

Only the standard library is imported at run time; arrays and frames appear in annotations alone.

Conventions that every room relies on:

- *Rows* are positions ``0 .. n_rows-1`` of one `Dataset`; all row sets are sorted 1-D ``int64`` arrays.
- *Classes* are written as codes ``0 .. n_classes-1`` into ``task.classes``.
- *Truth* as the metrics read it (`TargetCodec.truth`): ``(n,)`` int64 codes for binary and multiclass;
  ``(n, n_labels)`` int8 for multilabel; ``(n, n_targets)`` float64 for regression;
  ``(n_windows, horizon, n_targets)`` float64 for forecast.
- *Forecast windows* are ``(n_windows, horizon)`` arrays of row numbers: the target rows of each window,
  consecutive rows of one series. Its context is the rows of that series before the window's first row.
  A forecast `Dataset` is sorted by (series, time), so a series is one contiguous block of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Modality = Literal["tabular", "text", "image", "sequence"]
Goal = Literal[
    "binary", "multiclass", "multilabel", "regression", "forecast", "anomaly", "represent", "generate", "segment"
]
Kind = Literal[
    "numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number",
    "list", "image_path", "identifier", "constant", "unknown",
]  # fmt: skip
InputKind = Literal["numbers", "categories", "tokens", "image", "series"]
OutputKind = Literal[
    "labels", "probabilities", "values", "quantiles", "windows", "scores", "vectors", "samples", "masks"
]
Family = Literal["mlp", "cnn", "rnn", "transformer", "autoencoder", "vae", "gan", "diffusion"]
Tier = Literal["floor", "fast", "strong"]
Side = Literal["deep", "shallow", "blend", "floor"]
Status = Literal["done", "cut", "failed"]
Severity = Literal["low", "medium", "high"]
DeviceWish = Literal["auto", "cpu", "one", "all"]

MODALITIES: tuple[Modality, ...] = ("tabular", "text", "image", "sequence")
GOALS: tuple[Goal, ...] = (
    "binary", "multiclass", "multilabel", "regression", "forecast", "anomaly", "represent", "generate", "segment",
)  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number",
    "list", "image_path", "identifier", "constant", "unknown",
)  # fmt: skip


# --------------------------------------------------------------------------- what is asked


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
        time_column, series, group: column names, or None to detect (time, series) or not to use (group).
        weight: column of sample weights, or an array of shape (n_rows,), or None.
        horizon: steps to forecast, or None to choose by frequency.
        columns: column name → kind, overriding detection.
        budget_seconds: for the whole call. max_trials: a further bound on deep trials and shallow fits, each.
        budget_given: the budget was asked for; a resumed run that is given none goes on with what is left of its own.
        templates: deep templates to search; empty for all that fit.
        min_gain: least gain that counts, as a share of the distance from floor to best.
        latency_ms: a finalist must predict one row within this many milliseconds.
        out: run folder, or None for a new one under ``automl-runs``.
        plugins: entry points or (Python only) files that bring more members.
        ensemble: both sides may name a weighted ensemble as finalist. search: how the deep side searches.
        json_lines: progress as one JSON object a line on standard error.
        source: where the recipe came from, for messages (``"quickstart.yaml"``, ``"automl.fit"``, ...).
    """

    data: Any
    target: tuple[str, ...] = ()
    goal: Goal | None = None
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


# --------------------------------------------------------------------------- what was read


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the user should know about the data.

    Attributes:
        check: the check's name, in snake_case. severity: low, medium or high.
        message: one sentence in the user's words. next_step: what to do about it.
        columns: names concerned. rows: up to 20 positions or file rows concerned. count: how many in all.
    """

    check: str
    severity: Severity
    message: str
    next_step: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Raw data, rows in one order, nothing fitted and nothing encoded.

    Attributes:
        name: short name for titles (file stem, folder name, or "data").
        inputs: a frame of feature columns (tabular; text as one column per text; image paths), or an array:
            ``(n, height, width[, channels])`` images, ``(n, channels, length)`` sequences. A forecast holds its
            covariates here (a frame with no columns when there are none). Always a RangeIndex.
        target: frame of target columns as the user wrote them, or None. Same rows.
        groups: ``(n,)`` group labels or None. times: ``(n,)`` datetime64[ns] or None.
        series: ``(n,)`` series labels (str) or None. weight: ``(n,)`` float64 or None.
        given: ``(n,)`` bool, True where the row came from the user's own test file, or None.
        pictures: of a table's image columns, by name: ``(n, h, w, c)`` uint8, blank where a row has none (its path
            among `inputs` is None then, also where a file could not be read).
        root: folder against which relative image paths are read, or None.
        fingerprint: hexadecimal digest of the content.
        findings: what was noticed and done while reading (rows dropped, images skipped, ...).
        row_numbers: ``(n,)`` the row's position in the user's file (before any were dropped).
        n_source_rows: rows of the source, where only some of them were looked at; None where all were.
    """

    name: str
    inputs: Any
    target: pd.DataFrame | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    series: np.ndarray | None = None
    weight: np.ndarray | None = None
    given: np.ndarray | None = None
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)
    root: str | None = None
    fingerprint: str = ""
    findings: tuple[Finding, ...] = ()
    row_numbers: np.ndarray | None = None
    n_source_rows: int | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.inputs)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: a kind, how sure (0 to 1), and why, in words a user understands.

    `reading` holds how its text was read, decided once on the whole column and reused on new rows, such as
    ``{"day_first": True}``, ``{"decimal": ","}``, ``{"true": "yes", "false": "no"}``, ``{"unit": "°C"}``, or, for
    images of a table, ``{"shape": [height, width, channels]}``.
    """

    name: str
    kind: Kind
    confidence: float
    evidence: str
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with a dataset, and why we think so.

    Attributes:
        target: names of the target columns (for arrays: ``("y",)`` and so on).
        classes: class labels as strings in code order (multilabel: label names); empty otherwise.
        positive: for binary, the class that scores speak of: always ``classes[1]``.
        ordered: multiclass only: the order of the classes means something, as that of grades does.
        horizon, season, frequency: forecast only (steps, steps, pandas frequency alias or None).
        quantiles: levels a forecast predicts beside its point forecast (which is the median).
        columns: the input columns and their kinds (targets not among them).
        time_column, series_column, group_column: names, None when absent.
        covariates_known: forecast covariates known ahead of time (calendar features are added by encoders).
        image_shape, pixel_range: images only: (height, width, channels) that all are brought to, and, for arrays, the
            brightness that becomes 0 and 255, so that new images are read as the training images were.
        evidence: sentences that explain modality, goal and metric.
        confidence: 0 to 1, of the goal; 1 where the user set it.
        target_columns: forecast only: how the targets are written, so that a new history is read as the training
            rows were.
    """

    modality: Modality
    goal: Goal
    target: tuple[str, ...]
    metric: str
    classes: tuple[str, ...] = ()
    positive: str | None = None
    label: str | None = None
    horizon: int | None = None
    frequency: str | None = None
    season: int | None = None
    quantiles: tuple[float, ...] = ()
    columns: tuple[Column, ...] = ()
    time_column: str | None = None
    series_column: str | None = None
    group_column: str | None = None
    covariates_known: tuple[str, ...] = ()
    image_shape: tuple[int, ...] = ()
    pixel_range: tuple[float, float] | None = None
    evidence: tuple[str, ...] = ()
    ordered: bool = False
    confidence: float = 1.0
    target_columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which rows train, validate and test: decided before anything is fitted.

    Attributes:
        train, valid, test: disjoint sorted row numbers (forecast: target rows).
        units: what is resampled when uncertainty is measured: "row", "group", "block" (dated tables), or for
            forecasts "window" or (panels of ten series or more) "series".
        unit_ids: ``(n_test_units_scored,)`` int64: the unit of each scored test item, in test order
            (rows of `test`, or windows of `test_windows`).
        train_windows: ``(n, horizon)`` windows an encoder may learn from (stride 1), forecasts only.
        valid_windows, test_windows: non-overlapping rolling windows, forecasts only.
        folds: for small data, hold-outs as pairs (train, valid) of row numbers, the first being this split's own; the
            others' validation rows are disjoint from it and from each other, and no test row is in any. Else empty.
        rule: one sentence saying how the rows were parted. seed: what it was drawn with.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    units: str
    unit_ids: np.ndarray
    rule: str
    seed: int
    train_windows: np.ndarray | None = None
    valid_windows: np.ndarray | None = None
    test_windows: np.ndarray | None = None
    folds: tuple[tuple[np.ndarray, np.ndarray], ...] = ()


# --------------------------------------------------------------------------- what a network sees


@dataclass(frozen=True, slots=True, eq=False)
class InputSpec:
    """One named input of a network.

    Attributes:
        kind: numbers ``(n, n_columns)`` float32 without NaN; categories ``(n, n_columns)`` int32, 0 = missing or
            unseen; tokens ``(n, length)`` int32, 0 = padding, 1 = unknown word; image ``(n, h, w, c)`` uint8;
            series ``(n, steps, channels)`` float32 without NaN.
        shape: of one row, without the batch dimension. dtype: a NumPy name.
        size: vocabulary size for tokens (ids < size); for categories the largest of stats["sizes"]; else 0.
        stats: what `build` needs from training rows, plain lists and numbers:
            numbers: "median", "scale", "quantiles" (per column, up to 64 ascending edges), "missing" (share), and for
            a table's own columns "splits" (per column, up to 63 thresholds that tell most of the target, best first);
            categories: "sizes" (levels per column, code 0 included); tokens: "columns";
            image: "mean", "std" (per channel, 0 to 255), in a table also "columns"; series: "mean", "std" (a channel).
    """

    name: str
    kind: InputKind
    shape: tuple[int, ...]
    dtype: str
    size: int = 0
    stats: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a search space may depend on beside the inputs: counts and moments of the training rows."""

    n_rows: int
    n_classes: int = 0
    priors: tuple[float, ...] = ()
    target_mean: float = 0.0
    target_std: float = 1.0


@dataclass(frozen=True, slots=True)
class Head:
    """What a network must put out: raw, without activation (logits, standardised values).

    Attributes:
        goal: of the task. shape: of one row's output: ``(1,)`` binary logit; ``(n_classes,)`` logits;
            ``(n_labels,)`` logits; ``(n_targets,)``; forecast ``(horizon, n_targets, 1 + n_quantiles)`` whose
            last axis is the point forecast followed by the quantiles.
        activation: applied outside the network at prediction: "sigmoid", "softmax" or "linear".
        loss: "binary_crossentropy", "sparse_categorical_crossentropy", "mse" or "forecast" (mean absolute error
            of the point plus pinball losses of the quantiles).
        quantiles: levels, forecast only. priors: training class priors (for the output bias), else empty.
        ordered: multiclass only: the classes are grades (`Task.ordered`).
    """

    goal: Goal
    shape: tuple[int, ...]
    activation: str
    loss: str
    quantiles: tuple[float, ...] = ()
    priors: tuple[float, ...] = ()
    ordered: bool = False


@runtime_checkable
class Encoder(Protocol):
    """Fitted on training rows only; turns a dataset's rows into a network's arrays."""

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these rows (1-D row numbers, or forecast windows of shape (n, horizon))."""
        ...

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays from which the encoder is restored exactly."""
        ...


@runtime_checkable
class TargetCodec(Protocol):
    """Fitted on training rows only; between the user's target, a network's target and predictions."""

    head: Head

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """What the loss compares with: int32 codes, float32 labels or standardised values.

        Forecast: the raw float32 window ``(n, horizon, n_targets)``; the network normalises by its context.
        """
        ...

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """What the metrics compare with, in the user's units (see the module's conventions)."""
        ...

    def decode(self, raw: np.ndarray) -> Output:
        """A network's raw output as probabilities, or values in the user's units."""
        ...

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists from which the codec is restored exactly."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Predictions of either side, in one shape, so that both are scored by the same code.

    Attributes:
        kind: what the model gives by nature: probabilities (classification), values, or windows (forecast).
        arrays: by name:
            probabilities: "probabilities" ``(n, n_classes)`` (binary has two columns; multilabel: each label's own),
            "labels" int64 codes ``(n,)`` (multilabel: ``(n, n_labels)`` 0/1);
            values: "values" ``(n, n_targets)``;
            windows: "values" ``(n, horizon, n_targets)`` and, where predicted,
            "quantiles" ``(n, horizon, n_targets, n_quantiles)``.
    """

    kind: OutputKind
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One score.

    Attributes:
        reads: the array of an `Output` that it needs ("labels", "probabilities", "values", "quantiles").
        fn: ``fn(truth, array, sample_weight, context) -> float``; weights ``(n,)`` may be fractional or zero;
            context holds "scale" ``(n_windows, n_targets)``, "series" ``(n_windows,)`` and "quantiles" for forecasts,
            "classes" (int) for classification.
        best: the value of a perfect model (0.0 or 1.0).
    """

    name: str
    goals: tuple[Goal, ...]
    reads: str
    fn: Callable[..., float]
    higher_is_better: bool
    best: float
    words: str = ""


# --------------------------------------------------------------------------- contestants


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
    goals: tuple[Goal, ...]
    accepts: tuple[InputKind, ...]
    space: Callable[[Any, Sequence[InputSpec], Facts], None]
    build: Callable[[Mapping[str, Any], Mapping[str, Any], Sequence[InputSpec], Head], Any]
    knobs: tuple[str, ...]
    starts: Callable[[Sequence[InputSpec], Facts], Sequence[Mapping[str, Any]]]
    unfit: Callable[[Task, Sequence[InputSpec]], str | None]
    source: str
    objective: str | None = None
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
        valid_rows, valid_truth: for early stopping, or None.
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
    modality: Modality
    goals: tuple[Goal, ...]
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
            latency_ms: what predicting one row may take, or None. ensemble: whether an ensemble may be named.
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


# --------------------------------------------------------------------------- what came out


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


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant's one setting, deep and shallow alike: the rows of `result.json`.

    Attributes:
        name: unique, such as "mlp-3" or "boosting-1". family: the template's or baseline's name.
        choices: its settings, knobs included, plain values. curve: per epoch dicts
            {"epoch", "seconds", "loss", "valid_score"} (deep) or per round (shallow, may be empty).
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
    """The verdict and what it rests on (DESIGN, "A fair contest").

    Attributes:
        verdict: deep, shallow or tie. reason: better, equivalent or undecided.
        gain: test score of deep minus shallow, turned so that positive means that deep is better.
        interval: (low, high) of the gain. level: its confidence level.
        least_gain: min_gain × distance from the floor's to the best possible score, in the metric's units.
        recommended: a run's name. n_units: test units resampled. seeds: number of seeds crossed in.
        p_value: of the exact paired test, where one was asked for. sentences: two, for a manager.
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
        run: the run's name. side: its side. output: the finalist's own test predictions (its seeds averaged).
        per_seed: test predictions of each seed. valid_output: on validation rows (calibration, thresholds).
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
        truth, weight, context: of the scored test items, as metrics read them. higher_is_better: of the metric.
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
        title: heading. order: place on the page, ascending.
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
