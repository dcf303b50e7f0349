"""Networks that learn to represent rows: that they learn what is planted, repeat themselves, and read no label."""

import keras
import keras_tuner
import numpy as np
import own_steps
import pytest

from automl import testing
from automl.layers.losses import loss_for
from automl.metrics.probe import cross_fitted
from automl.records import Facts, Head, InputSpec
from automl.templates.masked import MASKED
from automl.templates.scarf import SCARF
from automl.templates.simclr import SIMCLR
from automl.testing.examples import example_task

EVERY = [MASKED, SCARF, SIMCLR]
N_ROWS, DIMS = 240, 4


def named(template):
    return template.name


def head(dims=DIMS):
    return Head("represent", (dims,), "linear", "own", is_code=True)


def built(template, specs, seed=0, dims=DIMS, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(N_ROWS))
    point = {**hp.values, **template.starts(specs, Facts(N_ROWS))[0], **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs if name in point}
    keras.utils.set_random_seed(seed)
    return template.build(point, knobs, specs, head(dims))


def trained(model, arrays, n_steps, target=None):
    """Steps on all rows at once; returns the losses."""
    truth = np.zeros((len(next(iter(arrays.values()))), 1), "float32") if target is None else target
    loss_of = loss_for(head())
    return own_steps.trained(model, arrays, n_steps, loss_of=lambda output: loss_of(truth, output))


def told(vectors, classes):
    """The share of rows whose class a probe names."""
    scores = cross_fitted(np.asarray(vectors, np.float64), classes, 2)
    return float((scores.argmax(axis=1) == classes).mean())


def projected(array):
    """A random projection of what the network reads."""
    flat = np.asarray(array, np.float64).reshape(len(array), -1)
    return flat @ np.random.default_rng(0).normal(size=(flat.shape[1], DIMS))


def planted_table(rng, classes):
    """Eight of 24 columns say a little of the class, and so something of each other."""
    x = rng.normal(size=(N_ROWS, 24))
    x[:, :8] += 0.7 * (2 * classes[:, None] - 1)
    stats = {"median": [0.0] * 24, "scale": [1.0] * 24, "missing": [0.0] * 24}
    spec = InputSpec("numbers", "numbers", (24,), "float32", stats=stats)
    return spec, x.astype("float32"), x


def planted_levels(rng, classes):
    """Four of eight columns hold a level of the class's own."""
    codes = rng.integers(1, 5, (N_ROWS, 8))
    codes[:, :4] = 1 + 2 * classes[:, None] + rng.integers(0, 2, (N_ROWS, 4))
    stats = {"columns": list("abcdefgh"), "sizes": [5] * 8}
    spec = InputSpec("categories", "categories", (8,), "int32", 5, stats)
    return spec, codes.astype("int32"), np.eye(5)[codes]


def planted_picture(rng, classes):
    """A bar, upright or lying, anywhere and of any brightness."""
    x = np.zeros((N_ROWS, 12, 12, 1))
    for row, place in enumerate(rng.integers(1, 10, N_ROWS)):
        light = rng.uniform(80, 250)
        if classes[row]:
            x[row, place : place + 2] = light
        else:
            x[row, :, place : place + 2] = light
    x = np.clip(x + 10 * rng.normal(size=x.shape), 0, 255).astype("uint8")
    spec = InputSpec("image", "image", (12, 12, 1), "uint8", stats={"mean": [40.0], "std": [60.0]})
    return spec, x, x / 60.0


def planted_series(rng, classes):
    """Waves of two lengths, which begin anywhere."""
    steps, begin = np.arange(48), rng.uniform(0, 2 * np.pi, (N_ROWS, 1))
    x = np.sin(steps / np.where(classes, 2.0, 5.0)[:, None] + begin) + 0.2 * rng.normal(size=(N_ROWS, 48))
    spec = InputSpec("series", "series", (48, 1), "float32", stats={"mean": [0.0], "std": [0.7]})
    return spec, x[:, :, None].astype("float32"), x


def planted_waves(rng, classes):
    """Waves of two lengths beneath noise, which begin where the series does."""
    waves = np.sin(np.arange(48) / np.where(classes, 2.0, 5.0)[:, None])
    x = 0.6 * waves + rng.normal(size=(N_ROWS, 48))
    spec = InputSpec("series", "series", (48, 1), "float32", stats={"mean": [0.0], "std": [1.1]})
    return spec, x[:, :, None].astype("float32"), x


def planted_text(rng, classes):
    """A third of the words come from the class's own ten words."""
    words = np.where(
        rng.random((N_ROWS, 12)) < 0.35,
        rng.integers(2, 12, (N_ROWS, 12)) + 10 * classes[:, None],
        rng.integers(22, 60, (N_ROWS, 12)),
    ).astype("int32")
    words[:, 9:] *= rng.integers(0, 2, (N_ROWS, 1))
    spec = InputSpec("tokens", "tokens", (12,), "int32", 60, {"columns": ["text"]})
    return spec, words, np.stack([np.bincount(row, minlength=60)[2:] for row in words])


PLANTED = [
    (SCARF, planted_table, 150), (SCARF, planted_levels, 150), (MASKED, planted_table, 150),
    (MASKED, planted_levels, 150), (MASKED, planted_picture, 150), (MASKED, planted_waves, 150),
    (MASKED, planted_text, 150), (SIMCLR, planted_picture, 100), (SIMCLR, planted_series, 100),
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("template", "planted", "n_steps"), PLANTED, ids=lambda one: getattr(one, "name", getattr(one, "__name__", one))
)
def test_classes_are_told_better_than_from_a_random_projection(template, planted, n_steps):
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, N_ROWS)
    spec, array, read = planted(rng, classes)
    model = built(template, (spec,))
    losses = trained(model, {spec.name: array}, n_steps)
    assert np.mean(losses[-10:]) < np.mean(losses[:3])
    vectors = np.asarray(model({spec.name: array}, training=False))
    assert vectors.shape == (N_ROWS, DIMS)
    assert told(vectors, classes) > told(projected(read), classes) + 0.05


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_vectors_do_not_change_from_call_to_call_and_hide_nothing(template):
    specs = testing.example_specs(template.accepts, "represent")
    model, x = built(template, specs), testing.example_arrays(specs)
    once = np.asarray(model(x, training=False))
    np.testing.assert_array_equal(once, model(x, training=False))
    assert model.losses == []
    some = {name: array[:3] for name, array in x.items()}
    np.testing.assert_allclose(model(some, training=False), once[:3], rtol=1e-4, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_the_same_seed_draws_the_same_and_no_label_is_read(template):
    specs = testing.example_specs(template.accepts, "represent")
    x, ends = testing.example_arrays(specs), []
    labels = np.arange(16, dtype="float32")[:, None]
    for seed, target in ((1, np.zeros_like(labels)), (1, 100 * labels), (2, np.zeros_like(labels))):
        model = built(template, specs, seed=seed)
        trained(model, x, 2, target)
        ends.append(np.asarray(model(x, training=False)))
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


@pytest.mark.parametrize("template", EVERY, ids=named)
@pytest.mark.parametrize("dims", [2, 5])
def test_a_vector_has_as_many_numbers_as_asked(template, dims):
    specs = testing.example_specs(template.accepts, "represent")
    assert built(template, specs, dims=dims)(testing.example_arrays(specs)).shape == (16, dims)


@pytest.mark.parametrize("template", [MASKED, SIMCLR], ids=named)
@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (70, 20, 3)])
@pytest.mark.parametrize("convolved", [False, True])
def test_pictures_of_any_size_are_read(template, shape, convolved):
    stats = {"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]}
    spec = InputSpec("image", "image", shape, "uint8", stats=stats)
    reader = "convolutions" if convolved else "dense" if template is MASKED else "gradients"
    assert built(template, (spec,), reader=reader)(testing.example_arrays([spec], 3), training=True).shape[1] == DIMS


@pytest.mark.parametrize("template", [MASKED, SIMCLR], ids=named)
@pytest.mark.parametrize("shape", [(1, 1), (37, 2), (300, 1)])
def test_series_of_any_length_are_read(template, shape):
    stats = {"mean": [5.0] * shape[-1], "std": [2.0] * shape[-1]}
    spec = InputSpec("series", "series", shape, "float32", stats=stats)
    assert built(template, (spec,))(testing.example_arrays([spec], 3), training=True).shape[1] == DIMS


def test_what_cannot_be_read_is_told():
    task = example_task("represent")
    one = InputSpec("numbers", "numbers", (1,), "float32", stats={"median": [0.0], "scale": [1.0]})
    image, ngrams = (testing.example_specs((kind,), "represent") for kind in ("image", "ngrams"))
    assert "two at least" in SCARF.unfit(task, (one,))
    assert "this task has image" in SCARF.unfit(task, (one, *image))
    assert "this task has image, numbers" in SIMCLR.unfit(task, (*image, one))
    assert "this task has ngrams" in MASKED.unfit(task, ngrams)
