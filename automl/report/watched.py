"""The page of `automl watch`: what drifted, what score is to be expected, and what it is where the target is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl._version import __version__
from automl.records import Outcome, Section
from automl.report import words
from automl.report.page import html, kind_of, markdown_text, written
from automl.report.reading import SCHEMA
from automl.storage.files import write_all
from automl.system.counts import counted
from automl.system.printable import printable

__all__ = ["lines", "write_watched"]

SHOWN_COLUMNS = 200
NAMED_COLUMNS = 5
STATES = {"same": "as in training", "changed": "changed a little", "drifted": "drifted"}


def lines(found: Mapping[str, Any]) -> list[str]:
    """A few sentences for a terminal, printable.

    Args:
        found: `automl.predict.watching.Watched.to_dict`.
    """
    failed = [f"Failed on {one}." for one in found["failed_on"]] or [f"None of these holds: {found['asked']}."]
    return [printable(one) for one in (*_sentences(found), *found["findings"], *failed)]


def write_watched(found: Mapping[str, Any], path: str | Path) -> Path:
    """Write the page; returns its path.

    Args:
        found: `automl.predict.watching.Watched.to_dict`.
        path: ends in ``.html``, ``.md`` or ``.json``.

    Raises:
        FolderError: the file has another ending, or cannot be written.
    """
    target = Path(path)
    kind = kind_of(target)
    if kind == ".json":
        text = written(words.plain(dict(found)))
    else:
        text = (markdown_text if kind == ".md" else html)(_stored(found), SECTIONS)
    write_all({target: text.encode()})
    return target


def _stored(found: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        "watched": {"sentences": _sentences(found), "failed": list(found["failed_on"]), "asked": found["asked"],
                    "findings": list(found["findings"])},
        "scores": _scores(found),
        "steps": _steps(found),
        "predictions": _table("Predictions", found["predictions"]),
        "columns": {**(_table("Columns", found["columns"][:SHOWN_COLUMNS]) or {}),
                    "n_more": max(0, len(found["columns"]) - SHOWN_COLUMNS)} if found["columns"] else None,
    }  # fmt: skip
    parts = [
        {"name": section.name, "title": section.title, "group": "Evidence", "data": words.plain(content[section.name]),
         "problem": None}
        for section in SECTIONS
        if content[section.name] is not None
    ]  # fmt: skip
    return {
        "schema": SCHEMA,
        "automl_version": __version__,
        "head": {
            "name": words.shorten(found["name"], 80),
            "task": f"watched by the {found['side']} model",
            "metric": words.metric_in_full(found["metric"]),
            "started": "",
        },
        "sections": parts,
    }


def _sentences(found: Mapping[str, Any]) -> list[str]:
    drifted = found["drifted"]
    many = ", ".join(drifted[:NAMED_COLUMNS]) + (" and others" if len(drifted) > NAMED_COLUMNS else "")
    in_windows = found["unit"] == "window"
    things = counted(len(found["columns"]), "statistic" if in_windows else "column")
    said = [
        f"{counted(found['n_rows'], 'new row')} beside {counted(found['n_before'], 'row')} of "
        + ("the contest: " if in_windows else "training: ")
        + (f"{len(drifted)} of {things} drifted ({many})." if drifted else f"none of {things} drifted.")
    ]
    if found["predictions"]:
        usual = "went on as in the contest" if in_windows else "are spread as on the test rows"
        which = [one["name"] for one in found["predictions"] if one["state"] == "drifted"] if in_windows else []
        of = f" ({', '.join(which[:NAMED_COLUMNS])})" if which else ""
        thing = "forecasts and their errors" if in_windows else "predictions"
        said.append(f"The {thing} {f'drifted{of}' if found['predictions_drifted'] else usual}.")
    name = words.metric(found["metric"])
    expected = found["expected"]
    if expected is None:
        said.append(f"The expected {name} is {found['why_not']}.")
    else:
        before = (
            "" if found["contest_score"] is None else f"; the contest's test gave {_figure(found['contest_score'])}"
        )
        by = EXPECTED_BY[expected["by"]]
        where = "on new windows" if in_windows else "on these rows"
        said.append(
            f"By {by} the model's {name} is {_figure(expected['score'])} {where} (likely from "
            f"{_figure(expected['low'])} to {_figure(expected['high'])}){before}."
        )
    if found["score"] is not None:
        beside = ""
        if in_windows and expected is not None:
            inside = expected["low"] <= found["score"] <= expected["high"]
            beside = ", within that interval" if inside else ", outside of that interval"
        said.append(
            f"The real {name} is {_figure(found['score'])} on {counted(found['n_scored'], found['unit'])} with a "
            f"target{beside}."
        )
    if found["coverage"] is not None:
        told = found["coverage"]
        said.append(
            f"Intervals of {words.percent(told['level'])} held {words.percent(told['share'])} of "
            f"{counted(int(told['n_values']), 'true value')}."
        )
    return said


def _figure(value: float | None) -> str:
    return "" if value is None else words.number(value, 4)


def _scores(found: Mapping[str, Any]) -> dict[str, Any] | None:
    expected = found["expected"]
    rows = [
        [f"test {found['unit']}s of the contest", _figure(found["contest_expected"]),
         *map(_figure, found["contest_interval"] or (None, None)), _figure(found["contest_score"])],
        [f"new {found['unit']}s", *(_figure(expected and expected[key]) for key in ("score", "low", "high")),
         _figure(found["score"])],
    ]  # fmt: skip
    if not any(cell for row in rows for cell in row[1:]):
        return None
    columns = ["rows", "expected", "from", "to", "real"]
    table = {"label": words.metric(found["metric"]), "columns": columns, "rows": rows, "numeric": [1, 2, 3, 4]}
    return {"figures": table, "how": "" if expected is None else HOW_EXPECTED[expected["by"]]}


def _table(label: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not found:
        return None
    if "before" in found[0]:
        return _shifts(label, found)
    rows = [
        [
            words.shorten(one["name"], 60), one["kind"], STATES[one["state"]], words.number(one["separation"], 2),
            words.number(one["p_value"], 2), words.percent(one["gaps_before"]), words.percent(one["gaps_now"]),
            words.shorten(one["where"], 60), words.percent(one["share_before"]), words.percent(one["share_now"]),
        ]
        for one in found
    ]  # fmt: skip
    columns = [
        "column",
        "kind",
        "state",
        "separation",
        "p",
        "missing before",
        "now",
        "grew most",
        "share before",
        "now",
    ]
    return {"figures": {"label": label, "columns": columns, "rows": rows, "numeric": [3, 4, 5, 6, 8, 9]}}


def _shifts(label: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Statistics of series and of forecasts."""
    rows = [
        [
            words.shorten(one["name"], 60), one["kind"], STATES[one["state"]], words.number(one["separation"], 2),
            words.number(one["p_value"], 2), _figure(one["before"]), _figure(one["now"]), one["where"],
            str(one["n_before"]),
        ]
        for one in found
    ]  # fmt: skip
    columns = ["statistic", "of", "state", "separation", "p", "before", "now", "now is", "compared with"]
    return {"figures": {"label": label, "columns": columns, "rows": rows, "numeric": [3, 4, 5, 6, 8]},
            "how": EXPLAINED_SERIES}  # fmt: skip


def _steps(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Errors by step of the horizon, and what a usual change is."""
    if not found["steps"]:
        return None
    rows = [[f"{one['step']:.0f}", _figure(one["before"]), _figure(one["now"])] for one in found["steps"]]
    usual = [f"{words.number(size, 4)} of {name}" for name, size in found["usual_change"].items()]
    table = {"label": "Mean absolute error by step", "columns": ["step", "contest", "new windows"], "rows": rows,
             "numeric": [0, 1, 2]}  # fmt: skip
    return {"figures": table, "usual": ", ".join(usual)}


def _nothing(outcome: Outcome) -> None:
    """A page of new rows has no outcome of its own."""


EXPLAINED = (
    "The separation is 0 where new rows look like those of training, and 1 where they share nothing. Columns are "
    "tested by chi-squared tests on counts in bins; p is corrected for all of them (Holm). A column drifted if p is "
    "below 0.05 and the separation is 0.05 or more."
)
EXPLAINED_SERIES = (
    "Values of a series depend on each other. So each statistic of the newest blocks, less that of the last known "
    "ones, is compared with the same difference at every earlier place of the series (end-of-sample instability test); "
    "errors of forecasts by the effective number of times from which they start. p is corrected for all lines (Holm). "
    "Something drifted if p is below 0.05 and the separation is 0.05 or more: the level moved by half a usual change, "
    "or a spread or error grew by two fifths."
)
EXPECTED_BY = {
    "probabilities": "its probabilities", "errors": "the errors of held-out rows like these",
    "backtest": "the errors in the contest",
}  # fmt: skip
HOW_EXPECTED = {
    "probabilities": "Expected scores follow from the model's probabilities (confidence-based performance estimation), "
    "corrected by what validation rows told of which rows they are too high or too low for. They hold if the target "
    "depends on the inputs as it did in training; the first line says how well they held on the test rows. For new "
    "rows they are at the level of the test rows. The interval is that of samples of both, with a quarter of the way "
    "from the test score to the expected one, and half of what the correction changed, on either side.",
    "errors": "Expected scores follow from how large errors on validation rows were, learnt from columns and "
    "predictions. They hold if the target depends on the inputs as it did in training; the first line says how well "
    "they held on the test rows. For new rows the errors are at the level of the test rows. The interval is that of "
    "samples, with half of the way from the test score to the expected one on either side.",
    "backtest": "The expected score is that of the test windows. The interval holds the mean of as many new windows "
    "with 95 %, if the series go on as they did; it counts neighbouring windows as fewer independent ones, and "
    "validation windows tell with the test windows how scores vary.",
}

HOW_COLUMNS = "{{ how or '" + EXPLAINED + "' }}"
STEPS = (
    "Mean absolute errors of the contest's validation and test windows, which are to be expected, and of the new "
    "ones; in usual changes of each series, the denominator of MASE{% if usual %} ({{ usual }}){% endif %}."
)

SECTIONS = (
    Section(
        "watched", "What the new rows say", 10, _nothing,
        "{% for one in sentences %}<p>{{ one }}</p>{% endfor %}"
        "{% if failed %}<p><strong>Fails:</strong></p><ul>{% for one in failed %}<li>{{ one }}</li>{% endfor %}</ul>"
        "{% else %}<p class='quiet'>None of these holds: {{ asked }}.</p>{% endif %}"
        "{% if findings %}<ul>{% for one in findings %}<li>{{ one }}</li>{% endfor %}</ul>{% endif %}",
        "{% for one in sentences %}{{ one }}\n\n{% endfor %}{% for one in failed %}- fails: {{ one }}\n{% endfor %}"
        "{% for one in findings %}- {{ one }}\n{% endfor %}",
    ),
    Section(
        "scores", "Expected and real scores", 20, _nothing,
        "{{ table(figures) }}{% if how %}<p class='quiet'>{{ how }}</p>{% endif %}",
        "{{ table(figures) }}{% if how %}\n\n{{ how }}{% endif %}",
    ),
    Section(
        "steps", "Errors by step of the horizon", 25, _nothing,
        "<p class='quiet'>" + STEPS + "</p>{{ table(figures) }}", STEPS + "\n\n{{ table(figures) }}",
    ),
    Section("predictions", "Predictions", 30, _nothing, "{{ table(figures) }}", "{{ table(figures) }}"),
    Section(
        "columns", "Columns", 40, _nothing,
        "<p class='quiet'>" + HOW_COLUMNS + "</p>{{ table(figures) }}{% if n_more %}<p class='quiet'>{{ n_more | "
        "counted('column') }} more that differ less.</p>{% endif %}", HOW_COLUMNS + "\n\n{{ table(figures) }}",
    ),
)  # fmt: skip
"""The parts of the page."""
