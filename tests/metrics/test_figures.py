"""A figure of a metric is written by one function, whoever shows it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import automl
from automl.metrics.figures import figure, figures, places, signed
from automl.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.932, "0.9320"), (1.0, "1.0000"), (12.5, "12.500"), (45_123.2, "45,123"), (0.00123, "0.00123"),
     (-0.5, "−0.5000"), (-0.00001, "−0.0000100"), (0.0, "0.0000"), (math.nan, "no score"), (2.5e12, "2.5e+12"),
     (-1e-12, "0.0000"), (1e-8, "1e−08")],
)  # fmt: skip
def test_a_figure_alone(value, text):
    assert text == figure(value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.932, 0.915), 4), ((0.932112, 0.932114), 6), ((1.404, 1.2), 4), ((45_123.0, 47_000.0), 0), ((12.5, 14.0), 3),
     ((0.9, 0.9), 4), ((0.00123, 0.00150), 5), ((math.nan, 0.5), 4), ((), 4)],
)  # fmt: skip
def test_scores_have_as_many_decimals_as_tell_them_apart(values, expected):
    assert expected == places(*values)
    assert len(set(figures(*values))) == len(set(values))


def test_what_arithmetic_leaves_of_equal_figures_takes_no_decimals():
    mean = sum([0.995] * 6) / 6 + 1e-16
    assert figures(0.995, mean, 0.995 - 2e-16) == ("0.9950",) * 3
    assert figures(45_123.0, 45_123.0 + 1e-9) == ("45,123", "45,123")


@pytest.mark.parametrize(
    ("values", "texts"),
    [((0.002, 0.004), ("+0.0020", "+0.0040")), ((-0.021, 0.013), ("−0.0210", "+0.0130")),
     ((-0.04, -0.000031), ("−0.04000", "−0.00003")), ((0.0, 0.0), ("0.0000", "0.0000")),
     ((-12.3, 4.5), ("−12.300", "+4.500")), ((0.00012,), ("+0.00012",)), ((math.nan, 0.1), ("no score", "+0.1000"))],
)  # fmt: skip
def test_differences_have_signs_and_do_not_read_as_zero(values, texts):
    assert texts == signed(*values)


def test_pages_write_scores_and_gains_with_it():
    assert words.score(0.93214) == figure(0.93214) and words.signed(0.00012) == signed(0.00012)[0]


def test_nothing_else_writes_scores_with_a_format_of_its_own():
    """Four decimals are the mark of a score; who writes them otherwise writes another figure than the page."""
    root = Path(automl.__file__).parent
    mark = re.compile(r"(score|best\[)[^}\n]*:[+,]*\.\d[fg]\}")
    assert not [path for path in root.rglob("*.py") if mark.search(path.read_text(encoding="utf-8"))]
