"""Which tasks have class weights and an ordinal term in their search, and that these share one compiled step."""

import dataclasses
import math

import keras_tuner
import numpy as np
import pytest
from test_deep_side import side, template, trials

from automl.records import Head
from automl.search.loss_knobs import LOSS_KNOBS, declare


def names(priors, metric="accuracy", ordered=False):
    space = keras_tuner.HyperParameters()
    goal = "binary" if len(priors) == 2 else "multiclass"
    shape = (1,) if goal == "binary" else (len(priors),)
    declare(space, Head(goal, shape, "softmax", "sparse_categorical_crossentropy", (), priors, ordered), metric)
    return [hp.name for hp in space.space]


@pytest.mark.parametrize(
    ("priors", "metric", "expected"),
    [
        ((0.5, 0.5), "balanced_accuracy", []),
        ((0.76, 0.24), "roc_auc", []),
        ((0.76, 0.24), "f1", ["class_weight"]),
        ((0.95, 0.05), "roc_auc", ["class_weight"]),
        ((0.4, 0.3, 0.3), "balanced_accuracy", []),
        ((0.6, 0.38, 0.02), "accuracy", ["class_weight"]),
        ((), "log_loss", []),
    ],
)
def test_class_weights_are_searched_where_classes_are_uneven_or_the_metric_counts_them_alike(priors, metric, expected):
    assert names(priors, metric) == expected


def test_an_ordinal_term_is_searched_where_classes_are_grades():
    assert names((0.4, 0.3, 0.3), ordered=True) == ["ordinal"]
    assert names((0.4, 0.58, 0.02), ordered=True) == list(LOSS_KNOBS)


def test_values_have_neither():
    space = keras_tuner.HyperParameters()
    declare(space, Head("regression", (1,), "linear", "mse"), "r2")
    assert space.space == []


def test_all_strengths_of_class_weights_share_one_compiled_step_and_balanced_tasks_have_none(task_parts):
    assert not set(LOSS_KNOBS) & set(trials(side(task_parts, template(), max_trials=1))[0].choices)
    dataset, task, split, encoder, codec, facts = task_parts
    codec.head = dataclasses.replace(codec.head, priors=(0.97, 0.03))
    starts = [{"width": 8}, {"width": 8, "class_weight": 0.5}, {"width": 8, "class_weight": 1.0}]
    deep = side(
        (dataset, task, split, encoder, codec, facts), template(starts=lambda specs, facts: starts), max_trials=3
    )
    runs = trials(deep)
    assert [run.failure for run in runs] == [None] * 3
    assert [run.choices["class_weight"] for run in runs] == [0.0, 0.5, 1.0]
    assert len(deep.trainer.networks) == 1
    raws = [kept.fits[0].raw_valid for kept in sorted(deep.kept, key=lambda kept: kept.run.name)]
    assert not np.allclose(raws[0], raws[2])
    assert deep.choose(None) is not None and deep.add_seed(math.inf)
