"""Shallow models that generate pictures and series: one item for each number, of a class, stored like other models."""

from __future__ import annotations

import itertools
import pickle
import time

import numpy as np
import pandas as pd
import pytest
import skops.io

from automl import catalog
from automl.baselines.generating_items import ItemModel
from automl.baselines.learners.item_sampler import ItemMarginals
from automl.errors import DataError
from automl.goals.shared.samples import samples_of_items
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_items import NOISE_NUMBERS
from automl.records import Baseline, Dataset, Facts, FitContext, Task
from automl.storage.trusted import TRUSTED, loads
from automl.storage.trusted.errors import Untrusted

N_TRAIN, N_TEST = 300, 100
PICTURES = ("image_marginals", "image_gaussian", "image_mixture")
SERIES = ("series_marginals", "block_bootstrap", "ar_simulation", "series_mixture")
NAMES = (*PICTURES, *SERIES)
BASELINES = {name: catalog.members(Baseline, "automl.baselines")[name] for name in NAMES}
FIELDS = {"image": "picture", "sequence": "series"}


def items(modality, label="kind", seed=0):
    """Pictures or series of three kinds: gradients of random strength, each kind in a direction of its own."""
    rng = np.random.default_rng(seed)
    n = N_TRAIN + N_TEST
    kinds = rng.choice([0, 1, 2], n, p=[0.5, 0.3, 0.2])
    slopes = np.stack([np.linspace(-1, 1, 8), np.linspace(1, -1, 8), np.abs(np.linspace(-1, 1, 8))])[kinds]
    strength = rng.uniform(0.5, 1.5, (n, 1))
    if modality == "image":
        values = 127.5 + 70.0 * (strength * slopes)[:, :, None, None] * np.array([1.0, 0.5, 0.2])
        inputs = np.clip(values + rng.normal(0, 5, (n, 8, 6, 3)), 0, 255).astype(np.uint8)
    else:
        values = 30.0 + 5.0 * np.repeat(strength * slopes, 3, axis=1)[:, None] * np.array([1.0, -2.0])[:, None]
        inputs = (values + rng.normal(0, 0.3, (n, 2, 24))).astype(np.float32)
    target = pd.DataFrame({"kind": np.array(["a", "b", "c"], object)[kinds]})
    task = Task(modality, "generate", ("kind",) if label else (), "indistinct", label=label)
    return Dataset("made", inputs, target if label else None, fingerprint=f"{modality}-{seed}"), task


def fitted(name, label="kind", context=None):
    baseline = BASELINES[name]
    dataset, task = items(baseline.modality, label)
    settings = next(iter(baseline.settings(task, Facts(N_TRAIN), 0)))
    model = baseline.make(task, settings, 0)
    model.fit(dataset, np.arange(N_TRAIN), np.zeros(N_TRAIN, np.int64), None, context or FitContext())
    return model, dataset, task


@pytest.fixture(scope="module")
def models():
    return {name: fitted(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_items_are_in_the_form_of_the_truth_and_have_the_means_of_their_class(name, models):
    by_class = BASELINES[name].tier != "floor"  # the floor makes items that know nothing of their class
    model, dataset, _task = models[name]
    truth = samples_of_items(dataset, "kind", np.arange(N_TRAIN))
    made = model.predict(dataset, np.arange(N_TRAIN, N_TRAIN + 1_000)).arrays["samples"]
    form = FIELDS[BASELINES[name].modality]
    assert made.dtype.names == truth.dtype.names == (form, "kind") and made[form].dtype == truth[form].dtype
    assert made[form].shape[1:] == truth[form].shape[1:] and np.isfinite(made[form]).all()
    scale = truth[form].std()
    for kind, share in zip("abc", (0.5, 0.3, 0.2), strict=True):
        assert abs((made["kind"] == kind).mean() - share) < 0.08
        means = [own[form][own["kind"] == kind].mean(axis=0) for own in (truth, made)]
        assert (np.abs(means[0] - means[1]).mean() < 0.2 * scale) == by_class


@pytest.mark.parametrize("name", ["image_mixture", "series_mixture", "ar_simulation", "block_bootstrap"])
def test_items_without_classes_have_none(name):
    model, dataset, _ = fitted(name, None)
    made = model.predict(dataset, np.arange(5)).arrays["samples"]
    assert made.dtype.names == (FIELDS[BASELINES[name].modality],) and len(made) == 5


@pytest.mark.parametrize("name", NAMES)
def test_the_item_of_a_number_depends_on_the_number_alone(name, models):
    model, dataset, _ = models[name]
    form = FIELDS[BASELINES[name].modality]
    rows = np.concatenate([np.arange(N_TRAIN, N_TRAIN + N_TEST), 2**33 + np.arange(900)])
    nothing = Dataset("none", dataset.inputs[:0])
    whole, part = (model.predict(d, r).arrays["samples"] for d, r in ((dataset, rows), (nothing, rows[50:300])))
    assert (whole["kind"][50:300] == part["kind"]).all()
    apart = whole[form][50:300].astype(float) - part[form].astype(float)
    assert np.abs(apart).max() <= (1.0 if form == "picture" else 1e-4)  # a pixel may be rounded the other way
    sampled = model.sample(20, 3)
    assert sampled.dtype == whole.dtype and (sampled == model.sample(20, 3)).all()
    assert not (sampled[form] == model.sample(20, 4)[form]).all()


def test_classes_are_drawn_by_the_first_noise_number(models):
    model, dataset, _ = models["image_marginals"]
    rows = np.arange(2_000)
    kinds = model.predict(dataset, rows).arrays["samples"]["kind"]
    first = noise_of(rows, NOISE_NUMBERS)[:, 0]
    assert (
        first[kinds == "a"].max() <= first[kinds == "b"].min()
        and first[kinds == "b"].max() <= first[kinds == "c"].min()
    )


@pytest.mark.parametrize("name", NAMES)
def test_models_are_stored_as_plain_arrays_and_own_types(name, models):
    model = models[name][0]
    content = skops.io.dumps(model)
    assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED)
    again = loads(content)
    assert (again.sample(30, 1) == model.sample(30, 1)).all() and again.chosen(1.25) == {}
    assert model.task is None


ALTERED = {
    "image_marginals": lambda learner: vars(learner).update(spreads=learner.spreads[:, :-1]),
    "image_mixture": lambda learner: vars(learner).update(roots=learner.roots[:-1]),
    "block_bootstrap": lambda learner: vars(learner).update(ends=learner.ends + 10**6),
    "ar_simulation": lambda learner: vars(learner).update(innovations=learner.innovations[:, :-1]),
    "series_mixture": lambda learner: vars(learner).update(detail=learner.mixture),
}


@pytest.mark.parametrize("name", list(ALTERED))
def test_altered_models_are_refused(name, models):
    model = pickle.loads(pickle.dumps(models[name][0]))
    ALTERED[name](model.learner)
    with pytest.raises(Untrusted, match=type(model.learner).__name__):
        loads(skops.io.dumps(model))
    other = pickle.loads(pickle.dumps(models[name][0]))
    other.plan = {}
    with pytest.raises(Untrusted, match="no plan"):
        loads(skops.io.dumps(other))


def test_the_family_that_holds_training_rows_says_so():
    assert [name for name, baseline in BASELINES.items() if baseline.keeps_rows] == ["block_bootstrap"]


@pytest.mark.parametrize("name", NAMES)
def test_settings_start_with_a_default_are_plain_and_many(name):
    baseline = BASELINES[name]
    _, task = items(baseline.modality)
    streams = [list(itertools.islice(baseline.settings(task, Facts(5_000), 7), 12)) for _ in range(2)]
    assert streams[0] == streams[1]
    assert all(isinstance(v, (int, float, str, bool)) for s in streams[0] for v in s.values())
    assert len({repr(s) for s in streams[0]}) >= {"floor": 1, "fast": 2, "strong": 6}[baseline.tier]
    for settings in streams[0]:
        baseline.make(task, settings, 0)
    unlabelled = list(itertools.islice(baseline.settings(items(baseline.modality, None)[1], Facts(5_000), 7), 12))
    assert len({s.get("by_class") for s in unlabelled}) == 1  # what cannot matter has one value


def test_before_a_deadline_a_few_rows_are_fitted_first(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    dataset, task = items("image", None)
    many = Dataset("many", np.concatenate([dataset.inputs] * 30))

    class Slow(ItemMarginals):
        time_power = 1.0

        def fit(self, items, classes, shape, seed):
            clock[0] += len(classes) / 1_000  # seconds
            super().fit(items, classes, shape, seed)

    for deadline, expected in ((1_000.0, 12_000), (14.0, 8_000), (4.0, 2_000)):
        clock[0], stored = 0.0, []
        model = ItemModel(task, Slow(), 0)
        context = FitContext(deadline, lambda m, stored=stored: stored.append(m.n_learnt))
        model.fit(many, np.arange(12_000), None, None, context)
        assert model.n_learnt == expected == stored[-1] and stored[0] == 2_000 and clock[0] <= deadline
        assert bool(model.stopped) == (expected < 12_000)


def test_too_few_items_are_said_so():
    dataset, task = items("image")
    with pytest.raises(DataError, match="at least 50"):
        ItemModel(task, ItemMarginals(), 0).fit(dataset, np.arange(20), None, None, FitContext())
