"""What was read: rows, columns, the task they set, and how they are parted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl.records.names import GoalName, Kind, ModalityName, Severity

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the user should know about the data.

    Attributes:
        check: the check's name, in snake_case.
        severity: low, medium or high.
        message: one sentence in the user's words.
        next_step: what to do about it.
        columns: names concerned.
        rows: up to 20 positions or file rows concerned.
        count: how many in all.
        test_from: rows from this number on are rows of the user's own test data, whose first row it is; None where
            none are.
        files: names of up to 20 files concerned, for whoever looks at the data. They may be cells, so they are written
            into no result, report or saved model.
    """

    check: str
    severity: Severity
    message: str
    next_step: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    count: int = 0
    test_from: int | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Raw data, rows in one order, nothing fitted and nothing encoded.

    Attributes:
        name: short name for titles (file stem, folder name, or "data").
        inputs: a frame of feature columns (tabular; text as one column per text; image paths), or an array:
            ``(n, height, width[, channels])`` images, ``(n, channels, length)`` sequences. A forecast holds its
            covariates here (a frame with no columns when there are none). Always a RangeIndex.
        target: frame of target columns as the user wrote them, or None. Same rows.
        groups: ``(n,)`` group labels or None.
        times: ``(n,)`` datetime64[ns] or None.
        series: ``(n,)`` series labels (str) or None.
        weight: ``(n,)`` float64 or None.
        given: ``(n,)`` bool, True where the row came from the user's own test file, or None.
        pictures: of a table's image columns, by name: ``(n, h, w, c)`` uint8, blank where a row has none (its path
            among `inputs` is None then, also where a file could not be read).
        root: folder against which relative image paths are read, or None.
        fingerprint: hexadecimal digest of the content.
        findings: what was noticed and done while reading (rows dropped, images skipped, ...).
        row_numbers: ``(n,)`` the row's position in the user's file (before any were dropped); rows of the user's own
            test data are counted on from `test_from`.
        test_from: the number of the test data's first row, which is beyond all of the training file; None without
            test data of its own.
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
    test_from: int | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.inputs)

    def weight_of(self, items: np.ndarray) -> np.ndarray | None:
        """The weight ``(n,)`` of each row, or of each window the mean of its rows'; None where none has any."""
        if self.weight is None:
            return None
        own = self.weight[items]
        mean: np.ndarray = own if own.ndim == 1 else own.mean(axis=1)
        return mean


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
        horizon: forecast only (steps, steps, pandas frequency alias or None).
        season: forecast only (steps, steps, pandas frequency alias or None).
        frequency: forecast only (steps, steps, pandas frequency alias or None).
        quantiles: levels a forecast predicts beside its point forecast (which is the median).
        columns: the input columns and their kinds (targets not among them).
        time_column: names, None when absent.
        series_column: names, None when absent.
        group_column: names, None when absent.
        covariates_known: forecast covariates known ahead of time (calendar features are added by encoders).
        image_shape: images only: (height, width, channels) that all are brought to, and, for arrays, the
            brightness that becomes 0 and 255, so that new images are read as the training images were.
        pixel_range: see `image_shape`.
        evidence: sentences that explain modality, goal and metric.
        confidence: 0 to 1, of the goal; 1 where the user set it.
        target_columns: forecast only: how the targets are written, so that a new history is read as the training
            rows were.
    """

    modality: ModalityName
    goal: GoalName
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
        train: disjoint sorted row numbers (forecast: target rows).
        valid: disjoint sorted row numbers (forecast: target rows).
        test: disjoint sorted row numbers (forecast: target rows).
        units: what is resampled when uncertainty is measured: "row", "group", "block" (dated tables), or for
            forecasts "window" or (panels of ten series or more) "series".
        unit_ids: ``(n_test_units_scored,)`` int64: the unit of each scored test item, in test order
            (rows of `test`, or windows of `test_windows`).
        train_windows: ``(n, horizon)`` windows an encoder may learn from (stride 1), forecasts only.
        valid_windows: non-overlapping rolling windows, forecasts only.
        test_windows: non-overlapping rolling windows, forecasts only.
        folds: for small data, hold-outs as pairs (train, valid) of row numbers, the first being this split's own; the
            others' validation rows are disjoint from it and from each other, and no test row is in any. Else empty.
        rule: one sentence saying how the rows were parted.
        seed: what it was drawn with.
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

    def items(self, part: Literal["train", "valid", "test"]) -> np.ndarray:
        """What is predicted in a part: its rows ``(n,)``, or the windows ``(n, horizon)`` of a forecast."""
        windows: np.ndarray | None = getattr(self, f"{part}_windows")
        rows: np.ndarray = getattr(self, part)
        return rows if windows is None else windows
