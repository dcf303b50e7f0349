"""Checks a recipe's YAML node by node before any value is made, because recipes may come from untrusted sources.

An alias takes two characters but can repeat everything before it. Therefore the size of the recipe with all aliases
expanded is computed first. These are refused, with their line: tags that make objects, keys that are not strings,
invalid numbers, and invalid characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from automl.errors import RecipeError
from automl.recipe.words import arrived, cut

__all__ = ["compose", "value_of"]

MOST_WEIGHT = 4_000_000
NODE_WEIGHT = 8
MOST_DEPTH = 20
MOST_DIGITS = 60
TAG = "tag:yaml.org,2002:"
SCALARS = ("str", "int", "float", "bool", "null", "timestamp", "merge")


def compose(path: Path, text: str) -> tuple[yaml.SafeLoader, yaml.MappingNode]:
    """Parse a recipe into checked nodes; returns the loader, which makes values of nodes, and the top node.

    Raises:
        RecipeError: the text is not YAML, is not a mapping, or holds something that no recipe needs. Names the line.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = cut(str(error.problem or error), 200)
        raise RecipeError(f"{path}:{line}: this is not valid YAML: {what}; check quotes and indentation") from error
    except RecursionError as error:
        raise RecipeError(
            f"{path}: this is not valid YAML: lists or mappings are nested deeper than {MOST_DEPTH}; nest them less"
        ) from error
    except Exception as error:  # PyYAML also passes on other errors, which numbers and escapes raise
        raise RecipeError(f"{path}: this is not valid YAML: {cut(str(error), 200)}") from error
    if not isinstance(node, yaml.MappingNode):
        raise RecipeError(f'{path}: expected a mapping of keys to values, such as "data: cars.csv"; found none')
    _Check(path, loader).measure(node, 0)
    return loader, node


def value_of(path: Path, loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """The value of a checked node.

    Raises:
        RecipeError: it is not a valid date or number.
    """
    try:
        return loader.construct_object(node, deep=True)
    except Exception as error:  # PyYAML raises ValueError, OverflowError, AttributeError, KeyError and its own errors
        what = getattr(error, "problem", None) or str(error) or type(error).__name__
        raise _wrong(
            path, node, f"this value cannot be read ({cut(str(what), 100)}); quote it if it is text"
        ) from error


def _wrong(path: Path, node: yaml.Node, what: str) -> RecipeError:
    return RecipeError(f"{path}:{node.start_mark.line + 1}: {what}")


class _Check:
    """Visits each node once; `measure` returns its size and height as if aliases were expanded."""

    def __init__(self, path: Path, loader: yaml.SafeLoader) -> None:
        self.path, self.loader = path, loader
        self.known: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()

    def measure(self, node: yaml.Node, depth: int) -> tuple[int, int]:
        """Check a node and all below it; returns its weight (a size) and its height.

        Raises:
            RecipeError: the node or one below it is refused.
        """
        if id(node) in self.known:
            return self.known[id(node)]
        if id(node) in self.open:
            raise _wrong(self.path, node, "this list or mapping contains itself (an alias inside its own anchor)")
        self.open.add(id(node))
        weight, height = NODE_WEIGHT, 0
        if isinstance(node, yaml.ScalarNode):
            self._scalar(node)
            weight += len(node.value)
        elif isinstance(node, yaml.CollectionNode):
            if depth >= MOST_DEPTH:
                raise _wrong(self.path, node, f"lists or mappings are nested deeper than {MOST_DEPTH}; nest them less")
            self._collection(node, depth)
            for below in _children(node):
                own, under = self.measure(below, depth + 1)
                weight, height = weight + own, max(height, under + 1)
                if weight > MOST_WEIGHT or height > MOST_DEPTH:
                    raise _wrong(
                        self.path, node, "with aliases expanded this is larger or deeper than any recipe; use fewer",
                    )  # fmt: skip
        self.open.discard(id(node))
        self.known[id(node)] = weight, height
        return weight, height

    def _scalar(self, node: yaml.ScalarNode) -> None:
        """Refuse a scalar that is not a valid string, number, truth value, null or date."""
        kind = node.tag.removeprefix(TAG)
        if kind not in SCALARS:
            raise _wrong(self.path, node, f"the tag {cut(node.tag, 60)} is not allowed; drop it, or quote the word")
        if kind in ("int", "float"):
            if len(node.value) > MOST_DIGITS:
                raise _wrong(
                    self.path, node, f"this number has {len(node.value)} characters; write a shorter one, or quote it"
                )
            value = value_of(self.path, self.loader, node)
            if not isinstance(value, int | float) or (isinstance(value, int) and abs(value) >= 2**63):
                raise _wrong(self.path, node, f"{node.value} is not a valid number here; write another, or quote it")
        elif "\0" in node.value or any("\ud800" <= letter <= "\udfff" for letter in node.value):
            raise _wrong(self.path, node, "a text holds a NUL or half a character; no name and no path has one")

    def _collection(self, node: yaml.CollectionNode, depth: int) -> None:
        """Refuse keys that are not strings, and keys that are there twice (below the top level)."""
        if node.tag not in (TAG + "map", TAG + "seq"):
            raise _wrong(self.path, node, f"the tag {cut(node.tag, 60)} is not allowed; drop it")
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                what = "a mapping" if isinstance(key, yaml.MappingNode) else "a list"
                raise _wrong(self.path, key, f"a key is a word, got {what}; a stray bracket, brace or question mark?")
            if key.tag not in (TAG + "str", TAG + "merge"):
                self._scalar(key)
                what = arrived(value_of(self.path, self.loader, key))
                raise _wrong(self.path, key, f"a key is a word, got {what}; put {cut(key.value, 40)!r} in quotes")
            if depth and key.value in seen:
                raise _wrong(self.path, key, f"{cut(key.value, 100)!r} is there twice; keep one of them")
            seen.add(key.value)


def _children(node: yaml.CollectionNode) -> Iterator[yaml.Node]:
    for entry in node.value:  # (key, value) of a mapping, an item of a list
        yield from entry if isinstance(entry, tuple) else (entry,)
