import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts, InputSpec
from automl.templates.mlp import MLP


def built(goal="regression", specs=None, **settings):
    specs = specs or testing.example_specs(("numbers", "categories"), goal)
    hp = keras_tuner.HyperParameters()
    MLP.space(hp, specs, testing.example_facts(goal))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in MLP.knobs if name in point}
    keras.utils.set_random_seed(0)
    return MLP.build(point, knobs, specs, testing.example_head(goal)), specs


def test_an_untrained_network_predicts_about_the_class_shares():
    head = testing.example_head("multiclass")
    model, specs = built("multiclass")
    logits = np.asarray(model(testing.example_arrays(specs), training=False))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.broadcast_to(head.priors, shares.shape), shares, atol=0.15)


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
        model, specs = built()
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


def test_few_levels_are_numbers_of_their_own_and_many_are_vectors():
    numbers = testing.example_specs(("numbers",), "regression")[:1]
    levels = InputSpec("categories", "categories", (3,), "int32", 30, {"columns": ["a", "b", "c"], "sizes": [3, 30, 5]})
    model, _ = built(specs=(*numbers, levels), category_dim=4)
    widths = {type(layer).__name__: layer.output.shape for layer in model.layers}
    assert widths["OneHotCategories"][1:] == (1 + 4,) and widths["CategoryEmbedding"][1:] == (1, 4)


def test_bins_lie_where_the_target_changes_or_at_quantiles():
    stats = {"median": [0.0], "scale": [1.0], "quantiles": [list(range(11))], "splits": [[7.0, 3.0]]}
    spec = InputSpec("numbers", "numbers", (1,), "float32", stats=stats)
    found = {}
    for by in ("target", "quantiles"):
        model, _ = built(specs=(spec,), bins_by=by, bins=8)
        found[by] = next(layer for layer in model.layers if type(layer).__name__ == "PiecewiseLinearEmbedding").edges
    assert found["target"] == [[0.0, 3.0, 7.0, 10.0]] and len(found["quantiles"][0]) == 9
