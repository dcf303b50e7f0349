"""A plug-in with a template of one dense layer that reads whatever there is, for tests of what lies around a network.

It is built and trained in a second. What is promised of a shipped template is tested on that one.
"""

from __future__ import annotations

from automl import records

PLUGIN = __file__
TINY_OPTIONS = {"templates": ["tiny"], "plugins": [PLUGIN]}
"""What `automl.fit` is given to search it alone."""


def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=3e-2)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-4)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 2, 10, default=6)


def features(spec, x):
    """A row's numbers ``(batch, n)``."""
    import keras

    from automl.layers.numbers import RobustScale

    if spec.kind == "numbers":
        return keras.layers.Flatten()(RobustScale(spec.stats["median"], spec.stats["scale"])(x))
    if spec.kind == "tokens":
        return keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(spec.size, 8)(x))
    if spec.kind == "image":
        return keras.layers.Flatten()(keras.layers.AveragePooling2D(2)(keras.layers.Rescaling(1 / 128, -1.0)(x)))
    return keras.layers.Flatten()(keras.layers.Rescaling(1 / max(spec.size, 1))(x))


def build(choices, knobs, specs, head):
    import keras

    from automl.layers.forecast import ContextRestore, ContextScale
    from automl.layers.output import RawOutput, starting_bias

    specs = [spec for spec in specs if spec.kind != "ngrams"]
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    seen, undo = dict(inputs), None
    if head.goal == "forecast":
        series = next(spec for spec in specs if spec.name == "series")
        scale = ContextScale(int(head.shape[1]), "last", series.stats["mean"], series.stats["std"])
        seen["series"], *undo = scale(inputs["series"])
    parts = [features(spec, seen[spec.name]) for spec in specs if spec.shape[-1]]  # Keras 3.10 wants every input used
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = RawOutput(head.shape, starting_bias(head))(x)
    return keras.Model(inputs, x if undo is None else ContextRestore()([x, *undo]), name="tiny")


TINY = records.Template(
    name="tiny", family="mlp", goals=("binary", "multiclass", "multilabel", "regression", "forecast"),
    accepts=("numbers", "categories", "tokens", "image", "series"), space=space, build=build,
    knobs=("learning_rate", "weight_decay"), starts=lambda specs, facts: [{}], unfit=lambda task, specs: None,
    source="none",
)  # fmt: skip
