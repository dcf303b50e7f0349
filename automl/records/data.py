"""Records of the data: rows, columns, the task, and the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        columns: names of the columns concerned.
        rows: up to 20 of the positions or file rows concerned.
        count: number of rows concerned in all.
        test_from: the number of the first row of the user's own test data; row numbers from it on are test rows. None
            if the finding concerns no such rows.
        files: names of up to 20 files concerned, to show to the user only. Names may be cells of the data, so they are
            never written to a result, report or saved model.
        options: keys of a recipe that the next step advises, with the names of columns, as
            ``(("drop", ("paid",)),)``. The next step holds them as flags (`system.advice`).
        quoted: the part of the message that an exception said. It may hold a cell or a path, so a saved model is
            without it.
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
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    quoted: str = ""


VOID = 255
"""The code of a pixel that has no class: it is neither learnt nor scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The classes of a picture's pixels: a cell of a target of masks.

    Attributes:
        codes: ``(height, width)``; as read the user's own values, after detection uint8 codes of classes, or `VOID`.
    """

    codes: np.ndarray

    def __str__(self) -> str:
        return f"mask of {self.codes.shape[0]} x {self.codes.shape[1]} pixels"


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Raw data with its rows in a fixed order; nothing is fitted or encoded.

    Attributes:
        name: short name for titles (file stem, folder name, or "data").
        inputs: a frame of feature columns with a RangeIndex (tabular; one column per text; image paths), or an array:
            ``(n, height, width[, channels])`` images, ``(n, channels, length)`` sequences. For a forecast, the frame of
            its covariates, without columns if there are none.
        target: frame of the target columns of the same rows, as the user wrote them, or None.
        observed: ``(n, n_targets)`` bool, in the order of the target's columns: False where a value of the target was
            filled in, or is missing; None if all values are the user's own. Such cells are not known to any truth.
        groups: ``(n,)`` group labels or None.
        times: ``(n,)`` datetime64[ns] or None; in UTC where the input names a zone (on its local clock if the time
            column's reading says "wall").
        zone: the clock on which the input wrote its times: a name such as "Europe/Berlin", or an offset such as
            "+02:00"; None if it names none.
        series: ``(n,)`` series labels (str) or None.
        weight: ``(n,)`` float64 or None.
        given: ``(n,)`` bool, True where the row came from the user's own test file, or None.
        pictures: images of a table's image columns, by column name: ``(n, h, w, c)`` uint8. A row without an image, or
            whose file could not be read, has a blank image, and its path in `inputs` is None.
        sources: of pictures or sounds that were decoded, what each was made of: ``(n,)`` paths as text, or sounds ``(n,
            channels, samples)``; for names of files and for players on the page, never for a model. None where it
            is not known.
        rate: samples a second of an array of sounds, or None.
        vectors: of texts or pictures, ``(n, dim)`` float32, made by the task's backbone (`automl.pretrained`); of new
            rows something that NumPy reads as such an array, computed then; None without one.
        extents: pictures on a common canvas only: ``(n, 4)`` int64, rows and columns that each takes up from the upper
            left corner, then rows and columns that it has in the user's file; None where `inputs` is no canvas.
        root: folder to which relative image paths refer, or None.
        fingerprint: hexadecimal digest of the content.
        findings: what was noticed and done while reading (rows dropped, images skipped, ...).
        row_numbers: ``(n,)`` position of each row in the user's file (before any were dropped). Rows of the user's own
            test data are numbered from `test_from` on.
        test_from: number of the first row of the user's own test data, greater than all row numbers of the training
            file; None without such data.
        index: new rows only: the label of each row that was passed, of which `row_numbers` are the positions that could
            be read; the others get an empty prediction.
        n_source_rows: number of rows of the source if only some of them were read; None if all were.
        kinds: of input columns, if the reader knows more than the cells say.
        encoding: Python's name of the encoding of a delimited text, else empty.
        aside: the sensitive columns (`Recipe.sensitive`) as the user wrote them, by row number (its index), for
            analyses alone: no encoder and no model reads it. They may be columns that were left out of the inputs.
        unlabelled: inputs of the rows that hold no target, as new rows are read, for both sides to learn from
            (`Recipe.pretrain`), without rows if all hold one; None where such rows are not used. They are part of no
            split and never scored, and none of the user's own test rows is among them.
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
    vectors: np.ndarray | None = None
    sources: np.ndarray | None = None
    rate: float | None = None
    extents: np.ndarray | None = None
    root: str | None = None
    fingerprint: str = ""
    findings: tuple[Finding, ...] = ()
    row_numbers: np.ndarray | None = None
    n_source_rows: int | None = None
    test_from: int | None = None
    observed: np.ndarray | None = None
    zone: str | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    encoding: str = ""
    index: pd.Index | None = None
    aside: pd.DataFrame | None = None
    unlabelled: Dataset | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.inputs)

    def aside_of(self, items: np.ndarray) -> pd.DataFrame | None:
        """The sensitive columns of each row, or of the first row of each window; None if none were named.

        Cells of rows that were filled in are missing.
        """
        if self.aside is None:
            return None
        first = items if items.ndim == 1 else items[:, 0]
        numbers = first if self.row_numbers is None else self.row_numbers[first]
        return self.aside.reindex(numbers).reset_index(drop=True)

    def weight_of(self, items: np.ndarray) -> np.ndarray | None:
        """The weight ``(n,)`` of each row, or of each window; None without weights.

        The weight of a window is the mean over its rows; those whose target was not observed have no part in it.
        """
        if self.weight is None:
            return None
        own: np.ndarray = self.weight[items]
        if own.ndim == 1:
            return own
        if self.observed is None:
            mean: np.ndarray = own.mean(axis=1)
            return mean
        share = self.observed[items].mean(axis=-1)
        total = share.sum(axis=1)
        mean = (own * share).sum(axis=1) / (total + (total == 0))
        return mean


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: its kind, a confidence (0 to 1), and the evidence in words that users understand.

    `reading` says how its text was read. It is decided once on the whole column and used for new rows as well, such as
    ``{"day_first": True}``, ``{"decimal": ","}``, ``{"true": "yes", "false": "no"}`` or ``{"unit": "°C"}``; for
    numbers with words among them, ``{"words": ["Calm"], "beside": "wind (word)"}``, for bins also ``"bins"``; for
    images of a table, ``{"shape": [height, width, channels]}``, and ``"range"``, the values that become 0 and 255, if
    they have more than eight bits; for sounds of a table the same shape, and ``"sound"`` as of `Task.sound`.
    That of a time column may name the columns that tell a part of the time (``"parts"``), that of a
    series column all columns that tell series apart (``"keys"``).

    `seen` says what the training rows held, so that new rows can be compared with them (`automl.detect.columns.seen`):
    ``missing`` (share of gaps), for numbers and dates ``low`` and ``high``, for numbers ``usual`` (two sizes), for
    levels ``levels`` and ``rare`` (share of the rows with another one). Empty in models of before.
    """

    name: str
    kind: Kind
    confidence: float
    evidence: str
    reading: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def level_column(self) -> Column | None:
        """The levels that stand beside the numbers, a column of its own in a typed frame; None for most columns.

        Cells of the one column are read twice: as numbers, and as levels where they are words among numbers or bins.
        """
        name = self.reading.get("beside")
        return None if name is None else Column(str(name), "categorical", self.confidence, f"levels of {self.name!r}")


def encoded_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a typed frame: those of the user, each followed by the one of its levels where it has one."""
    return tuple(one for column in columns for one in (column, column.level_column) if one is not None)


@dataclass(frozen=True, slots=True)
class Task:
    """What to predict from a dataset, and the evidence for that.

    Attributes:
        target: names of the target columns (for arrays: ``("y",)`` and so on).
        classes: class labels as strings in code order (multilabel: label names); empty otherwise.
        positive: for binary, the positive class: always ``classes[1]``.
        label: the column that scores a goal without target, or None; `target` names it too.
        condition: generate only: the column given whose values items are generated and scored, or None.
        normal: goals without target: the value of the label whose rows alone are learnt from; None for all rows.
        contamination: anomaly only: the share of rows that raise an alarm, as the user said; None to choose it.
        window: sequences made of a table's rows only: how many rows an item holds, its own last.
        dims: represent only: how many numbers represent a row.
        scale: pictures with masks only: by what pictures are scaled before they are read, at most 1.
        selects: whether validation rows can choose between models; False where a label has one value among them.
        ordered: multiclass only: whether the classes are ordered, like grades.
        horizon: forecast only: number of steps to forecast.
        season: forecast only: number of steps of a season.
        frequency: forecast only: alias of its calendar (`automl.detect.series.calendars`), or None.
        quantiles: levels of the quantiles that a forecast predicts in addition to its point forecast (the median).
        columns: the input columns and their kinds, without the targets.
        time_column: name of the column of times, or None.
        series_column: name of the column that names the series, or None.
        group_column: name of the column of groups, or None.
        covariates_known: covariates of a forecast that are known in advance (encoders add calendar features).
        image_shape: images: (height, width, channels) to which all are resized; sounds: the shape of their
            spectrograms; where an array without channels is to be generated more of, (height, width).
        sound: sounds only: how their spectrograms are made, by the names of `automl.intake.spectrograms.SoundForm`.
        pixel_range: arrays of images, and image files of more than eight bits: the values that become 0 and 255, so
            that new images are read like the training images.
        evidence: sentences that explain modality, goal and metric.
        confidence: of the goal, 0 to 1; 1 if the user set it.
        target_columns: forecast only: how the targets are written, so that a new history is read like the training
            rows.
        encoding: Python's name of the encoding of the text trained on, by which other texts are read that leave theirs
            open; empty if it was UTF-8 or no text.
        set_aside: names of columns that the user left out, and of weights: no news where new rows hold them.
        backbone: what makes vectors of texts or pictures for both sides (`automl.pretrained.backbone_of`): "folder",
            "name", "kind", "dim" and "digest"; empty without one.
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
    sound: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    ordered: bool = False
    confidence: float = 1.0
    target_columns: tuple[Column, ...] = ()
    encoding: str = ""
    set_aside: tuple[str, ...] = ()
    backbone: Mapping[str, Any] = field(default_factory=dict)
    normal: str | None = None
    contamination: float | None = None
    dims: int | None = None
    window: int | None = None
    selects: bool = True
    scale: float = 1.0
    condition: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The rows for training, validation and test, decided before anything is fitted.

    Attributes:
        train: sorted row numbers (forecast: target rows), disjoint from `valid` and `test`.
        valid: sorted row numbers (forecast: target rows), disjoint from `train` and `test`.
        test: sorted row numbers (forecast: target rows), disjoint from `train` and `valid`.
        units: the units that the bootstrap resamples: "row", "group", "block" (tables with a time column); for
            forecasts "window", or "series" for panels of ten series or more.
        unit_ids: ``(n_test_items,)`` int64: the unit of each scored test item (row of `test` or window of
            `test_windows`), in test order.
        refit_rows: sorted row numbers of what a refit learns from, the training rows first, where these are not all
            training and validation rows; None where they are.
        time_ids: panels of forecasts only: ``(n_test_items,)`` int64, increasing with time: windows of different series
            at the same time have the same number, since what happens then may concern all series.
        train_windows: forecasts only: ``(n, horizon)`` windows for training (stride 1).
        valid_windows: forecasts only: non-overlapping rolling windows for validation.
        test_windows: forecasts only: non-overlapping rolling windows for test.
        folds: for small data, hold-outs as pairs (train, valid) of row numbers; empty otherwise. The first pair is the
            split's own. The validation rows of all pairs are disjoint, and no pair has a test row.
        refit_windows: forecasts only: ``(n, horizon)`` windows for a refit: the training windows, followed by those
            (stride 1) that reach into the validation rows.
        rule: one sentence that says how the rows were split.
        seed: seed of all random draws.
        n_unlabelled: rows without a target that both sides may learn from beside these (`Dataset.unlabelled`).
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
    refit_windows: np.ndarray | None = None
    time_ids: np.ndarray | None = None
    refit_rows: np.ndarray | None = None
    n_unlabelled: int = 0

    @property
    def in_time(self) -> bool:
        """Whether the units are stretches of time that follow each other, so that neighbours depend on each other."""
        return self.units in ("block", "window")

    @property
    def windows_share_units(self) -> bool:
        """Whether test windows of several series that start at the same time are one unit."""
        return self.units == "window" and len(set(self.unit_ids.tolist())) < len(self.unit_ids)

    def items(self, part: Literal["train", "valid", "test"]) -> np.ndarray:
        """The items of a part: its rows ``(n,)``, or the windows ``(n, horizon)`` of a forecast."""
        windows: np.ndarray | None = getattr(self, f"{part}_windows")
        rows: np.ndarray = getattr(self, part)
        return rows if windows is None else windows
