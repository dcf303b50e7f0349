"""Trains on one and on two logical CPU devices and prints what came of it as JSON; run by test_parallel.py.

TensorFlow takes logical devices before its first use only, so this needs a process of its own.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import numpy as np


def main() -> None:
    import keras
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

    from automl.deep.training import device
    from automl.deep.training.data_parallel import ParallelNetwork, Replicas
    from automl.deep.training.network import DeviceData, Network
    from automl.layers.adam import CLIP_NORM
    from automl.layers.dropout import KnobDropout
    from automl.records import Head, InputSpec, Template

    CLIP_NORM["rnn"] = 0.05  # tight enough to bind
    policy = device.prepare("all")
    found: dict[str, object] = {"policy": [policy.name, *policy.replicas]}

    rng = np.random.default_rng(0)
    x = rng.normal(size=(203, 5)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] > 0).astype("float32")
    weight = rng.uniform(0.2, 3.0, size=203)
    specs = (InputSpec("numbers", "numbers", (5,), "float32", 0, {}),)
    head = Head("binary", (1,), "sigmoid", "binary_crossentropy", (), (0.5, 0.5))
    data = DeviceData.place({"numbers": x}, y, weight, {"numbers": x[:70]}, 70)
    replicas = Replicas(policy.replicas, data)

    def build(choices, knobs, specs, head):
        inputs = keras.Input((5,), name="numbers")
        h = keras.layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3))(inputs)
        if choices["norm"]:
            h = keras.layers.BatchNormalization(momentum=0.9)(h)
        if choices["dropout"]:
            h = KnobDropout(knobs["rate"])(h)
        return keras.Model({"numbers": inputs}, keras.layers.Dense(1)(h))

    def template(family):
        return Template("tiny", family, ("binary",), ("numbers",), lambda hp, specs, facts: None, build,
                        ("learning_rate", "weight_decay", "rate"), lambda specs, facts: [], lambda task, specs: None,
                        "none")  # fmt: skip

    knobs = {"learning_rate": 0.01, "weight_decay": 0.01, "rate": 0.5}

    def network(n, norm=False, dropout=False, family="mlp"):
        parts = (template(family), {"norm": norm, "dropout": dropout}, knobs, specs, head)
        return Network(*parts, data, policy) if n == 1 else ParallelNetwork(*parts, replicas, policy)

    def batches(seed, n_steps=12, size=25):  # 25 rows: twelve on one device, thirteen on the other
        draw = np.random.default_rng(seed)
        return np.stack([draw.permutation(203)[:size] for _ in range(n_steps)]), np.full(n_steps, 0.01, "float32")

    def losses(net, seeds):
        return [net.train(*batches(seed, n_steps=1)) for seed in seeds]

    for name, options in {"plain": {}, "norm": {"norm": True}, "clipped": {"family": "rnn"}}.items():
        one, two = network(1, **options), network(2, **options)
        for net in (one, two):
            net.reset(knobs, 25, seed=3)
        found[name] = {
            "first weights": all(np.array_equal(a, b) for a, b in zip(one.weights(), two.weights(), strict=True)),
            "losses": [losses(net, range(30)) for net in (one, two)],
            "many steps": [net.train(*batches(99)) for net in (one, two)],
            "weights": max(float(np.abs(a - b).max()) for a, b in zip(one.weights(), two.weights(), strict=True)),
            "outputs": float(np.abs(one.predict_valid() - two.predict_valid()).max()),
            "few rows": float(np.abs(one.predict({"numbers": x[:1]}) - two.predict({"numbers": x[:1]})).max()),
        }
        if name == "norm":
            copies = [replicas.strategy.experimental_local_results(v.value) for v in two.model.variables]
            found["copies"] = max(float(np.abs(a.numpy() - b.numpy()).max()) for a, b in copies)
            restored = network(1, norm=True)
            restored.reset(knobs, 25, seed=4)
            restored.set_weights(two.weights())
            found["restored elsewhere"] = float(np.abs(restored.predict_valid() - two.predict_valid()).max())
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "m.keras"
                two.detached(two.weights()).save(path)
                loaded = keras.models.load_model(path)
            raw = np.asarray(loaded({"numbers": x[:70]}, training=False))
            found["saved"] = float(np.abs(raw - two.predict_valid()).max())

    # a snapshot goes on bit by bit, dropout included, in another network
    net = network(2, norm=True, dropout=True)
    net.reset(knobs, 25, seed=5)
    net.train(*batches(0))
    state = net.state()
    expected = losses(net, range(5)), net.weights()
    other = network(2, norm=True, dropout=True)
    other.reset(knobs, 25, seed=6)
    other.set_state(state)
    again = losses(other, range(5)), other.weights()
    found["resumed"] = expected[0] == again[0] and all(map(np.array_equal, expected[1], again[1]))
    net.reset(knobs, 25, seed=5)
    masks = np.asarray([
        [c.numpy()[1] for c in replicas.strategy.experimental_local_results(state)] for state in net._seeds
    ])  # fmt: skip
    found["masks differ"] = bool((masks[:, 0] != masks[:, 1]).all())
    del net, other
    found["trainer"] = through_a_trainer(policy)
    print(json.dumps(found))


def through_a_trainer(policy):
    """A whole trial of the shipped mlp, spread because the policy says so."""
    from automl import catalog
    from automl.deep.data import TrainingData
    from automl.deep.messages import TrialSpec
    from automl.deep.training.trainer import Trainer
    from automl.records import Facts, Head, InputSpec, Output, Template

    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")[:, None]

    class Codec:
        head = Head("binary", (1,), "sigmoid", "binary_crossentropy", (), (0.5, 0.5))

        def decode(self, raw):
            p = 1 / (1 + np.exp(-raw[:, 0].astype("float64")))
            return Output("probabilities", {"probabilities": np.stack([1 - p, p], 1), "labels": (p > 0.5).astype(int)})

    specs = (InputSpec("numbers", "numbers", (3,), "float32", 0, {"median": [0.0] * 3, "scale": [1.0] * 3}),)
    training_data = TrainingData(
        {"numbers": x[:200]},
        y[:200],
        None,
        {"numbers": x[200:]},
        y[200:, 0].astype(int),
        None,
        {},
        specs,
        Codec(),
        "roc_auc",
    )
    mlp = catalog.members(Template, "automl.templates")["mlp"]
    settings = {**mlp.starts(specs, Facts(200, 2, (0.5, 0.5)))[0], "epochs": 10, "batch_size": 32}
    report = Trainer(training_data, {"mlp": mlp}, policy).run(TrialSpec("mlp-1", "mlp", settings, 0, math.inf))
    return {"device": report.device, "failure": report.failure, "score": report.fit and report.fit.score}


if __name__ == "__main__":
    main()
