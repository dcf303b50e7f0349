"""Calibration: whether probabilities, or the quantiles of a forecast, agree with observed frequencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.records import Contestant, Outcome, Run, Section, Task
from automl.report import reliability, sides, words

__all__ = ["CALIBRATION"]

N_LEAST = 50  # fewer test items say nothing about frequencies
PARTS = ("miscalibration", "by_chance", "discrimination", "uncertainty")
FRAME = {"shape": "half", "grid": "both"}
SHARES = {"percent": True, "limits": [-0.02, 1.02]}
DIAGONAL = {"mark": "diagonal", "colour": "muted"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Reliability of probabilities, or the coverage of quantiles, of both finalists; with what was measured of it."""
    goal, drawn = goals.named(outcome.task), None
    if goal.is_classification:
        drawn = probabilities(outcome)
    elif goal.in_windows:
        drawn = coverage(outcome)
    found = outcome.analyses.get("calibration")
    if drawn is None and not found:
        return None
    base = {"words": "", "errors": None, "chart": None} if drawn is None else drawn
    return {**base, "parts": parts(found) if found else None}


def parts(found: Mapping[str, Any]) -> dict[str, Any]:
    """The Brier score taken apart, or the coverage of each quantile with its interval."""
    level = words.percent(found["level"])
    if found["kind"] == "quantiles":
        rows = [
            [
                {"side": row["side"]},
                words.percent(row["quantile"]),
                words.percent(row["below"]),
                shares(row),
                "no" if row["low"] is not None and row["low"] <= row["quantile"] <= row["high"] else "yes",
            ]
            for row in found["rows"]
        ]
        columns = ["side", "quantile", "truths below it", f"{level} interval", "off by more than chance"]
        return {
            "kind": "quantiles",
            "sentences": [],
            "table": {"label": "Coverage of quantiles", "columns": columns, "rows": rows, "numeric": [1, 2, 3]},
        }
    rows = []
    for row in found["rows"]:
        texts = words.scores(*(row[key] for key in ("brier", "low", "high")))
        interval = "not defined" if row["low"] is None else f"{texts[1]} to {texts[2]}"
        values = words.scores(*(row[key] for key in PARTS))
        rows.append([{"side": row["side"]}, texts[0], interval, *values])
    columns = [
        "side",
        "Brier score",
        f"{level} interval",
        "miscalibration",
        "by chance, at most",
        "discrimination",
        "uncertainty",
    ]
    return {
        "kind": "probabilities",
        "sentences": [*(sentence(row) for row in found["rows"]), *gain_sentence(found)],
        "table": {"label": "The Brier score taken apart", "columns": columns, "rows": rows,
                  "numeric": list(range(1, 7))},
    }  # fmt: skip


def shares(row: Mapping[str, Any]) -> str:
    """An interval of shares."""
    return "not defined" if row["low"] is None else f"{words.percent(row['low'])} to {words.percent(row['high'])}"


def sentence(row: Mapping[str, Any]) -> str:
    """Whether a finalist is miscalibrated by more than chance."""
    if row["by_chance"] is None:
        return f"The {row['side']} finalist: too little time to tell its miscalibration from chance."
    if row["miscalibration"] > row["by_chance"]:
        return f"The {row['side']} finalist's probabilities are off by more than chance would explain."
    return f"The {row['side']} finalist's probabilities are as good as calibrated ones of so many rows."


def gain_sentence(found: Mapping[str, Any]) -> list[str]:
    """By how much the deep finalist's Brier score is lower."""
    gain = found["gain"]
    if gain is None or gain["low"] is None:
        return []
    value, low, high = words.differences(gain["value"], gain["low"], gain["high"])
    level = words.percent(found["level"])
    return [f"Shallow − deep Brier score: {value} ({level} interval {low} to {high}); positive where deep is better."]


def probabilities(outcome: Outcome) -> dict[str, Any] | None:
    """Claimed against observed frequency on the test rows."""
    pairs = [(run, c) for run, c in sides.finalists(outcome) if "probabilities" in c.output.arrays]
    if not pairs or len(outcome.truth) < N_LEAST:
        return None
    curves: dict[str, list[dict[str, float]]] = {}
    errors = []
    for run, contestant in pairs:
        claimed = contestant.output.arrays["probabilities"]
        curves[contestant.side] = reliability.table(outcome.truth, claimed, weight=outcome.weight)
        error = reliability.calibration_error(outcome.truth, claimed, weight=outcome.weight)
        errors.append([run.name, contestant.side, words.percent(error)])
    claim = claimed_class(outcome.task)
    each = " and ".join(f"{error} for the {side} finalist" for _, side, error in errors)
    return {
        "words": f"How often the claim came true, by the probability that a model gave to {claim}. "
        f"Expected calibration error: {each} (0 is perfect; equally wide bins).",
        "errors": {"label": "Calibration error", "columns": ["run", "side", "calibration error"], "rows": errors,
                   "numeric": [2]},
        "chart": chart(curves),
    }  # fmt: skip


def claimed_class(task: Task) -> str:
    """The class whose probability is compared with its frequency, in words."""
    goal = goals.named(task)
    if goal.is_binary:
        return f"the positive class, “{words.shorten(task.positive or '', 40)}”"
    return "each label, all labels together" if goal.is_multilabel else "the predicted class"


def chart(curves: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """The reliability diagram."""
    layers: list[dict[str, Any]] = [DIAGONAL]
    for side, bins in curves.items():
        seen, came = np.array([b["predicted"] for b in bins]), np.array([b["observed"] for b in bins])
        error = np.array([b["error"] for b in bins])
        layers.append(
            {"mark": "band", "colour": side, "x": sides.short(seen), "low": sides.short(np.maximum(came - error, 0)),
             "high": sides.short(np.minimum(came + error, 1))}
        )  # fmt: skip
        layers.append(dotted(side, seen, came))
    return {
        **FRAME,
        "alt": f"Reliability diagram of {' and '.join(curves)}: observed frequency against claimed probability; "
        "the dotted diagonal is perfect.",
        "caption": "On the dotted line, claims come true as often as claimed; below it a model is too sure of itself. "
        "Shaded: one standard error.",
        "x": {"label": "claimed probability", **SHARES},
        "y": {"label": "came true", **SHARES},
        "layers": layers,
        "table": {
            "columns": ["side", "claimed from", "to", "mean claim", "came true", "rows"],
            "rows": [
                [side, *(words.percent(b[key]) for key in ("low", "high", "predicted", "observed")), int(b["rows"])]
                for side, bins in curves.items()
                for b in bins
            ],
            "numeric": [1, 2, 3, 4, 5],
        },
    }


def dotted(side: str, x: Any, y: Any) -> dict[str, Any]:
    """One side's curve, with a dot at each point."""
    return {
        "mark": "line", "colour": side, "label": side, "dots": True, "x": sides.short(x), "y": sides.short(y),
    }  # fmt: skip


def coverage(outcome: Outcome) -> dict[str, Any] | None:
    """How often the truth lay below each quantile."""
    levels = outcome.task.quantiles
    pairs = [(run, c) for run, c in sides.finalists(outcome) if c.output.arrays.get("quantiles") is not None]
    if not levels or not pairs or np.isfinite(outcome.truth).sum() < N_LEAST:
        return None
    shares = [(run, c, below(outcome, c)) for run, c in pairs]
    layers = [DIAGONAL, *(dotted(c.side, levels, share) for _, c, share in shares)]
    rows = [
        [words.percent(level), *(words.percent(float(s[k])) for _, _, s in shares)] for k, level in enumerate(levels)
    ]
    return {
        "words": "How often the truth lay below each predicted quantile, over all test windows and steps. "
        + " ".join(inside(run, levels, share) for run, _, share in shares),
        "errors": None,
        "chart": {
            **FRAME,
            "alt": "Share of truths below each quantile against its level; the diagonal is perfect.",
            "caption": "On the dotted line, as many truths lie below a quantile as its level says.",
            "x": {"label": "quantile", **SHARES},
            "y": {"label": "truths below it", **SHARES},
            "layers": layers,
            "table": {
                "columns": ["quantile", *(f"below it, {c.side}" for _, c, _ in shares)],
                "rows": rows,
                "numeric": list(range(1 + len(shares))),
            },
        },
    }


def below(outcome: Outcome, entrant: Contestant) -> Any:
    """The share of known truths at or below each quantile."""
    quantiles = np.asarray(entrant.output.arrays["quantiles"], dtype=float)
    truth = np.asarray(outcome.truth, dtype=float)
    known = np.isfinite(truth)
    return (truth[known][:, None] <= quantiles[known]).mean(axis=0)


def inside(run: Run, levels: tuple[float, ...], share: Any) -> str:
    """How often the truth lay between the outermost quantiles."""
    if len(levels) < 2:
        return ""
    return (
        f"Between its outermost quantiles ({words.percent(levels[-1] - levels[0])} promised) lay "
        f"{words.percent(float(share[-1] - share[0]))} for the {run.side} finalist."
    )


CALIBRATION = Section(
    name="calibration",
    title="Calibration",
    order=80,
    collect=collect,
    group="Evidence",
    template="""
{% if chart %}<p>{{ words }}</p>{{ figure(chart) }}{% endif %}
{% if parts %}{% if parts.kind == "probabilities" %}<h3>The Brier score taken apart</h3>
<ul>{% for sentence in parts.sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>{% endif %}
{{ table(parts.table) }}
{% if parts.kind == "probabilities" %}<p class="quiet">Brier score = miscalibration − discrimination + uncertainty (Murphy 1973: reliability, resolution, uncertainty), with isotonic recalibration in place of bins (Dimitriadis, Gneiting and Jordan 2021). Lower scores and miscalibration are better, higher discrimination is. “By chance” is what 95 % of calibrated models stay below. Intervals cover test rows, not seeds.</p>{% endif %}{% endif %}
""",  # noqa: E501
    markdown="""{% if chart %}{{ words }}
{{ figure(chart) }}
{% endif %}{% if parts %}
{% for sentence in parts.sentences -%}
- {{ sentence }}
{% endfor %}
{{ table(parts.table) }}
{% if parts.kind == "probabilities" %}
Brier score = miscalibration − discrimination + uncertainty (Murphy 1973; Dimitriadis, Gneiting and Jordan 2021). Intervals cover test rows, not seeds.{% endif %}{% endif %}""",  # noqa: E501
)
