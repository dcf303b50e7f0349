"""Time between templates follows priors first, then what has paid."""

from types import SimpleNamespace

from automl.deep.scheduling import FAILURES_ALLOWED, next_lane


def lane(name, **facts):
    known = {"n_runs": 1, "n_failed": 0, "seconds": 10.0, "best": 0.5, "exhausted": False, "prior": 1.0}
    return SimpleNamespace(name=name, **{**known, **facts})


def turns(lanes, n, seconds=lambda lane: 1.0, by_time=True):
    names = []
    for _ in range(n):
        chosen = next_lane(lanes, True, by_time)
        chosen.n_runs += 1
        chosen.seconds += seconds(chosen)
        names.append(chosen.name)
    return names


def test_each_template_is_tried_once_the_likeliest_first():
    lanes = [lane("a", n_runs=0, best=None), lane("b", n_runs=0, best=None, prior=2.0), lane("c", best=0.9)]
    assert turns(lanes, 2) == ["b", "a"]


def test_what_is_unlikely_to_pay_waits_for_its_share_of_the_trials():
    lanes = [lane("often", n_runs=0, best=0.9), lane("seldom", n_runs=0, best=None, prior=0.25)]
    assert turns(lanes, 4, by_time=False) == ["often", "often", "often", "seldom"]
    assert turns([lane("alone", n_runs=0, best=None, prior=0.25)], 1) == ["alone"]


def test_the_second_best_gets_half_of_the_best_ones_time_whatever_a_trial_costs():
    lanes = [lane("dear", best=0.9, seconds=0.0), lane("cheap", best=0.8, seconds=0.0)]
    turns(lanes, 300, lambda lane: 8.0 if lane.name == "dear" else 1.0)
    assert abs(lanes[0].seconds / lanes[1].seconds - 2.0) < 0.1


def test_a_prior_moves_time():
    lanes = [lane("a", best=0.9, seconds=0.0), lane("b", best=0.8, seconds=0.0, prior=4.0)]
    turns(lanes, 300)
    assert abs(lanes[1].seconds / lanes[0].seconds - 2.0) < 0.1


def test_without_a_clock_trials_are_counted_not_seconds():
    lanes = [lane("a", best=0.9, seconds=100.0, n_runs=1), lane("b", best=0.8, seconds=0.0, n_runs=1)]
    assert turns(lanes, 4, by_time=False) == ["a", "a", "b", "a"]


def test_a_template_that_only_fails_and_one_without_further_settings_are_left():
    lanes = [lane("fails", best=None, n_failed=FAILURES_ALLOWED), lane("over", exhausted=True)]
    assert next_lane(lanes, True, True) is None
    assert next_lane([*lanes, lane("open")], True, True).name == "open"


def test_where_lower_is_better_the_lowest_leads():
    lanes = [lane("high", best=0.9, seconds=1.0), lane("low", best=0.1, seconds=1.0)]
    assert next_lane(lanes, False, True).name == "low"
