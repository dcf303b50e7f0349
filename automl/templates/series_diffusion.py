"""Diffusion that generates series: a velocity learned by flow matching carries noise to codes of series.

It is the network of `image_diffusion` on the principal components of series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Head, InputSpec, Template
from automl.templates.image_diffusion import KNOBS, SOURCE, build_flow, prior, space, starts
from automl.templates.shared.item_generators import GOALS, SERIES, unfit_components


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    return build_flow("series_diffusion", choices, knobs, specs, head)


SERIES_DIFFUSION = Template(
    name="series_diffusion",
    title="diffusion model for series (flow matching)",
    family="diffusion",
    goals=GOALS,
    accepts=SERIES,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_components, "series_diffusion", SERIES),
    prior=prior,
    source=SOURCE,
)
