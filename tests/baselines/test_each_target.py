"""Several targets, of which rows lack some: each is learnt from the rows that hold it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import skops.io

from automl import goals, metrics
from automl.baselines import tabular
from automl.baselines.learners.each_target import filled
from automl.detect import detect
from automl.records import Baseline, Dataset, Facts, FitContext, Recipe
from automl.split import split
from automl.storage.trusted.loading import loads

BASELINES = [one for one in vars(tabular).values() if isinstance(one, Baseline)]
N = 240
SMALLER = {"max_iter": 60, "n_estimators": 40, "n_trees": 40}


def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    Y = np.stack([2 * X[:, 0] + 30, X[:, 1] - X[:, 0], 5 * X[:, 2]], axis=1) + 0.05 * rng.normal(size=(N, 3))
    Y[rng.random(Y.shape) < 0.3] = np.nan
    frame = pd.DataFrame(X, columns=list("abc"))
    targets = pd.DataFrame(Y, columns=["p", "q", "r"])
    recipe = Recipe(data=None, target=("p", "q", "r"))
    dataset, task = detect(Dataset("assays.csv", frame, targets), recipe)
    return dataset, task, split(dataset, task, 0)


def fitted(baseline, dataset, task, parts):
    settings = dict(next(iter(baseline.settings(task, Facts(len(parts.train), 0, None), 0))))
    settings |= {name: least for name, least in SMALLER.items() if (settings.get(name) or 0) > least}
    model = baseline.make(task, settings, 0)
    truth, valid_truth = (goals.truth(dataset, task, rows) for rows in (parts.train, parts.valid))
    model.fit(dataset, parts.train, truth, None, FitContext(None, None, parts.valid, valid_truth))
    return model


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda one: one.name)
def test_every_family_learns_from_the_rows_that_hold_a_target_and_can_be_stored(baseline):
    dataset, task, parts = problem()
    model = fitted(baseline, dataset, task, parts)

    output = model.predict(dataset, parts.test)

    truth = goals.truth(dataset, task, parts.test)
    score = metrics.score("r2", truth, output, None, goals.scoring_context(dataset, task, parts, parts.test))
    assert np.isnan(truth).any() and np.isfinite(output.arrays["values"]).all()
    assert score > (0.5 if baseline.tier != "floor" else -0.2)
    again = loads(skops.io.dumps(model)).predict(dataset, parts.test)
    np.testing.assert_array_equal(again.arrays["values"], output.arrays["values"])


def test_rows_that_hold_a_target_are_used_and_the_others_dropped():
    dataset, task, _ = problem()

    assert task.goal == "regression" and dataset.n_rows > 0.9 * N
    assert dataset.observed is not None and 0.6 < dataset.observed.mean() < 0.8
    (told,) = [f for f in dataset.findings if f.check == "gaps_in_targets"]
    assert "'p'" in told.message and told.columns == ("p", "q", "r")


def test_labels_with_gaps_lose_their_rows_and_the_finding_is_grave_where_most_are_lost():
    rng = np.random.default_rng(1)
    Y = (rng.random((N, 6)) < 0.5).astype(float)
    Y[rng.random(Y.shape) < 0.3] = np.nan
    targets = pd.DataFrame(Y, columns=[f"l{i}" for i in range(6)])
    frame = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N)})

    dataset, task = detect(Dataset("tags.csv", frame, targets), Recipe(data=None, target=tuple(targets.columns)))

    assert task.goal == "multilabel" and dataset.observed is None
    (told,) = [f for f in dataset.findings if f.check == "missing_target"]
    assert told.severity == "high" and dataset.n_rows == int(targets.notna().all(axis=1).sum())


def test_gaps_are_filled_with_what_is_known_for_features_alone():
    truth = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, 4.0]])

    assert filled(truth).tolist() == [[1.0, 4.0], [3.0, 4.0], [2.0, 4.0]]


def test_a_target_that_no_training_row_holds_is_a_failed_trial():
    from automl.errors import TrialError

    dataset, task, parts = problem()
    observed = dataset.observed.copy()
    observed[parts.train, 1] = False

    with pytest.raises(TrialError, match="no training row holds target 2 of 3"):
        fitted(
            next(b for b in BASELINES if b.name == "linear"),
            dataclasses.replace(dataset, observed=observed),
            task,
            parts,
        )
