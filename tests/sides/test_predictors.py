"""Seeds are averaged, labels recomputed, decisions applied, and the compiled pass is traced once."""

import gc
import weakref
from dataclasses import dataclass

import numpy as np
import pytest

from automl.goals.shared.calibration import Decision
from automl.goals.shared.outputs import combine
from automl.records import Dataset, Head, InputSpec, Output
from automl.sides import predictors
from automl.sides.predictors import BlendPredictor, DeepPredictor, ShallowPredictor, raw, with_parts


def probabilities(*rows):
    p = np.array(rows, dtype="float64")
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


@dataclass
class Fixed:
    """A shallow model that always says the same."""

    said: Output

    def predict(self, dataset, rows):
        return Output(self.said.kind, {name: array[rows] for name, array in self.said.arrays.items()})


def test_probabilities_are_averaged_and_labels_follow_the_mean():
    mean = combine([probabilities([0.9, 0.1]), probabilities([0.4, 0.6]), probabilities([0.4, 0.6])])

    np.testing.assert_allclose([[1.7 / 3, 1.3 / 3]], mean.arrays["probabilities"])
    assert mean.arrays["labels"].tolist() == [0]  # by majority it would be 1


def test_multilabel_labels_are_each_label_on_its_own():
    def said(*p):
        return Output("probabilities", {"probabilities": np.array([p]), "labels": np.array([p]) >= 0.5})

    mean = combine([said(0.9, 0.2), said(0.3, 0.2)])

    assert mean.arrays["labels"].astype(int).tolist() == [[1, 0]]


def test_without_probabilities_the_majority_decides():
    said = [Output("labels", {"labels": np.array([code, 2])}) for code in (1, 0, 1)]

    assert combine(said).arrays["labels"].tolist() == [1, 2]


def test_values_and_quantiles_are_averaged():
    said = [
        Output("windows", {"values": np.full((1, 2, 1), v), "quantiles": np.full((1, 2, 1, 3), v)}) for v in (1.0, 3.0)
    ]
    mean = combine(said)

    assert mean.kind == "windows"
    assert (mean.arrays["values"] == 2.0).all() and mean.arrays["quantiles"].shape == (1, 2, 1, 3)


def test_a_single_seed_is_passed_through_untouched():
    said = probabilities([0.5, 0.5])

    assert combine([said]) is said


def test_a_decision_is_applied_to_the_mean():
    said = probabilities([0.45, 0.55], [0.1, 0.9])
    decision = Decision("binary", "accuracy", (1.0,), (0.0,), (0.8,))
    output = ShallowPredictor((Fixed(said), Fixed(said)), decision).output(None, np.array([0, 1]))

    assert output.arrays["labels"].tolist() == [0, 1]


def test_a_blend_is_the_weighted_mean_of_what_both_finalists_decided():
    certain, unsure = probabilities([0.2, 0.8], [0.1, 0.9]), probabilities([0.9, 0.1], [0.6, 0.4])
    decision = Decision("binary", "accuracy", (2.0,), (0.0,), (0.5,))
    deep, shallow = ShallowPredictor((Fixed(certain),), decision), ShallowPredictor((Fixed(unsure),))
    rows = np.array([0, 1])
    expected = combine((deep.output(None, rows), shallow.output(None, rows)), (0.25, 0.75))
    blend = BlendPredictor(deep, shallow, 0.25)

    assert blend.output(None, rows).arrays["probabilities"].tobytes() == expected.arrays["probabilities"].tobytes()
    assert blend.output(None, rows).arrays["labels"].tolist() == expected.arrays["labels"].tolist()
    assert with_parts("blend", blend) == {"deep": deep, "shallow": shallow, "blend": blend}
    assert with_parts("deep", deep) == {"deep": deep}


# --------------------------------------------------------------------------- deep


@dataclass
class Columns:
    """An encoder that hands two columns on, and a third input that no network asks for."""

    specs = (InputSpec("a", "numbers", (1,), "float32"), InputSpec("b", "numbers", (1,), "float32"))

    def transform(self, dataset, rows):
        values = dataset.inputs[rows].astype("float32")
        return {"a": values[:, :1], "b": values[:, 1:], "unused": values}

    def state(self):
        return {}


@dataclass
class Same:
    """A codec that leaves values as they are."""

    head = Head("regression", (1,), "linear", "mse")

    def decode(self, raw):
        return Output("values", {"values": raw.astype("float64")})

    def state(self):
        return {}


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(1)
    a, b = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    x = keras.layers.Dense(16, activation="relu")(keras.layers.Concatenate()([a, b]))
    return keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.Dropout(0.5)(x)))


def rows_of(n):
    return Dataset("data", np.random.default_rng(0).normal(size=(n, 2)))


def test_deep_predictions_are_those_of_the_network_without_dropout(network):
    dataset = rows_of(7)
    output = DeepPredictor((network,), Columns(), Same()).output(dataset, np.arange(7))
    x = dataset.inputs.astype("float32")

    expected = network.predict_on_batch({"a": x[:, :1], "b": x[:, 1:]})
    np.testing.assert_allclose(expected, output.arrays["values"], rtol=1e-5, atol=1e-6)


def test_batches_are_joined_in_order(network, monkeypatch):
    predictor, dataset = DeepPredictor((network, network), Columns(), Same()), rows_of(50)
    whole = predictor.output(dataset, np.arange(50)).arrays["values"]
    monkeypatch.setattr(predictors, "BATCH_SIZE", 8)

    np.testing.assert_allclose(whole, predictor.output(dataset, np.arange(50)).arrays["values"], rtol=1e-5, atol=1e-6)


def test_no_rows_give_no_predictions(network):
    output = DeepPredictor((network,), Columns(), Same()).output(rows_of(3), np.array([], dtype="int64"))

    assert output.arrays["values"].shape == (0, 1)


def test_other_batch_sizes_cost_no_new_trace(network):
    import tensorflow as tf

    arrays = Columns().transform(rows_of(300), np.arange(300))
    raw(network, arrays)
    traced = predictors.FORWARD[network]
    for n in (1, 7, 256, 300):
        raw(network, {name: array[:n] for name, array in arrays.items()})

    assert predictors.FORWARD[network] is traced and isinstance(traced, tf.types.experimental.ConcreteFunction)


def test_the_same_batch_gives_the_same_bits(network):
    arrays = Columns().transform(rows_of(300), np.arange(300))

    assert raw(network, arrays).tobytes() == raw(network, arrays).tobytes()


def test_one_row_runs_the_traced_graph_and_nothing_of_keras(network, monkeypatch):
    """What makes a row take one millisecond, where `model.predict` takes 80."""
    arrays = Columns().transform(rows_of(1), np.arange(1))
    expected = raw(network, arrays)

    def refuse(*arguments, **more):
        raise AssertionError("Keras was called")

    for method in ("__call__", "predict", "predict_on_batch", "predict_step", "call"):
        monkeypatch.setattr(type(network), method, refuse)
    assert np.array_equal(raw(network, arrays), expected)


def test_a_network_nobody_holds_is_forgotten():
    import keras

    model = keras.Sequential([keras.Input((1,), name="a"), keras.layers.Dense(1)])
    raw(model, {"a": np.zeros((2, 1), "float32")})
    alive = weakref.ref(model)
    assert model in predictors.FORWARD
    del model
    gc.collect()

    assert alive() is None
