"""Documentation tools can read docstrings: what stands under ``Args:`` and ``Attributes:`` has an entry of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import automl

PACKAGE = Path(automl.__file__).parent
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_of(node: ast.AST) -> set[str]:
    """Parameters of a function; fields, methods' parameters and attributes of a class."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg):
            found.add(inner.arg)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            found.add(inner.target.id)
    return found


def entries(docstring: str) -> Iterator[str]:
    """Each entry of the blocks, continuation lines joined."""
    for block in re.findall(r"^(?:Args|Attributes):\n((?:    .*\n?|\n(?=    ))+)", docstring, re.MULTILINE):
        yield from (" ".join(entry.split()) for entry in re.split(r"\n    (?! )", "\n" + block) if entry.strip())


PAIR = re.compile(r"^\*{0,2}(\w+)(?:, | and )\*{0,2}(\w+)\b[^:]*: ")
LATER = re.compile(r"[.;] (\w+)(?=: )")


def holds_several(entry: str, names: set[str]) -> bool:
    """Whether it begins with two of these names, or tells of one of them after another sentence."""
    pair = PAIR.search(entry)
    return bool(pair and set(pair.groups()) <= names) or any(name in names for name in LATER.findall(entry))


def packed(source: str) -> list[str]:
    """Entries that describe more than one name."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DEFINITIONS) and (text := ast.get_docstring(node)) and (told := list(entries(text))):
            names = names_of(node)
            wrong += [f"{node.name}: {entry}" for entry in told if holds_several(entry, names)]
    return wrong


def test_each_argument_has_an_entry_of_its_own():
    wrong = {file.name: lines for file in sorted(PACKAGE.rglob("*.py")) if (lines := packed(file.read_text("utf-8")))}
    assert not wrong


def test_entries_that_hold_several_names_are_seen():
    packed_line = 'def f(a, b):\n    """Sum.\n\n    Args:\n        a: one. b: other.\n    """\n'
    pair = 'def f(a, b):\n    """Sum.\n\n    Args:\n        a, b: numbers.\n    """\n'
    right = 'def f(a, b):\n    """Sum.\n\n    Args:\n        a: one, such as b.\n        b: other.\n    """\n'
    assert [len(packed(source)) for source in (packed_line, pair, right)] == [1, 1, 0]
