"""Reads ``bundle.json`` and checks its fields, its version and its list of models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.bundle.contents import INDEX, MOST_INDEX_BYTES, read_file
from automl.bundle.saving import SCHEMA, digest
from automl.errors import BundleError
from automl.storage.trusted import Untrusted, parse_json

__all__ = ["blend_of", "read_index", "weights_of"]

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "task": dict, "recipe": str, "recommended": str, "sides": dict, "result": dict, "versions": dict, "files": dict,
    "digest": str,
}  # fmt: skip
"""Fields that every index has, with their types."""
LATER: Mapping[str, type | tuple[type, ...]] = {
    "weights": dict, "keeps_rows": bool, "plugins": list, "blend": dict, "reference": dict,
}  # fmt: skip
"""Fields added later, which older bundles do not have, with their types."""
SIDES = frozenset({"deep", "shallow", "floor"})
MOST_MODELS = 1_000


def read_index(path: Path) -> dict[str, Any]:
    """Read ``bundle.json`` and check its fields and version.

    Raises:
        BundleError: it cannot be read, is of another version, lacks a field, or was changed.
    """
    index = path / INDEX
    try:
        content = parse_json(read_file(index, MOST_INDEX_BYTES))
    except Untrusted as error:
        raise BundleError(f"{index} cannot be read ({error}); save the model again") from error
    if not isinstance(content, dict):
        raise BundleError(f"{index} is not a mapping; save the model again")
    version = content.get("schema")
    if version != SCHEMA or isinstance(version, bool):
        saved = content.get("versions")
        by = f", saved by automl-keras {saved.get('automl-keras', '?')}" if isinstance(saved, dict) else ""
        raise BundleError(
            f"{index} is of schema version {version!r:.40}{by:.60}; this automl reads version {SCHEMA}: "
            "open it with the version that saved it, or save it again"
        )
    missing = [name for name in KINDS if name not in content]
    if missing:
        raise BundleError(f"{index} lacks {', '.join(missing)}; save the model again")
    if content["digest"] != _digest(content, index):
        raise BundleError(f"{index} was altered after it was saved; use an unaltered copy")
    for name, kind in {**KINDS, **LATER}.items():
        if name in content and not isinstance(content[name], kind):
            raise BundleError(f"{index} holds {name!r} as {type(content[name]).__name__}; save the model again")
    if not content["files"] or not content["sides"]:
        raise BundleError(f"{index} lists no files or no models; save the model again")
    blend = blend_of(path, content)
    if content["recommended"] not in content["sides"] and (content["recommended"] != "blend" or blend is None):
        raise BundleError(
            f"{index} recommends {content['recommended']!r}, which it does not hold; save the model again"
        )
    _check_sides(path, content)
    return content


def _digest(content: Mapping[str, Any], index: Path) -> str:
    try:
        return digest(content)
    except (ValueError, UnicodeError) as error:
        raise BundleError(f"{index} holds invalid text ({error}); save the model again") from error


def _check_sides(path: Path, content: Mapping[str, Any]) -> None:
    """Check that each side has models of one kind, and that the index lists all models and state files."""
    files = content["files"]
    for name, expected in files.items():
        if not isinstance(expected, str):
            raise BundleError(f"{path}: bundle.json has no hash for {name!r}; save the model again")
    for side, names in content["sides"].items():
        sound = isinstance(names, list) and 0 < len(names) <= MOST_MODELS and all(isinstance(n, str) for n in names)
        if not sound or side not in SIDES or len({name.split("-")[0] for name in names}) != 1:
            raise BundleError(f"{path}: bundle.json names no models of one kind for {side!r}; save the model again")
        unknown = [name for name in names if name not in files or not name.endswith((".keras", ".skops"))]
        if unknown:
            raise BundleError(f"{path}: bundle.json names {unknown[0]!r} as a model but does not list it")
    for name in ("encoder.json", "encoder.npz"):
        if name not in files:
            raise BundleError(f"{path}: bundle.json does not list {name}; save the model again")


def weights_of(path: Path, content: Mapping[str, Any], side: str) -> tuple[float, ...]:
    """The weights of an ensemble's members; ``(1.0,)`` for a single model and for bundles older than ensembles.

    Raises:
        BundleError: they are not valid weights, or their number does not fit the number of models.
    """
    weights = content.get("weights", {}).get(side, [1.0])
    sound = isinstance(weights, list) and weights and all(_is_weight(weight) for weight in weights)
    if not sound or len(content["sides"][side]) % len(weights):
        raise BundleError(f"{path}: the weights of {side!r} do not fit its models; save the model again")
    return tuple(float(weight) for weight in weights)


def blend_of(path: Path, content: Mapping[str, Any]) -> float | None:
    """The deep finalist's weight in the blend; None for a bundle without one.

    Raises:
        BundleError: it is no share, or a finalist is missing.
    """
    if "blend" not in content:
        return None
    weight = content["blend"].get("weight_of_deep")
    sound = isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= 1
    if not sound or not {"deep", "shallow"} <= content["sides"].keys():
        raise BundleError(f"{path}: the blend in bundle.json does not fit its models; save the model again")
    return float(weight)


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
