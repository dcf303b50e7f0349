"""Copies of the target, columns that tell it almost alone, and identifiers in its order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.leakage import copied_target, leaking_column
from automl.audit.order import sorted_identifier, sorted_rows
from automl.audit.univariate import order_of, skill
from automl.system.advice import for_interface


def test_a_clean_table_holds_no_leak_of_either_goal(view, clean):
    frame, label, amount = clean

    for target in (label, amount):
        seen = view(frame, target)
        assert [check(seen) for check in (copied_target, leaking_column, sorted_identifier, sorted_rows)] == [None] * 4


@pytest.mark.parametrize("how", [lambda y: y, lambda y: y.map({"yes": "b", "no": "a"}), lambda y: (y == "yes") * 7])
def test_labels_that_come_again_under_any_names_are_a_copy(view, clean, how):
    frame, label, _ = clean

    found = copied_target(view(frame.assign(again=how(label)), label))

    assert (found.severity, found.columns) == ("high", ("again",))
    assert "'again'" in found.next_step


@pytest.mark.parametrize(
    "how", [lambda y: y, lambda y: 3 - 2 * y, np.exp, lambda y: y.round(6).astype(str), lambda y: y.where(y.index > 30)]
)
def test_numbers_that_come_again_on_any_scale_are_a_copy(view, clean, how):
    frame, _, amount = clean

    found = copied_target(view(frame.assign(again=how(amount)), amount))

    assert found is not None and found.columns == ("again",)


def test_a_copy_that_is_left_out_anyway_is_told_with_less_weight(view, clean):
    frame, _, amount = clean

    found = copied_target(view(frame.assign(again=amount), amount, columns={"again": "identifier"}))

    assert found.severity == "medium" and "left out already" in found.next_step


def test_one_level_a_row_is_no_copy_of_one_number_a_row(view, clean):
    frame, _, amount = clean
    names = [f"person {i}" for i in np.random.default_rng(1).permutation(len(frame))]

    assert copied_target(view(frame.assign(who=names), amount)) is None


@pytest.mark.parametrize(("share", "severity"), [(0.02, "high"), (0.12, "medium")])
def test_a_noisy_copy_of_labels_leaks_as_strongly_as_it_tells(view, clean, rng, share, severity):
    frame, label, _ = clean
    noisy = label.where(rng.random(len(label)) > share, rng.permutation(label))

    found = leaking_column(view(frame.assign(after=noisy), label))

    assert (severity, ("after",)) == (found.severity, found.columns)


def test_a_noisy_copy_of_numbers_leaks(view, clean, rng):
    frame, _, amount = clean

    found = leaking_column(view(frame.assign(after=amount + 0.05 * rng.normal(size=len(amount))), amount))

    assert (found.severity, found.columns) == ("high", ("after",))


def test_a_name_with_a_percent_sign_is_quoted_as_it_is(view, clean, rng):
    frame, _, amount = clean

    found = leaking_column(view(frame.assign(**{"paid%": amount + 0.05 * rng.normal(size=len(amount))}), amount))

    assert "'paid%' alone explains" in found.message


def test_two_leaks_do_not_hide_each_other(view, clean, rng):
    frame, label, _ = clean
    noisy = [label.where(rng.random(len(label)) > 0.04, rng.permutation(label)) for _ in range(2)]

    found = leaking_column(view(frame.assign(after=noisy[0], later=noisy[1]), label))

    assert {"after", "later"} == set(found.columns)


@pytest.mark.parametrize("n_leaks", [2, 5])
def test_nearly_perfect_leaks_are_grave_though_each_explains_the_other(view, clean, rng, n_leaks):
    frame, label = (pd.concat([one] * 4, ignore_index=True) for one in clean[:2])
    frame = frame.assign(size=rng.normal(size=len(frame)), rate=rng.normal(size=len(frame)))
    other = label.map({"yes": "no", "no": "yes"})
    near = {f"after {i}": np.where(np.arange(len(label)) % 640 == i, other, label) for i in range(n_leaks)}

    found = leaking_column(view(frame.assign(**near), label))

    assert (found.severity, len(found.columns)) == ("high", n_leaks)


@pytest.mark.parametrize("goal", ["labels", "numbers"])
def test_a_leak_is_found_in_a_table_of_few_rows(view, rng, goal):
    n = 62
    frame = pd.DataFrame(rng.normal(size=(n, 6)), columns=[f"m{i}" for i in range(6)])
    amount = pd.Series(frame["m0"] + rng.normal(size=n))
    target = amount if goal == "numbers" else pd.Series(np.where(amount > 0, "yes", "no"))
    after = amount + 0.02 * rng.normal(size=n) if goal == "numbers" else (amount > 0) + 0.1 * rng.normal(size=n)

    assert leaking_column(view(frame, target)) is None
    found = leaking_column(view(frame.assign(after=after), target))

    assert found is not None and found.columns == ("after",)


def test_the_advice_to_leave_columns_out_names_the_key_that_does_it(view, clean, rng):
    frame, label, amount = clean
    noisy = label.where(rng.random(len(label)) > 0.01, rng.permutation(label))
    for check, name, target, made in (
        (copied_target, "paid back", label, label),
        (copied_target, "x", amount, amount * 2),
        (leaking_column, "closed on", label, noisy),
    ):
        found = check(view(frame.assign(**{name: made}), target))
        assert found.options == (("drop", (name,)),)
        assert ("--drop x" if name == "x" else f"--drop '{name}'") in found.next_step
        assert f'drop=["{name}"]' in for_interface(found.next_step, found.options, "python")
        assert "--" not in for_interface(found.next_step, found.options, "python")


def test_of_many_columns_to_leave_out_the_first_are_named(view, clean):
    frame, label, _ = clean
    found = copied_target(view(frame.assign(**{f"c{i}": label for i in range(8)}), label))
    assert found.options == (("drop", ("c0", "c1", "c2", "c3", "c4")),)
    assert found.next_step.endswith("--drop c4, and the other 3 alike.")


def test_a_strong_column_among_others_as_strong_is_no_leak(view, rng):
    truth = rng.normal(size=1000)
    frame = pd.DataFrame({f"m{i}": truth + 0.3 * rng.normal(size=1000) for i in range(6)})

    assert leaking_column(view(frame, pd.Series(np.where(truth > 0, "p", "n")))) is None


@pytest.mark.parametrize("form", ["text", "number"])
def test_an_identifier_given_out_in_the_order_of_the_target_is_told(view, clean, rng, form):
    frame, label, _ = clean
    order = np.argsort(np.argsort((label == "yes") + 0.2 * rng.normal(size=len(label))))
    ids = [f"R-{i:05d}" for i in order] if form == "text" else order

    found = sorted_identifier(view(frame.assign(record_id=ids), label, columns={"record_id": "identifier"}))

    assert (found.severity, found.columns) == ("medium", ("record_id",))


def test_a_counter_that_is_used_and_sorted_by_the_target_is_grave(view, clean):
    frame, label, _ = clean
    order = np.argsort(label.to_numpy(), kind="stable")
    frame, label = frame.iloc[order].reset_index(drop=True), label.iloc[order].reset_index(drop=True)

    found = sorted_identifier(view(frame.assign(n=np.arange(len(frame))), label, columns={"n": "numeric"}))

    assert (found.severity, found.columns) == ("high", ("n",))


def test_rows_in_the_order_of_the_target_are_a_note(view, clean):
    frame, label, _ = clean
    order = np.argsort(label.to_numpy(), kind="stable")

    found = sorted_rows(view(frame.iloc[order].reset_index(drop=True), label.iloc[order].reset_index(drop=True)))

    assert found.severity == "low"


def test_skill_is_one_for_a_copy_and_nothing_for_chance(rng):
    codes = rng.integers(0, 5, 2000)

    assert skill(codes, codes.copy(), 5) > 0.99
    assert skill(codes, codes * 2.5, 0) > 0.99
    assert abs(skill(codes, rng.integers(0, 3, 2000), 3)) < 0.02
    assert skill(np.arange(2000), rng.integers(0, 3, 2000), 3) == pytest.approx(0.0, abs=0.01)


def test_order_is_read_from_numbers_in_names_and_else_from_spelling():
    assert order_of(pd.Series(["A7", "A12"])).tolist() == [7.0, 12.0]
    assert order_of(pd.Series(["pear", "apple"])).tolist() == [2.0, 1.0]


def test_what_the_target_hangs_on_is_no_grave_leak_where_hardly_any_column_stands_beside_it(view, rng):
    years = pd.DataFrame({"years": rng.normal(size=600).round(3), "b": rng.normal(size=600).round(2)})
    pay = np.exp(2 * years["years"] + 0.5 * rng.normal(size=600)).round(2)
    sold = pd.Series(np.where(years["years"] > 0.3 * rng.normal(size=600), "yes", "no"))

    assert leaking_column(view(years, pay)).severity == "medium"
    assert leaking_column(view(years, sold)) is None
