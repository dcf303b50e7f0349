"""A language model that learns texts, and makes texts out of noise."""

import keras
import keras_tuner
import numpy as np
import pytest
from generator_loop import check_training_loop
from own_steps import trained

from automl.deep.training import device
from automl.deep.training.network import DeviceData, Network
from automl.layers.causal_texts import END, PADDING, UNKNOWN, CausalTexts, picked_in_blocks
from automl.layers.row_codes import picked, uniform_of
from automl.records import Facts, Head, InputSpec
from automl.templates.text_transformer_lm import TEXT_TRANSFORMER_LM

N, LENGTH, SIZE = 96, 8, 40
NOISE = InputSpec("noise", "noise", (LENGTH,), "float32")
HEAD = Head("generate", (LENGTH,), "linear", "own")


def texts(seed=0):
    """Tokens that count up from a first one, and end: 5 6 7 end, 20 21 22 end."""
    rng = np.random.default_rng(seed)
    first, n = rng.choice([5, 20], N), rng.choice([3, 4], N)
    place = np.arange(LENGTH)
    ids = np.where(place < n[:, None], first[:, None] + place, np.where(place == n[:, None], END, PADDING))
    counts = np.bincount(ids.ravel(), minlength=SIZE) * (np.arange(SIZE) > 0)
    stats = {"columns": ["t"], "shares": (counts / counts.sum()).tolist(), "filled": float((ids > 0).mean())}
    spec = InputSpec("tokens", "tokens", (LENGTH,), "int32", SIZE, stats)
    return (spec, NOISE), {"tokens": ids.astype("int32"), "noise": rng.standard_normal((N, LENGTH)).astype("float32")}


def settings_of(specs, **settings):
    hp = keras_tuner.HyperParameters()
    TEXT_TRANSFORMER_LM.space(hp, specs, Facts(N))
    small = {"width": 64, "depth": 2, "dropout": 0.0}
    return {**hp.values, **TEXT_TRANSFORMER_LM.starts(specs, Facts(N))[0], **small, **settings}


def built(specs, seed=0, **settings):
    point = settings_of(specs, **settings)
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in TEXT_TRANSFORMER_LM.knobs}
    keras.utils.set_random_seed(seed)
    return TEXT_TRANSFORMER_LM.build(point, knobs, specs, HEAD), knobs


def generated(model, arrays):
    return np.asarray(model(arrays, training=False))


@pytest.fixture(scope="module")
def learnt():
    specs, arrays = texts()
    model, knobs = built(specs)
    return model, knobs, arrays, trained(model, arrays, 60)


def test_it_learns_the_texts_and_makes_texts_like_them(learnt):
    model, _, arrays, losses = learnt
    assert losses[-1] < 0.5 < losses[0]
    ids = generated(model, arrays)
    assert ids.shape == (N, LENGTH) and ids.dtype == np.float32
    known = {tuple(row) for row in arrays["tokens"].tolist()}
    assert np.mean([tuple(row) in known for row in ids.astype(int).tolist()]) > 0.8
    assert 0.3 < np.mean(ids[:, 0] == 5) < 0.7 and {3, 4} <= set(np.argmax(ids == END, axis=1).tolist())
    is_over = np.cumsum(ids == END, axis=1) - (ids == END) > 0
    assert np.all((ids == PADDING) == is_over) and not np.any(ids == UNKNOWN)


def test_texts_are_made_of_noise_alone_whatever_the_batch(learnt):
    model, _, arrays, _ = learnt
    ids = generated(model, arrays)
    nothing = {"tokens": np.zeros_like(arrays["tokens"]), "noise": arrays["noise"]}
    np.testing.assert_array_equal(generated(model, nothing), ids)
    for part in (slice(0, 1), slice(40, 57), slice(N - 3, N)):
        own = {name: array[part] for name, array in arrays.items()}
        np.testing.assert_array_equal(generated(model, own), ids[part])
    assert not np.array_equal(generated(model, {**arrays, "noise": -arrays["noise"]}), ids)


def test_tokens_are_drawn_by_the_shares_that_the_whole_pass_gives(learnt):
    """Keys and values that are kept say the same as a pass over all tokens before."""
    model, _, arrays, _ = learnt
    ids, layer = generated(model, arrays).astype("int32"), model.get_layer("texts")
    with layer.averages.applied():
        n = np.arange(N, dtype="int32")[:, None] + np.zeros_like(ids)
        before = np.pad(ids[:, :-1], [[0, 0], [1, 0]])
        logits = layer.logits(before, ids, np.arange(LENGTH, dtype="int32") + np.zeros_like(ids), n)
    logits = np.array(logits)
    logits[..., [PADDING, UNKNOWN]] = -1e9
    uniform = np.asarray(uniform_of(arrays["noise"]))
    expected = np.asarray(picked(logits.reshape(-1, SIZE), uniform.ravel())).reshape(N, LENGTH)
    assert np.mean((expected == ids)[ids != PADDING]) > 0.995


def test_packed_texts_have_the_loss_of_texts_one_by_one(learnt):
    model, _, arrays, _ = learnt
    layer = model.get_layer("texts")
    whole = CausalTexts.from_config({**layer.get_config(), "filled": 1.0, "name": "whole"})
    whole.build([(None, LENGTH), (None, LENGTH)])
    whole.set_weights(layer.get_weights())
    assert layer.filled < 0.8
    rows = np.asarray(layer.packed(arrays["tokens"])[1])
    assert rows.shape[0] < N and np.count_nonzero(rows) == np.count_nonzero(arrays["tokens"])
    singles = [float(whole.loss(arrays["tokens"][i : i + 1])) for i in range(12)]
    sizes = [np.count_nonzero(arrays["tokens"][i]) for i in range(12)]
    together = float(layer.loss(arrays["tokens"][:12]))
    np.testing.assert_allclose(together, np.average(singles, weights=sizes), rtol=1e-4)


def test_tokens_that_find_no_room_are_left_out():
    layer = CausalTexts(SIZE, LENGTH, 32, 1, 1, filled=0.5)
    layer.build([(None, LENGTH), (None, LENGTH)])
    full = np.full((6, LENGTH), 5, "int32")
    before, ids, place, text = (np.asarray(part) for part in layer.packed(full))
    assert before.shape == ids.shape == place.shape == text.shape == (3, LENGTH)
    assert np.isfinite(float(layer.loss(full))) and np.isfinite(float(layer.loss(np.zeros_like(full))))


def test_a_saved_model_makes_the_same_texts(learnt, tmp_path):
    model, _, arrays, _ = learnt
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(generated(loaded, arrays), generated(model, arrays))


def test_the_training_loop_draws_keeps_and_restores_the_averages_too():
    specs, arrays = texts()
    point = settings_of(specs, depth=1, dropout=0.1)
    knobs = {name: float(point[name]) for name in TEXT_TRANSFORMER_LM.knobs}
    choices = {name: value for name, value in point.items() if name not in knobs}
    valid = {name: array[:40] for name, array in arrays.items()}
    data = DeviceData.place(arrays, np.zeros((N, 1), np.float32), None, valid, 40)
    network = Network(TEXT_TRANSFORMER_LM, choices, knobs, specs, HEAD, data, device.prepare("cpu"))
    made = check_training_loop(network, knobs)
    detached = generated(network.detached(network.weights()), valid)
    assert np.mean(detached == made) > 0.99
    network.release()


def test_tokens_are_picked_in_blocks_as_at_once():
    rng = np.random.default_rng(0)
    logits = (3 * rng.standard_normal((3_000, 70))).astype("float32")
    logits[:, ::3] = -1e9
    uniform = np.clip(rng.random(3_000), 1e-6, 1 - 1e-6).astype("float32")
    uniform[:2] = 1e-6, 1 - 1e-6
    found = np.asarray(picked_in_blocks(logits, uniform))
    assert np.mean(found == np.asarray(picked(logits, uniform))) > 0.998
    assert found.max() < 70 and np.all(found % 3 > 0)


def test_settings_and_what_is_no_text():
    specs, _ = texts()
    for n_rows in (60, 5_000, 10**6):
        hp = keras_tuner.HyperParameters()
        TEXT_TRANSFORMER_LM.space(hp, specs, Facts(n_rows))
        starts = TEXT_TRANSFORMER_LM.starts(specs, Facts(n_rows))
        assert all(set(start) <= set(hp.values) for start in starts) and starts[0] == hp.values
        assert all(start not in starts[:place] for place, start in enumerate(starts))
    assert TEXT_TRANSFORMER_LM.unfit(None, specs) is None
    assert "tokens" in TEXT_TRANSFORMER_LM.unfit(None, specs[:1])
    numbers = InputSpec("numbers", "numbers", (3,), "float32")
    assert "numbers" in TEXT_TRANSFORMER_LM.unfit(None, (*specs, numbers))
    with pytest.raises(ValueError, match="divisible"):
        CausalTexts(SIZE, LENGTH, 33, 1, 4)
