"""How fast each variable learns, against a plain NumPy Adam with decoupled decay."""

import keras
import numpy as np
import pytest

from automl.deep.training import device
from automl.deep.training.network import DeviceData, Network
from automl.layers.rates import paced
from automl.records import Head, InputSpec, Template

HEAD = Head("regression", (1,), "linear", "mse")
SPECS = (InputSpec("numbers", "numbers", (3,), "float32"),)
KNOBS = {"learning_rate": 0.1, "weight_decay": 0.5}
PACE = {"kernel": 0.2, "bias": 3.0}


def build(choices, knobs, specs, head):
    inputs = {"numbers": keras.Input((3,), name="numbers")}
    dense = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")
    output = dense(inputs["numbers"])
    for name, rate in PACE.items():
        paced(getattr(dense, name), rate)
    return keras.Model(inputs, output)


def one_network(family):
    template = Template(
        "plain", family, ("regression",), ("numbers",), lambda *a: None, build, tuple(KNOBS),
        lambda *a: [], lambda *a: None, "",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")
    data = DeviceData.place({"numbers": x}, y, None, {"numbers": x}, 8)
    network = Network(template, {}, KNOBS, SPECS, HEAD, data, device.prepare("cpu"))
    network.reset(KNOBS, 8, 0)
    return network, x, y


@pytest.mark.parametrize(("family", "beta_2"), [("cnn", 0.999), ("mlp", 0.95)])
def test_a_variable_learns_as_fast_as_its_layer_noted_and_only_matrices_decay(family, beta_2):
    network, x, y = one_network(family)
    n_steps, rate = 5, 0.1
    network.train(np.tile(np.arange(8), (n_steps, 1)), np.full(n_steps, rate))
    weights = {"kernel": np.ones((3, 1)), "bias": np.ones(1)}
    first, second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))
    for step in range(1, n_steps + 1):
        error = 2 * (x @ weights["kernel"] + weights["bias"] - y) / len(y)
        gradients = {"kernel": x.T @ error, "bias": error.sum(axis=0)}
        for name, own in PACE.items():
            g, pace = gradients[name], rate * own
            weights[name] = weights[name] * (1 - pace * (0.5 if name == "kernel" else 0.0))
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = beta_2 * second[name] + (1 - beta_2) * g**2
            m, v = first[name] / (1 - 0.9**step), second[name] / (1 - beta_2**step)
            weights[name] = weights[name] - pace * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(weights["kernel"], network.weights()[0], rtol=1e-4)
    np.testing.assert_allclose(weights["bias"], network.weights()[1], rtol=1e-4)
