"""Backbones of pictures in folders: small ones with random weights."""

from __future__ import annotations

import json

import numpy as np

MOBILE = {"application": "MobileNet", "alpha": 0.125, "input_size": 32}


def mobile(top=False, classes=5):
    """A narrow MobileNet with random weights of some size, so that vectors tell pictures apart."""
    import keras

    network = keras.applications.MobileNet(
        alpha=0.125, weights=None, include_top=top, input_shape=(32, 32, 3), classes=classes
    )
    randomised(network)
    return network


def randomised(network, seed=0):
    rng = np.random.default_rng(seed)
    for variable in network.variables:
        if len(variable.shape) > 1:
            fan_in = np.prod(variable.shape[:2] if variable.shape[-1] == 1 else variable.shape[:-1])
            variable.assign(rng.normal(0, 1.75 / np.sqrt(fan_in), variable.shape))


def own_network(channels=1, side=12, extra=None):
    """Two convolutions of layers of Keras."""
    import keras

    inputs = keras.Input((side, side, channels))
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same", name="first")(inputs)
    x = x if extra is None else extra(x)
    network = keras.Model(inputs, keras.layers.Conv2D(6, 3, strides=2, activation="relu", name="last")(x))
    randomised(network, 1)
    return network


def described(folder, config):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def mobile_folder(folder, **changes):
    """A published architecture with its weights."""
    mobile().save_weights(described(folder, {**MOBILE, **changes}) / "model.weights.h5")
    return folder


def own_folder(folder, channels=1, extra=None, **config):
    """A network of one's own."""
    own_network(channels, extra=extra).save(described(folder, {"preprocessing": "unit", **config}) / "model.keras")
    return folder
