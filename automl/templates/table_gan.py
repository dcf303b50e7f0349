"""A generative adversarial network for rows of a table: a generator against a critic of real and generated rows.

Numbers are normal scores; categories are drawn as one-hot codes. Its loss says little
about how good the rows are, and it needs more steps than the networks that learn likelihoods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.generators import (
    ACCEPTS,
    GOALS,
    declare_rates,
    generator_model,
    levels_of,
    number_edges,
    starting_training,
    unfit_generator,
)


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, the penalty of the critic's slope, width and depth."""
    start = starts(specs, facts)[0]
    declare_rates(hp, start)
    hp.Float("penalty", 0.01, 10.0, sampling="log", default=start["penalty"])
    hp.Choice("width", [128, 256, 512], default=start["width"])
    hp.Choice("depth", [1, 2, 3], default=start["depth"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A weak penalty; then a strong one."""
    training = starting_training(specs, facts)
    first = {
        "batch_size": training["batch_size"], "epochs": training["epochs"], "learning_rate": 5e-4,
        "weight_decay": 1e-5, "penalty": 0.3, "width": 256, "depth": 2,
    }  # fmt: skip
    return [first, {**first, "penalty": 3.0}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    from automl.layers.adversarial import AdversarialRows

    layer = AdversarialRows(
        number_edges(specs, 2), levels_of(specs), choices["width"], choices["depth"], knobs["penalty"], name="rows",
    )  # fmt: skip
    return generator_model(layer, specs, head, "table_gan")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until all others were tried: it was the farthest from the rows of the table measured."""
    return 1 / 4


TABLE_GAN = Template(
    name="table_gan",
    title="adversarial network for tables (GAN)",
    family="gan",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "penalty"),
    starts=starts,
    unfit=partial(unfit_generator, "table_gan"),
    prior=prior,
    is_game=True,
    source="Goodfellow et al., NeurIPS 2014; Huang et al. (R3GAN), NeurIPS 2024; Xu et al. (CTGAN), NeurIPS 2019",
)
