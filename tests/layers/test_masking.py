import numpy as np
import pytest

from automl.layers.masking import MaskColumns, MaskedCategories, MaskedError, MaskedWords, MaskSteps, MaskWords

X = np.random.default_rng(0).normal(size=(400, 6)).astype("float32") + 5
STEPS = np.random.default_rng(1).normal(size=(300, 20, 2)).astype("float32") + 5
TOKENS = np.tile(np.array([[5, 7, 1, 9, 3, 0, 0, 0]], "int32"), (200, 1))
WORDS = np.ones((200, 8, 3), "float32")


def test_nothing_is_hidden_outside_training():
    for layer, inputs, mask_shape in (
        (MaskColumns(0.9, [1, 2, 3]), X, (400, 3)),
        (MaskSteps(0.9, 4), STEPS, (300, 20)),
        (MaskWords(0.9), [WORDS, TOKENS], (200, 8)),
    ):
        shown, mask = layer(inputs, training=False)
        assert np.array_equal(inputs[0] if isinstance(inputs, list) else inputs, shown)
        assert mask.shape == mask_shape and not np.any(mask)


def test_a_column_is_hidden_with_all_its_features_as_often_as_asked():
    layer = MaskColumns(0.4, [1, 2, 3], seed=0)
    shown, mask = (np.asarray(part) for part in layer(X, training=True))
    wide = np.repeat(mask, [1, 2, 3], axis=1)
    assert np.array_equal(shown, X * (1 - wide))  # the token begins at 0
    assert (mask.sum(axis=1) >= 1).all()
    assert 0.38 < mask.mean() < 0.52  # 0.4, and one column where none was drawn


def test_one_place_is_hidden_at_least():
    _, mask = MaskColumns(0.0, [1] * 6)(X, training=True)
    assert (np.asarray(mask).sum(axis=1) == 1).all()


def test_series_are_hidden_in_stretches_and_pictures_in_squares():
    shown, mask = (np.asarray(part) for part in MaskSteps(0.3, 6, seed=0)(STEPS, training=True))
    assert np.array_equal(shown, STEPS * (1 - mask[..., None]))
    assert all(np.ptp(mask[:, at : at + 6], axis=1).max() == 0 for at in (0, 6, 12, 18))
    pictures = np.ones((50, 7, 9, 1), "float32")
    shown, mask = (np.asarray(part) for part in MaskSteps(0.5, 4, seed=0)(pictures, training=True))
    assert mask.shape == (50, 7, 9)
    assert np.ptp(mask[:, :4, :4], axis=(1, 2)).max() == 0 and 0.3 < mask.mean() < 0.7


def test_padding_and_unknown_words_are_never_hidden_and_the_token_is_learnt():
    layer = MaskWords(0.5, seed=0)
    layer.build([WORDS.shape, TOKENS.shape])
    layer.token.assign(np.full(3, 9.0, "float32"))
    shown, mask = (np.asarray(part) for part in layer([WORDS, TOKENS], training=True))
    assert not mask[:, [2, 5, 6, 7]].any() and mask[:, [0, 1, 3, 4]].mean() > 0.4
    assert (shown == np.where(mask[..., None] == 1, 9.0, 1.0)).all()
    empty = np.zeros_like(TOKENS)
    assert not np.any(layer([WORDS, empty], training=True)[1])


def test_errors_count_hidden_places_and_visible_ones_by_their_weight():
    truth, restored = np.zeros((2, 3, 1), "float32"), np.array([[[1.0], [2.0], [3.0]]] * 2, "float32")
    mask = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "float32")
    np.testing.assert_allclose([[1.0], [9.0]], MaskedError()([truth, restored, mask]))
    np.testing.assert_allclose([[7.5], [11.5]], MaskedError(0.5)([truth, restored, mask]))
    np.testing.assert_allclose([[14 / 3]] * 2, MaskedError(is_mean=True)([truth, restored]), rtol=1e-6)


def test_categories_cost_the_cross_entropy_of_hidden_columns_in_any_order():
    codes = np.array([[2, 1], [0, 9]], "int32")  # 9 is outside, and counts as 0
    logits = np.random.default_rng(0).normal(size=(2, 5)).astype("float32")

    def log_p(row, begin, size, code):
        own = logits[row, begin : begin + size].astype(float)
        return own[code] - np.log(np.exp(own).sum())

    mask = np.array([[1.0, 0.0], [0.0, 1.0]], "float32")
    plain = MaskedCategories([3, 2])([codes, logits, mask])
    np.testing.assert_allclose([[-log_p(0, 0, 3, 2)], [-log_p(1, 3, 2, 0)]], plain, rtol=1e-5)
    turned = MaskedCategories([2, 3], columns=[1, 0])([codes, logits, mask])
    np.testing.assert_allclose([[-log_p(0, 0, 2, 1)], [-log_p(1, 2, 3, 0)]], turned, rtol=1e-5)


def test_words_cost_the_mean_cross_entropy_of_hidden_ones():
    tokens = np.array([[2, 3, 1, 0], [0, 0, 0, 0]], "int32")
    logits = np.log(np.array([[0.1, 0.1, 0.6, 0.2]] * 2, "float32"))
    hidden = np.array([[1.0, 0.0, 1.0, 1.0], [0.0] * 4], "float32")
    np.testing.assert_allclose([[-np.log(0.6)], [0.0]], MaskedWords()([tokens, logits, hidden]), rtol=1e-5)
    both = -(np.log(0.6) + np.log(0.2)) / 2
    np.testing.assert_allclose([[both], [0.0]], MaskedWords(1.0)([tokens, logits, hidden]), rtol=1e-5)


@pytest.mark.parametrize("layer", [MaskColumns(0.3, [2, 1]), MaskSteps(0.3, 4), MaskWords(0.3)], ids=type)
def test_the_settings_are_restored(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
