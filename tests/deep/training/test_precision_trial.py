"""The short trial that chooses a processor's precision, on a given clock."""

import dataclasses
import math

import numpy as np
import pytest
from problems import rows_problem
from tiny_network import TINY

from automl import modalities
from automl.deep.data import training_data_of
from automl.deep.messages import TrialSpec
from automl.deep.training import precision
from automl.deep.training.device import choose
from automl.deep.training.trainer import Trainer

CONVOLUTION = dataclasses.replace(TINY, name="conv", family="cnn")
SETTINGS = {"learning_rate": 1e-2, "weight_decay": 0.0, "batch_size": 32, "epochs": 2}


class Stub:
    """A network whose steps take these seconds, one after another, on the clock of its maker."""

    batch_size = 8

    def __init__(self, clock, *seconds):
        self.clock, self.seconds, self.rates = clock, list(seconds), []

    def train(self, batches, rates):
        self.clock.now += self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        self.rates += list(rates)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(("mixed", "faster"), [(0.10, True), (0.13, True), (0.14, False), (0.2, False)])
def test_mixed_precision_must_be_a_tenth_faster(mixed, faster):
    clock = Clock()
    networks = Stub(clock, 9.0, mixed), Stub(clock, 3.0, 0.15)  # tracing takes other times
    assert precision.faster(*networks, clock) == faster
    assert all(not any(network.rates) for network in networks)


def test_one_quick_step_counts_more_than_many_that_something_else_slowed():
    clock = Clock()
    assert precision.faster(Stub(clock, 1.0, 0.2, 0.2, 0.05, 0.2), Stub(clock, 1.0, 0.1), clock)


@pytest.mark.parametrize(("seconds", "n_steps"), [(10.0, 2), (0.3, 2), (0.1, 5), (1e-4, 12)])
def test_it_ends_after_about_a_second_of_steps_and_after_a_number_of_them(seconds, n_steps):
    clock = Clock()
    mixed = Stub(clock, seconds)
    precision.faster(mixed, Stub(clock, seconds), clock)
    assert len(mixed.rates) == 1 + n_steps


@pytest.fixture(scope="module")
def data():
    dataset, task, split = rows_problem("tabular", "binary", 160)
    return training_data_of(dataset, task, split, *modalities.fit(dataset, task, split), task.metric)


@pytest.fixture(autouse=True)
def precision_is_tried(precision_is_not_tried, monkeypatch):
    """As in use; see `tests/conftest.py`."""
    monkeypatch.setattr(precision, "LEAST_SECONDS", precision_is_not_tried)


def trainer(data, monkeypatch, verdict, policy=None):
    asked = []

    def faster(mixed, plain, clock):
        asked.append((mixed.precision, plain.precision))
        return verdict

    monkeypatch.setattr("automl.deep.training.trainer.faster", faster)
    policy = policy or choose([], instructions="avx512_bf16")
    return Trainer(data, {"conv": CONVOLUTION, "tiny": TINY}, policy, clock=lambda: 0.0), asked


def trial(name, seconds=3600.0, number=1):
    """Two steps; the time is real, so there is far more of it than a busy machine takes."""
    return TrialSpec(f"{name}-{number}", name, SETTINGS, number, seconds, n_steps=2)


@pytest.mark.parametrize(("verdict", "device"), [(True, "cpu, mixed_bfloat16"), (False, "cpu")])
def test_the_first_convolution_decides_for_all_and_the_run_says_what_it_computed_in(data, monkeypatch, verdict, device):
    made, asked = trainer(data, monkeypatch, verdict)
    results = [made.run(trial("conv", number=number)) for number in (1, 2)]
    assert asked == [("mixed_bfloat16", "float32")]
    assert [result.device for result in results] == [device] * 2
    assert all(result.fit is not None and np.isfinite(result.fit.score) for result in results)
    assert made.run(trial("tiny")).device == "cpu"
    assert len(asked) == 1


@pytest.mark.parametrize("seconds", [math.inf, precision.LEAST_SECONDS - 1])
def test_without_a_clock_and_in_short_searches_nothing_is_tried(data, monkeypatch, seconds):
    made, asked = trainer(data, monkeypatch, True)
    assert made.run(trial("conv", seconds)).device == "cpu" and asked == []


@pytest.mark.parametrize("seconds", [math.inf, 3600.0])
def test_a_precision_that_was_asked_for_is_used_untried_with_and_without_a_clock(data, monkeypatch, seconds):
    policy = choose([], instructions="avx512_bf16", precision="mixed_bfloat16")
    made, asked = trainer(data, monkeypatch, False, policy)
    assert made.run(trial("conv", seconds)).device == "cpu, mixed_bfloat16" and asked == []


def test_on_a_machine_so_busy_that_tracing_takes_long_nothing_is_tried(data, monkeypatch):
    made, asked = trainer(data, monkeypatch, True)
    looks = iter([0.0, 900.0])  # before and after the first network's first step
    made.clock = lambda: next(looks)
    assert made.run(trial("conv")).device == "cpu" and asked == []
    assert made.run(trial("conv", number=2)).device == "cpu" and asked == []


@pytest.mark.parametrize(
    ("instructions", "traced_seconds", "pays"),
    [("avx512_bf16", 3.0, True), ("avx512_bf16", 3.1, False), ("amx_bf16", 6.5, True), ("amx_bf16", 6.6, False)],
)
def test_a_trial_takes_at_most_half_of_what_these_instructions_can_save(instructions, traced_seconds, pays):
    assert precision.can_pay(traced_seconds, 50.0, instructions) == pays


def test_where_no_trial_can_pay_no_network_is_built_for_it(data, monkeypatch):
    made, asked = trainer(data, monkeypatch, True)
    made.clock = lambda: pytest.fail("a network was timed")
    assert not precision.is_worth_a_network(24.0, "avx512_bf16") and precision.is_worth_a_network(24.0, "amx_bf16")
    assert made.run(trial("conv", 24.0)).device == "cpu" and asked == []


def test_what_was_compiled_for_the_trial_counts_as_compilation_of_the_first_fit(data, monkeypatch):
    made, _ = trainer(data, monkeypatch, False)
    looks = iter([0.0, 2.0])
    made.clock = lambda: next(looks)
    fit = made.run(trial("conv")).fit
    assert fit.compile_seconds >= 2.0 and fit.seconds >= fit.compile_seconds


def test_a_network_that_fails_in_mixed_precision_leaves_the_others_in_float32(data, monkeypatch):
    made, _ = trainer(data, monkeypatch, True)

    def fails(mixed, plain, clock):
        raise ValueError("no such kernel")

    monkeypatch.setattr("automl.deep.training.trainer.faster", fails)
    assert "no such kernel" in made.run(trial("conv")).failure
    assert made.run(trial("conv", number=2)).device == "cpu"


def test_a_network_too_large_for_the_memory_takes_no_step_for_a_trial(data, monkeypatch):
    made, asked = trainer(data, monkeypatch, True)
    made.memory_mib = 0.001
    steps = []
    monkeypatch.setattr("automl.deep.training.trainer.one_step", steps.append)
    assert "MiB" in made.run(trial("conv")).failure and steps == asked == []
