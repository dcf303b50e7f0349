"""Items as linear codes, and the flow that draws them."""

import keras
import numpy as np
import pytest

from automl.deep.training.initial import Initial
from automl.layers.flow_items import FlowItems, Modulated, normal_velocity
from automl.layers.linear_code import LinearCode

SHAPE = (6, 2)
N = 12


def principal(seed=0, k=4):
    """Mean, orthogonal unit vectors and deviations of items of 12 numbers."""
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.standard_normal((N, N)))[0][:k]
    return rng.standard_normal(N), vectors, np.array([4.0, 2.0, 1.0, 0.25])[:k]


def flow(**settings):
    layer = FlowItems(
        SHAPE, [0.0] * 2, [1.0] * 2, **{"n_components": 4, "width": 32, "depth": 1, "seed": 0, **settings}
    )
    layer.code.fill(*principal())
    return layer


def drawn(layer, n=2_000, seed=0):
    noise = np.random.default_rng(seed).standard_normal((n, 1 + 8)).astype("float32")
    items = np.zeros((n, *layer.item_shape), "float32")
    return np.asarray(layer([items, np.zeros((n, 1), "int32"), noise] if layer.priors else [items, noise]))


def test_codes_have_deviation_1_and_come_back():
    center, vectors, deviations = principal()
    layer = LinearCode(N, 4)
    layer.build((None, N))
    layer.fill(center, vectors, deviations)
    codes = np.random.default_rng(1).standard_normal((50, 4)).astype("float32")
    items = np.asarray(layer.decoded(codes))
    np.testing.assert_allclose(items, center + (codes * deviations) @ vectors, atol=1e-5)
    np.testing.assert_allclose(np.asarray(layer(items)), codes, atol=1e-4)
    assert not layer.trainable_variables and layer.compute_output_shape((None, N)) == (None, 4)


def test_a_code_keeps_the_first_components_whether_filled_before_or_after_it_is_built():
    center, vectors, deviations = principal()
    before, after = LinearCode(N, 2), LinearCode(N, 2)
    before.fill(center, vectors, deviations)
    before.build((None, N))
    after.build((None, N))
    after.fill(center, vectors, deviations)
    for layer in (before, after):
        np.testing.assert_allclose(np.asarray(layer.components), vectors[:2], rtol=1e-6)
    with pytest.raises(ValueError, match=r"expected an array of shape \(2, 12\); found \(1, 12\)"):
        after.fill(center, vectors[:1], deviations)


def test_a_component_along_which_nothing_varies_is_coded_as_a_finite_number():
    layer = LinearCode(N, 4)
    layer.fill(principal()[0], principal()[1], np.array([1.0, 1.0, 1.0, 0.0]))
    codes = np.asarray(layer(principal()[0][None].astype("float32")))
    assert np.isfinite(codes).all() and np.abs(codes).max() < 1.0


def test_drawing_weights_again_keeps_the_code():
    initial = Initial()
    with initial.recording():
        layer = flow()
        inputs = [keras.Input(SHAPE), keras.Input((9,))]
        model = keras.Model(inputs, layer(inputs))
    layer.first.kernel.assign(layer.first.kernel * 0.0)
    layer.code.center.assign(layer.code.center * 0.0)
    initial.draw(model, 3)
    assert initial.covers(model) and np.abs(np.asarray(layer.first.kernel)).max() > 0.0
    np.testing.assert_allclose(np.asarray(layer.code.center), principal()[0], rtol=1e-6)


def test_the_config_holds_sizes_and_the_file_the_components(tmp_path):
    layer = flow(priors=(0.0, 0.5, 0.5), emphasis=0.75, n_steps=3, dropout=0.1)
    inputs = [keras.Input(SHAPE), keras.Input((1,), dtype="int32"), keras.Input((9,))]
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras").layers[-1]
    assert loaded.get_config() == layer.get_config() and len(str(layer.get_config())) < 1_000
    np.testing.assert_array_equal(drawn(loaded, 20), drawn(layer, 20))


def test_before_it_learns_it_draws_normal_items_of_the_same_mean_and_deviations():
    items = drawn(flow())
    center, vectors, deviations = principal()
    along = (items - center) @ vectors.T
    np.testing.assert_allclose(along.std(axis=0), deviations, rtol=0.2)
    assert np.all(np.abs(along.mean(axis=0)) < 0.2 * deviations + 0.1)
    np.testing.assert_allclose((items - center) - along @ vectors, 0.0, atol=1e-4)


def test_the_velocity_of_normal_codes_is_their_regression():
    rng = np.random.default_rng(0)
    z, e = rng.standard_normal((2, 200_000))
    for t in (0.1, 0.5, 0.8):
        x = t * z + (1 - t) * e
        k, r = (float(part) for part in normal_velocity(np.float32(t)))
        assert abs(np.mean(x * (z - e)) / np.mean(x * x) - k) < 0.02
        assert abs(np.std(z - e - k * x) - r) < 0.02 and abs(np.std(x) - 1 / r) < 0.02


def test_large_components_count_more_with_more_emphasis():
    for emphasis, ratio in ((0.0, 1.0), (1.0, 16.0), (2.0, 256.0)):
        layer = flow(emphasis=emphasis)
        drawn(layer, 2)
        weights = np.asarray(layer._weights())
        np.testing.assert_allclose(weights[0] / weights[-1], ratio, rtol=1e-4)
        np.testing.assert_allclose(weights.mean(), 1.0, rtol=1e-4)


def test_times_are_spread_evenly_over_a_batch():
    layer = flow()
    times = np.sort(np.asarray(layer._times(100)))
    ranks = np.searchsorted(times, 1.0 / (1.0 + np.exp([0.6745, 0.0, -0.6745])))
    np.testing.assert_allclose(ranks, [25, 50, 75], atol=1)


def test_a_modulated_norm_begins_as_the_norm_alone():
    layer = Modulated(8)
    h, condition = np.random.default_rng(0).standard_normal((2, 5, 8)).astype("float32")
    out = np.asarray(layer([h, condition]))
    np.testing.assert_allclose(out.mean(axis=1), 0.0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=1), 1.0, atol=1e-2)
    assert layer.compute_output_shape([(None, 8), (None, 3)]) == (None, 8)
    layer.both.bias.assign(np.r_[np.ones(8), np.full(8, 5.0)].astype("float32"))
    np.testing.assert_allclose(np.asarray(layer([h, condition])), 2 * out + 5, atol=1e-5)


def test_more_steps_hardly_change_an_item():
    few, many = flow(n_steps=15), flow(n_steps=45)
    drawn(few, 2), drawn(many, 2)
    many.set_weights(few.get_weights())
    difference = drawn(few, 100) - drawn(many, 100)
    assert np.sqrt(np.mean(difference**2)) < 0.05
