"""Models are called what people call them, with the run's name small; figures have the digits they need."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from automl.report import page, words
from automl.report.draw import Pen
from automl.report.sections.differences import _checked
from automl.testing.outcomes import example_outcome


def section(outcome, name):
    return next(one for one in page.stored(outcome)["sections"] if one["name"] == name)["data"]


@pytest.mark.parametrize("name", ["binary", "regression"])
def test_headings_show_the_family_and_the_run_small(outcome_of, name) -> None:
    outcome = outcome_of(name)
    run = next(run for run in outcome.runs if run.finalist and run.side == "deep")
    text = page.html(page.stored(outcome))
    headings = re.findall(r"<h3>(.*?)</h3>", text)
    own = [one for one in headings if run.name in one]
    assert own and all(words.title(run) in one and f"{run.name}</small>" in one for one in own)


def test_a_legend_of_forecasts_shows_the_family(outcome_of) -> None:
    outcome = outcome_of("forecast")
    finalists = [run for run in outcome.runs if run.finalist]
    chart = section(outcome, "forecast")["targets"][0]["windows"][0]
    labels = [layer["label"] for layer in chart["layers"]]
    assert {f"{run.side}: {words.title(run)}" for run in finalists} <= set(labels)
    assert chart["table"]["columns"] == ["step", "truth", "deep", "shallow"]


def test_gaps_and_their_intervals_have_the_same_decimals() -> None:
    outcome = example_outcome("binary")
    row = {"side": "deep", "run": "a", "learnt": 0.98, "test": 0.9757, "gap": 0.004268, "low": -0.0145, "high": 0.02764}
    better = {**row, "gap": -0.071, "low": -0.1257, "high": -0.0284}
    found = {"metric": "roc_auc", "rows": [row, better]}
    data = section(dataclasses.replace(outcome, analyses={"overfitting": found}), "overfitting")
    assert data["gaps"]["rows"][0][-2:] == ["+0.0043", "\u22120.0145 to +0.0276"]
    assert "no gap beyond noise" in data["sentences"][0] and "better on test rows" in data["sentences"][1]


@pytest.mark.parametrize(("value", "text"), [(0.955, "95.5"), (0.5, "50"), (1.076, "108"), (1.0, "100")])
def test_a_share_beyond_one_has_no_tenths(value: float, text: str) -> None:
    assert words.percent(value) == f"{text}\u00a0%"


def test_small_sizes_are_written_in_kibibytes() -> None:
    assert words.mebibytes(0.000617) == "0.632 KiB" and words.mebibytes(2.06) == "2.06 MiB"


@pytest.mark.parametrize(("names", "turned"), [(["a", "b", "c"], False), (["strong Democrat"] * 7, True)])
def test_names_that_would_run_into_each_other_are_turned(names: list[str], turned: bool) -> None:
    layer = {"mark": "points", "colour": "deep", "x": list(range(len(names))), "y": [0.5] * len(names)}
    (_, svg), *_ = Pen().svgs({"alt": "a", "shape": "half", "x": {"names": names}, "layers": [layer]})
    assert bool(re.search(r"rotate\(-40", svg)) == turned


def test_analyses_that_lack_for_the_same_reason_stand_on_one_line() -> None:
    outcome = example_outcome("binary")
    lacking = {"metrics": "the run was interrupted", "data_need": "the run was interrupted", "attacks": "no time"}
    data = section(dataclasses.replace(outcome, analyses_left_out=lacking), "left_out")
    assert [one["name"] for one in data["reasons"]] == ["metrics, data need", "attacks"]


@pytest.mark.parametrize(
    ("folder", "command", "said"),
    [
        ("automl-runs/data-1", "automl analyse automl-runs/data-1 --budget 5m", "To add them:"),
        ("my runs/1", "automl analyse 'my runs/1' --budget 5m", "To add them:"),
        ("", "automl analyse run --budget 5m", "folder was not kept. To have them, run the contest again"),
        ("a\0b", "automl analyse RUN --budget 5m", "To add them, with the run's folder as RUN:"),
    ],
)
def test_more_analyses_are_added_to_the_run_by_its_folder(folder: str, command: str, said: str) -> None:
    outcome = dataclasses.replace(example_outcome("binary"), analyses_left_out={"attacks": "no time"}, folder=folder)
    stored = page.stored(outcome)
    assert section(outcome, "left_out")["command"] == command
    assert said in html.unescape(page.html(stored)) and said in page.markdown_text(stored)
    for part in stored["sections"]:  # as an earlier version stored it
        if part["name"] == "left_out":
            del part["data"]["is_kept"]
    assert "To add them" in page.html(stored)


def test_tables_of_finalists_say_what_people_call_a_model() -> None:
    outcome = example_outcome("binary")
    named = {run.name: words.title(run) for run in outcome.runs}
    for name, table in (("overfitting", "gaps"), ("membership", "losses")):
        rows = section(outcome, name)[table]["rows"]
        assert rows and all(row[1]["text"] == named[row[1]["run"]] != row[1]["run"] for row in rows)


def test_the_importance_of_parts_of_series_is_not_called_that_of_columns() -> None:
    outcome = example_outcome("binary")
    found = dict(outcome.analyses["importance"])
    found |= {"rows": [{**row, "kind": "segment"} for row in found["rows"]], "n_left_out": 5}
    other = dataclasses.replace(outcome, analyses={**outcome.analyses, "importance": found})
    text = " ".join(html.unescape(page.html(page.stored(other))).split())
    assert "values of one part of the series are exchanged" in text and "5 more parts of the series were not" in text
    assert "values of one column are exchanged" in section(outcome, "importance")["intro"]


def test_attacks_without_a_search_are_not_called_one() -> None:
    outcome = example_outcome("binary")
    found = dict(outcome.analyses["attacks"])
    found["rows"] = [row for row in found["rows"] if row["attack"] == "random"]
    other = dataclasses.replace(outcome, analyses={**outcome.analyses, "attacks": found})
    titles = [chart["title"] for chart in section(other, "attacks")["charts"]]
    assert titles == ["Random changes"]
    assert section(outcome, "attacks")["charts"][0]["title"] == "The same search against each side"


def test_a_profile_of_texts_alone_has_no_column_of_ranges() -> None:
    outcome = example_outcome("binary")
    found = dict(outcome.analyses["profile"])
    found["rows"] = [{**row, "low": None, "median": None, "high": None} for row in found["rows"]]
    other = dataclasses.replace(outcome, analyses={**outcome.analyses, "profile": found})
    assert "least · median · most</th>" not in page.html(page.stored(other))
    assert "least · median · most</th>" in page.html(page.stored(outcome))


def test_a_metric_that_begins_a_sentence_has_a_capital(outcome_of) -> None:
    text = page.html(page.stored(outcome_of("multiclass")))
    assert not re.search(r"<p[^>]*>(accuracy|log loss|balanced accuracy|macro F1)", text)


def test_ticks_of_shares_say_what_they_stand_at() -> None:
    """A tick at 2.5 % is not written as 2 %."""
    layer = {"mark": "line", "colour": "deep", "x": [0.0, 0.02, 0.05, 0.1], "y": [0.8, 0.7, 0.7, 0.6]}
    (_, svg), *_ = Pen().svgs({"alt": "a", "shape": "half", "x": {"percent": True}, "layers": [layer]})
    assert {">2.5 %<", ">7.5 %<", ">0 %<", ">10 %<"} <= set(re.findall(r">[\d.]+ %<", svg))


def test_a_tree_of_one_region_has_parted_nothing() -> None:
    found = {"n_regions": 1, "n_grown": 179, "grown_on": "half of the test rows", "n_checked": 180, "rows": []}
    assert _checked(found).startswith("A decision tree, grown on 179 rows (half of the test rows), found nothing")
