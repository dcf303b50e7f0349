"""Models within noise of the best are ordered by a proper loss; a real difference stands."""

import numpy as np
import pytest

from automl import goals, metrics
from automl.records import Output
from automl.sides.ranking import Judged, LeadingEpoch, Standing, order, standing_of

N = 91
TRUTH = (np.arange(N) % 3 == 0).astype(np.int64)


def two_classes(p):
    p = np.asarray(p, np.float64)
    return Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(np.int64)})


def standing(output, metric="roc_auc", truth=TRUTH, n_holdouts=1, size=0.0):
    judged = [Judged(truth, None, output)] * n_holdouts
    return standing_of(judged, metric, {"classes": 2}, size)


def sure(share, seed=0):
    """Probabilities that rank all rows right, and are `share` sure of it."""
    noise = np.random.default_rng(seed).uniform(0.0, 0.02, N)
    return two_classes(np.where(TRUTH == 1, 0.5 + share / 2 - noise, 0.5 - share / 2 + noise))


def test_of_models_that_rank_all_rows_right_the_one_with_the_better_log_loss_leads():
    standings = [standing(sure(share)) for share in (0.2, 0.9, 0.5)]
    assert [one.score for one in standings] == [1.0, 1.0, 1.0]
    assert order(standings) == [1, 2, 0]


def test_a_score_within_noise_gives_way_to_a_surely_better_loss():
    rng = np.random.default_rng(1)
    good = np.clip(np.where(TRUTH == 1, 0.85, 0.15) + 0.1 * rng.normal(size=N), 0.01, 0.99)
    good[[0, 1]] = 0.45, 0.55  # one pair in the wrong order
    rash = np.where(TRUTH == 1, 0.51, 0.49)
    rash[4] = 0.505  # a row nearer to the right ones than to its own, by which almost nothing is lost
    standings = [standing(two_classes(rash)), standing(two_classes(good))]
    assert standings[0].score > standings[1].score and standings[0].loss > standings[1].loss
    assert order(standings) == [1, 0]


def test_a_real_difference_stands_whatever_the_loss():
    right = two_classes(np.where(TRUTH == 1, 0.51, 0.49))
    wrong_for_a_third = np.where(TRUTH == 1, 0.95, 0.05)
    wrong_for_a_third[::3] = 0.45
    standings = [standing(two_classes(wrong_for_a_third), "accuracy"), standing(right, "accuracy")]
    assert standings[1].loss > standings[0].loss
    assert order(standings) == [1, 0]


def test_a_metric_that_is_a_loss_keeps_its_order():
    truth = np.random.default_rng(0).normal(size=(N, 1))
    near = truth + 0.1 * np.sign(truth)
    nearer = near.copy()
    nearer[:30] = truth[:30]
    nearer[0] += 2.0  # the better absolute error, the worse squared error
    standings = [standing(Output("values", {"values": values}), "mae", truth) for values in (near, nearer)]
    assert standings[1].score > standings[0].score and standings[1].loss > standings[0].loss
    assert standings[0].scores.size == 0
    assert order(standings) == [1, 0]


def test_more_holdouts_come_first_and_of_equals_the_smaller():
    assert order([standing(sure(0.9)), standing(sure(0.2), n_holdouts=3)]) == [1, 0]
    assert order([standing(sure(0.9), size=2.0), standing(sure(0.9), size=1.0)]) == [1, 0]


@pytest.mark.parametrize("metric", ["accuracy", "mae"])
def test_more_holdouts_do_not_come_before_a_surely_better_score_on_the_first(metric):
    """A cheap model had time for all hold-outs, and a far better one for the first alone."""
    rng = np.random.default_rng(0)
    made = {}
    for name, error in (("far better", 0.05), ("a little better", 0.39), ("cheap", 0.4)):
        if metric == "accuracy":
            wrong = np.zeros(N, bool)
            wrong[rng.permutation(N)[: int(error * N)]] = True
            made[name] = two_classes(np.where((TRUTH == 1) != wrong, 0.8, 0.2))
        else:
            made[name] = Output("values", {"values": TRUTH[:, None] + error * rng.normal(size=(N, 1))})
    truth = TRUTH if metric == "accuracy" else TRUTH[:, None].astype(float)
    holdouts = (np.arange(N), np.arange(60), np.arange(30, N))
    judged = [Judged(truth[rows], None, part(made["cheap"], rows)) for rows in holdouts]
    cheap = standing_of(judged, metric, {"classes": 2})
    others = {name: standing(made[name], metric, truth) for name in ("far better", "a little better")}
    assert order([cheap, others["far better"], others["a little better"]])[0] == 1
    assert order([cheap, others["a little better"]])[0] == 0


def part(output, rows):
    return Output(output.kind, {name: array[rows] for name, array in output.arrays.items()})


def test_the_order_does_not_depend_on_the_order_given():
    rng = np.random.default_rng(3)
    made = [standing(two_classes(np.clip(TRUTH * 0.4 + 0.6 * rng.random(N), 0.001, 0.999))) for _ in range(9)]
    expected = [made[place] for place in order(made)]
    for seed in range(5):
        mixed = [made[place] for place in np.random.default_rng(seed).permutation(9)]
        assert [mixed[place] for place in order(mixed)] == expected


def test_a_score_is_the_metrics_own():
    output = two_classes(np.random.default_rng(2).random(N))
    made = standing(output)
    assert made.score == metrics.score("roc_auc", TRUTH, output, None, {"classes": 2})
    assert made.loss == metrics.score("log_loss", TRUTH, output, None, {"classes": 2})
    assert len(made.scores) == len(made.losses) == 100


@pytest.mark.parametrize("goal", [name for name, goal in goals.known().items() if goal.needs_target])
def test_every_goal_has_a_loss_for_ties_that_its_models_can_be_scored_by(goal):
    record = goals.named(goal)
    example = record.example
    truth = example.truth(np.random.default_rng(0).normal(size=40))
    outputs = [example.output(truth, np.random.default_rng(1), noise) for noise in (0.1, 3.0)]
    context = example.context(len(truth))
    near, far = (standing_of([Judged(truth, None, one)], example.metric, context) for one in outputs)
    assert near.loss < far.loss and order([far, near]) == [1, 0]


def test_the_epoch_that_is_kept_is_the_one_that_leads_the_order():
    rng = np.random.default_rng(5)
    epochs = [standing(two_classes(np.clip(TRUTH * s + (1 - s) * rng.random(N), 0.001, 0.999))) for s in
              (0.1, 0.3, 0.5, 0.45, 0.5, 0.4, 0.48)]  # fmt: skip
    leading, kept = LeadingEpoch(), None
    for epoch in epochs:
        if leading.take_in(epoch)[1]:
            kept = epoch
    assert kept is leading.chosen is epochs[order(epochs)[0]]
    assert leading.best_score == max(epoch.score for epoch in epochs)


def test_a_better_loss_alone_is_no_rise():
    leading = LeadingEpoch()
    assert leading.take_in(Standing(0.8, 0.5)) == (True, True)
    assert leading.take_in(Standing(0.8, 0.4)) == (False, True)
    assert leading.take_in(Standing(0.7, 0.1)) == (False, False)
    assert leading.take_in(Standing(0.9, 0.9)) == (True, True)
