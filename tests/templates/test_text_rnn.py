import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.text_rnn import TEXT_RNN

SPECS = testing.example_specs(TEXT_RNN.accepts, "binary")


def built(**settings):
    hp = keras_tuner.HyperParameters()
    TEXT_RNN.space(hp, SPECS, Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in TEXT_RNN.knobs}
    return TEXT_RNN.build(point, knobs, SPECS, testing.example_head("binary"))


@pytest.mark.parametrize("pool", ["mean-max", "attention"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_knows_the_order_of_words(cell, pool):
    network = built(cell=cell, pool=pool)
    tokens = {"tokens": np.array([[5, 9, 7, 3, 0, 0, 0]], "int32")}
    turned = {"tokens": np.array([[3, 7, 9, 5, 0, 0, 0]], "int32")}
    assert not np.allclose(network(tokens), network(turned), rtol=1e-5)


def test_an_empty_text_gives_a_finite_prediction():
    assert np.isfinite(np.asarray(built()({"tokens": np.zeros((1, 7), "int32")}))).all()


def test_it_waits_for_cheaper_templates_and_longer_where_there_is_more_to_read():
    few, many = (TEXT_RNN.prior(SPECS, Facts(n)) for n in (500, 10_000_000))
    assert 0 < many < few < 1


def test_a_table_is_not_for_it():
    assert "numbers" in TEXT_RNN.unfit(None, testing.example_specs(("numbers", "tokens"), "binary"))
