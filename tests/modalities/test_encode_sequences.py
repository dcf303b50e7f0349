from dataclasses import replace

import numpy as np
import pytest

from automl import modalities
from automl.errors import DataError
from automl.modalities import sequence
from automl.records import Dataset, Split


def test_steps_come_first_and_values_stay_what_they_were(sequences):
    dataset, task, split = sequences
    encoder, _ = modalities.fit(dataset, task, split)
    found = encoder.transform(dataset, np.array([5, 6]))["series"]
    assert np.array_equal(dataset.inputs[[5, 6]].transpose(0, 2, 1), found)


def test_gaps_are_bridged_held_and_filled(sequences):
    dataset, task, split = sequences
    encoder, _ = modalities.fit(dataset, task, split)
    found = encoder.transform(dataset, np.arange(3))["series"]
    raw = dataset.inputs
    assert found[0, 3:9, 0] == pytest.approx(np.linspace(raw[0, 0, 3], raw[0, 0, 8], 6), rel=1e-5)
    assert (found[1, :5, 1] == raw[1, 1, 5]).all()
    assert found[2, :, 0] == pytest.approx(np.full(30, np.nanmean(raw[split.train, 0])), rel=1e-5)


def test_infinities_are_gaps(sequences):
    dataset, task, split = sequences
    raw = dataset.inputs.copy()
    raw[7, 0, 3] = np.inf
    encoder, _ = modalities.fit(dataset, task, split)
    found = encoder.transform(replace(dataset, inputs=raw), np.array([7]))["series"]
    assert found[0, 3, 0] == pytest.approx((raw[7, 0, 2] + raw[7, 0, 4]) / 2, rel=1e-5)


def test_transform_leaves_the_users_array_alone(sequences):
    dataset, task, split = sequences
    before = dataset.inputs.copy()
    encoder, _ = modalities.fit(dataset, task, split)
    encoder.transform(dataset, np.arange(10))
    assert np.array_equal(before, dataset.inputs, equal_nan=True)


def test_statistics_are_those_of_filled_training_rows(sequences):
    dataset, task, split = sequences
    encoder, _ = modalities.fit(dataset, task, split)
    series = encoder.transform(dataset, split.train)["series"].reshape(-1, 2).astype(float)
    assert encoder.specs[0].stats["mean"] == pytest.approx(series.mean(axis=0), rel=1e-5)
    assert encoder.specs[0].stats["std"] == pytest.approx(series.std(axis=0), rel=1e-5)


def test_long_sequences_are_averaged_by_a_whole_factor(sequences):
    dataset, task, split = sequences
    raw = np.random.default_rng(0).normal(size=(40, 2, 1_303)).astype(np.float32)
    encoder, _ = modalities.fit(replace(dataset, inputs=raw), task, split)
    assert encoder.specs[0].shape == (435, 2) and encoder.specs[0].stats["factor"] == 3
    found = encoder.transform(replace(dataset, inputs=raw), np.array([4]))["series"][0]
    assert found[10, 1] == pytest.approx(raw[4, 1, 30:33].mean(), rel=1e-4)
    assert found[434, 0] == pytest.approx(raw[4, 0, 1302], rel=1e-6)  # the last mean is over what is left


def test_shorter_and_longer_new_rows_fit_in(sequences):
    dataset, task, split = sequences
    encoder, _ = modalities.fit(dataset, task, split)
    short = encoder.transform(replace(dataset, inputs=dataset.inputs[5:6, :, :20]), np.array([0]))["series"]
    assert short.shape == (1, 30, 2) and (short[0, 20:] == short[0, 19]).all()
    long = encoder.transform(replace(dataset, inputs=np.tile(dataset.inputs[5:6], 2)), np.array([0]))["series"]
    assert np.array_equal(encoder.transform(dataset, np.array([5]))["series"], long)


def test_other_channels_other_shapes_and_nothing_but_gaps_are_refused(sequences):
    dataset, task, split = sequences
    encoder, _ = modalities.fit(dataset, task, split)
    with pytest.raises(DataError, match="2 channels"):
        encoder.transform(replace(dataset, inputs=dataset.inputs[:, :1]), np.array([0]))
    with pytest.raises(DataError, match=r"\(n, channels, length\)"):
        modalities.fit(replace(dataset, inputs=dataset.inputs[:, 0]), task, split)
    with pytest.raises(DataError, match="missing"):
        modalities.fit(replace(dataset, inputs=np.full((40, 2, 30), np.nan, np.float32)), task, split)


def split_of(n):
    rows = np.arange(n)
    return Split(rows, rows, rows, "row", rows, "", 0)


def test_sequences_of_unequal_length_are_stretched_to_the_longest():
    ramp = np.linspace(0, 1, 9, dtype="float32")
    X = np.full((10, 2, 9), np.nan, np.float32)
    X[:, 0], X[:, 1] = ramp, 5 + ramp
    X[:4, :, 5:] = np.nan  # their first half
    X[2, 0, 2] = np.nan  # and a gap
    encoder = sequence.fit(Dataset("d", X), None, split_of(10))
    assert encoder.stretch
    made = encoder.transform(Dataset("d", X), np.arange(10))["series"]
    np.testing.assert_allclose(made[4, :, 0], ramp, atol=1e-6)
    np.testing.assert_allclose(made[0, :, 1], np.linspace(5, 5.5, 9), atol=1e-6)
    np.testing.assert_allclose(made[2, :, 0], np.linspace(0, 0.5, 9), atol=1e-6)
    again = sequence.restore(encoder.state())
    assert np.array_equal(again.transform(Dataset("d", X), np.arange(10))["series"], made)
    longer = np.linspace(0, 1, 17, dtype="float32")[None, None].repeat(2, axis=1)
    np.testing.assert_allclose(
        encoder.transform(Dataset("d", longer), np.arange(1))["series"][0, :, 0], ramp, atol=1e-6
    )


def test_a_few_that_end_early_and_encoders_of_before_hold_the_last_value():
    X = np.random.default_rng(0).normal(size=(20, 1, 9)).astype("float32")
    X[0, :, 5:] = np.nan
    encoder = sequence.fit(Dataset("d", X), None, split_of(20))
    assert not encoder.stretch
    state = {name: value for name, value in encoder.state().items() if name != "stretch"}
    for made in (encoder, sequence.restore(state)):
        assert (made.transform(Dataset("d", X), np.arange(1))["series"][0, 5:, 0] == X[0, 0, 4]).all()


def test_a_row_without_a_number_is_filled_and_not_stretched():
    X = np.random.default_rng(0).normal(size=(6, 2, 7)).astype("float32")
    X[0], X[1:4, :, 4:] = np.nan, np.nan
    encoder = sequence.fit(Dataset("d", X), None, split_of(6))
    made = encoder.transform(Dataset("d", X), np.arange(6))["series"]
    assert encoder.stretch and np.isfinite(made).all() and np.ptp(made[0], axis=0).max() == 0


def test_series_of_a_single_step_are_refused_since_channels_may_come_last():
    rows = np.zeros((5, 60, 1), np.float32)
    with pytest.raises(DataError, match=r"60 channels of a single step.*X\.transpose\(0, 2, 1\)"):
        sequence.SEQUENCE.array.read(Dataset("d", rows))
    turned = Dataset("d", rows.transpose(0, 2, 1))
    assert sequence.SEQUENCE.array.read(turned).inputs.shape == (5, 1, 60)
