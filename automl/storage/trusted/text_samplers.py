"""Stored samplers of texts: their tables fit one another, and nothing in them grows without measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted.samplers import is_array, need, whole

__all__ = ["CHECKS"]

TEXT_SAMPLERS = frozenset({"TokenFrequencies", "TokenNGrams"})
MOST_LENGTH, MOST_ORDER = 1_000, 8
ROUNDING = 1e-6


def check_text_model(part: Any) -> None:
    """A sampler of ours, the state of a codec, and texts as long as this says."""
    need(type(part.learner).__name__ in TEXT_SAMPLERS, part, "another sampler")
    is_plan = isinstance(part.plan, dict) and part.plan.get("codec") == "text_samples"
    need(part.task is None and is_plan, part, "no plan")
    need(tuple(part.plan["head"]["shape"]) == (part.learner.length,), part, "texts of another length")


def _is_cumulated(shares: np.ndarray) -> bool:
    rises = len(shares) > 0 and bool((np.diff(shares) >= -ROUNDING).all())
    return rises and bool(shares[0] >= 0.0 and shares[-1] <= 1.0 + ROUNDING)


def check_token_frequencies(part: Any) -> None:
    """Cumulated shares of tokens and of lengths."""
    need(whole(part, "length", MOST_LENGTH) >= 1, part, "no length")
    need(is_array(part.tokens, 1, "f") and _is_cumulated(part.tokens), part, "no shares of tokens")
    fits = is_array(part.lengths, 1, "f") and len(part.lengths) <= part.length + 1 and _is_cumulated(part.lengths)
    need(fits, part, "no shares of lengths")


def check_token_ngrams(part: Any) -> None:
    """Contexts ascend, each with tokens whose cumulated shares ascend."""
    need(whole(part, "length", MOST_LENGTH) >= 1, part, "no length")
    whole(part, "least_texts", 2**31)
    n_tables = whole(part, "order", MOST_ORDER) - 1
    need(is_array(part.first, 1, "f") and _is_cumulated(part.first), part, "no shares of tokens")
    need(is_array(part.ending, 1, "f") and len(part.ending) == part.length, part, "no ends of texts")
    need(bool(np.isfinite(part.ending).all() and (part.ending >= 0).all()), part, "ends of texts without measure")
    tables = (part.contexts, part.begins, part.tokens, part.shares)
    need(all(isinstance(table, list) and len(table) == n_tables for table in tables), part, "no tables")
    for contexts, begins, tokens, shares in zip(*tables, strict=True):
        whole_numbers = all(is_array(one, 1, "iu") for one in (contexts, begins, tokens))
        need(whole_numbers and is_array(shares, 1, "f"), part, "no tables of numbers")
        need(len(begins) == len(contexts) + 1 and len(tokens) == len(shares), part, "tables of other sizes")
        need(bool((np.diff(contexts) > 0).all()), part, "contexts out of order")
        starts = begins.astype(np.int64)
        need(starts[0] == 0 and starts[-1] == len(tokens) and bool((np.diff(starts) > 0).all()), part, "empty contexts")
        need(bool((tokens.astype(np.int64) >= 0).all() and (tokens < len(part.first)).all()), part, "unknown tokens")
        need(bool((shares >= 0).all() and (shares <= 1.0 + ROUNDING).all()), part, "shares that are none")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "TextModel": check_text_model,
    "TokenFrequencies": check_token_frequencies,
    "TokenNGrams": check_token_ngrams,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
