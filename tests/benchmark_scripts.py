"""Benchmarks as modules, for the tests that run them; these are skipped where benchmarks are not installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def require_benchmark(name: str) -> None:
    """Skip the test file that calls it, where this benchmark is not there."""
    if not (BENCHMARKS / f"{name}.py").exists():
        pytest.skip("benchmarks are not installed", allow_module_level=True)


@contextmanager
def benchmark(name: str) -> Iterator[ModuleType]:
    """A benchmark as a module; while it is used, it finds the others."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))
