"""Occlusion: the parts of single test items that carry each finalist's prediction, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl import modalities
from automl.records import Outcome, Section
from automl.report import sides, words
from automl.report.answers import answer_of
from automl.report.sections.errors import DRAWN, picture, where

__all__ = ["OCCLUSION", "marked_words", "tinted"]

N_TOP = 3
LEAST_EDGE = 112
"""Pixels of a drawn picture's longer edge at least."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Each example with its parts, their weights on both sides, and the parts that count most."""
    found = outcome.analyses.get("occlusion")
    if not found or not found["examples"]:
        return None
    pairs = sides.finalists(outcome)
    examples = [
        one
        for example in found["examples"]
        if example["position"] < len(outcome.truth) and (one := _example(outcome, found, example, pairs))
    ]
    if not examples:
        return None
    what = {"text": "words", "images": "patches", "sounds": "patches of time and tones", "series": "stretches"}.get(
        found["what"], "parts"
    )
    lost = "value" if found["numeric"] else "probability of the truth"
    return {
        "holds_rows": True,
        "kind": found["what"],
        "intro": (
            f"The same test rows with {what} left out one after another, on both sides: by how much the predicted "
            f"{lost} falls without them. "
            + {"text": "Words are underlaid the deeper, the more the prediction rests on them; underlined words speak "
               "against it.",
               "images": "Patches are tinted the deeper, the more the prediction rests on them; dark ones speak "
               "against it.",
               "sounds": "Each picture is a spectrogram: time from left to right, high tones at the top. Patches are "
               "tinted the deeper, the more the prediction rests on them; dark ones speak against it.",
               "series": "Lines are drops by stretch, under the series."}.get(found["what"], "")
        ),
        "examples": examples,
        "parts": _table(examples, lost),
    }  # fmt: skip


def _example(
    outcome: Outcome, found: Mapping[str, Any], example: dict[str, Any], pairs: list[Any]
) -> dict[str, Any] | None:
    """One item: its truth, and what each side says of it and rests on."""
    i = example["position"]
    answer, truth = answer_of(outcome.task), np.asarray(outcome.truth)
    most = max((abs(d) for one in example["sides"].values() for d in one["drops"] if d is not None), default=0.0)
    made = []
    for _, contestant in pairs:
        one = example["sides"].get(contestant.side)
        if one is None:
            continue
        drops = [0.0 if d is None else float(d) for d in one["drops"]]
        order = sorted(range(len(drops)), key=lambda k: -abs(drops[k]))[:N_TOP]
        made.append(
            {
                "side": contestant.side,
                "said": answer.predicted(outcome.task, truth[i], contestant, i),
                "top": [
                    {"part": words.shorten(example["parts"][k], 60), "drop": words.signed(-drops[k])} for k in order
                ],
                **_drawn(outcome, found, example, drops, most, contestant.side),
            }
        )
    return {"row": where(outcome, i), "truth": answer.truth(outcome.task, truth[i]), "sides": made} if made else None


def _drawn(
    outcome: Outcome, found: Mapping[str, Any], example: dict[str, Any], drops: list[float], most: float, side: str
) -> dict[str, Any]:
    """Marked words, a tinted picture, or lines."""
    if found["what"] == "text":
        return {"words": marked_words(example["parts"], drops, most)}
    if outcome.examples is None:
        return {}
    if found["what"] in DRAWN:
        shown = modalities.named(outcome.task).show(outcome.examples[example["position"]])
        return {"image": tinted(shown, drops, most, found["n_patches"], side)}
    series = np.asarray(outcome.examples[example["position"]], np.float64)
    length = series.shape[-1]
    step = max(1, length // 150)
    line = np.atleast_2d(series)[0][::step]
    scale = float(np.nanmax(line) - np.nanmin(line)) or 1.0
    low = float(np.nanmin(line))
    heights = [low - scale * (0.9 - 0.8 * max(d, 0.0) / most) if most else low - 0.9 * scale for d in drops]
    places = np.minimum(np.arange(0, length, step) * len(drops) // length, len(drops) - 1)
    return {
        "lines": [
            {"colour": "ink", "y": sides.short(line)},
            {"colour": side, "y": sides.short([heights[k] for k in places])},
        ]
    }


def marked_words(parts: Sequence[str], drops: Sequence[float], most: float) -> list[dict[str, Any]]:
    """Words of a text with how much each counts.

    Args:
        parts: words, or runs of words.
        drops: what is lost without each of them.
        most: the loss that is marked the deepest.
    """
    return [
        {"text": words.shorten(part, 200), "v": round(max(drop, 0.0) / most, 3) if most else 0.0,
         "against": bool(most and drop < -0.15 * most)}
        for part, drop in zip(parts, drops, strict=True)
    ]  # fmt: skip


TINTS = {"deep": (29, 95, 184), "shallow": (184, 80, 11)}


def tinted(image: Any, drops: Sequence[float], most: float, n_patches: int, side: str) -> str:
    """The picture in grey with each patch in its side's colour, the deeper the more it counts; as a data URI.

    Args:
        image: ``(h, w[, c])`` pixels.
        drops: what is lost without each patch, row by row.
        most: the loss that is tinted the deepest.
        n_patches: along each edge.
        side: deep or shallow.
    """
    pixels = np.asarray(image)
    if pixels.ndim == 3:
        pixels = pixels[..., :3].mean(axis=2)
    grey = pixels.astype(np.float64)
    height, width = grey.shape
    down = np.unique(np.linspace(0, height, n_patches + 1).round().astype(int))
    across = np.unique(np.linspace(0, width, n_patches + 1).round().astype(int))
    n_across = len(across) - 1
    made = np.repeat((128 + grey * 0.5)[..., None], 3, axis=2)
    for k, drop in enumerate(drops):
        row, column = divmod(k, n_across)
        share = (max(drop, 0.0) / most) * 0.75 if most else 0.0
        block = made[down[row] : down[row + 1], across[column] : across[column + 1]]
        block[:] = (1 - share) * block + share * np.array(TINTS.get(side, (90, 90, 90)), np.float64)
        if most and drop < -0.15 * most:
            block[:] = block * (1 - 0.5 * min(1.0, -drop / most))
    scale = max(1, -(-LEAST_EDGE // max(height, width))) if max(height, width) < LEAST_EDGE else 1
    return picture(np.clip(np.kron(made, np.ones((scale, scale, 1))), 0, 255).astype(np.uint8))


def _table(examples: list[dict[str, Any]], lost: str) -> dict[str, Any]:
    return {
        "label": f"The parts that count most, and by how much the {lost} changes without them",
        "columns": ["row", "side", "part", "change without it"],
        "rows": [
            [example["row"], {"side": one["side"]}, top["part"], top["drop"]]
            for example in examples
            for one in example["sides"]
            for top in one["top"]
        ],
        "numeric": [0, 3],
    }


OCCLUSION = Section(
    name="occlusion",
    title="What single predictions rest on",
    order=88,
    collect=collect,
    template="""
<p>{{ intro }}</p>
<ul class="{{ "gallery errors " ~ kind if kind in ("images", "sounds") else "quotes" }}">{% for item in examples %}{% for one in item.sides %}<li>
{% if one.image %}<img src="{{ one.image | picture }}" alt="{{ "Spectrogram of the test sound" if kind == "sounds" else "Test image" }}, row {{ item.row }}, tinted where {{ one.side }} looks">
<span>truly <strong>{{ item.truth }}</strong></span><span class="{{ one.side }}">{{ one.side }}: {{ one.said }}</span>
<span class="quiet">row {{ item.row }}</span>{% else %}
<p class="quiet">Row {{ item.row }}, truly <strong>{{ item.truth }}</strong>; <span class="{{ one.side }}">{{ one.side }}: {{ one.said }}</span></p>
{% if one.words %}<blockquote class="weights {{ one.side }}">{% for word in one.words %}<span{% if word.against %} class="against"{% endif %} style="--v: {{ "%.3f" | format(word.v) }}">{{ word.text }}</span> {% endfor %}</blockquote>{% endif %}
{% if one.lines %}{{ sparkline(one.lines, "Series of row " ~ item.row ~ " and what " ~ one.side ~ " rests on") }}{% endif %}{% endif %}</li>
{% endfor %}{% endfor %}</ul>
{% call more("The parts that count most, as a table") %}{{ table(parts) }}{% endcall %}
""",  # noqa: E501
    markdown="""{{ intro }}

{{ table(parts) }}""",
)
