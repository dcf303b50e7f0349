"""How often prediction intervals and sets of labels held the truth of the test items, and how large they are."""

from __future__ import annotations

from typing import Any

from automl import goals
from automl.records import Coverage, Outcome, Section
from automl.report import words

__all__ = ["REGIONS"]

MOST_ANSWERS = 8
ORDER = {"deep": 0, "shallow": 1, "blend": 2}
SIZES = {"interval": "mean width", "set": "mean number of labels"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A row for each level of each side, and target or label."""
    regions = goals.named(outcome.task).regions
    answers = list(dict.fromkeys(one.answer for one in outcome.coverage))
    shown = [one for one in outcome.coverage if one.answer in answers[:MOST_ANSWERS]]
    if regions is None or not shown:
        return None
    shown.sort(key=lambda one: (answers.index(one.answer), one.level, ORDER.get(one.side, 3)))
    several, parts = len(answers) > 1, any(one.low is not None for one in shown)
    part = "step" if goals.named(outcome.task).in_windows else "class"
    columns = [
        *(["of"] if several else []), "level", "side", "held the truth", *([f"lowest of a {part}"] if parts else []),
        SIZES[regions.kind], "test items",
    ]  # fmt: skip
    rows = [
        [
            *([words.shorten(one.answer, 40)] if several else []), words.percent(one.level), {"side": one.side},
            held_words(one), *([words.percent(one.low)] if parts else []), words.rough(one.size), one.n_items,
        ]
        for one in shown
    ]  # fmt: skip
    return {
        "words": sentence(outcome, regions.kind, shown),
        "coverage": {
            "label": "Coverage on the test rows",
            "columns": columns,
            "rows": rows,
            "numeric": [i for i, name in enumerate(columns) if name not in ("of", "side")],
            "left_out": len(outcome.coverage) - len(shown),
        },
    }


def held_words(one: Coverage) -> str:
    """The share that held the truth, or how many held-out items are lacking for the level."""
    if one.share is not None:
        return words.percent(one.share)
    return f"needs {one.needed} held-out {one.unit}s, has {one.n_held_out}" if one.needed > one.n_held_out else "–"


def sentence(outcome: Outcome, kind: str, shown: list[Coverage]) -> str:
    """What the table shows, and what is promised."""
    least = min(one.n_held_out for one in shown)
    what = "intervals" if kind == "interval" else "sets of labels"
    start = (
        f"How often {what} of a level held the truth of test items, which had no part in them. They come from the "
        f"errors of predictions for held-out {shown[0].unit}s (at least {least:,})"
    )
    if goals.named(outcome.task).in_windows:
        return f"{start}; the future is no draw from the past, so no level is guaranteed."
    if outcome.split.units == "block":
        return f"{start}; test rows are later than these, so no level is guaranteed."
    promised = "groups" if shown[0].unit == "group" else "rows"
    return f"{start}; for new {promised} like them the level holds on average."


REGIONS = Section(
    name="regions",
    title="Intervals and sets",
    order=82,
    collect=collect,
    template="<p>{{ words }}</p>{{ table(coverage) }}",
    markdown="{{ words }}\n{{ table(coverage) }}",
)
