import keras
import numpy as np

from automl.layers.categories import CategoryEmbedding, OneHotCategories, one_hot_widths
from automl.layers.table import category_features
from automl.records import InputSpec


def test_columns_do_not_share_rows_of_the_table():
    layer = CategoryEmbedding([3, 4], 2)
    y = np.asarray(layer(np.array([[2, 3]], "int32")))
    table = np.asarray(layer.table)
    np.testing.assert_array_equal([[table[2], table[3 + 3]]], y)


def test_codes_outside_and_zero_start_at_the_zero_vector():
    y = np.asarray(CategoryEmbedding([3, 4], 2)(np.array([[0, 0], [7, -2]], "int32")))
    assert (y == 0).all()


def test_hiding_happens_in_training_only_and_at_the_rate_asked():
    layer = CategoryEmbedding([50], 2, hide_rate=0.3, seed=1)
    codes = np.full((2000, 1), 7, "int32")
    assert (np.asarray(layer(codes, training=False)) != 0).all()
    assert abs((np.asarray(layer(codes, training=True))[:, 0, 0] == 0).mean() - 0.3) < 0.05


def test_an_embedding_reads_the_columns_it_is_given():
    layer = CategoryEmbedding([4], 2, columns=[1])
    y = np.asarray(layer(np.array([[2, 3]], "int32")))
    np.testing.assert_array_equal([[np.asarray(layer.table)[3]]], y)


def one_hot_reference(codes, sizes):
    rows = []
    for row in codes:
        cells = []
        for code, size in zip(row, sizes, strict=True):
            code = code if 0 <= code < size else 0
            if size == 3:
                cells.append({0: 0.0, 1: 1.0, 2: -1.0}[int(code)])
            else:
                cells += [float(code == level) for level in range(1, size)]
        rows.append(cells)
    return np.array(rows)


def test_each_level_is_a_number_of_its_own_and_two_levels_are_one():
    sizes = [3, 5, 2]
    codes = np.random.default_rng(0).integers(-1, 7, (40, 3)).astype("int32")
    layer = OneHotCategories(sizes)
    assert one_hot_widths(sizes) == [1, 4, 1] and layer.compute_output_shape((None, 3)) == (None, 6)
    np.testing.assert_array_equal(one_hot_reference(codes, sizes), layer(codes))
    picked = OneHotCategories([5, 3], columns=[1, 0])
    np.testing.assert_array_equal(one_hot_reference(codes[:, [1, 0]], [5, 3]), picked(codes))


def test_hidden_levels_are_all_zeros_in_training_only():
    layer = OneHotCategories([5], hide_rate=0.3, seed=1)
    codes = np.full((2000, 1), 2, "int32")
    assert (np.asarray(layer(codes, training=False)).sum(axis=1) == 1).all()
    assert abs((np.asarray(layer(codes, training=True)).sum(axis=1) == 0).mean() - 0.3) < 0.05


def test_as_many_levels_as_are_allowed_are_one_hot_and_one_more_is_embedded():
    spec = InputSpec("codes", "categories", (2,), "int32", 5, {"sizes": [4, 5]})  # three levels, four levels
    found = category_features(keras.Input((2,), dtype="int32"), spec, {"category_dim": 8}, 0.0, 3)
    assert [part.sizes for part in found] == [(3,), (8,)]
    assert [tuple(part.tensor.shape) for part in found] == [(None, 3), (None, 8)]
