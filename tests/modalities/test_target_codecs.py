from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.modalities import target
from automl.records import Dataset, Split, Task


def fitted(frame, goal, classes=(), n_train=None, **more):
    rows = np.arange(len(frame))
    n_train = len(frame) if n_train is None else n_train
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    dataset = Dataset("data", pd.DataFrame(index=rows), frame)
    names = classes if goal == "multilabel" else tuple(frame.columns)
    return dataset, target.fit(dataset, Task("tabular", goal, names, "r2", tuple(classes), **more), split)


LABELS = pd.DataFrame({"y": pd.Series(["no", "yes", "no", "no"], dtype=object)})


def test_binary_has_one_logit_of_the_positive_class():
    dataset, codec = fitted(LABELS, "binary", ("no", "yes"))
    rows = np.arange(4)
    assert codec.head.shape == (1,)
    assert (codec.head.activation, codec.head.loss) == ("sigmoid", "binary_crossentropy")
    assert codec.head.priors == (3.5 / 5, 1.5 / 5)
    assert codec.truth(dataset, rows).tolist() == [0, 1, 0, 0]
    encoded = codec.encode(dataset, rows)
    assert encoded.tolist() == [[0], [1], [0], [0]] and encoded.dtype == np.float32
    output = codec.decode(np.where(encoded > 0, 3.0, -3.0))
    assert output.kind == "probabilities"
    assert output.arrays["labels"].tolist() == [0, 1, 0, 0]
    assert output.arrays["probabilities"].sum(axis=1) == pytest.approx(np.ones(4))
    assert output.arrays["probabilities"][1, 1] == pytest.approx(1 / (1 + np.exp(-3)))


def test_extreme_logits_are_probabilities_without_a_warning():
    _, codec = fitted(LABELS, "binary", ("no", "yes"))
    found = codec.decode(np.array([[-1e4], [-50.0], [0.0], [1e4]], np.float32)).arrays
    assert found["probabilities"][:, 1].tolist() == [0.0, pytest.approx(np.exp(-50)), 0.5, 1.0]
    assert found["labels"].tolist() == [0, 0, 1, 1]
    _, codec = fitted(LABELS, "multiclass", ("no", "yes", "maybe"))
    found = codec.decode(np.array([[1e4, -1e4, 0.0]], np.float32)).arrays["probabilities"]
    assert found.tolist() == [[1.0, 0.0, 0.0]]


def test_multiclass_codes_follow_the_tasks_order():
    frame = pd.DataFrame({"y": pd.Series(["c", "a", "b", "c"], dtype=object)})
    dataset, codec = fitted(frame, "multiclass", ("b", "c", "a"))
    rows = np.array([0, 1, 3])
    assert codec.truth(dataset, rows).tolist() == [1, 2, 1] and codec.truth(dataset, rows).dtype == np.int64
    assert codec.encode(dataset, rows).dtype == np.int32
    assert (codec.head.shape, codec.head.loss) == ((3,), "sparse_categorical_crossentropy")
    output = codec.decode(np.log([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]))
    assert output.arrays["labels"].tolist() == [1, 2]
    assert output.arrays["probabilities"][0] == pytest.approx([0.2, 0.5, 0.3])
    assert output.arrays["probabilities"].dtype == np.float64


def test_a_class_without_training_row_keeps_a_prior_above_zero():
    _, codec = fitted(LABELS, "multiclass", ("no", "yes", "never"))
    assert codec.head.priors[2] > 0 and sum(codec.head.priors) == pytest.approx(1)


def test_an_unknown_label_is_named_with_its_row():
    dataset, codec = fitted(LABELS, "binary", ("no", "yes"))
    other = LABELS.copy()
    other.loc[2, "y"] = "perhaps"
    with pytest.raises(DataError, match=r"'no', 'yes'.*row 2 holds 'perhaps'"):
        codec.truth(replace(dataset, target=other), np.arange(4))


def test_multilabel_reads_its_columns_in_class_order():
    frame = pd.DataFrame({"sea": [1, 0, 0], "sun": [1, 1, 0]}, dtype=np.int8)
    dataset, codec = fitted(frame, "multilabel", ("sun", "sea"))
    rows = np.arange(3)
    assert codec.truth(dataset, rows).tolist() == [[1, 1], [1, 0], [0, 0]]
    assert codec.truth(dataset, rows).dtype == np.int8
    assert codec.encode(dataset, rows).dtype == np.float32
    assert (codec.head.shape, codec.head.priors) == ((2,), (2.5 / 4, 1.5 / 4))
    output = codec.decode((codec.encode(dataset, rows) - 0.5) * 9)
    assert output.arrays["labels"].tolist() == [[1, 1], [1, 0], [0, 0]]
    assert output.arrays["probabilities"].shape == (3, 2)


def test_regression_is_standardised_by_training_rows_and_restored():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(50, 5, 300), "b": rng.normal(-3, 0.1, 300)})
    dataset, codec = fitted(frame, "regression", n_train=200)
    encoded = codec.encode(dataset, np.arange(200))
    assert encoded.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert encoded.std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    assert codec.logged == [False, False]
    rows = np.arange(300)
    back = codec.decode(codec.encode(dataset, rows))
    assert back.kind == "values"
    assert back.arrays["values"] == pytest.approx(codec.truth(dataset, rows), rel=1e-5)


def test_a_skewed_positive_target_goes_through_the_logarithm_and_cannot_explode():
    values = np.random.default_rng(0).lognormal(8, 1, 500)
    dataset, codec = fitted(pd.DataFrame({"y": values}), "regression")
    assert codec.logged == [True]
    encoded = codec.encode(dataset, np.arange(500))
    assert abs(((encoded - encoded.mean()) ** 3).mean()) < 0.5
    assert codec.decode(encoded).arrays["values"][:, 0] == pytest.approx(values, rel=1e-4)
    wild = codec.decode(np.array([[1e6], [-1e6]])).arrays["values"][:, 0]
    assert values.max() < wild[0] < 3 * values.max() and values.min() / 3 < wild[1] < values.min()


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(100, 5, 500),  # symmetric
        np.random.default_rng(0).lognormal(0, 1, 500) - 1.0,  # below zero
        (np.arange(500) % 50 == 0).astype(float),  # skewed, and log(1 + y) does not help
    ],
)
def test_the_logarithm_is_left_alone_where_it_does_not_help(values):
    _, codec = fitted(pd.DataFrame({"y": values}), "regression")
    assert codec.logged == [False]


def test_values_below_zero_outside_training_can_be_encoded_for_a_logged_target():
    values = np.append(np.random.default_rng(0).lognormal(8, 1, 500), -5.0)
    dataset, codec = fitted(pd.DataFrame({"y": values}), "regression", n_train=500)
    assert codec.logged == [True] and np.isfinite(codec.encode(dataset, np.array([500]))).all()


def test_a_constant_target_is_encoded_as_zero_and_restored():
    dataset, codec = fitted(pd.DataFrame({"y": np.full(20, 7.0)}), "regression")
    encoded = codec.encode(dataset, np.arange(20))
    assert not encoded.any()
    assert (codec.decode(encoded).arrays["values"] == 7.0).all()


def test_forecast_windows_stay_raw_and_quantiles_are_put_in_order(panel):
    dataset, task, split = panel
    codec = target.fit(dataset, task, split)
    assert codec.head.shape == (3, 2, 3)
    assert (codec.head.loss, codec.head.quantiles) == ("forecast", (0.1, 0.9))
    truth = codec.truth(dataset, split.test_windows)
    assert truth.shape == (9, 3, 2)
    assert truth[4, 1].tolist() == dataset.target.iloc[split.test_windows[4, 1]].tolist()
    encoded = codec.encode(dataset, split.test_windows)
    assert encoded.dtype == np.float32
    raw = np.stack([encoded, encoded + 2, encoded - 1], axis=-1)
    output = codec.decode(raw)
    assert output.kind == "windows"
    assert output.arrays["values"] == pytest.approx(truth, rel=1e-5)
    assert output.arrays["quantiles"][..., 0] == pytest.approx(truth - 1, rel=1e-5)
    assert output.arrays["quantiles"][..., 1] == pytest.approx(truth + 2, rel=1e-5)


def test_a_forecast_without_quantiles_gives_values_alone(panel):
    dataset, task, split = panel
    codec = target.fit(dataset, replace(task, quantiles=()), split)
    assert codec.head.shape == (3, 2, 1)
    assert list(codec.decode(np.zeros((4, 3, 2, 1))).arrays) == ["values"]


def test_rows_without_target_column_are_refused_by_name():
    dataset, codec = fitted(LABELS, "binary", ("no", "yes"))
    with pytest.raises(DataError, match="target column 'y'"):
        codec.truth(replace(dataset, target=None), np.arange(2))
