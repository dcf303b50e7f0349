"""An autoencoder of pictures' oriented gradients: what it restores badly is unusual.

Gradients of two scales and shrunk pixels stand on principal components that the encoder measured. The network restores
the coordinates; what lies outside of the components counts as not restored. A linear map stands beside the dense
layers, so that a projection on fewer components is among what it can learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.pictures import image_of, unfit_for

KNOBS = ("learning_rate", "weight_decay", "noise", "trim")
N_STEPS = 1_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, noise, the share of rows left out, the code and the layers."""
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("noise", 0.0, 0.5, default=start["noise"])
    hp.Float("trim", 0.0, 0.3, default=start["trim"])
    hp.Choice("batch_size", [32, 64, 128], default=start["batch_size"])
    hp.Int("epochs", 5, 200, step=5, default=start["epochs"])
    hp.Choice("code", [4, 8, 16, 32], default=start["code"])
    hp.Choice("width", [64, 128, 256], default=start["width"])
    hp.Int("layers", 1, 2, default=start["layers"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """For normal pictures alone; for some anomalies among them; with longer and shorter codes; with noise."""
    epochs = round(N_STEPS * 64 / max(facts.n_rows, 1) / 5) * 5
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-4, "noise": 0.0, "trim": 0.0, "batch_size": 64,
        "epochs": min(max(epochs, 5), 200), "code": 16, "width": 128, "layers": 1,
    }  # fmt: skip
    return [first, {**first, "trim": 0.15}, {**first, "code": 32}, {**first, "noise": 0.3}, {**first, "code": 8}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.gradients import GradientFeatures
    from automl.layers.linear_code import PrincipalParts
    from automl.layers.noise import KnobNoise
    from automl.layers.pixels import ChannelScale
    from automl.layers.ranks import ReferenceRank
    from automl.layers.reconstruction import ArrayError, RowLoss

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    x = ChannelScale(spec.stats["mean"], spec.stats["std"], dtype="float32")(inputs)
    measured = spec.stats["gradients"]
    parts = PrincipalParts(measured["components"].shape[1], len(measured["components"]))
    parts.fill(measured["center"], measured["components"], measured["deviations"])
    target, outside = parts(GradientFeatures()(x))  # (batch, components), (batch, 1)
    widths = [int(choices["width"]) >> number for number in range(int(choices["layers"]))]
    code = _dense_and_linear(KnobNoise(knobs["noise"])(target), widths, int(choices["code"]))
    restored = _dense_and_linear(code, widths[::-1], int(target.shape[-1]))
    error = ArrayError()([target, restored])  # (batch, 1)
    score = keras.layers.Add(dtype="float32")([error, outside])
    score = keras.layers.Rescaling(1.0 / len(measured["components"]), dtype="float32")(score)
    return keras.Model({spec.name: inputs}, ReferenceRank()(RowLoss(knobs["trim"])([score, score])), name=NAME)


def _dense_and_linear(x: Any, widths: Sequence[int], size: int) -> Any:
    """Dense layers of these widths and a linear map beside them, added, ``(batch, size)`` float32."""
    import keras

    hidden = x
    for width in widths:
        hidden = keras.layers.Dense(width, activation="gelu")(hidden)
    ways = [
        keras.layers.Dense(size, dtype="float32")(hidden),
        keras.layers.Dense(size, use_bias=False, dtype="float32")(x),
    ]
    return keras.layers.Add(dtype="float32")(ways)


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads one image whose gradients were measured."""
    words = unfit_for(NAME, task, specs)
    if words is None and "gradients" not in image_of(specs).stats:
        return f"{NAME} reads principal components of gradients, and these pictures are too few or all alike"
    return words


NAME = "gradient_autoencoder"
GRADIENT_AUTOENCODER = Template(
    name=NAME,
    title="autoencoder of oriented gradients",
    family="autoencoder",
    goals=("anomaly",),
    accepts=("image",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=unfit,
    source="Sakurada & Yairi, MLSDA 2014 (anomalies); Dalal & Triggs, CVPR 2005 (gradients); Shen & Sanghavi, ICML "
    "2019 (trimmed loss)",
)
