import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.layers.losses import loss_for
from automl.records import Facts, InputSpec
from automl.templates.mlp import MLP


def built(goal="regression", specs=None, **settings):
    specs = specs or testing.example_specs(MLP.accepts, goal)
    hp = keras_tuner.HyperParameters()
    MLP.space(hp, specs, testing.example_facts(goal))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in MLP.knobs}
    keras.utils.set_random_seed(0)
    return MLP.build(point, knobs, specs, testing.example_head(goal)), specs


def test_an_untrained_network_predicts_about_the_class_shares():
    head = testing.example_head("multiclass")
    model, specs = built("multiclass", members=1)
    logits = np.asarray(model(testing.example_arrays(specs), training=False))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.broadcast_to(head.priors, shares.shape), shares, atol=0.15)


def test_members_learn_each_from_its_own_loss_and_predict_their_mean():
    model, specs = built(members=4, norm="none", dropout=0.0, hide_rate=0.0)
    arrays = testing.example_arrays(specs)
    apart = np.asarray(model(arrays, training=True))
    together = np.asarray(model(arrays, training=False))
    assert apart.shape == (16, 4, 2) and together.shape == (16, 2)
    np.testing.assert_allclose(apart.mean(axis=1), together, rtol=1e-4, atol=1e-5)
    target = testing.example_target(testing.example_head("regression"))
    loss = loss_for(testing.example_head("regression"))
    assert float(loss(target, apart)) > float(loss(target, together))  # Jensen: spread among members costs


@pytest.mark.parametrize("numeric", ["plain", "piecewise", "periodic"])
def test_wild_numbers_give_finite_predictions(numeric):
    model, specs = built(numeric=numeric)
    arrays = testing.example_arrays(specs)
    arrays["numbers"][0] = 1e30
    arrays["numbers"][1] = -1e30
    assert np.isfinite(model(arrays, training=False)).all()


def test_words_as_numbers_are_scaled_but_not_binned():
    model, _ = built(numeric="piecewise")
    names = [type(layer).__name__ for layer in model.layers]
    assert names.count("PiecewiseLinearEmbedding") == 1 and names.count("RobustScale") == 1


def test_it_works_in_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, specs = built(members=4)
        output = model(testing.example_arrays(specs), training=False)
    finally:
        keras.config.set_dtype_policy(policy)
    assert output.dtype == "float32" and np.isfinite(np.asarray(output)).all()


def test_larger_tables_get_larger_batches_and_fewer_passes():
    specs = testing.example_specs(MLP.accepts, "binary")
    few, many = (MLP.starts(specs, Facts(n))[0] for n in (300, 60_000))
    assert few["batch_size"] < many["batch_size"] and few["epochs"] > many["epochs"]


def test_a_picture_is_not_for_it():
    image = InputSpec("image", "image", (8, 8, 1), "uint8")
    assert "image" in MLP.unfit(None, (image,))
    assert MLP.unfit(None, ()) is not None
