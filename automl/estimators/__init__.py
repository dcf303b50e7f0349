"""scikit-learn estimators that run one side alone, or the whole contest, with `fit` and `predict`.

    from automl import DeepClassifier

    cross_val_score(DeepClassifier(budget="2m"), X, y)

`DeepClassifier` and `DeepRegressor` search networks only, `ShallowClassifier` and `ShallowRegressor` tune scikit-learn
models only (and do not load TensorFlow), `ContestClassifier` and `ContestRegressor` run both sides and predict with the
model that the verdict recommends.
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
