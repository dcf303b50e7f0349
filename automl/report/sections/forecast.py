"""Forecasts beside the truth, and how the error grows with the distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import Outcome, Section
from automl.report import sides, words
from automl.report.windows import past, series_of, starts

__all__ = ["FORECAST"]

N_WINDOWS = 4
N_BEFORE = 2  # horizons of history shown


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A few windows as pictures, and the error at each step."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).in_windows or not pairs or not len(outcome.truth):
        return None
    truth = np.asarray(outcome.truth, dtype=float)
    losses = np.nanmean([np.abs(sides.predicted(c) - truth).mean(axis=(1, 2)) for _, c in pairs], axis=0)
    shown = pick(losses)
    return {
        "holds_rows": True,
        "windows": [window(outcome, int(i), place) for i, place in shown],
        "by_step": by_step(outcome),
        "n_windows": len(truth),
    }


def pick(losses: Any) -> list[tuple[int, str]]:
    """Windows to show: the last, one of middling error, the hardest and the easiest, none twice."""
    order = [int(i) for i in np.argsort(losses, kind="stable")]
    wanted = [
        (len(losses) - 1, "the last window"),
        (order[len(order) // 2], "a window of middling error"),
        (order[-1], "the hardest window"),
        (order[0], "the easiest window"),
    ]
    shown: dict[int, str] = {}
    for place, name in wanted:
        shown.setdefault(place, name)
    return list(shown.items())[:N_WINDOWS]


def heading(outcome: Outcome, i: int) -> str:
    """A window's series and start."""
    series, times = series_of(outcome), starts(outcome)
    parts = [words.shorten(series[i], 40)] if series else []
    parts.append(f"from {times[i]}" if times else f"window {i + 1}")
    return ", ".join(parts)


def window(outcome: Outcome, i: int, place: str) -> dict[str, Any]:
    """One window of the first target: history, truth, both sides and the recommended one's quantile band."""
    horizon = outcome.truth.shape[1]
    truth = np.asarray(outcome.truth, dtype=float)[i, :, 0]
    steps = np.arange(1, horizon + 1)
    before = past(outcome, i)[-max(8, N_BEFORE * horizon) :]
    joined = [float(before[-1])] if len(before) and np.isfinite(before[-1]) else []
    ahead = [0.0] * len(joined) + steps.tolist()
    layers: list[dict[str, Any]] = []
    lead = sides.leader(outcome)
    quantiles = lead[1].output.arrays.get("quantiles") if lead else None
    band = ""
    if lead and quantiles is not None and len(outcome.task.quantiles) > 1:
        low, high = np.asarray(quantiles)[i, :, 0, 0], np.asarray(quantiles)[i, :, 0, -1]
        ends = [words.percent(outcome.task.quantiles[k]) for k in (0, -1)]
        name = f"{lead[0].name}, {ends[0]} to {ends[1]}"
        band = f"The band of {lead[0].name} reaches from its {ends[0]} to its {ends[1]} quantile."
        layers.append(
            {"mark": "band", "colour": lead[1].side, "label": name, "x": sides.short(steps),
             "low": sides.short(low), "high": sides.short(high)}
        )  # fmt: skip
    if len(before):
        layers.append(
            {"mark": "line", "colour": "muted", "label": "history", "x": sides.short(np.arange(1 - len(before), 1)),
             "y": sides.short(before)}
        )  # fmt: skip
    layers.append(
        {"mark": "line", "colour": "ink", "label": "truth", "x": ahead, "y": sides.short([*joined, *truth]),
         "dots": horizon <= 12}
    )  # fmt: skip
    rows: list[list[Any]] = [[int(k), words.number(float(truth[k - 1]))] for k in steps]
    pairs = sides.finalists(outcome)
    for run, contestant in pairs:
        values = sides.predicted(contestant)[i, :, 0]
        layers.append(
            {"mark": "line", "colour": contestant.side, "label": run.name, "x": sides.short(steps),
             "y": sides.short(values), "dots": horizon <= 12}
        )  # fmt: skip
        for row, value in zip(rows, values, strict=True):
            row.append(words.number(float(value)))
    name = words.shorten(outcome.task.target[0], 40) if outcome.task.target else "value"
    return {
        "title": heading(outcome, i),
        "shape": "wide",
        "alt": f"{name}: history, truth and the forecasts of {' and '.join(run.name for run, _ in pairs)} over "
        f"{words.count(horizon, 'step')}, {heading(outcome, i)} ({place}).",
        "caption": f"{place.capitalize()}. {band}".strip(),
        "x": {"label": "steps from the start of the forecast", "whole": True},
        "y": {"label": name},
        "layers": layers,
        "table": {
            "columns": ["step", "truth", *(run.name for run, _ in pairs)],
            "rows": rows,
            "numeric": list(range(2 + len(pairs))),
        },
    }


def by_step(outcome: Outcome) -> dict[str, Any] | None:
    """Mean absolute error of each step of the horizon, for both sides and the floor."""
    truth = np.asarray(outcome.truth, dtype=float)
    horizon = truth.shape[1]
    if horizon < 2:
        return None
    shown = [c for c in outcome.contestants if c.side in ("deep", "shallow", "floor")]
    shown.sort(key=lambda c: sides.ORDER[c.side])
    errors = {c.side: np.abs(sides.predicted(c) - truth).mean(axis=(0, 2)) for c in shown}
    steps = np.arange(1, horizon + 1)
    return {
        "title": "Error by distance",
        "alt": f"Mean absolute error against steps ahead for {', '.join(errors)}.",
        "caption": f"Mean absolute error at each step ahead, over {words.count(len(truth), 'test window')}.",
        "x": {"label": "steps ahead", "whole": True},
        "y": {"label": "mean absolute error"},
        "layers": [
            {
                "mark": "line",
                "colour": side,
                "label": side,
                "x": sides.short(steps),
                "y": sides.short(e),
                "dots": horizon <= 12 and side != "floor",
            }
            for side, e in errors.items()
        ],
        "table": {
            "columns": ["step", *errors],
            "rows": [[int(k), *(words.number(float(e[k - 1])) for e in errors.values())] for k in steps],
            "numeric": list(range(1 + len(errors))),
        },
    }


FORECAST = Section(
    name="forecast",
    title="Forecasts and what happened",
    order=73,
    collect=collect,
    template="""
{% if n_windows > windows | length %}<p>{{ windows | length }} of {{ n_windows }} test windows.</p>{% endif %}
{% for chart in windows %}{{ figure(chart) }}{% endfor %}
{% if by_step %}{{ figure(by_step) }}{% endif %}
""",
    markdown="""{% for chart in windows %}{{ figure(chart) }}
{% endfor %}{% if by_step %}{{ figure(by_step) }}{% endif %}""",
)
