"""Which members a finalist has, once they were refitted."""

import pytest

from automl.sides.composition import Composition


class Member:
    def __init__(self):
        self.refits = []


def named(*weights):
    composition, members = Composition(), [Member() for _ in weights]
    composition.set(members, weights)
    return composition, members


def test_members_of_largest_weight_are_refitted_first():
    composition, (light, heavy) = named(0.25, 0.75)
    assert composition.without_refit() == [heavy, light]
    heavy.refits.append(1)
    assert composition.without_refit() == [light] and composition.without_refit(1) == []


def test_a_member_without_the_first_refit_leaves_and_the_weights_sum_to_one():
    composition, (a, _, c) = named(0.5, 0.3, 0.2)
    for one in (a, c):
        one.refits.append(1)
    assert composition.count_refit()
    assert composition.members == (a, c) and composition.n_refits == 1
    assert composition.weights == pytest.approx((0.5 / 0.7, 0.2 / 0.7))


def test_a_member_that_there_was_no_time_for_stays_as_it_was_searched():
    composition, (a, b, c) = named(0.5, 0.3, 0.2)
    a.refits.append("refit of a")
    assert composition.count_refit([b])  # c could not be fitted
    assert composition.members == (a, b) and composition.weights == pytest.approx((0.625, 0.375))
    assert not composition.is_whole
    assert composition.refit_of(a, 0) == "refit of a" and composition.refit_of(b, 0) is None
    assert composition.as_searched == [b]
    again = composition.remember()
    composition.undo_refits()
    assert composition.members == (a, b, c) and composition.is_whole and composition.refit_of(a, 0) is None
    again()
    assert composition.members == (a, b) and not composition.is_whole and composition.n_refits == 1


def test_a_refit_of_an_earlier_naming_that_was_not_counted_is_not_used():
    composition, (a, b) = named(0.5, 0.5)
    a.refits += ["first", "second"]
    b.refits.append("only")
    assert composition.count_refit() and not composition.count_refit([b])
    assert composition.refit_of(a, 1) is None and composition.refit_of(b, 0) == "only"


def test_a_later_refit_counts_only_for_all_members():
    composition, (a, b) = named(0.5, 0.5)
    for one in (a, b):
        one.refits.append(1)
    assert composition.count_refit()
    a.refits.append(2)
    assert not composition.count_refit()
    assert composition.members == (a, b) and composition.n_refits == 1


def test_without_any_refit_the_searched_finalist_stands():
    composition, members = named(0.5, 0.5)
    assert not composition.count_refit()
    assert composition.members == tuple(members) and composition.n_refits == 0


def test_undone_the_members_that_left_are_back():
    composition, members = named(0.5, 0.5)
    members[0].refits.append(1)
    assert composition.count_refit() and len(composition.members) == 1
    composition.undo_refits()
    assert composition.members == tuple(members) and composition.weights == (0.5, 0.5) and composition.n_refits == 0


def test_nobody_named_has_nothing_to_take_in():
    assert not Composition().count_refit()
