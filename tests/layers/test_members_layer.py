import numpy as np
import pytest

from automl.layers.members import MemberScale
from automl.layers.output import RawOutput

X = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")


def test_members_scale_and_add_vectors_of_their_own():
    layer = MemberScale(3, bias=True)
    layer.build((None, 7))
    vectors, offset = np.random.default_rng(1).normal(size=(2, 3, 7)).astype("float32")
    layer.vectors.assign(vectors.reshape(-1))
    layer.offset.assign(offset.reshape(-1))
    np.testing.assert_allclose(X[:, None] * vectors + offset, layer(X), rtol=1e-5, atol=1e-6)
    apart = np.random.default_rng(2).normal(size=(5, 3, 7)).astype("float32")
    np.testing.assert_allclose(apart * vectors + offset, layer(apart), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", ["signs", "normal"])
def test_numbers_that_stand_for_one_column_start_alike_and_members_do_not(start):
    layer = MemberScale(16, start=start, chunks=[3, 1, 3])
    layer.build((None, 7))
    vectors = np.asarray(layer.vectors).reshape(16, 7)
    assert (vectors[:, :3] == vectors[:, :1]).all() and (vectors[:, 4:] == vectors[:, 4:5]).all()
    assert len(np.unique(vectors[:, [0, 3, 4]], axis=0)) > 4
    assert start == "normal" or set(np.unique(vectors)) == {-1.0, 1.0}


def test_chunks_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up to 7"):
        MemberScale(2, start="signs", chunks=[3, 3])(X)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("link", "probability"), [("sigmoid", sigmoid), ("softmax", softmax)])
def test_classes_are_averaged_as_probabilities(link, probability):
    layer = RawOutput((4,), members=6, scale=5.0, link=link)
    x = np.random.default_rng(1).normal(size=(9, 6, 7)).astype("float32")
    each = np.asarray(layer(x, training=True), "float64")
    together = np.asarray(layer(x, training=False), "float64")
    np.testing.assert_allclose(probability(each).mean(axis=1), probability(together), rtol=1e-4, atol=1e-6)


def test_sure_members_do_not_overflow():
    layer = RawOutput((1,), members=2, scale=1e4, link="sigmoid")
    assert np.isfinite(layer(100 * np.ones((1, 2, 3), "float32"), training=False)).all()
