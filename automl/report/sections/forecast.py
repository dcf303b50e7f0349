"""Forecasts beside the truth, and how the error grows with the distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.records import Outcome, Section, Side
from automl.report import residual_checks, sides, words
from automl.report.windows import past, series_of, starts

__all__ = ["FORECAST"]

N_WINDOWS = 4
N_WINDOWS_EACH = 2  # of several targets
N_TARGETS = 4
N_BEFORE = 2  # horizons of history shown
N_SERIES = 20
WHAT = {"mase": "by its point forecasts", "pinball": "by its quantiles"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """For each target a few windows as pictures, and the error at each step, in its own units."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).in_windows or not pairs or not len(outcome.truth):
        return None
    names = [words.shorten(name, 40) for name in outcome.task.target] or ["value"]
    return {
        "holds_rows": True,
        "targets": [target(outcome, t, name, len(names)) for t, name in enumerate(names[:N_TARGETS])],
        "left_out": names[N_TARGETS:],
        "n_windows": len(outcome.truth),
        "scores": scores(outcome),
        "scaling": scaling(outcome),
    }


def scores(outcome: Outcome) -> dict[str, Any]:
    """Scores of point forecasts and of quantiles for each contestant, and which finalist is ahead by each."""
    names = [*(["mase"] if "scale" in outcome.context else []), *(["pinball"] if outcome.task.quantiles else [])]
    shown = sorted((c for c in outcome.contestants if c.side in sides.ORDER), key=lambda c: sides.ORDER[c.side])
    truth = np.asarray(outcome.truth, dtype=float)
    found = {
        c.side: [
            metrics.score(name, truth, c.output, outcome.weight, dict(outcome.context))
            if metrics.named(name).reads in c.output.arrays
            else None
            for name in names
        ]
        for c in shown
    }
    ahead = []
    for place, name in enumerate(names):
        pair = {side: found[side][place] for side in ("deep", "shallow") if side in found}
        both = {side: score for side, score in pair.items() if score is not None}
        if len(both) == 2:
            ahead.append((WHAT[name], min(both, key=lambda side: both[side])))
    if len(ahead) == 2:
        same = ahead[0][1] == ahead[1][1]
        said = f"{ahead[0][0].capitalize()} {ahead[0][1]} is ahead, " + (
            "and by its quantiles as well." if same else f"{ahead[1][0]} {ahead[1][1]} is."
        )
    else:
        said = ""
    return {
        "title": "Point forecasts and quantiles",
        "caption": f"{said} Lower is better. The verdict is by {words.metric(outcome.task.metric)} alone.".strip(),
        "columns": ["", *(words.metric(name) for name in names)],
        "rows": [[{"side": side}, *texts] for side, *texts in zip(found, *_by_metric(found), strict=True)],
        "numeric": list(range(1, 1 + len(names))),
    }


def _by_metric(found: Mapping[Side, Sequence[float | None]]) -> list[list[str]]:
    """The scores of each metric, with the same decimals."""
    return [words.scores(*own) for own in zip(*found.values(), strict=True)]


def scaling(outcome: Outcome) -> str:
    """What MASE divides errors by."""
    season = int(outcome.task.season or 1)
    by = "from one step to the next" if season == 1 else f"over a season of {words.count(season, 'step')}"
    return (
        f"MASE is the mean absolute error divided by the mean absolute change {by}, in the rows before the test part, "
        "for each series and target."
    )


def target(outcome: Outcome, t: int, name: str, n_targets: int) -> dict[str, Any]:
    """The pictures of one target: windows, and the error by distance."""
    truth = np.asarray(outcome.truth, dtype=float)[..., t]
    errors = [np.abs(sides.predicted(c)[..., t] - truth) for _, c in sides.finalists(outcome)]
    losses = sides.known_mean(np.stack([sides.known_mean(e, axis=1) for e in errors]), axis=0)
    shown = pick(losses)[: N_WINDOWS if n_targets == 1 else N_WINDOWS_EACH]
    return {
        "name": name,
        "windows": [window(outcome, i, place, t, name) for i, place in shown],
        "by_step": by_step(outcome, t, name if n_targets > 1 else ""),
        "by_series": by_series(outcome, t),
        "checks": checks(outcome, t),
    }


def pick(losses: Any) -> list[tuple[int, str]]:
    """Windows to show, none twice: the last, the hardest, one of middling error, the easiest."""
    order = [int(i) for i in np.argsort(losses, kind="stable") if np.isfinite(losses[i])]
    if not order:
        return []
    wanted = [
        (max(order), "the last window"),
        (order[-1], "the hardest window"),
        (order[len(order) // 2], "a window of middling error"),
        (order[0], "the easiest window"),
    ]
    shown: dict[int, str] = {}
    for place, name in wanted:
        shown.setdefault(place, name)
    return list(shown.items())


def heading(outcome: Outcome, i: int) -> str:
    """A window's series and start."""
    series, times = series_of(outcome), starts(outcome)
    parts = [words.shorten(series[i], 40)] if series else []
    parts.append(f"from {times[i]}" if times else f"window {i + 1}")
    return ", ".join(parts)


def window(outcome: Outcome, i: int, place: str, t: int, name: str) -> dict[str, Any]:
    """One window of a target: history, truth, both sides and the recommended one's quantile band."""
    horizon = outcome.truth.shape[1]
    truth = np.asarray(outcome.truth, dtype=float)[i, :, t]
    dotted = horizon <= 12 or bool(np.isnan(truth).any())  # a line does not show a value between two gaps
    steps = np.arange(1, horizon + 1)
    before = past(outcome, i, t)[-max(8, N_BEFORE * horizon) :]
    joined = [float(before[-1])] if len(before) and np.isfinite(before[-1]) else []
    ahead = [0.0] * len(joined) + steps.tolist()
    layers: list[dict[str, Any]] = []
    lead = sides.leader(outcome)
    quantiles = lead[1].output.arrays.get("quantiles") if lead else None
    band = ""
    if lead and quantiles is not None and len(outcome.task.quantiles) > 1:
        low, high = np.asarray(quantiles)[i, :, t, 0], np.asarray(quantiles)[i, :, t, -1]
        ends = [words.percent(outcome.task.quantiles[k]) for k in (0, -1)]
        label = f"{sides.label(lead[0])}, {ends[0]} to {ends[1]}"
        band = f"The band of the {lead[1].side} finalist reaches from its {ends[0]} to its {ends[1]} quantile."
        layers.append(
            {"mark": "band", "colour": lead[1].side, "label": label, "x": sides.short(steps),
             "low": sides.short(low), "high": sides.short(high)}
        )  # fmt: skip
    if len(before):
        layers.append(
            {"mark": "line", "colour": "muted", "label": "history", "x": sides.short(np.arange(1 - len(before), 1)),
             "y": sides.short(before)}
        )  # fmt: skip
    layers.append(
        {"mark": "line", "colour": "ink", "label": "truth", "x": ahead, "y": sides.short([*joined, *truth]),
         "dots": dotted}
    )  # fmt: skip
    rows: list[list[Any]] = [[int(k), words.number(float(truth[k - 1]))] for k in steps]
    pairs = sides.finalists(outcome)
    for run, contestant in pairs:
        values = sides.predicted(contestant)[i, :, t]
        layers.append(
            {"mark": "line", "colour": contestant.side, "label": sides.label(run), "x": sides.short(steps),
             "y": sides.short(values), "dots": horizon <= 12}
        )  # fmt: skip
        for row, value in zip(rows, values, strict=True):
            row.append(words.number(float(value)))
    gaps = " Steps without a true value are not scored." if np.isnan(truth).any() else ""
    return {
        "title": heading(outcome, i),
        "shape": "wide",
        "alt": f"{name}: history, truth and the forecasts of {' and '.join(sides.label(run) for run, _ in pairs)} over "
        f"{words.count(horizon, 'step')}, {heading(outcome, i)} ({place}).",
        "caption": f"{place.capitalize()}. {band}".strip() + gaps,
        "x": {"label": "steps from the start of the forecast", "whole": True},
        "y": {"label": name},
        "layers": layers,
        "table": {
            "columns": ["step", "truth", *(run.side for run, _ in pairs)],
            "rows": rows,
            "numeric": list(range(2 + len(pairs))),
        },
    }


def by_step(outcome: Outcome, t: int, name: str) -> dict[str, Any] | None:
    """Mean absolute error of one target at each step of the horizon, for both sides and the floor.

    Args:
        outcome: of a forecast.
        t: place of the target.
        name: its name, to be said where there are several; else empty.
    """
    truth = np.asarray(outcome.truth, dtype=float)[..., t]
    horizon = truth.shape[1]
    if horizon < 2:
        return None
    shown = [c for c in outcome.contestants if c.side in ("deep", "shallow", "floor")]
    shown.sort(key=lambda c: sides.ORDER[c.side])
    errors = {c.side: sides.known_mean(np.abs(sides.predicted(c)[..., t] - truth), axis=0) for c in shown}
    steps = np.arange(1, horizon + 1)
    of = f" of {name}" if name else ""
    gaps = ", where the true value is known" if np.isnan(truth).any() else ""
    return {
        "title": f"Error{of} by distance",
        "alt": f"Mean absolute error{of} against steps ahead for {', '.join(errors)}.",
        "caption": f"Mean absolute error{of} at each step ahead, over {words.count(len(truth), 'test window')}{gaps}.",
        "x": {"label": "steps ahead", "whole": True},
        "y": {"label": f"mean absolute error{of}"},
        "layers": [
            {
                "mark": "line",
                "colour": side,
                "label": side,
                "x": sides.short(steps),
                "y": sides.short(e),
                "dots": (horizon <= 12 or bool(np.isnan(e).any())) and side != "floor",
            }
            for side, e in errors.items()
        ],
        "table": {
            "columns": ["step", *errors],
            "rows": [[int(k), *(words.number(float(e[k - 1])) for e in errors.values())] for k in steps],
            "numeric": list(range(1 + len(errors))),
        },
    }


def by_series(outcome: Outcome, t: int) -> dict[str, Any] | None:
    """Mean absolute error of one target in each series, those first in which sides differ most; None of one series."""
    names = series_of(outcome)
    if names is None or len(set(names)) < 2:
        return None
    truth = np.asarray(outcome.truth, dtype=float)[..., t]
    shown = sorted(
        (c for c in outcome.contestants if c.side in ("deep", "shallow", "floor")), key=lambda c: sides.ORDER[c.side]
    )
    errors = {c.side: np.abs(sides.predicted(c)[..., t] - truth) for c in shown}
    rows = []
    for name in dict.fromkeys(names):
        own = np.array([one == name for one in names])
        means = {side: float(sides.known_mean(error[own])) for side, error in errors.items()}
        if all(np.isfinite(mean) for mean in means.values()):
            rows.append((name, int(own.sum()), means))
    both = "deep" in errors and "shallow" in errors
    said = ""
    if both and rows:
        n = sum(means["deep"] < means["shallow"] for _, _, means in rows)
        said = f"Deep has the smaller error in {n:,} of {words.count(len(rows), 'series', 'series')}."
        rows.sort(key=lambda one: -abs(one[2]["deep"] - one[2]["shallow"]))
    return {
        "label": "Error by series",
        "said": said,
        "columns": ["series", "windows", *errors],
        "rows": [
            [words.shorten(name, 40), n, *(words.number(mean) for mean in means.values())]
            for name, n, means in rows[:N_SERIES]
        ],
        "numeric": list(range(1, 2 + len(errors))),
        "left_out": max(0, len(rows) - N_SERIES),
    }


def checks(outcome: Outcome, t: int) -> dict[str, Any]:
    """Bias of each finalist, whether its errors grow, and whether those of neighbouring windows follow each other."""
    truth = np.asarray(outcome.truth, dtype=float)[..., t]
    names = series_of(outcome) or ["" for _ in truth]
    windows = np.repeat(np.arange(len(truth)), truth.shape[1]).reshape(truth.shape)
    rows: list[list[Any]] = []
    for _, entrant in sides.finalists(outcome):
        predicted = sides.predicted(entrant)[..., t]
        error = predicted - truth
        found = residual_checks.bias(error, windows)
        grow = residual_checks.rank_correlation(np.abs(error), predicted)
        first = [error[[one == name for one in names], 0] for name in dict.fromkeys(names)]
        follow = residual_checks.autocorrelation(first)
        rows.append(
            [
                {"side": entrant.side},
                words.NOTHING if found is None else words.number(found[0], 3),
                words.NOTHING if found is None else f"{words.number(found[1], 3)} to {words.number(found[2], 3)}",
                correlated(grow), correlated(follow),
            ]
        )  # fmt: skip
    return {
        "label": "Checks of the errors",
        "columns": ["side", "bias", "95 % interval", "errors grow with the forecast", "neighbouring windows err alike"],
        "rows": rows,
        "numeric": [1, 2],
    }


def correlated(found: tuple[float, bool] | None) -> str:
    """Whether there is a positive correlation beyond chance, and how large it is."""
    if found is None:
        return words.NOTHING
    return f"{'yes' if found[1] and found[0] > 0 else 'no'} ({words.number(found[0], 2)})"


FORECAST = Section(
    name="forecast",
    title="Forecasts and what happened",
    order=73,
    collect=collect,
    template="""
<h3>{{ scores.title }}</h3>
{{ table(scores) }}
<p>{{ scores.caption }} {{ scaling }}</p>
{% for target in targets %}{% if targets | length > 1 %}<h3>{{ target.name }}</h3>{% endif %}
{% set n = target.windows | length %}{% if n_windows > n %}<p>{{ n }} of {{ n_windows }} test windows.</p>{% endif %}
{% for chart in target.windows %}{{ figure(chart) }}{% endfor %}
{% if target.by_step %}{{ figure(target.by_step) }}{% endif %}
{% if target.by_series %}<h3>Error by series</h3><p>{{ target.by_series.said }} Mean absolute error; series in which the sides differ most come first.</p>
{{ table(target.by_series) }}{% endif %}
<h3>Checks of the errors</h3>{{ table(target.checks) }}
<p class="quiet">Bias is the mean of forecast minus truth. Where the first errors of neighbouring windows are alike, something that changes slowly is not in the model. Correlations in brackets.</p>{% endfor %}
{% if left_out %}<p class="quiet">Not drawn: {{ left_out | join(", ") }}.</p>{% endif %}
""",  # noqa: E501
    markdown="""{{ table(scores) }}

{{ scores.caption }} {{ scaling }}

{% for target in targets %}{% for chart in target.windows %}{{ figure(chart) }}
{% endfor %}{% if target.by_step %}{{ figure(target.by_step) }}
{% endif %}{% if target.by_series %}
{{ target.by_series.said }}

{{ table(target.by_series) }}
{% endif %}
{{ table(target.checks) }}
{% endfor %}{% if left_out %}Not drawn: {{ left_out | join(", ") }}.{% endif %}""",
)
