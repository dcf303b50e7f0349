"""Which tasks have class weights and an ordinal term in their search, and that these share one compiled step."""

import dataclasses
import math

import keras_tuner
import numpy as np
import pandas as pd
import pytest
from test_deep_side import side, template, trials

from automl.deep import DeepSide
from automl.deep.training.loss_knobs import LOSS_KNOBS, declare
from automl.records import Facts, Head, InputSpec, Output


def names(priors, metric="accuracy", ordered=False):
    space = keras_tuner.HyperParameters()
    if len(priors) == 2:
        head = Head("binary", (1,), "sigmoid", "binary_crossentropy", (), priors)
    else:
        loss = "sparse_categorical_crossentropy"
        head = Head("multiclass", (len(priors),), "softmax", loss, (), priors, ordered)
    declare(space, head, metric)
    return [hp.name for hp in space.space]


@pytest.mark.parametrize(
    ("priors", "metric", "expected"),
    [
        ((0.5, 0.3, 0.2), "balanced_accuracy", ["class_weight"]),
        ((0.6, 0.38, 0.02), "f1", ["class_weight"]),
        ((0.4, 0.3, 0.3), "balanced_accuracy", []),
        ((0.6, 0.38, 0.02), "accuracy", []),
        ((0.95, 0.05), "balanced_accuracy", []),
        ((), "f1", []),
    ],
)
def test_class_weights_are_searched_where_several_classes_are_uneven_and_the_metric_counts_them_alike(
    priors, metric, expected
):
    assert names(priors, metric) == expected


def test_an_ordinal_term_is_searched_where_classes_are_grades():
    assert names((0.4, 0.3, 0.3), ordered=True) == ["ordinal"]
    assert names((0.4, 0.58, 0.02), "f1", ordered=True) == ["class_weight", "ordinal"]


@pytest.mark.parametrize(
    ("kinds", "metric", "expected"),
    [
        (["image"], "accuracy", ["label_smoothing"]),
        (["image"], "log_loss", []),
        (["image", "numbers"], "accuracy", []),
        (["series"], "accuracy", []),
    ],
)
def test_labels_of_pictures_are_smoothed_where_right_labels_count(kinds, metric, expected):
    space = keras_tuner.HyperParameters()
    head = Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy")
    declare(space, head, metric, [InputSpec(kind, kind, (8, 8, 1), "uint8") for kind in kinds])
    assert [hp.name for hp in space.space] == expected
    assert all(hp.default == 0.1 for hp in space.space)


def test_values_have_neither():
    space = keras_tuner.HyperParameters()
    declare(space, Head("regression", (1,), "linear", "mse"), "r2")
    assert space.space == []


@dataclasses.dataclass
class ThreeClasses:
    """Three uneven grades of the toy data's first column."""

    head: Head = dataclasses.field(
        default_factory=lambda: Head(
            "multiclass", (3,), "softmax", "sparse_categorical_crossentropy", (), (0.7, 0.25, 0.05), ordered=True
        )
    )

    def truth(self, dataset, rows):
        return np.digitize(dataset.inputs["a"].to_numpy()[rows], [0.5, 1.6])

    def encode(self, dataset, rows):
        return self.truth(dataset, rows).astype("int32")

    def decode(self, raw):
        powers = np.exp(raw.astype("float64") - raw.max(axis=1, keepdims=True))
        p = powers / powers.sum(axis=1, keepdims=True)
        return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})

    def state(self):
        return {}


@pytest.fixture
def three(task_parts):
    dataset, task, split, encoder, _, _ = task_parts
    task = dataclasses.replace(task, goal="multiclass", classes=("low", "medium", "high"), ordered=True)
    labels = np.array(task.classes, object)[ThreeClasses().truth(dataset, np.arange(dataset.n_rows))]
    dataset = dataclasses.replace(dataset, target=pd.DataFrame({task.target[0]: labels}))
    return dataset, task, split, encoder, ThreeClasses(), Facts(240, 3, (0.7, 0.25, 0.05))


def deep_side(parts, *starts):
    one = template(goals=("multiclass",), starts=lambda specs, facts: list(starts))
    return DeepSide(*parts, {"tiny": one}, metric="balanced_accuracy", seed=0, max_trials=len(starts))


def test_all_strengths_of_class_weights_and_of_the_ordinal_term_share_one_compiled_step(three):
    deep = deep_side(three, {}, {"class_weight": 1.0}, {"ordinal": 4.0})
    runs = trials(deep)
    assert [run.failure for run in runs] == [None] * 3
    assert [(run.choices["class_weight"], run.choices["ordinal"]) for run in runs] == [(0, 0), (1, 0), (0, 4)]
    assert len(deep.trainer.networks) == 1
    weights = [kept.fit.weights for kept in sorted(deep.ranked, key=lambda kept: kept.run.name)]
    assert all(not np.allclose(weights[0][0], other[0]) for other in weights[1:])
    assert deep.choose(None) is not None and deep.refit(math.inf)


def test_other_tasks_have_neither(task_parts):
    assert not set(LOSS_KNOBS) & set(trials(side(task_parts, template(), max_trials=1))[0].choices)


def test_balanced_accuracy_is_judged_by_the_labels_that_aim_at_it_and_other_metrics_by_the_likeliest_class(three):
    balanced = deep_side(three, {}).trainer.training_data
    plain = dataclasses.replace(balanced, metric="accuracy")
    raw = np.log(np.array([[0.8, 0.15, 0.05], [0.6, 0.3, 0.1], [0.1, 0.5, 0.4]], "float32"))
    assert plain.judged(raw).arrays["labels"].tolist() == [0, 0, 1]
    assert balanced.judged(raw).arrays["labels"].tolist() == [0, 2, 2]
    right = np.log(0.9 * np.array([0.7, 0.25, 0.05]) + 0.1 * np.eye(3)[balanced.valid_truth]).astype("float32")
    assert balanced.judge(right) == 1.0 > plain.judge(right)
