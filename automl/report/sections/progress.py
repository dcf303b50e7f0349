"""Score over time: the best validation score so far of each side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["PROGRESS"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The best score so far on each side, as steps."""
    tracks = {side: track(outcome, side) for side in ("deep", "shallow")}
    if not any(tracks.values()):
        return None
    metric = words.metric(outcome.task.metric)
    end = max([outcome.clock.get("wall_seconds") or 0.0, *(t[-1][0] for t in tracks.values() if t)])
    layers = [layer for side, steps in tracks.items() if steps for layer in lines(side, steps, end)]
    values = [step[1] for steps in tracks.values() for step in steps]
    floor, caption = floor_layer(outcome, values)
    last = {side: steps[-1] for side, steps in tracks.items() if steps}
    reached = "; ".join(f"{side} reached {words.score(s[1])} after {words.duration(s[0])}" for side, s in last.items())
    return {
        "chart": {
            "alt": f"Best validation {metric} so far against seconds since the call: {reached}.",
            "caption": f"Best validation score so far: {reached}. {caption}".strip(),
            "x": {"label": "seconds since the call", "limits": [0, end * 1.02]},
            "y": {"label": metric},
            "layers": layers + floor,
            "table": {
                "columns": ["seconds", "side", "run", f"best {metric}"],
                "rows": [
                    [words.number(at, 3), side, run, words.score(value)]
                    for at, side, run, value in sorted(
                        (s[0], side, s[2], s[1]) for side, t in tracks.items() for s in t
                    )
                ],
                "numeric": [0, 3],
            },
        }
    }


def track(outcome: Outcome, side: str) -> list[tuple[float, float, str]]:
    """Each improvement of a side's best validation score: (seconds, score, run)."""
    runs = [r for r in outcome.runs if r.side == side and r.valid_score is not None and r.valid_score == r.valid_score]
    most = max((run.n_holdouts for run in runs), default=1)
    runs = [run for run in runs if run.n_holdouts == most]  # scores on one hold-out do not compare with means
    sign = 1.0 if outcome.higher_is_better else -1.0
    steps: list[tuple[float, float, str]] = []
    ends = {run.name: run.at_seconds for run in outcome.runs}
    for run in sorted(runs, key=lambda r: reached(r, ends)):
        assert run.valid_score is not None
        if not steps or sign * run.valid_score > sign * steps[-1][1]:
            steps.append((reached(run, ends), run.valid_score, run.name))
    return steps


def reached(run: Run, ends: Mapping[str, float]) -> float:
    """When a run's score was known, in seconds since the call: that of an ensemble not before its members'.

    Args:
        run: a run.
        ends: seconds at which each run ended.
    """
    members = run.choices.get("ensemble") if run.family == "ensemble" else None
    return max([run.at_seconds, *(ends.get(name, 0.0) for name in members or ())])


def lines(side: str, steps: list[tuple[float, float, str]], end: float) -> list[dict[str, Any]]:
    """A staircase up to the end of the run, and a mark at each improvement."""
    xs, ys = [s[0] for s in steps], [s[1] for s in steps]
    return [
        {"mark": "step", "colour": side, "label": side, "x": sides.short([*xs, end]), "y": sides.short([*ys, ys[-1]])},
        {"mark": "points", "colour": side, "x": sides.short(xs), "y": sides.short(ys)},
    ]


def floor_layer(outcome: Outcome, values: list[float]) -> tuple[list[dict[str, Any]], str]:
    """The floor as a line if it lies near the other scores; else a sentence, since a line would squeeze the picture."""
    floor = sides.floor(outcome)
    if floor is None or floor.valid_score is None or floor.valid_score != floor.valid_score:
        return [], ""
    low, high = min(values), max(values)
    if min(abs(floor.valid_score - low), abs(floor.valid_score - high)) <= 1.5 * (high - low) or low == high:
        return [{"mark": "rule", "colour": "floor", "label": "floor", "y": sides.short([floor.valid_score])}], ""
    return [], f"The floor, {words.score(floor.valid_score)}, lies outside the picture."


PROGRESS = Section(
    name="progress",
    title="Score over time",
    order=40,
    collect=collect,
    group="Search",
    template="{{ figure(chart) }}",
    markdown="{{ figure(chart) }}",
)
