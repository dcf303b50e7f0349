"""scikit-learn estimators: one side alone, or the whole contest, behind `fit` and `predict`.

    from automl import DeepClassifier

    cross_val_score(DeepClassifier(budget="2m"), X, y)

`DeepClassifier` and `DeepRegressor` search networks only, `ShallowClassifier` and `ShallowRegressor` tune scikit-learn
models only (and load no TensorFlow), `ContestClassifier` and `ContestRegressor` run both and predict with the one that
the verdict recommends.
"""

from automl.estimators.contest import ContestClassifier, ContestRegressor
from automl.estimators.deep import DeepClassifier, DeepRegressor
from automl.estimators.fitted import ContestResult
from automl.estimators.shallow import ShallowClassifier, ShallowRegressor

__all__ = [
    "ContestClassifier",
    "ContestRegressor",
    "ContestResult",
    "DeepClassifier",
    "DeepRegressor",
    "ShallowClassifier",
    "ShallowRegressor",
]
