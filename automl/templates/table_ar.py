"""An autoregressive network for rows of a table: each column is drawn from what the columns before it tell.

Numbers are bins of their rank; a number lies anywhere in its bin. A masked dense network gives the distributions of all
columns in one pass, so that training costs no more than a classifier's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

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
    useless,
)

ORDERS = ("fewest_levels", "given", "most_levels")
WIDTHS = (128, 256, 512)


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout, bins, the order of the columns, width and depth."""
    start = starts(specs, facts)[0]
    declare_training(hp, start)
    if "order" in start:
        hp.Choice("order", list(ORDERS), default=start["order"])
    hp.Choice("width", list(WIDTHS), default=start["width"])
    hp.Choice("depth", [2, 3], default=start["depth"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A wide network; then columns of many levels first; then a narrow one."""
    first = {**starting_training(specs, facts), "order": "fewest_levels", "width": 512, "depth": 3, "dropout": 0.1}
    others = [{**first, "order": "most_levels"}, {**first, "width": 256, "depth": 2}]
    idle = useless(specs)
    unique: list[dict[str, Any]] = []
    for start in [first, *others]:
        own = {name: value for name, value in start.items() if name not in idle}
        unique += [] if own in unique else [own]
    return unique


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    from automl.layers.autoregressive import AutoregressiveRows

    edges, levels = level_edges(choices, specs)
    order = order_of(str(choices.get("order", "given")), [len(column) - 1 for column in edges] + [*map(len, levels)])
    layer = AutoregressiveRows(
        edges, levels, order, width=choices["width"], depth=choices["depth"], dropout=knobs["dropout"], name="rows"
    )
    return generator_model(layer, specs, head, "table_ar")


def order_of(name: str, n_levels: Sequence[int]) -> list[int]:
    """The columns, first to generate first.

    Args:
        name: one of `ORDERS`.
        n_levels: of each column.
    """
    places = np.arange(len(n_levels))
    if name != "given":
        places = np.argsort(np.asarray(n_levels) * (1 if name == "fewest_levels" else -1), kind="stable")
    return [int(place) for place in places]


TABLE_AR = Template(
    name="table_ar",
    title="autoregressive network for tables (MADE)",
    family="autoregressive",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_generator, "table_ar"),
    source="Germain, Gregor, Murray & Larochelle, 'MADE', ICML 2015; columns as bins and embeddings: Yang et al., "
    "'Deep Unsupervised Cardinality Estimation' (Naru), VLDB 2020",
)
