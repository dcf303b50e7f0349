"""Likeness: generated pictures, series or texts beside real ones, and how near they are."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.goals.shared.samples import PICTURE, SERIES
from automl.metrics.contents import form_of
from automl.records import Outcome, Section
from automl.report import sides, words
from automl.report.likelihood import likelihood_table

__all__ = ["LIKENESS"]

LABELS = {"held_out": "held-out", "real": "training", "deep": "deep", "shallow": "shallow", "floor": "floor"}
COLOURS = {"held_out": "ink", "deep": "deep", "shallow": "shallow", "floor": "floor"}
SHEET_COLUMNS, SHEET_ROWS = 12, 4
N_LINES, N_POINTS = 6, 150
N_TEXTS = 5
FORMS = {PICTURE: "pictures", SERIES: "series", "text": "texts"}
MOST_SIDE = 48
"""Pixels of a picture on a sheet."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Sentences, the table of measures, and what the items themselves look like, which needs no analysis."""
    found = outcome.analyses.get("likeness")
    own = form_of(np.asarray(outcome.truth)) if goals.named(outcome.task).makes_rows else ""
    form = own or (str(found["form"]) if found else "")
    if not form:
        return None
    sets = _sets(outcome) if own else {}
    return {
        "form": form,
        "things": FORMS[form],
        "n": words.count(found["n"] if found else len(outcome.truth), f"held-out {form}", f"held-out {FORMS[form]}"),
        "groups": "classes that a model tells" if found and found["by_class"] else "clusters",
        "sentences": _sentences(found) if found else [],
        "measures": _measures(found) if found else None,
        "sheets": [_sheet(name, some) for name, some in sets.items()] if form == PICTURE else [],
        "charts": [*_lines(sets), *(_profiles(found) if found else [])] if form == SERIES else [],
        "texts": _texts(found) if found and form == "text" else None,
        "likelihood": likelihood_table(found.get("likelihood") if found else None, is_text=form == "text"),
        "quotes": [_quotes(name, some) for name, some in sets.items()] if form == "text" else [],
    }


def _sets(outcome: Outcome) -> dict[str, np.ndarray]:
    """Held-out items and the first draw of each side, as structured arrays."""
    own = {one.side: one.output.arrays.get("samples") for one in outcome.contestants}
    sets = {"held_out": np.asarray(outcome.truth)}
    for side in ("deep", "shallow"):
        samples = own.get(side)
        if samples is not None:
            sets[side] = samples if samples.ndim == 1 else samples[:, 0]
    return sets


def _set(name: str) -> Any:
    return {"side": name} if name in ("deep", "shallow") else LABELS[name]


def _sentences(found: Mapping[str, Any]) -> list[dict[str, str]]:
    by = {row["set"]: row for row in found["rows"]}
    said = []
    for side in ("deep", "shallow"):
        if side not in by:
            continue
        row = by[side]
        text = f"covers {words.percent(row['coverage'])} of what is held out (training items: " \
               f"{words.percent(by['real']['coverage'])})"  # fmt: skip
        lost = found["spread_real"] - row["spread"]
        text += "; as varied as real ones" if lost < 0.02 else f"; less varied than real ones (spread " \
                f"{words.rough(row['spread'], 2)}, real {words.rough(found['spread_real'], 2)})"  # fmt: skip
        if row["agreement"] is not None:
            text += f"; {words.percent(row['agreement'])} look like their class (real: " \
                    f"{words.percent(found['agreement_real'])})"  # fmt: skip
        said.append({"side": side, "text": text + "."})
    return said


def _measures(found: Mapping[str, Any]) -> dict[str, Any]:
    has_classes = any(row["agreement"] is not None for row in found["rows"])
    columns = ["items", "distance of features", "told apart, AUC", "coverage", "precision", "spread"]
    return {
        "label": "How near each set of items is to held-out ones",
        "columns": [*columns, *(["look like their class"] if has_classes else [])],
        "rows": [
            [
                _set(row["set"]), words.rough(row["distance"], 2), f"{row['told_apart']:.3f}",
                words.percent(row["coverage"]), words.percent(row["precision"]), words.rough(row["spread"], 2),
                *([_agreement(row)] if has_classes else []),
            ]
            for row in found["rows"]
        ],
        "numeric": list(range(1, len(columns) + has_classes)),
    }  # fmt: skip


def _agreement(row: Mapping[str, Any]) -> str:
    return words.NOTHING if row["agreement"] is None else words.percent(row["agreement"])


def _sheet(name: str, some: np.ndarray) -> dict[str, str]:
    """Pictures side by side as one PNG, in the order of their classes where they have some."""
    labels = [field for field in some.dtype.names or () if field != PICTURE]
    shown = some[: SHEET_COLUMNS * SHEET_ROWS]
    if labels:
        shown = shown[np.argsort(shown[labels[0]], kind="stable")]
    of = "Held-out pictures" if name == "held_out" else f"Pictures of the {name} generator"
    return {"title": of, "image": contact_sheet(shown[PICTURE]), "alt": f"{of}: {len(shown)} of them side by side."}


def contact_sheet(pictures: np.ndarray) -> str:
    """Pictures ``(n, h, w, c)`` uint8 in rows of `SHEET_COLUMNS`, as a PNG in a data address."""
    from PIL import Image

    step = -(-max(pictures.shape[1:3]) // MOST_SIDE)
    small = pictures[:, ::step, ::step]
    n, height, width, channels = small.shape
    gap = max(max(height, width) // 12, 1)
    n_rows = -(-n // SHEET_COLUMNS)
    cells = np.zeros((n_rows * SHEET_COLUMNS, height + gap, width + gap, 4), np.uint8)  # gaps let the page through
    cells[:n, :height, :width, :3] = small[..., :3] if channels > 2 else small[..., :1]
    cells[:n, :height, :width, 3] = 255
    rows = cells.reshape(n_rows, SHEET_COLUMNS, *cells.shape[1:]).transpose(0, 2, 1, 3, 4)
    pixels = rows.reshape(n_rows * (height + gap), SHEET_COLUMNS * (width + gap), 4)[:-gap, :-gap]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _lines(sets: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The first channel of some series of each set."""
    charts = []
    for name, some in sets.items():
        lines = some[SERIES][:N_LINES, 0]
        step = max(1, lines.shape[1] // N_POINTS)
        places = list(range(0, lines.shape[1], step))
        of = "Held-out series" if name == "held_out" else f"Series of the {name} generator"
        charts.append(
            {
                "title": of, "shape": "half", "grid": "y", "alt": f"{of}: the first channel of {len(lines)} of them.",
                "x": {"label": "step", "whole": True}, "y": {"label": "value"},
                "layers": [
                    {"mark": "line", "colour": COLOURS[name], "x": places, "y": sides.short(line[::step]),
                     "faint": True}
                    for line in lines
                ],
            }
        )  # fmt: skip
    return charts


def _profiles(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Autocorrelation and spectrum of each set."""
    told = (
        ("autocorrelation", "Autocorrelation", "lag, steps", "mean autocorrelation", 1),
        ("spectrum", "Spectrum", "band of frequencies, slow to fast", "log₁₀ of the mean power", 1),
    )
    charts = []
    for key, title, x, y, first in told:
        values = found[key]
        names = [name for name in COLOURS if name in values]
        places = list(range(first, first + len(values[names[0]])))
        charts.append(
            {
                "title": title, "shape": "half", "grid": "y", "alt": f"{title} of real and generated series.",
                "x": {"label": x, "whole": True}, "y": {"label": y},
                "layers": [
                    {"mark": "line", "colour": COLOURS[name], "label": LABELS[name], "x": places,
                     "y": sides.short(values[name])}
                    for name in names
                ],
                "table": {
                    "columns": ["lag" if key == "autocorrelation" else "band", *(LABELS[name] for name in names)],
                    "rows": [
                        [str(place), *(words.rough(values[name][k], 2) for name in names)]
                        for k, place in enumerate(places)
                    ],
                    "numeric": list(range(len(names) + 1)),
                },
            }
        )  # fmt: skip
    return charts


def _texts(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": "What the texts are like",
        "columns": ["texts", "characters", "different words", "different pairs of words", "repeated", "copied",
                    "held-out texts by a model of these, bits a character"],
        "rows": [
            [
                _set(row["set"]), words.rough(row["characters"], 3), words.percent(row["words"]),
                words.percent(row["pairs"]), words.percent(row["repeated"]),
                words.NOTHING if row["copies"] is None else words.percent(row["copies"]),
                words.NOTHING if row["bits"] is None else words.rough(row["bits"], 3),
            ]
            for row in found["texts"]
        ],
        "numeric": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip


def _quotes(name: str, some: np.ndarray) -> dict[str, Any]:
    field = (some.dtype.names or ("",))[0]
    of = "Held-out texts" if name == "held_out" else f"Texts of the {name} generator"
    return {"title": of, "texts": [words.shorten(str(text), 320) or words.NOTHING for text in some[field][:N_TEXTS]]}


LIKENESS = Section(
    name="likeness",
    title="Generated items beside real ones",
    order=25,
    collect=collect,
    group="Evidence",
    template="""
<p>The {{ things }} of each generator are held against {{ n }}. Training items in place of generated ones say what
chance does.</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{% for one in sheets %}<h3>{{ one.title }}</h3><img class="sheet" src="{{ one.image | picture }}" alt="{{ one.alt }}">
{% endfor %}<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% if measures %}{{ table(measures) }}
<p class="quiet">Distance: Fréchet distance of features, in shares of the variance of real ones. Told apart: AUC of a
boosted classifier; 0.5 is a guess. Coverage: share of held-out items with a generated one among what lies nearer than
their 5 nearest held-out ones. Precision: share of generated items that lie so near to a held-out one. Spread: entropy
of the shares of {{ groups }}, 1 where all are alike.</p>{% endif %}
{% if texts %}{{ table(texts) }}
<p class="quiet">Bits: a small model of characters learns from each set of texts and predicts held-out ones; fewer are
better. Copied: share of generated texts that are training texts word for word.</p>{% endif %}
{% if likelihood %}{{ table(likelihood) }}
{% if texts %}<p class="quiet">Fewer bits are better. A text is what its generator reads of it: its subwords up to the
longest length that is generated, unknown characters left out. A generator with fewer bits may be the easier one to
tell from real texts.</p>{% endif %}{% endif %}
{% for one in quotes %}<h3>{{ one.title }}</h3><ul class="quotes">{% for text in one.texts %}
<li><blockquote>{{ text }}</blockquote></li>{% endfor %}</ul>{% endfor %}
""",
    markdown="""The {{ things }} of each generator are held against {{ n }}. Training items in place of generated ones
say what chance does.

{% for one in sentences %}- {{ side(one.side) }}: {{ one.text }}
{% endfor %}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}
{% if measures %}{{ table(measures) }}
{% endif %}
{% if texts %}{{ table(texts) }}

{% endif %}{% if likelihood %}{{ table(likelihood) }}

{% endif %}{% for one in quotes %}**{{ one.title }}**

{% for text in one.texts %}> {{ text }}

{% endfor %}{% endfor %}""",
)
