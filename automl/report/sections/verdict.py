"""The verdict: whether deep learning pays off, by how much, how sure that is, and which model to use."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from automl.metrics import figures
from automl.records import Comparison, FoldPairs, Outcome, Repeats, Run, Section
from automl.report import sides, words
from automl.report.findings import interface_of, next_step_text
from automl.report.reasons import reasons, would_change
from automl.report.trust import CONDITION, trust_of

__all__ = ["VERDICT"]

N_FIRST = 5
ANSWERS = {
    ("deep", "better"): "Yes, deep learning pays off",
    ("shallow", "better"): "No, the shallow model is better",
    ("tie", "equivalent"): "No, both are equally good",
    ("tie", "undecided"): "Undecided",
}


def collect(outcome: Outcome) -> dict[str, Any]:
    """What must be settled first, the verdict, the scores it compares and a picture of the gain."""
    comparison = outcome.comparison
    return {
        "trust": first(outcome),
        "answer": answer(outcome),
        "few_seeds": words.few_seeds(comparison.seeds) if comparison.gain is not None else "",
        "verdict": comparison.verdict,
        "tone": comparison.verdict if comparison.gain is not None else "tie",
        "reason": comparison.reason,
        "sentences": [words.unbroken(one) for one in comparison.sentences],
        "scores": scores(outcome),
        "metric": words.metric(outcome.task.metric),
        "items": f"{sides.test_items(outcome)}s",
        "direction": words.direction(outcome.higher_is_better),
        "chart": picture(outcome),
        "recommended": comparison.recommended,
        "recommended_title": recommended_title(outcome),
        "would_change": words.unbroken(would_change(outcome, bool(trust_of(outcome.findings).findings))),
        "reasons": reasons(outcome),
        "trust_level": trust_of(outcome.findings).level,
        "why": " ".join(
            filter(
                None,
                (
                    "" if comparison.says_why else comparison.why,
                    CONDITION if trust_of(outcome.findings).findings else "",
                ),
            )
        ),
        "facts": facts(outcome),
        "notes": [
            words.unbroken(one)
            for one in (*comparison.notes, *([outcome.repeats.note] if outcome.repeats else []), *stopped(outcome))
        ],
    }


def first(outcome: Outcome) -> dict[str, Any] | None:
    """The findings that must be settled before the verdict is believed; None where there are none."""
    trust, interface = trust_of(outcome.findings), interface_of(outcome.recipe)
    if not trust.findings:
        return None
    return {
        "level": trust.level,
        "call": trust.call,
        "findings": [
            {
                "severity": one.severity,
                "message": words.shorten(one.message, 600),
                "next_step": words.shorten(next_step_text(one, interface), 600),
            }
            for one in trust.findings[:N_FIRST]
        ],
        "left_out": max(0, len(trust.findings) - N_FIRST),
    }


def recommended_title(outcome: Outcome) -> str:
    """What people call the recommended model; its run's name where that is all that is known."""
    name = outcome.comparison.recommended
    return next((words.title(run) for run in outcome.runs if run.name == name), name)


def answer(outcome: Outcome) -> str:
    """The verdict in a few words, or which finalist is missing where nothing was compared."""
    comparison = outcome.comparison
    if comparison.verdict is None:
        return "No verdict without labels"
    if comparison.gain is None:
        finished = [contestant.side for _, contestant in sides.finalists(outcome)]
        if not finished:
            return "Nothing could be trained"
        return f"Undecided: only a {finished[0]} model finished" if len(finished) == 1 else "Undecided"
    return ANSWERS.get((comparison.verdict, comparison.reason), comparison.verdict.capitalize())


def scores(outcome: Outcome) -> list[dict[str, Any]]:
    """Test scores of both finalists and the floor, and of the blend if it is recommended."""
    runs = {run.name: run for run in outcome.runs}
    texts = _score_texts(outcome)
    roles = {"deep": "deep finalist", "shallow": "shallow finalist", "blend": "blend of both", "floor": "floor"}
    shown = [
        {
            "side": c.side,
            "role": roles[c.side],
            "run": c.run,
            "title": words.title(runs[c.run]),
            "score": texts[c.side],
            "seeds": words.count(runs[c.run].n_seeds, "seed") if c.side in ("deep", "shallow") else "",
        }
        for c in outcome.contestants
        if c.run in runs
        and runs[c.run].test_score is not None
        and (c.side != "blend" or c.run == outcome.comparison.recommended)
    ]
    return sorted(shown, key=lambda item: sides.ORDER[item["side"]])


def _score_texts(outcome: Outcome) -> dict[str, str]:
    """Test scores by side, with the decimals of the finalists."""
    runs = {run.name: run for run in outcome.runs}
    known = {c.side: runs[c.run].test_score for c in outcome.contestants if c.run in runs}
    pair = [score for side, score in known.items() if side in ("deep", "shallow") and score is not None]
    decimals = figures.places(*pair) if pair else None
    return {
        side: words.NOTHING if score is None or not math.isfinite(score) else figures.figure(score, decimals)
        for side, score in known.items()
    }


def picture(outcome: Outcome) -> dict[str, Any] | None:
    """The gain with its interval, against the gains too small to count; those that decide."""
    comparison, where = deciding(outcome.comparison)
    if comparison.gain is None:
        return None
    low, high = comparison.interval or (None, None)
    level, least = words.percent(comparison.level), words.signed(comparison.least_gain).lstrip("+")
    gain, *ends = words.differences(comparison.gain, low, high)
    text = f"Gain{where} {gain}"
    if comparison.interval:
        text += f", {level} interval from {ends[0]} to {ends[1]}"
    band = f"Gains inside the grey band (± {least}) are too small to count."
    return {
        "kind": "gain",
        "shape": "strip",
        "tone": comparison.verdict,
        "gain": comparison.gain,
        "low": low,
        "high": high,
        "least": comparison.least_gain,
        "alt": f"{text}. Left of zero the shallow model is better, right of it the deep one.",
        "caption": f"{text}. " + (band if comparison.least_gain else ""),
        "x": {"label": f"gain of the deep model in {words.metric(outcome.task.metric)}"},
        "table": {
            "columns": ["measure", "value"],
            "rows": [
                ["gain (positive: deep is better)", gain],
                [f"{level} interval, low", ends[0]],
                [f"{level} interval, high", ends[1]],
                ["least gain that counts", least],
            ],
            "numeric": [1],
        },
    }


def facts(outcome: Outcome) -> list[list[str]]:
    """The figures behind the verdict."""
    comparison, clock = outcome.comparison, outcome.clock
    items = words.count(len(outcome.truth), f"test {sides.test_items(outcome)}")
    unit = "starting time" if outcome.split.windows_share_units else outcome.split.units
    resampled = words.count(comparison.n_units, unit, "series" if unit == "series" else None)
    rows = [["Rests on", items]]
    pairs = comparison.fold_pairs
    if pairs is not None and pairs.n_folds:
        rows = [["Test", items], ["Rests on", pairs_facts(pairs)]]
    if comparison.gain is not None:
        seeds = words.count(comparison.seeds, sides.seed_word(outcome))
        rows[0][1] += f", resampled as {resampled}; {seeds} of each model"
    champion = sides.champion(outcome)
    if champion:
        rows.append(["Champion by validation", champion])
    if sides.holdouts(outcome) > 1:
        rows.append(["Finalists", judged(outcome)])
    if comparison.interval is not None:
        rows.append(["Interval", interval_facts(comparison)])
    if comparison.p_value is not None:
        rows.append(["Exact paired test", f"p = {words.number(comparison.p_value, 2)}"])
    if outcome.repeats is not None:
        rows.append(["Repeats", repeats_facts(outcome.repeats)])
    if clock.get("wall_seconds") is not None:
        budget = clock.get("budget_seconds")
        offered = f" of {words.duration(budget)} offered" if budget else ""
        rows.append(["Time", f"{words.duration(clock['wall_seconds'])}{offered}"])
    rows.append(["Runs", tally(outcome.runs)])
    return rows


def deciding(comparison: Comparison) -> tuple[Comparison, str]:
    """The comparison with the gain and interval that decide, and which rows they are of: "" for the test rows."""
    pairs = comparison.fold_pairs
    if pairs is None or not pairs.n_folds:
        return comparison, ""
    found = dataclasses.replace(
        comparison, gain=pairs.gain, interval=pairs.interval, least_gain=pairs.least_gain, p_value=pairs.p_value
    )
    return found, f" on {words.count(pairs.n_items, 'out-of-fold row')}"


def pairs_facts(pairs: FoldPairs) -> str:
    """How many out-of-fold pairs there are, and what they say."""
    text = f"{words.count(pairs.n_items, 'out-of-fold row')} in {words.count(pairs.n_folds, 'fold')}"
    if pairs.gain is None:
        return text
    gain, low, high = words.differences(pairs.gain, *(pairs.interval or (None, None)))
    text += f": gain {gain}"
    if pairs.interval is None:
        return text
    return f"{text}, {words.percent(pairs.level)} interval from {low} to {high}"


def repeats_facts(repeats: Repeats) -> str:
    """How many repeats were made, and what they say."""
    text = f"{words.number(len(repeats.gains))} of {words.number(repeats.asked)} made"
    if repeats.gain is None:
        return text
    gain, low, high = words.differences(repeats.gain, *(repeats.interval or (None, None)))
    text += f": gain {gain} in the mean"
    if repeats.interval is None:
        return text
    return (
        f"{text}, {words.percent(repeats.level)} interval from {low} to {high}; on other splits, both finalists "
        "refitted with fixed settings"
    )


LEAST_SHARE = 0.0005
"""Of the interval's square; a cause with less reads as 0 %."""
CAUSES = {"test": "test data", "time": "times that all series share", "deep_seeds": "deep seeds",
          "shallow_seeds": "shallow seeds"}  # fmt: skip


def interval_facts(comparison: Comparison) -> str:
    """Half the interval's width in percent of the shallow error, and the share that each cause has in its square."""
    assert comparison.interval is not None
    half = (comparison.interval[1] - comparison.interval[0]) / 2
    text = f"± {words.signed(half).lstrip('+')}"
    if comparison.lacking is not None:
        text += f", {words.percent(half / comparison.lacking)} of the shallow error"
    total = sum(comparison.parts.values())
    if not total > 0:
        return text
    shares = [
        f"{words.percent(v / total)} {CAUSES.get(name, name)}"
        for name, v in comparison.parts.items()
        if v / total >= LEAST_SHARE
    ]
    return f"{text}; its square is due to {', '.join(shares)}"


def judged(outcome: Outcome) -> str:
    """The number of hold-outs that each finalist was chosen by."""
    parts = [
        f"{run.side} by " + (f"the mean of {run.n_holdouts} hold-outs" if run.n_holdouts > 1 else "one hold-out")
        for run, _ in sides.finalists(outcome)
    ]
    return ", ".join(parts)


def tally(runs: tuple[Run, ...]) -> str:
    """The number of runs of each side, and how many failed."""
    parts = [f"{sum(r.side == side for r in runs)} {side}" for side in ("deep", "shallow")]
    failed = sum(run.status == "failed" for run in runs)
    return " and ".join(parts) + (f", of which {failed} failed" if failed else "")


def stopped(outcome: Outcome) -> list[str]:
    """A note where the run was interrupted."""
    if outcome.stopped != "interrupt":
        return []
    wall, budget = outcome.clock.get("wall_seconds"), outcome.clock.get("budget_seconds")
    when = f" after {words.duration(wall)} of {words.duration(budget)}" if wall is not None and budget else ""
    return [f"The run was interrupted{when}: the models finished by then are compared."]


VERDICT = Section(
    name="verdict",
    title="Verdict",
    order=10,
    collect=collect,
    template="""
<div class="front">
{% if trust %}<div class="trust {{ trust.level }}" role="note">
<p class="call">{{ trust.call }} <small>trust: {{ trust.level }}</small></p>
<ul>{% for one in trust.findings %}<li><p>{{ one.message }}</p>{% if one.next_step %}<p class="quiet">{{ one.next_step }}</p>{% endif %}</li>{% endfor %}</ul>
{% if trust.left_out %}<p class="quiet">{{ trust.left_out | number }} more {{ "stands" if trust.left_out == 1 else "stand" }} <a href="#data">among the findings</a>.</p>{% endif %}</div>{% endif %}
<p class="answer {{ tone }}">{{ answer }}{% if few_seeds %} <small>({{ few_seeds }})</small>{% endif %}</p>
<div class="says">{% if sentences %}<p>{{ sentences[0] }}</p>{% endif %}
<p class="change"><b>What would change it:</b> {{ would_change }}</p></div>
{% if scores %}<ul class="scores">{% for item in scores %}
<li class="{{ item.side }}"><span class="side {{ item.side }}">{{ item.role }}</span><b>{{ item.score }}</b>
<small>{{ item.title }} · <span class="run">{{ item.run }}</span>{% if item.seeds %} · {{ item.seeds }}{% endif %}</small></li>{% endfor %}</ul>
<p class="quiet">{{ metric | opening }} on the test {{ items or "rows" }}, which neither side had seen; {{ direction }}.</p>{% endif %}
{% if chart %}{{ figure(chart) }}{% endif %}
<p class="chosen">Recommended: <strong>{{ recommended_title }}</strong> <small class="quiet">{{ recommended }}</small>. {{ sentences[1:] | join(" ") }} {{ why }}</p>
{% if reasons %}{{ table(reasons, "reasons") }}{% endif %}
{% if not trust %}<p class="quiet">Trust: {{ trust_level }}. No finding speaks against this result.</p>{% endif %}
</div>
{% if facts or notes %}<details class="part"><summary><h2>What the verdict rests on</h2></summary>
<dl class="facts">{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% if notes %}<ul class="notes">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>{% endif %}</details>{% endif %}
""",  # noqa: E501
    markdown="""{% if trust %}**{{ trust.call }}** (trust: {{ trust.level }})

{% for one in trust.findings -%}
- **{{ one.severity }}** {{ one.message }} {{ one.next_step }}
{% endfor -%}
{% if trust.left_out %}- among the findings: {{ trust.left_out | number }} more
{% endif %}
{% endif %}**{{ answer }}** (verdict: {{ verdict }}, {{ reason }}{% if few_seeds %}; {{ few_seeds }}{% endif %})

{{ sentences | join(" ") }}

What would change it: {{ would_change }}

{% for item in scores -%}
- {{ item.role }}: **{{ item.score }}** {{ metric }} ({{ item.title }}, {{ item.run }}{% if item.seeds %}, {{ item.seeds }}{% endif %})
{% endfor %}
{{ metric | opening }} on the test {{ items or "rows" }}, which neither side had seen; {{ direction }}.
{% if chart %}{{ figure(chart) }}{% endif %}
Recommended: **{{ recommended_title }}** ({{ recommended }}). {{ why }}
{% if reasons %}{{ table(reasons) }}
{% endif %}
{% for name, value in facts -%}
- {{ name }}: {{ value }}
{% endfor -%}
{% for note in notes -%}
- {{ note }}
{% endfor %}""",  # noqa: E501
)
