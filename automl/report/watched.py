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
    n_columns = counted(len(found["columns"]), "column")
    said = [
        f"{counted(found['n_rows'], 'new row')} beside {counted(found['n_before'], 'row')} of training: "
        + (f"{len(drifted)} of {n_columns} drifted ({many})." if drifted else f"none of {n_columns} drifted.")
    ]
    if found["predictions"]:
        said.append(
            f"The predictions {'drifted' if found['predictions_drifted'] else 'are spread as on the test rows'}."
        )
    name = words.metric(found["metric"])
    expected = found["expected"]
    if expected is None:
        said.append(f"The expected {name} is {found['why_not']}.")
    else:
        before = (
            "" if found["contest_score"] is None else f"; the contest's test gave {_figure(found['contest_score'])}"
        )
        by = "its probabilities" if expected["by"] == "probabilities" else "the errors of held-out rows like these"
        sure = "95 % of samples lie" if expected["by"] == "probabilities" else "likely"
        said.append(
            f"By {by} the model's {name} is {_figure(expected['score'])} on these rows ({sure} from "
            f"{_figure(expected['low'])} to {_figure(expected['high'])}){before}."
        )
    if found["score"] is not None:
        said.append(
            f"The real {name} is {_figure(found['score'])} on {counted(found['n_scored'], 'row')} with a target."
        )
    return said


def _figure(value: float | None) -> str:
    return "" if value is None else words.number(value, 4)


def _scores(found: Mapping[str, Any]) -> dict[str, Any] | None:
    expected = found["expected"]
    rows = [
        ["test rows of the contest", _figure(found["contest_expected"]), "", "", _figure(found["contest_score"])],
        ["new rows", *(_figure(expected and expected[key]) for key in ("score", "low", "high")),
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


def _nothing(outcome: Outcome) -> None:
    """A page of new rows has no outcome of its own."""


EXPLAINED = (
    "The separation is 0 where new rows look like those of training, and 1 where they share nothing. Columns are "
    "tested by chi-squared tests on counts in bins; p is corrected for all of them (Holm). A column drifted if p is "
    "below 0.05 and the separation is 0.05 or more."
)
HOW_EXPECTED = {
    "probabilities": "Expected scores follow from the model's probabilities (confidence-based performance estimation). "
    "They hold if the target depends on the inputs as it did in training; the first line says how well they held on "
    "the test rows.",
    "errors": "Expected scores follow from how large errors on validation rows were, learnt from columns and "
    "predictions. They hold if the target depends on the inputs as it did in training; the first line says how well "
    "they held on the test rows. For new rows the errors are at the level of the test rows. The interval is that of "
    "samples, with half of the way from the test score to the expected one on either side.",
}

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
    Section("predictions", "Predictions", 30, _nothing, "{{ table(figures) }}", "{{ table(figures) }}"),
    Section(
        "columns", "Columns", 40, _nothing,
        f"<p class='quiet'>{EXPLAINED}</p>{{{{ table(figures) }}}}{{% if n_more %}}<p class='quiet'>{{{{ n_more | "
        "counted('column') }} more that differ less.</p>{% endif %}", f"{EXPLAINED}\n\n{{{{ table(figures) }}}}",
    ),
)  # fmt: skip
"""The parts of the page."""
