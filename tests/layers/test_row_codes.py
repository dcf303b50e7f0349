"""Rows as codes, and back."""

import keras
import numpy as np

from automl.layers.row_codes import EDGE, RowCodes, normal_of, own_uniforms, picked, uniform_of


def test_uniform_and_normal_are_inverse():
    noise = np.linspace(-4.5, 4.5, 101, dtype="float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(normal_of(uniform_of(noise))), noise, atol=0.03)
    assert float(uniform_of(np.float32(40.0))) <= 1.0 - EDGE / 2 and float(uniform_of(np.float32(-40.0))) > 0.0


def test_a_level_of_no_share_is_never_picked():
    logits = np.tile(np.array([[-1e9, 0.0, -1e9, 1.0, -1e9]], "float32"), (4, 1))
    uniform = np.array([0.0, 0.2689, 0.27, 1.0 - 1e-6], "float32")
    np.testing.assert_array_equal(np.asarray(picked(logits, uniform)), [1, 1, 3, 3])


def test_a_single_level_is_picked():
    np.testing.assert_array_equal(
        np.asarray(picked(np.zeros((3, 1), "float32"), np.full(3, 0.7, "float32"))), [0, 0, 0]
    )


def test_levels_are_picked_as_often_as_they_are_probable():
    logits = np.tile(np.log(np.array([[0.1, 0.6, 0.3]], "float32")), (10_000, 1))
    levels = np.asarray(picked(logits, np.linspace(0, 1, 10_000, endpoint=False, dtype="float32")))
    np.testing.assert_allclose(np.bincount(levels) / 10_000, [0.1, 0.6, 0.3], atol=1e-3)


def test_rows_come_back_as_the_codes_and_bins_that_they_were():
    columns = RowCodes([[0.0, 0.25, 0.9, 1.0], [0.0, 1.0]], [[0, 2, 5], [3]])
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((200, 2)).astype("float32")
    categories = np.stack([rng.choice([0, 2, 5], 200), np.full(200, 3)], 1).astype("int32")
    codes = columns.coded(numbers, categories)
    assert columns.n_levels == [3, 1, 3, 1] and columns.n_columns == 4
    rows = np.asarray(columns.rows(codes, rng.random((200, 4)).astype("float32")))
    np.testing.assert_array_equal(rows[:, 2:], categories)
    again = columns.coded(rows[:, :2], rows[:, 2:].astype("int32"))
    np.testing.assert_array_equal(np.stack(again), np.stack(codes))
    assert len(np.unique(rows[:, 1])) == 200  # somewhere in the bin


def test_codes_that_may_not_be_generated_count_as_the_first_that_may():
    columns = RowCodes([], [[2, 4]])
    np.testing.assert_array_equal(columns.coded(None, np.array([[0], [4], [9], [-1], [3]]))[0], [0, 1, 0, 0, 0])


def test_each_column_has_its_own_noise():
    noise = np.zeros((1, 64 + 4), "float32")
    noise[0, 64 + 2] = 1.0
    np.testing.assert_allclose(np.asarray(own_uniforms(noise, 2, 0)), [[0.5, 0.8413]], atol=1e-4)
    np.testing.assert_allclose(np.asarray(own_uniforms(noise, 2, 1)), [[0.5, 0.5]])
