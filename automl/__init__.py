"""automl: does deep learning pay on your data, or is a shallow model enough?

    import automl

    result = automl.fit("cars.csv", target="price", budget="5m")
    print(result)
    result.report("report.html")

Importing the package loads no TensorFlow, no scikit-learn and no pandas; each comes when first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from automl._version import __version__

if TYPE_CHECKING:
    from automl.api import Inspection, Result, analyse, compare, fit, inspect, load, run, update
    from automl.estimators import (
        ContestClassifier,
        ContestRegressor,
        DeepClassifier,
        DeepRegressor,
        ShallowClassifier,
        ShallowRegressor,
    )
    from automl.predict.model import Model

__all__ = [
    "ContestClassifier",
    "ContestRegressor",
    "DeepClassifier",
    "DeepRegressor",
    "Inspection",
    "Model",
    "Result",
    "ShallowClassifier",
    "ShallowRegressor",
    "__version__",
    "analyse",
    "compare",
    "fit",
    "inspect",
    "load",
    "run",
    "update",
]


def __getattr__(name: str) -> Any:
    """Load the interface when it is first used."""
    if name in __all__:
        estimator = name.endswith(("Classifier", "Regressor"))
        return getattr(import_module("automl.estimators" if estimator else "automl.api"), name)
    raise AttributeError(f"module 'automl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
