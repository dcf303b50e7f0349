"""Opens a model that a contest logged to MLflow: ``mlflow.pyfunc.load_model("runs:/<id>/model")``.

MLflow calls `_load_pyfunc` of this module, whose name stands in the model's ``MLmodel``; the bundle is opened as by
`automl.load`, so no code of it is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.predict.model import Model

__all__ = ["Loaded"]


class Loaded:
    """What MLflow predicts with.

    Args:
        model: the opened bundle.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, rows: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predict rows with the recommended model.

        Args:
            rows: a frame, or any form that `automl.Model.predict` takes.
            params: "side" (deep, shallow, blend or floor), "proba" (probabilities in place of labels) and "on_odd", as
                of `automl.Model.predict`; None for none.
        """
        asked = dict(params or {})
        predict = self.model.predict_proba if asked.get("proba") else self.model.predict
        return predict(rows, asked.get("on_odd"), asked.get("side"))


def _load_pyfunc(path: str) -> Loaded:
    """Open the bundle at a path; the name is MLflow's."""
    from automl.api import load

    return Loaded(load(path))
