"""The worst errors, shown as the user's own rows, texts, images or series."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from automl import goals, metrics, modalities
from automl.records import Contestant, Outcome, Run, Section
from automl.report import sides, words
from automl.report.answers import answer_of
from automl.report.windows import past, series_of, starts

__all__ = ["DRAWN", "ERRORS", "ITEMS", "MARKDOWN_ITEMS", "axes", "columns", "picture", "shape", "shown", "where"]

DRAWN = ("images", "sounds")
"""Items that are drawn as pictures."""
N_PLAYED = 6
"""Sounds of a group that can be heard."""
N_WORST = 12
N_COLUMNS = 14
N_PIXELS = 96  # longer edge of an image that is kept


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The test items with the largest errors of each finalist, the recommended one's first."""
    lead = sides.leader(outcome)
    goal = goals.named(outcome.task)  # masks are drawn in a section of their own
    says_nothing = outcome.task.metric == metrics.UNSCORED or goal.makes_rows or goal.in_pixels
    if lead is None or not len(outcome.truth) or says_nothing:
        return None
    pairs = sides.finalists(outcome)
    pairs.sort(key=lambda pair: pair[0].name != lead[0].name)
    groups = [group(outcome, pair, pairs) for pair in pairs]
    groups = [one for one in groups if one["items"]]
    if not groups:
        return None
    return {
        "holds_rows": True, "groups": groups, "shape": shape(outcome), "what": sides.test_items(outcome),
        "axes": axes(outcome),
    }  # fmt: skip


def shape(outcome: Outcome) -> str:
    """How items look: rows, text, images, series, or plain where none were kept."""
    examples = outcome.examples
    if goals.named(outcome.task).in_windows:
        return "series"
    if examples is None:
        return "plain"
    return modalities.named(outcome.task).items


def group(outcome: Outcome, pair: tuple[Run, Contestant], pairs: list[tuple[Run, Contestant]]) -> dict[str, Any]:
    """The worst items of one finalist, with the predictions of both."""
    run, contestant = pair
    answer, truth = answer_of(outcome.task), np.asarray(outcome.truth)
    loss = answer.losses(truth, contestant)
    order = [int(i) for i in np.argsort(-loss, kind="stable") if np.isfinite(loss[i]) and loss[i] > 0][:N_WORST]
    ordered = sorted(pairs, key=lambda p: sides.ORDER[p[1].side])
    return {
        "run": run.name,
        "title": words.title(run),
        "side": contestant.side,
        "sides": [c.side for _, c in ordered],
        "columns": columns(outcome),
        "left_out": max(0, len(getattr(outcome.examples, "columns", ())) - N_COLUMNS),
        "items": shown(outcome, order, ordered),
    }


def shown(outcome: Outcome, order: list[int], pairs: list[tuple[Run, Contestant]]) -> list[dict[str, Any]]:
    """Test items by their positions, with their truth and what these contestants predict."""
    answer, truth = answer_of(outcome.task), np.asarray(outcome.truth)
    return [
        {
            "row": where(outcome, i),
            "truth": answer.truth(outcome.task, truth[i]),
            "said": [answer.predicted(outcome.task, truth[i], c, i) for _, c in pairs],
            **show(outcome, i, pairs),
            **({"sound": heard} if place < N_PLAYED and (heard := played(outcome, i)) else {}),
        }
        for place, i in enumerate(order)
    ]


def played(outcome: Outcome, i: int) -> str | None:
    """A data address that plays the item; None where it makes no sound, or is not at hand."""
    play = modalities.named(outcome.task).play
    if play is None or outcome.sources is None:
        return None
    return play(outcome.sources[i], outcome.task)


def axes(outcome: Outcome) -> str:
    """What a drawn item's axes are, in a sentence; empty where they are pixels."""
    place = modalities.named(outcome.task).place
    shape = outcome.task.image_shape
    if place is None or len(shape) < 2:
        return ""
    whole = place(outcome.task, 0, shape[0], 0, shape[1])
    return f"Each picture is the spectrogram of a sound: time from left to right, high tones at the top ({whole})."


def where(outcome: Outcome, i: int) -> str:
    """The row's position in the user's file."""
    rows = outcome.test_rows
    return str(int(rows[i])) if rows is not None else f"test {i}"


def columns(outcome: Outcome) -> list[str]:
    """Names of the row columns shown."""
    if not hasattr(outcome.examples, "columns"):
        return []
    return [words.shorten(name, 40) for name in list(outcome.examples.columns)[:N_COLUMNS]]


def show(outcome: Outcome, i: int, pairs: list[tuple[Run, Contestant]]) -> dict[str, Any]:
    """The item itself: cells of a row, a text, an image, or lines of a series."""
    kind = shape(outcome)
    if goals.named(outcome.task).in_windows:
        return {"title": begins(outcome, i), "lines": forecast_lines(outcome, i, pairs)}
    if kind == "plain":
        return {}
    examples = outcome.examples
    item = examples.iloc[i].tolist() if hasattr(examples, "columns") else np.asarray(examples[i])
    shown = modalities.named(outcome.task).show(item)
    if kind in DRAWN:
        return {"image": picture(np.asarray(shown))}
    if kind == "series":
        return {"lines": channels(np.asarray(shown, dtype=float))}
    limit = 320 if kind == "text" else 90
    return {"cells": [cell(value, limit) for value in list(shown)[:N_COLUMNS]]}


def cell(value: Any, limit: int) -> str:
    """A cell as the user wrote it, shortened."""
    value = words.plain(value)
    if value is None or value == "NaT":
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return words.rough(value, 6)
    return words.shorten(value, limit)


def picture(image: Any) -> str:
    """A small PNG as a data URI; larger images are scaled down, small ones are scaled up by the page."""
    from PIL import Image

    pixels = np.asarray(image)
    if pixels.ndim == 3:
        pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels[..., :4]
    if pixels.dtype != np.uint8:
        top = float(np.nanmax(pixels)) if pixels.size else 1.0
        pixels = np.clip(np.nan_to_num(pixels.astype(float)) * (255 if top <= 1 else 1), 0, 255).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = pixels[..., 0]
    made = Image.fromarray(pixels)
    made.thumbnail((N_PIXELS, N_PIXELS))
    buffer = io.BytesIO()
    made.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def channels(series: Any) -> list[dict[str, Any]]:
    """Up to three channels as lines of at most 150 points."""
    series = np.atleast_2d(series)[:3]
    step = max(1, series.shape[1] // 150)
    colours = ("ink", "muted", "blend")
    return [{"colour": colours[k], "y": sides.short(line[::step])} for k, line in enumerate(series)]


def begins(outcome: Outcome, i: int) -> str:
    """A forecast window's series and start."""
    series, times = series_of(outcome), starts(outcome)
    parts = [words.shorten(series[i], 40)] if series else []
    return " ".join([*parts, *([times[i]] if times else [])])


def forecast_lines(outcome: Outcome, i: int, pairs: list[tuple[Run, Contestant]]) -> list[dict[str, Any]]:
    """History, truth and both forecasts of the first target."""
    horizon = outcome.truth.shape[1]
    ahead = list(range(1, horizon + 1))
    lines = []
    before = past(outcome, i)[-2 * horizon :]
    if len(before):
        lines.append({"colour": "muted", "x": list(range(1 - len(before), 1)), "y": sides.short(before)})
    lines.append({"colour": "ink", "x": ahead, "y": sides.short(np.asarray(outcome.truth)[i, :, 0])})
    for _, entrant in pairs:
        lines.append({"colour": entrant.side, "x": ahead, "y": sides.short(sides.predicted(entrant)[i, :, 0])})
    return lines


ITEMS = """
{%- macro item_table(group) -%}
<div class="scroll" tabindex="0" role="group" aria-label="{{ group.label or "Worst errors of the " ~ group.side ~ " finalist" }}">
  <table class="errors">
<thead><tr><th scope="col" class="n">{{ "starts at row" if what == "window" else "row" }}</th>
  {% if shape == "series" %}<th scope="col">series</th>{% endif %}<th scope="col">truth</th>
  {% for name in group.sides %}<th scope="col">{{ side(name) }} predicted</th>
  {% endfor %}{% for name in group.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for item in group["items"] %}<tr><td class="n">{{ item.row }}</td>{% if shape == "series" %}
  <td>{{ item.title }}{{ sparkline(item.lines, "Series of row " ~ item.row) }}</td>{% endif %}
  <td class="said"><span>{{ item.truth }}</span></td>{% for words in item.said %}<td class="said"><span>{{ words }}</span></td>
  {% endfor %}{% for value in item.cells or [] %}
  <td{% if value | length > 30 %} class="words"{% endif %}>{{ value }}</td>
  {% endfor %}</tr>
{% endfor %}</tbody></table></div>
{%- if group.left_out %}<p class="quiet">{{ group.left_out | counted("more column") }} {{ "is" if group.left_out == 1 else "are" }} left out here.</p>{% endif %}
{%- if group.columns | length > 6 %}<p class="quiet paper">On paper only the first columns are shown.</p>{% endif %}
{%- endmacro -%}
{%- macro gallery(group) -%}
<ul class="gallery errors {{ shape }}">{% for item in group["items"] %}<li>
  <img src="{{ item.image | picture }}" alt="{{ "Spectrogram of the test sound" if shape == "sounds" else "Test image" }}, row {{ item.row }}: truly {{ item.truth }}">
  {%- if item.sound %}<audio controls preload="metadata" src="{{ item.sound | sound }}" aria-label="The sound of row {{ item.row }}"></audio>{% endif %}<span>truly <strong>{{ item.truth }}</strong></span>
  {% for words in item.said %}<span class="{{ group.sides[loop.index0] }}">{{ group.sides[loop.index0] }}: {{ words }}</span>{% endfor %}<span class="quiet">row {{ item.row }}</span></li>{% endfor %}</ul>
{%- endmacro -%}
{%- macro quotes(group) -%}
<ul class="quotes">{% for item in group["items"] %}<li><p class="quiet">Row {{ item.row }}, truly <strong>{{ item.truth }}</strong>;
  {% for words in item.said %}<span class="{{ group.sides[loop.index0] }}">{{ group.sides[loop.index0] }}: {{ words }}</span>
  {%- if not loop.last %}, {% endif %}{% endfor %}</p>
  {% for value in item.cells %}<blockquote>{{ value }}</blockquote>{% endfor %}</li>
{% endfor %}</ul>
{%- endmacro -%}
{%- macro show(group) -%}
{% if shape in ("images", "sounds") %}{{ gallery(group) }}{% elif shape == "text" %}{{ quotes(group) }}{% else %}{{ item_table(group) }}{% endif %}{%- endmacro -%}
"""  # noqa: E501
"""Macros that show a group of items; they read `shape` and `what` of the section's dict."""

TEMPLATE = (
    ITEMS
    + """
<p>Test {{ what }}s with the largest errors of the {{ groups[0].side }} finalist{% if groups[0].title %}, {{ groups[0].title }} {{ small(groups[0].run) }}{% endif %}, worst first. Row numbers count from 0 in your data.{% if shape == "series" and what == "window" %} Lines: history and truth in ink, forecasts in the colours of their sides.{% endif %}{% if axes %} {{ axes }}{% endif %}</p>
{{ show(groups[0]) }}
{% for group in groups[1:] %}{% call more("The same for the " ~ group.side ~ " finalist" ~ (", " ~ group.title if group.title else "")) %}{{ show(group) }}{% endcall %}{% endfor %}
"""  # noqa: E501
)

MARKDOWN_ITEMS = """
{%- macro show(group) -%}
| row |{% if shape == "series" and what == "window" %} series |{% endif %} truth |{% for name in group.sides %} {{ name }} predicted |{% endfor %}{% for name in group.columns %} {{ name }} |{% endfor %}
|---:|{% if shape == "series" and what == "window" %}---|{% endif %}---|{% for name in group.sides %}---|{% endfor %}{% for name in group.columns %}---|{% endfor %}
{% for item in group["items"] -%}
| {{ item.row }} |{% if shape == "series" and what == "window" %} {{ item.title }} |{% endif %} {{ item.truth }} |{% for words in item.said %} {{ words }} |{% endfor %}{% for value in item.cells or [] %} {{ value }} |{% endfor %}
{% endfor %}
{% if group.left_out %}{{ group.left_out | counted("more column") }} {{ "is" if group.left_out == 1 else "are" }} left out here.

{% endif %}{%- endmacro -%}
"""  # noqa: E501

MARKDOWN = (
    MARKDOWN_ITEMS
    + """{% for group in groups -%}
Worst errors of the {{ group.side }} finalist{% if group.title %}, {{ group.title }}{% endif %} ({{ group.run }}):

{{ show(group) }}{% endfor %}"""
)

ERRORS = Section(
    name="errors",
    title="Worst errors",
    order=90,
    collect=collect,
    template=TEMPLATE,
    markdown=MARKDOWN,
)
