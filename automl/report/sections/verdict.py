"""The answer: does deep learning pay, by how much, how sure that is, and what to use."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["VERDICT"]

ANSWERS = {
    ("deep", "better"): "Yes, deep learning pays off",
    ("shallow", "better"): "No, the shallow model is better",
    ("tie", "equivalent"): "No, both are equally good",
    ("tie", "undecided"): "Undecided",
}


def collect(outcome: Outcome) -> dict[str, Any]:
    """The verdict, the scores it compares and a picture of the gain."""
    found = outcome.comparison
    return {
        "answer": answer(outcome),
        "verdict": found.verdict,
        "tone": found.verdict if found.gain is not None else "tie",
        "reason": found.reason,
        "sentences": list(found.sentences),
        "scores": scores(outcome),
        "metric": words.metric(outcome.task.metric),
        "direction": "higher is better" if outcome.higher_is_better else "lower is better",
        "chart": picture(outcome),
        "recommended": found.recommended,
        "why": why(outcome),
        "facts": facts(outcome),
        "notes": [*found.notes, *stopped(outcome)],
    }


def answer(outcome: Outcome) -> str:
    """The verdict in a few words; where a finalist is missing nothing was compared, and that is the answer."""
    found = outcome.comparison
    if found.gain is None:
        stood = [contestant.side for _, contestant in sides.finalists(outcome)]
        return {0: "Nothing could be trained", 1: f"Only a {''.join(stood)} model finished"}.get(
            len(stood), "Undecided"
        )
    return ANSWERS.get((found.verdict, found.reason), found.verdict.capitalize())


def scores(outcome: Outcome) -> list[dict[str, Any]]:
    """Test scores of both finalists, the blend and the floor."""
    runs = {run.name: run for run in outcome.runs}
    roles = {"deep": "deep finalist", "shallow": "shallow finalist", "blend": "blend of both", "floor": "floor"}
    shown = [
        {
            "side": c.side,
            "role": roles[c.side],
            "run": c.run,
            "score": words.score(runs[c.run].test_score),
            "seeds": words.count(runs[c.run].n_seeds, "seed") if c.side in ("deep", "shallow") else "",
        }
        for c in outcome.contestants
        if c.run in runs and runs[c.run].test_score is not None
    ]
    return sorted(shown, key=lambda item: sides.ORDER[item["side"]])


def picture(outcome: Outcome) -> dict[str, Any] | None:
    """The gain with its interval, against the gains too small to count."""
    found = outcome.comparison
    if found.gain is None:
        return None
    low, high = found.interval or (None, None)
    level = words.percent(found.level)
    text = f"Gain {words.signed(found.gain)}"
    if found.interval:
        text += f", {level} interval from {words.signed(low)} to {words.signed(high)}"
    band = f"Gains inside the grey band (± {words.rough(found.least_gain)}) are too small to count."
    return {
        "kind": "gain",
        "shape": "strip",
        "tone": found.verdict,
        "gain": found.gain,
        "low": low,
        "high": high,
        "least": found.least_gain,
        "alt": f"{text}. Left of zero the shallow model is better, right of it the deep one.",
        "caption": f"{text}. " + (band if found.least_gain else ""),
        "x": {"label": f"gain of the deep model in {words.metric(outcome.task.metric)}"},
        "table": {
            "columns": ["measure", "value"],
            "rows": [
                ["gain (positive: deep is better)", words.signed(found.gain)],
                [f"{level} interval, low", words.signed(low)],
                [f"{level} interval, high", words.signed(high)],
                ["least gain that counts", words.rough(found.least_gain)],
            ],
            "numeric": [1],
        },
    }


def why(outcome: Outcome) -> str:
    """Why the recommended run is recommended, in a sentence."""
    found = outcome.comparison
    runs = {run.name: run for run in outcome.runs}
    chosen = runs.get(found.recommended)
    pair = [run for run, _ in sides.finalists(outcome)]
    if chosen is None:
        return ""
    if chosen.side == "floor" and not pair:
        return "Nothing was trained within the budget; this is the simplest possible prediction."
    if chosen.side == "floor":
        return "No trained model did measurably better than this, the simplest possible prediction."
    if found.verdict in ("deep", "shallow"):
        if len(pair) == 2:
            return "It is better on the test rows, by more than chance and by at least the gain that counts."
        return "It is the only finalist of this contest."
    if len(pair) < 2:
        return "It is the only finalist: there was nothing to compare it with."
    other = next((run for run in pair if run.name != chosen.name), None)
    return cheaper(chosen, other) or "In a tie the cheaper model is recommended."


def cheaper(chosen: Run, other: Run | None) -> str:
    """By what the rule holds one run to be cheaper in use than the other; empty where it does not."""
    if other is None:
        return ""
    start = "In a tie the cheaper model is recommended: this one"
    a, b = chosen.cost, other.cost
    by = a.cheaper_than(b)
    if by == "predict_ms":
        return f"{start} predicts a row in {words.rough(a.predict_ms)} ms, the other in {words.rough(b.predict_ms)} ms."
    if by == "size_mib":
        return f"{start} takes {words.rough(a.size_mib)} MiB, the other {words.rough(b.size_mib)} MiB."
    return ""


def facts(outcome: Outcome) -> list[list[str]]:
    """What the verdict rests on."""
    found, clock = outcome.comparison, outcome.clock
    items = words.count(len(outcome.truth), f"test {sides.test_items(outcome)}")
    unit = outcome.split.units
    resampled = words.count(found.n_units, "block" if unit == "block" else unit, "series" if unit == "series" else None)
    rows = [["Rests on", items]]
    if found.gain is not None:
        rows[0][1] += f", resampled as {resampled}; {words.count(found.seeds, 'seed')} of each model"
    if sides.holdouts(outcome) > 1:
        rows.append(["Finalists", judged(outcome)])
    if found.p_value is not None:
        rows.append(["Exact paired test", f"p = {words.number(found.p_value, 2)}"])
    if clock.get("wall_seconds") is not None:
        budget = clock.get("budget_seconds")
        offered = f" of {words.duration(budget)} offered" if budget else ""
        rows.append(["Time", f"{words.duration(clock['wall_seconds'])}{offered}"])
    rows.append(["Runs", tally(outcome.runs)])
    return rows


def judged(outcome: Outcome) -> str:
    """What each finalist was named by, where it is the mean of several hold-outs for at least one."""
    parts = [
        f"{run.side} by " + (f"the mean of {run.n_holdouts} hold-outs" if run.n_holdouts > 1 else "one hold-out")
        for run, _ in sides.finalists(outcome)
    ]
    return ", ".join(parts)


def tally(runs: tuple[Run, ...]) -> str:
    """How many runs each side made, and how many failed."""
    parts = [f"{sum(r.side == side for r in runs)} {side}" for side in ("deep", "shallow")]
    failed = sum(run.status == "failed" for run in runs)
    return " and ".join(parts) + (f", of which {failed} failed" if failed else "")


def stopped(outcome: Outcome) -> list[str]:
    """What the reader must know about how the run ended."""
    if outcome.stopped != "interrupt":
        return []
    wall, budget = outcome.clock.get("wall_seconds"), outcome.clock.get("budget_seconds")
    when = f" after {words.duration(wall)} of {words.duration(budget)}" if wall is not None and budget else ""
    return [f"The run was interrupted{when}: what had been found by then is compared."]


VERDICT = Section(
    name="verdict",
    title="Verdict",
    order=10,
    collect=collect,
    template="""
<p class="answer {{ tone }}">{{ answer }}</p>
<div class="says">{% for sentence in sentences %}<p>{{ sentence }}</p>{% endfor %}</div>
{% if scores %}<ul class="scores">{% for item in scores %}
<li class="{{ item.side }}"><span class="side {{ item.side }}">{{ item.role }}</span><b>{{ item.score }}</b>
<small>{{ metric }} · {{ item.run }}{% if item.seeds %} · {{ item.seeds }}{% endif %}</small></li>{% endfor %}</ul>
<p class="quiet">{{ metric }} on the test rows, which neither side had seen; {{ direction }}.</p>{% endif %}
{% if chart %}{{ figure(chart) }}{% endif %}
<p class="chosen">Recommended: <strong>{{ recommended }}</strong>. {{ why }}</p>
<dl class="facts">{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% if notes %}<ul class="notes">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>{% endif %}
""",
    markdown="""**{{ answer }}** (verdict: {{ verdict }}, {{ reason }})

{{ sentences | join(" ") }}

{% for item in scores -%}
- {{ item.role }}: **{{ item.score }}** {{ metric }} ({{ item.run }}{% if item.seeds %}, {{ item.seeds }}{% endif %})
{% endfor %}
{{ metric }} on the test rows, which neither side had seen; {{ direction }}.
{% if chart %}{{ figure(chart) }}{% endif %}
Recommended: **{{ recommended }}**. {{ why }}

{% for name, value in facts -%}
- {{ name }}: {{ value }}
{% endfor -%}
{% for note in notes -%}
- {{ note }}
{% endfor %}""",
)
