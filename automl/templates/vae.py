"""A variational autoencoder with learned variances: rows are improbable where they are restored badly for their sort.

The score is the negative evidence lower bound (Kingma & Welling, ICLR 2014, equations 7 and 10): the negative
log-likelihood of the row, averaged over a few fixed draws of its code, and the divergence of the code. The standard
deviation of each number is learned with it, so that an error counts by how exact the number usually is. The loss leaves
out the worst rows of each batch (`trim`), as in `autoencoder`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.reconstruction import (
    ACCEPTS,
    ARRAYS,
    GOALS,
    KNOBS,
    code_size,
    coded,
    declare_shape,
    declare_training,
    finished,
    other_readers,
    read,
    row_errors,
    starting_shape,
    starting_training,
    unfit_rows,
)

DRAWS = 8
DRAWS_OF_ARRAYS = 2


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, noise, the share of rows left out, the weight of the divergence, the code and the layers."""
    declare_training(hp, specs, facts)
    hp.Float("beta", 0.1, 2.0, sampling="log", default=1.0)
    declare_shape(hp, specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """For rows with anomalies among them; for normal rows alone; by the other reader; then a code that may say more."""
    first = {**starting_training(specs, facts), **starting_shape(specs), "beta": 1.0}
    others = other_readers(first)
    return [first, {**first, "trim": 0.0}, *others, {**first, "beta": 0.3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.latent import LatentDraw, LatentMean

    reading = read(specs, choices, knobs["noise"])
    moments = coded(reading, choices, 2 * code_size(choices, head))
    n_draws = DRAWS_OF_ARRAYS if any(part.spec.kind in ARRAYS for part in reading.parts) else DRAWS
    codes, divergence, paid = LatentDraw(n_draws, knobs["beta"])(moments)
    error, judged = row_errors(reading, codes, choices, has_spread=True)
    loss = keras.layers.Add(dtype="float32")([error, paid])
    # The divergence is that of the whole series: it says nothing of the last steps alone.
    score = judged if choices.get("judged") == "last" else keras.layers.Add(dtype="float32")([judged, divergence])
    return finished(reading, LatentMean()(moments), score, loss, knobs["trim"], head, "vae")


VAE = Template(
    name="vae",
    title="variational autoencoder with learned variances (VAE)",
    family="vae",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=(*KNOBS, "beta"),
    starts=starts,
    unfit=partial(unfit_rows, "vae"),
    source="Kingma & Welling, ICLR 2014; An & Cho, 'Variational Autoencoder based Anomaly Detection', 2015; Shen & "
    "Sanghavi, ICML 2019 (trimmed loss)",
)
