"""The deep side as the flow drives it, on a template small enough for a test."""

import math

import numpy as np
import pytest

from automl.errors import FolderError
from automl.records import Template
from automl.search import DeepSide


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
    assert all(run.status == "done" and 0.4 < run.valid_score <= 1 for run in runs)


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
            deep.networks.clear()
        assert deep.add_seed(math.inf)
        return deep.outputs("test", 2)[1].arrays["probabilities"]

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
    assert run.valid_score == max(kept.fits[0].score for kept in deep.kept)


def test_a_template_that_raises_is_a_failed_run_and_the_others_go_on(task_parts):
    def broken(choices, knobs, specs, head):
        raise ValueError("no such shape")

    runs = trials(side(task_parts, template(name="broken", build=broken), template(), max_trials=8))
    failed = [run for run in runs if run.family == "broken"]
    assert 1 <= len(failed) <= 3
    assert {run.status for run in failed} == {"failed"} and failed[0].failure == "ValueError: no such shape"
    assert any(run.status == "done" for run in runs)


def test_when_every_trial_fails_there_is_no_finalist(task_parts):
    def broken(choices, knobs, specs, head):
        raise ValueError("never")

    deep = side(task_parts, template(build=broken))
    assert len(trials(deep)) == 3
    assert deep.choose(None) is None


def test_no_time_starts_no_trial(task_parts):
    assert side(task_parts, template()).step(0.5) is None


def test_a_journal_is_gone_on_with(task_parts, tmp_path):
    first = side(task_parts, template(), max_trials=3, folder=tmp_path)
    runs = trials(first)
    second = side(task_parts, template(), max_trials=1, folder=tmp_path)
    (again,) = second.step(math.inf)
    best = max(runs, key=lambda run: run.valid_score)
    assert (again.name, again.choices) == ("tiny-4", best.choices)


def test_a_changed_space_is_refused_on_resume(task_parts, tmp_path):
    side(task_parts, template(), folder=tmp_path)

    def wider(hp, specs, facts):
        space(hp, specs, facts)
        hp.Choice("layers", [1, 2])

    with pytest.raises(FolderError, match="space of tiny"):
        side(task_parts, template(space=wider), folder=tmp_path)
