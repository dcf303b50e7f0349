"""Groups on both sides of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.groups import crossing_groups


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
