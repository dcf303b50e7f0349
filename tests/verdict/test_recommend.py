"""Which run is recommended, for each verdict; the same evidence gives the same recommendation."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from test_verdict_rule import RUNS, binary, contest, side

from automl.records import Champion, Costs, Lead, Run
from automl.verdict import Terms, compare
from automl.verdict.recommend import FREE_HOURS, MOST_TIMES, recommend, why_no_blend

BOTH = frozenset({"d", "s"})


def runs(deep=1.0, shallow=1.0, blend=2.0):
    hours = {"d": ("deep", deep), "s": ("shallow", shallow), "b": ("blend", blend)}
    return {name: Run(name, kind, "done", kind, hours_per_year=cost) for name, (kind, cost) in hours.items()}


def champion(which="shallow", better="shallow", lead=(0.0, 0.01), blend_lead=None):
    leads = [None if one is None else Lead(*one) for one in (lead, blend_lead)]
    return Champion(which, better, {"deep": 0.8, "shallow": 0.8}, *leads, 0.5, 400)


def choice(verdict, reason, useful=BOTH, found=None, **more):
    return recommend(verdict, reason, "d", "s", "f", useful, found or runs(), Terms(**more))


@pytest.mark.parametrize(("verdict", "expected"), [("deep", "d"), ("shallow", "s")])
def test_better_recommends_the_winner_whatever_it_costs(verdict, expected):
    for costs in (runs(1e6, 1.0), runs(1.0, 1e6)):
        assert choice(verdict, "better", found=costs, champion=champion()).run == expected


@pytest.mark.parametrize(
    ("deep", "shallow", "expected"),
    [(1.0, 2.0, ("d", "cheaper")), (2.0, 1.0, ("s", "cheaper")), (1.0, 1.1, ("s", "same_cost")),
     (1.1, 1.0, ("s", "same_cost")), (None, 1.0, ("s", "same_cost")), (1.0, None, ("s", "same_cost"))],
)  # fmt: skip
def test_equivalent_recommends_the_cheaper_in_total(deep, shallow, expected):
    found = choice("tie", "equivalent", found=runs(deep, shallow), champion=champion("deep", "deep", (0.1, 0.01)))
    assert (found.run, found.why) == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [((0.05, 0.01), ("d", "validation")), ((0.009, 0.01), ("s", "simpler")), ((0.01, 0.01), ("s", "simpler")),
     ((-0.05, 0.01), ("s", "simpler")), ((0.0, 0.0), ("s", "simpler")), ((0.05, None), ("s", "simpler")),
     (None, ("s", "simpler"))],
)  # fmt: skip
def test_undecided_recommends_the_simpler_side_unless_validation_says_otherwise(lead, expected):
    for costs in (runs(1.0, 100.0), runs(100.0, 1.0)):  # costs play no part
        found = choice("tie", "undecided", found=costs, champion=champion(lead=lead))
        assert (found.run, found.why) == expected


def test_what_does_not_beat_the_floor_is_not_recommended():
    for useful, verdict, expected in (
        (set(), "tie", "f"), ({"d"}, "tie", "d"), ({"s"}, "tie", "s"), ({"s"}, "deep", "f"), ({"d"}, "shallow", "f"),
    ):  # fmt: skip
        assert choice(verdict, "undecided", useful=useful, champion=champion(lead=(0.1, 0.01))).run == expected


def blended(**changes):
    terms = {"champion": champion("blend", "shallow", blend_lead=(0.02, 0.01)), "blend": "b"}
    return {**terms, **changes}


@pytest.mark.parametrize("verdict", [("tie", "undecided"), ("tie", "equivalent"), ("shallow", "better")])
def test_the_blend_is_recommended_where_it_is_the_champion(verdict):
    found = choice(*verdict, **blended())
    assert (found.run, found.why, found.other) == ("b", "blend", "s")


@pytest.mark.parametrize(
    "changes",
    [{"barred": "no model of it is saved"}, {"blend": None}, {"champion": champion()}, {"champion": None}],
)
def test_a_blend_that_cannot_be_used_or_is_no_champion_is_not_recommended(changes):
    assert choice("tie", "undecided", **blended(**changes)).run == "s"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"blend": None}, "none could be made"), ({"champion": None}, "nothing is known of it"),
     ({"champion": champion()}, "nothing is known of it"),
     ({"champion": champion(blend_lead=(-0.02, 0.01))}, "does not lead the better side"),
     ({"champion": champion("blend", blend_lead=(0.02, None))}, "could not be measured"),
     ({"champion": champion("blend", blend_lead=(0.01, 0.02))}, "not beyond noise (+0.0100 ± 0.0200)"),
     ({"barred": "its latency is not known"}, "its latency is not known")],
)  # fmt: skip
def test_the_reason_against_a_blend_is_the_one_that_holds(changes, said):
    terms = Terms(costs=Costs(), **blended(**changes))
    assert said in why_no_blend("tie", "d", "s", BOTH, runs(), terms)


def test_a_blend_of_a_model_that_does_not_beat_the_floor_is_not_recommended():
    assert choice("tie", "undecided", useful={"s"}, **blended()).run == "s"


def test_a_blend_measured_against_the_side_that_loses_the_test_is_not_recommended():
    assert choice("deep", "better", **blended()).run == "d"


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(FREE_HOURS, "b"), (1.01 * FREE_HOURS, "s"), (None, "b")],
)
def test_a_blend_that_costs_many_times_as_much_is_not_recommended(hours, expected):
    assert choice("tie", "undecided", found=runs(1.0, 1.0, hours), **blended()).run == expected
    assert choice("tie", "undecided", found=runs(1.0, 100.0, 99.0 * MOST_TIMES), **blended()).run == "b"


def test_every_case_has_a_choice():
    leads = (None, (0.1, 0.01), (-0.1, 0.01))
    for verdict, useful, lead, kind in itertools.product(
        (("deep", "better"), ("shallow", "better"), ("tie", "equivalent"), ("tie", "undecided")),
        (set(), {"d"}, {"s"}, BOTH), leads, ("deep", "shallow", "blend"),
    ):  # fmt: skip
        found = choice(*verdict, useful=useful, champion=champion(kind, "deep", lead, (0.1, 0.01)), blend="b")
        assert found.run in {"d", "s", "b", "f"} and (found.run == "f") == (not useful or found.why == "floor")


# --------------------------------------------------------------------------- in whole contests


def undecided(seed, lead=(0.05, 0.01)):
    terms = Terms(champion("deep", "deep", lead))
    return compare(**contest(n=150, deep=2.0, shallow=2.0, seeds=1, seed=seed) | {"terms": terms})


def test_where_the_test_is_undecided_its_rows_do_not_move_the_recommendation():
    for lead, expected in (((0.05, 0.01), "mlp-1"), ((0.005, 0.01), "boosting-1")):
        found = [undecided(seed, lead) for seed in range(12)]
        ties = [one for one in found if one.reason == "undecided"]
        assert len(ties) > 8 and len({np.sign(one.gain) for one in ties}) == 2
        assert {one.recommended for one in ties} == {expected}


def test_why_and_the_champion_are_part_of_the_comparison():
    found = undecided(0)
    assert found.champion.side == "deep" and "better on validation rows beyond noise (+0.0500 ± 0.0100)" in found.why
    assert found.why.endswith(".") and found.crossing is None
    assert found.says_why and found.why.partition(": ")[2].rstrip(".") in found.sentences[1]
    better = compare(**contest(deep=4.0))
    assert better.why.startswith("It is better") and not better.says_why


def test_a_champion_blend_that_is_not_recommended_is_noted():
    terms = Terms(champion("blend", "shallow", blend_lead=(0.02, 0.01)), "blend", "no model of it is saved")
    found = compare(**contest(n=150, seeds=1) | {"terms": terms})
    note = "The blend of both is the champion on validation rows, but is not recommended: no model of it is saved."
    assert note in found.notes


def test_one_side_alone_says_that_there_was_nothing_to_compare():
    found = compare(**contest() | {"shallow": None})
    assert (found.reason, found.recommended) == ("one_sided", "mlp-1") and "only finalist" in found.why


def test_the_crossing_follows_the_rates():
    made = tuple(dataclasses.replace(run, cost=dataclasses.replace(run.cost, rows_per_second=rate))
                 for run, rate in zip(RUNS, (1000.0, 100.0, 1e6), strict=True))  # fmt: skip
    found = compare(**contest() | {"runs": made})
    assert found.crossing == pytest.approx(12 * (40.0 - 1.0) / (1 / 100 - 1 / 1000))


def test_the_interval_stays_in_the_metrics_range():
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 4)
    right, wrong = (binary(np.where(truth == 1, *p) + 0.01 * rng.random(8)) for p in ((0.8, 0.2), (0.2, 0.8)))
    deep, shallow = side("mlp-1", "deep", [right]), side("boosting-1", "shallow", [wrong])
    found = compare(**contest(n=8, truth=truth, deep=1.0) | {"deep": deep, "shallow": shallow})
    assert found.gain == 1.0 and found.interval[1] == 1.0
