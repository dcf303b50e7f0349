"""An export's size and latency stand in the costs of its run's report, and in its ``result.json``."""

import dataclasses
import json
import shutil

import jsonschema
import pytest

from automl import report
from automl.errors import FolderError
from automl.storage import files

MANIFEST = {
    "format": "onnx", "side": "deep", "files": {"model.onnx": 2_000_000, "reader.py": 97_152},
    "latency_ms": {"file": 0.4291, "reader": 0.0452, "predict": 5.5}, "rows": {"n": 1000, "from": "made-up"},
    "difference": {"probabilities": 2.6e-07, "labels": 0.0}, "tolerance": 1e-05,
}  # fmt: skip


@pytest.fixture
def run(written, tmp_path):
    return shutil.copytree(written("binary"), tmp_path / "run")


def noted(run, **changes):
    return report.note_export(run, {**MANIFEST, **changes}, report.known_sections())


def result_of(run):
    return json.loads((run / "result.json").read_text("utf-8"))


def test_result_and_pages_say_size_and_latency(run):
    assert report.is_run(run) and result_of(run)["exports"] == []
    noted(run)
    (found,) = result_of(run)["exports"]
    assert (found["format"], found["side"], found["size_bytes"]) == ("onnx", "deep", 2_097_152)
    assert (found["file_ms"], found["reader_ms"], found["model_ms"]) == (0.4291, 0.0452, 5.5)
    assert found["difference"] == MANIFEST["difference"] and found["n_rows"] == 1000
    jsonschema.validate(result_of(run), report.result_schema())
    for name in ("report.html", "report.md"):
        page = (run / name).read_text("utf-8")
        assert all(words in page for words in ("0.429 ms", "5.5 ms", "2 MiB", "onnx"))


def test_the_report_made_again_still_says_so(run):
    noted(run)
    before = (run / "report.html").read_text("utf-8")
    assert report.render(run, run / "again.html").read_text("utf-8") == before


def test_of_a_side_and_a_format_the_latest_is_kept(run):
    noted(run)
    noted(run, side="shallow")
    found = noted(run, latency_ms={"file": 0.2, "reader": 0.1, "predict": 4.0})
    assert [(one["side"], one["file_ms"]) for one in found] == [("shallow", 0.4291), ("deep", 0.2)]
    assert result_of(run)["exports"] == found


def test_a_run_of_an_older_version_takes_exports_too(run):
    older = result_of(run)
    del older["exports"]
    files.write_text(run / "result.json", json.dumps(older))
    noted(run)
    assert {**older, "exports": result_of(run)["exports"]} == result_of(run)


def test_all_else_of_the_run_stays_as_it_is(run):
    before = result_of(run), json.loads((run / "report.json").read_text("utf-8"))
    noted(run)
    after = result_of(run), json.loads((run / "report.json").read_text("utf-8"))
    assert {**before[0], "exports": None} == {**after[0], "exports": None}
    changed = [
        (old["name"], set(new["data"]) - set(old["data"]))
        for old, new in zip(before[1]["sections"], after[1]["sections"], strict=True)
        if old != new
    ]
    assert changed == [("costs", {"exports"})]


def test_an_analysis_keeps_the_exports(run, outcome_of):
    noted(run)
    outcome = dataclasses.replace(outcome_of("binary"), folder=str(run))
    report.write_again(report.read(run), report.read_result(run), outcome, run, report.known_sections())
    assert len(result_of(run)["exports"]) == 1 and "0.429 ms" in (run / "report.md").read_text("utf-8")


@pytest.mark.parametrize("exports", [{}, [{"format": "onnx"}], "<b>", [{**MANIFEST}]])
def test_altered_exports_are_refused_and_nothing_is_written(run, exports):
    files.write_text(run / "result.json", json.dumps({**result_of(run), "exports": exports}))
    before = (run / "report.html").read_bytes()
    with pytest.raises(FolderError, match="altered"):
        noted(run)
    assert (run / "report.html").read_bytes() == before


def test_names_are_escaped(run):
    altered = {**result_of(run), "exports": noted(run)}
    altered["exports"][0]["format"] = "<script>"
    files.write_text(run / "result.json", json.dumps(altered))
    noted(run)
    assert "<script>" not in (run / "report.html").read_text("utf-8").split("Exports of these models")[1]


def test_a_folder_of_a_model_alone_is_no_run(tmp_path):
    assert not report.is_run(tmp_path)
