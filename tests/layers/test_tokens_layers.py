import numpy as np

from automl.layers.pooling import AttentionPool, WordPool
from automl.layers.tokens import TokenEmbedding, WordDropout

TOKENS = np.array([[5, 3, 0, 0], [0, 0, 0, 0], [2, 2, 4, 9]], "int32")


def test_word_dropout_hides_words_but_never_padding():
    y = np.asarray(WordDropout(1.0)(TOKENS, training=True))
    np.testing.assert_array_equal((TOKENS > 0).astype(int), y)
    np.testing.assert_array_equal(TOKENS, WordDropout(1.0)(TOKENS, training=False))
    np.testing.assert_array_equal(TOKENS, WordDropout(0.0)(TOKENS, training=True))


def test_padding_embeds_to_zero_and_ids_outside_to_the_unknown_word():
    y = np.asarray(TokenEmbedding(6, 3)(TOKENS))
    assert (y[TOKENS == 0] == 0).all()
    np.testing.assert_array_equal(np.asarray(TokenEmbedding(6, 3)(np.array([[1]])).shape), (1, 1, 3))
    layer = TokenEmbedding(6, 3)
    np.testing.assert_array_equal(layer(np.array([[1]])), layer(np.array([[77]])))


def test_pools_read_the_words_that_are_there():
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32") - 5  # all below zero
    mean, highest = (np.asarray(WordPool(how)([x, TOKENS])) for how in ("mean", "max"))
    np.testing.assert_allclose([x[0, :2].mean(0), [0, 0], x[2].mean(0)], mean, rtol=1e-5)
    np.testing.assert_allclose([x[0, :2].max(0), [0, 0], x[2].max(0)], highest, rtol=1e-5)


def test_attention_pool_is_a_weighted_mean_over_time():
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    layer = AttentionPool(5)
    y = np.asarray(layer(x))
    scores = np.tanh(x @ np.asarray(layer.kernel)) @ np.asarray(layer.score)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose((shares * x).sum(axis=1), y, rtol=1e-5, atol=1e-6)
