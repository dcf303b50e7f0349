"""An adversarial network that generates pictures: a generator against a critic of real and generated pictures.

The generator bends principal components and adds a picture of convolutions. Its loss says little about how good the
pictures are.
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

MOST_COMPONENTS = 128
STEPS_WANTED = 2_500


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, the penalty of the critic's slope, width, channels and augmentation."""
    start = starts(specs, facts)[0]
    declare_rates(hp, start)
    hp.Float("penalty", 0.03, 10.0, sampling="log", default=start["penalty"])
    hp.Choice("width", [128, 256, 512], default=start["width"])
    hp.Choice("channels", [8, 16, 32], default=start["channels"])
    hp.Boolean("augmented", default=start["augmented"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A strong penalty, with which classes and kinds are less apt to be left out; then a weak one."""
    rates = starting_rates(facts, steps_wanted=STEPS_WANTED)
    first = {
        **rates, "learning_rate": 1e-3,
        "weight_decay": 1e-5, "penalty": 1.0, "width": 256, "channels": 16, "augmented": True,
    }  # fmt: skip
    return [first, {**first, "penalty": 0.1}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    from automl.layers.adversarial_items import AdversarialItems

    stats = item_of(specs).stats
    layer = AdversarialItems(
        **item_settings(specs), n_components=min(len(stats["deviations"]), MOST_COMPONENTS), width=choices["width"],
        channels=choices["channels"], penalty=knobs["penalty"], augmented=choices["augmented"], name="items",
    )  # fmt: skip
    return coded_model(layer, specs, head, "image_gan")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the others were tried, which need fewer steps."""
    return 1 / 3


IMAGE_GAN = Template(
    name="image_gan",
    title="adversarial network for pictures (GAN)",
    family="gan",
    goals=GOALS,
    accepts=PICTURES,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "penalty"),
    starts=starts,
    unfit=partial(unfit_components, "image_gan", PICTURES),
    prior=prior,
    is_game=True,
    source="Goodfellow et al., NeurIPS 2014; Huang et al. (R3GAN), NeurIPS 2024; Zhao et al. (DiffAugment), NeurIPS "
    "2020; Miyato & Koyama, ICLR 2018",
)
