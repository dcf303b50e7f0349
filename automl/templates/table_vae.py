"""A variational autoencoder that generates rows of a table: a latent code is drawn, and the columns are drawn from it.

Numbers are bins of their rank. The prior is learned: a mixture of normal distributions behind invertible couplings. So
the codes may say much about a row (β below 1), and rows drawn from the prior still look like those that were coded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.generators import (
    ACCEPTS,
    GOALS,
    KNOBS,
    declare_training,
    generator_model,
    level_edges,
    starting_training,
    unfit_generator,
)


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout, the weight of the divergence, bins, code, width, depth and prior."""
    start = starts(specs, facts)[0]
    declare_training(hp, start)
    hp.Float("beta", 0.02, 1.0, sampling="log", default=start["beta"])
    hp.Choice("code", [8, 16, 32, 48], default=start["code"])
    hp.Choice("width", [128, 256, 512], default=start["width"])
    hp.Choice("depth", [1, 2, 3], default=start["depth"])
    hp.Choice("prior", ["flow", "mixture"], default=start["prior"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A flexible prior; then the full weight of the divergence with a mixture."""
    first = {
        **starting_training(specs, facts), "beta": 0.05, "code": 32, "width": 256, "depth": 2, "prior": "flow",
    }  # fmt: skip
    return [first, {**first, "beta": 1.0, "prior": "mixture"}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    from automl.layers.latent_rows import LatentRows

    edges, levels = level_edges(choices, specs)
    layer = LatentRows(
        edges, levels, choices["code"], choices["width"], choices["depth"], 64,
        8 if choices["prior"] == "flow" else 0, knobs["beta"], knobs["dropout"], name="rows",
    )  # fmt: skip
    return generator_model(layer, specs, head, "table_vae")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until generators that draw columns one by one were tried: they were nearer to the rows measured."""
    return 1 / 3


TABLE_VAE = Template(
    name="table_vae",
    title="variational autoencoder for tables (VAE with a learned prior)",
    family="vae",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=(*KNOBS, "beta"),
    starts=starts,
    unfit=partial(unfit_generator, "table_vae"),
    prior=prior,
    source="Kingma & Welling, ICLR 2014; Xu et al. (TVAE), NeurIPS 2019; learned priors: Tomczak & Welling "
    "(VampPrior), AISTATS 2018, and Dinh et al. (Real NVP), ICLR 2017",
)
