"""Opening a bundle: everything is checked before anything is built."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from automl.bundle.packing import unpack
from automl.bundle.saving import SCHEMA, digest, sha256
from automl.bundle.tasks import task_from_dict
from automl.bundle.trust import SKOPS_TYPES, check_keras, check_skops
from automl.errors import BundleError
from automl.predictors import DeepPredictor, Predictor, ShallowPredictor
from automl.records import Encoder, TargetCodec, Task

__all__ = ["Opened", "open"]

NAMES = re.compile(r"deep-\d+\.keras|(shallow|floor)-\d+\.skops|encoder\.json|encoder\.npz|report\.html")
FIELDS = ("task", "recipe", "recommended", "sides", "result", "versions", "files", "digest")
INDEX = "bundle.json"


class Sides(Mapping[str, Predictor]):
    """Predictors by side, each loaded when it is first asked for."""

    def __init__(self, names: tuple[str, ...], load: Callable[[str], Predictor]) -> None:
        self.names = names
        self.load = load
        self.loaded: dict[str, Predictor] = {}

    def __getitem__(self, side: str) -> Predictor:
        """The predictor of a side; raises BundleError when its models cannot be loaded."""
        if side not in self.names:
            raise KeyError(side)
        if side not in self.loaded:
            self.loaded[side] = self.load(side)
        return self.loaded[side]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A bundle that was checked.

    Attributes:
        folder: where it lies. task, recommended, result, recipe: as saved. versions: of libraries, when it was saved.
        keeps_rows: a model's fitted state holds training rows.
        predictors: by side; each is loaded when it is first asked for, so a shallow model needs no TensorFlow.
    """

    folder: Path
    task: Task
    recommended: str
    result: Mapping[str, Any]
    recipe: str
    versions: Mapping[str, str]
    keeps_rows: bool
    predictors: Mapping[str, Predictor]

    @property
    def report(self) -> Path | None:
        """The saved page, or None."""
        path = self.folder / "report.html"
        return path if path.is_file() else None


def open(  # noqa: A001
    folder: str | os.PathLike[str],
    restore_encoder: Callable[[Any], Encoder] | None = None,
    restore_codec: Callable[[Any], TargetCodec] | None = None,
    skops_types: frozenset[str] = SKOPS_TYPES,
) -> Opened:
    """Open a saved contest; no code from the folder is run.

    Args:
        folder: what `save` wrote, or a run folder, in whose ``model/`` it is.
        restore_encoder, restore_codec: how an encoder and a codec are made from their states.
        skops_types: the closed list of types a shallow model may be made of.

    Raises:
        BundleError: it is no bundle, of another schema version, incomplete, altered, or names code that is not ours.
    """
    path = Path(folder)
    if not (path / INDEX).is_file() and (path / "model" / INDEX).is_file():
        path = path / "model"
    content = read_index(path)
    check_files(path, content)
    task = task_from_dict(content["task"])
    states = read_states(path)

    def load(side: str) -> Predictor:
        from automl.decision import restore

        saved = states["decisions"].get(side)
        decision = None if saved is None else restore(saved)
        names, weights = content["sides"][side], weights_of(path, content, side)
        if names[0].endswith(".skops"):
            return ShallowPredictor(tuple(load_shallow(path / name, skops_types) for name in names), decision, weights)
        if restore_encoder is None or restore_codec is None:
            raise TypeError("a deep model needs restore_encoder and restore_codec")
        encoder, codec = restore_encoder(states["encoder"]), restore_codec(states["codec"])
        return DeepPredictor(tuple(load_deep(path / name) for name in names), encoder, codec, decision, weights)

    return Opened(
        folder=path,
        task=task,
        recommended=content["recommended"],
        result=content["result"],
        recipe=content["recipe"],
        versions=content["versions"],
        keeps_rows=bool(content.get("keeps_rows", False)),
        predictors=Sides(tuple(content["sides"]), load),
    )


def read_index(path: Path) -> dict[str, Any]:
    """Read ``bundle.json`` and check its shape and version."""
    index = path / INDEX
    if not index.is_file():
        raise BundleError(f"{path} holds no saved model ({INDEX}); give a run folder or what result.save() wrote")
    try:
        content = json.loads(index.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{index} cannot be read ({error}); save the model again") from error
    if not isinstance(content, dict):
        raise BundleError(f"{index} holds no mapping; save the model again")
    version = content.get("schema")
    if version != SCHEMA:
        saved = content.get("versions")
        by = f", saved by automl-keras {saved.get('automl-keras', '?')}" if isinstance(saved, dict) else ""
        raise BundleError(
            f"{index} is of schema version {version!r}{by}; this automl reads version {SCHEMA}: "
            "open it with the version that saved it, or save it again"
        )
    missing = [name for name in FIELDS if name not in content]
    if missing:
        raise BundleError(f"{index} lacks {', '.join(missing)}; save the model again")
    if content["digest"] != digest(content):
        raise BundleError(f"{index} was altered after it was saved; use an unaltered copy")
    if not isinstance(content["files"], dict) or not isinstance(content["sides"], dict) or not content["sides"]:
        raise BundleError(f"{index} lists no files or no models; save the model again")
    if content["recommended"] not in content["sides"]:
        raise BundleError(
            f"{index} recommends {content['recommended']!r}, which it does not hold; save the model again"
        )
    return content


def weights_of(path: Path, content: Mapping[str, Any], side: str) -> tuple[float, ...]:
    """The weights of an ensemble's members; one for a single model, and in bundles from before there were any."""
    weights = content.get("weights", {}).get(side, [1.0])
    sound = isinstance(weights, list) and weights and all(isinstance(w, int | float) and w > 0 for w in weights)
    if not sound or len(content["sides"][side]) % len(weights):
        raise BundleError(f"{path}: the weights of {side!r} do not fit its models; save the model again")
    return tuple(float(weight) for weight in weights)


def check_files(path: Path, content: Mapping[str, Any]) -> None:
    """Check names, presence and hashes of every file, then what the networks name."""
    for name, expected in content["files"].items():
        if not NAMES.fullmatch(name):
            raise BundleError(f"{path}: bundle.json lists {name!r}, which is no file of a bundle; nothing was opened")
        file = path / name
        if file.is_symlink():
            raise BundleError(f"{file} is a link, not a file; copy the whole folder again")
        if not file.is_file():
            raise BundleError(f"{file} is missing; copy the whole folder again, or save the model again")
        if sha256(file) != expected:
            raise BundleError(f"{file} was altered or damaged after it was saved; use an unaltered copy")
    for side, names in content["sides"].items():
        if not isinstance(names, list) or not names or len({str(name).split("-")[0] for name in names}) != 1:
            raise BundleError(f"{path}: bundle.json names no models of one kind for {side!r}; save the model again")
        unknown = [name for name in names if name not in content["files"] or not name.endswith((".keras", ".skops"))]
        if unknown:
            raise BundleError(f"{path}: bundle.json names {unknown[0]!r} as a model but does not list it")
        for name in names:
            if name.endswith(".keras"):
                check_keras(path / name)
    for name in ("encoder.json", "encoder.npz"):
        if name not in content["files"]:
            raise BundleError(f"{path}: bundle.json does not list {name}; save the model again")


def read_states(path: Path) -> dict[str, Any]:
    """States of encoder, codec and decisions."""
    try:
        with np.load(path / "encoder.npz", allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        states = unpack(json.loads((path / "encoder.json").read_text("utf-8")), arrays)
    except (ValueError, OSError, KeyError, RecursionError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"{path}: encoder.json or encoder.npz cannot be read ({error}); save it again") from error
    if not isinstance(states, dict) or not isinstance(states.get("decisions"), dict):
        raise BundleError(f"{path}: encoder.json holds no states; save the model again")
    return states


def load_deep(path: Path) -> Any:
    """Load a network whose file was checked."""
    import importlib
    import pkgutil

    import keras

    import automl.layers

    for module in pkgutil.iter_modules(automl.layers.__path__):  # so that our layers are registered
        importlib.import_module(f"automl.layers.{module.name}")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts raise; all of it means this version cannot read it
        raise BundleError(
            f"{path} cannot be loaded by Keras {keras.__version__} ({error}); install the versions in bundle.json"
        ) from error


def load_shallow(path: Path, types: frozenset[str]) -> Any:
    """Load a shallow model after checking its types."""
    import skops.io

    allowed = check_skops(path, types)
    try:
        return skops.io.load(path, trusted=list(allowed))
    except Exception as error:  # as above
        raise BundleError(f"{path} cannot be loaded ({error}); install the versions in bundle.json") from error
