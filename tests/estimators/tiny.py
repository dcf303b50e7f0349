"""A template that is built and trained in a second, so that scikit-learn's checks can fit dozens of networks."""

from automl import records


def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=3e-2)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-4)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 5, 60, default=30)


def build(choices, knobs, specs, head):
    import keras

    from automl.layers.numbers import RobustScale
    from automl.layers.output import RawOutput, starting_bias

    (spec,) = specs
    x = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
    scaled = RobustScale(spec.stats["median"], spec.stats["scale"])(x)
    return keras.Model({spec.name: x}, RawOutput(head.shape, starting_bias(head))(scaled), name="tiny")


TINY = records.Template(
    name="tiny", family="mlp", goals=("binary", "multiclass", "multilabel", "regression"), accepts=("numbers",),
    space=space, build=build, knobs=("learning_rate", "weight_decay"), starts=lambda specs, facts: [{}],
    unfit=lambda task, specs: None if [spec.kind for spec in specs] == ["numbers"] else "it reads numbers",
    source="none",
)  # fmt: skip
