"""Numbers: predicted against true values, and the distribution of errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import Outcome, Run, Section
from automl.report import residual_checks, sides, words
from automl.target_encoding.microaggregation import ends

__all__ = ["RESIDUALS"]

N_POINTS = 400
N_TARGETS = 4
N_BINS = 31


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """For each target a scatter of both finalists, a histogram of errors, and their sizes."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).is_numeric or not pairs or not len(outcome.truth):
        return None
    truth = np.asarray(outcome.truth, dtype=float).reshape(len(outcome.truth), -1)
    values: dict[str, tuple[Run, Any]] = {
        contestant.side: (run, sides.predicted(contestant)) for run, contestant in pairs
    }
    names = [words.shorten(name, 40) for name in outcome.task.target]
    known = [np.isfinite(column) for column in truth.T]
    rows = [
        [name, side, *sizes(truth[known[i], i], predicted[known[i], i])]
        for i, name in enumerate(names)
        for side, (_, predicted) in values.items()
        if known[i].any()
    ]
    return {
        "targets": [
            target(name, truth[known[i], i], {side: (run, p[known[i]]) for side, (run, p) in values.items()}, i)
            for i, name in enumerate(names[:N_TARGETS])
            if known[i].any()
        ],
        "left_out": names[N_TARGETS:],
        "checks": {
            "label": "Checks of the errors",
            "columns": ["target", "side", "bias", "95 % interval", "errors grow with the prediction"],
            "rows": [
                [name, side, *checks(truth[known[i], i], predicted[known[i], i])]
                for i, name in enumerate(names)
                for side, (_, predicted) in values.items()
                if known[i].any()
            ],
            "numeric": [2, 3],
        },
        "sizes": {
            "label": "Sizes of the errors",
            "columns": ["target", "side", "mean absolute error", "RMSE", "R²", "bias", "half within", "90 % within"],
            "rows": rows,
            "numeric": list(range(2, 8)),
        },
    }


def checks(truth: Any, predicted: Any) -> list[str]:
    """Mean error with its interval, and whether larger predictions have larger errors."""
    found = residual_checks.bias(predicted - truth)
    grow = residual_checks.rank_correlation(np.abs(predicted - truth), predicted)
    said = words.NOTHING
    if grow is not None:
        said = f"{'yes' if grow[1] and grow[0] > 0 else 'no'} (rank correlation {words.number(grow[0], 2)})"
    if found is None:
        return [words.NOTHING, words.NOTHING, said]
    return [words.number(found[0], 3), f"{words.number(found[1], 3)} to {words.number(found[2], 3)}", said]


def sizes(truth: Any, predicted: Any) -> list[str]:
    """How large the errors of one target are."""
    error = predicted - truth
    spread = float(((truth - truth.mean()) ** 2).sum())
    half, most = np.quantile(np.abs(error), [0.5, 0.9])
    r2 = 1 - float((error**2).sum()) / spread if spread else None
    values = [np.abs(error).mean(), np.sqrt((error**2).mean()), r2, error.mean(), half, most]
    return [words.number(None if v is None else float(v)) for v in values]


def target(name: str, truth: Any, values: dict[str, tuple[Run, Any]], i: int) -> dict[str, Any]:
    """The pictures of one target."""
    rows = np.linspace(0, len(truth) - 1, min(N_POINTS, len(truth))).round().astype(int)
    seen = np.concatenate([truth[rows], *(p[rows, i] for _, p in values.values())])
    seen = seen[np.isfinite(seen)]
    pad = 0.04 * float(np.ptp(seen)) if len(seen) else 0.0
    reach = [float(seen.min()) - pad, float(seen.max()) + pad] if len(seen) else None
    charts = [scatter(name, side, run, truth[rows], p[rows, i], reach) for side, (run, p) in values.items()]
    return {"name": name, "charts": charts, "histogram": histogram(name, truth, values, i)}


def scatter(name: str, side: str, run: Run, truth: Any, predicted: Any, reach: list[float] | None) -> dict[str, Any]:
    """Predicted against true, with the line where both are equal."""
    return {
        "title": words.title(run),
        "side": side,
        "run": run.name,
        "shape": "half",
        "grid": "both",
        "alt": f"Predicted against true {name} of the {side} finalist, {words.count(len(truth), 'test row')}; perfect "
        "predictions lie on the dotted line.",
        "x": {"label": f"true {name}", "limits": reach},
        "y": {"label": "predicted", "limits": reach},
        "layers": [
            {"mark": "diagonal", "colour": "muted"},
            {"mark": "points", "colour": side, "faint": True, "x": sides.short(truth), "y": sides.short(predicted)},
        ],
        "table": deciles(truth, predicted),
    }


def deciles(truth: Any, predicted: Any) -> dict[str, Any]:
    """The scatter as a table: means of truth and prediction in tenths of the true values."""
    parts = [part for part in np.array_split(np.argsort(truth, kind="stable"), 10) if len(part)]
    return {
        "columns": ["true values", "rows", "mean true", "mean predicted", "mean absolute error"],
        "rows": [
            [
                " to ".join(words.number(end) for end in ends(truth[p])),
                len(p),
                words.number(float(truth[p].mean())),
                words.number(float(predicted[p].mean())),
                words.number(float(np.abs(predicted[p] - truth[p]).mean())),
            ]
            for p in parts
        ],
        "numeric": [1, 2, 3, 4],
    }


def histogram(name: str, truth: Any, values: dict[str, tuple[Run, Any]], i: int) -> dict[str, Any]:
    """Errors of both finalists in common bins; the outermost bins hold the largest per cent of errors."""
    errors = {side: p[:, i] - truth for side, (_, p) in values.items()}
    pooled = np.concatenate(list(errors.values()))
    reach = float(np.quantile(np.abs(pooled[np.isfinite(pooled)]), 0.99)) if np.isfinite(pooled).any() else 1.0
    edges = np.linspace(-(reach or 1.0), reach or 1.0, N_BINS + 1)
    counts = {side: np.histogram(np.clip(e, edges[0], edges[-1]), edges)[0] for side, e in errors.items()}
    return {
        "title": f"Errors in {name}",
        "alt": f"Histogram of prediction errors in {name}, predicted minus true, of both finalists.",
        "caption": "Predicted minus true on the test rows; errors beyond the picture count in the outermost bars.",
        "x": {"label": f"predicted − true {name}"},
        "y": {"label": "test rows", "whole": True},
        "layers": [
            {"mark": "bars", "colour": side, "label": side, "x": sides.short(edges), "y": sides.short(c)}
            for side, c in counts.items()
        ],
        "table": {
            "columns": ["from", "to", *counts],
            "rows": [
                [
                    words.number(float(edges[k])),
                    words.number(float(edges[k + 1])),
                    *(int(c[k]) for c in counts.values()),
                ]
                for k in range(N_BINS)
            ],
            "numeric": [0, 1],
        },
    }


RESIDUALS = Section(
    name="residuals",
    title="Predicted and true",
    order=72,
    collect=collect,
    group="Evidence",
    template="""
{{ table(sizes) }}
<h3>Checks of the errors</h3>
{{ table(checks) }}
<p class="quiet">Bias is the mean of predicted minus true; an interval without zero says that predictions are too high or too low on the whole. Where errors grow with the prediction, a transform of the target, or intervals that widen, may pay.</p>
{% for target in targets %}{% if targets | length > 1 %}<h3>{{ target.name }}</h3>{% endif %}
<div class="pair">{% for chart in target.charts %}{{ figure(chart) }}{% endfor %}</div>
{{ figure(target.histogram) }}{% endfor %}
{% if left_out %}<p class="quiet">Not drawn: {{ left_out | join(", ") }}.</p>{% endif %}
""",  # noqa: E501
    markdown="""{{ table(sizes) }}

{{ table(checks) }}
{% for target in targets %}{% for chart in target.charts %}{{ figure(chart) }}
{% endfor %}{{ figure(target.histogram) }}
{% endfor %}""",
)
