"""The journal of trials."""

import pytest

from automl.errors import FolderError
from automl.journal import Journal

PRINTS = {"data": "a", "split": "b"}


def test_a_run_goes_on_with_what_was_written(tmp_path):
    first = Journal(tmp_path / "trials.log", PRINTS)
    first.write({"score": 0.5})
    first.write({"score": None})
    assert Journal(tmp_path / "trials.log", PRINTS).earlier == [{"score": 0.5}, {"score": None}]


def test_a_line_cut_at_any_byte_loses_only_itself(tmp_path):
    path = tmp_path / "trials.log"
    journal = Journal(path, PRINTS)
    journal.write({"score": 1})
    whole = len(path.read_bytes())
    journal.write({"score": 2})
    content = path.read_bytes()
    for end in range(whole, len(content) - 1):
        path.write_bytes(content[:end])
        again = Journal(path, PRINTS)
        assert again.earlier == [{"score": 1}], end
        again.write({"score": 3})
        assert Journal(path, PRINTS).earlier == [{"score": 1}, {"score": 3}], end


def test_other_data_is_refused_and_named(tmp_path):
    Journal(tmp_path / "trials.log", PRINTS)
    with pytest.raises(FolderError, match="data differed"):
        Journal(tmp_path / "trials.log", {**PRINTS, "data": "other"})


def test_a_file_that_is_no_journal_is_put_aside_not_lost(tmp_path):
    path = tmp_path / "trials.log"
    path.write_text("my own notes\n")
    assert Journal(path, PRINTS).earlier == []
    assert (tmp_path / "trials.unreadable").read_text() == "my own notes\n"


def test_a_last_line_cut_at_any_byte_costs_that_line_alone(tmp_path):
    whole = tmp_path / "whole.log"
    journal = Journal(whole, PRINTS)
    for score in (0.25, 0.5, 0.75):
        journal.write({"score": score})
    content = whole.read_bytes()
    start = content.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(start, len(content)):
        path = tmp_path / f"{end}.log"
        path.write_bytes(content[:end])
        again = Journal(path, PRINTS)
        complete = end == len(content) - 1  # only the line's end is missing
        expected = [{"score": 0.25}, {"score": 0.5}, *([{"score": 0.75}] if complete else [])]
        assert again.earlier == expected, end
        assert again.unreadable == (0 if complete or end == start else 1), end
        again.write({"score": 1.0})
        assert Journal(path, PRINTS).earlier == [*expected, {"score": 1.0}], end
