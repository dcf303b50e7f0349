"""The table of likelihoods of held-out items, on the pages of generators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.report import words

__all__ = ["likelihood_table"]


def likelihood_table(found: Sequence[dict[str, Any]] | None, *, is_text: bool) -> dict[str, Any] | None:
    """A row for each side: bits with their interval, exact or a bound, or why there is no likelihood.

    Args:
        found: what `automl.analyses.shared.likelihood.likelihoods` found.
        is_text: whether bits are those that a character of a text costs; they are positive then.
    """
    if not found:
        return None
    what = "bits a character of held-out texts" if is_text else "bits a held-out row beyond independent columns"
    return {
        "label": "How likely held-out texts are" if is_text else "How likely held-out rows are",
        "columns": ["generator", what, "95 % interval", "kind"],
        "rows": [_row(one, -1.0 if is_text else 1.0) for one in found],
        "numeric": [1, 2],
    }


def _row(one: dict[str, Any], sign: float) -> list[Any]:
    name = {"side": one["set"]} if one["set"] in ("deep", "shallow") else one["set"]
    if one["bits"] is None:
        return [name, words.NOTHING, words.NOTHING, f"none: {one['why']}" if one["why"] else "none: not finite"]
    low, high = sorted((sign * one["low"], sign * one["high"]))
    bound = ("at most" if sign < 0 else "at least") + " (evidence lower bound)" if one["is_bound"] else "exact"
    return [name, f"{sign * one['bits']:.2f}", f"{low:.2f} to {high:.2f}", bound]
