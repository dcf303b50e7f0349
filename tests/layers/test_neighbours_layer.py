import keras
import numpy as np
import pytest

from automl.layers.neighbours import LEAST, SAME, Neighbours


def reference(z, keys, answers, away, link):
    """Row by row, in float64."""
    out = []
    for row in z.astype(np.float64):
        distances = np.array([np.linalg.norm(row - key) for key in keys.astype(np.float64)]) + away
        weights = np.exp(-(distances - distances.min()))
        mean = (weights / weights.sum()) @ answers
        if link == "softmax":
            mean = np.log(mean + LEAST)
        elif link == "sigmoid":
            mean = np.log((mean + LEAST) / (1 - mean + LEAST))
        out.append(mean)
    return np.array(out)


@pytest.mark.parametrize("link", ["linear", "sigmoid", "softmax"])
def test_answers_are_averaged_by_nearness(link):
    rng = np.random.default_rng(0)
    z, keys, away = rng.normal(size=(7, 4)), rng.normal(size=(11, 4)), rng.random(11)
    answers = np.eye(3)[rng.integers(0, 3, 11)] if link != "linear" else rng.normal(size=(11, 3))
    layer = Neighbours((3,), 11, link)
    layer.build((None, 4))
    for weight, value in ((layer.keys, keys), (layer.answers, answers), (layer.away, away)):
        weight.assign(value.astype("float32"))
    expected = reference(z, keys, answers, away, link)
    np.testing.assert_allclose(np.asarray(layer(z.astype("float32"))), expected, rtol=1e-4, atol=2e-4)


def test_a_row_that_is_taken_out_counts_for_nothing_and_one_of_weight_two_counts_twice():
    layer = Neighbours((1,), 3)
    z, keys = np.zeros((1, 2), "float32"), np.ones((3, 2), "float32")
    answers = np.array([[0.0], [6.0], [100.0]], "float32")
    away = np.array([0.0, -np.log(2.0), SAME], "float32")
    assert float(np.squeeze(layer.compare(z, keys, answers, away))) == pytest.approx(4.0)


def test_values_of_several_axes_keep_their_shape_and_the_layer_is_made_again_from_its_settings():
    layer = Neighbours((4, 2), 5)
    assert tuple(layer(np.zeros((3, 6), "float32")).shape) == (3, 4, 2) == layer.compute_output_shape((3, 6))
    again = Neighbours.from_config(layer.get_config())
    assert (again.shape, again.rows, again.link) == ((4, 2), 5, "linear")


def test_nothing_that_it_holds_is_trained():
    layer = Neighbours((2,), 5)
    layer.build((None, 3))
    assert not layer.trainable_variables and layer.away.shape == (5,)
    assert keras.ops.max(layer.away) == 0
