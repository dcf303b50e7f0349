"""Made-up outcomes of every kind, and the reports written from them once a session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import outcomes

from automl import report
from automl.records import Outcome


@pytest.fixture(scope="session")
def outcome_of() -> Callable[[str], Outcome]:
    """An outcome by its maker's name, made once."""
    return cache(lambda name: outcomes.MAKERS[name]())


@pytest.fixture(scope="session")
def written(outcome_of: Callable[[str], Outcome], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with the report of an outcome, written once."""

    @cache
    def write(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        report.write(outcome_of(name), folder)
        return folder

    return write
