import keras
import numpy as np

from automl.layers.ngrams import NGramBag
from automl.records import NGRAM_BITS


def test_it_is_the_product_of_a_sparse_row_and_a_matrix():
    layer = NGramBag(6, 3)
    ids, weights = np.array([[1, 5, 0], [2, 0, 0]]), np.array([[2047, 1000, 0], [500, 0, 0]])
    found = np.asarray(layer((ids + (weights << NGRAM_BITS)).astype("int32")))
    dense = np.zeros((2, 6))
    dense[0, 1], dense[0, 5], dense[1, 2] = 1.0, 1000 / 2047, 500 / 2047
    np.testing.assert_allclose(dense @ np.asarray(layer.table), found, rtol=1e-5, atol=1e-6)


def test_padding_and_ids_outside_count_for_nothing():
    layer = NGramBag(6, 3)
    odd = np.array([[0, 6 + (2047 << NGRAM_BITS), 1_000_000 + (9 << NGRAM_BITS), 2047 << NGRAM_BITS]], "int32")
    np.testing.assert_array_equal(np.asarray(layer(odd)), np.zeros((1, 3)))


def test_dropout_keeps_the_mean_and_is_a_knob():
    rate = keras.Variable(0.0, trainable=False)
    layer = NGramBag(3, 1, rate, seed=1)
    rows = np.full((4_000, 1), 1 + (2047 << NGRAM_BITS), "int32")
    whole = np.asarray(layer(rows))
    np.testing.assert_array_equal(whole, np.asarray(layer(rows, training=True)))
    rate.assign(0.5)
    dropped = np.asarray(layer(rows, training=True))
    assert 0.4 < (dropped == 0).mean() < 0.6
    np.testing.assert_allclose(whole.mean(), dropped.mean(), rtol=0.1)


def test_half_precision_leaves_ids_and_weights_whole():
    layer = NGramBag(70_000, 2, dtype="mixed_bfloat16")
    id_ = 69_999  # no number of bfloat16
    found = np.asarray(keras.ops.cast(layer(np.array([[id_ + (2047 << NGRAM_BITS)]], "int32")), "float32"))
    np.testing.assert_allclose(np.asarray(layer.table)[id_], found[0], rtol=1e-2)


def test_config_holds_the_settings():
    layer = NGramBag.from_config(NGramBag(6, 3, 0.25, scale=0.0, pace=4.0, seed=7).get_config())
    assert (
        layer.size, layer.dim, layer.rate.number(), layer.scale, layer.pace, layer.seed,
    ) == (6, 3, 0.25, 0.0, 4.0, 7)  # fmt: skip
