from __future__ import annotations

import math
import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from automl import catalog, metrics
from automl.goals import truth
from automl.records import Baseline, Facts
from automl.shallow import ShallowSide

BASELINES = catalog.members(Baseline, "automl.baselines")


def quick(baseline, **smaller):
    """The same family with settings that fit in a moment."""

    def settings(task, facts, seed):
        for one in baseline.settings(task, facts, seed):
            yield {**one, **{k: v for k, v in smaller.items() if k in one}}

    return replace(baseline, settings=settings)


def chosen(*names):
    return {n: quick(BASELINES[n], max_iter=10, n_estimators=6, n_features=50, text_dimensions=3) for n in names}


def side_of(made, names, **options):
    dataset, task, split = made
    items = split.train if split.train_windows is None else split.train_windows
    facts = Facts(len(items), len(task.classes))
    return ShallowSide(dataset, task, split, facts, chosen(*names), task.metric, **options)


TABLE = ("tabular_floor", "linear", "boosting", "forest")


@pytest.fixture(scope="module")
def finished(problem):
    """A side after six fits, its runs and the events it told."""
    events = []
    made = problem("tabular", "binary")
    side = side_of(made, TABLE, max_trials=6, on_event=events.append)
    runs = []
    while (some := side.step(math.inf)) is not None:
        runs += some
    yield made, side, runs, events
    side.close()


def test_floors_come_first_then_fast_then_strong_then_tuning(finished):
    _, _, runs, _ = finished
    assert [r.family for r in runs[:4]] == ["tabular_floor", "linear", "boosting", "forest"]
    assert [r.side for r in runs] == ["floor"] + ["shallow"] * 6
    assert max(Counter(r.name for r in runs).values()) == 1


def test_max_trials_bounds_the_fits_beside_the_floors(finished):
    _, side, runs, _ = finished
    assert len(runs) == 7
    assert side.step(math.inf) is None


def test_runs_tell_scores_costs_and_settings(finished):
    _, _, runs, _ = finished
    for run in runs[1:]:
        assert run.status == "done"
        assert run.failure is None
        assert 0.5 < run.valid_score <= 1.0
        assert run.cost.fit_seconds > 0
        assert run.cost.peak_mib > 20
        assert run.cost.size_mib > 0
        assert run.cost.predict_ms > 0
        assert run.cost.rows_per_second > 0
        assert run.choices


def test_events_announce_every_run(finished):
    _, _, runs, events = finished
    assert [e["name"] for e in events if e["event"] == "start"] == [r.name for r in runs]
    said = {e["name"]: (e["score"], e["status"]) for e in events if e["event"] == "run"}
    assert said == {r.name: (r.valid_score, r.status) for r in runs}


def test_the_finalist_is_the_best_by_validation_and_its_outputs_have_its_score(finished):
    (dataset, task, split), side, runs, _ = finished
    finalist = side.choose(None)
    assert finalist.finalist
    assert finalist.valid_score == max(r.valid_score for r in runs if r.side == "shallow")
    (valid,) = side.outputs("valid", 1)
    assert metrics.score(task.metric, truth(dataset, task, split.valid), valid) == finalist.valid_score
    (test,) = side.outputs("test", 1)
    (model,) = side.models(1)
    np.testing.assert_array_equal(
        model.predict(dataset, split.test).arrays["probabilities"], test.arrays["probabilities"]
    )


def test_a_seed_is_a_refit_of_the_same_settings(finished):
    _, side, _, _ = finished
    name = side.choose(None).name
    before, (searched,) = side.outputs("valid", 1), side.models(1)
    assert side.seconds_a_refit() > 0
    assert side.refit(3000.0) and side.refit(3000.0)
    assert side.finalist_run().name == name and side.finalist_run().refitted
    assert len(side.outputs("test", 2)) == len(side.models(2)) == 2
    after = side.outputs("valid", 2)
    np.testing.assert_array_equal(before[0].arrays["probabilities"], after[0].arrays["probabilities"])
    side.undo_refits()
    assert not side.finalist_run().refitted
    assert pickle.dumps(side.models(1)[0]) == pickle.dumps(searched)


def test_a_latency_that_nobody_meets_names_nobody(finished):
    _, side, _, _ = finished
    assert side.choose(1e-9) is None
    assert side.outputs("test", 1) == ()
    assert side.choose(1e9) is not None


def test_the_same_seed_without_a_clock_gives_the_same_runs(finished, problem):
    _, _, runs, _ = finished
    side = side_of(problem("tabular", "binary"), TABLE, max_trials=6)
    again = []
    while (some := side.step(math.inf)) is not None:
        again += some
    side.close()
    assert [(r.name, r.valid_score, dict(r.choices)) for r in again] == [
        (r.name, r.valid_score, dict(r.choices)) for r in runs
    ]


def test_the_floor_is_there_without_any_step_and_without_the_worker(problem):
    side = side_of(problem("sequence", "forecast"), ("naive", "seasonal_naive", "lagged_ridge"))
    side.close()
    run, output, model = side.floor()
    assert run.side == "floor"
    assert run.name == "seasonal_naive"  # the better of the two on a seasonal series
    np.testing.assert_array_equal(
        model.predict(side.training_data.dataset, side.training_data.test).arrays["values"], output.arrays["values"]
    )


def test_too_little_time_fits_nothing_and_ends_in_the_end(problem):
    side = side_of(problem("tabular", "regression"), ("tabular_floor", "linear"))
    assert [r.name for r in side.step(5)] == ["tabular_floor"]
    assert side.step(0.01) == ()
    assert side.step(0.01) is None
    assert side.choose(None) is None
    side.close()


def test_a_family_that_fails_costs_one_run_and_the_contest_goes_on(problem):
    def broken(task, settings, seed):
        return BASELINES["linear"].make(task, {**settings, "max_levels": "many"}, seed)

    dataset, task, split = problem("tabular", "regression")
    baselines = chosen("tabular_floor", "boosting")
    baselines["broken"] = replace(BASELINES["linear"], name="broken", make=broken)
    side = ShallowSide(dataset, task, split, Facts(120), baselines, "r2", max_trials=3)
    runs = [r for _ in range(4) for r in side.step(math.inf)]
    side.close()
    assert [(r.family, r.status) for r in runs[1:3]] == [("broken", "failed"), ("boosting", "done")]
    assert "TypeError" in runs[1].failure
    assert runs[3].family == "boosting"


def test_a_slow_family_is_fitted_on_fewer_rows_and_says_so(problem):
    dataset, task, split = problem("tabular", "regression", n=4000)
    side = ShallowSide(dataset, task, split, Facts(2000), chosen("tabular_floor", "linear"), "r2")
    side.step(5)
    search = side.tuning.searches[0]
    assert side.worker.wait(None) is None
    search.seconds = 2e5  # as if a full fit were known to take so long
    (run,) = side.step(1.4e5)
    side.close()
    assert run.choices["rows"] in (979, 980)  # 2000 x 0.7 x 1.4 / 2, less for what the call itself takes
    assert run.status == "done"


def test_support_vectors_say_how_many_rows_they_learnt_from(problem, monkeypatch):
    monkeypatch.setattr("automl.baselines.learners.vectors.MOST_WORK", 20_000)
    side = side_of(problem("tabular", "binary"), ("tabular_floor", "vectors"), max_trials=1, apart=False)
    try:
        runs = [run for _ in range(2) for run in side.step(math.inf) or ()]
    finally:
        side.close()
    found = next(run for run in runs if run.family == "vectors")
    assert found.status == "done" and 2 < found.choices["rows"] < len(side.training_data.items)


def test_a_first_fit_of_some_rows_is_made_again_of_all_rows(problem):
    dataset, task, split = problem("tabular", "regression", n=4000)
    side = ShallowSide(dataset, task, split, Facts(2000), chosen("tabular_floor", "linear"), "r2")
    side.tuning.items_a_second = 10.0  # as on a machine that is far too slow: 2,000 of the rows at the second fit
    side.step(5)
    assert side.worker.wait(None) is None
    (first,) = side.step(100.0)
    (second,) = side.step(200.0)
    side.close()
    assert 500 <= first.choices["rows"] <= 1000
    assert second.choices == {k: v for k, v in first.choices.items() if k != "rows"}


def test_weights_count_in_the_validation_score(problem):
    dataset, task, split = problem("tabular", "binary")
    weight = np.where(np.arange(dataset.n_rows) % 2, 1.0, 1e-6)
    dataset = replace(dataset, weight=weight)
    side = ShallowSide(dataset, task, split, Facts(120, 2), chosen("tabular_floor", "linear"), "accuracy", max_trials=1)
    side.step(math.inf)
    (run,) = side.step(math.inf)
    side.choose(None)
    (output,) = side.outputs("valid", 1)
    side.close()
    expected = metrics.score("accuracy", truth(dataset, task, split.valid), output, weight[split.valid])
    assert run.valid_score == expected
