"""The loop and the clock of one trial, on a network that only pretends to train."""

import itertools
import time

import numpy as np
import pytest
from hand_clock import HandClock

from automl.deep.training import schedule, trial
from automl.deep.training.trial import refit, train
from automl.errors import OutOfTime, TrialError
from automl.sides.ranking import Standing


class FakeNetwork:
    """Scores follow a script; a step takes `step_seconds`."""

    batch_size = 10
    n_train = 40

    def __init__(self, scores, step_seconds=0.0, loss=1.0, clock=None):
        self.clock = clock
        self.scores, self.step_seconds, self.loss = iter(scores), step_seconds, loss
        self.rates: list[float] = []
        self.n_valid = 0

    def train(self, batches, rates):
        if self.clock is not None:
            self.clock.sleep(self.step_seconds * len(batches))
        self.rates += list(rates)
        return self.loss

    def predict_valid(self):
        self.n_valid += 1
        return np.array([next(self.scores)])

    def weights(self):
        return [np.array(self.n_valid)]


@pytest.fixture
def clock(monkeypatch):
    """What a trial goes by from now on."""
    made = HandClock(time.monotonic())
    monkeypatch.setattr(trial, "time", made)
    monkeypatch.setattr(schedule, "time", made)
    return made


def fit(network, epochs=10, deadline=None, **options):
    higher_is_better = options.get("higher_is_better", True)
    sign = 1.0 if higher_is_better else -1.0
    return train(
        network,
        {"learning_rate": 0.1, "epochs": epochs},
        seed=0,
        deadline=deadline,
        dispatch_seconds=0.25,
        standing=options.get("standing", lambda raw: Standing(sign * float(raw[0]))),
        higher_is_better=higher_is_better,
        stopping=options.get("stopping", lambda: False),
        n_steps=options.get("n_steps"),
        soft_seconds=options.get("soft_seconds"),
        least_share=options.get("least_share"),
    )


def test_the_best_epochs_weights_are_kept():
    result = fit(FakeNetwork([0.1, 0.9, 0.5, 0.4]), epochs=4)
    assert (result.score, int(result.weights[0]), len(result.curve)) == (0.9, 2, 4)


def test_of_epochs_with_the_same_score_the_one_with_the_lower_loss_is_kept():
    losses = [0.9, 0.4, 0.2, 0.3, 0.1]

    def judge(raw):
        return 0.8 if raw[0] > 0.15 else 0.7

    result = fit(FakeNetwork(losses), epochs=5, standing=lambda raw: Standing(judge(raw), float(raw[0])))
    assert (result.score, int(result.weights[0]), float(result.raw_valid[0])) == (0.8, 3, 0.2)
    assert int(fit(FakeNetwork(losses), epochs=5, standing=lambda raw: Standing(judge(raw))).weights[0]) == 1


def test_a_lower_loss_beats_no_better_score_and_does_not_make_the_trial_longer():
    scores = [0.9, 0.5, 0.4, *[0.3] * 37]
    with_tie, without = (
        fit(FakeNetwork(scores), epochs=40, standing=standing)
        for standing in (lambda raw: Standing(float(raw[0]), float(raw[0])), lambda raw: Standing(float(raw[0])))
    )
    assert (with_tie.score, int(with_tie.weights[0])) == (without.score, int(without.weights[0])) == (0.9, 1)
    tied = fit(FakeNetwork(np.linspace(0.9, 0.5, 40)), epochs=40, standing=lambda raw: Standing(1.0, float(raw[0])))
    untied = fit(FakeNetwork(np.linspace(0.9, 0.5, 40)), epochs=40, standing=lambda raw: Standing(1.0))
    assert tied.epochs == untied.epochs < 40
    assert int(tied.weights[0]) == len(tied.curve) and int(untied.weights[0]) == 1


def test_lower_is_better_where_the_metric_says_so():
    assert fit(FakeNetwork([3.0, 1.0, 2.0]), epochs=3, higher_is_better=False).score == 1.0


def test_an_epoch_is_scored_once():
    scored = []

    def standing(raw):
        scored.append(float(raw[0]))
        return Standing(float(raw[0]))

    scores = [0.1, 0.9, 0.5, 0.4]
    fit(FakeNetwork(scores), epochs=4, standing=standing)
    assert scored == scores


def test_a_trial_that_stops_improving_ends_early():
    network = FakeNetwork([0.5] + [0.4] * 39)
    result = fit(network, epochs=40)
    assert 5 <= result.epochs < 40 and result.status == "done"


def test_the_schedule_is_shortened_to_what_the_clock_allows(clock):
    network, begun = FakeNetwork(itertools.count(), step_seconds=0.01, clock=clock), clock.now
    result = fit(network, epochs=1000, deadline=begun + 0.6)
    assert clock.now - begun < 0.65
    assert network.rates[-1] < 0.2 * max(network.rates)
    assert result.epochs < 20


def test_no_time_for_a_single_judgement_is_said():
    with pytest.raises(OutOfTime):
        fit(FakeNetwork([0.5]), deadline=time.monotonic() - 1)


def test_a_loss_that_is_not_a_number_fails_the_trial_in_words():
    with pytest.raises(TrialError, match="lower learning rate"):
        fit(FakeNetwork([0.5], loss=float("nan")))


def test_the_user_can_stop_and_keeps_the_best():
    calls = iter([False] * 6 + [True] * 100)
    result = fit(FakeNetwork(itertools.chain([0.3], itertools.repeat(0.2))), epochs=10, stopping=lambda: next(calls))
    assert (result.score, result.status) == (0.3, "cut")


def test_another_seed_is_trained_as_long_as_the_first_was(clock):
    first = FakeNetwork(itertools.count(), step_seconds=0.01, clock=clock)
    cut = fit(first, epochs=1000, deadline=clock.now + 0.5)
    assert 1 < cut.n_steps < 1000
    second = FakeNetwork(itertools.count())
    again = fit(second, epochs=1000, n_steps=cut.n_steps)
    assert (len(second.rates), again.n_steps) == (cut.n_steps, cut.n_steps)
    assert second.rates[-1] < 0.1 * max(second.rates)


def test_a_schedule_that_nearly_fits_is_ended_early_and_a_long_one_is_not_squeezed(clock):
    def seconds(epochs):
        clock.now = begun = time.monotonic()
        network = FakeNetwork(itertools.count(), step_seconds=0.01, clock=clock)
        fit(network, epochs=epochs, deadline=begun + 1.2, soft_seconds=0.4)
        return clock.now - begun

    assert 0.3 < seconds(15) < 0.45
    assert 0.9 < seconds(200) < 1.25


@pytest.mark.parametrize(("soft_seconds", "expected"), [(0.1, 0.8), (2.0, 2.0), (9.0, 4.0)])
def test_a_schedule_is_shortened_as_asked_but_to_no_less_than_its_least_share(clock, soft_seconds, expected):
    network, begun = FakeNetwork(itertools.count(), step_seconds=0.01, clock=clock), clock.now
    result = fit(network, epochs=100, deadline=begun + 100.0, soft_seconds=soft_seconds, least_share=0.2)
    assert clock.now - begun == pytest.approx(expected, rel=0.15)
    assert network.rates[-1] < 0.1 * max(network.rates) and result.status == "done"


def test_compilation_takes_nothing_from_a_schedule_that_is_shortened_to_a_share_of_the_time(clock):
    def steps(compile_seconds):
        clock.now = time.monotonic()
        network = FakeNetwork(itertools.count(), step_seconds=0.01, clock=clock)
        dispatch = network.train

        def train(batches, rates):
            clock.sleep(0.0 if network.rates else compile_seconds)
            return dispatch(batches, rates)

        network.train = train
        fit(network, epochs=100, deadline=clock.now + 100.0, soft_seconds=2.0, least_share=0.1)
        return len(network.rates)

    assert steps(3.0) == pytest.approx(steps(0.01), rel=0.1)


def test_a_refit_of_a_share_is_shortened_only_where_the_time_is_too_short_for_that_share(clock):
    """Half of 100 steps of 0.01 s are trained: 0.55 s with a margin for their spread are enough."""

    def steps(seconds):
        network, begun = FakeNetwork([], step_seconds=0.01, clock=clock), clock.now
        network.complete = lambda: None
        result = refit(
            network, {"learning_rate": 0.1, "epochs": 25}, seed=0, deadline=begun + seconds, dispatch_seconds=0.02,
            stopping=lambda: False, n_steps=100, share=0.5,
        )  # fmt: skip
        assert len(network.rates) == round(result.n_steps / 2) and clock.now - begun < seconds
        return result.n_steps

    assert steps(3.0) == steps(0.6) == 100
    assert 40 < steps(0.3) < 60


class RestoredNetwork(FakeNetwork):
    """A network whose state is how many scores it has given."""

    def state(self):
        return [np.array(self.n_valid)]

    def set_state(self, state):
        for _ in range(int(state[0])):
            self.predict_valid()


def test_a_resumed_trial_keeps_the_epoch_that_an_unbroken_one_keeps(monkeypatch):
    scores = [0.5, 0.8, 0.79, 0.78, 0.3, 0.3]
    losses = {0.5: 0.9, 0.8: 0.7, 0.79: 0.3, 0.78: 0.2, 0.3: 0.1}

    def standing(raw):
        score = float(raw[0])
        drawn = np.random.default_rng(int(100 * score)).normal(score, 0.05, 40)
        return Standing(score, losses[score], 1, 0.0, drawn, np.full(40, losses[score]))

    monkeypatch.setattr(trial, "SNAPSHOT_SECONDS", -1.0)
    taken = []
    options = {"standing": standing}
    unbroken = train(
        RestoredNetwork(scores), {"learning_rate": 0.1, "epochs": 6}, seed=0, deadline=None, dispatch_seconds=0.25,
        higher_is_better=True, stopping=lambda: False, on_snapshot=taken.append, **options,
    )  # fmt: skip
    assert unbroken.score < 0.8 and taken[2].top_raw is not None
    for snapshot in taken:
        resumed = train(
            RestoredNetwork(scores), {"learning_rate": 0.1, "epochs": 6}, seed=0, deadline=None, dispatch_seconds=0.25,
            higher_is_better=True, stopping=lambda: False, snapshot=snapshot, **options,
        )  # fmt: skip
        assert (resumed.score, resumed.raw_valid, resumed.epochs) == (unbroken.score, unbroken.raw_valid, 6.0)
        assert (resumed.best_step, resumed.best_share) == (unbroken.best_step, unbroken.best_share)
    assert taken[-1].best_fit().best_step == unbroken.best_step != taken[-1].risen_step
