"""A run folder from elsewhere: nothing of ours reads, writes or removes anything through a link in it."""

import json
import os

import numpy as np
import pytest

from automl.errors import FolderError
from automl.flow.budget.clock import Clock
from automl.flow.budget.ledger import Ledger
from automl.flow.progress.listeners import TensorBoard
from automl.records import Recipe
from automl.storage import files as folders
from automl.storage.files import write_all
from automl.storage.journal import Journal
from automl.storage.run_folder import check_folder, open_folder
from automl.storage.weights import WeightStore

pytestmark = pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege there")

NAMES = [
    ".lock", ".writable", ".writable.x.tmp", ".spent.json.x.tmp", "trials.log", "shallow.log", "spent.json", "weights",
    "shallow", "model", "tensorboard", "mlflow", "report.html", "report.json", "result.json", ".model.x.old",
    "trials.unreadable", "weights/mlp-1.npz", "shallow/.mlp-1.npz.x.tmp", "weights/under-way.npz", "model/bundle.json",
    "tensorboard/mlp-1", "mlflow/0/meta.yaml", "anything", "a/b/c/d",
]  # fmt: skip


@pytest.fixture
def mine(tmp_path):
    """The user's own files, which must stay as they are."""
    own = tmp_path / "mine"
    own.mkdir()
    (own / "notes.txt").write_text("precious")
    np.savez(own / "data.npz", X=np.ones(3))
    (own / ".half.npz.x.tmp").write_text("precious too")
    (own / "old.unreadable").write_text("precious as well")
    return own


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def kinds(mine, path):
    """What can lie at a path: links to a file and to a folder, one that leads nowhere, a chain, a circle, a pipe."""
    (path.parents[0]).mkdir(parents=True, exist_ok=True)
    chain = mine.parent / "chain"
    chain.unlink(missing_ok=True)
    chain.symlink_to(mine)
    for target in (mine / "notes.txt", mine, mine / "nowhere", chain, path.name, os.path.relpath(mine, path.parent)):
        path.symlink_to(target)
        yield f"a link to {target}"
        path.unlink()
    os.mkfifo(path)
    yield "a pipe"
    path.unlink()


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_with_a_link_or_a_pipe_in_it_is_refused_and_nothing_is_touched(tmp_path, mine, name):
    out = tmp_path / "out"
    out.mkdir()
    if name != "shallow.log":
        (out / "shallow.log").touch()
    before = content(mine)
    for kind in kinds(mine, out / name):
        there = sorted(path.relative_to(out) for path in out.rglob("*"))
        for resume in (True, False):  # without it a folder that is in use is refused for that
            with pytest.raises(FolderError, match=r"is a link|no regular file|no run to resume" if resume else "."):
                check_folder(str(out), resume)
        with pytest.raises(FolderError, match=r"is a link|no regular file"):
            open_folder(str(out), "d")
        assert sorted(path.relative_to(out) for path in out.rglob("*")) == there, kind
        assert content(mine) == before, kind


def test_plain_folders_are_taken_also_through_a_link_that_the_user_names(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "mine").symlink_to(real)
    for leftover in (".writable", ".writable.x.tmp", ".lock", ".spent.json.x.tmp"):
        (real / leftover).write_text("left")
    check_folder(str(tmp_path / "mine"), False)
    assert open_folder(str(tmp_path / "mine"), "d") == tmp_path / "mine"
    assert (real / ".writable").read_text() == "left" and len(list(real.iterdir())) == 4
    (real / "trials.log").touch()
    (real / "weights" / "own").mkdir(parents=True)
    check_folder(str(tmp_path / "mine"), True)
    assert open_folder(str(tmp_path / "new" / "deep"), "d").is_dir()


def test_a_probe_takes_no_name_that_is_there(tmp_path, monkeypatch):
    (tmp_path / ".writable").write_text("mine")
    folders.probe(tmp_path)
    assert (tmp_path / ".writable").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_what_comes_later_is_not_followed_either(tmp_path, mine):
    """Links put in place after the folder was looked at."""
    out = tmp_path / "out"
    out.mkdir()
    before = content(mine)
    (out / "trials.log").symlink_to(mine / "notes.txt")
    with pytest.raises(FolderError, match="is a link"):
        Journal(out / "trials.log", {"data": "a"})
    journal = Journal(out / "shallow.log", {"data": "a"})
    os.replace(out / "trials.log", out / "shallow.log")
    with pytest.raises(FolderError, match="is a link"):
        journal.write({"score": 1})
    store = WeightStore(out / "weights")
    assert store.save("mlp-1", [np.ones(2)], {}) is None
    os.rename(out / "weights", tmp_path / "aside")
    (out / "weights").symlink_to(mine)
    assert "is a link" in store.save("mlp-2", [np.ones(2)], {})
    assert store.load("data") is None and store.unreadable == []
    store.retain([])
    store.drop_checkpoint()
    with pytest.raises(FolderError, match="is a link"):
        WeightStore(out / "weights")
    (out / "spent.json").symlink_to(mine / "notes.txt")
    with pytest.raises(FolderError, match="is a link"):
        Ledger(out, Recipe("d.csv", budget_seconds=9), Clock(9), print)
    (out / ".lock").symlink_to(mine / "notes.txt")
    with pytest.raises(FolderError, match="is a link"), folders.locked(out):
        pass
    (out / "tensorboard").symlink_to(mine)
    board = TensorBoard(out / "tensorboard")
    board.event({"event": "run", "side": "deep", "name": "mlp-1", "score": 0.5, "status": "done"})
    board.close()
    assert "is a link" in board.problem
    assert content(mine) == before


def test_files_are_put_in_the_place_of_links_not_through_them(tmp_path, mine):
    out = tmp_path / "out"
    out.mkdir()
    before = content(mine)
    for name in ("result.json", "report.html"):
        (out / name).symlink_to(mine / "notes.txt")
    write_all({out / "result.json": b"{}"})
    folders.write_text(out / "report.html", "page")
    assert (out / "result.json").read_text() == "{}" and not (out / "result.json").is_symlink()
    assert (out / "report.html").read_text() == "page" and content(mine) == before


def test_what_a_killed_write_left_is_removed_but_not_what_links_lead_to(tmp_path, mine):
    out = tmp_path / "out"
    (out / ".model.a.tmp").mkdir(parents=True)
    (out / ".model.a.tmp" / "inside").symlink_to(mine)
    (out / ".model.b.old").symlink_to(mine)
    (out / ".result.json.c.tmp").symlink_to(mine / "notes.txt")
    before = content(mine)
    folders.clear_unfinished(out)
    assert list(out.iterdir()) == [] and content(mine) == before


def test_a_file_with_two_names_keeps_its_content(tmp_path, mine):
    """Hard links cannot be told from files: one that is empty or no journal is left alone under its other name."""
    out = tmp_path / "out"
    out.mkdir()
    (mine / "empty").touch()
    os.link(mine / "empty", out / "trials.log")
    os.link(mine / "notes.txt", out / "shallow.log")
    os.link(mine / "notes.txt", out / "spent.json")
    before = content(mine)
    Journal(out / "trials.log", {"data": "a"}).write({"score": 1})
    Journal(out / "shallow.log", {"data": "a"}).write({"score": 1})
    with Ledger(out, Recipe("d.csv", budget_seconds=9), Clock(9), lambda text: None):
        pass
    assert content(mine) == before and json.loads((out / "spent.json").read_text())["offered_seconds"] == 9
