"""The deep finalist on other splits: encoder and network learn from their training and validation rows alone."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hand_clock import HandClock
from test_deep_refits import ensemble_of, named

from automl.deep import repeat as repeats
from automl.deep.training.failure import NotFinite
from automl.deep.training.trainer import Trainer
from automl.errors import OutOfTime, TrialError


@pytest.fixture
def other(task_parts, monkeypatch):
    """Another split; its encoder is fitted by a stand-in that notes on which split, its codec notes rows."""
    rows = np.random.default_rng(1).permutation(400)
    split = dataclasses.replace(
        task_parts[2], train=np.sort(rows[:200]), valid=np.sort(rows[200:260]), test=np.sort(rows[260:])
    )
    noted = {"splits": [], "encoded": []}

    def fit(dataset, task, own):
        encoder, codec = dataclasses.replace(task_parts[3]), dataclasses.replace(task_parts[4])
        encode = codec.encode
        codec.encode = lambda data, rows: (noted["encoded"].append(np.array(rows)), encode(data, rows))[1]
        noted["splits"].append(own)
        return encoder, codec

    monkeypatch.setattr(repeats.modalities, "fit", fit)
    return split, noted


def watched(monkeypatch):
    """Trainers and the specs that they run from now on."""
    ran, run = [], Trainer.run

    def of(self, spec, *rest):
        result = run(self, spec, *rest)
        ran.append((self, spec, result))
        return result

    monkeypatch.setattr(Trainer, "run", of)
    return ran


def test_a_repeat_learns_from_the_rows_of_its_split_and_no_other(task_parts, other, monkeypatch):
    split, noted = other
    deep, dataset = named(task_parts), task_parts[0]
    ran = watched(monkeypatch)
    output = deep.repeat(task_parts[1], split, 1, math.inf)
    learnt = np.concatenate([split.train, split.valid])
    assert noted["splits"] == [split]
    assert [rows.tolist() for rows in noted["encoded"]] == [learnt.tolist()]
    ((trainer, _, _),) = ran
    expected = dataset.inputs.to_numpy("float32")[learnt]
    np.testing.assert_array_equal(trainer.data.inputs["numbers"].numpy(), expected)
    assert trainer.data.n_refit == len(learnt) and trainer is not deep.trainer
    assert len(output.arrays["probabilities"]) == len(split.test)


def test_settings_and_length_are_those_of_the_finalist(task_parts, other, monkeypatch):
    deep, split = named(task_parts), other[0]
    (member,) = deep.finalist.composition.members
    member.fit = dataclasses.replace(member.fit, n_steps=48, best_step=36)
    ran = watched(monkeypatch)
    deep.repeat(task_parts[1], split, 3, math.inf)
    ((_, spec, result),) = ran
    assert spec.settings == member.settings and spec.name == f"{member.run.name} repeat 3"
    assert spec.n_steps == round(48 * 260 / 240) and spec.share == 0.75
    assert result.fit.best_step == round(0.75 * spec.n_steps)


def test_the_same_repeat_is_the_same_again_and_the_finalist_stays(task_parts, other):
    deep, split = named(task_parts), other[0]
    assert deep.refit(math.inf)
    scored = deep.outputs("test", 1)[0].arrays["probabilities"]
    one, again, seed = (deep.repeat(task_parts[1], split, k, math.inf).arrays["probabilities"] for k in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, seed)
    np.testing.assert_array_equal(deep.outputs("test", 1)[0].arrays["probabilities"], scored)


def test_all_members_of_an_ensemble_are_fitted_and_weighted(task_parts, other, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.6, 0.4)
    ran = watched(monkeypatch)
    mixed = deep.repeat(task_parts[1], other[0], 1, math.inf).arrays["probabilities"]
    assert len(ran) == 2 and ran[0][0] is ran[1][0]
    each = []
    for weights in ((1.0, 0.0), (0.0, 1.0)):
        deep.finalist.composition.weights = weights
        each.append(deep.repeat(task_parts[1], other[0], 1, math.inf).arrays["probabilities"])
    np.testing.assert_allclose(mixed, 0.6 * each[0] + 0.4 * each[1], atol=1e-6)


def test_no_time_and_a_failing_fit_are_told_apart(task_parts, other, monkeypatch):
    deep, split = named(task_parts), other[0]
    with pytest.raises(OutOfTime, match="the time was over before tiny"):
        deep.repeat(task_parts[1], split, 1, 0.0)

    def broken(*args, **options):
        raise NotFinite("the loss became nan")

    monkeypatch.setattr("automl.deep.training.trainer.refit", broken)
    with pytest.raises(TrialError, match=r"tiny-\d: .*the loss became nan") as caught:
        deep.repeat(task_parts[1], split, 1, math.inf)
    assert type(caught.value) is TrialError


def test_a_fit_that_fails_after_its_time_was_over_is_late_and_no_failure(task_parts, other, monkeypatch):
    deep, clock = named(task_parts), HandClock()
    monkeypatch.setattr(repeats, "time", clock)

    def broken(*args, **options):
        clock.sleep(9000.0)
        raise NotFinite("the loss became nan")

    monkeypatch.setattr("automl.deep.training.trainer.refit", broken)
    with pytest.raises(OutOfTime, match="the time was over before tiny"):
        deep.repeat(task_parts[1], other[0], 1, 8000.0)
    with pytest.raises(TrialError, match="the loss became nan"):
        deep.repeat(task_parts[1], other[0], 1, 10_000.0)


def test_the_time_expected_counts_members_compilation_and_encoding(task_parts, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.6, 0.4)
    for member, compiling in zip(deep.finalist.composition.members, (1.0, 0.0), strict=True):
        member.fit = dataclasses.replace(
            member.fit, seconds=3.0 + compiling, compile_seconds=compiling, step_seconds=None
        )
    deep.searches[0].compile_seconds = 1.0  # the second network was compiled already; on another split it is not
    deep.encode_seconds = 0.5
    assert deep.seconds_a_repeat() == pytest.approx(2 * (1.0 + 3.0 * 320 / 240) + 2 * 0.5 + 0.2)
    for member in deep.finalist.composition.members:  # a refit is measured, and does not judge epochs
        member.refits = [dataclasses.replace(member.fit, seconds=2.5, compile_seconds=0.5)]
    assert deep.seconds_a_repeat() == pytest.approx(2 * (1.0 + 2.0) + 2 * 0.5 + 0.2)


def test_a_repeat_that_could_not_be_ended_is_not_started_again_and_the_next_one_is(
    task_parts, other, monkeypatch, tmp_path
):
    deep = named(task_parts, folder=tmp_path)
    ran = watched(monkeypatch)
    deep.repeat(task_parts[1], other[0], 1, math.inf)
    ((trainer, spec, _),) = ran
    trainer.on_stuck(spec, "it had not ended 12 s after its time was over")
    again = named(task_parts, folder=tmp_path)
    del ran[:]
    with pytest.raises(TrialError, match=r"tiny-\d repeat 1: it had not ended .* could not be stopped"):
        again.repeat(task_parts[1], other[0], 1, math.inf)
    assert not ran
    assert again.repeat(task_parts[1], other[0], 2, math.inf) is not None
