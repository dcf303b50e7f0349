"""Files are written whole or not at all, and the operating system's words become ours."""

import errno
import os

import pytest

from automl import folder
from automl.errors import FolderError


def test_text_is_written_as_utf8_and_folders_are_made(tmp_path):
    path = folder.write_text(tmp_path / "a" / "b.txt", "grüße\n")

    assert "grüße\n".encode() == path.read_bytes()
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    path = folder.write_text(tmp_path / "result.json", "old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match=r"no space left on the disk.*result\.json.*free some space"):
        folder.write_text(path, "new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "taken").write_text("x")

    with pytest.raises(FolderError, match="something else is in its place"):
        folder.write_text(tmp_path / "taken" / "result.json", "new")


def test_files_are_readable_as_any_other_file(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("x")

    assert plain.stat().st_mode == folder.write_text(tmp_path / "ours", "x").stat().st_mode
