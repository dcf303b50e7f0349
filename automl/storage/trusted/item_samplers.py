"""Stored samplers of pictures and series: their arrays fit one another, and nothing in them grows without measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted.samplers import is_array, need, whole

__all__ = ["CHECKS"]

ITEM_SAMPLERS = frozenset({"Autoregression", "BlockBootstrap", "ItemMarginals", "ItemMixture", "SeriesMixture"})
MOST_BLOCKS, MOST_CANDIDATES = 1_000, 1_000


def check_item_model(part: Any) -> None:
    """A sampler of ours and the state of a codec."""
    need(type(part.learner).__name__ in ITEM_SAMPLERS, part, "another sampler")
    need(part.task is None and isinstance(part.plan, dict) and part.plan.get("codec") == "items", part, "no plan")


def _check_places(part: Any, n_classes: int) -> None:
    places = part.places
    fits = is_array(places, 1, "iu") and len(places) > 0 and bool(((places >= 0) & (places < n_classes)).all())
    need(fits, part, "places of other classes")


def check_item_marginals(part: Any) -> None:
    """Means and deviations of each class."""
    need(is_array(part.means, 2, "f") and is_array(part.spreads, 2, "f"), part, "no means")
    need(part.means.shape == part.spreads.shape, part, "other deviations than means")
    _check_places(part, len(part.means))


def check_item_mixture(part: Any) -> None:
    """Axes, and means and roots of components on them."""
    numbers = all(is_array(getattr(part, name), n, "f") for name, n in (("mean", 1), ("axes", 2)))
    numbers = numbers and is_array(part.weights, 2, "f") and is_array(part.means, 2, "f")
    need(numbers, part, "no components")
    need(part.axes.shape[1] == len(part.mean), part, "other axes")
    k, d = part.means.shape
    need(k > 0 and d == len(part.axes) and part.weights.shape[1] == k, part, "other means than components")
    need(is_array(part.roots, 3 if part.roots.ndim == 3 else 2, "f"), part, "no covariances")
    need(part.roots.shape in ((k, d, d), (k, d)), part, "other covariances than components")
    _check_places(part, len(part.weights))


def check_block_bootstrap(part: Any) -> None:
    """Series, and where those of each class begin and end; few blocks and candidates."""
    n_blocks, n_candidates = whole(part, "blocks", MOST_BLOCKS), whole(part, "candidates", MOST_CANDIDATES)
    need(n_blocks > 0 and n_candidates > 0, part, "no blocks")
    need(isinstance(part.join, float) and 0.0 <= part.join <= 2.0, part, "another join")
    is_series = is_array(part.series, 3, "f") and is_array(part.ends, 2, "iu") and part.ends.shape[1] == 2
    need(is_series, part, "no series")
    begin, end = part.ends.T
    need(bool(((begin >= 0) & (begin < end) & (end <= len(part.series))).all()), part, "series of no class")
    _check_places(part, len(part.ends))


def check_autoregression(part: Any) -> None:
    """Curves of each class, and coefficients of as many lags as starts."""
    names = ("curves", "spreads", "coefficients", "innovations", "starts")
    need(all(is_array(getattr(part, name), 3, "f") for name in names), part, "no curves")
    if not part.lags and not len(part.curves):  # of a series mixture without detail
        return
    n, steps, channels = part.curves.shape
    lagged = part.starts.shape[1]
    need(part.spreads.shape == part.curves.shape and part.starts.shape == (n, lagged, lagged), part, "other curves")
    need(lagged % max(channels, 1) == 0 and 0 < lagged <= steps * channels, part, "other lags")
    fits = len(part.coefficients)
    need(fits in (1, n) and part.coefficients.shape[1:] == (lagged, channels), part, "other coefficients")
    need(part.innovations.shape == (fits, channels, channels), part, "other innovations")
    _check_places(part, n)


def check_series_mixture(part: Any) -> None:
    """Both parts are of ours, and of as many numbers."""
    mixture, detail = part.mixture, part.detail
    own = type(mixture).__name__ == "ItemMixture" and type(detail).__name__ == "Autoregression"
    need(own, part, "other parts")
    if detail.lags:
        need(int(np.prod(detail.curves.shape[1:])) == len(mixture.mean), part, "detail of other series")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "ItemModel": check_item_model,
    "ItemMarginals": check_item_marginals,
    "ItemMixture": check_item_mixture,
    "BlockBootstrap": check_block_bootstrap,
    "Autoregression": check_autoregression,
    "SeriesMixture": check_series_mixture,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
