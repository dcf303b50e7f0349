"""Entities: ids whose rows share other columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit import entities
from automl.audit.entities import compared, constant_within
from automl.audit.groups import crossing_groups

N_CASES, VISITS = 150, 5


def cases(rng, name="case", written=int, effect=1.5):
    """Visits of cases with a constant age, sex and drug, of which each has a level of the target of its own."""
    case = np.repeat(np.arange(N_CASES), VISITS)
    own = rng.normal(size=N_CASES)[case]
    frame = pd.DataFrame(
        {
            name: [written(i) for i in rng.permutation(9_000)[:N_CASES][case]],
            "age": rng.integers(20, 90, N_CASES)[case],
            "sex": rng.choice(["m", "f"], N_CASES)[case],
            "drug": rng.choice(["a", "b", "c"], N_CASES)[case],
            "dose": rng.gamma(2, 3, len(case)).round(1),
        }
    )
    label = np.where(effect * own + 0.2 * frame["dose"] + rng.normal(0, 0.5, len(case)) > 1, "yes", "no")
    order = rng.permutation(len(case))
    return frame.iloc[order].reset_index(drop=True), pd.Series(label[order])


@pytest.mark.parametrize("written", [int, "C{:05d}".format])
def test_an_id_by_any_name_is_grave_where_it_crosses_the_split_and_offered_as_group(view, rng, written):
    found = crossing_groups(view(*cases(rng, written=written)))

    assert (found.severity, found.columns, found.count) == ("high", ("case",), N_CASES)
    assert "rows of one share their values of 'age', 'sex', 'drug'" in found.message
    assert "A quick model scores ROC AUC" in found.message and "with whole values of 'case' held out" in found.message
    assert found.next_step.startswith("Pass --group case ") and found.options == (("group", ("case",)),)


def test_a_split_by_the_id_is_quiet(view, rng):
    assert crossing_groups(view(*cases(rng), group="case")) is None


def test_the_quick_model_loses_on_new_cases_and_only_where_cases_tell(view, rng):
    for effect, least, most in ((1.5, 0.05, 1.0), (0.0, -0.2, 0.05)):
        seen = view(*cases(rng, effect=effect))
        found = compared(seen, next(c for c in seen.columns if c.name == "case"), seen.split.train)
        assert least < found.lost < most


def _named(seen, name):
    return next(c for c in seen.columns if c.name == name)


def test_what_follows_from_the_size_of_a_number_is_no_entity(view, rng):
    age = rng.integers(18, 90, 900)
    frame = pd.DataFrame(
        {"age": age, "band": age // 10, "senior": np.where(age > 65, "yes", "no"), "x": rng.normal(size=900)}
    )
    seen = view(frame, pd.Series(rng.choice(["a", "b"], 900)))
    assert constant_within(seen, _named(seen, "age"), seen.split.train) == ()


def test_copied_rows_places_and_years_are_no_entities(view, rng):
    half = pd.DataFrame({"a": rng.integers(0, 200, 400), "b": rng.normal(size=400), "c": rng.choice(list("xyz"), 400)})
    label = list(np.where(half["b"] > 0, "p", "q"))
    seen = view(pd.concat([half, half], ignore_index=True), pd.Series(label * 2))
    assert constant_within(seen, _named(seen, "a"), seen.split.train) == ()
    for name in ("zip", "year"):
        frame, state = cases(rng, name=name)
        seen = view(frame, state, columns={name: "numeric"})
        assert constant_within(seen, _named(seen, name), seen.split.train) == ()


def test_plain_tables_have_none(view, clean):
    seen = view(clean[0], clean[1])
    assert all(constant_within(seen, c, seen.split.train) == () for c in seen.columns)


def quantities(rng, name, effect, n_values=24, n=2_000):
    """Rows with a small whole number that two columns and (with an effect) the target follow from."""
    value = rng.integers(0, n_values, n)
    frame = pd.DataFrame(
        {
            name: value,
            "tariff": rng.choice(list("abcd"), n_values)[value],
            "shift": rng.choice(list("xyz"), n_values)[value],
            "load": rng.gamma(2, 3, n).round(2),
        }
    )
    own = rng.normal(size=n_values)[value]
    return frame, pd.Series(np.where(effect * own + 0.2 * frame["load"] + rng.normal(0, 0.5, n) > 1, "yes", "no"))


@pytest.mark.parametrize("effect", [0.0, 1.5])
@pytest.mark.parametrize("name", ["n_rooms", "num_rooms", "rooms"])
def test_a_count_is_no_grave_group(view, rng, name, effect):
    found = crossing_groups(view(*quantities(rng, name, effect)))
    assert found is None or found.severity != "high"


@pytest.mark.parametrize("name", ["hr", "Hrs", "MNTH", "startMin", "wday", "dow", "pickup_hours", "mins", "wk", "qtr"])
def test_what_is_named_like_a_time_is_no_entity(view, rng, name):
    seen = view(*quantities(rng, name, 1.5))
    assert constant_within(seen, _named(seen, name), seen.split.train) == ()
    assert crossing_groups(seen) is None


def test_small_numbers_that_are_named_as_ids_stay_grave(view, rng):
    assert crossing_groups(view(*quantities(rng, "unit_id", 1.5))).severity == "high"


def test_an_id_is_not_grave_without_a_proof_that_it_tells_of_the_target(view, rng):
    frame, _ = cases(rng, effect=0.0)
    nothing = pd.Series(rng.choice(["yes", "no"], len(frame)))  # the quick model learns nothing either way
    assert crossing_groups(view(frame, nothing)).severity == "medium"


@pytest.mark.parametrize(
    "sizes", [[90_000, *[5] * 100], [40_000] * 12, [1] * 50_000, [3] * 9_000], ids=["one", "a dozen", "alone", "equal"]
)
def test_the_rows_of_ids_are_bounded_however_large_an_id_is(rng, sizes):
    ids = pd.Series(rng.permutation(np.repeat(np.arange(len(sizes)), sizes)))
    codes, rows = entities._whole_ids(ids, np.arange(len(ids)), 20_000)

    assert 10_000 < len(rows) <= 20_000 or (len(sizes) == 101 and 2_000 < len(rows) <= 20_000)
    assert len(codes) == len(rows) and len(np.unique(codes)) == codes.max() + 1 >= 10
    assert len(np.unique(rows)) == len(rows) and (np.diff(rows) > 0).all()


def test_small_ids_keep_all_of_their_rows(rng):
    ids = pd.Series(rng.permutation(np.repeat(np.arange(9_000), 3)))
    codes, rows = entities._whole_ids(ids, np.arange(len(ids)), 20_000)
    assert (np.bincount(codes) == 3).all() and (ids.iloc[rows].value_counts() == 3).all()


def test_long_and_wide_tables_are_looked_at_in_part(rng, view, monkeypatch):
    long = pd.Series(np.repeat(np.arange(400), 1_000))
    coded = []
    factorize = pd.factorize
    monkeypatch.setattr(entities.pd, "factorize", lambda values: coded.append(len(values)) or factorize(values))
    entities._whole_ids(long, np.arange(len(long)), 20_000)
    assert coded == [200_000]

    frame, state = cases(rng)
    wide = pd.concat([frame, pd.DataFrame({f"x{i}": rng.integers(0, 9, len(frame)) for i in range(150)})], axis=1)
    seen = view(wide, state)
    del coded[:]
    constant_within(seen, _named(seen, "case"), seen.split.train)
    assert len(coded) <= 102  # the ids, the target and a hundred columns
