"""Which conditions of ``--fail-on`` hold for the result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import metrics
from automl.recipe import RUN_FIELDS, failing, parse_fail_on
from automl.records import Outcome

__all__ = ["facts_of", "failing_conditions"]


def failing_conditions(text: str, result: Mapping[str, Any], outcome: Outcome) -> tuple[str, ...]:
    """The conditions that hold, each as a sentence.

    Args:
        text: the conditions, such as ``"verdict=shallow|score<0.8"``.
        result: content of ``result.json``.
        outcome: of the same run.

    Raises:
        RecipeError: the text holds no valid conditions.
    """
    conditions = parse_fail_on(text)
    facts = facts_of(result)
    for name in {one.field for one in conditions} - {*RUN_FIELDS.names, *facts}:
        facts[name] = _scored(name, str(facts["side"]), outcome)
    return failing(conditions, facts)


def facts_of(result: Mapping[str, Any]) -> dict[str, str | float | None]:
    """What conditions may ask about: the verdict, the trust, and figures of the recommended model.

    Args:
        result: content of ``result.json``.
    """
    own: Mapping[str, Any] = next((run for run in result["runs"] if run["name"] == result["recommended"]), {})
    side, score = own.get("side"), own.get("test_score")
    return {
        str(result["task"]["metric"]): score,
        "verdict": result["verdict"] or "none",
        "trust": result["trust"]["level"],
        "side": side,
        "score": score,
        "gain": result["gain"],
    }


def _scored(name: str, side: str, outcome: Outcome) -> float | None:
    """The recommended model's test score by another metric; None where it does not apply."""
    own = next((one for one in outcome.contestants if one.side == side), None)
    metric = metrics.find(name)
    if own is None or metric is None or metric.reads not in own.output.arrays:
        return None
    try:
        return metrics.score(name, outcome.truth, own.output, outcome.weight, outcome.context)
    except (KeyError, ValueError):  # it needs what these items or predictions do not have
        return None
