"""Trust follows from findings alone, and what lowers it stands before the verdict in every form."""

from __future__ import annotations

import dataclasses
import json

import pytest

from automl import report
from automl.records import Finding, Recipe
from automl.report import page
from automl.report.findings import interface_of
from automl.report.summary import summary
from automl.report.trust import CONDITION, trust_lines, trust_of

LEAK = Finding(
    "leaking_column", "high", "'paid' alone explains all of 'y'.", "If known too late, leave it out: --drop paid.",
    ("paid",), options=(("drop", ("paid",)),),
)  # fmt: skip


def found(*pairs):
    return [Finding(check, severity, f"{check} it is.") for check, severity in pairs]


@pytest.mark.parametrize(
    ("findings", "level", "reasons"),
    [
        ((), "high", ()),
        ((("few_rows", "low"), ("constant_column", "low")), "high", ()),
        ((("target_outliers", "medium"), ("duplicate_rows", "medium"), ("over_budget", "medium")), "high", ()),
        ((("leaking_column", "low"), ("twin_rows", "low"), ("audit_cut", "low")), "high", ()),
        ((("leaking_column", "medium"),), "medium", ("leaking_column",)),
        ((("crossing_groups", "medium"), ("rare_classes", "medium")), "medium", ("crossing_groups",)),
        ((("ignored_time", "medium"),), "medium", ("ignored_time",)),
        ((("twin_rows", "medium"), ("near_twin_rows", "medium")), "medium", ("twin_rows", "near_twin_rows")),
        ((("audit_failed", "medium"),), "medium", ("audit_failed",)),
        ((("copied_target", "medium"), ("sorted_identifier", "medium")), "high", ()),  # left out already
        ((("leaking_column", "high"),), "low", ("leaking_column",)),
        ((("anything_else", "high"),), "low", ("anything_else",)),
        ((("few_rows", "low"), ("ignored_time", "medium"), ("copied_target", "high")), "low",
         ("copied_target", "ignored_time")),
    ],
)  # fmt: skip
def test_the_level_and_its_reasons_follow_from_the_findings(findings, level, reasons):
    trust = trust_of(found(*findings))
    assert (trust.level, tuple(one.check for one in trust.findings)) == (level, reasons)
    assert trust.reasons == tuple(f"{check} it is." for check in reasons)


@pytest.fixture
def sound(outcome_of):
    return dataclasses.replace(outcome_of("binary"), findings=tuple(found(("few_rows", "low"))))


@pytest.fixture
def doubtful(sound):
    return dataclasses.replace(sound, findings=(*found(("few_rows", "low"), ("ignored_time", "medium")), LEAK))


def test_a_text_opens_with_what_must_be_settled_and_advises_in_the_users_words(doubtful):
    lines = summary(doubtful)
    assert lines[0] == "Settle this before you rely on the result (trust: low):"
    assert "'paid' alone explains" in lines[1] and lines[1].endswith('drop=["paid"].')
    assert "ignored_time" in lines[2] and lines[3].startswith("Verdict: ")
    assert lines[3].endswith("once the findings above are settled.")
    for recipe in (Recipe("d.csv", source="automl fit"), Recipe("d.csv", source="r.yaml", file="r.yaml")):
        assert summary(dataclasses.replace(doubtful, recipe=recipe))[1].endswith("--drop paid.")


def test_a_sound_result_opens_with_the_verdict(sound):
    lines = summary(sound)
    assert lines[0] == f"Verdict: {sound.comparison.verdict} (better). Use {sound.comparison.recommended}."


def test_many_reasons_are_counted():
    trust = trust_of(found(*((f"check_{i}", "high") for i in range(9))))
    assert len(trust_lines(trust)) == 7 and trust_lines(trust)[-1] == "  and 4 more in the report"


@pytest.mark.parametrize("form", ["report.html", "report.md"])
def test_on_the_page_it_stands_above_the_headline(doubtful, sound, tmp_path, form):
    for name, outcome in (("doubtful", doubtful), ("sound", sound)):
        (tmp_path / name).mkdir()
        report.write(outcome, tmp_path / name)
    text, quiet = ((tmp_path / name / form).read_text("utf-8") for name in ("doubtful", "sound"))
    body = text[text.index("</style>") :] if form.endswith("html") else text
    places = [body.index(words) for words in (
        "Settle this before you rely on the result", "alone explains all of", "drop=", "Yes, deep learning pays off",
        CONDITION, "How the data was read" if form.endswith("md") else "How the data was read</h2>",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "rely on the result" not in quiet and CONDITION not in quiet


def test_the_level_of_the_page_gives_its_colour(doubtful, sound):
    medium = dataclasses.replace(sound, findings=tuple(found(("twin_rows", "medium"))))
    for outcome, level in ((doubtful, "low"), (medium, "medium")):
        assert f'class="trust {level}"' in page.html(page.stored(outcome))
    assert 'class="trust' not in page.html(page.stored(sound))


def test_names_in_the_line_are_text_and_no_markup(sound):
    nasty = Finding("leaking_column", "high", "'<b>x</b>`*_' explains all.", "--drop '<b>x</b>`*_'.", ("x",))
    content = page.stored(dataclasses.replace(sound, findings=(nasty,)))
    assert "&lt;b&gt;x&lt;/b&gt;" in page.html(content) and "<b>x</b>" not in page.html(content)
    assert "<b>" not in page.markdown_text(content)


def test_the_figures_do_not_change_by_it(doubtful, sound):
    plain, warned = (report.result_dict(one) for one in (sound, doubtful))
    assert warned["trust"] == {"level": "low", "reasons": [LEAK.message, "ignored_time it is."]}
    assert plain["trust"] == {"level": "high", "reasons": []}
    changed = {key for key in plain if plain[key] != warned[key]}
    assert changed == {"trust", "findings"}


def test_a_stored_report_from_before_trust_is_still_drawn(doubtful, tmp_path):
    report.write(doubtful, tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text("utf-8"))
    (verdict,) = [s for s in stored["sections"] if s["name"] == "verdict"]
    del verdict["data"]["trust"]
    (tmp_path / "report.json").write_text(json.dumps(stored))
    text = report.render(tmp_path).read_text("utf-8")
    assert 'class="trust' not in text and "Yes, deep learning pays off" in text


def test_where_a_recipe_came_from_decides_the_words():
    shell = [Recipe(None, source="automl inspect"), Recipe(None, source="r.yaml", file="r.yaml")]
    assert [interface_of(one) for one in shell] == ["shell", "shell"]
    assert [interface_of(Recipe(None, source=s)) for s in ("automl.fit", "DeepClassifier")] == ["python", "python"]
