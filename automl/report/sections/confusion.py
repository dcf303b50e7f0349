"""Which classes are predicted for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import Outcome, Section
from automl.report import sides, words

__all__ = ["CONFUSION"]

N_CLASSES = 20
N_PAIRS = 15


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Confusion matrices of both finalists, or the commonest confusions where there are many classes."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).is_one_class or not pairs or not len(outcome.truth):
        return None
    names = [words.shorten(name, 28) for name in outcome.task.classes]
    truth = np.asarray(outcome.truth).astype(int)
    counts: dict[str, Any] = {
        contestant.side: matrix(truth, sides.labels(contestant), len(names)) for _, contestant in pairs
    }
    small = len(names) <= N_CLASSES
    return {
        "matrices": [
            {
                "side": contestant.side,
                "run": run.name,
                "title": words.title(run),
                "label": f"Confusion matrix of the {contestant.side} finalist",
                "names": names,
                "upright": (len(names) > 5 and max(map(len, names)) > 3) or max(map(len, names)) > 14,
                "counts": counts[contestant.side].tolist(),
                "shares": shares(counts[contestant.side]).round(4).tolist(),
            }
            for run, contestant in pairs
            if small
        ],
        "stacked": len(names) > 5,
        "top": commonest(counts, names),
        "classes": by_class(counts, names),
    }


def matrix(truth: Any, predicted: Any, n_classes: int) -> Any:
    """Counts of (true, predicted), shape (n_classes, n_classes)."""
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (truth, np.asarray(predicted).astype(int)), 1)
    return counts


def shares(counts: Any) -> Any:
    """Each row as shares of its true class; zeros where a class has no test row."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def commonest(counts: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The commonest confusions of both sides together."""
    total = sum(counts.values()).copy()
    np.fill_diagonal(total, 0)
    order = np.argsort(-total, axis=None, kind="stable")[:N_PAIRS]
    places = [divmod(int(i), len(names)) for i in order if total.flat[int(i)] > 0]
    return {
        "label": "Commonest confusions",
        "columns": ["true", "predicted", *counts],
        "rows": [[names[t], names[p], *(int(c[t, p]) for c in counts.values())] for t, p in places],
    }


def by_class(counts: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Recall and precision of each class on both sides."""
    some = next(iter(counts.values()))
    columns = ["class", "test rows", *(f"{measure}, {side}" for side in counts for measure in ("recall", "precision"))]
    rows: list[list[Any]] = []
    for i, name in enumerate(names):
        row: list[Any] = [name, int(some[i].sum())]
        for c in counts.values():
            row.append(words.percent(c[i, i] / c[i].sum() if c[i].sum() else None))
            row.append(words.percent(c[i, i] / c[:, i].sum() if c[:, i].sum() else None))
        rows.append(row)
    return {"label": "By class", "columns": columns, "rows": rows, "numeric": list(range(1, len(columns)))}


CONFUSION = Section(
    name="confusion",
    title="Confusions",
    order=70,
    collect=collect,
    template="""
{% if matrices %}
  <p>Test rows by true class (down) and predicted class (across); the stronger a colour, the larger the share of the true class.</p>
<div class="{{ "stack" if stacked else "pair" }}">{% for one in matrices %}<div>
  <h3>{{ side(one.side) }} {% if one.title %}{{ one.title }} {{ small(one.run) }}{% else %}{{ one.run }}{% endif %}</h3>{{ heat(one, one.side) }}</div>{% endfor %}</div>
{% else %}
  <p>The commonest confusions among {{ classes.rows | length }} classes, counted on the test rows.</p>{{ table(top) }}{% endif %}
{% call more("Recall and precision by class") %}{{ table(classes) }}{% endcall %}
""",  # noqa: E501
    markdown="""{% for one in matrices -%}
**{{ one.side }}, {% if one.title %}{{ one.title }} ({{ one.run }}){% else %}{{ one.run }}{% endif %}** (rows: true class, columns: predicted)

| true ↓ predicted → |{% for name in one.names %} {{ name }} |{% endfor %}
|---|{% for name in one.names %}---:|{% endfor %}
{% for row in one.counts -%}
| {{ one.names[loop.index0] }} |{% for value in row %} {{ value }} |{% endfor %}
{% endfor %}
{% endfor -%}
{% if top.rows %}Commonest confusions:
{{ table(top) }}{% endif %}
Recall and precision by class:
{{ table(classes) }}""",  # noqa: E501
)
