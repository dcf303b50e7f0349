"""The model card and the checklist: filled with what is known, blank elsewhere, and no text of the data is markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from outcomes import MAKERS, binary

from automl.records import Column
from automl.report.model_card import BLANK, model_card, reforms
from automl.report.result import result_dict


@pytest.mark.parametrize("name", list(MAKERS))
def test_the_header_is_metadata_of_the_hub_with_the_scores_of_the_result(name: str) -> None:
    result = result_dict(MAKERS[name]())
    _, header, body = model_card(result, "my data").split("---\n", 2)
    content = yaml.safe_load(header)
    (model,) = content["model-index"]
    scored = [run["test_score"] for run in result["runs"] if run["test_score"] is not None]
    assert [one["metrics"][0]["value"] for one in model["results"]] == scored
    assert all({"task", "dataset", "metrics"} <= one.keys() and one["task"]["type"] for one in model["results"])
    assert BLANK in body and "## Intended use" in body and str(result["split"]["n_test"]) in body


@pytest.mark.parametrize("name", list(MAKERS))
def test_the_checklist_has_its_32_items_each_answered_or_left_to_a_person(name: str) -> None:
    text = reforms(result_dict(MAKERS[name]()), "my data")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and not line.startswith("| item")]
    assert len(rows) == 32 and len({row[0] for row in rows}) == 32
    assert all(len(row) == 3 and row[2].rstrip(" |") for row in rows)
    assert sum(BLANK in row[2] for row in rows) >= 8


def test_text_of_the_data_is_no_markup() -> None:
    bad = "a|b\n# <b>x</b> [y](z) `c`"
    outcome = binary()
    outcome = replace(outcome, task=replace(outcome.task, columns=(Column(bad, "numeric", 1.0, "x"),), target=(bad,)))
    for text in (model_card(result_dict(outcome), bad), reforms(result_dict(outcome), bad)):
        body = text.split("---\n", 2)[-1] if text.startswith("---") else text
        assert "<b>" not in body.replace("\\<b\\>", "") and "\n# \\<" not in body and "a|b" not in body
