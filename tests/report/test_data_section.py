"""The section that says how the data was read: findings by severity, small ones folded."""

from __future__ import annotations

import dataclasses

from automl.records import Finding
from automl.report import page
from automl.report.sections.data import collect, finding


def test_grave_findings_stand_open_and_notes_are_folded(outcome_of):
    data = collect(outcome_of("binary"))

    assert [one["severity"] for one in data["findings"]] == ["high", "medium"]
    assert [(part["summary"], [one["check"] for one in part["findings"]]) for part in data["folded"]] == [
        ("1 note", ["constant"])
    ]


def test_a_long_list_is_folded_too(outcome_of):
    many = tuple(Finding(f"c{i}", "medium", f"Message {i}.") for i in range(30))

    data = collect(dataclasses.replace(outcome_of("binary"), findings=many))

    assert len(data["findings"]) == 8
    assert [part["summary"] for part in data["folded"]] == ["22 further findings"]


def test_columns_are_named_where_the_message_does_not_and_rows_in_any_case():
    one = Finding("c", "high", "'a' is odd.", "Look.", ("a", "b"), (3, 4), 9)

    assert finding(one)["where"] == "Columns a, b. Rows 3, 4 and 7 more"
    assert finding(dataclasses.replace(one, columns=("a",)))["where"] == "Rows 3, 4 and 7 more"
    assert finding(dataclasses.replace(one, columns=("a",), rows=()))["where"] == ""


def test_every_finding_is_in_both_forms_of_the_report(outcome_of):
    content = page.stored(outcome_of("binary"))

    for text in (page.html(content), page.markdown_text(content)):
        assert "12 rows have no target" in text and "never changes" in text and "Fill them in." in text
        assert text.index("gives the target away") < text.index("12 rows have no target") < text.index("never changes")
