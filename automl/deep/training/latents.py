"""Refuses variational networks whose latent code says nothing of the rows. TensorFlow only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from automl.deep.training.failure import Collapsed
from automl.layers.latent import LatentDraw, moments

if TYPE_CHECKING:
    from automl.deep.training.network import Network

__all__ = ["check_code", "check_latents"]

LEAST_ACTIVE = 0.01
"""Variance over rows of a number's posterior mean, as a share of its mean posterior variance: up to it, unused."""
LEAST_TOLD = 1e-4
"""Spread over rows of what is decoded, as a share of its size, up to which the decoder does not read the code."""
MOST_ROWS = 512
ADVICE = "a smaller weight of the divergence (beta) or a lower learning rate may help"
KINDS = ("image", "series", "numbers", "categories", "noise")
"""Inputs of a generator's layer, in the order in which it takes them."""


def check_latents(network: Network) -> None:
    """Refuse a variational network whose latent code is unused on validation rows; other networks pass.

    Raises:
        Collapsed: as of `check_code`.
    """
    arrays = network.valid_inputs(MOST_ROWS)
    drawn = next((layer for layer in network.model.layers if isinstance(layer, LatentDraw)), None)
    if drawn is not None:
        mean, log_variance = moments(keras.Model(network.model.inputs, drawn.input)(arrays, training=False))
        check_code(_plain(mean), _plain(log_variance))
        return
    coding = next((layer for layer in network.model.layers if hasattr(layer, "posterior")), None)
    if coding is not None:
        check_code(*(_plain(part) for part in coding.posterior(_in_order(network, arrays))))


def check_code(mean: np.ndarray, log_variance: np.ndarray, decoded: np.ndarray | None = None) -> None:
    """Refuse a code of which no number is active, or that the decoder does not read.

    A number of a code is active if its posterior means differ between rows by more than a hundredth of its posterior
    variance; with a standard normal prior and a collapsed posterior, that variance is 1.

    Args:
        mean: ``(n, dims)`` of the posterior of each row.
        log_variance: ``(n, dims)``.
        decoded: ``(n, k)`` what the decoder tells of these means, or None.

    Raises:
        Collapsed: says which of both.

    Source: Burda, Grosse & Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, section 5.2 (active units).
    """
    if len(mean) < 2 or not (np.isfinite(mean).all() and np.isfinite(log_variance).all()):
        return
    active = mean.var(axis=0) / np.exp(log_variance).mean(axis=0)
    if active.max() <= LEAST_ACTIVE:
        raise Collapsed(
            f"the latent code is unused: none of its {mean.shape[1]} numbers differs between the {len(mean):,} "
            f"validation rows by more than {LEAST_ACTIVE:.0%} of its variance (posterior collapse); {ADVICE}"
        )
    if decoded is None or not np.isfinite(decoded).all():
        return
    if float(np.ptp(decoded, axis=0).max()) <= LEAST_TOLD * max(float(np.abs(decoded).max()), 1e-12):
        raise Collapsed(f"the latent code is unused: the decoder tells the same of all codes; {ADVICE}")


def _in_order(network: Network, arrays: Mapping[str, Any]) -> list[Any]:
    return [arrays[spec.name] for kind in KINDS for spec in network.specs if spec.kind == kind and spec.name in arrays]


def _plain(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor), np.float64)
