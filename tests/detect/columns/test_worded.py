"""Numbers with words among them, and bins: values, levels beside them, and what stays a category."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns.checks import mixed_types
from automl.detect.columns.convert import read
from automl.detect.columns.kinds import column, columns
from automl.detect.columns.new_columns import read_new
from automl.detect.findings import unsure_kinds
from automl.predict.odd_rows import odd_findings
from automl.records import encoded_columns

N = 600
RNG = np.random.default_rng(0)


def mixed(numbers, **shares):
    """Numbers as text, some of whose cells are replaced by words."""
    cells = np.array([str(x) for x in numbers], dtype=object)
    for word, share in shares.items():
        cells[RNG.random(N) < share] = word.replace("_", " ")
    return cells


def only(cells, name="wind", kinds=None):
    return columns(pd.DataFrame({name: cells}), kinds)[0]


FRACTIONS = RNG.gamma(2, 5, N).round(1)
WHOLE = RNG.integers(0, 60, N)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (mixed(FRACTIONS, Calm=0.3), ["Calm"]),
        (mixed(WHOLE, Calm=0.3), ["Calm"]),
        (mixed(FRACTIONS, trace=0.02), ["trace"]),
        (mixed(FRACTIONS, no=0.5, trace=0.2), ["no", "trace"]),
        (mixed(FRACTIONS, **{"<LOD": 0.2}), ["<LOD"]),
        (np.where(RNG.random(N) < 0.3, "Calm", FRACTIONS.astype(object)), ["Calm"]),
    ],
)
def test_numbers_with_words_that_come_back_stay_numbers(cells, words):
    found = only(cells)

    assert (found.kind, found.reading["words"]) == ("numeric", words)
    assert found.confidence >= 0.9
    assert f"numbers, with the word{'s' if len(words) > 1 else ''} '{words[0]}' (" in found.evidence


def test_values_and_levels_stand_beside_each_other():
    cells = mixed(FRACTIONS, Calm=0.3)
    cells[0] = "CALM"
    found = only(cells)
    made = read(pd.DataFrame({"wind": cells}), [found])

    assert list(made.columns) == ["wind", "wind (word)"]
    calm = np.array([str(c).casefold() == "calm" for c in cells])
    np.testing.assert_array_equal(calm, made["wind"].isna())
    np.testing.assert_array_equal(calm, made["wind (word)"] == "Calm")
    assert [(c.name, c.kind) for c in encoded_columns([found])] == [("wind", "numeric"), ("wind (word)", "categorical")]


def test_bounds_keep_their_value_and_are_levels_too():
    made = read(frame := pd.DataFrame({"lead": mixed(FRACTIONS, **{"<0.05": 0.2})}), columns(frame))
    at = (frame["lead"] == "<0.05").to_numpy()

    assert (made["lead"][at] == 0.05).all() and (made["lead (word)"][at] == "<0.05").all()
    assert made["lead (word)"][~at].isna().all()


def test_units_stay_with_words_among_them():
    found = only(mixed([f"{x} km/h" for x in FRACTIONS], Calm=0.3))
    assert (found.kind, found.reading["unit"], found.reading["words"]) == ("embedded_number", "km/h", ["Calm"])


def test_words_for_nothing_stay_missing():
    found = only(mixed(FRACTIONS, **{"n/a": 0.2, "Calm": 0.2}))
    assert found.reading["words"] == ["Calm"]
    assert "beside" not in only(mixed(FRACTIONS, **{"n/a": 0.2})).reading


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("code", RNG.choice(["A12", "B7", "C9", "12"], N)),
        ("tier", RNG.choice(["1a", "1b", "2a"], N)),
        ("job", RNG.choice(["clerk", "nurse", "cook", "12", "14"], N)),
        ("persons", RNG.choice(["2", "4", "more"], N)),
        ("zip", mixed(RNG.integers(10_000, 10_200, N), unknown_place=0.1)),
        ("plz", mixed([f"0{x}" for x in RNG.integers(1000, 1100, N)], abroad=0.1)),
        ("item", mixed(RNG.choice(list("abcdefghijklmnopq"), N), **{"12": 0.02, "13": 0.02})),
    ],
)
def test_codes_and_a_few_numbers_among_words_stay_categories(name, cells):
    assert only(cells, name).kind == "categorical"


def test_a_word_that_does_not_come_back_is_read_as_missing_as_before():
    cells = mixed(FRACTIONS)
    cells[:3] = "Calm", "broken", "wet"
    assert (only(cells).kind, dict(only(cells).reading)) == ("numeric", {"decimal": "."})


def test_a_target_is_read_as_before():
    bands = pd.Series(RNG.choice(["18-24", "25-34", "35-44"], N))
    assert column("age", bands).kind == "categorical"
    assert column("wind", pd.Series(mixed(FRACTIONS, Calm=0.3))).kind == "categorical"


def test_the_user_s_kind_keeps_the_words_or_makes_all_of_them_levels():
    cells = mixed(FRACTIONS, Calm=0.3)
    as_numbers, as_words = (only(cells, kinds={"wind": kind}) for kind in ("numeric", "categorical"))

    assert (as_numbers.evidence, as_numbers.reading["words"]) == ("set by you", ["Calm"])
    assert (as_words.kind, as_words.level_column) == ("categorical", None)


def test_levels_beside_are_named_like_no_other_column():
    frame = pd.DataFrame({"wind": mixed(FRACTIONS, Calm=0.3), "wind (word)": RNG.normal(size=N)})
    made = read(frame, columns(frame))
    assert len(set(made.columns)) == 3 and made["wind (word)"].dtype == np.float64


def test_bins_become_ordered_numbers_with_their_levels():
    order = ["under 18", "18-24", "25-34", "35 and over"]
    frame = pd.DataFrame({"age": RNG.choice(order, N)})
    found = columns(frame)[0]
    made = read(frame, [found])

    assert found.kind == "embedded_number"
    assert "in this order: 'under 18', '18-24', '25-34', '35 and over'" in found.evidence
    assert sorted(made["age"].unique()) == [15.0, 21.0, 29.5, 39.5]
    assert (made["age (range)"] == frame["age"]).all()


@pytest.mark.parametrize(
    ("levels", "kind"),
    [(["0-1", "1-2", "2-3"], "embedded_number"), (["01-02", "03-04", "05-06"], "embedded_number"),
     (["31-33", "44-45", "48-49"], "categorical")],
)  # fmt: skip
def test_codes_and_scores_are_asked_about_or_stay_categories(levels, kind):
    frame = pd.DataFrame({"sector": RNG.choice(levels, N)})
    found = columns(frame)[0]
    assert found.kind == kind
    asked = unsure_kinds(frame, [found])
    assert (asked is not None and "a number (50 % sure) or a category?" in asked.message) == (kind != "categorical")


def test_bins_may_have_words_among_them():
    frame = pd.DataFrame({"pay": mixed(RNG.choice(["$20k-$30k", "$30k-$50k", "$50k+"], N), prefer_not_to_say=0.2)})
    made = read(frame, columns(frame))

    assert made["pay"].isna().sum() == (frame["pay"] == "prefer not to say").sum()
    assert set(made["pay (word)"]) == {"$20k-$30k", "$30k-$50k", "$50k+", "prefer not to say"}


def new_rows(cells, new):
    found = only(cells)
    found = type(found)(found.name, found.kind, found.confidence, found.evidence, found.reading, {"missing": 0.0})
    made, compared = read_new(pd.DataFrame({"wind": new}), [found])
    return made, {f.check: f for f in odd_findings(compared, np.arange(len(new)))}


def test_new_rows_have_their_words_and_an_unseen_one_is_missing_and_told():
    made, findings = new_rows(mixed(FRACTIONS, Calm=0.3), ["3.5", "calm", "Calm", "stormy"])

    assert made["wind"].dropna().tolist() == [3.5]
    assert made["wind (word)"].tolist() == [None, "Calm", "Calm", None]
    assert list(findings) == ["unreadable_cells"]
    assert "1 of 4 rows (such as 'stormy')" in findings["unreadable_cells"].message


def test_a_new_range_is_a_number_and_other_cells_are_told():
    made, findings = new_rows(RNG.choice(["0-9", "10-19", "20-29"], N), ["0-9", "30-39", "12", "many"])

    assert made["wind"].dropna().tolist() == [4.5, 34.5, 12.0]
    assert (list(findings), findings["unreadable_cells"].count) == (["unreadable_cells"], 1)


def test_a_column_that_is_not_there_has_neither_value_nor_level():
    found = only(mixed(FRACTIONS, Calm=0.3))
    made = read(pd.DataFrame({"other": [1, 2]}), [found])
    assert made.isna().all().all() and list(made.columns) == ["wind", "wind (word)"]


def test_only_what_is_neither_number_nor_word_is_told_as_misfit():
    cells = mixed(FRACTIONS, Calm=0.3)
    cells[:2] = "broken", "wet"
    frame = pd.DataFrame({"wind": cells})
    found = columns(frame)

    told = mixed_types(frame, read(frame, found), found)
    assert (told.count, told.columns) == (2, ("wind",))
    assert "Calm" not in told.message
