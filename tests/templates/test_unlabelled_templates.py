"""Networks that learn without a target: what they read, what they restore, and what their scores say."""

import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest
from own_steps import trained

from automl import testing
from automl.deep.training.initial import fresh_names
from automl.records import Facts, InputSpec
from automl.templates.autoencoder import AUTOENCODER
from automl.templates.dte import DTE
from automl.templates.series_predictor import SERIES_PREDICTOR
from automl.templates.shared.arrays import SIDE, STEPS
from automl.templates.vae import VAE
from automl.testing.examples import example_task

RESTORING = [AUTOENCODER, VAE]
EVERY = [*RESTORING, DTE, SERIES_PREDICTOR]


def named(template):
    return template.name


def built(template, specs, seed=0, goal="anomaly", **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(500))
    point = {**hp.values, **template.starts(specs, Facts(500))[0], **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(seed)
    with fresh_names():
        return template.build(point, knobs, specs, testing.example_head(goal))


def specs_of(template, kinds=None):
    specs = testing.example_specs(template.accepts, "anomaly")
    return tuple(spec for spec in specs if kinds is None or spec.kind in kinds)


def numbers_spec(n_columns):
    stats = {"median": [0.0] * n_columns, "scale": [1.0] * n_columns, "missing": [0.0] * n_columns}
    return InputSpec("numbers", "numbers", (n_columns,), "float32", stats=stats)


def image_spec(*shape):
    return InputSpec("image", "image", shape, "uint8", stats={"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]})


def series_spec(*shape):
    return InputSpec("series", "series", shape, "float32", stats={"mean": [5.0] * shape[-1], "std": [2.0] * shape[-1]})


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_scores_do_not_change_from_call_to_call(template):
    specs = specs_of(template)
    model, x = built(template, specs), testing.example_arrays(specs)
    np.testing.assert_array_equal(model(x, training=False), model(x, training=False))
    np.testing.assert_allclose(model({name: a[:3] for name, a in x.items()}), model(x)[:3], rtol=1e-4, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_the_same_seed_draws_the_same_noise_in_training(template):
    specs = specs_of(template)
    x = testing.example_arrays(specs)
    losses = [trained(built(template, specs, seed=seed), x, 3) for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_nothing_is_learnt_outside_training(template):
    specs = specs_of(template)
    model = built(template, specs)
    model(testing.example_arrays(specs), training=False)
    assert model.losses == []


@pytest.mark.parametrize("template", [AUTOENCODER, VAE, DTE], ids=named)
def test_rows_off_the_pattern_of_a_table_score_higher(template):
    rng = np.random.default_rng(0)
    t = rng.normal(size=(256, 1))
    x = (t @ np.array([[1.0, -1.0, 0.5, 2.0]]) + 0.05 * rng.normal(size=(256, 4))).astype("float32")
    spec = numbers_spec(4)
    model = built(template, (spec,), trim=0.0, code=2) if template is not DTE else built(template, (spec,))
    losses = trained(model, {"numbers": x}, 300)
    assert np.mean(losses[-20:]) < losses[0]
    off = x * np.array([1.0, 1.0, -1.0, 1.0], "float32")
    usual, unusual = np.asarray(model({"numbers": x})), np.asarray(model({"numbers": off}))
    assert np.median(unusual) > np.quantile(usual, 0.95)


@pytest.mark.parametrize("template", RESTORING, ids=named)
def test_rows_that_are_trimmed_stay_unusual_though_they_are_learnt_from(template):
    rng = np.random.default_rng(0)
    t = rng.normal(size=(200, 1))
    x = t @ np.array([[1.0, -1.0, 0.5, 2.0]]) + 0.05 * rng.normal(size=(200, 4))
    x[:20] = 2.0 + 0.05 * rng.normal(size=(20, 4))  # a cluster of anomalies
    x, spec = x.astype("float32"), numbers_spec(4)
    gaps = {}
    for trim in (0.0, 0.15):
        model = built(template, (spec,), trim=trim, code=2)
        trained(model, {"numbers": x}, 400)
        score = np.asarray(model({"numbers": x}))[:, 0]
        gaps[trim] = np.mean(score[:20, None] > score[None, 20:])
    assert gaps[0.15] > 0.95 and gaps[0.15] >= gaps[0.0]


@pytest.mark.parametrize("template", RESTORING, ids=named)
def test_a_level_that_does_not_go_with_the_others_scores_higher(template):
    rng = np.random.default_rng(0)
    codes = np.repeat(rng.integers(1, 4, (200, 1)), 3, axis=1).astype("int32")  # three columns that agree
    spec = InputSpec("categories", "categories", (3,), "int32", 4, {"columns": ["a", "b", "c"], "sizes": [4, 4, 4]})
    model = built(template, (spec,), trim=0.0, code=2)
    trained(model, {"categories": codes}, 300)
    odd = codes.copy()
    odd[:, 1] = 1 + odd[:, 1] % 3
    assert np.min(model({"categories": odd})) > np.max(model({"categories": codes}))


@pytest.mark.parametrize("template", RESTORING, ids=named)
@pytest.mark.parametrize("reader", ["dense", "convolutions"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (9, 9, 4), (150, 20, 3)])
def test_pictures_of_any_size_are_restored(template, shape, reader):
    spec = image_spec(*shape)
    model = built(template, (spec,), reader=reader)
    assert model(testing.example_arrays([spec], 2), training=False).shape == (2, 1)
    errors = [layer for layer in model.layers if type(layer).__name__ == "ArrayError"]
    assert all(max(layer.input[0].shape[1:-1]) <= SIDE for layer in errors)


@pytest.mark.parametrize("template", RESTORING, ids=named)
@pytest.mark.parametrize("shape", [(1, 1), (37, 2), (STEPS + 44, 1)])
def test_series_of_any_length_are_convolved(template, shape):
    spec = series_spec(*shape)
    model = built(template, (spec,), reader="convolutions")
    assert model(testing.example_arrays([spec], 2), training=False).shape == (2, 1)


@pytest.mark.parametrize("template", [*RESTORING, SERIES_PREDICTOR], ids=named)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (37, 2), (STEPS + 44, 1)])
def test_series_of_any_length_are_read(template, shape):
    spec = series_spec(*shape)
    assert built(template, (spec,))(testing.example_arrays([spec], 2), training=False).shape == (2, 1)


@pytest.mark.parametrize("template", [*RESTORING, SERIES_PREDICTOR], ids=named)
def test_a_series_that_breaks_its_wave_scores_higher(template):
    rng = np.random.default_rng(0)
    steps = np.arange(48)
    phase = rng.uniform(0, 2 * np.pi, (64, 1))
    waves = (5 + 2 * np.sin(steps / 4 + phase) + 0.05 * rng.normal(size=(64, 48)))[:, :, None].astype("float32")
    spec = series_spec(48, 1)
    model = built(template, (spec,), trim=0.0)
    trained(model, {"series": waves}, 150)
    broken = waves.copy()
    broken[:, 20:30] = 5.0
    usual, unusual = np.asarray(model({"series": waves})), np.asarray(model({"series": broken}))
    assert np.median(unusual) > np.quantile(usual, 0.9)


@pytest.mark.parametrize("template", [*RESTORING, SERIES_PREDICTOR], ids=named)
def test_a_row_with_the_rows_before_it_is_judged_by_the_last_steps(template):
    spec = series_spec(64, 1)
    window = dataclasses.replace(spec, stats={**spec.stats, "judged": "last"})
    assert template.starts((spec,), Facts(500))[0]["judged"] == "all"
    assert template.starts((window,), Facts(500))[0]["judged"] == "last"
    x = testing.example_arrays([spec])
    moved = {"series": x["series"].copy()}
    moved["series"][:, 0] += 50.0
    whole, last = (np.asarray(built(template, (one,))(moved) - built(template, (one,))(x)) for one in (spec, window))
    assert (np.abs(last) < 0.2 * whole).all()


@pytest.mark.parametrize("template", RESTORING, ids=named)
def test_a_representation_is_the_code(template):
    specs = specs_of(template)
    x = testing.example_arrays(specs)
    model = built(template, specs, goal="represent", code=2)
    assert model(x, training=False).shape == (16, 8)
    losses = trained(model, x, 30)
    assert min(losses[-5:]) < losses[0]


@pytest.mark.parametrize("template", RESTORING, ids=named)
def test_restored_values_and_losses_are_of_single_precision_where_layers_are_not(template):
    specs = specs_of(template)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = built(template, specs)
    finally:
        keras.config.set_dtype_policy(before)
    score = model(testing.example_arrays(specs), training=True)
    assert "float32" in str(score.dtype) and all("float32" in str(loss.dtype) for loss in model.losses)
    errors = [layer for layer in model.layers if type(layer).__name__ in ("ArrayError", "CategoryError")]
    assert errors and all("float32" in str(tensor.dtype) for layer in errors for tensor in layer.input
                          if "int" not in str(tensor.dtype))  # fmt: skip


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_words_are_passed_over_and_what_cannot_be_read_is_told(template):
    task = example_task("anomaly")
    words = testing.example_specs(("tokens",), "anomaly")
    assert template.unfit(task, words) is not None
    if template is not SERIES_PREDICTOR:
        assert template.unfit(task, (*words, numbers_spec(2))) is None
    own = specs_of(template)
    assert template.unfit(task, own) is None


@pytest.mark.parametrize("template", [AUTOENCODER, VAE, SERIES_PREDICTOR], ids=named)
def test_the_first_start_is_safe_among_anomalies_and_the_second_for_normal_rows(template):
    for specs in (specs_of(template), specs_of(template, ("series",))):
        first, second = template.starts(specs, Facts(5_000))[:2]
        assert 0.1 <= first["trim"] <= 0.2 and second == {**first, "trim": 0.0}


def test_missing_statistics_of_columns_do_not_stop_a_network():
    spec = dataclasses.replace(numbers_spec(3), stats={})
    assert built(AUTOENCODER, (spec,))(testing.example_arrays([spec], 2)).shape == (2, 1)
