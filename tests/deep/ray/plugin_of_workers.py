"""A plug-in file that workers load too: a small template, and ones that end their process or never end."""

import os
import signal
import time
from pathlib import Path

from automl.records import Template

MARKS = "AUTOML_TEST_MARKS"  # a folder in which a template notes that it was built


def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 2, 6, default=4)
    hp.Choice("width", [4, 8], default=8)


def build(choices, knobs, specs, head):
    import keras

    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    x = keras.layers.Dense(int(choices["width"]), activation="relu")(inputs["numbers"])
    return keras.Model(inputs, keras.layers.Dense(head.shape[0])(x))


def mark():
    (Path(os.environ[MARKS]) / f"{time.monotonic_ns()}-{os.getpid()}").touch()


def dies_always(choices, knobs, specs, head):
    mark()
    os.kill(os.getpid(), signal.SIGKILL)


def never_ends(choices, knobs, specs, head):
    mark()
    time.sleep(1000)


def long_space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 100_000, 200_000, default=100_000)
    hp.Choice("width", [4, 8], default=8)


def _template(name, build=build, space=space):
    return Template(
        name=name, family="mlp", goals=("binary",), accepts=("numbers",), space=space, build=build,
        knobs=("learning_rate", "weight_decay"), starts=lambda specs, facts: [{"width": 8}],
        unfit=lambda task, specs: None, source="none",
    )  # fmt: skip


TINY = _template("tiny")
DIES_ALWAYS = _template("dies_always", dies_always)
NEVER_ENDS = _template("never_ends", never_ends)
LONG = _template("long", space=long_space)
