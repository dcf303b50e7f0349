"""The report: sections are collected into plain dicts and stored; pages are made from what is stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from markupsafe import Markup

from automl import catalog
from automl.errors import FolderError
from automl.records import Analysis, Outcome, Section
from automl.report import draw, markdown, words
from automl.report.reading import SCHEMA, picture, read, sound
from automl.report.result import result_dict
from automl.report.sections import shipped
from automl.storage.files import write_all
from automl.storage.json_text import indented
from automl.system import shell
from automl.system.printable import printable

__all__ = [
    "GROUPS", "html", "kind_of", "known_sections", "markdown_text", "render", "shareable", "stored", "write",
    "write_again", "write_stored",
]  # fmt: skip

FORMS = (".html", ".htm", ".md", ".json")
FRONT = "verdict"
"""The section that is the first page."""
LEFT_OUT = "left_out"
"""The section on analyses that were not made."""
GROUPS = ("Evidence", "Trade-off", "Data", "Search", "Reproduce")
"""Parts of the page after the verdict, in order; within a part, sections stand by their order."""
OPEN = ("Evidence",)
"""Parts whose sections are unfolded when the page is opened."""


def write(outcome: Outcome, folder: str | Path, sections: Sequence[Section] | None = None) -> dict[str, Any]:
    """Write ``report.html``, ``report.md``, ``report.json`` and ``result.json`` into a run folder.

    Args:
        outcome: of a finished run.
        folder: that exists.
        sections: all to show (those of plug-ins too); None for those that ship with automl.

    Returns:
        The content of ``result.json``.

    Raises:
        FolderError: a file cannot be written; nothing is left half-written.
    """
    content, result = stored(outcome, sections), result_dict(outcome)
    texts = {
        "result.json": written(result),
        "report.json": written(content),
        "report.md": markdown_text(content, sections),
        "report.html": html(content, sections),
    }
    write_all({Path(folder) / name: text.encode() for name, text in texts.items()})
    return result


def known_sections() -> tuple[Section, ...]:
    """Those of automl's own and those of plug-ins."""
    return tuple(catalog.members(Section, "automl.report.sections").values())


def write_again(
    content: Mapping[str, Any], result: Mapping[str, Any], outcome: Outcome, folder: Path, sections: Sequence[Section]
) -> None:
    """Write a run's report again, with the sections of its analyses as these are now.

    Args:
        content: the stored report.
        result: content of ``result.json``.
        outcome: holds the analyses.
        folder: of the run.
        sections: as in `write`.

    Raises:
        FolderError: a file cannot be written; nothing is left half-written.
    """
    named = catalog.members(Analysis, "automl.analyses")
    made = stored(outcome, [one for one in sections if one.name in (*named, LEFT_OUT)])["sections"]
    new = {part["name"]: part for part in made}
    parts = {part["name"]: part for part in content["sections"]} | new
    order = {section.name: section.order for section in sections}
    ordered = sorted(parts.values(), key=lambda part: (order.get(part["name"], math.inf), part["name"]))
    write_stored({**content, "sections": ordered}, result, folder, sections)


def write_stored(
    content: Mapping[str, Any],
    result: Mapping[str, Any],
    folder: Path,
    sections: Sequence[Section],
    *,
    poorer: bool = True,
) -> None:
    """Write a stored report, the pages made of it, and ``result.json``.

    Args:
        content: the stored report.
        result: content of ``result.json``.
        folder: of the run.
        sections: as in `write`.
        poorer: as in `render`.

    Raises:
        FolderError: a file cannot be written, or a page would lose a section; nothing is left half-written.
    """
    if not poorer:
        _refuse_poorer(content, sections, folder, ["report.md", "report.html"])
    texts = {
        "result.json": written(result),
        "report.json": written(content),
        "report.md": markdown_text(content, sections),
        "report.html": html(content, sections),
    }
    write_all({folder / name: text.encode() for name, text in texts.items()})


def render(
    run_folder: str | Path,
    target: str | Path | None = None,
    *,
    sections: Sequence[Section] | None = None,
    strict: bool = True,
    poorer: bool = True,
) -> Path:
    """Make the page again from the stored ``report.json`` alone.

    Args:
        run_folder: of a run.
        target: an ``.html``, ``.md`` or ``.json`` file to write, or None for ``report.html`` and ``report.md`` in the
            run folder.
        sections: as in `write`.
        strict: whether a section of automl's own that cannot be drawn is an error (the file was altered); else the page
            says so in its place.
        poorer: whether a page that is there may be replaced by one without the section of a plug-in that is not known
            here.

    Returns:
        The page's path.

    Raises:
        FolderError: no report is stored there, it cannot be read or drawn, or the target cannot be written.
    """
    folder = Path(run_folder)
    content = read(folder)
    path = folder / "report.html" if target is None else Path(target)
    kind_of(path)
    names = ["report.md", "report.html"] if target is None else [path.name]
    if not poorer and path.suffix.lower() != ".json":
        _refuse_poorer(content, sections, path.parent, names)
    try:
        made = {name: form(Path(name).suffix.lower(), content, sections, strict) for name in names}
    except Exception as error:  # templates and pictures may raise anything where automl did not write the file
        raise FolderError(
            f"{folder / 'report.json'} cannot be drawn ({type(error).__name__}: {words.shorten(error, 200)}); was it "
            "altered? Run the contest again"
        ) from error
    write_all({path.parent / name: text.encode() for name, text in made.items()})
    return path


def shareable(outcome: Outcome, sections: Sequence[Section] | None = None) -> str:
    """The HTML page without the parts that hold the user's own rows, and without what exceptions said.

    Args:
        outcome: of a finished run, as `without_exceptions` gives it.
        sections: as in `write`.
    """
    content = stored(outcome, sections, quoting=False)
    parts = [part for part in content["sections"] if not (part["data"] or {}).get("holds_rows")]
    return html({**content, "sections": parts}, sections, quoting=False)


def kind_of(path: Path) -> str:
    """The form of a report by the ending of its file: ``.html``, ``.md`` or ``.json``.

    Raises:
        FolderError: the file has another ending, or none.
    """
    ending = path.suffix.lower()
    if ending not in FORMS:
        instead = path.with_suffix(".html").name if path.stem else "report.html"
        pdf = "; open that in a browser and print it to get a PDF" if ending == ".pdf" else ""
        raise FolderError(
            f"a report is written as .html, .md or .json, not as {printable(path.name)!r}; try {instead!r}{pdf}"
        )
    return ".html" if ending == ".htm" else ending


def _refuse_poorer(
    content: Mapping[str, Any], sections: Sequence[Section] | None, folder: Path, names: Sequence[str]
) -> None:
    """Refuse to replace a page by one that lacks a plug-in's section.

    Raises:
        FolderError: a page is there, and a stored section is of a plug-in that is not known here.
    """
    known = {section.name for section in sections or shipped()}
    lacking = next((part for part in content["sections"] if part["name"] not in known and part["data"]), None)
    there = next((folder / name for name in names if (folder / name).exists()), None)
    if lacking is not None and there is not None:
        plug_in = str(lacking.get("plugin") or "")
        value = f"./{plug_in}" if plug_in.endswith(".py") else plug_in
        named = shell.flag("--plugins", value) if plug_in else "--plugins"
        raise FolderError(
            f"the section {lacking['name']!r} comes from a plug-in that is not known here, and {there} would lose it; "
            f"name the plug-in ({named}), or write to another file (--out)"
        )


def form(suffix: str, content: Mapping[str, Any], sections: Sequence[Section] | None, strict: bool) -> str:
    """A stored report in the form of this file ending."""
    if suffix == ".json":
        return written(content)
    return (markdown_text if suffix == ".md" else html)(content, sections, strict=strict)


def written(content: Mapping[str, Any]) -> str:
    """JSON text, never with NaN."""
    return indented(content, allow_nan=False) + "\n"


def stored(outcome: Outcome, sections: Sequence[Section] | None = None, *, quoting: bool = True) -> dict[str, Any]:
    """What ``report.json`` holds: a head, and each section's dict; a section that fails says so in its place.

    Args:
        outcome: of a finished run.
        sections: as in `write`.
        quoting: whether it also says what the exception said, which may be a cell of the data.
    """
    parts, own = [], shipped()
    for section in sorted(sections or shipped(), key=lambda s: (s.order, s.name)):
        try:
            data, problem = words.plain(section.collect(outcome)), None
        except Exception as error:
            data, problem = None, _problem(error, quoting)
        if data is not None or problem:
            part = {"name": section.name, "title": section.title, "group": group_of(section), "data": data,
                    "problem": problem}  # fmt: skip
            parts.append(part | ({} if section in own else {"plugin": catalog.bringer(section)}))
    return {
        "schema": SCHEMA,
        "automl_version": outcome.automl_version,
        "head": words.plain(
            {
                "name": words.shorten(outcome.name, 80),
                "task": words.task_sentence(outcome.task),
                "metric": words.metric_in_full(outcome.task.metric),
                "started": words.moment(outcome.clock.get("started") or ""),
            }
        ),
        "sections": parts,
    }


def group_of(section: Section) -> str:
    """The part of the page that a section stands in."""
    if section.group in GROUPS:
        return section.group
    return "Trade-off" if section.name in catalog.members(Analysis, "automl.analyses") else "Evidence"


def grouped(shown: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sections after the first page by their parts; of reports that name none, as evidence."""
    rest = [one for one in shown if one["anchor"] != FRONT]
    return [
        {"name": name, "anchor": f"part-{name.lower()}", "open": name in OPEN, "sections": inside}
        for name in GROUPS
        if (inside := [one for one in rest if (one["group"] if one["group"] in GROUPS else GROUPS[0]) == name])
    ]


def _problem(error: Exception, quoting: bool) -> str:
    """Why a section is missing."""
    return f"{type(error).__name__}: {words.shorten(error, 200)}" if quoting else type(error).__name__


@cache
def source(name: str) -> str:
    """A template file that ships with this package."""
    return resources.files("automl.report").joinpath(name).read_text(encoding="utf-8")


def environment(**options: Any) -> jinja2.Environment:
    """The Jinja environment of both forms: everything is escaped, and a missing name becomes empty text."""
    made = jinja2.Environment(autoescape=True, trim_blocks=False, keep_trailing_newline=True, **options)
    made.filters.update(
        number=words.number,
        opening=words.opening,
        counted=words.count,
        percent=words.percent,
        duration=words.duration,
        picture=picture,
        sound=sound,
    )
    return made


def visible(value: Any) -> Any:
    """Text with its invisible characters shown, as all text of the HTML page is."""
    return words.visible(value) if type(value) is str else value


def compiled(made: jinja2.Environment, text: str) -> jinja2.Template:
    """A template of this environment, compiled once for all pages of its form."""
    return jinja2.Template.from_code(made, _code(made.finalize, text), made.make_globals(None))


@lru_cache(maxsize=256)
def _code(finalize: Callable[..., Any] | None, text: str) -> CodeType:
    return environment(finalize=finalize).compile(text)


def html(
    content: Mapping[str, Any],
    sections: Sequence[Section] | None = None,
    *,
    strict: bool = False,
    quoting: bool = True,
) -> str:
    """One self-contained HTML page of a stored report; `strict` as in `render`, `quoting` as in `stored`."""
    pen = draw.Pen()
    made = environment(finalize=visible)
    made.globals["svgs"] = lambda chart: [(screen, Markup(svg)) for screen, svg in pen.svgs(chart)]
    made.globals["sparkline"] = lambda lines, alt: Markup(draw.sparkline(lines, alt))
    made.globals["bars"] = lambda shares, alt: Markup(draw.bars_of(shares, words.visible(alt)))
    macros = compiled(made, source("macros.html")).module
    made.globals.update({name: getattr(macros, name) for name in ("side", "small", "table", "more", "figure", "heat")})
    by_name = {section.name: section.template for section in sections or shipped()}
    css = Markup(source("page.css").strip())
    return compiled(made, source("page.html")).render(
        css=css, **frame(content), **arranged(bodies(made, content, by_name, strict, quoting))
    )


def markdown_text(
    content: Mapping[str, Any], sections: Sequence[Section] | None = None, *, strict: bool = False
) -> str:
    """A stored report as Markdown; `strict` as in `render`."""
    made = environment(finalize=markdown.safe)
    macros = compiled(made, markdown.MACROS).module
    made.globals.update({name: getattr(macros, name) for name in ("side", "table", "figure")})
    made.globals["fence"] = markdown.fence
    by_name = {section.name: section.markdown for section in sections or shipped()}
    shown = arranged(bodies(made, content, by_name, strict))
    text = compiled(made, markdown.PAGE).render(**frame(content), **shown)
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for i, line in enumerate(lines) if line or (i and lines[i - 1])) + "\n"


def arranged(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """The sections of the first page, and the parts after it; without a verdict all of them are the first page."""
    front = [one for one in shown if one["anchor"] == FRONT]
    return {"front": front, "groups": grouped(shown)} if front else {"front": shown, "groups": []}


def frame(content: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the page around its sections."""
    return {"head": content["head"], "automl_version": content["automl_version"]}


def bodies(
    made: jinja2.Environment,
    content: Mapping[str, Any],
    templates: Mapping[str, str],
    strict: bool,
    quoting: bool = True,
) -> list[dict[str, Any]]:
    """Each stored section with its body, or with the problem where its template fails or is not installed here.

    Raises:
        Exception: whatever a template of automl's own raises, where `strict`.
    """
    own = {section.name for section in shipped()} if strict else set()
    shown = []
    for part in content["sections"]:
        body, problem = Markup(""), part.get("problem")
        if part["data"] is not None and part["name"] in templates:
            try:
                body = Markup(compiled(made, templates[part["name"]]).render(part["data"]).strip())
            except Exception as error:
                if part["name"] in own:
                    raise
                problem = _problem(error, quoting)
        elif part["name"] not in templates:
            problem = f"the section {part['name']!r} comes from a plug-in that is not installed here"
        group = str(part.get("group") or "")
        shown.append({"anchor": part["name"], "title": part["title"], "group": group, "problem": problem, "body": body})
    return shown
