"""Learning curves of the deep finalist and of the best other deep runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["LEARNING"]

N_RIVALS = 3
N_EPOCHS = 200
MOST_DOTS = 12
"""The most measured points of a curve that are marked one by one."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Training loss and validation score against epochs."""
    runs = chosen(outcome)
    if not runs:
        return None
    metric = words.metric(outcome.task.metric)
    first = runs[0]
    charts = [
        chart(runs, "loss", "training loss", "Training loss"),
        chart(runs, "valid_score", metric, f"Validation {metric}{', first hold-out' * (sides.holdouts(outcome) > 1)}"),
    ]
    return {
        "charts": [one for one in charts if one],
        "told": improvement(first, outcome),  # a key of stored reports, which pages are made of again
        "summary": {
            "label": "Learning curves",
            "columns": ["model", "epochs", "first loss", "last loss", f"best {metric}", "at epoch", "time"],
            "rows": [summary(run, outcome.higher_is_better) for run in runs],
            "numeric": [1, 2, 3, 4, 5, 6],
        },
    }


def chosen(outcome: Outcome) -> list[Run]:
    """The deep finalist first, then the best deep runs; only those with at least two epochs."""
    sign = -1.0 if outcome.higher_is_better else 1.0
    runs = [r for r in outcome.runs if r.side == "deep" and len(r.curve) > 1 and r.valid_score is not None]
    runs.sort(key=lambda r: (not r.finalist, -r.n_holdouts, sign * (r.valid_score or 0.0)))
    return runs[: 1 + N_RIVALS]


def column(run: Run, key: str) -> list[float | None]:
    """One quantity of a curve, None where it was not measured."""
    return sides.short([math.nan if point.get(key) is None else float(point[key]) for point in run.curve])


def needs_dots(values: list[float | None]) -> bool:
    """Whether points are marked: there are few, or one stands alone, which no line would show."""
    known = [value is not None for value in values]
    between = [False, *known, False]
    alone = any(here and not (between[i] or between[i + 2]) for i, here in enumerate(known))
    return sum(known) <= MOST_DOTS or alone


def chart(runs: list[Run], key: str, label: str, title: str) -> dict[str, Any] | None:
    """One quantity of all runs against epochs, the first run in front."""
    layers = [
        {
            "mark": "line",
            "colour": "deep",
            "faint": i > 0,
            "dots": needs_dots(column(run, key)),
            "label": words.title(run) if i == 0 else "other deep runs" if i == 1 else None,
            "x": column(run, "epoch"),
            "y": column(run, key),
        }
        for i, run in enumerate(runs)
        if any(v is not None for v in column(run, key))
    ]
    if not layers:
        return None
    return {
        "title": title,
        "shape": "half",
        "alt": f"{title} of {words.title(runs[0])} against epochs.",
        "x": {"label": "epoch", "whole": True},
        "y": {"label": label},
        "layers": layers,
        "table": epochs(runs, key),
    }


def best(run: Run, higher: bool) -> Mapping[str, float] | None:
    """The epoch with the best validation score."""
    points = [p for p in run.curve if p.get("valid_score") is not None and math.isfinite(p["valid_score"])]
    if not points:
        return None
    return (max if higher else min)(points, key=lambda p: p["valid_score"])


def summary(run: Run, higher: bool) -> list[Any]:
    """One run's row in the table."""
    losses = [v for v in column(run, "loss") if v is not None]
    top = best(run, higher)
    return [
        {"text": words.title(run) + (", finalist" if run.finalist else ""), "run": run.name},
        _epoch(run.curve[-1].get("epoch", len(run.curve))),
        words.number(losses[0] if losses else None),
        words.number(losses[-1] if losses else None),
        words.score(top["valid_score"] if top else None),
        _epoch(top["epoch"]) if top else None,
        words.duration(run.curve[-1].get("seconds")),
    ]


def _epoch(number: float) -> str:
    """The number of an epoch; one that the budget cut ends between two."""
    return words.rough(round(float(number), 1))


def improvement(run: Run, outcome: Outcome) -> str:
    """Whether the finalist was still improving when it stopped."""
    top = best(run, outcome.higher_is_better)
    if top is None:
        return ""
    last = run.curve[-1].get("epoch", len(run.curve))
    which = "The deep finalist" if run.finalist else f"The best deep run, {words.title(run)} ({run.name}),"
    where = f"{which} was best at epoch {_epoch(top['epoch'])} of {_epoch(last)}"
    if top["epoch"] >= last:
        return f"{where}: it was still improving, so more time may help."
    return f"{where}; those weights were kept."


def epochs(runs: list[Run], key: str) -> dict[str, Any]:
    """One quantity of all runs, epoch by epoch."""
    known = [{point["epoch"]: value for point, value in zip(r.curve, column(r, key), strict=True)} for r in runs]
    text = words.score if key == "valid_score" else words.number
    steps = sorted({epoch for values in known for epoch in values})
    rows = [
        [int(epoch), *(text(values[epoch]) if epoch in values else "" for values in known)]
        for epoch in steps[:N_EPOCHS]
    ]
    return {
        "label": "Epoch by epoch",
        "columns": ["epoch", *(run.name for run in runs)],
        "rows": rows,
        "numeric": list(range(1 + len(runs))),
        "left_out": max(0, len(steps) - N_EPOCHS),
    }


LEARNING = Section(
    name="learning",
    title="Learning curves",
    order=50,
    collect=collect,
    group="Search",
    template="""
{% if told %}<p>{{ told }}</p>{% endif %}
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{{ table(summary) }}
""",
    markdown="""{{ told }}
{{ table(summary) }}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}""",
)
