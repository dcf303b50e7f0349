"""The contract of a section of the report."""

from __future__ import annotations

import json

from automl.records import Outcome, Section
from automl.testing.promise import promise


def check_section(section: Section, outcome: Outcome) -> None:
    """Check that a section makes plain data (or nothing), the same each time, and that its templates parse.

    Args:
        section: to check. outcome: any that a run made.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    import jinja2

    for source in (section.template, section.markdown):
        jinja2.Environment(autoescape=True).parse(source)
    promise("|safe" not in section.template.replace(" ", ""), f"{section.name}: 'safe' would let user text through")
    data = section.collect(outcome)
    if data is None:
        return
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{section.name}: what it collects is not plain JSON ({error})") from error
    promise(
        json.loads(text) == json.loads(json.dumps(section.collect(outcome))), f"{section.name}: collects anew each time"
    )
