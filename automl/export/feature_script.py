"""The script of a shallow finalist on texts, pictures, series or sounds: features by the reader, then scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.baselines.features.description import Described
from automl.baselines.model import Model
from automl.export.describe import Inputs
from automl.export.feature_code import estimator_of_features
from automl.export.network_code import identifier
from automl.export.preprocess import write_reader
from automl.export.shallow_inputs import Taken, add_features
from automl.records import Task

__all__ = ["feature_parts", "is_on_features", "write_feature_reader"]


def is_on_features(predictor: Any) -> bool:
    """Whether all models of a side are classifiers or regressors on features that describe themselves."""
    models = getattr(predictor, "models", ())
    return all(isinstance(model, Model) and isinstance(model.features, Described) for model in models) and bool(models)


def feature_parts(
    predictor: Any, task: Task, runs: Sequence[tuple[str, float, Mapping[str, Any]]]
) -> tuple[dict[str, str], Inputs]:  # fmt: skip
    """What is filled into the template, and the inputs that the reader makes.

    Args:
        predictor: see `is_on_features`.
        task: what it predicts.
        runs: name, weight and settings of each member.

    Raises:
        DataError: no code is written for a learner, or features have no export.
    """
    inputs, taken = Inputs(), dict[str, Taken]()
    functions, listed, names = [], [], set[str]()
    imports: set[str] = set()
    widths: dict[str, int | None] = {}
    for place, (name, weight, choices) in enumerate(runs):
        model = predictor.models[place]
        own = add_features(inputs, model.features, task, "float64", taken)
        widths[own.name] = own.width
        function = identifier(f"make_{name}", names)
        code, needed = estimator_of_features(function, model, task, choices)
        functions.append(code)
        imports |= needed
        listed.append(f"    ({function}, {own.name!r}, {weight!r})")
    sources = {one: told for spec in inputs.features.values() for one, told in spec["sources"].items()}
    cells = list(dict.fromkeys(column for spec in inputs.features.values() for column in spec["columns"]))
    arrays = "; ".join(f"{one} ({told})" for one, told in sources.items())
    needed_arrays = "; ".join([*([arrays] if arrays else []), f"and {', '.join(task.target)}"])
    values = {
        "IMPORTS": "\n".join(sorted(imports)),
        "MODELS": "\n\n\n".join(functions),
        "MEMBERS": "MEMBERS = [\n" + ",\n".join(listed) + ",\n]",
        "COLUMNS": f"SOURCES, CELLS = {list(sources)!r}, {cells!r}\nFEATURES = {widths!r}",
        "NEEDED": needed_arrays,
    }
    return values, inputs


def write_feature_reader(inputs: Inputs, task: Task, draft: Path) -> None:
    """The reader's files; of what a caller gives any size is taken."""
    sources = {one: told for spec in inputs.features.values() for one, told in spec["sources"].items()}
    given = {name: {"shape": None, "dtype": None, "meaning": told} for name, told in sources.items()}
    write_reader(draft, task, inputs, given)
