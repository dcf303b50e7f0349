import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.layers.losses import loss_for
from automl.records import Facts, InputSpec
from automl.templates.tabm import TABM


def built(goal="regression", **settings):
    specs = testing.example_specs(("numbers", "categories"), goal)
    hp = keras_tuner.HyperParameters()
    TABM.space(hp, specs, testing.example_facts(goal))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in TABM.knobs if name in point}
    keras.utils.set_random_seed(0)
    return TABM.build(point, knobs, specs, testing.example_head(goal)), specs


def test_members_learn_each_from_its_own_loss_and_values_are_averaged():
    model, specs = built(members=4, norm="none", dropout=0.0, hide_rate=0.0)
    arrays = testing.example_arrays(specs)
    apart = np.asarray(model(arrays, training=True))
    together = np.asarray(model(arrays, training=False))
    assert apart.shape == (16, 4, 2) and together.shape == (16, 2)
    np.testing.assert_allclose(apart.mean(axis=1), together, rtol=1e-4, atol=1e-5)
    loss = loss_for(testing.example_head("regression"))
    target = testing.example_target(testing.example_head("regression"))
    assert float(loss(target, apart)) > float(loss(target, together))  # Jensen: spread among members costs


def test_of_classes_the_probabilities_are_averaged():
    model, specs = built("multiclass", members=4, norm="none", dropout=0.0, hide_rate=0.0)
    model.layers[-1].kernel.assign(np.random.default_rng(0).normal(size=model.layers[-1].kernel.shape))
    arrays = testing.example_arrays(specs)
    apart, together = (np.exp(np.asarray(model(arrays, training=flag), "float64")) for flag in (True, False))
    shares = (apart / apart.sum(axis=-1, keepdims=True)).mean(axis=1)
    np.testing.assert_allclose(shares, together / together.sum(axis=-1, keepdims=True), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("adapters", ["mini", "full"])
def test_members_differ_from_the_start_but_share_all_matrices_before_the_output(adapters):
    model, specs = built("binary", members=8, adapters=adapters, norm="none", dropout=0.0, hide_rate=0.0)
    apart = np.asarray(model(testing.example_arrays(specs), training=True))
    assert apart.std(axis=1).min() > 0
    matrices = [w for layer in model.layers[:-1] for w in layer.trainable_variables if len(w.shape) > 1]
    assert all(8 not in w.shape[:1] or "embedding" in w.path or "slope" in w.path for w in matrices)


def test_more_members_cost_few_weights():
    few, many = (built(members=members)[0].count_params() for members in (4, 16))
    assert many < 2 * few


@pytest.mark.parametrize("numeric", ["plain", "piecewise", "periodic"])
def test_wild_numbers_give_finite_predictions(numeric):
    model, specs = built(numeric=numeric)
    arrays = testing.example_arrays(specs)
    arrays["numbers"][0] = 1e30
    arrays["numbers"][1] = -1e30
    assert np.isfinite(model(arrays, training=False)).all()


def test_it_works_in_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, specs = built("binary")
        output = model(testing.example_arrays(specs), training=False)
    finally:
        keras.config.set_dtype_policy(policy)
    assert output.dtype == "float32" and np.isfinite(np.asarray(output)).all()


def test_larger_tables_get_larger_batches_and_fewer_passes():
    specs = testing.example_specs(TABM.accepts, "binary")
    few, many = (TABM.starts(specs, Facts(n))[0] for n in (300, 60_000))
    assert few["batch_size"] < many["batch_size"] and few["epochs"] > many["epochs"]


def test_a_picture_is_not_for_it():
    assert "image" in TABM.unfit(None, (InputSpec("image", "image", (8, 8, 1), "uint8"),))
    assert TABM.unfit(None, ()) is not None
