"""A variational autoencoder that generates pictures: a code is drawn from a learned prior, and a picture from the code.

It works with the principal components of pictures. The code begins as the first of them, the network tells mean and
scale of all, and a picture is drawn from both. So the blur of usual decoders stays small, and no code goes unused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.item_generators import (
    GOALS,
    PICTURES,
    coded_model,
    declare_rates,
    item_of,
    item_settings,
    starting_rates,
    unfit_components,
)

__all__ = ["KNOBS", "SOURCE", "build_vae", "space", "starts"]

KNOBS = ("learning_rate", "weight_decay", "dropout", "beta")
SOURCE = (
    "Kingma & Welling, ICLR 2014; Rybkin, Daniilidis & Levine (σ-VAE), ICML 2021; mixtures as priors: Tomczak & "
    "Welling (VampPrior), AISTATS 2018, and Jiang et al. (VaDE), IJCAI 2017"
)
MOST_COMPONENTS = 256
CODES = (16, 32, 64, 96)
MIXED = (5, 20, 50, 100)
ROWS_A_MIXED = 100
"""Training rows for each distribution of the prior, to begin with: with five of them it learns rows by heart."""
STEPS_WANTED = 6_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout, the weight of the divergence, code, width, depth and distributions of the prior."""
    start = starts(specs, facts)[0]
    declare_rates(hp, start)
    hp.Float("dropout", 0.0, 0.4, default=start["dropout"])
    hp.Float("beta", 0.1, 4.0, sampling="log", default=start["beta"])
    if "code" in start:
        hp.Choice("code", codes_of(specs), default=start["code"])
    hp.Choice("width", [128, 256, 512], default=start["width"])
    hp.Choice("depth", [1, 2, 3], default=start["depth"])
    hp.Choice("mixed", list(MIXED), default=start["mixed"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The full weight of the divergence; then twice as much with a smaller code, which is less apt to memorise."""
    sizes, rates = codes_of(specs), starting_rates(facts, steps_wanted=STEPS_WANTED)
    mixed = max([n for n in MIXED if n * ROWS_A_MIXED <= facts.n_rows], default=MIXED[0])
    first = {
        **rates, "learning_rate": 4e-3, "dropout": 0.0,
        "beta": 1.0, "width": 256, "depth": 2, "mixed": mixed,
    }  # fmt: skip
    second = {**first, "beta": 2.0}
    if len(sizes) > 1:
        first["code"], second["code"] = sizes[-1], sizes[-2]
    return [first, second]


def codes_of(specs: Sequence[InputSpec]) -> list[int]:
    """The sizes of a code to choose from: no larger than the number of components."""
    n_components = n_components_of(specs)
    return [size for size in CODES if size <= n_components] or [n_components]


def n_components_of(specs: Sequence[InputSpec]) -> int:
    """The components that a network works with."""
    return min(len(item_of(specs).stats["deviations"]), MOST_COMPONENTS)


def build_vae(
    name: str, choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head
) -> Any:
    """Build the network of the template `name`, uncompiled."""
    from automl.layers.latent_items import LatentItems

    settings = item_settings(specs)
    layer = LatentItems(
        **settings, n_components=n_components_of(specs), dims=choices.get("code", codes_of(specs)[-1]),
        width=choices["width"], depth=choices["depth"], n_mixed=max(choices["mixed"], len(settings["priors"]) - 1),
        textured=item_of(specs).kind == "series", beta=knobs["beta"], dropout=knobs["dropout"], name="items",
    )  # fmt: skip
    return coded_model(layer, specs, head, name)


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    return build_vae("image_vae", choices, knobs, specs, head)


IMAGE_VAE = Template(
    name="image_vae",
    title="variational autoencoder for pictures (VAE with a learned prior)",
    family="vae",
    goals=GOALS,
    accepts=PICTURES,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_components, "image_vae", PICTURES),
    source=SOURCE,
)
