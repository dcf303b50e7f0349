"""What a saved model remembers, read again: every field is checked before anything is compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.errors import BundleError
from automl.predict.watching.backtest import read_backtest
from automl.predict.watching.history import read_history
from automl.predict.watching.reference import MOST_OUTPUTS, VERSION, Reference, SideReference, merged_counts
from automl.predict.watching.stored_errors import read_confidence, read_errors
from automl.predict.watching.summaries import MOST_COLUMNS, MOST_LEVELS, Summary
from automl.storage.values import Misfit, listed, mapping, numbers, optional_number, text, whole

__all__ = ["read_reference"]

MOST_WORDS = 500
MOST_SIDES = 4


def read_reference(content: Mapping[str, Any] | None) -> Reference:
    """The record of what a saved model remembers, every field checked.

    Raises:
        BundleError: there is nothing, or it is not what automl writes.
    """
    if not content:
        raise BundleError(
            "watch: this model was saved without what its training rows held, by an older automl; fit it again, or "
            "update it (`automl update`)"
        )
    try:
        whole(content, "version", VERSION, VERSION)
        columns = tuple(_summary(one) for one in listed(content, "columns", 2 * MOST_COLUMNS))
        sides = {name: _read_side(one, columns) for name, one in mapping(content, "sides", MOST_SIDES).items()}
        weight = text(content, "weight", MOST_WORDS) if "weight" in content else None
        past = None if content.get("past") is None else read_history(content["past"])
        return Reference(whole(content, "n_rows", 0, 2**53), columns, sides, weight, past)
    except Misfit as error:
        raise BundleError(
            f"watch: bundle.json holds no valid reference ({error}); was it altered? Use an unaltered copy"
        ) from error


def _read_side(content: Any, columns: tuple[Summary, ...]) -> SideReference:
    if not isinstance(content, dict):
        raise Misfit("sides: expected mappings")
    made = tuple(_summary(one) for one in listed(content, "predictions", MOST_OUTPUTS))
    errors, backtest, confidence = (content.get(key) for key in ("errors", "backtest", "confidence"))
    n_places = {one.name: len(one.counts) for one in merged_counts(columns, made)}
    return SideReference(
        made, optional_number(content, "score"), optional_number(content, "expected"),
        None if errors is None else read_errors(errors, n_places),
        None if backtest is None else read_backtest(backtest),
        None if confidence is None else read_confidence(confidence, n_places),
    )  # fmt: skip


def _summary(content: Any) -> Summary:
    if not isinstance(content, dict):
        raise Misfit("columns: expected mappings")
    levels = tuple(text({"level": one}, "level", MOST_WORDS) for one in listed(content, "levels", MOST_LEVELS))
    edges = tuple(numbers(content, "edges", MOST_LEVELS))
    counts = tuple(whole({"count": one}, "count", 0, 2**53) for one in listed(content, "counts", MOST_LEVELS + 3))
    n_expected = len(levels) + 2 if levels or (not edges and len(counts) == 2) else len(edges) + 3
    if len(counts) != n_expected or (levels and edges) or list(edges) != sorted(set(edges)):
        raise Misfit("columns: counts do not fit their bins")
    return Summary(text(content, "name", MOST_WORDS), text(content, "kind", MOST_WORDS), edges, levels, counts)
