"""Networks that learn the rows of a table, and make rows out of noise."""

import itertools

import keras
import keras_tuner
import numpy as np
import own_steps
import pytest
from generator_loop import check_training_loop

from automl.deep.training import device
from automl.deep.training.network import DeviceData, Network
from automl.records import Facts, Head, InputSpec
from automl.templates.shared.generators import bin_edges, levels_of
from automl.templates.table_ar import TABLE_AR, order_of
from automl.templates.table_diffusion import TABLE_DIFFUSION
from automl.templates.table_gan import TABLE_GAN
from automl.templates.table_vae import TABLE_VAE

EVERY = [TABLE_AR, TABLE_VAE, TABLE_DIFFUSION, TABLE_GAN]
N_ROWS = 512


def named(template):
    return template.name


def table(kinds=("numbers", "categories"), seed=0):
    """Specs and arrays: two numbers that go together, and two columns of categories that tell their sign.

    Code 0 of the first and code 1 of the second never come.
    """
    rng = np.random.default_rng(seed)
    sign = rng.random(N_ROWS) < 0.5
    size = np.abs(rng.standard_normal(N_ROWS))
    numbers = np.stack([np.where(sign, size, -size), np.where(sign, size, -size)], 1).astype("float32")
    codes = np.stack([1 + sign, np.where(sign, 0, 2 + (rng.random(N_ROWS) < 0.5))], 1).astype("int32")
    specs, arrays = [], {}
    if "numbers" in kinds:
        specs.append(InputSpec("numbers", "numbers", (2,), "float32", stats={"columns": ["a", "b"]}))
        arrays["numbers"] = numbers
    if "categories" in kinds:
        shares = [np.bincount(column, minlength=4) / N_ROWS for column in codes.T]
        stats = {"sizes": [4, 4], "priors": [share.tolist() for share in shares], "columns": ["c", "d"]}
        specs.append(InputSpec("categories", "categories", (2,), "int32", 4, stats))
        arrays["categories"] = codes
    n_noise = 64 + 2 * 2 * len(specs)
    specs.append(InputSpec("noise", "noise", (n_noise,), "float32"))
    arrays["noise"] = rng.standard_normal((N_ROWS, n_noise)).astype("float32")
    return tuple(specs), arrays


def head_of(specs):
    return Head("generate", (sum(spec.shape[0] for spec in specs if spec.kind != "noise"),), "linear", "own")


def settings_of(template, specs, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(N_ROWS))
    return {**hp.values, **template.starts(specs, Facts(N_ROWS))[0], **settings}


def built(template, specs, seed=0, **settings):
    point = settings_of(template, specs, **settings)
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(seed)
    return template.build(point, knobs, specs, head_of(specs))


def trained(model, arrays, n_steps=300):
    return own_steps.trained(model, arrays, n_steps, beta_1=0.5)


def generated(model, arrays):
    return np.asarray(model(arrays, training=False))


@pytest.mark.parametrize("kinds", [("numbers", "categories"), ("numbers",), ("categories",)])
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_rows_are_made_of_noise_alone(template, kinds):
    specs, arrays = table(kinds)
    model = built(template, specs, width=128)
    assert set(arrays) == {tensor.name for tensor in model.inputs}
    assert model.output_shape == (None, *head_of(specs).shape)
    trained(model, arrays, 3)
    rows = generated(model, arrays)
    assert rows.shape == (N_ROWS, *head_of(specs).shape) and rows.dtype == np.float32 and np.isfinite(rows).all()
    others = {name: np.zeros_like(array) if name != "noise" else array for name, array in arrays.items()}
    np.testing.assert_array_equal(generated(model, others), rows)
    np.testing.assert_array_equal(generated(model, arrays), rows)
    assert not np.array_equal(generated(model, {**arrays, "noise": -arrays["noise"]}), rows)


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_a_saved_model_makes_the_same_rows(template, tmp_path):
    specs, arrays = table()
    model = built(template, specs, width=128)
    trained(model, arrays, 5)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(generated(loaded, arrays), generated(model, arrays))


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_codes_that_never_came_are_never_generated(template):
    specs, arrays = table()
    model = built(template, specs, width=128, depth=2, prior="mixture")
    for n_steps in (0, 4):
        trained(model, arrays, n_steps)
        codes = generated(model, arrays)[:, 2:]
        assert set(np.unique(codes[:, 0])) <= {1.0, 2.0} and set(np.unique(codes[:, 1])) <= {0.0, 2.0, 3.0}


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_what_goes_together_in_the_table_goes_together_in_generated_rows(template):
    specs, arrays = table()
    model = built(template, specs, width=128, depth=2, prior="mixture")
    trained(model, arrays, 800 if template is TABLE_GAN else 300)
    rows = generated(model, arrays)
    numbers, codes = rows[:, :2], rows[:, 2:]
    assert np.corrcoef(numbers.T)[0, 1] > 0.5
    assert np.mean((codes[:, 0] == 2) == (codes[:, 1] == 0)) > 0.8
    assert np.mean((codes[:, 0] == 2) == (numbers[:, 0] > 0)) > 0.8
    assert 0.3 < np.mean(codes[:, 0] == 2) < 0.7 and np.all(numbers.std(axis=0) > 0.5)


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_one_column_is_enough(template):
    noise = InputSpec("noise", "noise", (66,), "float32")
    numbers = InputSpec("numbers", "numbers", (1,), "float32", stats={"columns": ["a"], "ties": [[[0.25, 0.75]]]})
    arrays = {"numbers": np.zeros((8, 1), "float32"), "noise": np.zeros((8, 66), "float32")}
    model = built(template, (numbers, noise), width=128)
    assert np.isfinite(trained(model, arrays, 2)).all() and generated(model, arrays).shape == (8, 1)
    constant = InputSpec("categories", "categories", (1,), "int32", 3, {"sizes": [3], "priors": [[0.0, 0.0, 1.0]]})
    arrays = {"categories": np.full((8, 1), 2, "int32"), "noise": np.zeros((8, 66), "float32")}
    model = built(template, (constant, noise), width=128)
    assert np.isfinite(trained(model, arrays, 2)).all()
    np.testing.assert_array_equal(generated(model, arrays), np.full((8, 1), 2.0))


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_the_training_loop_draws_keeps_and_restores_the_averages_too(template):
    specs, arrays = table()
    point = settings_of(template, specs, width=128, depth=2, prior="mixture")
    knobs = {name: float(point[name]) for name in template.knobs}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    valid = {name: array[:40] for name, array in arrays.items()}
    data = DeviceData.place(arrays, np.zeros((N_ROWS, 1), np.float32), None, valid, 40)
    network = Network(template, choices, knobs, specs, head_of(specs), data, device.prepare("cpu"))
    made = check_training_loop(network, knobs)
    np.testing.assert_allclose(generated(network.detached(network.weights()), valid), made, rtol=1e-4, atol=1e-4)
    network.release()


@pytest.mark.thorough
@pytest.mark.parametrize("template", EVERY, ids=named)
def test_more_columns_than_there_is_noise_for_the_whole_row(template):
    noise = InputSpec("noise", "noise", (64 + 2 * 70,), "float32")
    specs = (InputSpec("numbers", "numbers", (70,), "float32", stats={"columns": list(map(str, range(70)))}), noise)
    rng = np.random.default_rng(0)
    arrays = {spec.name: rng.standard_normal((4, *spec.shape)).astype("float32") for spec in specs}
    model = built(template, specs, width=128)
    assert np.isfinite(trained(model, arrays, 2)).all()
    rows = generated(model, arrays)
    assert rows.shape == (4, 70) and np.isfinite(rows).all() and np.all(rows.std(axis=0) > 0)


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_settings_that_cannot_matter_are_not_declared(template):
    def names(kinds):
        specs, _ = table(kinds)
        hp = keras_tuner.HyperParameters()
        template.space(hp, specs, Facts(N_ROWS))
        starts = template.starts(specs, Facts(N_ROWS))
        assert all(set(start) <= set(hp.values) for start in starts)
        assert all(start not in starts[:place] for place, start in enumerate(starts))
        return set(hp.values)

    assert {"learning_rate", "weight_decay", "batch_size", "epochs"} <= names(("numbers", "categories"))
    assert "bins" not in names(("categories",))


@pytest.mark.parametrize("template", EVERY, ids=named)
def test_what_is_no_table_is_told(template):
    specs, _ = table()
    assert template.unfit(None, specs) is None
    assert "no input of noise" in template.unfit(None, specs[:-1])
    words = InputSpec("text", "tokens", (20,), "int32", 100)
    assert "tokens" in template.unfit(None, (*specs, words))
    assert "noise" in template.unfit(None, specs[-1:])


def test_edges_cut_no_tie_in_two():
    assert bin_edges([], 4) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert bin_edges([(0.0, 0.3), (0.3, 0.9), (0.9, 1.0)], 4) == [0.0, 0.3, 0.9, 1.0]
    zeros = bin_edges([(0.1, 0.9)], 64)
    assert zeros[zeros.index(0.1) :][:2] == [0.1, 0.9] and 64 <= len(zeros) <= 66 and np.diff(zeros).min() > 0.003
    steps = np.linspace(0.0, 1.0, 1_001)
    edges = bin_edges(list(itertools.pairwise(steps)), 32)
    assert len(edges) == 33 and set(edges) <= set(steps)
    heavy = bin_edges([(0.0, 0.9), *itertools.pairwise(np.linspace(0.9, 1.0, 500))], 32)
    assert heavy[:2] == [0.0, 0.9] and 32 <= len(heavy) <= 34


def test_levels_without_priors_are_all_that_there_are():
    spec = InputSpec("categories", "categories", (2,), "int32", 3, {"sizes": [2, 3], "priors": [[0.0, 1.0], [0, 0, 0]]})
    assert levels_of([spec]) == [[1], [0, 1, 2]]
    assert levels_of([InputSpec("categories", "categories", (1,), "int32", 3, {"sizes": [3]})]) == [[0, 1, 2]]


def test_orders_of_the_columns():
    assert order_of("given", [4, 2, 9]) == [0, 1, 2]
    assert order_of("fewest_levels", [4, 2, 9]) == [1, 0, 2]
    assert order_of("most_levels", [4, 2, 9]) == [2, 0, 1]
