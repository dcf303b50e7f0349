"""Which members a finalist has, once they were refitted."""

import pytest

from automl.sides.members import Members


class Member:
    def __init__(self):
        self.refits = []


def named(*weights):
    standing, members = Members(), [Member() for _ in weights]
    standing.name(members, weights)
    return standing, members


def test_members_of_largest_weight_are_refitted_first():
    standing, (light, heavy) = named(0.25, 0.75)
    assert standing.waiting == [heavy, light]
    heavy.refits.append(1)
    assert standing.waiting == [light]


def test_a_member_without_the_first_refit_leaves_and_the_weights_sum_to_one():
    standing, (a, _, c) = named(0.5, 0.3, 0.2)
    for one in (a, c):
        one.refits.append(1)
    assert standing.take_in()
    assert standing.members == (a, c) and standing.n_refits == 1
    assert standing.weights == pytest.approx((0.5 / 0.7, 0.2 / 0.7))


def test_a_later_refit_counts_only_for_all_members():
    standing, (a, b) = named(0.5, 0.5)
    for one in (a, b):
        one.refits.append(1)
    assert standing.take_in()
    a.refits.append(2)
    assert not standing.take_in()
    assert standing.members == (a, b) and standing.n_refits == 1


def test_without_any_refit_the_searched_finalist_stands():
    standing, members = named(0.5, 0.5)
    assert not standing.take_in()
    assert standing.members == tuple(members) and standing.n_refits == 0


def test_undone_the_members_that_left_are_back():
    standing, members = named(0.5, 0.5)
    members[0].refits.append(1)
    assert standing.take_in() and len(standing.members) == 1
    standing.undo()
    assert standing.members == tuple(members) and standing.weights == (0.5, 0.5) and standing.n_refits == 0


def test_nobody_named_has_nothing_to_take_in():
    assert not Members().take_in()
