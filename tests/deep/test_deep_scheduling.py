"""Time between templates follows priors first, then what has paid."""

from types import SimpleNamespace

from automl.deep.scheduling import FAILURES_ALLOWED, next_search


def search(name, **facts):
    known = {"n_runs": 1, "n_failed": 0, "seconds": 10.0, "best": 0.5, "exhausted": False, "prior": 1.0}
    return SimpleNamespace(name=name, **{**known, **facts})


def turns(searches, n, seconds=lambda search: 1.0, by_time=True):
    names = []
    for _ in range(n):
        chosen = next_search(searches, True, by_time)
        chosen.n_runs += 1
        chosen.seconds += seconds(chosen)
        names.append(chosen.name)
    return names


def test_each_template_is_tried_once_the_likeliest_first():
    searches = [search("a", n_runs=0, best=None), search("b", n_runs=0, best=None, prior=2.0), search("c", best=0.9)]
    assert turns(searches, 2) == ["b", "a"]


def test_what_is_unlikely_to_pay_waits_for_its_share_of_the_trials():
    searches = [search("often", n_runs=0, best=0.9), search("seldom", n_runs=0, best=None, prior=0.25)]
    assert turns(searches, 4, by_time=False) == ["often", "often", "often", "seldom"]
    assert turns([search("alone", n_runs=0, best=None, prior=0.25)], 1) == ["alone"]


def test_the_second_best_gets_half_of_the_best_ones_time_whatever_a_trial_costs():
    searches = [search("dear", best=0.9, seconds=0.0), search("cheap", best=0.8, seconds=0.0)]
    turns(searches, 300, lambda search: 8.0 if search.name == "dear" else 1.0)
    assert abs(searches[0].seconds / searches[1].seconds - 2.0) < 0.1


def test_a_prior_moves_time():
    searches = [search("a", best=0.9, seconds=0.0), search("b", best=0.8, seconds=0.0, prior=4.0)]
    turns(searches, 300)
    assert abs(searches[1].seconds / searches[0].seconds - 2.0) < 0.1


def test_without_a_clock_trials_are_counted_not_seconds():
    searches = [search("a", best=0.9, seconds=100.0, n_runs=1), search("b", best=0.8, seconds=0.0, n_runs=1)]
    assert turns(searches, 4, by_time=False) == ["a", "a", "b", "a"]


def test_a_template_that_only_fails_and_one_without_further_settings_are_left():
    searches = [search("fails", best=None, n_failed=FAILURES_ALLOWED), search("over", exhausted=True)]
    assert next_search(searches, True, True) is None
    assert next_search([*searches, search("open")], True, True).name == "open"


def test_where_lower_is_better_the_lowest_leads():
    searches = [search("high", best=0.9, seconds=1.0), search("low", best=0.1, seconds=1.0)]
    assert next_search(searches, False, True).name == "low"
