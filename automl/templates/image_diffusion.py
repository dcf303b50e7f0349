"""Diffusion that generates pictures: a velocity learned by flow matching carries noise to codes of pictures.

A code is the first principal components of a picture, so a dense network is enough. What they leave out is blur.
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

__all__ = ["KNOBS", "SOURCE", "build_flow", "prior", "space", "starts"]

KNOBS = ("learning_rate", "weight_decay", "dropout")
SOURCE = (
    "Lipman et al., 'Flow Matching for Generative Modeling', ICLR 2023; Liu, Gong & Liu (rectified flow), ICLR 2023; "
    "Karras et al. (EDM), NeurIPS 2022; times: Esser et al., ICML 2024; in a linear code, after Rombach et al. (latent "
    "diffusion), CVPR 2022"
)
N_COMPONENTS = (32, 64, 128, 256)
USUAL_COMPONENTS = 128
STEPS_WANTED = 2_400
USUAL_BATCH = 256
WIDTH, PICTURE_WIDTH = 512, 256
"""Of the first trial, which is short: on the pictures measured, the narrow one takes 2.4 times as many steps."""
RATE = 2e-3
"""For batches of the usual size. On the pictures measured, 1e-3 learnt more slowly and 5e-3 hardly anything."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout, what components count and how many there are, width and depth."""
    start = starts(specs, facts)[0]
    declare_rates(hp, start)
    hp.Float("dropout", 0.0, 0.4, default=start["dropout"])
    hp.Float("emphasis", 0.5, 1.5, default=start["emphasis"])
    hp.Choice("width", [256, 512, 1024], default=start["width"])
    hp.Choice("depth", [2, 3, 4, 6], default=start["depth"])
    if "components" in start:
        hp.Choice("components", n_components_of(specs), default=start["components"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The usual number of components; then all of them, or few. One number: without dropout, then with it."""
    is_picture = item_of(specs).kind == "image"
    rates, sizes = starting_rates(facts, USUAL_BATCH, STEPS_WANTED), n_components_of(specs)
    is_usual = rates["batch_size"] >= USUAL_BATCH
    first = {
        **rates, "learning_rate": RATE if is_usual else 0.5 * RATE, "dropout": 0.0, "emphasis": 1.0, "depth": 3,
        "width": PICTURE_WIDTH if is_picture else WIDTH,
    }  # fmt: skip
    if len(sizes) == 1:
        return [first, {**first, "dropout": 0.2}]
    usual = min(sizes, key=lambda size: abs(size - USUAL_COMPONENTS))
    return [{**first, "components": usual}, {**first, "components": sizes[-1 if sizes[-1] != usual else 0]}]


def n_components_of(specs: Sequence[InputSpec]) -> list[int]:
    """The numbers of components to choose from, of those that there are, ascending."""
    most = len(item_of(specs).stats["deviations"])
    return [size for size in N_COMPONENTS if size < 0.8 * most] + [min(most, N_COMPONENTS[-1])]


def build_flow(
    name: str, choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head
) -> Any:
    """Build the network of the template `name`, uncompiled."""
    from automl.layers.flow_items import FlowItems

    layer = FlowItems(
        **item_settings(specs), n_components=choices.get("components", n_components_of(specs)[-1]),
        width=choices["width"], depth=choices["depth"], emphasis=choices["emphasis"], dropout=knobs["dropout"],
        name="items",
    )  # fmt: skip
    return coded_model(layer, specs, head, name)


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    return build_flow("image_diffusion", choices, knobs, specs, head)


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Neutral."""
    return 1.0


IMAGE_DIFFUSION = Template(
    name="image_diffusion",
    title="diffusion model for pictures (flow matching)",
    family="diffusion",
    goals=GOALS,
    accepts=PICTURES,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_components, "image_diffusion", PICTURES),
    prior=prior,
    source=SOURCE,
)
