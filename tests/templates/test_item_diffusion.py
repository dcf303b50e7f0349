"""Diffusion of pictures and series: built from specs, trained by the search's loop, drawn from noise alone."""

import keras
import keras_tuner
import numpy as np
import pytest
from generator_loop import check_training_loop

from automl import catalog
from automl.deep.training import device
from automl.deep.training.network import DeviceData, Network
from automl.records import Facts, Head, InputSpec, Template
from automl.templates.image_diffusion import IMAGE_DIFFUSION
from automl.templates.series_diffusion import SERIES_DIFFUSION

BOTH = [IMAGE_DIFFUSION, SERIES_DIFFUSION]
N_ROWS = 256
SHAPES = {"image_diffusion": (4, 4, 1), "series_diffusion": (8, 2)}
TINY = {"width": 64, "depth": 1}


def named(template):
    return template.name


def data(template, has_classes=True, n=N_ROWS):
    """Specs and arrays: one half of the items is bright, of class 2, the other dark, of class 1."""
    rng, shape = np.random.default_rng(0), SHAPES[template.name]
    classes = 1 + (rng.random(n) < 0.5)
    bright = np.where(classes == 2, 0.6, -0.6).reshape(n, *[1] * len(shape))
    scaled = bright + 0.1 * rng.standard_normal((n, *shape))
    if template is IMAGE_DIFFUSION:
        kind, items = "image", np.rint(np.clip(127.5 * (1 + scaled), 0, 255)).astype("uint8")
        stats, flat = {"mean": [127.5], "std": [127.5]}, (items / 127.5 - 1).reshape(n, -1)
    else:
        kind, items = "series", (5 + 3 * scaled).astype("float32")
        stats, flat = {"mean": [5.0, 5.0], "std": [3.0, 3.0]}, scaled.reshape(n, -1)
    _, sizes, components = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    stats |= {"center": flat.mean(0), "components": components, "deviations": sizes / np.sqrt(n)}
    specs, arrays = [InputSpec(kind, kind, shape, str(items.dtype), stats=stats)], {kind: items}
    if has_classes:
        priors = {"columns": ["class"], "sizes": [3], "priors": [[0.0, 0.5, 0.5]]}
        specs.append(InputSpec("categories", "categories", (1,), "int32", 3, priors))
        arrays["categories"] = classes[:, None].astype("int32")
    specs.append(InputSpec("noise", "noise", (1 + 32,), "float32"))
    return tuple(specs), arrays | {"noise": rng.standard_normal((n, 1 + 32)).astype("float32")}


def head_of(specs):
    return Head("generate", (int(np.prod(specs[0].shape)) + (len(specs) == 3),), "linear", "own")


def settings_of(template, specs, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(N_ROWS))
    return {**hp.values, **template.starts(specs, Facts(N_ROWS))[0], **TINY, **settings}


def built(template, specs, **settings):
    point = settings_of(template, specs, **settings)
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(0)
    return template.build(point, knobs, specs, head_of(specs))


def network(template, specs, arrays, **settings):
    point = settings_of(template, specs, **settings)
    knobs = {name: float(point[name]) for name in template.knobs}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    valid = {name: array[:40] for name, array in arrays.items()}
    placed = DeviceData.place(arrays, np.zeros((N_ROWS, 1), np.float32), None, valid, 40)
    made = Network(template, choices, knobs, specs, head_of(specs), placed, device.prepare("cpu"))
    made.reset(knobs, 64, 0)
    return made, knobs


def generated(model, arrays):
    return np.asarray(model(arrays, training=False))


@pytest.mark.parametrize("has_classes", [True, False], ids=["classes", "no classes"])
@pytest.mark.parametrize("template", BOTH, ids=named)
def test_items_are_made_of_noise_alone_and_a_saved_model_makes_the_same(template, has_classes, tmp_path):
    specs, arrays = data(template, has_classes)
    model = built(template, specs)
    assert set(arrays) == {tensor.name for tensor in model.inputs}
    assert model.output_shape == (None, *head_of(specs).shape)
    rows = generated(model, arrays)
    assert rows.shape == (N_ROWS, *head_of(specs).shape) and rows.dtype == np.float32 and np.isfinite(rows).all()
    others = {name: np.zeros_like(array) if name != "noise" else array for name, array in arrays.items()}
    np.testing.assert_array_equal(generated(model, others), rows)
    assert not np.array_equal(generated(model, {**arrays, "noise": -arrays["noise"]}), rows)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(generated(keras.models.load_model(tmp_path / "m.keras"), arrays), rows)


@pytest.mark.parametrize("template", BOTH, ids=named)
def test_the_training_loop_learns_items_of_each_class(template):
    specs, arrays = data(template)
    made, _ = network(template, specs, arrays)
    rng = np.random.default_rng(1)
    losses = [made.train(rng.integers(0, N_ROWS, (50, 64)), np.full(50, 5e-3)) for _ in range(6)]
    assert losses[-1] < losses[0]
    noise = rng.standard_normal((400, 33)).astype("float32")
    rows = made.predict({**{name: np.zeros((400, *array.shape[1:]), array.dtype) for name, array in arrays.items()},
                         "noise": noise})  # fmt: skip
    brightness, classes = rows[:, :-1].mean(axis=1), rows[:, -1]
    assert set(np.unique(classes)) == {1.0, 2.0} and 0.4 < np.mean(classes == 2.0) < 0.6
    assert np.mean((brightness > 0) == (classes == 2.0)) > 0.95
    assert np.mean(np.abs(np.abs(brightness) - 0.6) < 0.2) > 0.9
    made.release()


@pytest.mark.parametrize("template", BOTH, ids=named)
def test_the_training_loop_draws_keeps_and_restores_the_averages_too(template):
    specs, arrays = data(template, has_classes=False)
    made, knobs = network(template, specs, arrays)
    first = check_training_loop(made, knobs)
    valid = {name: array[:40] for name, array in arrays.items()}
    np.testing.assert_allclose(generated(made.detached(made.weights()), valid), first, rtol=1e-4, atol=1e-4)
    made.release()


@pytest.mark.parametrize("n_rows", [50, 256, 9_000, 100_000])
@pytest.mark.parametrize("template", BOTH, ids=named)
def test_starts_are_of_the_space_and_none_is_given_twice(template, n_rows):
    for n_components in (1, 10, 40, 256):
        spec = data(template)[0][0]
        stats = {**spec.stats, "deviations": np.ones(n_components)}
        specs = (InputSpec(spec.name, spec.kind, spec.shape, spec.dtype, stats=stats),)
        hp = keras_tuner.HyperParameters()
        template.space(hp, specs, Facts(n_rows))
        starts = template.starts(specs, Facts(n_rows))
        assert all(set(start) <= set(hp.values) for start in starts)
        assert all(start not in starts[:place] for place, start in enumerate(starts))
        for start in starts:
            chosen = {one.name: one.values for one in hp.space if type(one).__name__ == "Choice"}
            assert all(start[name] in values for name, values in chosen.items())
            assert start.get("components", n_components) <= n_components


@pytest.mark.parametrize("template", BOTH, ids=named)
def test_what_it_cannot_make_is_told(template):
    specs, _ = data(template)
    other, _ = data(BOTH[1 - BOTH.index(template)])
    assert template.unfit(None, specs) is None
    assert "no input of noise" in template.unfit(None, specs[:-1])
    assert template.accepts[0] not in {spec.kind for spec in other} and template.unfit(None, other) is not None
    bare = InputSpec(specs[0].name, specs[0].kind, specs[0].shape, specs[0].dtype, stats={"mean": [0.0], "std": [1.0]})
    assert "principal components" in template.unfit(None, (bare, *specs[1:]))


def test_the_catalog_finds_both():
    found = catalog.members(Template, "automl.templates")
    assert found["image_diffusion"] is IMAGE_DIFFUSION and found["series_diffusion"] is SERIES_DIFFUSION
