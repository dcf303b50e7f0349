"""Convolutions over the past that predict the steps ahead. A series is unusual where it is predicted badly.

Each step is predicted from the steps that lie `ahead` or more before it, as a change of the last of them. The score is
the mean squared error over channels and all steps, or the last ones alone (`judged`), as where each row of a table is
judged with the rows before it. As in `autoencoder` the loss leaves out the worst series of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, GoalName, Head, InputSpec, Template
from automl.templates.shared.arrays import scaled_array
from automl.templates.shared.reconstruction import KNOBS, declare_training, starting_training
from automl.templates.shared.series import judged_for, one_series, steps_of

GOALS: tuple[GoalName, ...] = ("anomaly",)
KERNEL = 3


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, noise, the share of series left out, how far ahead it predicts, filters and layers."""
    declare_training(hp, specs, facts)
    aheads = aheads_of(specs)
    hp.Choice("ahead", aheads, default=min(4, aheads[-1]))
    if steps_of(specs) > 2:
        hp.Choice("judged", ["all", "last"], default=judged_for(specs))
    hp.Choice("filters", [16, 32, 64], default=32)
    hp.Int("layers", 2, 6, default=layers_for(specs))


def aheads_of(specs: Sequence[InputSpec]) -> list[int]:
    """How many steps ahead can be predicted: at most a quarter of the series."""
    return [1, *(steps for steps in (2, 4, 8, 16) if 4 * steps <= steps_of(specs))]


def layers_for(specs: Sequence[InputSpec]) -> int:
    """Layers whose dilated convolutions see about half of the series."""
    layers = 2
    while layers < 5 and (KERNEL - 1) * (2 ** (layers + 1) - 1) <= steps_of(specs) // 2:
        layers += 1
    return layers


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """For data with anomalies among them; for normal series alone; one step ahead; judged by other steps."""
    first = {
        **starting_training(specs, facts), "ahead": min(4, aheads_of(specs)[-1]), "filters": 32,
        "layers": layers_for(specs),
    }  # fmt: skip
    if steps_of(specs) <= 2:
        return [first, {**first, "trim": 0.0}]
    first["judged"] = judged_for(specs)
    other = {**first, "judged": "all" if first["judged"] == "last" else "last"}
    return [first, {**first, "trim": 0.0}, {**first, "ahead": 1}, other]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.noise import KnobNoise
    from automl.layers.ranks import ReferenceRank
    from automl.layers.reconstruction import ArrayError, RowLoss

    layers, small = keras.layers, keras.initializers.RandomNormal(stddev=0.01)
    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    target = scaled_array(inputs, spec)
    x = KnobNoise(knobs["noise"])(target)
    n_steps, ahead = int(target.shape[1]), int(choices["ahead"])
    for number in range(int(choices["layers"])):
        x = layers.Conv1D(
            int(choices["filters"]), KERNEL, padding="causal", dilation_rate=2**number, activation="gelu"
        )(x)  # fmt: skip
    change = layers.Dense(int(spec.shape[1]), kernel_initializer=small, dtype="float32")(x)
    if n_steps > ahead:
        before = layers.Cropping1D((0, ahead), dtype="float32")
        predicted = layers.Add(dtype="float32")([before(target), before(change)])
        target = layers.Cropping1D((ahead, 0), dtype="float32")(target)
    else:  # a single step is predicted from nothing
        predicted = change
    score = error = ArrayError(is_mean=True)([target, predicted])
    n_predicted = int(target.shape[1])
    if choices.get("judged") == "last" and n_predicted > ahead:
        last = layers.Cropping1D((n_predicted - ahead, 0), dtype="float32")
        score = ArrayError(is_mean=True)([last(target), last(predicted)])
    output = ReferenceRank()(RowLoss(knobs["trim"])([score, error]))
    return keras.Model({spec.name: inputs}, output, name="series_predictor")


SERIES_PREDICTOR = Template(
    name="series_predictor",
    title="convolutional predictor of the steps ahead",
    family="cnn",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(one_series, "series_predictor"),
    source="Munir, Siddiqui, Dengel & Ahmed (DeepAnT), IEEE Access 2019; dilated causal convolutions: Bai, Kolter & "
    "Koltun 2018; Liu & Paparrizos (TSB-AD), NeurIPS 2024",
)
