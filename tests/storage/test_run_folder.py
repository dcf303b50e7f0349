import os

import pytest

from automl.errors import FolderError
from automl.storage.files import shown
from automl.storage.run_folder import check_folder, open_folder

LATIN = os.fsdecode(b"caf\xe9")


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
@pytest.mark.parametrize("name", [LATIN, "café", "plain", r"caf\xc3\xa9", r"a\x41", "a\\", f"in/{LATIN}/here"])
def test_a_run_folder_has_the_name_that_was_given(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    try:
        os.mkdir(LATIN)
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    os.rmdir(LATIN)
    made = open_folder(shown(name), "data")
    assert os.fspath(made) == name and os.path.isdir(name)
    made.joinpath("trials.log").write_text("a line\n")
    with pytest.raises(FolderError, match="is not empty"):
        check_folder(shown(name), resume=False)
    check_folder(shown(name), resume=True)


@pytest.mark.skipif(os.name != "posix", reason="a backslash parts folders elsewhere")
def test_a_folder_that_is_there_as_it_is_spelled_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(r"caf\xe9")
    assert os.fspath(open_folder(r"caf\xe9", "data")) == r"caf\xe9"
