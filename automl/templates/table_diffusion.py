"""Discrete diffusion that generates rows of a table: columns are hidden at random, and found again one after another.

Numbers are bins of their rank. Unlike an autoregressive network it learns to draw the columns in any order.
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
    """Declare rates, dropout, bins, width and depth."""
    start = starts(specs, facts)[0]
    declare_training(hp, start)
    hp.Choice("width", [128, 256, 512], default=start["width"])
    hp.Choice("depth", [1, 2, 3], default=start["depth"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A wide network; then a narrow one."""
    first = {**starting_training(specs, facts), "width": 512, "depth": 2}
    return [first, {**first, "width": 256}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    from automl.layers.absorbing import AbsorbingRows

    edges, levels = level_edges(choices, specs)
    layer = AbsorbingRows(
        edges, levels, width=choices["width"], depth=choices["depth"], dropout=knobs["dropout"], name="rows"
    )
    return generator_model(layer, specs, head, "table_diffusion")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until an autoregressive network was tried, which was nearer to the rows of the table measured."""
    return 1 / 2


TABLE_DIFFUSION = Template(
    name="table_diffusion",
    title="diffusion model for tables (masked diffusion)",
    family="diffusion",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_generator, "table_diffusion"),
    prior=prior,
    source="Austin et al. (D3PM), NeurIPS 2021; Hoogeboom et al., 'Autoregressive Diffusion Models', ICLR 2022; Shi et "
    "al. (TabDiff), ICLR 2025",
)
