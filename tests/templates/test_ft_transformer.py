import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts, InputSpec
from automl.templates.ft_transformer import FT_TRANSFORMER


def built(goal="regression", **settings):
    specs = testing.example_specs(("numbers", "categories"), goal)
    hp = keras_tuner.HyperParameters()
    FT_TRANSFORMER.space(hp, specs, testing.example_facts(goal))
    point = {**hp.values, **settings}
    knobs = {
        name: keras.Variable(float(point[name]), trainable=False) for name in FT_TRANSFORMER.knobs if name in point
    }
    keras.utils.set_random_seed(0)
    return FT_TRANSFORMER.build(point, knobs, specs, testing.example_head(goal)), specs


def test_each_column_is_a_token_and_all_words_are_one():
    model, _ = built()
    start = next(layer for layer in model.layers if type(layer).__name__ == "StartToken")
    assert start.output.shape[1] == 1 + 3 + 1 + 2  # start, numbers, texts, categories


@pytest.mark.parametrize("numeric", ["plain", "piecewise"])
def test_each_column_reaches_the_prediction(numeric):
    model, specs = built(numeric=numeric, layers=1)
    arrays = testing.example_arrays(specs)
    arrays["categories"][:] = 1
    before = np.asarray(model(arrays, training=False))
    for spec in specs:
        for column in range(spec.shape[0]):
            changed = {name: array.copy() for name, array in arrays.items()}
            changed[spec.name][:, column] += 1
            assert not np.array_equal(before, model(changed, training=False)), (spec.name, column)


def test_wild_numbers_give_finite_predictions():
    model, specs = built()
    arrays = testing.example_arrays(specs)
    arrays["numbers"][0] = 1e30
    arrays["numbers"][1] = -1e30
    assert np.isfinite(model(arrays, training=False)).all()


def test_many_columns_are_not_for_it_but_many_words_are():
    wide = InputSpec("numbers", "numbers", (101,), "float32")
    assert "101" in FT_TRANSFORMER.unfit(None, (wide,))
    assert FT_TRANSFORMER.unfit(None, (InputSpec("texts", "numbers", (300,), "float32"),)) is None


def test_a_picture_is_not_for_it():
    assert "image" in FT_TRANSFORMER.unfit(None, (InputSpec("image", "image", (8, 8, 1), "uint8"),))
    assert FT_TRANSFORMER.unfit(None, ()) is not None


def test_it_waits_longer_where_an_epoch_is_long():
    specs = testing.example_specs(FT_TRANSFORMER.accepts, "binary")
    few, many = (FT_TRANSFORMER.prior(specs, Facts(n)) for n in (300, 1_000_000))
    assert 0 < many < few < 1
