"""Writes a bundle completely or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from automl import pretrained
from automl.bundle.contents import BACKBONE
from automl.bundle.packing import pack
from automl.bundle.plugged import Used, described, packed
from automl.bundle.tasks import task_to_dict
from automl.bundle.trust import SKOPS_TYPES, check_keras, refused
from automl.catalog import plug_ins
from automl.errors import FolderError
from automl.records import Task
from automl.sides.predictors import BlendPredictor, DeepPredictor, Predictor, ShallowPredictor
from automl.storage import files
from automl.storage.json_text import indented
from automl.storage.npz import write_npz
from automl.storage.trusted import Untrusted

__all__ = ["SCHEMA", "digest", "save"]

SCHEMA = 1
LIBRARIES = (
    "automl-keras", "tensorflow", "keras", "scikit-learn", "skops", "skrub", "numpy", "pandas", "lightgbm", "catboost",
)  # fmt: skip


def save(
    folder: str | os.PathLike[str],
    task: Task,
    predictors: Mapping[str, Predictor],
    recommended: str,
    result: Mapping[str, Any],
    recipe_text: str,
    report_html: str | None = None,
    *,
    keeps_rows: bool = False,
    reference: Mapping[str, Any] | None = None,
    skops_types: frozenset[str] = SKOPS_TYPES,
) -> Path:
    """Save a contest's finalists so that they predict elsewhere exactly as here.

    Args:
        folder: a new folder, an empty one, or a bundle, which is replaced as a whole.
        task: the task of the models.
        predictors: side ("deep", "shallow", "floor", "blend") → predictor; a blend is saved as its weight, beside the
            models that it refers to.
        recommended: the side that predicts by default.
        result: the content of ``result.json``, without what exceptions said. Reasons of failed runs are left out here
            as well, because an exception may quote a cell of the data.
        recipe_text: the recipe as YAML.
        report_html: the report, without examples of training rows.
        keeps_rows: whether a fitted model holds training rows; recorded for whoever gets the folder.
        reference: counts of training columns and of predictions, with which `watch` compares new rows; None for none.
        skops_types: the closed list of types that a shallow model may consist of.

    Returns:
        The folder.

    Raises:
        FolderError: the folder holds something else, or cannot be written; nothing was changed.
        BundleError: a state or a model holds something that could not be opened safely.
    """
    target = Path(os.path.abspath(folder))
    refuse_other(target)
    if recommended not in predictors:
        raise ValueError(f"recommended is {recommended!r}, expected one of {sorted(predictors)}")
    with files.guard(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = files.unfinished(target)
        draft.mkdir()
        try:
            used: Used = {}
            sides = write_models(draft, predictors, skops_types, used)
            models = {side: one for side, one in predictors.items() if not isinstance(one, BlendPredictor)}
            for name, held in pretrained.files_of(task).items():
                files.write_bytes(draft / f"{BACKBONE}{name}", held)
            if report_html is not None:
                files.write_text(draft / "report.html", report_html)
            content = {
                "schema": SCHEMA,
                "task": task_to_dict(task),
                "recipe": recipe_text,
                "recommended": recommended,
                "sides": sides,
                "weights": {side: list(predictor.weights) for side, predictor in models.items()},
                **blended(predictors),
                "keeps_rows": keeps_rows,
                **({} if reference is None else {"reference": dict(reference)}),
                "plugins": described(used),
                "result": _without_words(result),
                "versions": versions(),
                "files": {path.name: sha256(path) for path in sorted(draft.iterdir())},
            }
            content["digest"] = digest(content)
            files.write_text(draft / "bundle.json", indented(content) + "\n")
            for path in draft.iterdir():
                files.sync(path)
            replace(draft, target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return target


def refuse_other(target: Path) -> None:
    """Refuse a folder that exists, is not empty and is not a bundle."""
    if not target.exists():
        return
    if not target.is_dir():
        raise FolderError(f"{target} is a file; give the name of a folder to save the model in")
    if any(target.iterdir()) and not (target / "bundle.json").is_file():
        raise FolderError(f"{target} is not empty and holds no saved model; choose another folder or empty this one")


def replace(draft: Path, target: Path) -> None:
    """Move the finished folder into place; an older bundle there is deleted only after that."""
    if not target.exists():
        os.rename(draft, target)
        files.sync(target.parent)
        return
    old = target.with_name(f".{target.name}.{uuid.uuid4().hex}.old")
    os.rename(target, old)
    try:
        os.rename(draft, target)
    except BaseException:
        os.rename(old, target)
        raise
    files.sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def write_models(
    draft: Path, predictors: Mapping[str, Predictor], types: frozenset[str], used: Used
) -> dict[str, list[str]]:
    """Write models and states; returns the file names of each side's models, and fills `used`."""
    sides: dict[str, list[str]] = {}
    states: dict[str, Any] = {"decisions": {}, "regions": {}}
    for side, predictor in predictors.items():
        if isinstance(predictor, DeepPredictor):
            sides[side] = write_deep(draft, side, predictor)
            states["encoder"], states["codec"] = predictor.encoder.state(), predictor.codec.state()
        elif isinstance(predictor, ShallowPredictor):
            sides[side] = write_shallow(draft, side, predictor, types, used)
        elif not isinstance(predictor, BlendPredictor):
            raise TypeError(f"{side}: expected a predictor of models or a blend, got {type(predictor).__name__}")
        states["decisions"][side] = None if predictor.decision is None else predictor.decision.state()
        states["regions"][side] = None if predictor.regions is None else predictor.regions.state()
    arrays: dict[str, np.ndarray] = {}
    packed = pack(states, arrays)
    files.write_text(draft / "encoder.json", json.dumps(packed, ensure_ascii=False))
    with (draft / "encoder.npz").open("wb") as file:
        write_npz(file, arrays, compressed=True)
    return sides


def blended(predictors: Mapping[str, Predictor]) -> dict[str, Any]:
    """The entry of the index for a blend; none if there is none.

    Raises:
        ValueError: a finalist that it is made of is not saved beside it.
    """
    blend = predictors.get("blend")
    if not isinstance(blend, BlendPredictor):
        return {}
    if predictors.get("deep") is not blend.deep or predictors.get("shallow") is not blend.shallow:
        raise ValueError("a blend is saved together with the two finalists that it is made of")
    return {"blend": {"weight_of_deep": float(blend.weight_of_deep)}}


def write_deep(draft: Path, side: str, predictor: DeepPredictor) -> list[str]:
    """Write a ``.keras`` file for each model, and check that it could be opened again."""
    names = []
    for i, model in enumerate(predictor.models):
        path = draft / f"{side}-{i}.keras"
        model.save(path)
        check_keras(path)
        names.append(path.name)
    return names


def write_shallow(draft: Path, side: str, predictor: ShallowPredictor, types: frozenset[str], used: Used) -> list[str]:
    """Write a ``.skops`` file for each model, checked to have only types on the list, or of plug-ins known here."""
    import zipfile

    import skops.io

    names, known = [], plug_ins()
    for i, model in enumerate(predictor.models):
        path = draft / f"{side}-{i}.skops"
        try:
            path.write_bytes(packed(skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED), types, known, used))
        except Untrusted as error:
            raise refused(path, error) from error
        names.append(path.name)
    return names


def versions() -> dict[str, str]:
    """Versions of the libraries that a saved model depends on."""
    installed = {}
    for library in LIBRARIES:
        try:
            installed[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return installed


def sha256(path: Path) -> str:
    """A file's SHA-256, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of the content of ``bundle.json`` without its "digest"."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("utf-8")).hexdigest()


def _without_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result without the messages of failed runs."""
    runs = result.get("runs")
    if not isinstance(runs, list):
        return dict(result)
    placeholder = "told in the run folder's result.json"
    return {**result, "runs": [{**run, "failure": placeholder} if run.get("failure") else run for run in runs]}
