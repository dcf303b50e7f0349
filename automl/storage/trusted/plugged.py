"""Stored models of a plug-in's family: types of the plug-in itself, and what skops trusts of scikit-learn and NumPy.

The closed lists of this package (`lists`) are written for automl's own families and would refuse most others. So a
model that names types of a plug-in is checked otherwise, and only where the user has named this plug-in: sizes as ever,
each node of a known kind, no two nodes of one identity, and every name one of the plug-in's, of the closed lists, or of
those that skops itself trusts (scikit-learn's estimators, types and functions of NumPy and SciPy). What settings of
such an estimator do is then up to scikit-learn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.lists import TRUSTED
from automl.storage.trusted.members import parse_json, read_members, unpacked_limit
from automl.storage.trusted.schema import alike, plain

__all__ = ["check_plugged", "loads_plugged", "names_in"]

LOADERS = frozenset({
    "BytearrayNode", "BytesNode", "CachedNode", "DTypeNode", "DefaultDictNode", "DictNode", "FunctionNode", "JsonNode",
    "ListNode", "LossNode", "MaskedArrayNode", "NdArrayNode", "ObjectNode", "PartialNode", "RandomGeneratorNode",
    "RandomStateNode", "SetNode", "SliceNode", "SparseMatrixNode", "TreeNode", "TupleNode", "TypeNode",
})  # fmt: skip
"""Kinds of nodes that are built; not among them are bound methods, and what calls a constructor or an operator."""
HARMLESS = frozenset({"numpy.dtype"})
"""What skops does not trust, though it runs nothing."""
FOLDERS = frozenset({"memory"})
"""Settings that name a place to write to."""


def names_in(content: bytes) -> frozenset[str]:
    """Every type and function that a skops file names.

    Raises:
        Untrusted: it is damaged, too large, or no such file.
    """
    return frozenset(_name(node) for node in _nodes(_schema(content)))


def check_plugged(content: bytes, own: Collection[str]) -> None:
    """Check a model that names types of a plug-in.

    Args:
        content: of the skops file.
        own: types and functions of the plug-ins that the user has named.

    Raises:
        Untrusted: it is damaged, too large, or names something that is on no list.
    """
    schema = _schema(content)
    known: dict[int, Mapping[str, Any]] = {}
    for node in _nodes(schema):
        if node["__loader__"] not in LOADERS:
            raise Untrusted(f"it names the type {_name(node)!r} as {node['__loader__']!r}, which nothing may be")
        place = node.get("__id__")
        is_dtype = node["__loader__"] == "DTypeNode"  # each time it is written with another empty array
        first = node if place is None or is_dtype else known.setdefault(place, node)
        if first is not node and not alike(first, node):
            raise Untrusted("two of its nodes have one identity")
        if _name(node) not in own:
            _check_folders(node)
    import skops.io

    try:
        others = set(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # skops raises whatever a malformed description makes it raise
        raise Untrusted(f"its description is malformed ({type(error).__name__}: {error})") from error
    beyond = sorted(others - set(TRUSTED) - set(own) - HARMLESS)
    if beyond:
        raise Untrusted(
            f"it names the type {beyond[0]!r}, which is neither the plug-in's nor trusted by skops; the plug-in's "
            "Baseline may declare it (types)"
        )


def loads_plugged(content: bytes, own: Collection[str]) -> Any:
    """Build a model that names types of a plug-in, checked as by `check_plugged`.

    Raises:
        Untrusted: see there; or skops cannot build it, or its arrays would lead native code astray.
    """
    check_plugged(content, own)
    import skops.io

    from automl.storage.trusted.soundness import check_sound

    try:
        model = skops.io.loads(content, trusted=[*TRUSTED, *own, *HARMLESS])
    except Exception as error:  # skops raises whatever the parts raise that it builds
        raise Untrusted(f"it cannot be built ({error or type(error).__name__})") from error
    check_sound(model, own)
    return model


def _schema(content: bytes) -> Any:
    from automl.storage.trusted.loading import MEMBERS

    members = read_members(content, MEMBERS, unpacked_limit(len(content)))
    if "schema.json" not in members:
        raise Untrusted("it holds no description (schema.json)")
    return parse_json(members["schema.json"])


def _nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of a description.

    Raises:
        Untrusted: a name, a loader or an identity is none.
    """
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
            if "__loader__" in part:
                sound = all(isinstance(part.get(key), str) for key in ("__loader__", "__module__", "__class__"))
                if not sound or not isinstance(part.get("__id__"), int | None):
                    raise Untrusted("its description is malformed")
                yield part


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['__module__']}.{node['__class__']}"


def _check_folders(node: Mapping[str, Any]) -> None:
    """No setting of an object may name a place to write to."""
    content = node.get("content")
    if node["__loader__"] != "ObjectNode" or not isinstance(content, dict) or not isinstance(content["content"], dict):
        return
    for name in FOLDERS & content["content"].keys():
        value = content["content"][name]
        if value.get("__loader__") != "JsonNode" or plain(value) is not None:
            raise Untrusted(f"an object has {name!r} of another value than None")
