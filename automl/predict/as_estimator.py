"""What scikit-learn asks of an estimator, answered by a contest's model: it is fitted and stays as it is.

Its `fit` is another object's: a clone is an unfitted estimator with the finalist's settings (`automl.estimators`), so
that ``cross_val_score``, ``GridSearchCV`` and pipelines, which fit clones, take ``result.model`` as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from automl.errors import DataError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["AsEstimator"]


STAYS = (
    "the model of a contest is fitted, and stays what its report describes; fit its settings on other rows with "
    "sklearn.base.clone(result.model).fit(X, y), or put result.estimator() into the pipeline"
)


class AsEstimator:
    """The interface of a fitted scikit-learn estimator, for contests of tables with a target.

    Attributes:
        _maker: makes the estimator of a side; None where none can be made.
        recommended: the side that it stands for.
    """

    __slots__ = ()
    _maker: Callable[[str], Any] | None
    recommended: str

    def estimator(self, side: str | None = None) -> Any:
        """The recommended model, or that of a side, as a fitted scikit-learn estimator, for contests of tables.

        It predicts as the model does, in arrays. ``sklearn.base.clone`` gives one that is not fitted, and whose `fit`
        fits the finalist's settings on other rows without a search: so do pipelines and ``cross_val_score``.

        Args:
            side: "deep", "shallow" or "blend"; None for the recommended one.

        Returns:
            An `automl.estimators.FinalistClassifier` or `FinalistRegressor`.

        Raises:
            DataError: the side has no model, the contest is none of a table with a target, or the model was saved
                without its settings.

        Example::

            cross_val_score(model.estimator("shallow"), frame.drop(columns="price"), frame["price"])
        """
        if self._maker is None:
            raise DataError("this model knows no settings of its finalists; use result.estimator() of the contest")
        return self._maker(side or self.recommended)

    def fit(self, X: Any, y: Any = None, **_: Any) -> Any:
        """Refuse: the model of a contest stays what the report describes.

        Args:
            X: rows.
            y: their target.

        Raises:
            DataError: always; says how the settings are fitted on other rows.
        """
        raise DataError(STAYS)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse, in words for pipelines: these set attributes of what they are about to fit."""
        raise DataError(f"{name} cannot be set: {STAYS}")

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy, or R² of numbers, as scikit-learn's estimators score.

        Args:
            X: rows ``(n, ...)``.
            y: their target ``(n,)`` or ``(n, n_targets)``.
            sample_weight: ``(n,)``, or None.

        Raises:
            DataError: as `estimator`.
        """
        return float(self.estimator().score(X, y, sample_weight))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of `estimator`: families and settings of the finalist, seed, columns and so on.

        Args:
            deep: as in scikit-learn; there is nothing deeper.

        Raises:
            DataError: as `estimator`.
        """
        made: dict[str, Any] = self.estimator().get_params(deep)
        return made

    def set_params(self, **params: Any) -> Any:
        """Set nothing: without parameters the model itself, as scikit-learn expects.

        Args:
            **params: of `estimator`.

        Raises:
            DataError: there are parameters; a clone takes them.
        """
        if params:
            raise DataError("the model of a contest stays as it is; set parameters of sklearn.base.clone(result.model)")
        return self

    @property
    def classes_(self) -> np.ndarray:
        """Of a classification, the labels in the order of scikit-learn."""
        found: np.ndarray = self._attribute("classes_")
        return found

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns that the model reads."""
        found: np.ndarray = self._attribute("feature_names_in_")
        return found

    @property
    def n_features_in_(self) -> int:
        """How many columns the model reads."""
        return int(self._attribute("n_features_in_"))

    def _attribute(self, name: str) -> Any:
        """An attribute of the estimator; AttributeError where it has none, as scikit-learn asks of its estimators."""
        try:
            return getattr(self.estimator(), name)
        except DataError as error:
            raise AttributeError(str(error)) from error

    def __sklearn_clone__(self) -> Any:
        from sklearn.base import clone

        return clone(self.estimator())

    def __sklearn_tags__(self) -> Any:
        return self.estimator().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return True
