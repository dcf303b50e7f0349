"""The order of grades, from their words."""

from __future__ import annotations

import pytest

from automl.detect.target.classes import grades


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("y", ["low", "medium", "high"]),
        ("y", ["1st", "2nd", "3rd"]),
        ("y", ["first", "second", "third"]),
        ("y", ["level 1", "level 2", "level 10"]),
        ("y", ["Stage I", "Stage II", "Stage IV"]),
        ("y", ["1 star", "2 stars", "3 stars"]),
        ("y", ["<18", "18-25", "26-35", "36+"]),
        ("y", ["under 18", "18 to 25", "over 25"]),
        ("y", ["$0-$50K", "$50K-$100K", "$100K+"]),
        ("grade", ["F", "D", "C", "B", "A"]),
        ("y", ["C", "B-", "B", "B+", "A-", "A"]),
        ("rating", ["CCC", "B", "BB", "BBB", "A", "AA", "AAA"]),
        ("y", ["high school", "Bachelor", "Master", "PhD"]),
        ("y", ["Strongly disagree", "disagree", "neutral", "agree"]),
        ("y", ["niedrig", "mittel", "hoch"]),
        ("note", ["mangelhaft", "ausreichend", "befriedigend", "gut", "sehr gut"]),
    ],
)
def test_words_that_have_an_order_are_put_in_it(name: str, order: list[str]) -> None:
    assert grades(sorted(order), object, name) == order


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("y", ["A", "B", "C"]),
        ("blood", ["A", "AB", "B", "O"]),
        ("y", ["red", "green", "blue"]),
        ("y", ["1", "2", "3"]),
        ("y", ["cluster 1", "cluster 2", "cluster 3"]),
        ("y", ["10-20", "x", "30-40"]),
        ("y", ["low", "LOW", "high"]),
    ],
)
def test_words_that_have_none_are_left_as_they_are(name: str, levels: list[str]) -> None:
    assert grades(levels, object, name) is None
