"""Made-up outcomes of every kind, and the reports written from them once a session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import outcomes

from automl import report
from automl.records import Outcome
from automl.report import draw


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


@pytest.fixture(autouse=True, scope="session")
def pictures_are_kept():
    """Many pages are written here of the same outcomes; gives what draws in use, which keeps those of two pages."""
    in_use = draw.figure_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "figure_of", lru_cache(maxsize=None)(in_use.__wrapped__))
        yield in_use
