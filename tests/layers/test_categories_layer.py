import numpy as np

from automl.layers.categories import CategoryEmbedding


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
