"""The figures of a leaderboard, and its page: one file without a script and without anything from elsewhere."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Page", "figures", "ranks_of", "write"]

ROOT = Path(__file__).resolve().parent.parent
LEVEL = 0.95


@dataclass(frozen=True)
class Page:
    """What a page is about.

    Attributes:
        catalog: the sets, see `leaderboard_sets.write`.
        systems: names of the systems, ours first.
        seconds: budget of each run.
        seed: of the split and of all systems.
        unusable: by set, why it cannot be used.
        left_out: by toolkit, why it does not run.
    """

    catalog: Sequence[Mapping[str, Any]]
    systems: Sequence[str]
    seconds: int
    seed: int
    unusable: Mapping[str, str]
    left_out: Mapping[str, str]


def by_place(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The line of each (set, system)."""
    return {(line["set"], line["system"]): line for line in lines}


def ranks_of(scores: Mapping[str, float | None]) -> dict[str, float]:
    """Places on one set, 1 for the best. Equal scores share their mean place; those that failed share the last ones."""
    from scipy.stats import rankdata

    losses = [math.inf if score is None else -score for score in scores.values()]
    return dict(zip(scores, map(float, rankdata(losses, method="average")), strict=True))


def interval(ranks: Sequence[float], most: int) -> list[float] | None:
    """Student's interval of a mean rank over sets, within the ranks that there are; None for fewer than two sets."""
    from scipy.stats import t

    if len(ranks) < 2:
        return None
    half = float(t.ppf((1 + LEVEL) / 2, len(ranks) - 1)) * statistics.stdev(ranks) / math.sqrt(len(ranks))
    return [max(1.0, statistics.fmean(ranks) - half), min(float(most), statistics.fmean(ranks) + half)]


def figures(page: Page, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean ranks and what failed; ranks are over sets on which all systems have run."""
    placed = by_place(lines)
    names = [entry["name"] for entry in page.catalog]
    whole = [name for name in names if all((name, system) in placed for system in page.systems)]
    ranks = [ranks_of({system: placed[name, system].get("score") for system in page.systems}) for name in whole]
    told = []
    for system in page.systems:
        own = [placed[name, system] for name in names if (name, system) in placed]
        places = [rank[system] for rank in ranks]
        took = [line["wall_seconds"] for line in own if "failed" not in line]
        told.append({
            "system": system,
            "mean_rank": statistics.fmean(places) if places else None,
            "interval": interval(places, len(page.systems)),
            "best": sum(system in best_of(page, placed, name) for name in whole),
            "failed": sum("failed" in line for line in own),
            "median_seconds": statistics.median(took) if took else None,
        })  # fmt: skip
    first, *others = told
    others.sort(key=lambda one: (one["mean_rank"] is None, one["mean_rank"] or 0.0))
    failed = [{key: line[key] for key in ("set", "system", "failed")} for line in lines if "failed" in line]
    return {
        "sets": len(names), "ranked_sets": len(whole), "seconds": page.seconds, "seed": page.seed,
        "systems": [first, *others], "failed": failed, "unusable": dict(page.unusable), "left_out": dict(page.left_out),
    }  # fmt: skip


def best_of(page: Page, placed: Mapping[tuple[str, str], Mapping[str, Any]], name: str) -> list[str]:
    """The systems with the best score on a set; several if they are equal."""
    scores = {s: placed[name, s]["score"] for s in page.systems if "score" in placed.get((name, s), {})}
    return [system for system, score in scores.items() if score == max(scores.values())]


def sentence(found: Mapping[str, Any]) -> str:
    """Who leads, in words."""
    first, *others = found["systems"]
    ranked = [one for one in others if one["mean_rank"] is not None]
    if first["mean_rank"] is None or not ranked:
        return "No set has been run by all systems yet."
    ahead = [one["system"] for one in ranked if one["mean_rank"] < first["mean_rank"]]
    level = [one["system"] for one in ranked if one["mean_rank"] == first["mean_rank"]]
    if ahead:
        return (
            f"{' and '.join(ahead)} {'has' if len(ahead) == 1 else 'have'} a better mean rank than {first['system']}."
        )
    if level:
        return f"{first['system']} shares the best mean rank with {' and '.join(level)}."
    return f"{first['system']} has the best mean rank."


def write(path: Path, page: Page, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write the page in place of an earlier one at once."""
    from automl.storage.files import write_text

    write_text(path, html(page, lines))


def html(page: Page, lines: Sequence[Mapping[str, Any]]) -> str:
    """The page; names and messages are escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    placed, found = by_place(lines), figures(page, lines)
    css = (ROOT / "automl" / "report" / "page.css").read_text("utf-8")
    order = [one["system"] for one in found["systems"]]
    rows = [
        {"set": entry, "lines": [placed.get((entry["name"], system)) for system in order],
         "best": [system in best_of(page, placed, entry["name"]) for system in order]}
        for entry in page.catalog
    ]  # fmt: skip
    return environment.from_string(PAGE).render(
        css=css, page=page, found=found, order=order, rows=rows, sentence=sentence(found), level=round(100 * LEVEL)
    )


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Leaderboard</title>
<style>{{ css|safe }}
.page { display: block; max-width: 68rem; }
</style>
</head>
<body><div class="page">
<header>
<p class="brand">automl <span>leaderboard</span></p>
<h1>{{ found.sets }} {{ "set" if found.sets == 1 else "sets" }}, {{ order|length }} systems</h1>
<p class="lead">{{ page.seconds }} s and one core for each run, the same rows for all, seed {{ page.seed }}</p>
</header>
<main>
<section><h2>Ranks</h2>
<p>{{ sentence }}</p>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>System</th><th class="n">Mean rank</th><th class="n">{{ level }} % interval</th>
<th class="n">Best on</th><th class="n">Failed on</th><th class="n">Median seconds</th></tr></thead>
<tbody>
{% for one in found.systems %}
<tr{% if loop.first %} class="finalist"{% endif %}><th>{{ one.system }}</th>
<td class="n">{{ "%.2f"|format(one.mean_rank) if one.mean_rank is not none else "–" }}</td>
<td class="n">{{ "%.2f to %.2f"|format(one.interval[0], one.interval[1]) if one.interval else "–" }}</td>
<td class="n">{{ one.best }}</td><td class="n">{{ one.failed }}</td>
<td class="n">{{ "%.1f"|format(one.median_seconds) if one.median_seconds is not none else "–" }}</td></tr>
{% endfor %}
</tbody></table></div>
<p class="quiet">Mean place over the sets that all systems have run ({{ found.ranked_sets }}), 1 for the best. Equal
scores share a place; a system that failed shares the last ones. The interval is Student's over sets: it says how far
other sets like these would move the mean. The first row is automl's, wherever it ranks.</p>
</section>
<section><h2>Scores</h2>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Set</th><th>Metric</th><th class="n">Training rows</th><th class="n">Test rows</th>
{% for system in order %}<th class="n">{{ system }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr><th>{{ row.set.name }}</th><td>{{ row.set.metric }}</td><td class="n">{{ row.set.n_train }}</td>
<td class="n">{{ row.set.n_test }}</td>
{% for line in row.lines %}
<td class="n">{% if line is none %}not run{% elif "failed" in line %}failed{% elif row.best[loop.index0] %}\
<strong title="best of this set">{{ "%.4f"|format(line.score) }} ▲</strong>{% else %}{{ "%.4f"|format(line.score) }}\
{% endif %}</td>
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
<p class="quiet">On test rows, higher is better. ▲ marks the best of a set.</p>
</section>
<section><h2>Seconds</h2>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Set</th>{% for system in order %}<th class="n">{{ system }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr><th>{{ row.set.name }}</th>
{% for line in row.lines %}
<td class="n">{{ "%.1f"|format(line.wall_seconds) if line is not none and "wall_seconds" in line else "–" }}</td>
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
<p class="quiet">Of automl the whole call; of boosting the fit alone; of other toolkits their process, imports and
predictions included.</p>
</section>
<section><h2>What failed</h2>
{% if found.failed or page.unusable or page.left_out %}
<ul>
{% for one in found.failed %}<li>{{ one.system }} on {{ one.set }}: {{ one.failed }}</li>
{% endfor %}
{% for name, why in page.unusable.items() %}<li>Set {{ name }} was left out: {{ why }}</li>
{% endfor %}
{% for name, why in page.left_out.items() %}<li>{{ name }} did not run: {{ why }}</li>
{% endfor %}
</ul>
{% else %}
<p>Nothing.</p>
{% endif %}
</section>
</main>
</div></body></html>
"""
