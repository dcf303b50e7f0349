"""Readable scripts that train a finalist anew without automl: in plain Keras, or in plain scikit-learn.

A script is made from what the contest found: the network's own layers and hyperparameters, or the estimator's
settings; the loop is the one that trained it. Names of targets, columns, classes and runs may come from a bundle of
somebody else, so they enter a script as literals or as escaped text of its docstring, never as code.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from automl import catalog, goals, modalities
from automl.errors import DataError
from automl.export.describe import as_json, of_encoder
from automl.export.feature_script import feature_parts, is_on_features, write_feature_reader
from automl.export.network_code import identifier, layers_code, network_code
from automl.export.preprocess import write_reader
from automl.export.shallow_code import estimator_code
from automl.goals.shared.rows import as_written
from automl.layers.adam import BETA_2, CLIP_NORM
from automl.metrics.figures import figure
from automl.records import Task, Template
from automl.sides.predictors import BlendPredictor, DeepPredictor, ShallowPredictor, input_names
from automl.storage import files

__all__ = ["write_script"]

PARTS = "automl.export.parts"
REFUSED = ("ordinal", "label_smoothing")


def write_script(side: Any, target: Path, result: Mapping[str, Any]) -> dict[str, Any]:
    """Write a folder with ``train.py`` and what it reads; returns its manifest.

    Args:
        side: an `automl.predict.side_model.SideModel` of side deep or shallow.
        target: the new folder.
        result: the content of ``result.json``, for the settings that were found.

    Raises:
        DataError: the task is not one of tables with a target, the settings are not known, or a part has no code here.
    """
    task: Task = side.task
    check_task(side, result)
    runs = members(side.side, result)
    inputs = after = None
    if isinstance(side.predictor, DeepPredictor):
        text, after = deep_script(side.predictor, task, runs, result), _after(side)
    elif is_on_features(side.predictor):
        values, inputs = feature_parts(side.predictor, task, runs)
        values["NEEDED"] = in_docstring(values["NEEDED"])
        text = _filled("features.txt", values | _common("shallow", task, runs, result))
    elif isinstance(side.predictor, ShallowPredictor):
        text = shallow_script(side.predictor, task, runs, result)
    else:
        raise TypeError(f"expected a predictor of a side, got {type(side.predictor).__name__}")
    manifest = {
        "schema": 1, "format": "python", "side": side.side, "goal": task.goal, "modality": task.modality,
        "target": list(task.target), "labels": list(as_written(task)), "contest_score": score_of(side.side, result),
    }  # fmt: skip
    with files.guard(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = files.unfinished(target)
        draft.mkdir()
        try:
            if after is not None:
                manifest["after"] = after
                _write_reader(side, draft)
            if inputs is not None:
                write_feature_reader(inputs, task, draft)
            files.write_text(draft / "train.py", text)
            files.write_text(draft / "export.json", as_json(manifest))
            os.rename(draft, target)
            files.sync(target.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return manifest


def check_task(side: Any, result: Mapping[str, Any]) -> None:
    """Refuse what no script is written for.

    Raises:
        DataError: see `write_script`.
    """
    task: Task = side.task
    if isinstance(side.predictor, BlendPredictor):
        raise DataError("a blend has no script of its own: export --side deep and --side shallow, and average them")
    can = modalities.named(task).is_table or is_on_features(side.predictor)
    if not can or not goals.named(task).in_rows:
        raise DataError(
            "--format python is for tables with a target, and for shallow classifiers and regressors of items; this is "
            f"{task.goal} on {task.modality} by the {side.side} model: use another format"
        )
    if not result.get("runs"):
        raise DataError(
            "--format python reads the settings that a contest found, which this model has not: call export of the "
            "whole model, as in automl.load('model/').export('out/', 'python', side='deep')"
        )


def members(side: str, result: Mapping[str, Any]) -> list[tuple[str, float, dict[str, Any]]]:
    """Name, weight and settings of each member of a side's finalist."""
    runs = {run["name"]: run for run in result["runs"]}
    final = next((run for run in runs.values() if run["side"] == side and run["finalist"]), None)
    if final is None:
        raise DataError(f"the result names no {side} finalist; expected a model that a whole contest saved")
    parts = final["choices"].get("ensemble")
    weights: Mapping[str, float] = parts if isinstance(parts, Mapping) else {final["name"]: 1.0}
    return [(name, float(weight), dict(runs[name]["choices"])) for name, weight in weights.items()]


def score_of(side: str, result: Mapping[str, Any]) -> float | None:
    """The finalist's score on test rows."""
    scores = [run["test_score"] for run in result["runs"] if run["side"] == side and run["finalist"]]
    return scores[0] if scores else None


# --------------------------------------------------------------------------- deep


def deep_script(
    predictor: DeepPredictor, task: Task, runs: list[tuple[str, float, dict[str, Any]]], result: Mapping[str, Any]
) -> str:  # fmt: skip
    """The text of ``train.py`` for networks."""
    functions: list[str] = []
    own: dict[str, Any] = {}
    settings: list[dict[str, Any]] = []
    taken: set[str] = set()
    for place, (name, weight, choices) in enumerate(runs):
        for refused in REFUSED:
            if choices.get(refused):
                raise DataError(
                    f"{name} was trained with {refused}, for which no script is written; use --format keras"
                )
        function = identifier(f"build_{name}", taken)
        code, mine = network_code(predictor.models[place], function)
        functions.append(code)
        own |= mine
        settings.append({"build": function, "weight": weight, **_loop(choices, predictor.models[place])})
    listed = ",\n".join(_dict_code(one) for one in settings)
    codec = predictor.codec.state()
    values = {
        **_common("deep", task, runs, result),
        "LAYERS": layers_code(own),
        "NETWORKS": "\n\n".join(functions).rstrip(),
        "MEMBERS": f"MEMBERS = [\n{listed},\n]",
        "SHAPES": repr([list(s.values()) for s in codec.get("shapes", [])]),
        "MEAN": repr(codec.get("mean", [])),
        "STD": repr(codec.get("std", [])),
    }
    return _filled("deep.txt", values)


def _loop(choices: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """The hyperparameters of the training loop."""
    names = ("learning_rate", "weight_decay", "batch_size", "epochs", "class_weight")
    found = {name: choices[name] for name in names if choices.get(name) is not None}
    members = catalog.members(Template, "automl.templates")
    family = members[model.name].family if model.name in members else "mlp"
    return {**found, "beta_2": BETA_2.get(family, 0.999), "clip_norm": CLIP_NORM.get(family)}


def _dict_code(settings: Mapping[str, Any]) -> str:
    inner = ", ".join(f'"{key}": {value if key == "build" else repr(value)}' for key, value in settings.items())
    return f"    {{{inner}}}"


def _after(side: Any) -> dict[str, Any]:
    predictor = side.predictor
    return {
        "codec": predictor.codec.state(), "weights": list(predictor.weights),
        "decision": None if predictor.decision is None else predictor.decision.state(),
        "several_labels": goals.named(side.task).is_multilabel,
    }  # fmt: skip


def _write_reader(side: Any, draft: Path) -> None:
    predictor = side.predictor
    used = sorted({name for model in predictor.models for name in input_names(model)})
    inputs = of_encoder(predictor.encoder, used, inside=False)
    write_reader(draft, side.task, inputs, {})


# --------------------------------------------------------------------------- shallow


def shallow_script(
    predictor: ShallowPredictor, task: Task, runs: list[tuple[str, float, dict[str, Any]]], result: Mapping[str, Any]
) -> str:  # fmt: skip
    """The text of ``train.py`` for scikit-learn (and LightGBM)."""
    functions, listed, imports = [], [], set()
    taken: set[str] = set()
    for place, (name, weight, choices) in enumerate(runs):
        function = identifier(f"make_{name}", taken)
        code, needed = estimator_code(function, predictor.models[place], task, choices)
        functions.append(code)
        imports |= needed
        listed.append(f"    ({function}, {weight!r})")
    values = {
        **_common("shallow", task, runs, result),
        "IMPORTS": "\n".join(sorted(imports)),
        "MODELS": "\n\n\n".join(functions).rstrip(),
        "MEMBERS": "MEMBERS = [\n" + ",\n".join(listed) + ",\n]",
        "COLUMNS": _columns_code(task),
    }
    return _filled("shallow.txt", values)


def _columns_code(task: Task) -> str:
    """The columns by how they are read."""
    kinds = {
        "NUMBERS": ("numeric", "embedded_number", "boolean"), "DATES": ("datetime",),
        "LEVELS": ("categorical", "url", "list"), "TEXTS": ("text",),
    }  # fmt: skip
    lines = [f"{name} = {[c.name for c in task.columns if c.kind in own]!r}" for name, own in kinds.items()]
    truths = {c.name: str(c.reading.get("true", "true")) for c in task.columns if c.kind == "boolean"}
    return "\n".join([*lines, f"TRUE_WORDS = {truths!r}"])


# --------------------------------------------------------------------------- both


def _head(side: str, task: Task, runs: list[tuple[str, float, dict[str, Any]]], result: Mapping[str, Any]) -> str:
    score = score_of(side, result)
    names = " + ".join(f"{weight:g} x {name}" if len(runs) > 1 else name for name, weight, _ in runs)
    told = "" if score is None else f" Its test score in the contest: {task.metric} {figure(score)}."
    return in_docstring(f"The {side} finalist of a contest for {', '.join(task.target)}: {names}.{told}")


def in_docstring(text: str) -> str:
    """One line of text as the source of a docstring: it cannot end the docstring or start an escape.

    What is not printable (line ends, control characters, marks of direction, lone surrogates) is shown as its escape.
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def _common(
    side: str, task: Task, runs: list[tuple[str, float, dict[str, Any]]], result: Mapping[str, Any]
) -> dict[str, str]:  # fmt: skip
    """What all scripts say of the contest."""
    return {
        "HEAD": _head(side, task, runs, result),
        "TARGET": repr(list(task.target)),
        "LABELS": repr(list(task.classes)),
        "KIND": repr(_kind(task)),
        "SPLIT": _split(task, result),
        "METRIC": repr(task.metric),
    }


def _kind(task: Task) -> str:
    goal = goals.named(task)
    if goal.is_numeric:
        return "values"
    return "labels" if goal.is_multilabel else "two" if len(task.classes) == 2 else "classes"


def _split(task: Task, result: Mapping[str, Any]) -> str:
    split = result["split"]
    n = max(split["n_train"] + split["n_valid"] + split["n_test"], 1)
    return (
        f"SEED, TEST_SHARE, VALID_SHARE = {int(split['seed'])}, {split['n_test'] / n:.4g}, "
        f"{split['n_valid'] / max(split['n_train'] + split['n_valid'], 1):.4g}\n"
        f"GROUPS, TIMES = {task.group_column!r}, {task.time_column!r}"
    )


def _filled(name: str, values: Mapping[str, str]) -> str:
    """A template with its places filled in at once, so that no value is searched for places."""
    text = (resources.files(PARTS) / name).read_text(encoding="utf-8")
    common = (resources.files(PARTS) / "common.txt").read_text(encoding="utf-8")
    text = text.replace("#<COMMON>", common.rstrip())
    return re.sub(r"#?<([A-Z]+)>", lambda place: values.get(place[1], place[0]), text)
