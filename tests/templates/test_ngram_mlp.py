import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import NGRAM_BITS, Facts
from automl.templates.ngram_mlp import NGRAM_MLP

SPECS = testing.example_specs(NGRAM_MLP.accepts, "binary")


def built(**settings):
    hp = keras_tuner.HyperParameters()
    NGRAM_MLP.space(hp, SPECS, Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in NGRAM_MLP.knobs}
    return NGRAM_MLP.build(point, knobs, SPECS, testing.example_head("binary"))


def packed(*pairs):
    row = [id_ + (weight << NGRAM_BITS) for id_, weight in pairs]
    return {"ngrams": np.array([row + [0] * (9 - len(row))], "int32")}


def test_the_order_of_ngrams_does_not_matter_and_their_weights_do():
    network = built()
    one = network(packed((5, 900), (9, 300)))
    np.testing.assert_allclose(one, network(packed((9, 300), (5, 900))), rtol=1e-5)
    assert not np.allclose(one, network(packed((5, 300), (9, 900))), rtol=1e-5)


def test_the_linear_map_begins_at_nothing_and_learns_faster():
    from automl.layers.rates import rate_factor

    tables = [v for v in built(linear="fast").trainable_variables if v.name == "table"]
    assert [float(np.abs(table).max()) > 0 for table in tables] == [True, False]
    assert [rate_factor(table) for table in tables] == [1.0, 4.0]
    assert len([v for v in built(linear="none").trainable_variables if v.name == "table"]) == 1


def test_an_empty_text_gives_a_finite_prediction():
    assert np.isfinite(np.asarray(built()(packed()))).all()


def test_it_is_tried_before_other_templates():
    assert NGRAM_MLP.prior(SPECS, Facts(500)) > 1


@pytest.mark.parametrize("kinds", [("numbers", "ngrams"), ("tokens",), ()])
def test_what_has_no_ngrams_or_other_columns_is_not_for_it(kinds):
    specs = testing.example_specs(kinds, "binary")
    assert "ngram_mlp reads ngrams of texts only" in NGRAM_MLP.unfit(None, specs)
