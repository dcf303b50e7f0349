"""The deep side as the flow drives it, on a template small enough for a test."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from automl.deep import DeepSide
from automl.deep.training.failure import NotFinite
from automl.errors import FolderError
from automl.records import SearchOptions, Template


def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 2, 6, default=4)
    hp.Choice("width", [4, 8], default=8)


def build(choices, knobs, specs, head):
    import keras

    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    x = keras.layers.Dense(int(choices["width"]), activation="relu")(inputs["numbers"])
    return keras.Model(inputs, keras.layers.Dense(head.shape[0])(x))


def template(**changes):
    parts = {
        "name": "tiny",
        "family": "mlp",
        "goals": ("binary",),
        "accepts": ("numbers",),
        "space": space,
        "build": build,
        "knobs": ("learning_rate", "weight_decay"),
        "starts": lambda specs, facts: [{"width": 8}],
        "unfit": lambda task, specs: None,
        "source": "none",
    }
    return Template(**{**parts, **changes})


def side(parts, *templates, **options):
    return DeepSide(*parts, {t.name: t for t in templates}, metric="roc_auc", seed=0, **options)


def trials(deep, seconds=math.inf):
    runs = []
    while (made := deep.step(seconds)) is not None:
        runs += made
    return runs


def test_the_first_trial_is_the_first_start_and_the_bound_is_kept(task_parts):
    runs = trials(side(task_parts, template(), max_trials=4))
    assert [run.failure for run in runs] == [None] * 4
    assert [run.name for run in runs] == ["tiny-1", "tiny-2", "tiny-3", "tiny-4"]
    assert runs[0].choices["width"] == 8
    assert all(run.status == "done" and 0 < run.valid_score <= 1 for run in runs)


def test_same_seed_and_no_clock_give_the_same_trials_and_scores(task_parts):
    once, again = (trials(side(task_parts, template(), max_trials=4)) for _ in range(2))
    assert [run.choices for run in once] == [run.choices for run in again]
    assert [run.valid_score for run in once] == [run.valid_score for run in again]


def test_a_reused_compiled_step_gives_what_a_fresh_one_gives(task_parts):
    def fits(cached):
        deep = side(task_parts, template(), max_trials=1)
        deep.step(math.inf)
        deep.choose(None)
        if not cached:
            deep.trainer.networks.clear()
        assert deep.refit(math.inf)
        return deep.outputs("test", 1)[0].arrays["probabilities"]

    assert np.array_equal(fits(cached=True), fits(cached=False))


def test_models_predict_what_was_scored(task_parts):
    deep = side(task_parts, template(), max_trials=2)
    trials(deep)
    run = deep.choose(None)
    model = deep.models(1)[0]
    dataset, _, split, encoder, codec, _ = task_parts
    raw = np.asarray(model(encoder.transform(dataset, split.valid)))
    expected = deep.outputs("valid", 1)[0].arrays["probabilities"]
    assert codec.decode(raw).arrays["probabilities"] == pytest.approx(expected, abs=1e-6)
    assert run.valid_score == max(kept.fit.score for kept in deep.ranked)


def test_a_template_that_raises_is_a_failed_run_and_the_others_go_on(task_parts):
    def broken(choices, knobs, specs, head):
        raise ValueError("no such shape")

    runs = trials(side(task_parts, template(name="broken", build=broken), template(), max_trials=8))
    failed = [run for run in runs if run.family == "broken"]
    assert 1 <= len(failed) <= 3
    assert {run.status for run in failed} == {"failed"} and failed[0].failure.startswith("the network cannot be built")
    assert any(run.status == "done" for run in runs)


def test_when_every_trial_fails_there_is_no_finalist(task_parts):
    def broken(choices, knobs, specs, head):
        raise ValueError("never")

    deep = side(task_parts, template(build=broken))
    assert len(trials(deep)) == 3
    assert deep.choose(None) is None


def test_no_time_starts_no_trial(task_parts):
    assert side(task_parts, template()).step(0.5) is None


@pytest.mark.slow
def test_a_resumed_search_gives_what_an_uninterrupted_one_gives(task_parts, tmp_path):
    whole = trials(side(task_parts, template(), max_trials=12))
    for bound in (3, 10, 12):
        deep = side(task_parts, template(), max_trials=bound, folder=tmp_path)
        trials(deep)
    found = deep.earlier_runs()
    assert [run.name for run in found] == [run.name for run in whole][:10]
    assert [run.choices for run in found] == [run.choices for run in whole][:10]
    assert [run.valid_score for run in found] == [run.valid_score for run in whole][:10]
    unbroken = side(task_parts, template(), max_trials=12)
    trials(unbroken)
    assert [kept.run.name for kept in deep.ranked] == [kept.run.name for kept in unbroken.ranked]
    assert deep.choose(None).name == unbroken.choose(None).name


@pytest.mark.parametrize("oracle", ["random", "hyperband", "grid"])
def test_every_oracle_goes_on_where_it_was(task_parts, tmp_path, oracle):
    options = SearchOptions(oracle=oracle)
    whole = trials(side(task_parts, template(), max_trials=6, options=options))
    for bound in (4, 6):
        deep = side(task_parts, template(), max_trials=bound, folder=tmp_path, options=options)
        again = trials(deep)
    assert [run.choices for run in deep.earlier_runs()] == [run.choices for run in whole[:4]]
    assert [run.choices for run in again] == [run.choices for run in whole[4:]]


def test_weights_return_from_disk_and_damaged_ones_are_put_aside(task_parts, tmp_path):
    first = side(task_parts, template(), max_trials=3, folder=tmp_path)
    trials(first)
    first.choose(None)
    expected = first.outputs("test", 1)[0].arrays["probabilities"]
    second = side(task_parts, template(), max_trials=3, folder=tmp_path)
    assert second.choose(None).name == first.finalist.composition.members[0].run.name
    assert np.array_equal(second.outputs("test", 1)[0].arrays["probabilities"], expected)

    best = tmp_path / "weights" / f"{first.finalist.composition.members[0].run.name}.npz"
    best.write_bytes(best.read_bytes()[:-7])
    third = side(task_parts, template(), max_trials=4, folder=tmp_path)
    assert third.archive.store.unreadable == [best.with_suffix(".unreadable").name]
    (again,) = third.step(math.inf)  # what was lost is fitted again
    assert again.choices == first.finalist.composition.members[0].run.choices


def test_a_killed_trial_goes_on_from_its_snapshot(task_parts, tmp_path, monkeypatch):
    from automl.deep.training import trial

    monkeypatch.setattr(trial, "SNAPSHOT_SECONDS", 0.0)

    class Killed(BaseException):
        pass

    def long(**options):
        starts = [{"epochs": 6}]
        return side(task_parts, template(starts=lambda specs, facts: starts), max_trials=1, **options)

    (whole,) = trials(long())
    seen = []

    def die(event):
        if event["event"] == "epoch":
            seen.append(event["epoch"])
            if len(seen) == 4:
                raise Killed

    with pytest.raises(Killed):
        trials(long(folder=tmp_path, on_event=die))
    (after,) = trials(long(folder=tmp_path, on_event=lambda event: None))
    assert (after.name, after.valid_score) == (whole.name, whole.valid_score)
    assert [point["valid_score"] for point in after.curve] == [point["valid_score"] for point in whole.curve]
    assert not (tmp_path / "weights" / "under-way.npz").exists()


def test_of_networks_that_rank_all_rows_right_the_one_with_the_better_log_loss_leads_and_still_does_after_a_resume(
    task_parts, tmp_path
):
    dataset, task, split, *rest = task_parts
    easy = dataclasses.replace(
        dataset, target=pd.DataFrame({"y": np.where(dataset.inputs["a"] > 0.3, "yes", "no")}),
        inputs=dataset.inputs.assign(a=dataset.inputs["a"] + np.sign(dataset.inputs["a"] - 0.3)),
    )  # fmt: skip
    starts = [{"width": 8, "learning_rate": rate, "epochs": 6} for rate in (0.02, 0.1, 0.05)]
    made = template(starts=lambda specs, facts: starts)
    deep = side((easy, task, split, *rest), made, max_trials=3, folder=tmp_path)
    runs = trials(deep)
    assert [run.valid_score for run in runs] == [1.0] * 3
    losses = {kept.run.name: kept.standing.loss for kept in deep.ranked}
    assert deep.choose(None).name == min(losses, key=lambda name: losses[name]) != "tiny-1"
    again = side((easy, task, split, *rest), made, max_trials=3, folder=tmp_path)
    assert [kept.run.name for kept in again.ranked] == [kept.run.name for kept in deep.ranked]


def test_only_the_best_weights_stay_on_disk(task_parts, tmp_path):
    from automl.deep.side import KEPT_FITS

    deep = side(task_parts, template(), max_trials=KEPT_FITS + 4, folder=tmp_path)
    trials(deep)
    names = {path.stem for path in (tmp_path / "weights").iterdir()}
    assert names == {kept.run.name for kept in deep.ranked} and len(names) == KEPT_FITS


def test_a_full_disk_costs_the_weights_but_not_the_search(task_parts, tmp_path, monkeypatch):
    from automl.storage import files

    def full(path, content):
        raise FolderError(f"no space left on the disk while writing {path}")

    monkeypatch.setattr(files, "write_bytes", full)
    notes = []
    deep = side(task_parts, template(), max_trials=2, folder=tmp_path, on_event=notes.append)
    assert all(run.status == "done" for run in trials(deep))
    assert any("no space left" in event.get("text", "") for event in notes)
    assert deep.choose(None) is not None


def test_a_changed_space_is_refused_on_resume(task_parts, tmp_path):
    side(task_parts, template(), folder=tmp_path)

    def wider(hp, specs, facts):
        space(hp, specs, facts)
        hp.Choice("layers", [1, 2])

    with pytest.raises(FolderError, match="space of tiny"):
        side(task_parts, template(space=wider), folder=tmp_path)


def failing(task_parts, error, times, **options):
    """A side whose first `times` trainings raise; what each try was asked for."""
    deep = side(task_parts, template(), max_trials=1, **options)
    tried = []
    network = deep.trainer.network

    def raising(template, settings, *rest):
        tried.append(dict(settings))
        if len(tried) <= times:
            raise error
        return network(template, settings, *rest)

    deep.trainer.network = raising
    (run,) = trials(deep)
    return deep, run, tried


def test_want_of_memory_is_tried_again_with_half_the_batch(task_parts):
    deep, run, tried = failing(task_parts, MemoryError("cannot allocate"), 1)
    assert [settings["batch_size"] for settings in tried] == [32, 16]
    assert run.status == "done" and run.choices["batch_size"] == 16
    assert run.failure.startswith("first tried: out of memory") and deep.failures == {"memory": 1}


def test_a_loss_that_is_not_finite_is_tried_again_with_a_lower_rate(task_parts):
    deep, run, tried = failing(task_parts, NotFinite("the loss became nan in epoch 1"), 2)
    rates = [settings["learning_rate"] for settings in tried]
    assert rates == pytest.approx([0.01, 0.003, 0.0009]) and run.status == "done"
    assert deep.failures == {"not finite": 2}


def test_tries_come_to_an_end(task_parts):
    _, run, tried = failing(task_parts, NotFinite("the loss became nan in epoch 1"), 9)
    assert len(tried) == 3 and run.status == "failed" and run.valid_score is None


def test_a_templates_own_fault_is_told_with_its_place(task_parts):
    def broken(choices, knobs, specs, head):
        raise KeyError("depth")

    (run, *_) = trials(side(task_parts, template(build=broken), max_trials=1))
    assert "KeyError" in run.failure and "test_deep_side.py, line" in run.failure


def test_a_trial_too_large_for_the_memory_is_not_started(task_parts):
    deep = side(task_parts, template(), max_trials=1, options=SearchOptions(memory_mib=0.0001))
    (run,) = trials(deep)
    assert run.status == "failed" and not run.curve and "--memory" in run.failure
    assert deep.failures["memory"] == 3


@pytest.mark.slow
def test_lagging_trials_are_stopped_early_and_none_without_the_rule(task_parts):
    many = template(space=lambda hp, specs, facts: longer(hp))

    def longer(hp):
        hp.Float("learning_rate", 1e-6, 1e-1, sampling="log", default=3e-2)
        hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
        hp.Choice("batch_size", [32, 64], default=32)
        hp.Int("epochs", 8, 12, default=8)
        hp.Choice("width", [4, 8], default=8)

    events = []
    stopped = trials(side(task_parts, many, max_trials=14, on_event=events.append))
    early = [event for event in events if event.get("stopped_early")]
    assert early and len(early) == sum("earlier trials were better" in (run.failure or "") for run in stopped)
    assert all(run.valid_score is not None and run.status == "cut" for run in stopped if run.failure)
    whole = trials(side(task_parts, many, max_trials=14, early_stopping=False))
    assert all(run.status == "done" for run in whole)


def test_cheap_neighbours_share_the_best_settings_shape(task_parts, monkeypatch):
    from automl.deep import side as module

    monkeypatch.setattr(module, "COMPILE_SHARE", 0.0)
    runs = trials(side(task_parts, template(), max_trials=3))
    first = {name: runs[0].choices[name] for name in ("width", "batch_size", "epochs")}
    assert all({name: run.choices[name] for name in first} == first for run in runs[1:])
    assert len({run.choices["learning_rate"] for run in runs}) > 1
