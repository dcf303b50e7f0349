"""Files are written whole or not at all, and the operating system's words become ours."""

import errno
import os
import subprocess
import sys

import pytest

from automl.errors import FolderError
from automl.storage import files


def test_text_is_written_as_utf8_and_folders_are_made(tmp_path):
    path = files.write_text(tmp_path / "a" / "b.txt", "grüße\n")

    assert "grüße\n".encode() == path.read_bytes()
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    path = files.write_text(tmp_path / "result.json", "old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match=r"no space left on the disk.*result\.json.*free some space"):
        files.write_text(path, "new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "taken").write_text("x")

    with pytest.raises(FolderError, match="something else is in its place"):
        files.write_text(tmp_path / "taken" / "result.json", "new")


def test_files_are_readable_as_any_other_file(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("x")

    assert plain.stat().st_mode == files.write_text(tmp_path / "ours", "x").stat().st_mode


HOLDER = """
import sys, time
from automl.storage import files as folder
with folder.locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(3000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
def test_a_locked_folder_is_refused_until_its_holder_is_killed(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(FolderError, match="another automl process"), files.locked(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with files.locked(tmp_path), pytest.raises(FolderError, match="another"), files.locked(tmp_path):
        pass
    with files.locked(tmp_path):
        pass


def test_an_unused_name_has_the_first_free_number(tmp_path):
    assert files.unused(tmp_path / "a", ".txt") == tmp_path / "a.txt"
    (tmp_path / "a.txt").touch()
    (tmp_path / "a-2.txt").touch()
    assert files.unused(tmp_path / "a", ".txt") == tmp_path / "a-3.txt"
    assert files.unused(tmp_path / "a.b") == tmp_path / "a.b"


def test_what_a_killed_write_left_is_removed_and_nothing_else(tmp_path):
    for name in (".model.a1.tmp", ".model.b2.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.json").write_text("{}")
    for name in (".result.json.c3.tmp", ".lock", "notes.tmp", "result.json"):
        (tmp_path / name).write_text("x")
    files.clear_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "notes.tmp", "result.json"]


def test_links_and_pipes_are_not_followed_but_plain_files_open(tmp_path):
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "plain").write_text("ours")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "dangling", "pipe"):
        with pytest.raises(FolderError):
            files.open_regular(tmp_path / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    handle = files.open_regular(tmp_path / "plain", os.O_RDONLY)
    assert os.read(handle, 9) == b"ours"
    os.close(handle)
    assert (tmp_path / "mine").read_text() == "precious" and not (tmp_path / "nowhere").exists()


def test_several_files_are_written_all_or_none(tmp_path, monkeypatch):
    """The second cannot be flushed: the first is as it was, too."""
    (tmp_path / "a").write_bytes(b"old")
    flush = os.fsync
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match=r"no space left.*/b"):
        files.write_all({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_what_is_put_aside_keeps_its_bytes_and_takes_no_other_files_place(tmp_path):
    for content in (b"1", b"2"):
        (tmp_path / "trials.log").write_bytes(content)
        aside = files.put_aside(tmp_path / "trials.log")
        assert aside.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trials-2.unreadable", "trials.unreadable"]
