from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from automl import goals
from automl.errors import DataError
from automl.goals.shared import codecs
from automl.records import Dataset, Split, Task


def fit_codec(dataset, task, split):
    return goals.named(task).fit_codec(dataset, task, split)


def fitted(frame, goal, classes=(), n_train=None, **more):
    rows = np.arange(len(frame))
    n_train = len(frame) if n_train is None else n_train
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    dataset = Dataset("data", pd.DataFrame(index=rows), frame)
    names = classes if goal == "multilabel" else tuple(frame.columns)
    return dataset, fit_codec(dataset, Task("tabular", goal, names, "r2", tuple(classes), **more), split)


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
    assert [shape.power for shape in codec.shapes] == [1.0, 1.0]
    rows = np.arange(300)
    back = codec.decode(codec.encode(dataset, rows))
    assert back.kind == "values"
    assert back.arrays["values"] == pytest.approx(codec.truth(dataset, rows), rel=1e-5)


@pytest.mark.parametrize(
    ("values", "power"),
    [
        (np.random.default_rng(0).gamma(1.0, 3.0, 500), 0.5),  # skewness 2
        (np.random.default_rng(0).lognormal(8, 1, 500), 0.25),
        (np.random.default_rng(0).lognormal(8, 2.5, 500), 0.0),
        (100 - np.random.default_rng(0).gamma(1.0, 3.0, 500), 0.5),  # the long tail is below
        (np.random.default_rng(0).gamma(1.0, 3.0, 500) - 2.0, 0.5),  # a floor below zero
        (np.random.default_rng(0).standard_t(2, 500), 0.0),  # long tails on both sides
    ],
)
def test_the_mildest_transform_that_leaves_no_strong_skew_is_taken_and_cannot_explode(values, power):
    dataset, codec = fitted(pd.DataFrame({"y": values}), "regression")
    assert [shape.power for shape in codec.shapes] == [power]
    encoded = codec.encode(dataset, np.arange(500))
    reach = np.ptp(values)
    assert codec.decode(encoded).arrays["values"][:, 0] == pytest.approx(values, rel=1e-4, abs=1e-6 * reach)
    order = np.argsort(values)
    assert abs(np.corrcoef(np.arange(500), np.argsort(np.argsort(encoded[order, 0])))[0, 1]) > 0.999  # order is kept
    wild = np.sort(codec.decode(np.array([[1e6], [-1e6]])).arrays["values"][:, 0])
    assert values.max() <= wild[1] < values.max() + 2 * reach
    assert values.min() - 2 * reach < wild[0] <= values.min()


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(100, 5, 500),
        np.random.default_rng(0).uniform(0, 1, 500),
        np.random.default_rng(0).normal(0, 5, 500),
        (np.arange(500) % 50 == 0).astype(float),  # skewed, and two values stay two values
        np.array([0.0, 1.0, 100.0]),  # too few to tell
    ],
)
def test_a_target_is_left_as_it_is_where_no_transform_would_help(values):
    _, codec = fitted(pd.DataFrame({"y": values}), "regression")
    assert [shape.power for shape in codec.shapes] == [1.0]


def test_a_target_never_negative_in_training_is_never_predicted_to_be():
    for values in (np.linspace(0, 9, 90), np.random.default_rng(0).lognormal(0, 1, 200)):
        _, codec = fitted(pd.DataFrame({"y": values}), "regression")
        assert codec.decode(np.array([[-1e6], [-3.0]])).arrays["values"].min() >= -1e-9
    _, codec = fitted(pd.DataFrame({"y": np.linspace(-1, 9, 90)}), "regression")
    assert codec.decode(np.array([[-1e6]])).arrays["values"].min() < -1.0


def test_values_below_zero_outside_training_can_be_encoded_for_a_transformed_target():
    values = np.append(np.random.default_rng(0).lognormal(8, 1, 500), -5.0)
    dataset, codec = fitted(pd.DataFrame({"y": values}), "regression", n_train=500)
    assert codec.shapes[0].power < 1 and np.isfinite(codec.encode(dataset, np.array([500]))).all()


def test_several_targets_have_a_transform_and_a_scale_each():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(0, 1e-6, 300), "b": rng.lognormal(20, 1, 300), "c": rng.normal(5, 2, 300)})
    dataset, codec = fitted(frame, "regression")
    encoded = codec.encode(dataset, np.arange(300))
    assert encoded.std(axis=0) == pytest.approx([1, 1, 1], abs=1e-4)
    assert codec.shapes[1].power < 1 == codec.shapes[0].power == codec.shapes[2].power
    assert codec.decode(encoded).arrays["values"] == pytest.approx(frame.to_numpy(), rel=1e-3, abs=1e-9)


ZEROS = [0.0] * 11
FAR_APART = [0.5, 0.0625, 1.5640869124753438e52, 6.250771151942626e191]


@example(values=[*ZEROS, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.4e256, 9.2e-53, 1.1e-53], raw=[0.0])
@example(values=[*ZEROS, 3.0, 2.0, 1.0, 1.5536154582716909e293, *FAR_APART, 1.3507945479641226e223], raw=[4.0])
@example(values=[*ZEROS, 1.5e16, 3.4e16, 4.6e16, 1.2e139, *FAR_APART, 1.3508827984003322e223], raw=[4.0])
@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=60),
    st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=20),
)
def test_whatever_the_target_predictions_are_finite_and_training_values_come_back(values, raw):
    values = np.array(values)
    dataset, codec = fitted(pd.DataFrame({"y": values}), "regression")
    reach = values.max() / 2 - values.min() / 2
    back = codec.decode(codec.encode(dataset, np.arange(len(values)))).arrays["values"][:, 0]
    assert np.abs(back / 2 - values / 2).max() <= 1e-4 * reach + 1e-9 * np.abs(values).max() + 1e-12
    decoded = codec.decode(np.array(raw, np.float32)[:, None]).arrays["values"][:, 0]
    assert np.isfinite(decoded).all()
    assert (decoded / 8 >= values.min() / 8 - reach).all() and (decoded / 8 <= values.max() / 8 + reach).all()


def test_a_constant_target_is_encoded_as_zero_and_restored():
    dataset, codec = fitted(pd.DataFrame({"y": np.full(20, 7.0)}), "regression")
    encoded = codec.encode(dataset, np.arange(20))
    assert not encoded.any()
    assert (codec.decode(encoded).arrays["values"] == 7.0).all()


def test_forecast_windows_stay_raw_and_quantiles_are_put_in_order(panel):
    dataset, task, split = panel
    codec = fit_codec(dataset, task, split)
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
    codec = fit_codec(dataset, replace(task, quantiles=()), split)
    assert codec.head.shape == (3, 2, 1)
    assert list(codec.decode(np.zeros((4, 3, 2, 1))).arrays) == ["values"]


def test_rows_without_target_column_are_refused_by_name():
    dataset, codec = fitted(LABELS, "binary", ("no", "yes"))
    with pytest.raises(DataError, match="target column 'y'"):
        codec.truth(replace(dataset, target=None), np.arange(2))


def test_the_head_knows_of_grades_and_so_does_a_restored_one_of_an_earlier_version_that_did_not():
    _, codec = fitted(LABELS, "multiclass", ("no", "yes", "maybe"), ordered=True)
    assert codec.head.ordered and codecs.restore(codec.state()).head == codec.head
    state = codec.state()
    del state["head"]["ordered"]
    assert not codecs.restore(state).head.ordered
    assert not fitted(LABELS, "binary", ("no", "yes"), ordered=True)[1].head.ordered
