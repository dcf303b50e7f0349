"""Benchmarks and recipes of tests import only names that there are: most of them run seldom."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "benchmarks").glob("*.py"))


def missing(source: str) -> list[str]:
    """Names that a source imports from automl, wherever in it, and that are not there."""
    gone = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "automl":
            for alias in node.names:
                try:
                    module = importlib.import_module(str(node.module))
                    if not hasattr(module, alias.name):
                        importlib.import_module(f"{node.module}.{alias.name}")
                except ImportError:
                    gone.append(f"{node.module}.{alias.name}")
    return gone


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_is_there(file):
    assert missing(file.read_text("utf-8")) == []


def test_a_name_that_is_gone_is_seen():
    source = "def f():\n    from automl.records import Task, Lane\n    from automl.nowhere import x\n"
    assert missing(source) == ["automl.records.Lane", "automl.nowhere.x"]
