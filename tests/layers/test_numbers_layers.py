import numpy as np
import pytest

from automl.layers.numbers import LinearEmbedding, PeriodicEmbedding, PiecewiseLinearEmbedding, RobustScale, bin_edges

X = np.random.default_rng(0).normal(size=(20, 2)).astype("float32") * [1, 100]


def test_robust_scale_follows_its_formula():
    z = (X - [0.5, 10]) / [2, 50]
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    np.testing.assert_allclose(expected, RobustScale([0.5, 10], [2, 50])(X), rtol=1e-5, atol=1e-6)


def test_robust_scale_bounds_what_is_huge_and_survives_a_scale_of_zero():
    huge = np.array([[1e30, -1e30]], "float32")
    np.testing.assert_allclose([[3, -3]], RobustScale([0, 0], [1, 0])(huge), rtol=1e-4)


def piecewise_reference(x, edges, layer):
    """Equation 1 of Gorishniy et al. (2022), bin by bin, with the outer bins held half a bin outside."""
    out = np.zeros((len(x), len(edges), layer.dim))
    slope, offset, kernel = (np.asarray(weight) for weight in (layer.slope, layer.offset, layer.kernel))
    for row in range(len(x)):
        for column, ends in enumerate(edges):
            middle, half = (ends[0] + ends[-1]) / 2, (ends[-1] - ends[0]) / 2
            out[row, column] = np.clip((x[row, column] - middle) / half, -2, 2) * slope[column] + offset[column]
            for place in range(len(ends) - 1):
                share = (x[row, column] - ends[place]) / (ends[place + 1] - ends[place])
                least = -0.5 if place == 0 else 0
                most = 1.5 if place == len(ends) - 2 else 1
                out[row, column] += np.clip(share, least, most) * kernel[column, place]
    return out


def test_piecewise_linear_embedding_agrees_with_its_definition_for_columns_of_different_bins():
    edges = [[-1.0, 0.0, 0.5, 2.0], [-100.0, 50.0]]
    layer = PiecewiseLinearEmbedding(edges, 3)
    layer.build((None, 2))
    layer.kernel.assign(np.random.default_rng(1).normal(size=layer.kernel.shape))
    np.testing.assert_allclose(piecewise_reference(X, edges, layer), layer(X), rtol=1e-4, atol=1e-5)


def test_piecewise_linear_embedding_starts_linear():
    layer = PiecewiseLinearEmbedding([[0.0, 1.0, 10.0]], 4)
    low, middle, high = np.asarray(layer(np.array([[0.0], [5.0], [10.0]], "float32")))
    np.testing.assert_allclose(middle, (low + high) / 2, atol=1e-6)


@pytest.mark.parametrize("quantiles", [[1, 1, 1], [5.0], [], [0, 0, 1e-9, 1], list(range(64))])
def test_bin_edges_ascend_whatever_the_quantiles(quantiles):
    edges = bin_edges(quantiles, 8)
    assert 2 <= len(edges) <= 9 and (np.diff(np.asarray(edges, "float32")) > 0).all()


def test_periodic_embedding_agrees_with_its_definition_and_keeps_the_number_itself():
    layer = PeriodicEmbedding(5, 4)
    y = np.asarray(layer(X / 100))
    f, p, k, o = (np.asarray(weight) for weight in (layer.frequency, layer.phase, layer.kernel, layer.offset))
    waves = np.cos(2 * np.pi * ((X / 100)[:, :, None] * f + p))
    np.testing.assert_allclose((X / 100), y[:, :, 0], rtol=1e-6)
    np.testing.assert_allclose(np.einsum("ncf,cfd->ncd", waves, k) + o, y[:, :, 1:], rtol=1e-3, atol=1e-4)


def test_linear_embedding_multiplies_a_vector_of_each_column():
    layer = LinearEmbedding(4)
    y = layer(X)
    np.testing.assert_allclose(X[:, :, None] * np.asarray(layer.slope), y, rtol=1e-5)
