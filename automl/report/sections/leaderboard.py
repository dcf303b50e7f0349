"""Every run of both sides, best first by validation."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["LEADERBOARD"]

N_FIRST = 12
N_ALL = 300


def collect(outcome: Outcome) -> dict[str, Any]:
    """Runs as rows: the first ones open, the others folded."""
    ranked = sorted(outcome.runs, key=lambda run: rank(run, outcome))
    rows = [row(run) for run in ranked[:N_ALL]]
    first = [one for i, one in enumerate(rows) if i < N_FIRST or one["finalist"] or one["side"] == "floor"]
    rest = [one for one in rows if one not in first]
    if len(rest) < 4:
        first, rest = rows, []
    return {
        "metric": words.metric(outcome.task.metric),
        "direction": words.direction(outcome.higher_is_better),
        "first": first,
        "rest": rest,
        "left_out": max(0, len(ranked) - N_ALL),
        "holdouts": sides.holdouts(outcome),
    }


def rank(run: Run, outcome: Outcome) -> tuple[int, float, int]:
    """Those judged on the most hold-outs first, then the best validation score; runs without a score last."""
    if run.valid_score is None or run.valid_score != run.valid_score:
        return 1, 0.0, sides.ORDER[run.side]
    return -run.n_holdouts, -run.valid_score if outcome.higher_is_better else run.valid_score, sides.ORDER[run.side]


def row(run: Run) -> dict[str, Any]:
    """One run as the table shows it."""
    return {
        "run": run.name,
        "side": run.side,
        "family": words.title(run),
        "finalist": run.finalist,
        "valid": words.score(run.valid_score),
        "test": words.score(run.test_score) if run.test_score is not None else "",
        "fit": words.duration(run.cost.fit_seconds),
        "learnt": sides.learnt(run) if run.finalist else "",
        "holdouts": run.n_holdouts if run.valid_score is not None else None,
        "status": run.status,
        "failure": words.shorten(run.failure, 200) if run.failure else "",
    }


LEADERBOARD = Section(
    name="leaderboard",
    title="Leaderboard",
    order=30,
    collect=collect,
    group="Search",
    template="""
{%- macro board(rows) -%}
<div class="scroll" tabindex="0" role="group" aria-label="Runs"><table>
<thead><tr><th scope="col">model</th><th scope="col">side</th><th scope="col" class="n">valid</th>
  <th scope="col" class="n">test</th><th scope="col" class="n">fit</th><th scope="col">status</th></tr>
  </thead>
<tbody>{% for run in rows %}
<tr class="{{ "finalist" if run.finalist }}{{ " failed" if run.status == "failed" }}">
  <td class="model">{{ run.family }} {{ small(run.run) }}{% if run.finalist %} <span aria-hidden="true">★</span>{% endif %}</td>
  <td>{{ side(run.side) }}</td><td class="n">{{ run.valid }}</td><td class="n">{{ run.test }}</td>
  <td class="n">{{ run.fit }}</td>
  <td class="status">{% if run.finalist %}finalist{{ ", " ~ run.learnt if run.learnt }}{{ ", cut" if run.status == "cut" }}{% else %}{{ run.status }}{% endif %}{{ ", one hold-out only" if holdouts > 1 and run.holdouts == 1 }}{% if run.failure %}: {{ run.failure }}{% endif %}</td>
  </tr>{% endfor %}
</tbody></table></div>
{%- endmacro -%}
<p>{{ metric | opening }}, {{ direction }}. Each side named its finalist (★) by validation alone; test rows were scored once, for the finalists and the floor.{% if holdouts > 1 %} The rows are few, so where there was time promising runs were judged on the mean of {{ holdouts }} hold-outs; they stand before those judged on one.{% endif %}</p>
{{ board(first) }}
{% if rest %}{% call more(rest | length | counted("more run")) %}{{ board(rest) }}{% endcall %}{% endif %}
{% if left_out %}<p class="quiet">{{ left_out | counted("more run") }} {{ "is" if left_out == 1 else "are" }} listed in result.json.</p>{% endif %}
""",  # noqa: E501
    markdown="""{{ metric | opening }}, {{ direction }}. Each side named its finalist by validation alone; test rows were scored once, for the finalists and the floor.{% if holdouts > 1 %} The rows are few, so where there was time promising runs were judged on the mean of {{ holdouts }} hold-outs; they stand before those judged on one.{% endif %}

| run | side | model | valid | test | fit | status |
|---|---|---|---:|---:|---:|---|
{% for run in first + rest -%}
| {{ run.run }} | {{ run.side }} | {{ run.family }} | {{ run.valid }} | {{ run.test }} | {{ run.fit }} | {{ "finalist" if run.finalist else run.status }}{{ ", " ~ run.learnt if run.learnt }}{{ ", one hold-out only" if holdouts > 1 and run.holdouts == 1 }}{% if run.failure %}: {{ run.failure }}{% endif %} |
{% endfor -%}
{% if left_out %}
{{ left_out | counted("more run") }} {{ "is" if left_out == 1 else "are" }} listed in result.json.
{% endif %}""",  # noqa: E501
)
