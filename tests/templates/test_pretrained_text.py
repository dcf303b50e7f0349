import keras
import keras_tuner
import numpy as np

from automl import testing
from automl.records import NGRAM_BITS, Facts
from automl.templates.pretrained_text import PRETRAINED_TEXT

SPECS = testing.example_specs(PRETRAINED_TEXT.accepts, "binary")
VECTORS = testing.example_specs(("vectors",), "binary")


def declared(specs):
    hp = keras_tuner.HyperParameters()
    PRETRAINED_TEXT.space(hp, specs, Facts(500))
    return hp.values


def built(specs=SPECS, **settings):
    point = {**declared(specs), **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in PRETRAINED_TEXT.knobs}
    keras.utils.set_random_seed(0)
    return PRETRAINED_TEXT.build(point, knobs, specs, testing.example_head("binary"))


def test_vectors_alone_are_read_where_there_are_no_ngrams_or_none_are_asked_for():
    assert not {"words", "dim"} & set(declared(VECTORS))
    assert [one.name for one in built(VECTORS).inputs] == ["vectors"]
    assert [one.name for one in built(words="none").inputs] == ["vectors"]


def test_ngrams_count_in_the_hidden_layers_from_the_beginning_and_straight_once_learnt():
    one = {"vectors": np.ones((1, 6), "float32"), "ngrams": np.zeros((1, 9), "int32")}
    other = {**one, "ngrams": np.full((1, 9), 5 + (900 << NGRAM_BITS), "int32")}
    for words, differs in (("hidden", True), ("linear", False)):
        network = built(words=words)
        assert differs != np.allclose(network(one), network(other), atol=1e-7)
        tables = [v for v in network.trainable_variables if v.name == "table"]
        tables[-1].assign(np.ones(tables[-1].shape))
        assert not np.allclose(network(one), network(other))


def test_it_is_tried_first_and_only_where_there_are_vectors():
    assert PRETRAINED_TEXT.prior(SPECS, Facts(500)) > 2
    assert PRETRAINED_TEXT.unfit(None, SPECS) is None
    assert "vectors" in PRETRAINED_TEXT.unfit(None, testing.example_specs(("tokens", "ngrams"), "binary"))
