"""The report as files: complete, self-contained, escaped, repeatable, and never half-written."""

from __future__ import annotations

import dataclasses
import errno
import html
import json
import os
import re
from collections import Counter
from html.parser import HTMLParser

import outcomes
import pytest

from automl import report
from automl.errors import FolderError
from automl.records import Finding, Section
from automl.report import draw, page
from automl.report.sections import shipped
from automl.system.printable import printable
from automl.verdict import repeated

NAMES = list(outcomes.MAKERS)
FILES = ("report.html", "report.json", "report.md", "result.json")
EXPECTED = {
    "binary": {"confusion", "calibration", "errors", "learning", "costs", "progress", "settings"},
    "many_classes": {"confusion", "calibration", "errors"},
    "multilabel": {"labels", "calibration", "errors"},
    "regression": {"residuals", "errors"},
    "forecast": {"forecast", "calibration", "errors"},
    "no_deep": {"confusion", "calibration", "errors", "costs", "progress", "settings"},
    "floor_only": set(),
}
ALWAYS = {"verdict", "data", "leaderboard", "reproduce"}


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text outside style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {k: v or "" for k, v in attrs}))

    def handle_data(self, data):
        self.text += data


def stored(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_outcome_gives_four_files_and_nothing_else(written, name):
    assert sorted(path.name for path in written(name).iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", NAMES)
def test_every_section_can_be_made(written, name):
    folder = written(name)
    assert [s["name"] for s in stored(folder)["sections"] if s["problem"]] == []
    assert "could not be made" not in (folder / "report.html").read_text(encoding="utf-8")
    assert "could not be made" not in (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_section_without_content_leaves_no_heading(written, name):
    shown = {s["name"] for s in stored(written(name))["sections"]}
    goal_bound = {"confusion", "labels", "residuals", "forecast", "calibration", "errors"}
    assert shown & goal_bound == EXPECTED[name] & goal_bound
    assert shown >= ALWAYS | EXPECTED[name]
    headings = re.findall(r'<section id="([^"]+)"', (written(name) / "report.html").read_text(encoding="utf-8"))
    assert set(headings) == shown


@pytest.mark.parametrize("name", NAMES)
def test_the_page_loads_nothing(written, name):
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    tags = Elements(text).tags
    for tag, attributes in tags:
        assert tag not in ("script", "iframe", "object", "embed", "form")
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "href", "xlink:href", "action", "srcset"):
            assert attributes.get(key, "#").startswith(("#", "data:"))
    assert not re.search(r"url\(\s*['\"]?(?!#|['\"]?data:)", text)
    assert "@import" not in text


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_and_references_resolve(written, name):
    tags = Elements((written(name) / "report.html").read_text(encoding="utf-8")).tags
    ids = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
    assert [key for key, n in ids.items() if n > 1] == []
    links = {attributes["href"][1:] for _, attributes in tags if attributes.get("href", "").startswith("#")}
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    assert (links | set(re.findall(r"url\(#([^)\"]+)\)", text))) - set(ids) == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_words_and_every_figure_its_table(written, name):
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    for tag, attributes in Elements(text).tags:
        if tag == "svg":
            assert attributes["role"] == "img" and attributes["aria-label"]
        if tag == "img":
            assert attributes["alt"]
    for figure in re.findall(r"<figure.*?</figure>", text, flags=re.S):
        assert "<table" in figure


@pytest.mark.parametrize("name", ["binary", "multiclass", "text", "multilabel", "regression"])
def test_text_of_the_user_is_shown_and_never_read_as_markup(written, name):
    page_text = (written(name) / "report.html").read_text(encoding="utf-8")
    elements = Elements(page_text)
    assert "<script>alert" in elements.text
    assert not any(attributes.get("src") == "x" for _, attributes in elements.tags)
    assert "<script" not in page_text
    markdown = (written(name) / "report.md").read_text(encoding="utf-8")
    outside_code = re.sub(r"^(`{3,}).*?^\1$", "", markdown, flags=re.S | re.M)
    assert "<script" not in outside_code and "<img" not in outside_code
    assert r"\|\`\*x\*\`\$a\_b\$" in outside_code
    assert not re.search(r"^(# faked|\| a \|)", outside_code, re.M)
    for text in (page_text, markdown):
        assert [c for c in text if printable(c, "\n\t") != c] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_markdown_table_keeps_its_columns(written, name):
    previous = None
    for line in (written(name) / "report.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            previous = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert previous in (None, cells), line
        previous = cells


@pytest.mark.parametrize("name", ["no_deep", "image"])
def test_the_same_outcome_gives_the_same_files(outcome_of, written, name, tmp_path):
    report.write(outcome_of(name), tmp_path)
    for file in FILES:
        assert (tmp_path / file).read_bytes() == (written(name) / file).read_bytes()


@pytest.mark.parametrize("name", ["forecast", "floor_only"])
def test_render_gives_the_same_page_from_report_json_alone(written, name, tmp_path):
    (tmp_path / "report.json").write_bytes((written(name) / "report.json").read_bytes())
    assert report.render(tmp_path) == tmp_path / "report.html"
    for file in ("report.html", "report.md"):
        assert (tmp_path / file).read_bytes() == (written(name) / file).read_bytes()


def test_render_writes_the_form_that_the_target_names(written, tmp_path):
    for suffix, start in ((".html", "<!DOCTYPE html>"), (".md", "# made-up"), (".json", "{")):
        path = report.render(written("binary"), tmp_path / f"other{suffix}")
        assert path.read_text(encoding="utf-8").startswith(start)
    with pytest.raises(FolderError, match=r"r\.pdf.*\.html"):
        report.render(written("binary"), tmp_path / "r.pdf")


@pytest.mark.parametrize("name", ["text", "forecast"])
def test_a_page_to_share_holds_no_rows(outcome_of, name):
    text = report.shareable(outcome_of(name))
    assert 'id="errors"' not in text and 'id="forecast"' not in text
    assert 'id="verdict"' in text


def test_what_is_saved_beside_a_model_does_not_say_what_exceptions_said(outcome_of):
    """Runs, repeats, findings and sections of plug-ins; an exception may quote a cell or a path."""
    said = ["bad cell 'ann@example.org'", "no number: 'bob@example.org'", "/home/cy/x", "cell 'dee@example.org'"]
    outcome = outcome_of("text")
    runs = tuple(dataclasses.replace(run, failure=said[0]) if run.failure else run for run in outcome.runs)
    repeats = repeated(outcome.task.metric, 4, [0.1, 0.2], 0.25, [said[1], "other"], "no time")
    finding = Finding("no_deep_model", "high", f"The most frequent reason: {said[2]}.", "Do this.", quoted=said[2])
    outcome = dataclasses.replace(outcome, runs=runs, repeats=repeats, findings=(finding, *outcome.findings))

    def broken(_):
        raise ValueError(said[3])

    one = dataclasses.replace(shipped()[0], name="mine", collect=broken)
    two = dataclasses.replace(shipped()[0], name="yours", template="{{ 1 / 0 }}", collect=lambda _: {})
    sections = (*shipped(), one, two)
    open_page = page.html(page.stored(outcome, sections), sections)
    unquoted = report.without_exceptions(outcome)
    saved = report.shareable(unquoted, sections) + json.dumps(report.result_dict(unquoted))
    for words in said:
        assert html.escape(words, quote=True).replace("&#x27;", "&#39;") in open_page
        for word in words.split()[-1:]:
            assert word.strip("'") not in saved
    assert "division by zero" not in saved and "ZeroDivisionError" in saved
    assert "2 of 4 repeats were made" in saved and "no_deep_model" in saved and "mlp-2" in saved


def test_render_says_what_is_missing_or_broken(tmp_path):
    with pytest.raises(FolderError, match=r"no report\.json"):
        report.render(tmp_path)
    for broken in ("{", "[]", '{"schema": 99, "sections": []}'):
        (tmp_path / "report.json").write_text(broken)
        with pytest.raises(FolderError, match=r"report\.json"):
            report.render(tmp_path)


@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(outcome_of, tmp_path, monkeypatch, at):
    (tmp_path / "report.html").write_text("before")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, at, full)
    with pytest.raises(FolderError, match=r"no space left on the disk.*free some space"):
        report.write(outcome_of("floor_only"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "before"


def test_a_missing_folder_is_a_clear_error(outcome_of, tmp_path):
    with pytest.raises(FolderError, match="nowhere"):
        report.write(outcome_of("floor_only"), tmp_path / "nowhere")


def test_a_section_that_fails_costs_only_itself(outcome_of, tmp_path):
    def breaks(outcome):
        raise ZeroDivisionError("by <nothing>")

    bad = [
        Section("bad", "Bad", 15, breaks, "", ""),
        Section("worse", "Worse", 16, lambda outcome: {"n": 1}, "{{ n.x.y }}", "{{ n }}"),
    ]
    report.write(outcome_of("floor_only"), tmp_path, [*shipped(), *bad])
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("This part could not be made") == 2
    assert "ZeroDivisionError: by &lt;nothing&gt;" in text
    assert 'id="reproduce"' in text


def test_a_section_of_a_plugin_is_shown_where_its_order_says(outcome_of, tmp_path):
    extra = Section("extra", "Extra", 15, lambda o: {"n": o.name}, "<p>{{ n }}!</p>", "{{ n }}!")
    report.write(outcome_of("floor_only"), tmp_path, [*shipped(), extra])
    order = re.findall(r'<section id="([^"]+)"', (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert order[:2] == ["verdict", "extra"] and order.index("extra") < order.index("data")
    report.render(tmp_path)
    assert "plug-in that is not installed here" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["regression"])
def test_a_report_is_small_and_each_of_its_pictures_is_drawn_once(
    outcome_of, name, tmp_path, monkeypatch, pictures_are_kept
):
    from matplotlib.figure import Figure

    drawn, savefig = [], Figure.savefig

    def counted(self, *args, **more):
        drawn.append(self)
        savefig(self, *args, **more)

    monkeypatch.setattr(Figure, "savefig", counted)
    monkeypatch.setattr(draw, "figure_of", pictures_are_kept)
    draw.figure_of.cache_clear()
    report.write(outcome_of(name), tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 0 < len(drawn) == text.count("<svg")
    assert len(text.encode()) < 1_500_000
    n_drawn = len(drawn)
    page.shareable(outcome_of(name))  # the page that travels with the model shows the same pictures
    assert len(drawn) == n_drawn


def test_drawing_leaves_the_settings_of_matplotlib_alone(outcome_of):
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw.figure_of.cache_clear()
    page.html(page.stored(outcome_of("regression")))
    assert dict(matplotlib.rcParams) == before


def test_pictures_take_their_colours_from_the_page(written):
    text = (written("binary") / "report.html").read_text(encoding="utf-8")
    pictures = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.S))
    assert "var(--deep)" in pictures and "var(--shallow)" in pictures and "currentColor" in pictures
    assert not re.search(r"(?:fill|stroke): #", pictures)


@pytest.mark.parametrize(
    ("name", "word"),
    [("binary", "Yes, deep learning pays off"), ("regression", "No, the shallow model is better"),
     ("no_deep", "Undecided: only a shallow model finished"), ("floor_only", "Nothing could be trained"),
     ("interrupted", "No, both are equally good")],
)  # fmt: skip
def test_the_page_opens_with_the_answer(written, name, word):
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    assert text.index(word) < text.index("How the data was read</h2>")
    assert word in (written(name) / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "told"), [("binary", True), ("no_deep", False)])
def test_how_test_rows_are_resampled_is_told_where_two_models_are_compared(written, name, told):
    text = (written(name) / "report.md").read_text(encoding="utf-8")
    assert ("resampled as" in text and "of each model" in text) == told


@pytest.mark.parametrize("name", ["binary", "multilabel", "regression", "forecast"])
def test_each_of_the_worst_items_shows_its_truth_and_what_each_finalist_predicted(written, name):
    found = next(section for section in stored(written(name))["sections"] if section["name"] == "errors")["data"]
    for group in found["groups"]:
        for item in group["items"]:
            texts = [item["truth"], *item["said"]]
            assert len(texts) == 1 + len(group["sides"]) and all(isinstance(text, str) and text for text in texts)


def test_an_interrupt_is_told_beside_the_verdict(written):
    (verdict,) = [s for s in stored(written("interrupted"))["sections"] if s["name"] == "verdict"]
    assert verdict["data"]["notes"][-1].startswith(
        "The run was interrupted after 31 s of 300 s".replace("300 s", "5 min")
    )


def test_a_blend_is_in_the_headline_only_where_it_is_recommended(outcome_of):
    whole = outcome_of("binary")
    blend = dataclasses.replace(whole.runs[4], name="blend", side="blend", finalist=False)
    entrant = dataclasses.replace(whole.contestants[0], run="blend", side="blend")
    both = dataclasses.replace(whole, runs=(*whole.runs, blend), contestants=(*whole.contestants, entrant))
    chosen = dataclasses.replace(both, comparison=dataclasses.replace(both.comparison, recommended="blend"))
    for outcome, expected in ((both, []), (chosen, ["blend"])):
        (verdict,) = [s for s in page.stored(outcome)["sections"] if s["name"] == "verdict"]
        assert [item["side"] for item in verdict["data"]["scores"]] == ["deep", "shallow", *expected, "floor"]


def test_a_curve_measured_at_some_epochs_only_keeps_their_numbers(outcome_of):
    whole = outcome_of("binary")
    curve = tuple(
        {"epoch": e, "seconds": e, "loss": 1 / e, "valid_score": v} for e, v in ((1.0, 0.7), (17.0, 0.9), (31.0, 0.8))
    )
    runs = tuple(dataclasses.replace(r, curve=curve if r.finalist else ()) for r in whole.runs if r.side != "shallow")
    (part,) = [s for s in page.stored(dataclasses.replace(whole, runs=runs))["sections"] if s["name"] == "learning"]
    assert [row[0] for row in part["data"]["charts"][0]["table"]["rows"]] == [1, 17, 31]
    assert part["data"]["told"] == "The deep finalist was best at epoch 17 of 31; those weights were kept."


def test_runs_judged_on_several_hold_outs_stand_first_and_the_page_says_so(outcome_of, tmp_path):
    whole = outcome_of("binary")
    for name in ("one", "three"):
        (tmp_path / name).mkdir()
    report.write(whole, tmp_path / "one")
    assert "hold-out" not in (tmp_path / "one" / "report.md").read_text()
    runs = tuple(
        dataclasses.replace(run, n_holdouts=3, valid_score=0.01) if run.side == "deep" and run.finalist else run
        for run in whole.runs
    )
    report.write(dataclasses.replace(whole, runs=runs), tmp_path / "three")
    text = (tmp_path / "three" / "report.md").read_text()
    assert "deep by the mean of 3 hold-outs, shallow by one hold-out" in text
    board = text.split("## Leaderboard")[1].split("## ")[0].splitlines()
    finalist = next(run.name for run in runs if run.n_holdouts == 3)
    first = next(line for line in board if " deep |" in line or " shallow |" in line)
    assert first.startswith(f"| {finalist} ") and "one hold-out only" not in first
    assert all("one hold-out only" in line for line in board if " shallow |" in line and "failed" not in line)
    page = (tmp_path / "three" / "report.html").read_text()
    assert "first hold-out" in page and "mean of 3 hold-outs" in page


def every_template():
    yield from ((name, page.source(name)) for name in ("page.html", "macros.html"))
    yield from (("MACROS", page.markdown.MACROS), ("PAGE", page.markdown.PAGE))
    for section in shipped():
        yield from ((f"{section.name}, html", section.template), (f"{section.name}, markdown", section.markdown))


@pytest.mark.parametrize(("name", "text"), [pytest.param(*one, id=one[0]) for one in every_template()])
def test_every_filter_and_test_that_a_template_names_exists(name, text):
    from jinja2 import nodes

    made = page.environment()
    tree = made.parse(text)

    assert {node.name for node in tree.find_all(nodes.Filter)} <= set(made.filters), name
    assert {node.name for node in tree.find_all(nodes.Test)} <= set(made.tests), name


def test_a_leaderboard_of_many_runs_counts_those_that_it_folds_away(outcome_of, tmp_path):
    outcome = outcome_of("binary")
    more = [dataclasses.replace(outcome.runs[-1], name=f"more-{i}", finalist=False) for i in range(300)]

    report.write(dataclasses.replace(outcome, runs=(*outcome.runs, *more)), tmp_path)

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "could not be made" not in text and "more runs" in text
    assert "more runs" in (tmp_path / "report.md").read_text(encoding="utf-8")
