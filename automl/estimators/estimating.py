"""Base classes of the estimators, with scikit-learn's interface of classifiers and regressors."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from automl import goals
from automl.errors import DataError
from automl.estimators import checking
from automl.estimators.runner import recipe_for
from automl.intake.frames import is_frame
from automl.predict.on_odd import check_word
from automl.split import LEAST_UNTESTED

if TYPE_CHECKING:
    from automl.estimators.fitted import FittedModel
    from automl.records import OnOdd, Recipe

__all__ = ["Classifier", "Regressor"]

SHOWN_ROWS = 20


class Estimator(BaseEstimator):  # type: ignore[misc]
    """An estimator that fits by a run of the flow; subclasses define in `_run` which.

    As in scikit-learn, parameters are checked only in `fit`.
    """

    on_odd: OnOdd | None
    _fitted_model: FittedModel
    _least_rows: ClassVar[int] = LEAST_UNTESTED

    @abstractmethod
    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Run the side or the contest that the class is named after, and return its model."""

    def _fit(self, problem: checking.Problem, goal: Any, started: float) -> None:
        self.__dict__.pop("_fitted_model", None)  # the model of an earlier fit may have other columns
        check_word(self.on_odd)
        names = list(problem.inputs.columns) if is_frame(problem.inputs) else []
        recipe = recipe_for(self._asked(names), problem, goal, type(self).__name__)
        self._fitted_model = self._run(recipe, started)

    def _asked(self, names: Sequence[str]) -> dict[str, Any]:
        """The parameters that are keys of a recipe, for training rows of columns with these names."""
        return {name: value for name, value in self.get_params(deep=False).items() if name != "on_odd"}

    def _rows(self, X: Any) -> Any:
        """Check rows to predict, and convert them to what the readers take."""
        return checking.rows(self, X, reset=False)

    def _predicted(self, X: Any, name: str) -> np.ndarray:
        """An array of the output, ``(n, ...)`` for all rows: float64 with NaN where some cannot be read.

        Raises:
            DataError: the rows are odd and to be refused.
        """
        check_is_fitted(self, "_fitted_model")
        output, read = self._fitted_model.output(self._rows(X), self.on_odd)
        found = np.asarray(output.arrays[name])
        if read.all():
            return found
        every = np.full((len(read), *found.shape[1:]), np.nan)
        every[read] = found
        return every

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        # With a time budget, the number of fits depends on the machine.
        tags.non_deterministic = self.get_params(deep=False).get("budget") is not None
        return tags


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Predicts one of several classes, or several 0/1 labels.

    Attributes:
        classes_: sorted labels; for a multilabel target, the numbers of its columns.
        n_features_in_: number of columns of the training rows.
        feature_names_in_: names of these columns; only if all columns have one.
    """

    _goal: str
    _dtype: Any
    _places: np.ndarray  # position of each of `classes_` in the task's classes, -1 if it had no row with weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and tune on these rows; a fifth of them (at most 10,000) is used for validation.

        Args:
            X: a frame with columns of any kind (numbers, words, dates, texts, paths of images), or an array of 2
                dimensions, of images ``(n, height, width[, channels])`` or of sequences ``(n, channels, length)``.
            y: ``(n,)`` labels, or ``(n, n_labels)`` of 0 and 1.
            sample_weight: ``(n,)`` or None.

        Raises:
            ValueError: rows, labels, weights or parameters are at fault.
        """
        started = time.monotonic()
        labels = checking.labels(self, y)
        inputs = checking.rows(self, X, reset=True)
        problem = checking.training(self, inputs, labels.target, sample_weight, self._least_rows)
        self._fit(problem, labels.goal, started)
        self.classes_ = labels.classes
        self._goal, self._dtype = labels.goal, labels.dtype
        place = {name: i for i, name in enumerate(self._fitted_model.task.classes)}
        names = list(problem.target.columns) if goals.named(labels.goal).is_multilabel else labels.spelled
        self._places = np.array([place.get(name, -1) for name in names])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each row; for a multilabel target ``(n, n_labels)`` of 0 and 1.

        For two classes the threshold is the best one on the validation rows, not always 0.5. So the predicted class may
        differ from the most probable one.
        """
        codes = self._predicted(X, "labels")
        unread = np.isnan(codes if codes.ndim == 1 else codes[:, 0])
        if goals.named(self._goal).is_multilabel:
            return _emptied(codes[:, self._places], unread, self._dtype)
        known = np.flatnonzero(self._places >= 0)
        number = np.zeros(len(known), dtype=np.int64)
        number[self._places[known]] = known
        return _emptied(self.classes_[number[np.where(unread, 0, codes).astype(np.int64)]], unread, self.classes_.dtype)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict probabilities ``(n, n_classes)`` in the order of `classes_`, or of each label ``(n, n_labels)``."""
        probabilities = np.asarray(self._predicted(X, "probabilities"), dtype=np.float64)
        return np.where(self._places >= 0, probabilities[:, self._places], 0.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _emptied(labels: np.ndarray, unread: np.ndarray, dtype: Any) -> np.ndarray:
    """Labels of all rows, empty for rows that could not be read.

    Raises:
        DataError: some could not, and these labels have no empty value.
    """
    if not unread.any():
        return np.asarray(labels.astype(dtype))
    kind = np.dtype(dtype).kind
    if kind in "fOU":
        made = labels.astype(object if kind == "U" else dtype)
        made[unread] = np.nan if kind == "f" else None
        return np.asarray(made)
    rows = ", ".join(map(str, np.flatnonzero(unread)[:SHOWN_ROWS]))
    raise DataError(
        f"{int(unread.sum()):,} rows cannot be read (row {rows}), and labels of the type {dtype} hold no empty "
        "prediction: leave these rows out, or use predict_proba, which has NaN for them"
    )


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Predicts one or more numbers.

    Attributes:
        n_features_in_: number of columns of the training rows.
        feature_names_in_: names of these columns; only if all columns have one.
    """

    _n_targets: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and tune on these rows; a fifth of them (at most 10,000) is used for validation.

        Args:
            X: a frame with columns of any kind (numbers, words, dates, texts, paths of images), or an array of 2
                dimensions, of images ``(n, height, width[, channels])`` or of sequences ``(n, channels, length)``.
            y: ``(n,)`` or ``(n, n_targets)`` numbers.
            sample_weight: ``(n,)`` or None.

        Raises:
            ValueError: rows, target, weights or parameters are at fault.
        """
        started = time.monotonic()
        target = checking.values(self, y)
        inputs = checking.rows(self, X, reset=True)
        problem = checking.training(self, inputs, target, sample_weight, self._least_rows)
        self._fit(problem, "regression", started)
        self._n_targets = target.shape[1]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict values ``(n,)``, or ``(n, n_targets)`` for several targets."""
        predicted = np.asarray(self._predicted(X, "values"), dtype=np.float64)
        return predicted[:, 0] if self._n_targets == 1 else predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
