"""What the estimators share: fitting and predicting as scikit-learn's classifiers and regressors do."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from automl import goals
from automl.estimators import checking
from automl.estimators.runner import recipe_for
from automl.split import LEAST_UNTESTED

if TYPE_CHECKING:
    from automl.estimators.fitted import FittedModel
    from automl.records import Output, Recipe

__all__ = ["Classifier", "Regressor"]


class Estimator(BaseEstimator):  # type: ignore[misc]
    """Rows in, a run of the flow, predictions out. Its subclasses say in `_run` what is run.

    Parameters are checked by `fit`, never before, as scikit-learn wants it.
    """

    _fitted_model: FittedModel
    _least_rows: ClassVar[int] = LEAST_UNTESTED

    @abstractmethod
    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Fit what the class is named after."""

    def _fit(self, problem: checking.Problem, goal: Any, started: float) -> None:
        self.__dict__.pop("_fitted_model", None)  # an earlier fit's model does not fit these columns
        recipe = recipe_for(self.get_params(deep=False), problem, goal, type(self).__name__)
        self._fitted_model = self._run(recipe, started)

    def _output(self, X: Any) -> Output:
        check_is_fitted(self, "_fitted_model")
        return self._fitted_model.output(checking.rows(self, X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        # What fits into a budget of time depends on the machine.
        tags.non_deterministic = self.get_params(deep=False).get("budget") is not None
        return tags


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Predicts one class of several, or several 0/1 labels.

    Attributes:
        classes_: sorted labels; of a multilabel target the numbers of its columns.
        n_features_in_, feature_names_in_: of the training rows; names where all columns have one.
    """

    _goal: str
    _dtype: Any
    _places: np.ndarray  # of each of `classes_` among the task's, -1 where no row of it counted

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and tune on these rows; a fifth of them (10,000 at most) validates.

        Args:
            X: a frame with columns of any kind (numbers, words, dates, texts, paths of images), or an array of 2
                dimensions, of images ``(n, height, width[, channels])`` or of sequences ``(n, channels, length)``.
            y: ``(n,)`` labels, or ``(n, n_labels)`` of 0 and 1.
            sample_weight: ``(n,)`` or None.

        Raises:
            ValueError: rows, labels, weights or parameters are at fault.
        """
        started = time.monotonic()
        found = checking.labels(self, y)
        inputs = checking.rows(self, X, reset=True)
        problem = checking.training(self, inputs, found.target, sample_weight, self._least_rows)
        self._fit(problem, found.goal, started)
        self.classes_ = found.classes
        self._goal, self._dtype = found.goal, found.dtype
        place = {name: i for i, name in enumerate(self._fitted_model.task.classes)}
        names = list(problem.target.columns) if goals.named(found.goal).is_multilabel else found.spelled
        self._places = np.array([place.get(name, -1) for name in names])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row; for several labels ``(n, n_labels)`` of 0 and 1.

        The threshold of two classes is not one half where another did better on the validation rows, so this may differ
        from the likeliest class.
        """
        found = self._output(X).arrays["labels"]
        if goals.named(self._goal).is_multilabel:
            return np.asarray(found[:, self._places].astype(self._dtype))
        known = np.flatnonzero(self._places >= 0)
        number = np.zeros(len(known), dtype=np.int64)
        number[self._places[known]] = known
        return np.asarray(self.classes_[number[found]])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` in the order of `classes_`, or of each label ``(n, n_labels)``."""
        found = np.asarray(self._output(X).arrays["probabilities"], dtype=np.float64)
        return np.where(self._places >= 0, found[:, self._places], 0.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Predicts one number or several.

    Attributes:
        n_features_in_, feature_names_in_: of the training rows; names where all columns have one.
    """

    _n_targets: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and tune on these rows; a fifth of them (10,000 at most) validates.

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
        """Values ``(n,)``, or ``(n, n_targets)`` for several targets."""
        found = np.asarray(self._output(X).arrays["values"], dtype=np.float64)
        return found[:, 0] if self._n_targets == 1 else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
