"""What a skops file describes, checked node by node before skops builds anything from it.

A node names how it is loaded (``__loader__``), of what type it is, and holds what belongs to it. A file made by hand
may give two nodes one identity, of which skops builds the first alone; so nodes of one identity must be equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.storage.npz import ArraysError, read_npy
from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.lists import FREE, KEY_TYPES, NODES, WHOLE, WORDS
from automl.storage.trusted.trees import check_tree

__all__ = ["check_schema"]

COMMON = frozenset({"__class__", "__module__", "__loader__", "__id__"})
ROOT = frozenset({"protocol", "_skops_version"})
FIELDS_OF_LOADERS: Mapping[str, frozenset[str]] = {
    "ObjectNode": frozenset({"content"}),
    "TreeNode": frozenset({"content", "__reduce__"}),
    "LossNode": frozenset({"content", "__reduce__"}),
    "PartialNode": frozenset({"content"}),
    "RandomGeneratorNode": frozenset({"content"}),
    "NdArrayNode": frozenset({"type", "file"}),
    "JsonNode": frozenset({"content", "is_json"}),
    "DictNode": frozenset({"content", "key_types"}),
    "ListNode": frozenset({"content"}),
    "TupleNode": frozenset({"content"}),
    "SliceNode": frozenset({"content"}),
}
PARTS: Mapping[str, frozenset[str]] = {
    "PartialNode": frozenset({"func", "args", "kwds", "namespace"}),
    "RandomGeneratorNode": frozenset({"bit_generator", "seed_seq"}),
}
CHECKED = frozenset({"dtype", "ensure_all_finite", "force_all_finite"})
"""What a partial may pass on to `check_array`."""
POOL_SIZE = 4
LONGEST_NUMBER = 400
NUMERIC = "biuf"
STRUCTURED = frozenset({"nodes"})


def check_schema(schema: Any, arrays: Mapping[str, bytes], types: frozenset[str], limit_bytes: float) -> None:
    """Check all that a file describes.

    Args:
        schema: the description.
        arrays: the file's other members by name.
        types: what may be named.
        limit_bytes: most that one array may take.

    Raises:
        Untrusted: something is of the wrong shape, or not on the lists.
    """
    try:
        _Walk(arrays, types, limit_bytes).run(schema)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Untrusted(f"its description is malformed ({type(error).__name__}: {error})") from error


@dataclass(frozen=True, slots=True)
class _Node:
    """A node, and the attribute of an object among whose values it is."""

    state: dict[str, Any]
    attribute: str
    is_root: bool = False


class _Walk:
    """One pass through a description."""

    def __init__(self, arrays: Mapping[str, bytes], types: frozenset[str], limit_bytes: float) -> None:
        self.arrays, self.types, self.limit_bytes = arrays, types, limit_bytes
        self.known: dict[int, dict[str, Any]] = {}
        self.read: dict[str, str] = {}

    def run(self, schema: Any) -> None:
        """Look at every node."""
        waiting = [_Node(schema, "", is_root=True)]
        while waiting:
            node = waiting.pop()
            waiting.extend(self.inner(node))

    def inner(self, node: _Node) -> Iterator[_Node]:
        """Check a node itself; what it holds."""
        state, loader = node.state, self.named(node)
        content: Any = state.get("content")
        if loader == "JsonNode":
            check_value(node.attribute, plain(state))
        elif loader == "NdArrayNode":
            self.check_array(node)
        elif loader == "SliceNode":
            if not all(value is None or type(value) is int for value in content.values()):
                raise Untrusted("a slice holds something other than numbers")
        elif loader in ("ListNode", "TupleNode"):
            yield from (_Node(item, node.attribute) for item in _list(content))
        elif loader == "DictNode":
            yield from self.pairs(state, node.attribute)
        elif loader == "ObjectNode":
            yield from self.attributes(state)
        elif loader in PARTS:
            if set(content) != PARTS[loader]:
                raise Untrusted(f"a {loader} holds {sorted(content)}")
            if loader == "PartialNode":
                check_partial(content)
            else:
                check_generator(content)
            yield from (_Node(part, loader) for part in content.values())
        elif loader in ("TreeNode", "LossNode"):
            if set(state["__reduce__"]) != {"args"}:
                raise Untrusted(f"a {loader} is restored in another way")
            if loader == "TreeNode":
                check_tree(*(self.materialised(part) for part in (state["__reduce__"]["args"], content)))
            yield _Node(state["__reduce__"]["args"], loader)
            yield _Node(content, loader)

    def named(self, node: _Node) -> str:
        """Check the names that a node gives; its loader."""
        state = node.state
        if not isinstance(state, dict):
            raise Untrusted(f"its description holds {type(state).__name__} where a node should be")
        loader, name = state.get("__loader__"), f"{state.get('__module__')}.{state.get('__class__')}"
        if not isinstance(loader, str) or loader not in NODES:
            raise Untrusted(f"it names the type {name!r}, which is not on automl's list (as {loader!r})")
        if name not in self.types or (name not in NODES[loader] and loader != "ObjectNode"):
            raise Untrusted(f"it names the type {name!r}, which is not on automl's list")
        is_object = loader == "ObjectNode" and name not in NODES[loader]
        if is_object and any(name in names for names in NODES.values()):
            raise Untrusted(f"it names the type {name!r} as an object, which it is not")
        extra = (
            set(state) - COMMON - FIELDS_OF_LOADERS.get(loader, frozenset()) - (ROOT if node.is_root else frozenset())
        )
        if extra:
            raise Untrusted(f"a {loader} holds {sorted(extra)[0]!r}, which none does")
        place = state.get("__id__")
        if place is not None:
            if type(place) is not int:
                raise Untrusted(f"a node's identity is {place!r}")
            first = self.known.setdefault(place, state)
            if first is not state and first != state and not alike(first, state):
                raise Untrusted("two of its nodes have one identity")
        return loader

    def pairs(self, state: Mapping[str, Any], attribute: str) -> Iterator[_Node]:
        """The values of a mapping; its keys must be of plain types."""
        content, types = state["content"], state["key_types"]
        kinds = _list(types["content"])
        if not isinstance(content, dict) or len(kinds) != len(content):
            raise Untrusted("a mapping has other keys than values")
        if {kind.get("__loader__") for kind in kinds} - {"TypeNode"}:
            raise Untrusted("a mapping's keys are of no plain type")
        if {f"{kind['__module__']}.{kind['__class__']}" for kind in kinds} - KEY_TYPES:
            raise Untrusted("a mapping's keys are of no plain type")
        yield _Node(types, attribute)
        yield from (_Node(value, attribute) for value in content.values())

    def attributes(self, state: Mapping[str, Any]) -> Iterator[_Node]:
        """The attributes of an object, each under its name."""
        content = state.get("content")
        if content is None or (content.get("__loader__") == "JsonNode" and plain(content) is None):
            return
        if content.get("__loader__") != "DictNode":
            raise Untrusted("an object's attributes are no mapping")
        self.named(_Node(content, ""))
        for part in self.pairs(content, ""):
            if part.state is content["key_types"]:
                yield part
        for name, value in content["content"].items():
            if not name.isidentifier() or name.startswith("__"):
                raise Untrusted(f"an object has the attribute {name!r}")
            if name in WHOLE and not (value.get("__loader__") == "JsonNode" and plain(value) in WHOLE[name]):
                raise Untrusted(f"an object has {name!r} of another value than automl ever gives it")
            yield _Node(value, name)

    def check_array(self, node: _Node) -> None:
        """An array must be as large as it says, and hold numbers where words would be looked up."""
        kind = self.array(node.state).dtype
        is_free = node.attribute in FREE and FREE[node.attribute] is None
        if kind.names is not None and node.attribute in STRUCTURED | {"TreeNode"}:
            return
        if kind.kind not in NUMERIC and not (is_free and kind.kind in "USM"):
            raise Untrusted(f"{node.attribute or 'it'} holds an array of {kind}")

    def array(self, state: Mapping[str, Any]) -> np.ndarray:
        """An array of the file."""
        if state["type"] != "numpy" or state["file"] not in self.arrays:
            raise Untrusted(f"it lacks the array {state.get('file')!r}")
        try:
            return read_npy(self.arrays[state["file"]], self.limit_bytes)
        except ArraysError as error:
            raise Untrusted(f"its array {state['file']}: {error}") from error

    def materialised(self, state: Any) -> Any:
        """Plain values and arrays, without skops."""
        loader = self.named(_Node(state, ""))
        if loader == "JsonNode":
            return plain(state)
        if loader == "NdArrayNode":
            return self.array(state)
        if loader in ("ListNode", "TupleNode"):
            return [self.materialised(item) for item in _list(state["content"])]
        if loader == "DictNode":
            return {key: self.materialised(item) for key, item in state["content"].items()}
        raise Untrusted(f"a tree holds a {loader}")


def alike(one: Any, other: Any) -> bool:
    """Whether two nodes differ in nothing but the identities of what they hold."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            waiting.extend((left[key], right[key]) for key in left if key != "__id__")
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            waiting.extend(zip(left, right, strict=True))
        elif left != right or type(left) is not type(right):
            return False
    return True


def plain(state: Mapping[str, Any]) -> Any:
    """The number, text, boolean or None of a node.

    Raises:
        Untrusted: it is none of these.
    """
    try:
        value = json.loads(state["content"])
    except (ValueError, TypeError, RecursionError) as error:
        raise Untrusted(f"its description holds a value that cannot be read ({error})") from error
    if not (value is None or isinstance(value, bool | int | float | str)):
        raise Untrusted(f"its description holds a {type(value).__name__} as a plain value")
    if not isinstance(value, str) and len(state["content"]) > LONGEST_NUMBER:
        raise Untrusted("its description holds a number of too many digits")
    return value


def check_value(attribute: str, value: Any) -> None:
    """A word must be on the list of its attribute."""
    if not isinstance(value, str) or value in WORDS.get(attribute, ()):
        return
    if attribute == "RandomGeneratorNode" and value == "PCG64":
        return
    if attribute in FREE:
        pattern = FREE[attribute]
        if pattern is None or pattern.fullmatch(value):
            return
    raise Untrusted(f"an object has {attribute!r} = {value[:40]!r}, which is not on automl's list")


def check_partial(content: Mapping[str, Any]) -> None:
    """A partial may bind a few settings of `check_array` and nothing else."""
    bound = content["kwds"]["content"]
    function, arguments = content["func"], content["args"]
    if function.get("__loader__") != "FunctionNode" or arguments.get("content") != []:
        raise Untrusted("a partial calls something other than check_array")
    if not set(bound) <= CHECKED or content["namespace"].get("content") not in ("null", {}):
        raise Untrusted(f"a partial binds {sorted(bound)}")


def check_generator(content: Mapping[str, Any]) -> None:
    """A generator's seed must be of the usual size."""
    seeds = content["seed_seq"]["content"]
    if (
        set(seeds) - {"entropy", "spawn_key", "pool_size", "n_children_spawned"}
        or plain(seeds["pool_size"]) != POOL_SIZE
    ):
        raise Untrusted("a generator's seed is of another size than automl's")
    if seeds["spawn_key"].get("content") != []:
        raise Untrusted("a generator's seed is of another size than automl's")


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise Untrusted(f"its description holds {type(content).__name__} where a list should be")
    return content
