"""Names are the field's: words that were riddles to newcomers do not come back as names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import automl

PACKAGE = Path(automl.__file__).parent

INSTEAD = {
    "adviser": "oracle", "afresh": "restart", "agree": "check_equal", "alone": "univariate", "asking": "runner",
    "believed": "adjusted_score", "beside": "image_columns", "clues": "target_statistics", "dear": "costly",
    "earlier": "resumed", "examination": "multi-holdout policy", "gates": "milestones", "glimpse": "column_sample",
    "held": "fitted", "here": "in_process", "kept": "candidate", "lane": "family search", "look": "view",
    "marked": "flag_test_rows", "material": "training_data", "noted": "reading_findings", "obey": "run_fit",
    "once": "deduplicate", "orders": "trial specs", "orphan": "parent watchdog", "paces": "learning-rate multipliers",
    "passed_over": "skipped_for_time", "signs": "column_features", "told": "what is said or predicted",
}  # fmt: skip
"""Word → what is meant. Ordinary uses in sentences stay."""

STORED = {"baselines/features/words.py": ["kept"], "modalities/shared/numbers.py": ["kept"]}
"""Attributes that saved models spell so."""


def names(tree: ast.AST) -> Iterator[str]:
    """What a module defines: classes, functions, parameters, and attributes of its objects."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def riddles(name: str, source: str) -> list[str]:
    """Forbidden words that a module's name or its definitions are, in any spelling of theirs."""
    found = {name, *names(ast.parse(source))}
    return sorted(one for one in found if one.strip("_").lower() in INSTEAD)


def test_no_module_class_function_or_parameter_is_a_riddle():
    wrong = {
        str(file.relative_to(PACKAGE)): one
        for file in sorted(PACKAGE.rglob("*.py"))
        if (one := riddles(file.stem, file.read_text("utf-8")))
    }
    assert wrong == STORED, "names instead: " + str(INSTEAD)


def test_riddles_are_found_wherever_a_name_is_given():
    source = (
        "class Lane:\n    kept: int\n\n    def __init__(self, told):\n        self._held = told\n\ndef look(): ...\n"
    )
    assert riddles("asking", source) == ["Lane", "_held", "asking", "kept", "look", "told"]
    assert riddles("view", "def looked_up(holder): ...\n") == []
