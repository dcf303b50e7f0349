"""Attacks: scores of both finalists when inputs are changed on purpose, by attack and strength."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import metrics
from automl.records import Outcome, Section
from automl.report import words

__all__ = ["ATTACKS"]

NAMES = {
    "random": "random changes", "search": "random search", "fgsm": "fast gradient sign",
    "pgd": "projected gradient descent", "any": "any attack",
}  # fmt: skip
SIDES = ("deep", "shallow")


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Pictures and tables of what is alike for both sides, and of what only a network's gradients allow."""
    found = outcome.analyses.get("attacks")
    if not found:
        return None
    charts = [_alike(found), _by_gradients(found)]
    return {
        "metric": words.metric(found["metric"]),
        "direction": words.direction(metrics.named(found["metric"]).higher_is_better),
        "rows": words.count(found["n_items"], "test item"),
        "sampled": found["n_items"] < found["n_test"],
        "unit": found["unit"],
        "sentences": [*_in_the_middle(found), *_gains(found), *_gradients(found)],
        "charts": [chart for chart in charts if chart is not None],
        "scores": _scores(found),
        "left_out": [_missed(one, found) for one in found["left_out"]],
    }


def _strength(value: float, found: Mapping[str, Any]) -> str:
    return words.percent(value) if found["percent"] else words.rough(value)


def _line(found: Mapping[str, Any], attack: str, attacked: str, side: str) -> list[Mapping[str, Any]]:
    """Rows of one attack and side, by strength; the unchanged inputs first."""
    own = [r for r in found["rows"] if (r["attack"], r["attacked"], r["side"]) == (attack, attacked, side)]
    own = sorted(own, key=lambda row: row["strength"])
    return [{"strength": 0.0, "score": found["clean"].get(side)}, *own] if own else []


def _layer(found: Mapping[str, Any], attack: str, attacked: str, side: str, label: str, faint: bool = False) -> Any:
    line = _line(found, attack, attacked, side)
    if not line:
        return None
    return {
        "mark": "line", "colour": side, "label": label, "dots": not faint, "faint": faint,
        "x": [row["strength"] for row in line], "y": [row["score"] for row in line],
    }  # fmt: skip


def _chart(found: Mapping[str, Any], title: str, alt: str, layers: list[Any]) -> dict[str, Any] | None:
    layers = [layer for layer in layers if layer is not None]
    if not layers:
        return None
    strengths = sorted({x for layer in layers for x in layer["x"]})
    values = [dict(zip(layer["x"], layer["y"], strict=True)) for layer in layers]
    return {
        "title": title,
        "shape": "half",
        "alt": alt,
        "x": {"label": found["unit"], "percent": found["percent"]},
        "y": {"label": words.metric(found["metric"]), "limits": _limits(found, layers)},
        "layers": layers,
        "table": {
            "columns": ["strength", *(layer["label"] for layer in layers)],
            "rows": [[_strength(x, found), *words.scores(*(own.get(x) for own in values))] for x in strengths],
            "numeric": list(range(len(layers) + 1)),
        },
    }


def _limits(found: Mapping[str, Any], layers: list[Any]) -> list[float] | None:
    """Of scores that are all alike: an axis that does not reach beyond the best one."""
    scores = {y for layer in layers for y in layer["y"] if y is not None}
    if len(scores) != 1:
        return None
    (score,) = scores
    low, high = (0.05, 0.005) if metrics.named(found["metric"]).higher_is_better else (0.005, 0.05)
    return [score - low * max(1.0, abs(score)), score + high * max(1.0, abs(score))]


def _alike(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same search against each side; random changes are faint."""
    layers = [_layer(found, "search", side, side, f"{side}, searched") for side in SIDES]
    layers += [_layer(found, "random", side, side, f"{side}, random changes", faint=True) for side in SIDES]
    if not any(layers[:2]):  # no time was left for the search
        return _chart(
            found, "Random changes", "Scores of both finalists against the strength of random changes.", layers
        )
    alt = "Scores of both finalists against the strength of a random search for harmful changes, and of random changes."
    return _chart(found, "The same search against each side", alt, layers)


def _by_gradients(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a network's gradients do to it, and the rows made against it to the other side."""
    layers = [
        _layer(found, "pgd", "deep", "deep", "deep, projected gradient descent"),
        _layer(found, "pgd", "deep", "shallow", "shallow, on the same rows"),
        _layer(found, "fgsm", "deep", "deep", "deep, fast gradient sign", faint=True),
    ]
    alt = "Scores of both finalists on rows that attacks by the gradients of the deep one made, by strength."
    return _chart(found, "By gradients of the network", alt, layers)


def _missed(one: dict[str, Any], found: Mapping[str, Any]) -> str:
    at = ", ".join(_strength(value, found) for value in one["strengths"])
    return f"{NAMES[one['attack']]} at {at} ({one['reason']})"


def _in_the_middle(found: Mapping[str, Any]) -> list[str]:
    """What each attack takes at the middle one of the strengths that were searched."""
    searched = sorted({row["strength"] for row in found["rows"] if row["attack"] == "search"})
    if not searched:
        return []
    at = searched[len(searched) // 2]
    taken = []
    for attack in ("random", "search", "pgd"):
        own = [row for row in found["rows"] if row["strength"] == at and row["attack"] == attack]
        losses = words.differences(*(row["loss"] for row in own)) if own else []
        each = [f"{row['side']} {text.lstrip('+')}" for row, text in zip(own, losses, strict=True)]
        if each:
            same = " (the same rows)" if any(row["attacked"] != row["side"] for row in own) else ""
            taken.append(f"{NAMES[attack]} cost{'' if attack == 'random' else 's'} {' and '.join(each)}{same}")
    return [f"At {_strength(at, found)} ({found['unit']}), {'; '.join(taken)} of the score."]


def _by(row: Mapping[str, Any]) -> str:
    return NAMES[row["attack"]] + ("" if row["attacked"] == row["side"] else f" against {row['attacked']}")


def _gains(found: Mapping[str, Any]) -> list[str]:
    """Where one side scores higher than the other under the same search."""
    gains = [row for row in found["gains"] if row["attack"] == "search" and row["low"] is not None]
    if not gains:
        return []
    made = []
    better = {"deep": [row for row in gains if row["low"] > 0], "shallow": [row for row in gains if row["high"] < 0]}
    for side, own in better.items():
        where = [_strength(row["strength"], found) for row in own]
        if where:
            made.append(f"Under the same search, {side} scores higher beyond noise at {', '.join(where)}.")
    return made or ["Under the same search, the sides do not differ beyond noise at any strength."]


def _gradients(found: Mapping[str, Any]) -> list[str]:
    """What gradients take from a network, and whether the same rows harm the other side."""
    if found["no_gradients"]:
        return [f"Gradients were not used: {found['no_gradients']}."]
    own = [row for row in found["rows"] if row["attack"] in ("fgsm", "pgd") and row["low"] is not None]
    made = []
    for side, start in (("deep", "With its gradients known, deep"), ("shallow", "On the same rows, shallow")):
        harmed = [row["strength"] for row in own if row["side"] == side and row["low"] > 0]
        if harmed:
            made.append(f"{start} scores lower beyond noise from {_strength(min(harmed), found)} on.")
        elif any(row["side"] == side for row in own):
            made.append(f"{start} does not score lower beyond noise.")
    return made


def _scores(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for row in found["rows"]:
        loss, low, high = words.differences(row["loss"], row["low"], row["high"])
        interval = words.NOTHING if row["low"] is None else f"{low} to {high}"
        score = words.score(row["score"])
        rows.append([_by(row), _strength(row["strength"], found), {"side": row["side"]}, score, loss, interval,
                     row["n_queries"]])  # fmt: skip
    return {
        "label": "Scores under attack",
        "columns": ["attack", "strength", "side", "score", "loss of score", "95 % interval", "queries a row"],
        "rows": rows,
        "numeric": [1, 3, 4, 5, 6],
    }


ATTACKS = Section(
    name="attacks",
    title="Attacks",
    order=68,
    collect=collect,
    template="""
<p>Scores ({{ metric }}, {{ direction }}) on {{ rows }}{% if sampled %}, drawn at random{% endif %}, whose inputs were
changed on purpose so that predictions go wrong. The strength bounds the change (in {{ unit }}). A random search asks
each finalist for predictions only; gradients are a network's own. Attacks with more queries may find more: these scores
are what an attacker reaches at least.</p>
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% call more("All scores under attack") %}{{ table(scores) }}{% endcall %}
{% if left_out %}<p class="quiet">Not measured: {{ left_out | join("; ") }}.</p>{% endif %}
""",
    markdown="""Scores ({{ metric }}, {{ direction }}) on {{ rows }}{% if sampled %}, drawn at random{% endif %}, whose
inputs were changed on purpose. The strength bounds the change (in {{ unit }}).

{% for sentence in sentences %}- {{ sentence }}
{% endfor %}
{{ table(scores) }}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}{% if left_out %}Not measured: {{ left_out | join("; ") }}.
{% endif %}""",
)
