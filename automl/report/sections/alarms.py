"""Alarms: the most unusual test rows of each side with why, precision of the first, thresholds, and agreement."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import modalities
from automl.records import Outcome, Section
from automl.report import sides, words
from automl.report.sections.errors import ITEMS, MARKDOWN_ITEMS, N_COLUMNS, columns, shape, show, where
from automl.report.sections.occlusion import marked_words, tinted

__all__ = ["ALARMS"]

LEAST_SHARE = 0.1
"""Of the largest fall of a score. Parts of an item are marked relative to its own largest one, but this at least."""
LABELS = {"normal": "normal", "anomaly": "anomaly", "all": "all rows"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Tables and pictures of what the analysis found."""
    found = outcome.analyses.get("alarms")
    if not found:
        return None
    pairs = sides.finalists(outcome)
    there = [side for side in ("deep", "shallow") if side in found["top"]]
    return {
        "holds_rows": True,
        "intro": _intro(found, outcome),
        "agreement": _agreement(found),
        "charts": [_chart(found, side) for side in there],
        "first": _first(found),
        "thresholds": _thresholds(found),
        "groups": [one for side in there if (one := _group(outcome, found, side, pairs))],
        "shape": shape(outcome),
        "what": sides.test_items(outcome),
    }


def _intro(found: Mapping[str, Any], outcome: Outcome) -> str:
    said = " and ".join(f"{words.count(n, 'alarm')} of the {side} model" for side, n in found["flagged"].items())
    share = outcome.task.contamination
    if share is not None:
        rule = f"the threshold leaves {words.percent(share)} of the validation rows above it, as you asked"
    elif found["by_label"]:
        rule = "the threshold is that of the best F1 to be expected on validation rows"
    else:
        rule = "nothing says how many alarms there should be, so 1 % of the validation rows lie above the threshold"
    a_day = found["a_day"]
    rate = "" if a_day is None else f" There are about {words.rough(a_day, 3)} rows a day."
    auto = " (contamination: auto)" if share is None else ""
    return f"On {words.count(found['n'], 'test row')}: {said}; {rule}{auto}.{rate}"


def _agreement(found: Mapping[str, Any]) -> str:
    both = found["agreement"]
    if both is None:
        return ""
    return (
        f"Of the {words.count(both['n_top'], 'most unusual row')} of each side {words.percent(both['shared'])} are the "
        f"same; the rank correlation of all scores is {words.rough(both['correlation'], 2)}."
    )


def _chart(found: Mapping[str, Any], side: str) -> dict[str, Any]:
    """How scores of one side spread, by label."""
    edges = found["histogram"]["edges"]
    own = [one for one in found["histogram"]["counts"] if one["side"] == side]
    colours = {"normal": "muted", "anomaly": side, "all": side}
    layers = []
    for one in own:
        total = max(sum(one["n"]), 1)
        shares = [n / total for n in one["n"]]
        x = [x for edge in itertools.pairwise(edges) for x in edge]
        y = [share for share in shares for _ in (0, 1)]
        layers.append({"mark": "line", "colour": colours[one["label"]], "label": LABELS[one["label"]], "x": x, "y": y})
    return {
        "title": f"Scores, {side}",
        "shape": "half",
        "grid": "y",
        "alt": f"Share of test rows by score of the {side} model, for each label.",
        "caption": "A score is the share of less unusual training rows; above 1 a row is more unusual than all.",
        "x": {"label": "score", "limits": [0.0, edges[-1]]},
        "y": {"label": "share of the rows", "percent": True},
        "layers": layers,
        "table": {
            "columns": ["score from", "to", *(f"{LABELS[one['label']]} rows" for one in own)],
            "rows": [
                [words.rough(a, 3), words.rough(b, 3), *(one["n"][k] for one in own)]
                for k, (a, b) in enumerate(itertools.pairwise(edges))
            ],
            "numeric": list(range(2 + len(own))),
        },
    }


def _first(found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found["first"]:
        return None
    level = words.percent(found["level"])
    return {
        "label": "Anomalies among the first rows of each ranking",
        "columns": ["side", "first rows", "anomalies", "precision", f"{level} interval"],
        "rows": [
            [{"side": row["side"]}, row["n"], row["hits"], words.percent(row["precision"]),
             f"{words.percent(row['low'])} to {words.percent(row['high'])}"]
            for row in found["first"]
        ],
        "numeric": [1, 2, 3, 4],
    }  # fmt: skip


def _thresholds(found: Mapping[str, Any]) -> dict[str, Any]:
    level, a_day = words.percent(found["level"]), found["a_day"]
    labelled = ["precision", f"{level} interval", "anomalies found"] if found["is_labelled"] else []
    rate = "alarms a day" if a_day is not None else "alarms of 1,000 rows"
    return {
        "label": "What each threshold brings",
        "columns": ["side", "rows flagged", "score at least", rate, *labelled],
        "rows": [
            [
                {"side": row["side"]}, words.percent(row["share"]), words.rough(row["threshold"], 4),
                words.rough(row["share"] * (1000.0 if a_day is None else a_day), 3),
                *(
                    [words.percent(row["precision"]), f"{words.percent(row['low'])} to {words.percent(row['high'])}",
                     words.percent(row["recall"])]
                    if found["is_labelled"]
                    else []
                ),
            ]
            for row in found["thresholds"]
        ],
        "numeric": list(range(1, 4 + len(labelled))),
    }  # fmt: skip


def _group(outcome: Outcome, found: Mapping[str, Any], side: str, pairs: list[Any]) -> dict[str, Any] | None:
    """The first rows of one side as the user's own, with what makes them unusual."""
    own = [one for one in found["top"][side] if one["position"] < len(outcome.truth)]
    if not own:
        return None
    truth = np.asarray(outcome.truth)
    most = max((drop for one in own for drop in one.get("drops", ())), default=0.0)
    items = []
    for one in own:
        i = one["position"]
        why = "; ".join(f"{words.shorten(r['part'], 40)} (−{words.rough(r['drop'], 2)})" for r in one["reasons"])
        label = ("anomaly" if truth[i] == 1 else "normal") if found["is_labelled"] else "not known"
        other = next(iter(one["other"].values()), None)
        said = [words.rough(one["score"], 4), words.NOTHING if other is None else words.rough(other, 4)]
        ordered = said if side == "deep" or other is None else said[::-1]
        shown = show(outcome, i, pairs)
        marked = _highlighted(outcome, found, one, max(most, 0.0), side)
        items.append(
            {"row": where(outcome, i), "truth": label, "said": ordered[: len(pairs)], "why": why, **shown, **marked}
        )
    ordered_pairs = sorted(pairs, key=lambda pair: sides.ORDER[pair[1].side])
    return {
        "side": side,
        "label": f"Most unusual rows by the {side} model",
        "sides": [c.side for _, c in ordered_pairs],
        "columns": columns(outcome),
        "left_out": max(0, len(getattr(outcome.examples, "columns", ())) - N_COLUMNS),
        "items": items,
        "marked": any("heat" in item or "words" in item for item in items),
        "reasons": {
            "label": f"Why: by how much the score of the {side} model falls where a part is as usual",
            "columns": ["row", "score", "label", "what makes it unusual"],
            "rows": [
                [item["row"], words.rough(one["score"], 4), item["truth"], item["why"] or "no single part"]
                for item, one in zip(items, own, strict=True)
            ],
            "numeric": [0, 1],
        },
    }


def _highlighted(
    outcome: Outcome, found: Mapping[str, Any], one: Mapping[str, Any], most: float, side: str
) -> dict[str, Any]:
    """The picture with a heat map beside it, or the text with its words marked; nothing for other items."""
    if "drops" not in one or not most:
        return {}
    most = max(*one["drops"], LEAST_SHARE * most)
    if found["what"] == "text":
        return {"words": marked_words(one["words"], one["drops"], most)}
    if outcome.examples is None:
        return {}
    shown = modalities.named(outcome.task).show(outcome.examples[one["position"]])
    return {"heat": tinted(shown, one["drops"], most, found["n_patches"], side)}


MARKED = """
{%- macro marked(group) -%}
<p>{% if shape in ("images", "sounds") %}The deeper the colour of a patch, the less unusual the {{ what }} would be if the patch showed what it shows in the mean of the training {{ "sounds" if shape == "sounds" else "pictures" }}.{% else %}The deeper words are underlaid, the less unusual the {{ what }} would be without them.{% endif %}</p>
<ul class="{{ "gallery errors " ~ shape if shape in ("images", "sounds") else "quotes" }}">{% for item in group["items"] %}<li>
{% if item.heat %}<span class="pair"><img src="{{ item.image | picture }}" alt="{{ "Spectrogram of the test sound" if shape == "sounds" else "Test image" }}, row {{ item.row }}"><img src="{{ item.heat | picture }}" alt="The same, tinted where it is unusual to {{ group.side }}"></span>
<span><strong>{{ item.truth }}</strong></span><span class="{{ group.side }}">score {{ item.said[group.sides.index(group.side)] }}</span><span class="quiet">row {{ item.row }}</span>
{% elif item.words %}<p class="quiet">Row {{ item.row }}, <strong>{{ item.truth }}</strong>; <span class="{{ group.side }}">score {{ item.said[group.sides.index(group.side)] }}</span></p>
<blockquote class="weights {{ group.side }}">{% for word in item.words %}<span{% if word.against %} class="against"{% endif %} style="--v: {{ "%.3f" | format(word.v) }}">{{ word.text }}</span> {% endfor %}</blockquote>{% endif %}</li>
{% endfor %}</ul>
{%- endmacro -%}
"""  # noqa: E501

ALARMS = Section(
    name="alarms",
    title="Alarms",
    order=11,
    collect=collect,
    group="Evidence",
    template=ITEMS
    + MARKED
    + """
<p>{{ intro }}</p>
{% if agreement %}<p>{{ agreement }}</p>{% endif %}
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% if first %}{{ table(first) }}{% endif %}
{{ table(thresholds) }}
{% for group in groups %}<h3>{{ side(group.side) }} Most unusual {{ what }}s, and why</h3>
{% if group.marked %}{{ marked(group) }}{% call more("The parts that count most, as a table") %}{{ table(group.reasons) }}{% endcall %}{% else %}{{ table(group.reasons) }}{% endif %}
{% call more("The same " ~ what ~ "s as you gave them, " ~ group.side) %}{{ show(group) }}{% endcall %}{% endfor %}
""",  # noqa: E501
    markdown=MARKDOWN_ITEMS
    + """{{ intro }}

{{ agreement }}

{% for chart in charts %}{{ figure(chart) }}
{% endfor %}
{% if first %}{{ table(first) }}
{% endif %}
{{ table(thresholds) }}
{% for group in groups %}
{{ table(group.reasons) }}

{{ show(group) }}{% endfor %}""",
)
