"""Settings that a side takes over: those that it could draw itself stay, all others give way to the default."""

import pytest

from automl.deep.oracle import Oracle
from automl.shallow.archive import Proposals

DRAWN = [{"rounds": 100, "rate": 0.1, "kind": "a"}, {"rounds": 400, "rate": 0.01, "kind": "b"}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rounds": 250, "rate": 0.05, "kind": "b"}, {"rounds": 250, "rate": 0.05, "kind": "b"}),
        ({"rounds": 700}, {"rounds": 700, "rate": 0.1, "kind": "a"}),  # the range may have moved with the rows
        ({"rounds": 10**9, "rate": 5.0, "kind": "__import__"}, DRAWN[0]),
        ({"rounds": "400", "rate": True, "other": 1}, DRAWN[0]),
        ({"rate": float("inf")}, DRAWN[0]),
    ],
)
def test_a_shallow_family_takes_over_what_it_could_draw(given, expected):
    proposals = Proposals(iter(DRAWN))
    assert proposals.near(given) == expected
    assert next(proposals) == DRAWN[0]  # looking ahead takes nothing from the search


def test_an_oracle_takes_over_what_lies_in_its_space():
    from tiny_network import TINY

    oracle = Oracle(TINY, (), None, higher_is_better=True, seed=0)
    oracle.only([{"epochs": 4, "batch_size": 16, "learning_rate": 0.02, "weight_decay": 7.0, "gone": 3}, {}])
    assert oracle.n_waiting == 2
    first = oracle.settings(oracle.ask())
    assert first == {"epochs": 4, "batch_size": 16, "learning_rate": 0.02, "weight_decay": 1e-4}
    assert oracle.settings(oracle.ask()) == oracle.defaults and oracle.n_waiting == 0
