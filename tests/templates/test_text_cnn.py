import keras
import keras_tuner
import numpy as np

from automl import testing
from automl.records import Facts
from automl.templates.text_cnn import TEXT_CNN

SPECS = testing.example_specs(TEXT_CNN.accepts, "binary")


def built(**settings):
    hp = keras_tuner.HyperParameters()
    TEXT_CNN.space(hp, SPECS, Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in TEXT_CNN.knobs}
    return TEXT_CNN.build(point, knobs, SPECS, testing.example_head("binary"))


def test_the_bag_alone_does_not_know_the_order_of_words_and_convolutions_do():
    tokens = {"tokens": np.array([[5, 9, 7, 3, 0, 0, 0]], "int32")}
    turned = {"tokens": np.array([[3, 7, 9, 5, 0, 0, 0]], "int32")}
    alone, beside = built(filters=0), built(filters=32)
    np.testing.assert_allclose(alone(tokens), alone(turned), rtol=1e-5)
    assert not np.allclose(beside(tokens), beside(turned), rtol=1e-5)


def test_an_empty_text_gives_a_finite_prediction():
    assert np.isfinite(np.asarray(built()({"tokens": np.zeros((1, 7), "int32")}))).all()


def test_a_table_is_not_for_it():
    assert "numbers" in TEXT_CNN.unfit(None, testing.example_specs(("numbers", "tokens"), "binary"))
