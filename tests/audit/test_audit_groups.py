"""Groups on both sides of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.groups import crossing_groups, rows_of_a_level


def visits(rng, name, alike=True):
    """300 people with four rows each."""
    who = np.repeat(rng.permutation(9000)[:300], 4)
    state = np.repeat(rng.choice(["ill", "well"], 300), 4) if alike else rng.choice(["ill", "well"], 1200)
    frame = pd.DataFrame({"a": rng.normal(size=1200), name: who})
    order = rng.permutation(1200)
    return frame.iloc[order].reset_index(drop=True), pd.Series(state[order])


@pytest.mark.parametrize("kind", ["identifier", "categorical", "numeric"])
def test_people_on_both_sides_are_grave_where_their_answers_are_alike(view, rng, kind):
    frame, state = visits(rng, "patient_id")

    found = crossing_groups(view(frame, state, columns={"patient_id": kind}))

    assert (found.severity, found.columns, found.count) == ("high", ("patient_id",), 300)
    assert "--group patient_id" in found.next_step


def test_people_whose_answers_vary_are_told_by_name_alone(view, rng):
    frame, state = visits(rng, "patient_id", alike=False)

    assert crossing_groups(view(frame, state, columns={"patient_id": "identifier"})).severity == "medium"


def test_a_column_without_such_a_name_counts_where_answers_are_alike(view, rng):
    alike, vary = visits(rng, "token"), visits(rng, "token", alike=False)

    assert crossing_groups(view(*alike, columns={"token": "categorical"})).severity == "medium"
    assert crossing_groups(view(*vary, columns={"token": "categorical"})) is None


def test_groups_that_are_named_and_plain_categories_are_quiet(view, rng, clean):
    frame, state = visits(rng, "patient_id")

    assert crossing_groups(view(frame, state, group="patient_id")) is None
    assert crossing_groups(view(clean[0], clean[1])) is None


@pytest.mark.parametrize(("rows", "share"), [(1, 0.1), (2, 0.5), (3, 0.1), (8, 0.03), (40, 0.2), (3, 1.0)])
def test_the_rows_of_a_level_are_estimated_from_a_sample(rng, rows, share):
    whole = np.repeat(np.arange(60_000), rows)
    read = whole[rng.random(len(whole)) < share]
    assert rows_of_a_level(len(read) / len(np.unique(read)), share) == pytest.approx(rows, rel=0.06)


@pytest.mark.parametrize("alike", [True, False])
def test_groups_are_found_in_a_sample_of_which_most_have_one_row(view, rng, alike):
    n_people, rows, share = 8_000, 4, 0.1
    who = np.repeat(np.arange(n_people), rows)
    state = np.repeat(rng.choice(["ill", "well"], n_people), rows) if alike else rng.choice(["ill", "well"], len(who))
    at = np.sort(rng.choice(len(who), int(share * len(who)), replace=False))
    frame = pd.DataFrame({"a": rng.normal(size=len(at)), "patient_id": who[at]})

    seen = view(frame, pd.Series(state[at]), columns={"patient_id": "identifier"}, row_numbers=at)

    assert crossing_groups(seen).severity == ("high" if alike else "medium")


def test_identifiers_of_a_sample_are_no_groups(view, rng):
    at = np.sort(rng.choice(30_000, 3_000, replace=False))
    frame = pd.DataFrame({"a": rng.normal(size=3_000), "patient_id": at})
    seen = view(
        frame, pd.Series(rng.choice(["ill", "well"], 3_000)), columns={"patient_id": "identifier"}, row_numbers=at
    )
    assert crossing_groups(seen) is None
