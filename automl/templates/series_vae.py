"""A variational autoencoder that generates series: a code is drawn from a learned prior, and a series from the code.

It works with the principal components of series, over all steps and channels, as `image_vae` does with those of
pictures. What they leave out is generated as noise of a learned spectrum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Head, InputSpec, Template
from automl.templates.image_vae import KNOBS, SOURCE, build_vae, space, starts
from automl.templates.shared.item_generators import GOALS, SERIES, unfit_components


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    return build_vae("series_vae", choices, knobs, specs, head)


SERIES_VAE = Template(
    name="series_vae",
    title="variational autoencoder for series (VAE with a learned prior)",
    family="vae",
    goals=GOALS,
    accepts=SERIES,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_components, "series_vae", SERIES),
    source=f"{SOURCE}; Whittle, Arkiv för Matematik 2 (1953)",
)
