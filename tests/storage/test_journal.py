"""The journal of trials."""

import errno
import os

import pytest

from automl.errors import FolderError
from automl.storage.journal import Journal

PRINTS = {"data": "a", "split": "b", "recipe": "c", "space of mlp": "d"}


def written(path, *entries):
    journal = Journal(path, PRINTS)
    for entry in entries:
        journal.write(entry)
    return path.read_bytes()


def test_a_run_goes_on_with_what_was_written(tmp_path):
    written(tmp_path / "trials.log", {"score": 0.5}, {"score": None})
    assert Journal(tmp_path / "trials.log", PRINTS).entries_before == [{"score": 0.5}, {"score": None}]


def test_a_line_cut_at_any_byte_loses_only_itself_and_is_counted(tmp_path):
    path = tmp_path / "trials.log"
    whole = len(written(path, {"score": 1}))
    content = written(path, {"score": 2})
    for end in range(whole, len(content) + 1):
        path.write_bytes(content[:end])
        again = Journal(path, PRINTS)
        is_whole = end >= len(content) - 1  # only the line's end may be missing
        assert again.entries_before == [{"score": 1}, {"score": 2}][: 1 + is_whole], end
        lost = int(not is_whole and end > whole)
        assert again.unreadable == lost, end
        again.write({"score": 3})
        last = Journal(path, PRINTS)
        assert (last.entries_before, last.unreadable) == ([*again.entries_before, {"score": 3}], lost), end


def test_a_first_line_cut_at_any_byte_starts_over_and_keeps_what_was_there(tmp_path):
    content = written(tmp_path / "first.log")
    for end in range(len(content) - 1):
        path = tmp_path / str(end) / "trials.log"
        path.parent.mkdir()
        path.write_bytes(content[:end])
        journal = Journal(path, PRINTS)
        assert journal.entries_before == []
        journal.write({"score": 1})
        assert Journal(path, PRINTS).entries_before == [{"score": 1}], end
        aside = path.with_suffix(".unreadable")
        assert (aside.read_bytes() if end else aside.exists()) == (content[:end] if end else False)


@pytest.mark.parametrize("byte", range(0, 60, 7))
def test_a_damaged_line_in_the_middle_is_left_out_and_said(tmp_path, byte):
    path = tmp_path / "trials.log"
    content = written(path, *({"name": f"mlp-{i}", "text": "x" * 40} for i in range(3)))
    lines = content.splitlines(keepends=True)
    lines[2] = lines[2][:byte] + bytes([lines[2][byte] ^ 0x15]) + lines[2][byte + 1 :]
    path.write_bytes(b"".join(lines))
    journal = Journal(path, PRINTS)
    assert [entry["name"] for entry in journal.entries_before] == ["mlp-0", "mlp-2"]
    assert journal.damage() == "trials.log: 2 trials found; 1 line could not be read and left out"


def test_a_damaged_first_line_puts_the_file_aside_under_a_new_name_each_time(tmp_path):
    path = tmp_path / "trials.log"
    content = written(path, {"name": "mlp-1"})
    for aside in ("trials.unreadable", "trials-2.unreadable"):
        path.write_bytes(b"#" + content[1:])
        journal = Journal(path, PRINTS)
        assert journal.entries_before == [] and aside in journal.damage()
        assert (tmp_path / aside).read_bytes() == b"#" + content[1:]


def test_an_empty_file_and_a_new_one_say_nothing(tmp_path):
    path = tmp_path / "trials.log"
    path.touch()
    assert Journal(path, PRINTS).damage() == ""
    assert Journal(tmp_path / "new.log", PRINTS).damage() == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.log", "trials.log"]


def test_what_changed_is_named_with_both_ways_on(tmp_path):
    written(tmp_path / "trials.log")
    with pytest.raises(FolderError) as said:
        Journal(tmp_path / "trials.log", {**PRINTS, "data": "other", "space of mlp": "wider"})
    message = str(said.value)
    assert "the data, the search space of mlp differed" in message
    assert "new folder (--out)" in message and f"removing {tmp_path}" in message
    with pytest.raises(FolderError, match=r"recipe \(target, goal, metric"):
        Journal(tmp_path / "trials.log", {**PRINTS, "recipe": "other"})


def test_a_file_that_is_no_journal_is_put_aside_not_lost(tmp_path):
    path = tmp_path / "trials.log"
    path.write_text("my own notes\n")
    assert Journal(path, PRINTS).entries_before == []
    assert (tmp_path / "trials.unreadable").read_text() == "my own notes\n"


def test_a_full_disk_is_told_and_the_next_entry_is_readable(tmp_path, monkeypatch):
    path = tmp_path / "trials.log"
    journal = Journal(path, PRINTS)
    journal.write({"score": 1})
    sync = os.fsync

    def full(handle):
        os.truncate(path, path.stat().st_size - 9)  # part of the line came through
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match="no space left"):
        journal.write({"score": 2})
    monkeypatch.setattr(os, "fsync", sync)
    journal.write({"score": 3})
    again = Journal(path, PRINTS)
    assert (again.entries_before, again.unreadable) == ([{"score": 1}, {"score": 3}], 1)


def test_a_disk_that_is_full_before_the_first_line_waits_for_space(tmp_path, monkeypatch):
    path = tmp_path / "trials.log"
    sync = os.fsync

    def full(handle):
        os.truncate(path, 5)  # part of the line came through
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    journal = Journal(path, PRINTS)
    with pytest.raises(FolderError, match="no space left"):
        journal.write({"score": 1})
    monkeypatch.setattr(os, "fsync", sync)
    journal.write({"score": 2})
    journal.write({"score": 3})
    again = Journal(path, PRINTS)
    assert (again.entries_before, again.unreadable, again.put_aside) == ([{"score": 2}, {"score": 3}], 0, None)


def test_a_bit_flipped_anywhere_loses_its_line_alone(tmp_path):
    path = tmp_path / "trials.log"
    entries = [{"name": f"mlp-{i}", "score": i / 7} for i in range(4)]
    content = written(path, *entries)
    ends = [len(b"".join(content.splitlines(keepends=True)[: i + 1])) for i in range(5)]
    for at in range(ends[0], len(content)):
        for bit in (0, 3, 4, 5):
            path.write_bytes(content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :])
            line = sum(at >= end for end in ends) - 1
            lost = {line, line + 1} if at + 1 in ends else {line}  # a line's end that is gone joins two
            found = Journal(path, PRINTS).entries_before
            assert all(entry in found for i, entry in enumerate(entries) if i not in lost), (at, bit)
            assert all(entry in entries for entry in found), (at, bit)
    assert not list(tmp_path.glob("*.unreadable"))
