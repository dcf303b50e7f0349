"""Counts have their noun, and its verb, in the right number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import automl
from automl.system.counts import counted, noun

PACKAGE = Path(automl.__file__).parent


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1250, "1,250 rows"), (-1, "-1 rows")]
)
def test_a_count_has_its_noun(count: int, words: str) -> None:
    assert counted(count, "row") == words


def test_other_plurals_and_verbs() -> None:
    assert [counted(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]
    assert [noun(n, "was", "were") for n in (0, 1, 2)] == ["were", "was", "were"]


def test_nothing_is_written_with_an_s_in_brackets() -> None:
    # The checks of scikit-learn ask for its own words of estimators.
    marked = re.compile(r"\} [a-z]+\(s\)")
    found = [
        file.name
        for file in PACKAGE.rglob("*.py")
        if file.parent.name != "estimators" and marked.search(file.read_text("utf-8"))
    ]
    assert found == []
