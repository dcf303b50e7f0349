"""Shallow models that generate rows: one for each number, in the user's columns, stored like other models."""

from __future__ import annotations

import itertools
import pickle
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

from automl import catalog
from automl.baselines.generating import RowSampler
from automl.baselines.learners.sampler import Marginals
from automl.errors import DataError
from automl.goals.shared.generated import row_truth
from automl.metrics.two_sample import told_apart
from automl.records import Baseline, Column, Dataset, Facts, FitContext, Task
from automl.storage.trusted import TRUSTED, loads
from automl.storage.trusted.errors import Untrusted

N_TRAIN, N_TEST = 900, 300
NAMES = ("marginals", "gaussian_copula", "chow_liu", "tree_sampler", "row_mixture")
BASELINES = {name: catalog.members(Baseline, "automl.baselines")[name] for name in NAMES}


def table(seed=0):
    rng = np.random.default_rng(seed)
    n = N_TRAIN + N_TEST
    size = rng.lognormal(3, 0.5, n)
    town = np.where(size > 22, "north", np.where(rng.random(n) < 0.5, "south", "east")).astype(object)
    frame = pd.DataFrame({
        "size": size.round(2),
        "price": (size * 10 + rng.normal(size=n)).round(),
        "rooms": np.clip((size / 8).round(), 1, 6),
        "garden": np.where(size > 20, rng.random(n) < 0.8, rng.random(n) < 0.1).astype(np.float64),
        "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 9_000, n), unit="D"),
        "town": pd.Series(town, dtype=object),
        "who": pd.Series([f"H{place:06d}" for place in rng.permutation(n)], dtype=object),
        "land": pd.Series(["X"] * n, dtype=object),
    })  # fmt: skip
    frame.loc[::6, "price"], frame.loc[5::9, "town"] = np.nan, None
    kinds = {"size": "numeric", "price": "numeric", "rooms": "numeric", "garden": "boolean", "built": "datetime",
             "town": "categorical", "who": "identifier", "land": "constant"}  # fmt: skip
    columns = tuple(Column(name, kind, 1.0, "") for name, kind in kinds.items())
    task = Task("tabular", "generate", (), "indistinct", columns=columns, evidence=("Made up.",))
    return Dataset("made", frame, fingerprint=f"rows-{seed}"), task


def fitted(name, made=None, context=None):
    baseline = BASELINES[name]
    dataset, task = made or table()
    settings = next(iter(baseline.settings(task, Facts(N_TRAIN), 0)))
    model = baseline.make(task, settings, 0)
    model.fit(dataset, np.arange(N_TRAIN), np.zeros(N_TRAIN, np.int64), None, context or FitContext())
    return model


@pytest.fixture(scope="module")
def models():
    return {name: fitted(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_the_users_columns_types_decimals_and_ranges(name, models):
    frame = table()[0].inputs.iloc[:N_TRAIN]
    found = models[name].sample(500, 3)
    assert (found.dtypes == frame.dtypes).all() and len(found) == 500
    assert found["town"].dropna().isin(frame["town"].dropna()).all() and found["town"].isna().mean() < 0.2
    assert (found["size"] == found["size"].round(2)).all() and found["size"].between(*_ends(frame["size"])).all()
    assert (found["price"].dropna() == found["price"].dropna().round()).all()
    assert (
        found["built"].eq(found["built"].dt.normalize()).all() and found["built"].between(*_ends(frame["built"])).all()
    )
    assert found["who"].is_unique and set(found["land"]) == {"X"} and set(found["garden"]) == {0.0, 1.0}
    pd.testing.assert_frame_equal(found, models[name].sample(500, 3))
    assert not found["size"].equals(models[name].sample(500, 4)["size"])


def _ends(column):
    return column.min(), column.max()


@pytest.mark.parametrize("name", NAMES)
def test_the_row_of_a_number_depends_on_the_number_alone(name, models):
    dataset, task = table()
    rows = np.concatenate([np.arange(N_TRAIN, N_TRAIN + N_TEST), 2**33 + np.arange(2_000)])
    whole = models[name].predict(dataset, rows).arrays["samples"]
    nothing = Dataset("none", pd.DataFrame(index=pd.RangeIndex(0)))
    part = models[name].predict(nothing, rows[250:400]).arrays["samples"]
    assert whole.dtype.names == row_truth(dataset, task, rows[:1]).dtype.names
    for field in whole.dtype.names:
        np.testing.assert_array_equal(whole[field][250:400], part[field])


def test_families_are_harder_to_tell_from_real_rows_than_independent_columns(models):
    dataset, task = table()
    rows = np.arange(N_TRAIN, N_TRAIN + N_TEST)
    apart = {}
    for name, model in models.items():
        scores = told_apart(row_truth(dataset, task, rows), model.predict(dataset, rows).arrays["samples"])
        apart[name] = roc_auc_score(np.repeat([0, 1], len(rows)), scores.T.ravel())
    floor = apart.pop("marginals")
    assert floor > 0.9 and max(apart.values()) < floor - 0.05, apart
    assert apart["tree_sampler"] < 0.75


@pytest.mark.parametrize("name", NAMES)
def test_models_are_stored_and_opened(name, models):
    model = models[name]
    content = skops.io.dumps(model)
    for again in (loads(content), pickle.loads(pickle.dumps(model))):
        pd.testing.assert_frame_equal(again.sample(200, 1), model.sample(200, 1))
        assert again.chosen(1.25) == {}
    assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED)
    assert b"H00" not in content  # no identifier of a row


def test_altered_models_are_refused(models):
    model = pickle.loads(pickle.dumps(models["marginals"]))
    model.plan["head"]["shape"] = [10**9]
    with pytest.raises(Untrusted, match="noise"):
        loads(skops.io.dumps(model))


@pytest.mark.parametrize("name", NAMES)
def test_settings_start_with_a_default_are_plain_and_many(name):
    baseline, (_, task) = BASELINES[name], table()
    streams = [list(itertools.islice(baseline.settings(task, Facts(5_000), 7), 12)) for _ in range(2)]
    assert streams[0] == streams[1]
    assert all(isinstance(v, (int, float, str, bool)) for s in streams[0] for v in s.values())
    assert len({repr(s) for s in streams[0]}) >= {"floor": 1, "fast": 2, "strong": 6}[baseline.tier]


def test_before_a_deadline_a_few_rows_are_fitted_first(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    dataset, task = table()
    many = replace(dataset, inputs=pd.concat([dataset.inputs] * 10, ignore_index=True))

    class Slow(Marginals):
        time_power = 1.0

        def fit(self, numbers, categories, sizes, seed, ties=()):
            clock[0] += len(categories) / 1_000  # seconds
            super().fit(numbers, categories, sizes, seed, ties)

    for deadline, expected in ((1_000.0, 12_000), (14.0, 8_000), (4.0, 2_000)):
        clock[0], stored = 0.0, []
        model = RowSampler(task, Slow(), 0)
        context = FitContext(deadline, lambda m, stored=stored: stored.append(m.n_learnt))
        model.fit(many, np.arange(12_000), None, None, context)
        assert model.n_learnt == expected == stored[-1] and stored[0] == 2_000 and clock[0] <= deadline
        assert bool(model.stopped) == (expected < 12_000)


def test_a_column_that_cannot_be_generated_is_named():
    dataset, task = table()
    columns = (*task.columns, Column("notes", "text", 1.0, ""))
    with_texts = replace(dataset, inputs=dataset.inputs.assign(notes="some words"))
    with pytest.raises(DataError, match=r"'notes' \(text\).*drop="):
        fitted("marginals", (with_texts, replace(task, columns=columns)))
