"""Refits of the deep side's finalist: what they learn from, for how long, and what becomes of those that fail."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from test_deep_side import side, template, trials

from automl.deep.training.failure import NotFinite


def named(parts, **options):
    """A side after two trials whose finalist is named."""
    deep = side(parts, template(), max_trials=2, **options)
    trials(deep)
    assert deep.choose(None) is not None
    return deep


def ensemble_of(parts, monkeypatch, *weights):
    monkeypatch.setattr("automl.deep.finalist.select", lambda outputs, *rest: weights)
    deep = side(parts, template(), max_trials=len(weights))
    trials(deep)
    assert deep.choose(None, ensemble=True).family == "ensemble"
    return deep


def watched(deep, monkeypatch):
    """Row numbers and learning rates of each dispatch from now on."""
    seen, network = [], deep.trainer.network

    def of(*args):
        made = network(*args)
        train = made.train

        def counted(batches, rates):
            seen.append((np.array(batches), np.array(rates)))
            return train(batches, rates)

        monkeypatch.setattr(made, "train", counted)
        return made

    monkeypatch.setattr(deep.trainer, "network", of)
    return seen


def failing(deep, monkeypatch, *names):
    """Refits of these runs fail."""
    import automl.deep.training.trainer as trainer

    run = deep.trainer.run

    def broken(*args, **kwargs):
        raise NotFinite("the loss became nan")

    def of(spec, *rest):
        with monkeypatch.context() as patch:
            if spec.name.startswith(names):
                patch.setattr(trainer, "refit", broken)
            return run(spec, *rest)

    monkeypatch.setattr(deep.trainer, "run", of)


def test_a_refit_learns_from_training_and_validation_rows_and_no_other(task_parts, monkeypatch):
    deep = named(task_parts)
    seen = watched(deep, monkeypatch)
    assert deep.refit(math.inf)
    rows = np.unique(np.concatenate([batches.ravel() for batches, _ in seen]))
    data, (dataset, _, split, encoder, codec, _) = deep.trainer.data, task_parts
    learnt = np.concatenate([split.train, split.valid])
    assert rows.max() < len(learnt) == data.n_refit and len(rows) > 0.95 * len(learnt)
    np.testing.assert_array_equal(data.inputs["numbers"].numpy(), encoder.transform(dataset, learnt)["numbers"])
    np.testing.assert_array_equal(data.target.numpy(), codec.encode(dataset, learnt))
    assert not np.isin(learnt, split.test).any()


def test_a_bound_on_time_that_is_not_reached_changes_nothing(task_parts):
    fits = []
    for seconds in (math.inf, 3000.0):
        deep = named(task_parts)
        assert deep.refit(seconds)
        fits.append(deep.finalist.composition.members[0].refits[0])
    assert fits[0].n_steps == fits[1].n_steps
    assert all(np.array_equal(a, b) for a, b in zip(fits[0].weights, fits[1].weights, strict=True))


def test_its_length_is_that_of_the_best_epoch_scaled_by_the_rows(task_parts, monkeypatch):
    deep = named(task_parts)
    (candidate,) = deep.finalist.composition.members
    candidate.fit = dataclasses.replace(candidate.fit, n_steps=40, best_step=30)
    seen = watched(deep, monkeypatch)
    assert deep.refit(math.inf)
    assert sum(len(batches) for batches, _ in seen) == round(30 * 320 / 240) == 40
    last = seen[-1][1][-1]  # the schedule is that of the search, and ends before its learning rate is zero
    assert last > 0.1 * max(rates.max() for _, rates in seen)
    assert candidate.refits[0].n_steps == round(40 * 320 / 240)


def test_where_the_clock_shortened_the_schedule_the_refit_has_as_much_of_it_as_there_is_time_for(
    task_parts, monkeypatch
):
    deep = named(task_parts)
    (candidate,) = deep.finalist.composition.members
    candidate.fit = dataclasses.replace(candidate.fit, n_steps=40, best_step=40)
    monkeypatch.setattr(deep.finalist, "longer", lambda one: 2.0)
    assert deep.refit(1e6)  # much time
    assert candidate.refits[0].n_steps == round(2.0 * 40 * 320 / 240)
    assert deep.refit(math.inf)  # without a clock nothing was shortened
    assert candidate.refits[1].n_steps == round(40 * 320 / 240)


def test_a_longer_refit_is_reckoned_with_once_three_trials_are_compared(task_parts, monkeypatch):
    deep = named(task_parts)
    deep.finalist.composition.set(())
    best = deep.ranked[0]
    best.fit = dataclasses.replace(best.fit, step_seconds=1.0, best_step=10)
    assert deep.seconds_a_refit(1) == pytest.approx(1.1 * 10.0 + 0.2)
    monkeypatch.setattr(deep.finalist, "longer", lambda one: 3.0)
    assert deep.seconds_a_refit(1) == pytest.approx(1.1 * 8.5 + 0.2)
    deep.ranked.append(deep.ranked[1])
    assert deep.seconds_a_refit(1) == pytest.approx(1.1 * 16.0 + 0.2)


def test_a_fit_knows_the_step_of_its_best_epoch(task_parts, tmp_path):
    deep = side(task_parts, template(), max_trials=2, folder=tmp_path)
    trials(deep)
    for kept in deep.ranked:
        points = {point["epoch"]: point["valid_score"] for point in kept.fit.curve}
        per_epoch = 240 // int(kept.settings["batch_size"])
        assert 0 < kept.fit.best_step <= kept.fit.n_steps
        assert points[round(kept.fit.best_step / per_epoch, 3)] == kept.fit.score
    again = side(task_parts, template(), max_trials=2, folder=tmp_path)
    assert [kept.fit.best_step for kept in again.ranked] == [kept.fit.best_step for kept in deep.ranked]


def test_validation_predictions_stay_those_of_the_searched_network(task_parts):
    deep = named(task_parts)
    before = deep.outputs("valid", 1)
    searched = deep.outputs("test", 1)
    assert deep.refit(math.inf) and deep.refit(math.inf)
    after = deep.outputs("valid", 2)
    assert len(after) == 1
    np.testing.assert_array_equal(before[0].arrays["probabilities"], after[0].arrays["probabilities"])
    one, two = (output.arrays["probabilities"] for output in deep.outputs("test", 2))
    assert not np.array_equal(one, two) and not np.array_equal(one, searched[0].arrays["probabilities"])
    assert deep.finalist_run().refitted and len(deep.models(2)) == 2
    deep.undo_refits()
    assert not deep.finalist_run().refitted
    np.testing.assert_array_equal(
        deep.outputs("test", 1)[0].arrays["probabilities"], searched[0].arrays["probabilities"]
    )


def test_the_models_of_refits_predict_what_was_scored(task_parts):
    deep = named(task_parts)
    assert deep.refit(math.inf)
    dataset, _, split, encoder, codec, _ = task_parts
    raw = np.asarray(deep.models(1)[0](encoder.transform(dataset, split.test)))
    expected = deep.outputs("test", 1)[0].arrays["probabilities"]
    assert codec.decode(raw).arrays["probabilities"] == pytest.approx(expected, abs=1e-6)


def test_a_refit_that_fails_leaves_the_searched_network(task_parts, monkeypatch):
    deep = named(task_parts)
    expected = deep.outputs("test", 1)[0].arrays["probabilities"]
    failing(deep, monkeypatch, "tiny")
    assert not deep.refit(math.inf)
    assert not deep.finalist_run().refitted
    np.testing.assert_array_equal(deep.outputs("test", 1)[0].arrays["probabilities"], expected)


def test_refits_of_an_earlier_naming_cost_nothing_and_count_at_once(task_parts, monkeypatch):
    deep = named(task_parts)
    assert deep.seconds_a_refit() > 0 and deep.refit(math.inf)
    (candidate,) = deep.finalist.composition.members
    candidate.refits[0] = dataclasses.replace(candidate.refits[0], seconds=9.0, compile_seconds=2.0)
    assert deep.seconds_a_refit() == pytest.approx(1.1 * 7.0 + 0.2)  # as the last one took, without compilation
    expected = deep.outputs("test", 1)[0].arrays["probabilities"]
    monkeypatch.setattr(deep.trainer, "run", lambda *args: pytest.fail("it was made again"))
    assert not deep.choose(None).refitted and deep.seconds_a_refit() == 0.0
    assert deep.refit(0.0) and deep.finalist_run().refitted
    np.testing.assert_array_equal(deep.outputs("test", 1)[0].arrays["probabilities"], expected)
    assert not deep.refit(0.0)


def test_a_refit_is_reckoned_with_the_steps_to_the_best_epoch(task_parts):
    """The search trained 80 % of its schedule in 8 s, 2 of them for compilation, and was best after 20 %.

    Where the time of a step is known, it counts: a refit validates nothing.
    """
    deep = named(task_parts)
    (candidate,) = deep.finalist.composition.members
    point = {**candidate.fit.curve[-1], "share": 0.8}
    candidate.fit = dataclasses.replace(
        candidate.fit, seconds=8.0, compile_seconds=2.0, n_steps=100, best_step=20, curve=(point,), step_seconds=None
    )
    assert deep.seconds_a_refit() == pytest.approx(1.1 * 6.0 / 4 + 0.2)
    candidate.fit = dataclasses.replace(candidate.fit, step_seconds=0.05)
    assert deep.seconds_a_refit() == pytest.approx(1.1 * 20 * 0.05 + 0.2)


def test_no_time_begins_no_refit(task_parts, monkeypatch):
    deep = named(task_parts)
    monkeypatch.setattr(deep.trainer, "run", lambda *args: pytest.fail("it was begun"))
    assert not deep.refit(0.0)


def test_a_member_that_cannot_be_refitted_leaves_the_ensemble(task_parts, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.5, 0.3, 0.2)
    first, second, third = deep.finalist.composition.members
    failing(deep, monkeypatch, f"{second.run.name} ")
    assert deep.refit(math.inf)
    run = deep.finalist_run()
    assert run.refitted and run.choices["ensemble"] == {first.run.name: 0.7143, third.run.name: 0.2857}
    assert deep.weights() == pytest.approx((0.5 / 0.7, 0.2 / 0.7)) and len(deep.models(1)) == 2
    codec, data = task_parts[4], deep.trainer.training_data
    mixed = sum(w * codec.decode(one.fit.raw_valid).arrays["probabilities"]
                for w, one in zip(deep.weights(), (first, third), strict=True))  # fmt: skip
    np.testing.assert_allclose(deep.outputs("valid", 1)[0].arrays["probabilities"], mixed)
    assert run.valid_score == data.score(deep.outputs("valid", 1)[0])
    assert not deep.refit(0.0) and len(deep.models(1)) == 2


def test_an_ensemble_with_one_member_left_is_that_member(task_parts, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.4, 0.6)
    light, heavy = deep.finalist.composition.members
    failing(deep, monkeypatch, f"{light.run.name} ")
    assert deep.refit(math.inf)
    assert deep.finalist_run().name == heavy.run.name and deep.weights() == (1.0,)


def test_members_are_refitted_in_the_order_of_their_weights(task_parts, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.2, 0.5, 0.3)
    names = [one.run.name for one in deep.finalist.composition.members]
    begun, run = [], deep.trainer.run
    monkeypatch.setattr(deep.trainer, "run", lambda spec, *rest: (begun.append(spec.name), run(spec, *rest))[1])
    assert deep.refit(math.inf)
    assert begun == [f"{names[place]} refit 1" for place in (1, 2, 0)]


def test_members_for_which_there_is_no_time_stay_as_they_were_searched(task_parts, monkeypatch):
    deep = ensemble_of(task_parts, monkeypatch, 0.4, 0.6)
    light, heavy = deep.finalist.composition.members
    expected = {light: 1e9, heavy: 0.01}
    monkeypatch.setattr(deep.finalist, "_refit_seconds", lambda one, *longer: expected[one])
    assert deep.seconds_a_refit(1) < 1.0 < deep.seconds_a_refit()
    assert deep.refit(1e6)
    run = deep.finalist_run()
    assert run.refitted and run.choices == {
        "ensemble": {light.run.name: 0.4, heavy.run.name: 0.6}, "as_searched": [light.run.name],
    }  # fmt: skip
    assert len(light.refits) == 0 and len(heavy.refits) == 1 and deep.seconds_a_refit() == math.inf
    dataset, _, split, encoder, codec, _ = task_parts
    arrays = encoder.transform(dataset, split.test)
    mixed = sum(w * codec.decode(deep.finalist._restored(one, fit).predict(arrays)).arrays["probabilities"]
                for w, one, fit in ((0.4, light, light.fit), (0.6, heavy, heavy.refits[0])))  # fmt: skip
    np.testing.assert_allclose(deep.outputs("test", 1)[0].arrays["probabilities"], mixed, atol=1e-6)
    assert len(deep.models(1)) == 2


def test_without_a_clock_refits_are_the_same_again(task_parts):
    weights = []
    for _ in range(2):
        deep = named(task_parts)
        assert deep.refit(math.inf) and deep.refit(math.inf)
        weights.append([array for fit in deep.finalist.composition.members[0].refits for array in fit.weights])
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_resumed_run_refits_as_the_first_call_would_have(task_parts, tmp_path):
    fresh = named(task_parts)
    named(task_parts, folder=tmp_path).close()
    resumed = side(task_parts, template(), max_trials=2, folder=tmp_path)
    assert resumed.choose(None).name == fresh.finalist_run().name
    for deep in (fresh, resumed):
        assert deep.refit(math.inf)
    one, other = (deep.outputs("test", 1)[0].arrays["probabilities"] for deep in (fresh, resumed))
    np.testing.assert_array_equal(one, other)


def test_a_spec_says_that_it_is_a_refit_whatever_share_of_its_schedule_is_trained(task_parts, monkeypatch):
    deep = named(task_parts)
    (candidate,) = deep.finalist.composition.members
    candidate.fit = dataclasses.replace(candidate.fit, best_step=candidate.fit.n_steps)
    specs, run = [], deep.trainer.run
    monkeypatch.setattr(deep.trainer, "run", lambda spec, *rest: (specs.append(spec), run(spec, *rest))[1])
    assert deep.refit(math.inf)
    ((spec, fit),) = zip(specs, candidate.refits, strict=True)
    assert spec.is_refit and spec.share == 1.0 and fit.raw_valid.size == 0


def test_a_refit_that_could_not_be_ended_is_not_started_again(task_parts, tmp_path, monkeypatch):
    deep = named(task_parts, folder=tmp_path)
    specs = []
    monkeypatch.setattr(deep.pool, "run", lambda ask, *rest: specs.extend(iter(ask, None)) or ())
    assert not deep.refit(math.inf)
    ((spec, _),) = specs
    deep.trainer.on_stuck(spec, "it had not ended 12 s after its time was over")
    events = []
    again = side(task_parts, template(), max_trials=2, folder=tmp_path, on_event=events.append)
    assert not any("left out" in event["text"] for event in events if event["event"] == "note")
    assert again.choose(None).name == deep.finalist_run().name
    monkeypatch.setattr(again.trainer, "run", lambda *args: pytest.fail("it was begun"))
    assert not again.refit(math.inf) and not again.finalist_run().refitted


def test_validation_rows_that_refits_learn_from_are_in_memory_once(task_parts):
    deep = named(task_parts)
    data, training_data = deep.trainer.data, deep.trainer.training_data
    assert data.valid is data.inputs and training_data.added is None
    own = data.valid["numbers"].numpy()[data.valid_from : data.valid_from + data.n_valid]
    np.testing.assert_array_equal(own, training_data.valid["numbers"])
    (candidate,) = deep.finalist.composition.members
    network = deep.trainer.network(candidate.template, candidate.settings, 0)
    network.set_weights(candidate.fit.weights)
    np.testing.assert_array_equal(network.predict_valid(), candidate.fit.raw_valid)
    np.testing.assert_array_equal(network.predict(training_data.valid), candidate.fit.raw_valid)
