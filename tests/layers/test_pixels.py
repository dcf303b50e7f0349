import keras
import numpy as np
import pytest

from automl.layers.pixels import PatchFilters

FILTERS = np.random.default_rng(0).normal(size=(4, 18)).round(3).tolist()


@pytest.mark.parametrize("stride", [1, 2])
def test_each_patch_gets_its_products_with_the_filters_and_their_negatives(stride):
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    answers = np.asarray(PatchFilters(4, 3, stride, FILTERS)(x))
    assert answers.shape == (2, 6 // stride, 6 // stride, 8)
    first = 0 if stride == 2 else 1  # the padding of TensorFlow's "same"
    patch = x[1, 2:5, 2:5] if stride == 2 else x[1, 1:4, 1:4]
    expected = np.array(FILTERS) @ patch.reshape(-1)
    place = answers[1, 1, 1] if stride == 2 else answers[1, 1 + first, 1 + first]
    np.testing.assert_allclose(place, np.maximum([*expected, *-expected], 0), atol=1e-5)


def test_the_filters_are_not_trained_and_are_saved_as_weights(tmp_path):
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, PatchFilters(4, 3, 2, FILTERS)(inputs))
    assert model.trainable_variables == [] and model.count_params() == 4 * 18
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    loaded = keras.models.load_model(tmp_path / "m.keras", compile=False)
    np.testing.assert_array_equal(model(x), loaded(x))
    assert "filters" not in loaded.layers[-1].get_config()
