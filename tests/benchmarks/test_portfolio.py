"""`benchmarks/portfolio.py` fits each setting once, and its starts are those that lose least."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("portfolio")


@pytest.fixture
def choice():
    with benchmark("portfolio_choice") as module:
        yield module


@pytest.fixture
def portfolio(choice):
    with benchmark("portfolio") as module:
        yield module


def test_a_regret_is_what_is_lacking_as_a_share_of_what_the_median_lacks(choice):
    scores = np.array([[0.9, 0.8, 0.7, 0.5], [1.0, 1.0, 1.0, 0.0], [0.3, math.nan, 0.1, math.nan]])
    expected = [[0.0, 2 / 3, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0]]
    np.testing.assert_allclose(choice.regrets(scores), expected)


def test_the_first_start_is_good_on_all_tables_and_the_next_where_it_is_not(choice):
    #                  all-round, the best of two, of the third, a copy of the first
    regret = np.array([[0.3, 0.0, 1.0, 0.3], [0.3, 0.0, 1.0, 0.3], [0.3, 1.0, 0.0, 0.3]])
    assert choice.chosen(regret, 3) == [0, 1, 2]
    assert choice.chosen(regret, 9) == [0, 1, 2, 3]


def test_of_equal_settings_the_cheaper_comes_first(choice):
    regret = np.array([[0.2, 0.2, 1.0], [0.2, 0.2, 0.0]])
    seconds = np.array([[5.0, 1.0, math.nan], [5.0, 1.0, 9.0]])
    assert choice.chosen(regret, 2, seconds) == [1, 2]


def test_a_search_counts_the_fits_that_it_has_ended(choice):
    values, seconds = np.array([0.5, 0.2, math.nan, 0.0, 0.1]), np.array([10.0, 15.0, 4.0, math.nan, 1.0])
    order = [0, 3, 2, 1, 4]  # the fourth setting is not there, the third fails in 4 s
    assert math.isnan(choice.best_within(values, order, seconds, budget=9.0))
    assert choice.best_within(values, order, seconds, budget=28.9) == 0.5
    assert choice.best_within(values, order, seconds, budget=29.0) == 0.2
    assert choice.best_within(values, order, seconds) == 0.1
    assert choice.best_within(values, order, seconds, n_fits=2) == 0.5


def line(table: str, place: str, score: float | None, family: str = "mlp", **more: object) -> dict[str, object]:
    return {"table": table, "family": family, "place": place, "side": "deep", "seed": 0, "valid": score,
            "cpu_seconds": 2.0, "n_train": 500, "settings": {}, **more}  # fmt: skip


def test_a_setting_that_is_not_fitted_everywhere_yet_is_left_out(choice):
    lines = [line(table, place, 0.5) for table in "ab" for place in ("draw0", "start0")]
    lines += [line("a", "draw1", 0.9), line("b", "start0", 0.7, seed=1), line("a", "start1", 0.8, compile_seconds=3.0)]
    lines += [{**line("b", "start1", None), "absent": True}]
    fits = choice.gathered(lines)
    assert fits.tables == ("a", "b")
    assert fits.settings == (("mlp", "start0"), ("mlp", "start1"), ("mlp", "draw0"))
    np.testing.assert_allclose(fits.scores, [[0.5, 0.8, 0.5], [0.6, math.nan, 0.5]])
    np.testing.assert_allclose(fits.seconds, [[2.0, 5.0, 2.0], [2.0, math.nan, 2.0]])


def test_a_table_does_not_choose_the_starts_that_it_judges(choice):
    """On each table another draw is best; chosen by the others, the portfolio names it later."""
    lines = [line(table, "start0", 0.0) for table in "abcd"]
    for table, scores in {"a": (0.9, 0.1), "b": (0.1, 0.9), "c": (0.1, 0.9), "d": (0.1, 0.9)}.items():
        lines += [line(table, f"draw{i}", score) for i, score in enumerate(scores)]
    found = choice.left_out(choice.gathered(lines), 1, [{"n_fits": 1}])
    np.testing.assert_allclose(found[:, 0, 0, 1], [0.1, 0.9, 0.9, 0.9])
    np.testing.assert_allclose(found[:, 0, 1, 1], 0.0)


def test_today_s_draws_come_after_its_starts_in_any_order(choice):
    lines = [
        line(table, place, 0.5) for table in "ab" for place in ("start1", "start0", *map("draw{}".format, range(6)))
    ]
    fits = choice.gathered(lines)
    orders = [choice.todays(fits, seed) for seed in range(20)]
    assert {tuple(order[:2]) for order in orders} == {(0, 1)}
    assert {order[2] for order in orders} == {2, 3, 4, 5, 6, 7}


def test_a_start_is_written_with_its_batch_s_place_and_what_differs(choice):
    lines = [
        line("a", "draw0", 0.1, settings={"batch_size": 64, "rate": 0.0012345, "epochs": 60, "class_weight": None}),
        line("b", "draw0", 0.1, n_train=3000, settings={"batch_size": 128, "rate": 0.0012345, "epochs": 40}),
        line("c", "draw0", 0.1, settings={"batch_size": 64, "rate": 0.0012345, "class_weight": "balanced"}),
        line("d", "draw0", 0.1, settings={"batch_size": 64, "rate": 0.0012345, "class_weight": None}),
    ]
    assert choice.literal(lines, "draw0") == (
        "{'batch_size': sizes[1], 'rate': 0.00123, 'class_weight': None},  # draw0; "
        "by table: class_weight None, 'balanced'"
    )
    assert choice.literal(lines, "start0") == "# today's start0"


def test_a_draw_takes_the_same_place_in_a_template_s_space_whatever_the_rows(portfolio):
    from automl.records import Facts, InputSpec
    from automl.templates.mlp import MLP

    specs = [InputSpec("numbers", "numbers", (3,), "float32", {})]
    few, many = (
        [portfolio.template_settings(MLP, specs, Facts(n, 2), f"draw{i}") for i in range(8)] for n in (500, 30_000)
    )
    assert [{**a, "batch_size": 0, "epochs": 0} for a in few] == [{**b, "batch_size": 0, "epochs": 0} for b in many]
    assert [[32, 64, 128].index(a["batch_size"]) for a in few] == [[128, 256, 512].index(b["batch_size"]) for b in many]
    assert len({str(settings) for settings in few}) == 8
    assert {settings["epochs"] for settings in few} == {30}
    assert portfolio.template_settings(MLP, specs, Facts(500, 2), "start4") is None


def test_a_baseline_s_starts_are_what_every_seed_proposes_first(portfolio):
    from types import SimpleNamespace

    from automl.baselines.model import draws

    def settings(task, facts, seed):
        return draws({"depth": 6}, {"depth": (2, 90), "rate": (0.01, 0.2)}, seed, [{"depth": 3}])

    family = SimpleNamespace(settings=settings)
    found = {place: portfolio.baseline_settings(family, None, None, place)
             for place in ("start0", "start1", "start2", "draw0", "draw1")}  # fmt: skip
    assert (found["start0"], found["start1"], found["start2"]) == ({"depth": 6}, {"depth": 3}, None)
    assert "rate" in found["draw0"] and found["draw0"] != found["draw1"]


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_stands_alone(portfolio, tmp_path):
    path = tmp_path / "results.jsonl"
    portfolio.append(path, {"table": "a"})
    path.write_text(path.read_text() + '{"table": "b')
    portfolio.append(path, {"table": "c"})
    assert [entry["table"] for entry in portfolio.read(path)] == ["a", "c"]
