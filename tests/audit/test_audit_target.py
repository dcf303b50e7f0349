"""What the target says by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.target import few_rows, rare_classes, target_outliers, untested_classes


@pytest.mark.parametrize("value", [1e6, -9999.0])
def test_values_beyond_all_others_are_told_with_their_rows(view, clean, value):
    frame, _, amount = clean
    amount = amount.copy()
    amount.iloc[[5, 70]] = value

    found = target_outliers(view(frame, amount))

    assert ("medium", ("y",), 2, {5, 70}) == (found.severity, found.columns, found.count, set(found.rows))


def test_skewed_amounts_and_targets_that_are_mostly_nothing_have_no_outliers(view, clean, rng):
    frame, label, amount = clean

    assert target_outliers(view(frame, amount)) is None
    assert target_outliers(view(frame, pd.Series(np.exp(2 * rng.normal(size=len(frame)))))) is None
    assert target_outliers(view(frame, amount.where(rng.random(len(frame)) < 0.05, 0.0))) is None
    assert target_outliers(view(frame, label)) is None


def test_classes_of_a_few_rows_are_told(view, clean):
    frame, label, _ = clean
    some = label.copy()
    some.iloc[:6] = "odd"

    found = rare_classes(view(frame, some))

    assert (found.count, found.rows) == (1, (0, 1, 2, 3, 4, 5))
    assert rare_classes(view(frame, label)) is None


def test_where_most_classes_are_small_the_rows_are_few_and_not_the_classes_rare(view, rng):
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})

    assert rare_classes(view(frame, pd.Series([f"c{i % 60}" for i in range(300)]))) is None


def test_few_rows_for_classes_or_columns_are_a_note(view, clean, rng):
    frame, label, _ = clean

    assert few_rows(view(frame, label)) is None
    assert few_rows(view(frame[:300], label[:300])).severity == "low"
    wide = pd.DataFrame(rng.normal(size=(800, 120))).add_prefix("x")
    assert "120 columns" in few_rows(view(wide, label)).message
    many = pd.Series([f"c{i % 40}" for i in range(800)])
    assert "40 classes" in few_rows(view(frame, many)).message


def test_a_class_that_groups_keep_out_of_the_test_is_told_and_a_shuffled_split_has_none(view, clean, rng):
    frame, label, _ = clean
    some = label.copy()
    some.iloc[:40] = "odd"  # all of them of one person
    who = pd.Series(np.arange(len(frame)) // 40).map("p{}".format)

    found = untested_classes(view(frame.assign(who=who), some, group="who"))

    assert found is not None and "'odd'" in found.message and found.count == 1
    assert untested_classes(view(frame, some)) is None


def test_a_class_without_given_test_rows_is_of_middling_severity_among_many_classes(view, clean):
    frame, label, _ = clean
    some = label.copy()
    some.iloc[:40] = "odd"

    found = untested_classes(view(frame, some, given=np.arange(len(frame)) >= 600))

    assert found is not None and found.severity == "medium" and "no test row of 'odd'" in found.message


def test_levels_beside_numbers_count_as_columns(view, rng):
    n = 700
    bins = rng.choice(["0-9", "10-19", "20-29", "30-39"], (40, n))
    frame = pd.DataFrame({f"b{i}": cells for i, cells in enumerate(bins)})
    found = few_rows(view(frame, pd.Series(rng.choice(["a", "b"], n))))
    assert found is None or "80 columns" in found.message
