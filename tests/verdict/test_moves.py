"""Each number of the verdict moves with its cause."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from automl.records import Baseline, Contestant, Cost, Output, Run, Split, Task
from automl.verdict import compare, shares
from automl.verdict.needs import would_decide
from automl.verdict.notes import bound_sentence, few_sentence, missing_sentence, need_sentence

RUNS = (
    Run("a-1", "deep", "done", "net", cost=Cost(120.0)),
    Run("b-1", "shallow", "done", "trees", cost=Cost(60.0)),
)


def verdict_of(n=400, gap=0.1, seeds=1, spread=0.05, units="row", alike=0.0, shock=0.0, n_times=10, runs=RUNS, seed=0):
    """Two forecasters or regressors whose errors are drawn; deep's are smaller by `gap`."""
    rng = np.random.default_rng(seed)
    d = rng.normal(0, 0.5, n)
    for t in range(1, n):
        d[t] = alike * d[t - 1] + np.sqrt(1 - alike**2) * d[t]
    ids, times = np.arange(n), None
    if units == "series":
        ids, times = np.repeat(np.arange(n // n_times), n_times), np.tile(np.arange(n_times), n // n_times)
        d = d + shock * rng.normal(size=n_times)[times]
    d -= d.mean()
    base = 5 + 0.2 * np.abs(rng.normal(size=n))

    def contestant(run, errors):
        outputs = [Output("values", {"values": (errors * (1 + spread * z))[:, None]}) for z in (0.0, 1.0, -1.0)[:seeds]]
        mean = Output("values", {"values": np.mean([one.arrays["values"] for one in outputs], axis=0)})
        return Contestant(run.name, run.side, mean, tuple(outputs))

    items = np.arange(n)
    return compare(
        Task("tabular", "regression", ("y",), "mae"),
        Split(items[:0], items[:0], items, units, ids, "", 0, time_ids=times), np.zeros((n, 1)), None, {},
        contestant(RUNS[0], base), contestant(RUNS[1], base + gap * 5 + d),
        Contestant("floor", "floor", Output("values", {"values": np.full((n, 1), 20.0)})), runs, 0.001, 0,
    )  # fmt: skip


def width(found):
    return found.interval[1] - found.interval[0]


def test_more_rows_narrow_the_interval_by_their_part_alone() -> None:
    few, many = verdict_of(400), verdict_of(1600)

    assert many.parts["test"] == pytest.approx(few.parts["test"] / 4, rel=0.25)
    assert many.parts["deep_seeds"] == pytest.approx(few.parts["deep_seeds"], rel=0.1)
    assert width(many) < width(few)


def test_more_seeds_narrow_the_interval_by_their_part_alone() -> None:
    one, three = verdict_of(seeds=1), verdict_of(seeds=3)

    assert three.parts["deep_seeds"] < 0.5 * one.parts["deep_seeds"]
    assert three.parts["test"] == pytest.approx(one.parts["test"], rel=0.2)
    assert width(three) < width(one) and three.quantile < one.quantile


def test_seeds_that_differ_more_widen_the_interval() -> None:
    assert width(verdict_of(seeds=3, spread=0.2)) > 1.5 * width(verdict_of(seeds=3, spread=0.02))


def test_a_larger_share_of_a_family_widens_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_share(share):
        members = {"net": known(share), "trees": known(0.0)}
        monkeypatch.setattr(shares.catalog, "members", lambda record, room: members if record is Baseline else {})
        return verdict_of()

    none, some, much = (with_share(share) for share in (0.0, 0.05, 0.2))

    assert width(none) < width(some) < width(much)
    assert none.parts["deep_seeds"] == none.parts["shallow_seeds"] == some.parts["shallow_seeds"] == 0.0
    assert (some.parts["deep_seeds"] / much.parts["deep_seeds"]) ** 0.5 == pytest.approx(0.25, rel=1e-6)


def known(share, name="net"):
    return Baseline(name, "strong", "tabular", ("regression",), None, None, seed_share=share)


def test_the_share_of_an_ensemble_is_that_of_its_members_by_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"net": known(0.1), "trees": known(0.0, "trees"), "new": known(None, "new")}
    monkeypatch.setattr(shares.catalog, "members", lambda record, room: members if record is Baseline else {})
    runs = {run.name: run for run in RUNS} | {"c-1": Run("c-1", "deep", "done", "new")}
    for name, weights in (("e", {"a-1": 0.6, "b-1": 0.4}), ("f", {"a-1": 0.5, "c-1": 0.5})):
        runs[name] = Run(name, "deep", "done", "ensemble", choices={"ensemble": weights})

    found = shares.seed_shares(("a-1", "b-1", "c-1", "e", "f", "gone"), runs)

    assert found == pytest.approx((0.1, 0.0, 0.05, 0.06, np.hypot(0.05, 0.025), 0.05))


def test_windows_that_are_alike_widen_the_interval_and_rows_do_not() -> None:
    apart, alike = verdict_of(units="window"), verdict_of(units="window", alike=0.7)

    assert alike.parts["test"] > 2.5 * apart.parts["test"]
    assert verdict_of(alike=0.7).parts["test"] < 0.6 * alike.parts["test"]


def test_shocks_that_all_series_share_widen_the_interval_of_a_panel() -> None:
    calm, shaken = verdict_of(units="series"), verdict_of(units="series", shock=0.5)

    assert shaken.parts["time"] > 5 * calm.parts["time"] and width(shaken) > width(calm)
    assert "time" not in verdict_of(units="window").parts


def test_series_tested_at_few_times_are_noted() -> None:
    assert any("same one time" in note or "1 time" in note for note in verdict_of(units="series", n_times=1).notes)
    assert any("hardly in the interval" in note for note in verdict_of(units="series", n_times=2).notes)
    assert not any("hardly" in note for note in verdict_of(units="series", n_times=10).notes)


# --------------------------------------------------------------------------- what would decide


def undecided(gain=0.1, least=0.01, test=0.01, seeds=0.001, n_units=400):
    found = dataclasses.replace(
        verdict_of(), verdict="tie", reason="undecided", gain=gain, least_gain=least, n_units=n_units, quantile=2.0,
        parts={"test": test, "deep_seeds": seeds, "shallow_seeds": 0.0}, interval=(-0.1, 0.3), lacking=2.0,
    )  # fmt: skip
    sides = [Contestant(run.name, run.side, None, (None,)) for run in RUNS]
    needed = would_decide(found, {run.name: run for run in RUNS}, sides, 100)
    return dataclasses.replace(found, would_decide=needed)


def test_the_rows_that_would_decide_follow_from_the_parts() -> None:
    needed = undecided().would_decide

    assert needed.test_units == np.ceil(400 * 0.01 / (0.05**2 - 0.001))  # (0.1 / 2)² is left for both parts
    assert undecided(test=0.02).would_decide.test_units == pytest.approx(2 * needed.test_units, abs=1)
    assert undecided(gain=0.2).would_decide.test_units < needed.test_units
    assert undecided(seeds=0.01).would_decide.test_units is None  # seeds alone are too uncertain


def test_the_seeds_that_would_decide_follow_from_the_parts_and_cost_their_fits() -> None:
    needed = undecided(test=0.001, seeds=0.006).would_decide

    assert needed.seeds == np.ceil(0.006 / (0.05**2 - 0.001)) == 4
    assert needed.minutes == 3 * (120.0 + 60.0) / 60
    assert undecided(test=0.01).would_decide.seeds is None  # rows alone are too uncertain
    assert undecided(test=0.0024, seeds=0.006).would_decide.seeds is None  # more seeds than one would fit


def test_a_small_gain_is_decided_by_showing_that_it_stays_below_the_least() -> None:
    needed = undecided(gain=0.0, least=0.1, test=0.004, seeds=0.0005).would_decide

    assert needed.test_units == np.ceil(400 * 0.004 / (0.05**2 - 0.0005))


def test_fewer_units_than_an_interval_needs_are_asked_for_first() -> None:
    needed = undecided(test=0.001, n_units=40).would_decide

    assert (needed.test_units, needed.seeds) == (100, None)


def test_a_page_says_what_would_decide() -> None:
    split = Split(*[np.arange(0)] * 3, "row", np.arange(0), "", 0)

    assert need_sentence(undecided(), split) == (
        "If the difference is as large as it looks, some 2,700 test rows in all (now 400) would decide it."
    )
    assert "4 seeds a side (now 1, about 9 minutes more of training)" in need_sentence(
        undecided(test=0.001, seeds=0.006), split
    )
    assert "near the least that counts" in need_sentence(undecided(gain=0.0099, test=0.01, seeds=0.0), split)
    assert "near the least that counts" in need_sentence(undecided(gain=0.0099, test=0.01, seeds=0.01), split)
    assert "1,000,000" in need_sentence(undecided(gain=0.0101, least=0.0, test=0.1, seeds=0.0), split)
    assert "together with more seeds" in need_sentence(undecided(test=0.01, seeds=0.01), split)
    assert "together with more draws" in need_sentence(undecided(test=0.01, seeds=0.01), split, "generated rows")
    asked = need_sentence(undecided(test=0.0, seeds=0.01), split, "generated rows")
    assert "draws a side" in asked and "minutes" not in asked and "seed" not in asked
    assert need_sentence(verdict_of(gap=0.5), split) == ""
    decided = dataclasses.replace(undecided(), verdict="deep", reason="better")
    assert need_sentence(decided, split) == need_sentence(dataclasses.replace(undecided(), gain=None), split) == ""


def test_what_would_decide_a_small_difference_is_said_as_one() -> None:
    """It is decided by showing that it stays small; one far below the least is not near it."""
    split = Split(*[np.arange(0)] * 3, "row", np.arange(0), "", 0)

    small = need_sentence(undecided(gain=0.0, least=0.1, test=0.004, seeds=0.0005), split)
    assert small.startswith("If the difference is as small as it looks, some ")
    unsure = need_sentence(undecided(gain=0.0, least=0.01, test=0.01, seeds=0.01), split)
    assert "near the least" not in unsure and "together with more seeds" in unsure


def test_what_is_lacking_is_said_where_nothing_is_bounded() -> None:
    split = Split(*[np.arange(0)] * 3, "row", np.arange(0), "", 0)
    bare = dataclasses.replace(undecided(n_units=1), interval=None, would_decide=None)

    assert "it takes some 100 test rows to decide" in missing_sentence(bare, split, 100)
    assert "no score on the test rows" in missing_sentence(dataclasses.replace(bare, gain=None), split, 100)
    assert missing_sentence(undecided(), split, 100) == missing_sentence(verdict_of(gap=0.5), split, 100) == ""


def test_a_page_says_what_the_test_bounds() -> None:
    assert "deep is at most 15 % better and at most 5 % worse than shallow" in bound_sentence(undecided())
    assert "deep is 1 % to 15 % better" in bound_sentence(dataclasses.replace(undecided(), interval=(0.02, 0.3)))
    assert "deep is 1 % to 15 % worse" in bound_sentence(dataclasses.replace(undecided(), interval=(-0.3, -0.02)))
    assert bound_sentence(verdict_of(gap=0.5)) == ""


def test_a_page_says_which_condition_of_the_exact_test_failed() -> None:
    assert "p = 0.2, which is not below 0.05" in few_sentence("Few", 0.2, 0.1, 0.01)
    assert "excludes chance, but the difference of 0.0090 is less than the least" in few_sentence(
        "Few", 0.01, 0.009, 0.01
    )
    assert few_sentence("Few", 0.01, -0.1, 0.01).endswith("it gives p = 0.01, below 0.05.")
    assert few_sentence("Few", 0.01, -0.1, 0.01, (-0.2, 0.1)).endswith("it gives p = 0.01, below 0.05.")
    assert few_sentence("Few", 0.01, -0.1, 0.01, (-0.2, 0.1), True).endswith("but the interval does not exclude zero.")
    assert few_sentence("Few", 0.01, -0.1, 0.01, None, True).endswith("but there is no interval to agree with it.")


def test_a_rare_class_asks_for_as_many_rows_as_hold_twenty_of_it() -> None:
    truth = (np.arange(400) < 10).astype(np.int64)
    rng = np.random.default_rng(0)

    def side(run):
        p = np.clip(0.3 * truth + 0.5 * rng.random(400), 0, 1)
        output = Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5) * 1})
        return Contestant(run.name, run.side, output, (output,))

    items = np.arange(400)
    split = Split(items[:0], items[:0], items, "row", items, "", 0)
    task, floor = Task("tabular", "binary", ("y",), "roc_auc", ("no", "yes")), side(Run("f", "floor", "done", "f"))
    found = compare(task, split, truth, None, {}, side(RUNS[0]), side(RUNS[1]), floor, RUNS, 0.001, 0)
    assert found.reason == "undecided" and found.would_decide.test_units >= 800 and found.would_decide.seeds is None
