"""Checks the arguments of estimators by scikit-learn's conventions, and converts them to what the readers take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_consistent_length, validate_data

from automl.detect.parse import words
from automl.intake.frames import as_frame, is_frame

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

__all__ = ["Labels", "Problem", "labels", "rows", "training", "values", "weights"]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """The training rows in the form that the flow takes.

    Attributes:
        inputs: a frame, or an array of 3 or 4 dimensions.
        target: a frame of target columns; no input has the name of one of them.
        weight: ``(n_rows,)`` or None.
    """

    inputs: Any
    target: pd.DataFrame
    weight: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The classes of a target, and their names in the flow.

    Attributes:
        classes: the classes, sorted as in scikit-learn; for a multilabel target, the numbers of its columns.
        spelled: the name of each class in the flow.
        target: a frame with the class name of each row, or of 0/1 columns for a multilabel target.
        goal: "binary", "multiclass" or "multilabel".
        dtype: dtype of the user's labels.
    """

    classes: np.ndarray
    spelled: tuple[str, ...]
    target: pd.DataFrame
    goal: str
    dtype: Any


def rows(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Check the inputs, and convert them to a frame or an array of 3 or 4 dimensions.

    Columns of an array are named ``x0``, ``x1``, ..., or as they were in training. The index of a frame is never used
    as an input.

    Args:
        X: a frame of pandas, polars or pyarrow with columns of any kind, or an array of 2 to 4 dimensions.
        reset: whether to remember names and number of the columns; otherwise they are compared with those remembered.

    Raises:
        TypeError: the inputs are sparse.
        ValueError: they are complex or empty, have one dimension, or have other columns than in training.
    """
    named = is_frame(X)
    if named:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        frame = as_frame(X)
        if not frame.shape[1]:
            raise ValueError(f"Found array with 0 feature(s) (shape={frame.shape}) while a minimum of 1 is required.")
        if not len(frame):
            raise ValueError(f"Found array with 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required.")
        frame = frame.reset_index(drop=True)
    else:
        array = validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False, allow_nd=True, accept_sparse=False
        )
        if array.ndim > 2:
            return array
        frame = pd.DataFrame(array)
    names = getattr(estimator, "feature_names_in_", None)
    frame.columns = pd.Index([f"x{i}" for i in range(frame.shape[1])] if names is None else names, dtype=object)
    return frame if named else frame.infer_objects()


def labels(estimator: BaseEstimator, y: Any) -> Labels:
    """Check a target of classes, and find its classes.

    Args:
        y: ``(n,)`` labels of any type, or ``(n, n_labels)`` of 0 and 1.

    Raises:
        ValueError: y is missing, continuous, complex, or has another shape.
    """
    if y is not None and np.asarray(y).ndim == 2 and np.asarray(y).shape[1] > 1:
        return _several(estimator, y)
    declared = getattr(y, "dtype", None)
    y = np.asarray(validate_data(estimator, y=y))
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise _one_class(estimator, classes)
    spelled = _spelled(classes)
    target = pd.DataFrame({"y": np.array(spelled, dtype=object)[codes]}, dtype=object)
    if isinstance(declared, pd.CategoricalDtype) and declared.ordered:
        names = dict(zip(classes.tolist(), spelled, strict=True))
        order = [names[level] for level in declared.categories.tolist() if level in names]
        target["y"] = pd.Categorical(target["y"], categories=order, ordered=True)
    return Labels(classes, spelled, target, "binary" if len(classes) == 2 else "multiclass", y.dtype)


def _several(estimator: BaseEstimator, y: Any) -> Labels:
    """The same for a multilabel target, a table of 0 and 1."""
    table = np.asarray(validate_data(estimator, y=y, multi_output=True))
    kind = type_of_target(table)
    if kind != "multilabel-indicator":
        raise ValueError(
            f"y should be a 1d array of classes or a table of 0/1 labels, got shape {table.shape} ({kind}); fit one "
            f"{type(estimator).__name__} per column"
        )
    names = tuple(f"y{i}" for i in range(table.shape[1]))
    target = pd.DataFrame(table.astype(np.int8), columns=list(names))
    return Labels(np.arange(len(names)), names, target, "multilabel", table.dtype)


def _spelled(classes: np.ndarray) -> tuple[str, ...]:
    """Names of classes for the report: the user's own words, or numbered names if these are missing or not unique."""
    written = words(pd.Series(classes.tolist(), dtype=object))
    clear = all(word is not None for word in written) and len(set(written)) == len(classes)
    return tuple(map(str, written)) if clear else tuple(f"class {i}" for i in range(len(classes)))


def _one_class(estimator: BaseEstimator, classes: np.ndarray) -> ValueError:
    return ValueError(
        f"{type(estimator).__name__} needs rows of at least 2 classes, and those that count hold one class only "
        f"({', '.join(map(repr, classes.tolist())) or 'no rows'}); gather rows of another class"
    )


def values(estimator: BaseEstimator, y: Any) -> pd.DataFrame:
    """Check a target of numbers, and convert it to a frame of one or more columns.

    Args:
        y: ``(n,)`` or ``(n, n_targets)`` numbers.

    Raises:
        TypeError: y is sparse.
        ValueError: y is missing, not finite, not numeric, or has another shape.
    """
    y = validate_data(estimator, y=y, multi_output=True, y_numeric=True)
    if hasattr(y, "toarray"):
        raise TypeError("Sparse data was passed for y, but dense data is required. Use '.toarray()' to convert it.")
    try:
        table = np.asarray(y).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y holds words ({error}); {type(estimator).__name__} predicts numbers: pass numbers, or use a classifier"
        ) from error
    if table.ndim > 2:
        raise ValueError(f"y should be a 1d array or a table of targets, got shape {table.shape}")
    table = table.reshape(len(table), -1)
    names = ["y"] if table.shape[1] == 1 else [f"y{i}" for i in range(table.shape[1])]
    return pd.DataFrame(table, columns=names)


def weights(sample_weight: Any, n_rows: int) -> np.ndarray | None:
    """Check the weights of the rows; returns ``(n_rows,)`` numbers or None.

    Args:
        sample_weight: one number for all rows, ``(n_rows,)`` numbers, or None.
        n_rows: number of rows.

    Raises:
        ValueError: they have another shape, or are negative, missing or all zero.
    """
    if sample_weight is None:
        return None
    if np.asarray(sample_weight).ndim == 0:
        sample_weight = np.full(n_rows, sample_weight)
    weight = np.asarray(check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"))
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n_rows,)}: one weight per row")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`; weights are numbers from 0 up")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number; leave them out to count all alike")
    return weight


def training(
    estimator: BaseEstimator, inputs: Any, target: pd.DataFrame, sample_weight: Any, least_rows: int
) -> Problem:
    """Inputs, target and weights of the training rows; rows of weight zero are left out.

    Raises:
        ValueError: the numbers of rows differ, or too few rows are left to train and validate.
    """
    check_consistent_length(inputs, target)
    weight = weights(sample_weight, len(target))
    if weight is not None and not weight.all():
        kept = np.flatnonzero(weight)
        inputs = inputs.iloc[kept].reset_index(drop=True) if is_frame(inputs) else inputs[kept]
        target, weight = target.iloc[kept].reset_index(drop=True), weight[kept]
    has_classes = target.shape[1] == 1 and not pd.api.types.is_numeric_dtype(target.iloc[:, 0].dtype)
    if has_classes and target.iloc[:, 0].nunique() < 2:
        raise _one_class(estimator, target.iloc[:, 0].unique())
    if len(target) < least_rows:
        raise ValueError(
            f"Found array with {len(target)} sample(s) that count (shape={np.shape(inputs)}) while a minimum of "
            f"{least_rows} is required by {type(estimator).__name__}, to train and to judge with."
        )
    taken = set(inputs.columns) if is_frame(inputs) else set()
    target.columns = pd.Index([_free(str(name), taken) for name in target.columns], dtype=object)
    return Problem(inputs, target, weight)


def _free(name: str, taken: set[str]) -> str:
    """The name, with a prefix if an input has the same name."""
    while name in taken:
        name = f"target_{name}"
    return name
