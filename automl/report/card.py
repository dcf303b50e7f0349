"""Cards: what a notebook shows of a result, a model or an inspection. A small piece of HTML that needs nothing else.

The text has the notebook's own colour on the notebook's own ground, so a card can be read in light and in dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from automl.records import Column, Finding
from automl.report import words
from automl.report.findings import SEVERITIES, column_text, finding_text, gravest_first, one_line
from automl.report.trust import CALLS
from automl.system.advice import Interface

__all__ = [
    "alarm", "alarm_of", "bar", "board", "card", "columns_table", "findings_list", "lines", "severities", "table",
]  # fmt: skip

MOST_RUNS = 8
MOST_COLUMNS = 30
MOST_FINDINGS = 12
MOST_CHARACTERS, MOST_IN_CELL = 600, 200

STYLE = """
.automl-card{max-width:60rem;padding:.6rem .9rem;border:1px solid rgba(128,128,128,.5);border-radius:6px;
font:14px/1.45 system-ui,sans-serif;overflow-wrap:anywhere;white-space:normal}
.automl-card p{margin:.3rem 0}.automl-card .title{font-size:1.15em;font-weight:650}
.automl-card .quiet{opacity:.75;font-size:.92em}
.automl-card ul{list-style:none;margin:.4rem 0;padding:0}
.automl-card li{margin:.3rem 0;padding-left:.6rem;border-left:4px solid #5b8bc9}
.automl-card .high{border-color:#e5484d}.automl-card .medium{border-color:#b7791f}
.automl-card .alarm{padding-left:.6rem;border-left:4px solid #b7791f}.automl-card .alarm.low{border-color:#e5484d}
.automl-card table{border-collapse:collapse;margin:.4rem 0;font:inherit;color:inherit}
.automl-card .wide{overflow-x:auto}
.automl-card th,.automl-card td{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top;background:none;
color:inherit;border:0;border-bottom:1px solid rgba(128,128,128,.3)}
.automl-card .bar{height:6px;max-width:24rem;border-radius:3px;background:rgba(128,128,128,.3)}
.automl-card .bar i{display:block;height:100%;border-radius:3px;background:#5b8bc9}
.automl-card .n{text-align:right;white-space:nowrap}
"""


def card(title: str, lead: str, *parts: str, first: str = "") -> str:
    """A card.

    Args:
        title: its first line, in bold.
        lead: a line below it, or "".
        *parts: pieces of HTML made by this module; empty ones are left out.
        first: a piece that stands above the title: what must be settled before it is believed.

    Returns:
        HTML; all text is escaped, nothing is loaded, nothing runs.
    """
    head = f'<p class="title">{text(title)}</p>' + (f"<p>{text(lead)}</p>" if lead else "")
    return f'<div class="automl-card"><style>{STYLE}</style>{first}{head}{"".join(parts)}</div>'


def text(value: Any, most: int = MOST_CHARACTERS) -> str:
    """A value on one line of at most so many characters, safe in HTML."""
    content = one_line(str(value))
    return escape(content if len(content) <= most else f"{content[: most - 2]} …")


def lines(sentences: Iterable[Any], style: str = "") -> str:
    """Sentences, one paragraph each; `style` may be "quiet"."""
    mark = f' class="{style}"' if style else ""
    return "".join(f"<p{mark}>{text(sentence)}</p>" for sentence in sentences)


def alarm(level: Any, reasons: Sequence[Any]) -> str:
    """What must be settled before a result is believed; empty where the trust is high.

    Args:
        level: of trust, as in ``result.json``.
        reasons: sentences.
    """
    if level not in CALLS:
        return ""
    call = f"<p><b>{text(CALLS[level])}</b> (trust: {text(level)})</p>"
    return f'<div class="alarm {level}">{call}{lines(reasons[:MOST_FINDINGS])}</div>'


def alarm_of(result: Mapping[str, Any]) -> str:
    """The same from the content of ``result.json``, which anybody may have written; empty where it says nothing."""
    trust = result.get("trust")
    if not isinstance(trust, Mapping) or not isinstance(trust.get("level"), str):
        return ""
    reasons = trust.get("reasons")
    return alarm(trust["level"], reasons if isinstance(reasons, list | tuple) else ())


def findings_list(findings: Sequence[Finding], interface: Interface = "python") -> str:
    """Findings, most severe first, with what to do in the words of an interface; empty where there are none."""
    if not findings:
        return ""
    shown = gravest_first(findings)[:MOST_FINDINGS]
    items = (f'<li class="{one.severity}">{text(finding_text(one, interface))}</li>' for one in shown)
    return f"<ul>{''.join(items)}</ul>{left_out(len(findings) - len(shown), 'finding')}"


def columns_table(columns: Sequence[Column]) -> str:
    """What each column holds, and why; empty where there are none."""
    rows = [[column_text(c.name), c.kind, f"{c.confidence:.0%}", c.evidence] for c in columns[:MOST_COLUMNS]]
    return table(["column", "kind", "sure", "because"], rows, (2,)) + left_out(len(columns) - len(rows), "column")


def board(result: Mapping[str, Any]) -> str:
    """The leaderboard: finalists first, then the best of the others, and the floor; empty where there is none.

    Args:
        result: content of ``result.json``, which anybody may have written.
    """
    runs = result.get("runs")
    known = [run for run in runs if isinstance(run, Mapping)] if isinstance(runs, Sequence) else []
    higher = bool((task if isinstance(task := result.get("task"), Mapping) else {}).get("higher_is_better", True))
    ranked = sorted(known, key=lambda run: _place(run, higher))
    shown = [run for i, run in enumerate(ranked) if i < MOST_RUNS or run.get("side") == "floor"][: 2 * MOST_RUNS]
    rows = [
        [f"{run.get('name')}{' ★' * (run.get('finalist') is True)}", run.get("side"), _score(run.get("valid_score")),
         _score(run.get("test_score")), words.duration(_number(run.get("fit_seconds"))), run.get("status")]
        for run in shown
    ]  # fmt: skip
    headings = ["run", "side", "valid", "test", "fit", "status"]
    return table(headings, rows, (2, 3, 4)) + left_out(len(known) - len(shown), "run")


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], numeric: Sequence[int] = ()) -> str:
    """A table of texts; empty without rows. Columns whose number is in `numeric` are aligned to the right."""
    if not rows:
        return ""
    marks = [' class="n"' if place in numeric else "" for place in range(len(headings))]
    head = "".join(f'<th scope="col"{m}>{text(h)}</th>' for m, h in zip(marks, headings, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{m}>{text(v, MOST_IN_CELL)}</td>' for m, v in zip(marks, row, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def bar(share: float) -> str:
    """How much of something is used, as a bar; `share` from 0 to 1."""
    return f'<div class="bar"><i style="width:{100 * min(max(share, 0.0), 1.0):.0f}%"></i></div>'


def left_out(n: int, noun: str) -> str:
    """How many of a list are not shown; empty for none."""
    return lines([f"and {words.count(n, f'more {noun}')}; print shows all"], "quiet") if n > 0 else ""


def _place(run: Mapping[str, Any], higher: bool) -> tuple[bool, int, float]:
    """Finalists first, then those judged on the most hold-outs, then the best; runs without a score last."""
    score, holdouts = _number(run.get("valid_score")), _number(run.get("n_holdouts"))
    if score is None:
        return run.get("finalist") is not True, 1, 0.0
    return run.get("finalist") is not True, -int(holdouts or 1), -score if higher else score


def _score(value: Any) -> str:
    return words.score(_number(value))


def _number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def severities(findings: Sequence[Finding]) -> str:
    """How many findings there are of each severity: ``1 high, 2 low``; "no findings" without one."""
    counts = [(name, sum(one.severity == name for one in findings)) for name in SEVERITIES]
    found = ", ".join(f"{n} {name}" for name, n in counts if n)
    return f"findings: {found}" if found else "no findings"
