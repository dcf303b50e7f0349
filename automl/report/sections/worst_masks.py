"""The test pictures with the worst masks: the picture, the true mask and those of both sides, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.metrics.figures import figure
from automl.metrics.masks import class_means, dice_scores
from automl.records import VOID, Outcome, Section
from automl.report import sides, words
from automl.report.sections.errors import picture, where

__all__ = ["WORST_MASKS", "overlaid"]

N_WORST = 6
LEAST_EDGE = 96
PALETTE = (
    (20, 140, 80), (190, 40, 120), (200, 160, 0), (0, 140, 160), (170, 40, 40), (110, 120, 20), (120, 80, 40),
    (60, 60, 60),
)  # fmt: skip
"""Of classes: none is the colour of a side."""
OPACITY = 0.55


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The worst pictures of the recommended finalist, with the masks of both."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).in_pixels or not pairs or outcome.examples is None or not len(outcome.truth):
        return None
    lead = sides.leader(outcome)
    pairs.sort(key=lambda pair: lead is None or pair[0].name != lead[0].name)
    truth = np.asarray(outcome.truth)
    scores = {c.side: class_means(dice_scores(truth, c.output.arrays["masks"], outcome.context)) for _, c in pairs}
    first = pairs[0][1].side
    order = [int(i) for i in np.argsort(scores[first], kind="stable") if scores[first][i] < 1][:N_WORST]
    if not order:
        return None
    background = outcome.context.get("background")
    ordered = sorted(pairs, key=lambda pair: sides.ORDER[pair[1].side])
    items = []
    for i in order:
        height, width = _extent(truth[i])
        shown = np.asarray(outcome.examples[i])[:height, :width]
        own = truth[i][:height, :width]
        parts = [
            {"what": "picture", "side": "", "image": _drawn(shown)},
            {"what": "true mask", "side": "", "image": _drawn(overlaid(shown, own, background))},
        ]
        for _, c in ordered:
            mask = np.where(own == VOID, VOID, c.output.arrays["masks"][i][:height, :width])
            score = f"Dice {figure(float(scores[c.side][i]))}"
            parts.append(
                {"what": f"{c.side}: {score}", "side": c.side, "image": _drawn(overlaid(shown, mask, background))}
            )
        items.append({"row": where(outcome, i), "parts": parts})
    legend = [
        {"name": words.shorten(name, 30), "colour": "#{:02x}{:02x}{:02x}".format(*_colour(code))}
        for code, name in enumerate(outcome.task.classes)
        if code != background
    ]
    return {
        "holds_rows": True,
        "first": first,
        "items": items,
        "legend": legend,
        "has_void": bool((truth == VOID).any()),
    }


def _extent(codes: np.ndarray) -> tuple[int, int]:
    """Rows and columns up to the last known pixel."""
    known = codes != VOID
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    return (int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else codes.shape


def _colour(code: int) -> tuple[int, int, int]:
    return PALETTE[(code - 1) % len(PALETTE)]


def overlaid(image: np.ndarray, codes: np.ndarray, background: int | None) -> np.ndarray:
    """The picture in pale grey with each class in its colour; what has no class is darkened.

    Args:
        image: ``(height, width[, channels])`` uint8.
        codes: ``(height, width)``.
        background: the code that is left as it is.
    """
    grey = image[..., :3].mean(axis=2) if image.ndim == 3 else image.astype(np.float64)
    made = np.repeat((96 + grey * 0.6)[..., None], 3, axis=2)
    for code in np.unique(codes):
        if code == background:
            continue
        colour = (0, 0, 0) if code == VOID else _colour(int(code))
        strength = 0.35 if code == VOID else OPACITY
        own = codes == code
        made[own] = (1 - strength) * made[own] + strength * np.array(colour, np.float64)
    return np.asarray(np.clip(made, 0, 255), np.uint8)


def _drawn(image: np.ndarray) -> str:
    scale = max(1, -(-LEAST_EDGE // max(image.shape[:2])))
    if scale > 1:
        image = np.kron(image, np.ones((scale, scale, *([1] * (image.ndim - 2))), np.uint8))
    return picture(image)


WORST_MASKS = Section(
    name="worst_masks",
    title="Worst masks",
    order=87,
    collect=collect,
    template="""
<p>Test pictures in which the {{ first }} finalist's mask overlaps least with the true one, worst first, with the masks of both sides.
{% for one in legend %}<span class="swatch" style="--swatch: {{ one.colour }}">{{ one.name }}</span> {% endfor %}{% if has_void %}<span class="quiet">Darkened: no class is known.</span>{% endif %}</p>
{% for item in items %}<ul class="gallery masks">{% for part in item.parts %}<li><img src="{{ part.image | picture }}" alt="Row {{ item.row }}: {{ part.what }}"><span{% if part.side %} class="{{ part.side }}"{% endif %}>{{ part.what }}</span>{% if loop.first %}<span class="quiet">row {{ item.row }}</span>{% endif %}</li>{% endfor %}</ul>
{% endfor %}
""",  # noqa: E501
    markdown="""Test pictures in which the {{ first }} finalist's mask overlaps least with the true one:

{% for item in items %}- row {{ item.row }}: {% for part in item.parts[2:] %}{{ part.what }}{% if not loop.last %}, {%
endif %}{% endfor %} {% endfor %}""",
)
