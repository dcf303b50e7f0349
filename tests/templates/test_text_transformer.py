import keras
import keras_tuner
import numpy as np

from automl import testing
from automl.records import Facts, InputSpec
from automl.templates.text_transformer import TEXT_TRANSFORMER

SPECS = testing.example_specs(TEXT_TRANSFORMER.accepts, "binary")


def built(specs=SPECS, **settings):
    hp = keras_tuner.HyperParameters()
    TEXT_TRANSFORMER.space(hp, specs, Facts(500))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in TEXT_TRANSFORMER.knobs}
    keras.utils.set_random_seed(1)
    return TEXT_TRANSFORMER.build(point, knobs, specs, testing.example_head("binary"))


def test_it_knows_the_order_of_words():
    tokens = {"tokens": np.array([[5, 9, 7, 3, 0, 0, 0]], "int32")}
    turned = {"tokens": np.array([[3, 7, 9, 5, 0, 0, 0]], "int32")}
    assert not np.allclose(built()(tokens), built()(turned), rtol=1e-5)


def test_padding_changes_nothing():
    """A network for longer texts, whose places begin alike, says the same of the same words."""
    longer = (InputSpec("tokens", "tokens", (12,), "int32", 30, {"columns": ["text"]}),)
    short, long = built(layers=2), built(longer, layers=2)
    for one, other in zip(short.variables, long.variables, strict=True):
        if one.shape == other.shape:
            other.assign(one)
        else:
            other.assign(np.concatenate([np.asarray(one), np.full((5, one.shape[1]), 9.0)]))
    words = [5, 9, 7, 3, 0, 0, 0]
    np.testing.assert_allclose(
        short({"tokens": np.array([words], "int32")}), long({"tokens": np.array([words + [0] * 5], "int32")}), rtol=1e-4
    )


def test_an_empty_text_gives_a_finite_prediction():
    assert np.isfinite(np.asarray(built()({"tokens": np.zeros((1, 7), "int32")}))).all()


def test_it_is_tried_last():
    assert TEXT_TRANSFORMER.prior(SPECS, Facts(500)) < 0.2


def test_a_table_is_not_for_it():
    assert "numbers" in TEXT_TRANSFORMER.unfit(None, testing.example_specs(("numbers", "tokens"), "binary"))
