"""What a notebook shows: a card for each result, model and inspection, and one line in a list of them."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.api import Inspection, Result, SideModel
from automl.errors import FolderError
from automl.estimators.fitted import ContestResult
from automl.predict.model import Model
from automl.records import Column, Finding, Task
from automl.report import result_dict
from automl.report.card import board
from automl.report.summary import summary

NASTY = "<script>alert(1)</script>&\"'\x1b[31m\u202e"
LEAK = Finding(
    "leaking_column", "high", "'paid' explains all.", "Leave it out: --drop paid.", options=(("drop", ("paid",)),)
)
MOST_BYTES = 30_000


class Strict(HTMLParser):
    """Refuses HTML whose tags are not closed in their order, and tags and attributes that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "style", "p", "b", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
        assert {name for name, _ in attrs} <= {"class", "scope"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(card: str) -> str:
    parser = Strict()
    parser.feed(card)
    parser.close()
    assert not parser.open and len(card.encode()) < MOST_BYTES
    assert "\x1b" not in card and "\u202e" not in card and "http" not in card
    return card


def result_of(outcome: Any, folder: Path = Path("run")) -> Result:
    finished = SimpleNamespace(
        outcome=outcome, result=result_dict(outcome), folder=folder, predictors={"deep": None, "floor": None},
        recommended="deep", reference=None,
    )  # fmt: skip
    return Result(finished)  # type: ignore[arg-type]


def test_an_inspection_is_a_card_with_arguments_of_python() -> None:
    rng = np.random.default_rng(0)
    price = rng.normal(size=300)
    frame = pd.DataFrame({"rooms": rng.normal(size=300), "paid": price * 2, "price": price})
    seen = automl.inspect(frame, "price")
    card = checked(seen._repr_html_())
    assert 'class="high"' in card and "drop=[&quot;paid&quot;]" in card and "--drop" not in card
    assert "rooms" in card and "300 rows, tabular, regression" in card
    assert 'drop=["paid"]' in str(seen) and "--" not in str(seen)


def test_an_inspection_for_the_command_line_keeps_its_flags() -> None:
    seen = Inspection("d", 1, None, (LEAK,), interface="shell")
    assert "--drop paid" in str(seen)
    assert str(seen).startswith("d: 1 row, 0 columns;")


def test_likely_targets_are_named_as_arguments() -> None:
    columns = (Column("a", "numeric", 1.0, "numbers"), Column("a b", "numeric", 1.0, "numbers"))
    targets = ("--target 'a b': regression: numbers", "--target a: regression: numbers")
    reasons = [Inspection("d", 2, None, (), columns, targets, interface).reasons for interface in ("python", "shell")]
    assert reasons[0][1:] == ('target="a b": regression: numbers', 'target="a": regression: numbers')
    assert reasons[1][1:] == targets


@pytest.mark.parametrize("name", ["binary", "regression", "forecast"])
def test_a_result_is_a_card_that_begins_with_what_must_be_settled(name: str, outcome_of: Any) -> None:
    plain = outcome_of(name)
    outcome = dataclasses.replace(plain, findings=(Finding("a", "low", "Small."), LEAK))
    result = result_of(outcome)
    card = checked(result._repr_html_())
    assert (
        card.index("Settle this")
        < card.index("paid")
        < card.index("Verdict: ")
        < card.index("<table>")
        < card.index("Small.")
    )
    assert "drop=[&quot;paid&quot;]" in card and f"Verdict: {outcome.comparison.verdict}" in card
    assert "★" in card and "report.html" in card
    assert "trust low" in repr(result) and "\n" not in repr(result)


def test_whatever_the_names_are_they_stay_text(outcome_of: Any) -> None:
    findings = (Finding("leaking_column", "high", f"{NASTY} leaks.", f"Drop {NASTY}."), Finding("b", "low", NASTY))
    outcome = dataclasses.replace(outcome_of("binary"), findings=findings, name=NASTY)
    columns = (Column(NASTY, "numeric", 0.5, NASTY),)
    task = dataclasses.replace(outcome.task, columns=columns, target=(NASTY,))
    result = result_of(dataclasses.replace(outcome, task=task))
    model = Model(task, {"deep": None}, "deep", None, {"runs": [{"name": NASTY, "side": NASTY, "status": NASTY}]})
    seen = Inspection(NASTY, 3, task, findings, columns, (NASTY,))
    contest = ContestResult("deep", "better", "deep", "\n".join(summary(outcome)), result.result, {})
    for one in (result, model, SideModel("deep", task, None), seen, contest):
        assert "&lt;script&gt;" in checked(one._repr_html_()) or one is contest
        assert repr(one).startswith("<automl.") and repr(one).isprintable() and len(repr(one)) < 250


def test_wide_tables_and_long_lists_stay_small() -> None:
    columns = tuple(Column(f"column {i}" * 20, "numeric", 0.5, "why " * 500) for i in range(2000))
    findings = tuple(Finding("a", "medium", f"Finding {i}. " * 100) for i in range(500))
    card = checked(Inspection("d", 3, None, findings, columns)._repr_html_())
    assert "and 1,970 more columns" in card and "and 488 more findings" in card
    assert len(repr(Inspection("d", 3, None, findings, columns))) < 200


@pytest.mark.parametrize(
    "result",
    [
        {}, {"runs": 3, "trust": 4, "task": 5}, {"runs": [1, None, {}], "trust": {"level": ["low"]}},
        {"runs": [{"valid_score": "x", "n_holdouts": "y"}, {"valid_score": 10**400}, {"valid_score": float("nan")}]},
        {"trust": {"level": "low", "reasons": {"a": 1}}}, {"trust": {"level": "low", "reasons": [None, ["x"]]}},
    ],
)  # fmt: skip
def test_a_model_from_elsewhere_is_shown_whatever_its_result_says(result: Any) -> None:
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("a", "b"))
    checked(Model(task, {}, "deep", None, result)._repr_html_())


def test_finalists_lead_the_board_and_the_floor_is_there(outcome_of: Any) -> None:
    shown = board(result_dict(outcome_of("binary")))
    assert shown.index("★") < shown.index("floor")
    assert "more runs" in shown


@pytest.mark.parametrize("name", ["r.pdf", "r.PDF", "report", "r.docx", ".html", "r.html.gz", "r.ipynb"])
def test_a_report_is_only_written_in_forms_that_there_are(name: str, outcome_of: Any, tmp_path: Path) -> None:
    contest = ContestResult("deep", "better", "deep", "", {}, {".html": b"h", ".md": b"m", ".json": b"j"})
    for one in (result_of(outcome_of("binary"), tmp_path), contest):
        with pytest.raises(FolderError, match=r"as \.html, \.md or \.json, not as"):
            one.report(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "content"), [("a.HTML", b"h"), ("a.htm", b"h"), ("a.md", b"m"), ("a.json", b"j")])
def test_the_ending_says_the_form(name: str, content: bytes, outcome_of: Any, tmp_path: Path) -> None:
    pages = {".html": b"h", ".md": b"m", ".json": b"j"}
    for suffix, page in pages.items():
        (tmp_path / f"report{suffix}").write_bytes(page)
    for one in (result_of(outcome_of("binary"), tmp_path), ContestResult("tie", "better", "deep", "", {}, pages)):
        assert one.report(tmp_path / name).read_bytes() == content
