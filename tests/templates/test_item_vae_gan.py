"""Variational autoencoders of pictures and series, and an adversarial network of pictures."""

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.engine.hyperparameters import Choice

from automl.deep.training import device
from automl.deep.training.network import DeviceData, Network
from automl.records import Facts, Head, InputSpec
from automl.templates.image_gan import IMAGE_GAN
from automl.templates.image_vae import IMAGE_VAE
from automl.templates.series_vae import SERIES_VAE

EVERY = [IMAGE_VAE, IMAGE_GAN, SERIES_VAE]
PRIORS = [0.0, 0.5, 0.5]
N_ROWS = 240
SMALL = {"width": 128, "channels": 16, "depth": 1, "mixed": 5}


def named(template):
    return template.name


def is_picture(template):
    return template.accepts[0] == "image"


def problem(template, shape=None, has_classes=True, n_components=12):
    """Specs and arrays: items of class 1 have a bright first half, those of class 2 a bright second half."""
    rng = np.random.default_rng(0)
    shape = shape or ((10, 9, 1) if is_picture(template) else (20, 2))
    classes = 1 + np.arange(N_ROWS) % 2
    half = np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1)) < shape[0] // 2
    bright = np.where(half[None] == (classes == 1).reshape(-1, *[1] * len(shape)), 1.0, -1.0)
    items = 0.6 * bright + 0.1 * rng.standard_normal((N_ROWS, *shape))
    flat = items.reshape(N_ROWS, -1)
    _, deviations, components = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    stats = {
        "mean": [0.0] * shape[-1], "std": [1.0] * shape[-1], "center": flat.mean(0).astype("float32"),
        "components": components[:n_components].astype("float32"),
        "deviations": (deviations[:n_components] / N_ROWS**0.5).astype("float32"),
    }  # fmt: skip
    if is_picture(template):
        specs = [InputSpec("image", "image", shape, "uint8", stats=stats)]
        arrays = {"image": np.clip(np.rint(127.5 * items + 127.5), 0, 255).astype("uint8")}
    else:
        specs = [InputSpec("series", "series", shape, "float32", stats=stats)]
        arrays = {"series": items.astype("float32")}
    if has_classes:
        specs.append(InputSpec("categories", "categories", (1,), "int32", 3, {"sizes": [3], "priors": [PRIORS]}))
        arrays["categories"] = classes[:, None].astype("int32")
    specs.append(InputSpec("noise", "noise", (513,), "float32"))
    arrays["noise"] = rng.standard_normal((N_ROWS, 513)).astype("float32")
    return tuple(specs), arrays


def head_of(specs):
    return Head("generate", (int(np.prod(specs[0].shape)) + len(specs) - 2,), "linear", "own")


def settings_of(template, specs, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(N_ROWS))
    known = {**hp.values, **template.starts(specs, Facts(N_ROWS))[0]}
    return {**known, **{name: value for name, value in settings.items() if name in known}}


def built(template, specs, **settings):
    point = settings_of(template, specs, **settings)
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(0)
    return template.build(point, knobs, specs, head_of(specs))


def network_of(template, specs, arrays, **settings):
    point = settings_of(template, specs, **settings)
    knobs = {name: float(point[name]) for name in template.knobs}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    valid = {name: array[:80] for name, array in arrays.items()}
    data = DeviceData.place(arrays, np.zeros((N_ROWS, 1), np.float32), None, valid, 80)
    return Network(template, choices, knobs, specs, head_of(specs), data, device.prepare("cpu")), knobs


def generated(model, arrays):
    return np.asarray(model(arrays, training=False))


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_items_of_any_size_with_and_without_classes(template):
    shapes = [(8, 11, 4), (13, 8, 1)] if is_picture(template) else [(30, 1), (7, 3)]
    for shape, has_classes, n_components in zip(shapes, (False, True), (1, 9), strict=True):
        specs, arrays = problem(template, shape, has_classes, n_components)
        model = built(template, specs, **SMALL)
        few = {name: array[:6] for name, array in arrays.items()}
        assert set(few) == {tensor.name for tensor in model.inputs}
        model(few, training=True)
        items = generated(model, few)
        assert items.shape == (6, *head_of(specs).shape) and np.isfinite(items).all()


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_a_saved_model_makes_the_same_items(template, tmp_path):
    specs, arrays = problem(template)
    model = built(template, specs, **SMALL)
    model({name: array[:8] for name, array in arrays.items()}, training=True)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(generated(loaded, arrays), generated(model, arrays))


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_the_training_loop_learns_classes_and_keeps_and_restores_all(template):
    specs, arrays = problem(template)
    network, knobs = network_of(template, specs, arrays, **SMALL)
    steps = 150 if template is IMAGE_GAN else 60
    rows = np.random.default_rng(0).integers(0, N_ROWS, (steps, 32)).astype("int32")
    rates = np.full(steps, 1e-3 if template is IMAGE_GAN else 5e-3)

    def begun(n_steps):
        network.reset(knobs, 32, 1)
        return network.train(rows[:n_steps], rates[:n_steps]), network.predict_valid()

    (loss, few), (again, same) = begun(3), begun(3)
    assert loss == again and np.array_equal(few, same)
    _, made = begun(steps)
    state = network.state()
    network.train(rows[:2], rates[:2])
    assert not np.array_equal(network.predict_valid(), made)
    network.set_state(state)
    np.testing.assert_array_equal(network.predict_valid(), made)
    items, classes = made[:, :-1].reshape(len(made), specs[0].shape[0], -1), made[:, -1]
    middle = specs[0].shape[0] // 2
    begins_bright = items[:, :middle].mean((1, 2)) > items[:, middle:].mean((1, 2))
    assert set(np.unique(classes)) == {1.0, 2.0}
    assert np.mean(begins_bright == (classes == 1)) > 0.8
    np.testing.assert_allclose(items.std(), 0.6, atol=0.25)
    network.release()


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_starts_lie_in_the_space_and_differ(template):
    for n_components in (1, 40, 256):
        specs, _ = problem(template, (16, 16, 1) if is_picture(template) else (200, 2), n_components=n_components)
        hp = keras_tuner.HyperParameters()
        template.space(hp, specs, Facts(N_ROWS))
        starts = template.starts(specs, Facts(N_ROWS))
        assert len(starts) == 2 and starts[0] != starts[1]
        assert all(set(start) <= set(hp.values) for start in starts)
        for choice in (parameter for parameter in hp.space if isinstance(parameter, Choice)):
            assert all(start[choice.name] in choice.values for start in starts if choice.name in start)


def test_the_prior_begins_with_as_many_distributions_as_there_are_rows_for_and_one_a_class():
    specs, _ = problem(IMAGE_VAE)
    found = [IMAGE_VAE.starts(specs, Facts(n_rows))[0]["mixed"] for n_rows in (60, 2_500, 8_438, 90_000)]
    assert found == [5, 20, 50, 100]
    many = InputSpec("categories", "categories", (1,), "int32", 8, {"priors": [[0.0] + [1 / 7] * 7]})
    point = settings_of(IMAGE_VAE, specs, mixed=5)
    model = IMAGE_VAE.build(point, {"beta": 1.0, "dropout": 0.0}, (specs[0], many, specs[-1]), head_of(specs))
    assert model.get_layer("items").prior.n_components == 7


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_what_is_no_item_is_told(template):
    specs, _ = problem(template)
    assert template.unfit(None, specs) is None
    assert "no input of noise" in template.unfit(None, specs[:-1])
    words = InputSpec("text", "tokens", (20,), "int32", 100)
    assert "tokens" in template.unfit(None, (*specs, words))
    bare = InputSpec(specs[0].name, specs[0].kind, specs[0].shape, specs[0].dtype)
    assert "principal components" in template.unfit(None, (bare, specs[-1]))
