"""The traps of `benchmarks/tasks.py`: goal and metric that a person would name, without hints."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "tasks.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_tasks", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if PATH.exists():
    TASKS = loaded()
    CASES = [*TASKS.numbers(), *TASKS.texts(), *TASKS.several(), *TASKS.dated()]
else:
    pytest.skip("benchmarks are not installed", allow_module_level=True)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_trap_is_answered_as_a_person_would(case: object) -> None:
    assert TASKS.answered(case) == TASKS.wanted(case)


def test_the_user_is_asked_about_whole_ratings_and_not_about_yes_and_no() -> None:
    named = {case.name: case for case in CASES}
    asked = {name: TASKS.said(named[name])[2] for name in ("ratings 1.0 to 5.0, whole steps", "yes/no", "1st/2nd/3rd")}
    assert list(asked.values()) == [True, False, False]
