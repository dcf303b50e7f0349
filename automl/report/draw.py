"""Pictures from plain numbers: a chart is a dict (stored in ``report.json``), drawn as inline SVG when a page is made.

A chart:

    {"alt": "text for screen readers", "caption": "what to see in it", "shape": "wide" | "half" | "strip",
     "x": {"label": "seconds", "limits": [0, 60] or None, "whole": True, "percent": True, "log_ticks": [1, 10, 100],
           "names": what stands at 0, 1, 2, ... in place of numbers},
     "y": {...},
     "layers": [{"mark": "line" | "step" | "points" | "band" | "rule" | "diagonal" | "bars",
                 "colour": "deep" | "shallow" | "blend" | "floor" | "ink" | "muted", "label": "in the legend" or None,
                 "x": [...], "y": [...], "low": [...], "high": [...], "faint": True, "dots": True}],
     "table": {"columns": [...], "rows": [[...]]}}

Colours are written as CSS variables and ink as ``currentColor``, so one picture serves light and dark pages. A wide
picture is drawn twice, once for a narrow screen, so that its letters stay readable on a phone.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from automl.report.words import shorten

__all__ = ["Pen", "bars_of", "sparkline"]

# Stand-ins that Matplotlib writes into the SVG; each becomes a CSS variable afterwards.
COLOURS = {
    "deep": ("#fe0101", "var(--deep)"),
    "shallow": ("#fe0102", "var(--shallow)"),
    "blend": ("#fe0103", "var(--blend)"),
    "floor": ("#fe0104", "var(--floor)"),
    "ink": ("#fe0105", "currentColor"),
    "muted": ("#fe0106", "var(--muted)"),
    "grid": ("#fe0107", "var(--rule)"),
    "paper": ("#fe0108", "var(--paper)"),
}
# Inches at 72 dots; shown about 1.4 times larger, so 9 points read as 12 or 13 pixels.
SHAPES = {
    "wide": {"wide": (7.4, 2.9), "narrow": (3.5, 2.7)},
    "half": {"": (3.5, 2.75)},
    "strip": {"wide": (7.4, 1.15), "narrow": (3.5, 1.25)},
}
ROOM = 40
"""Letters of names that fit below a narrow picture side by side; longer ones are turned."""
NARROW = 30
"""Letters of a name to the left of a narrow picture."""
STROKES = {"deep": "-", "shallow": (0, (5, 2)), "blend": (0, (6, 1.5, 1, 1.5)), "floor": (0, (1, 1.6))}
MARKERS = {"deep": "o", "shallow": "s", "blend": "D"}
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "automl",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.size": 9,
    "font.family": "sans-serif",
    "path.simplify": True,
}


class Pen:
    """Draws the pictures of one page; its pictures never share an id."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def svgs(self, chart: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The chart as ``(screen, svg)`` pairs, screen being "wide", "narrow" or "" (any)."""
        return [(screen, self._one(chart, size)) for screen, size in SHAPES[str(chart.get("shape") or "wide")].items()]

    def _one(self, chart: Mapping[str, Any], size: tuple[float, float]) -> str:
        lacking = [name for name in ("alt", "layers") if name not in chart and chart.get("kind") != "gain"]
        if lacking:
            raise ValueError(f"a chart lacks {lacking[0]!r}; it has {', '.join(map(repr, chart))}")
        svg = figure_of(Asked(json.dumps(chart, sort_keys=True), size, chart))
        return clean(svg, str(chart["alt"]), f"p{next(self._numbers)}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A chart in one size; two of the same content are equal.

    Attributes:
        text: the chart as JSON.
        size: width and height in inches.
        chart: the chart.
    """

    text: str
    size: tuple[float, float]
    chart: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=64)
def figure_of(asked: Asked) -> str:
    """Matplotlib's SVG of a chart, kept, since a run's page and the one that travels with its model share most."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    chart = asked.chart
    with warnings.catch_warnings(), matplotlib.rc_context(SETTINGS):
        warnings.simplefilter("ignore")  # a glyph that Matplotlib's own font lacks is drawn by the browser's
        figure = Figure(figsize=asked.size, dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        dress(axes, chart, asked.size[0] > 5)
        if chart.get("kind") == "gain":
            gain(axes, chart)
        else:
            for layer in chart["layers"]:
                drawn(axes, layer)
            limits(axes, chart)
        buffer = io.StringIO()
        blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    return buffer.getvalue()


def dress(axes: Any, chart: Mapping[str, Any], wide: bool) -> None:
    """Quiet axes: two thin lines, few ticks, a faint grid."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

    ink, muted, grid = (COLOURS[name][0] for name in ("ink", "muted", "grid"))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(grid)
    axes.tick_params(colors=muted, labelsize=8.5, length=0, pad=4)
    axes.grid(True, color=grid, linewidth=0.6, axis=chart.get("grid") or "y")
    axes.set_axisbelow(True)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        words = chart.get(name) or {}
        axis.set_label_text(words.get("label") or "", color=ink, fontsize=9)
        axis.set_major_locator(
            MaxNLocator(
                nbins=8 if name == "x" and wide else 5, integer=bool(words.get("whole")), steps=[1, 2, 2.5, 5, 10]
            )
        )
        if words.get("log_ticks"):
            logarithmic(axes, axis, name, words["log_ticks"])
        elif words.get("names"):
            axis.set_major_locator(FixedLocator(range(len(words["names"]))))
            shown = [str(one) if wide or name == "x" else shorten(one, NARROW) for one in words["names"]]
            axis.set_major_formatter(FixedFormatter(shown))
            if name == "x" and sum(len(str(one)) + 2 for one in words["names"]) > (90 if wide else ROOM):
                axes.tick_params(axis="x", rotation=40)
                for text in axis.get_ticklabels():
                    text.set(ha="right", rotation_mode="anchor")
        elif words.get("percent"):
            axis.set_major_formatter(FuncFormatter(lambda v, _: f"{round(100 * v, 3) + 0.0:g} %"))
        else:
            axis.set_major_formatter(FuncFormatter(ticker(axis)))


def logarithmic(axes: Any, axis: Any, name: str, ticks: Sequence[float]) -> None:
    """A logarithmic axis with ticks at these places alone."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    (axes.set_xscale if name == "x" else axes.set_yscale)("log")
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value < 1e4 else f"{value / 1e3:,.0f}k"))


def ticker(axis: Any) -> Any:
    """Tick labels with as many decimals as their distance needs, and k or M for the large."""

    def label(value: float, _: int) -> str:
        low, high = sorted(axis.get_view_interval())
        span, top = high - low, max(abs(low), abs(high))
        unit, sign = (1e6, "M") if top >= 2e6 else (1e3, "k") if top >= 2e4 else (1.0, "")
        for decimals in range(7):
            if span / unit * 0.04 >= 10.0**-decimals:
                break
        text = f"{value / unit:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return (text if text != "-0" else "0").replace("-", "−") + (sign if value else "")

    return label


def limits(axes: Any, chart: Mapping[str, Any]) -> None:
    """Set the limits of both axes that the chart gives."""
    for name, put in (("x", axes.set_xlim), ("y", axes.set_ylim)):
        asked = (chart.get(name) or {}).get("limits")
        if asked and asked[0] < asked[1]:
            put(*asked)


def numbers(values: Sequence[float | None] | None) -> list[float]:
    """The values, with None as NaN."""
    return [float("nan") if v is None else v for v in values or ()]


def line(axes: Any, layer: Mapping[str, Any], colour: str, style: str = "default") -> None:
    """A line; sides differ in their dashes as well as in colour. With dots where the layer asks for them."""
    faint = layer.get("faint")
    axes.plot(
        numbers(layer["x"]),
        numbers(layer["y"]),
        color=colour,
        drawstyle=style,
        linestyle="-" if faint else STROKES.get(layer.get("colour") or "", "-"),
        linewidth=1.0 if faint else 1.9,
        alpha=0.4 if faint else 1.0,
        marker=MARKERS.get(layer.get("colour") or "", "o") if layer.get("dots") else None,
        markersize=4,
        zorder=2 if faint else 3,
        solid_capstyle="round",
        solid_joinstyle="round",
    )


def step(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """A line that holds each value until the next."""
    line(axes, layer, colour, "steps-post")


def points(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """Points; faint ones are small and half transparent."""
    axes.plot(
        numbers(layer["x"]),
        numbers(layer["y"]),
        linestyle="none",
        color=colour,
        marker=MARKERS.get(layer.get("colour") or "", "o"),
        markersize=3.2 if layer.get("faint") else 4.5,
        markeredgewidth=0,
        alpha=0.45 if layer.get("faint") else 1.0,
    )


def band(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """The area between low and high."""
    axes.fill_between(
        numbers(layer["x"]), numbers(layer["low"]), numbers(layer["high"]), color=colour, alpha=0.18, linewidth=0
    )


def rule(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """A line straight across at y, or upright at x."""
    style = {"color": colour, "linestyle": STROKES.get(layer.get("colour") or "", "-"), "linewidth": 1.2, "zorder": 1}
    for value in layer.get("y") or ():
        axes.axhline(value, **style)
    for value in layer.get("x") or ():
        axes.axvline(value, **style)


def diagonal(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """The line on which x equals y."""
    axes.axline((0, 0), slope=1, color=colour, linewidth=1.0, linestyle=(0, (1, 1.6)), zorder=1)


def bars(axes: Any, layer: Mapping[str, Any], colour: str) -> None:
    """A histogram's outline over edges x (one more than y)."""
    axes.stairs(numbers(layer["y"]), numbers(layer["x"]), fill=True, color=colour, alpha=0.14)
    axes.stairs(
        numbers(layer["y"]),
        numbers(layer["x"]),
        color=colour,
        linewidth=1.6,
        linestyle=STROKES.get(layer.get("colour") or "", "-"),
    )


MARKS = {
    "line": line, "step": step, "points": points, "band": band, "rule": rule, "diagonal": diagonal, "bars": bars,
}  # fmt: skip


FIELDS: Mapping[str, tuple[str, ...]] = {
    "line": ("x", "y"), "step": ("x", "y"), "points": ("x", "y"), "band": ("x", "low", "high"), "bars": ("x", "y"),
    "rule": (), "diagonal": (),
}  # fmt: skip
"""What a layer must hold, by its mark."""
CHOICE = tuple(name for name in COLOURS if name not in ("grid", "paper"))
"""Colours that a layer may name."""


def drawn(axes: Any, layer: Mapping[str, Any]) -> None:
    """Draw one layer.

    Raises:
        ValueError: its mark or its colour is none, or it lacks a field.
    """
    mark = layer.get("mark")
    if mark not in MARKS:
        raise ValueError(f"a layer of a chart has the mark {mark!r}; expected one of {', '.join(MARKS)}")
    lacking = [name for name in FIELDS[mark] if name not in layer]
    if lacking:
        raise ValueError(
            f"a layer of a chart of the mark {mark!r} lacks {lacking[0]!r}; it needs {_listed(FIELDS[mark])}"
        )
    MARKS[mark](axes, layer, colour_of(layer)[0])


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def colour_of(layer: Mapping[str, Any]) -> tuple[str, str]:
    """A layer's colour: its stand-in for Matplotlib, and its CSS.

    Raises:
        ValueError: it names none.
    """
    name = layer.get("colour") or "ink"
    if name not in COLOURS:
        raise ValueError(f"a layer of a chart has the colour {name!r}; expected one of {', '.join(CHOICE)}")
    return COLOURS[name]


def gain(axes: Any, chart: Mapping[str, Any]) -> None:
    """The gain and its interval, over the band of gains that are too small to count."""
    at, low, high, least = (chart.get(key) for key in ("gain", "low", "high", "least"))
    known = [0.0, *(v for v in (at, low, high) if v is not None), *((-least, least) if least else ())]
    reach = 1.12 * max(abs(v) for v in known) or 1.0
    ink, deep, shallow, muted = (COLOURS[name][0] for name in ("ink", "deep", "shallow", "muted"))
    tone = {"deep": deep, "shallow": shallow}.get(str(chart.get("tone")), ink)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-1, 1.25)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(False)
    if least:
        axes.axvspan(-least, least, ymax=0.74, color=muted, alpha=0.16, linewidth=0)
    axes.axvline(0, ymax=0.74, color=muted, linewidth=1)
    if low is not None and high is not None:
        axes.plot([low, high], [-0.15, -0.15], color=tone, linewidth=5, alpha=0.35, solid_capstyle="butt")
        axes.plot([low, low, high, high], [-0.15] * 4, linestyle="none", marker="|", color=tone, markersize=13)
    if at is not None:
        axes.plot([at], [-0.15], marker="o", color=tone, markersize=9, markeredgecolor=COLOURS["paper"][0])
    axes.text(0.0, 1.0, "← shallow is better", color=shallow, fontsize=9, transform=axes.transAxes, va="top")
    axes.text(1.0, 1.0, "deep is better →", color=deep, fontsize=9, transform=axes.transAxes, va="top", ha="right")


def clean(svg: str, alt: str, prefix: str) -> str:
    """Matplotlib's file as a piece of a page: sized by CSS, coloured by variables, named by its alternative text."""
    from html import escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    box = re.search(r'viewBox="([^"]+)"', svg)
    head = f'<svg viewBox="{box[1] if box else "0 0 100 100"}" role="img" aria-label="{escape(alt)}">'
    svg = re.sub(r"^<svg[^>]*>", lambda _: head, svg, count=1)
    svg = re.sub(r'xlink:href="', 'href="', svg)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\1{prefix}-", svg)
    for code, variable in COLOURS.values():
        svg = svg.replace(code, variable)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda m: re.sub(r"(\.\d\d)\d+", r"\1", m[0]), svg)
    return re.sub(r"\n\s*", "\n", svg).strip()


def sparkline(lines: Sequence[Mapping[str, Any]], alt: str, width: int = 220, height: int = 44) -> str:
    """A few small lines over a common scale, written by hand: ``[{"colour", "x" (optional), "y"}]``."""
    from html import escape

    ys = [v for item in lines for v in item["y"] if v is not None]
    xs = [v for item in lines for v in item.get("x") or range(len(item["y"]))]
    if not ys:
        return ""
    low, high, left, right = min(ys), max(ys), min(xs), max(xs)
    rise, run = (high - low) or 1.0, (right - left) or 1.0
    paths = []
    for item in lines:
        points = zip(item.get("x") or range(len(item["y"])), item["y"], strict=True)
        places = [
            f"{2 + (x - left) / run * (width - 4):.1f},{height - 3 - (y - low) / rise * (height - 6):.1f}"
            for x, y in points
            if y is not None
        ]
        colour = colour_of(item)[1]
        dash = ' stroke-dasharray="4 2"' if item.get("colour") == "shallow" else ""
        paths.append(f'<polyline points="{" ".join(places)}" style="stroke: {colour}"{dash}/>')
    box = f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}"'
    return f'<svg class="spark" {box}>{"".join(paths)}</svg>'


def bars_of(shares: Sequence[float], alt: str, width: int = 120, height: int = 26) -> str:
    """A few small bars, of heights as the shares are, written by hand."""
    from html import escape

    most = max(shares, default=0.0) or 1.0
    step = width / max(len(shares), 1)
    bars_made = [
        f'<rect x="{i * step + 0.5:.1f}" y="{height * (1 - share / most):.1f}" width="{max(step - 1, 0.5):.1f}" '
        f'height="{height * share / most:.1f}"/>'
        for i, share in enumerate(shares)
    ]
    box = f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}"'
    return f'<svg class="bars" {box}>{"".join(bars_made)}</svg>'
