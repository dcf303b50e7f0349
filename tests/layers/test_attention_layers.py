import keras
import numpy as np
import pytest

from automl.layers.attention import FirstToken, GatedUnits, StartToken, TokenAttention

X = np.random.default_rng(0).normal(size=(4, 5, 6)).astype("float32")


def attention_reference(x, layer):
    """Row by row and head by head."""
    q_map, k_map, v_map, out_map = (np.asarray(w) for w in (layer.query, layer.key, layer.value, layer.out))
    bq, bk, bv, bo = np.asarray(layer.offsets).reshape(4, -1)
    size = x.shape[2] // layer.heads
    rows = []
    for row in x:
        asking = row[:1] if layer.first_only else row
        q, k, v = asking @ q_map + bq, row @ k_map + bk, row @ v_map + bv
        heads = []
        for start in range(0, x.shape[2], size):
            own = slice(start, start + size)
            scores = np.exp(q[:, own] @ k[:, own].T / np.sqrt(size))
            heads.append(scores / scores.sum(axis=1, keepdims=True) @ v[:, own])
        rows.append(np.concatenate(heads, axis=1) @ out_map + bo)
    return np.stack(rows)


@pytest.mark.parametrize("first_only", [False, True])
def test_attention_agrees_with_its_definition(first_only):
    layer = TokenAttention(3, first_only=first_only)
    layer.build(X.shape)
    layer.offsets.assign(np.random.default_rng(1).normal(size=24))
    y = layer(X)
    assert y.shape == (4, 1 if first_only else 5, 6)
    np.testing.assert_allclose(attention_reference(X, layer), y, rtol=1e-4, atol=1e-5)


def test_attention_drops_weights_in_training_only_at_the_rate_its_knob_has_now():
    rate = keras.Variable(0.0)
    layer = TokenAttention(2, rate, seed=1)
    still = np.asarray(layer(X, training=True))
    np.testing.assert_array_equal(still, layer(X, training=False))
    rate.assign(0.5)
    assert not np.array_equal(still, layer(X, training=True))


def test_heads_that_do_not_part_a_token_are_refused():
    with pytest.raises(ValueError, match="4 heads"):
        TokenAttention(4)(X)


def test_a_start_token_stands_before_columns_with_offsets():
    layer = StartToken()
    y = np.asarray(layer(X))
    start, offset = np.asarray(layer.start), np.asarray(layer.offset).reshape(5, 6)
    np.testing.assert_allclose(np.broadcast_to(start, (4, 6)), y[:, 0])
    np.testing.assert_allclose(X + offset, y[:, 1:], rtol=1e-5, atol=1e-6)


def test_gated_units_and_the_first_token_follow_their_formulas():
    np.testing.assert_allclose(X[..., :3] * np.maximum(X[..., 3:], 0), GatedUnits()(X))
    np.testing.assert_array_equal(X[:, :1], FirstToken()(X))


def test_queries_keys_and_values_do_not_start_alike():
    layer = TokenAttention(2)
    layer.build(X.shape)
    assert not np.array_equal(layer.query, layer.key) and not np.array_equal(layer.key, layer.value)
