"""scikit-learn estimators that run one side alone, or the whole contest, with `fit` and `predict`.

    from automl import DeepClassifier

    cross_val_score(DeepClassifier(budget="2m"), X, y)

`DeepClassifier` and `DeepRegressor` search networks only, `ShallowClassifier` and `ShallowRegressor` tune scikit-learn
models only (and do not load TensorFlow), `ContestClassifier` and `ContestRegressor` run both sides and predict with the
model that the verdict recommends. `FinalistClassifier` and `FinalistRegressor` are the models of a finished contest,
which can be fitted again without a search; `Result.estimator` and `Model.estimator` make them.
"""

from automl.estimators.contest import ContestClassifier, ContestRegressor
from automl.estimators.deep import DeepClassifier, DeepRegressor
from automl.estimators.finalist import FinalistClassifier, FinalistRegressor, finalist_estimator
from automl.estimators.fitted import ContestResult
from automl.estimators.saved import saved_estimator
from automl.estimators.shallow import ShallowClassifier, ShallowRegressor

__all__ = [
    "ContestClassifier",
    "ContestRegressor",
    "ContestResult",
    "DeepClassifier",
    "DeepRegressor",
    "FinalistClassifier",
    "FinalistRegressor",
    "ShallowClassifier",
    "ShallowRegressor",
    "finalist_estimator",
    "saved_estimator",
]
