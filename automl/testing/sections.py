"""The contract of a section of the report."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from automl import goals
from automl.records import Outcome, Section
from automl.testing.outcomes import example_outcome
from automl.testing.promise import promise


def check_section(section: Section, outcome: Outcome | None = None) -> None:
    """Check that a section makes plain data (or nothing), the same each time, and its templates turn them into text.

    Args:
        section: to check.
        outcome: any that a run made (`automl.Result.outcome`); None for an example of each goal, of which one at least
            must be shown.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    promise("|safe" not in section.template.replace(" ", ""), f"{section.name}: 'safe' would let user text through")
    outcomes = [outcome] if outcome is not None else [example_outcome(goal) for goal in goals.known()]
    shown = [_check(section, one) for one in outcomes]
    promise(
        outcome is not None or any(shown), f"{section.name}: collect gives None for every goal, so it is never shown"
    )


def _check(section: Section, outcome: Outcome) -> bool:
    """Whether the section is shown for this outcome."""
    data = _collected(section, outcome)
    if data is None:
        return False
    promise(isinstance(data, dict), f"{section.name}: collect gives a dict or None, not {type(data).__name__}")
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{section.name}: what it collects is not plain JSON ({error}); turn NumPy's values into Python's by "
            "int(), float() or .tolist(), and NaN into None"
        ) from error
    promise(
        json.loads(text) == json.loads(json.dumps(_collected(section, outcome))),
        f"{section.name}: collect gives other data when it is called again for the same outcome",
    )
    _check_pages(section, outcome)
    return True


def _collected(section: Section, outcome: Outcome) -> Any:
    try:
        return section.collect(outcome)
    except Exception as error:
        raise AssertionError(
            f"{section.name}: collect raises {type(error).__name__}: {error} for a contest of the goal "
            f"{outcome.task.goal}"
        ) from error


def _check_pages(section: Section, outcome: Outcome) -> None:
    """Both templates are rendered as the report renders them, from the dict alone."""
    from automl.report.page import html, markdown_text, stored

    content = stored(outcome, [section])
    for field, make in (("template", html), ("markdown", markdown_text)):
        failed = re.search(
            r"This part could not be made: (.*?)(?: Its numbers, where|$)", make(content, [section]), re.M
        )
        why = unescape(failed[1]) if failed else ""
        promise(failed is None, f"{section.name}: its {field} cannot be rendered: {why}")
