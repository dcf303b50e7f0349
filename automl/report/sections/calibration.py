"""Calibration: whether probabilities, or the quantiles of a forecast, agree with observed frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import Contestant, Outcome, Run, Section, Task
from automl.report import reliability, sides, words

__all__ = ["CALIBRATION"]

N_LEAST = 50  # fewer test items say nothing about frequencies
FRAME = {"shape": "half", "grid": "both"}
SHARES = {"percent": True, "limits": [-0.02, 1.02]}
DIAGONAL = {"mark": "diagonal", "colour": "muted"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Reliability of both finalists' probabilities, or the coverage of their quantiles."""
    goal = goals.named(outcome.task)
    if goal.is_classification:
        return probabilities(outcome)
    return coverage(outcome) if goal.in_windows else None


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
        f"{words.percent(float(share[-1] - share[0]))} for {run.name}."
    )


CALIBRATION = Section(
    name="calibration",
    title="Calibration",
    order=80,
    collect=collect,
    template="<p>{{ words }}</p>{{ figure(chart) }}",
    markdown="{{ words }}\n{{ figure(chart) }}",
)
