"""A variational autoencoder that generates pictures: a code is drawn from a learned prior, and a picture from the code.

It works with the principal components of pictures. The code begins as the first of them, the network tells mean and
scale of all, and a picture is drawn from both. So the blur of usual decoders stays small, and no code goes unused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.item_generators import (
    GOALS,
    PICTURES,
    declare_rates,
    item_model,
    item_of,
    item_settings,
    starting_rates,
    unfit_items,
)

__all__ = ["KNOBS", "LEAST_BATCH", "SOURCE", "build_vae", "space", "starts", "unfit_vae"]

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
LEAST_BATCH = 64


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
    sizes, rates = codes_of(specs), starting_rates(facts, LEAST_BATCH, STEPS_WANTED)
    mixed = max([n for n in MIXED if n * ROWS_A_MIXED <= facts.n_rows], default=MIXED[0])
    first = {
        **rates, "batch_size": max(rates["batch_size"], LEAST_BATCH), "learning_rate": 4e-3, "dropout": 0.0,
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

    stats, settings = item_of(specs).stats, item_settings(specs)
    layer = LatentItems(
        **settings, n_components=n_components_of(specs), dims=choices.get("code", codes_of(specs)[-1]),
        width=choices["width"], depth=choices["depth"], n_mixed=max(choices["mixed"], len(settings["priors"]) - 1),
        textured=item_of(specs).kind == "series", beta=knobs["beta"], dropout=knobs["dropout"], name="items",
    )  # fmt: skip
    layer.code.fill(stats["center"], stats["components"], stats["deviations"])
    return item_model(layer, specs, head, name)


def unfit_vae(name: str, accepts: Sequence[Any], task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot be used: see `unfit_items`; and it needs principal components."""
    reason = unfit_items(name, accepts, task, specs)
    if reason is None and not len(item_of(specs).stats.get("deviations", ())):
        return f"{name} works with principal components; these items have none"
    return reason


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
    unfit=partial(unfit_vae, "image_vae", PICTURES),
    source=SOURCE,
)
