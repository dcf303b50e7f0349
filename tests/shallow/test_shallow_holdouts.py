"""Fits of the shallow side on several hold-outs."""

from __future__ import annotations

import dataclasses
import math
import statistics

import numpy as np
import pytest
from test_shallow_resume import facts_of, side_of, to_the_end

from automl import metrics
from automl.goals import truth

NAMES = ("tabular_floor", "linear", "boosting")


@pytest.fixture(scope="module")
def folded(problem):
    dataset, task, split = problem("tabular", "binary")
    rest = np.union1d(split.train, split.valid)
    valid = [split.valid, *np.array_split(split.train, 2)]
    folds = ((split.train, split.valid), *((np.setdiff1d(rest, rows), rows) for rows in valid[1:]))
    return dataset, task, dataclasses.replace(split, folds=folds)


@pytest.fixture(scope="module")
def whole(folded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    side = side_of(folded, folder, 7, NAMES)
    floors = side.step(math.inf)
    runs = to_the_end(side)
    side.close()
    return side, floors, runs, folder


def test_fits_are_judged_on_all_hold_outs_from_the_upper_quartile_of_those_before_on(folded, whole):
    _, floors, runs, folder = whole
    again = side_of(folded, folder, 7, NAMES)
    again.close()
    entries = again.archive.journal.entries_before
    firsts = [entry["scores"][0] for entry in entries]
    assert len(firsts) == len(runs) == 7
    for i, run in enumerate(runs):
        assert run.n_holdouts == (3 if i == 0 or firsts[i] >= np.quantile(firsts[:i], 0.75) else 1)
        assert run.valid_score == pytest.approx(statistics.fmean(entries[i]["scores"]))
    assert [run.n_holdouts for run in floors] == [3]


def test_the_score_is_the_mean_over_the_hold_outs_own_truth(folded, whole):
    dataset, task, split = folded
    side, *_ = whole
    kept = side.ranked[0]
    scores = [
        metrics.score(task.metric, truth(dataset, task, valid), output)
        for output, (_, valid) in zip(kept.outputs, split.folds, strict=True)
    ]
    assert kept.run.valid_score == pytest.approx(statistics.fmean(scores))


def test_the_finalist_is_the_best_of_those_judged_on_all(whole):
    side, _, runs, _ = whole
    chosen = side.choose(None)
    best = max((kept for kept in side.ranked if kept.run.n_holdouts == 3), key=lambda kept: kept.run.valid_score)
    assert chosen.n_holdouts == 3
    assert best.run.valid_score == max(run.valid_score for run in runs if run.n_holdouts == 3)
    # one within noise of the best score may be chosen for its loss
    named = next(kept for kept in side.ranked if kept.run.name == chosen.name)
    noise = np.std(best.standing.scores - named.standing.scores)
    assert chosen.valid_score == best.run.valid_score or (
        best.run.valid_score - chosen.valid_score <= noise and named.standing.loss < best.standing.loss
    )
    assert len(side.outputs("valid", 1)[0].arrays["labels"]) == len(side.training_data.valid)


def test_a_resumed_search_with_hold_outs_goes_on_as_if_it_had_never_stopped(folded, whole, tmp_path):
    _, _, runs, _ = whole
    for bound in (4, 7):
        side = side_of(folded, tmp_path, bound, NAMES)
        more = to_the_end(side)
        side.close()
    assert facts_of(side.earlier_runs()) == facts_of(runs[:4])
    assert facts_of(more) == facts_of(runs[4:])
    assert [run.n_holdouts for run in (*side.earlier_runs(), *more)] == [run.n_holdouts for run in runs]
    assert side.choose(None).name == whole[0].choose(None).name


def test_outputs_of_all_hold_outs_return_from_disk(folded, whole):
    before, _, _, folder = whole
    side = side_of(folded, folder, 7, NAMES)
    side.close()
    stored = next(kept for kept in side.ranked if kept.run.n_holdouts == 3)
    other = next(kept for kept in before.ranked if kept.run.name == stored.run.name)
    assert len(stored.outputs) == 3
    for a, b in zip(stored.outputs, other.outputs, strict=True):
        np.testing.assert_array_equal(a.arrays["probabilities"], b.arrays["probabilities"])


def test_a_lost_model_is_fitted_and_judged_on_all_hold_outs_again(folded, whole, tmp_path):
    import shutil

    _, _, runs, folder = whole
    copy = shutil.copytree(folder, tmp_path / "copy")
    for path in (copy / "shallow").iterdir():
        path.unlink()
    side = side_of(folded, copy, 7, NAMES)
    (again, *_) = to_the_end(side)
    side.close()
    best = max((run for run in runs if run.n_holdouts == 3), key=lambda run: run.valid_score)
    assert (again.name, again.valid_score, again.n_holdouts) == (best.name, best.valid_score, 3)


def test_short_of_time_a_fit_is_judged_on_one_hold_out(folded, monkeypatch):
    monkeypatch.setattr("automl.sides.holdouts.EXAMINE_SLACK", 1e9)
    side = side_of(folded, None, 2, NAMES)
    side.step(3000.0)
    (run,) = side.step(3000.0)
    side.close()
    assert run.n_holdouts == 1 and side.holdout_policy.promotion_score() == run.valid_score
    assert side.choose(None).name == run.name


def test_an_ensemble_is_chosen_on_all_hold_outs(folded, whole, monkeypatch):
    dataset, task, split = folded
    side, _, runs, _ = whole
    asked = []

    def chosen(outputs, metric, own_truth, weight, context):
        asked.append((len(outputs), own_truth))
        assert {len(output.arrays["labels"]) for output in outputs} == {len(own_truth)}
        return (0.5, 0.5, *[0.0] * (len(outputs) - 2))

    monkeypatch.setattr("automl.shallow.finalist.select", chosen)
    found = side.choose(None, ensemble=True)
    ((n, own_truth),) = asked
    assert n == sum(run.n_holdouts == 3 for run in runs) and found.n_holdouts == 3
    np.testing.assert_array_equal(own_truth, truth(dataset, task, np.concatenate([v for _, v in split.folds])))
