"""Numbers and words as the page writes them."""

from __future__ import annotations

import datetime
import json
import math

import numpy as np
import pandas as pd
import pytest

from automl.report import words
from automl.report.markdown import fence, safe


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (math.nan, "–"), (0, "0"), (1250, "1,250"), (-3.0, "−3"), (0.123456, "0.1235"), (12345.678, "12,346"),
     (1e-7, "1e−07"), (2.5e12, "2,500,000,000,000"), (True, "yes")],
)  # fmt: skip
def test_numbers_have_about_four_digits(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "+0.0123"), (-0.0123, "−0.0123"), (0.0, "0.0000"), (0.00012, "+0.00012"), (None, "–")],
)
def test_differences_show_their_sign(value, text):
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0123, "0.012 s"),
        (4.25, "4.2 s"),
        (58.3, "58 s"),
        (250, "4 min 10 s"),
        (300, "5 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (math.nan, "–"),
    ],
)
def test_times_are_said_as_people_do(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.95, "95\u00a0%"), (0.951, "95.1\u00a0%"), (0.5, "50\u00a0%"), (1, "100\u00a0%"), (0.004, "0.4\u00a0%")],
)
def test_shares_are_percentages(share, text):
    assert words.percent(share) == text


def test_a_score_of_nothing_has_no_sign():
    assert (words.score(-1e-12), words.score(-0.002), words.score(-1234.5)) == ("0.0000", "−0.00200", "−1,234.5")


def test_a_sentence_begins_and_ends_as_one():
    assert (words.sentence("split by time"), words.sentence("Done."), words.sentence("")) == (
        "Split by time.",
        "Done.",
        "",
    )


def test_long_text_is_cut_at_a_word_with_an_ellipsis():
    assert words.shorten("one two three four five", 15) == "one two three …"
    assert words.shorten("x" * 50, 10) == "x" * 10 + " …"
    assert words.shorten("a\x00b\n c\u202ed") == r"a\x00b c\u202ed"


def test_anything_becomes_plain_json():
    given = {
        1: np.float32(0.5), "nan": np.nan, "inf": [math.inf, -1.0], "nat": pd.NaT, "na": pd.NA,
        "time": pd.Timestamp("2026-01-02"), "date": datetime.date(2026, 1, 2), "array": np.array([[1, 2]]),
        "times": np.array(["2026-01-02", "NaT"], dtype="datetime64[D]"), "set": {"b", "a"},
        "odd": "\ud800", "no": np.datetime64("NaT"),
    }  # fmt: skip
    plain = words.plain(given)
    json.dumps(plain, allow_nan=False).encode("utf-8")
    assert plain == {
        "1": 0.5, "nan": None, "inf": [None, -1.0], "nat": None, "na": None, "time": "2026-01-02T00:00:00",
        "date": "2026-01-02", "array": [[1, 2]], "times": ["2026-01-02", None], "set": ["a", "b"],
        "odd": "?", "no": None,
    }  # fmt: skip


def test_markdown_in_user_text_is_escaped():
    assert str(safe("a|b *c* <i> [x](http://y) `d` # 1")) == (r"a\|b \*c\* &lt;i&gt; \[x\](http&#58;//y) \`d\` \# 1")
    assert str(safe("- item")) == r"\- item"
    assert str(safe("1. item")) == r"1\. item"


def test_a_code_block_cannot_be_ended_from_inside():
    assert str(fence("a\n```\nb")).startswith("````\n")
