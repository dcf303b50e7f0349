"""Weights on disk: whole or put aside."""

import numpy as np
import pytest

from automl import folder as files
from automl.errors import FolderError
from automl.search.store import WeightStore

ARRAYS = [np.arange(6, dtype="float32").reshape(2, 3), np.array(7.0), np.array([], dtype="int32")]


@pytest.fixture
def store(tmp_path):
    made = WeightStore(tmp_path / "weights")
    assert made.save("mlp-1", ARRAYS, {"score": 0.5}) is None
    return made


def test_what_was_saved_comes_back(store):
    arrays, meta = store.load("mlp-1")
    assert meta == {"score": 0.5} and len(arrays) == 3
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(arrays, ARRAYS, strict=True))
    assert store.load("mlp-2") is None and store.unreadable == []


def test_a_file_cut_anywhere_or_changed_is_put_aside(store):
    path = store.folder / "mlp-1.npz"
    content = path.read_bytes()
    damaged = [content[:end] for end in range(0, len(content), 37)]
    damaged += [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content), 101)]
    for number, one in enumerate(damaged, start=1):
        path.write_bytes(one)
        assert store.load("mlp-1") is None
        assert not path.exists() and len(store.unreadable) == number
    assert len(list(store.folder.glob("*.unreadable"))) == len(damaged)


def test_only_what_is_asked_for_stays(store):
    store.save("mlp-2", ARRAYS, {})
    store.checkpoint(ARRAYS, {"name": "mlp-3"})
    store.retain(["mlp-2"])
    assert {path.stem for path in store.folder.iterdir()} == {"mlp-2", "under-way"}
    assert store.used_mib > 0
    store.drop_checkpoint()
    assert store.load_checkpoint() is None


def test_a_failed_write_leaves_what_was_there(store, monkeypatch):
    def full(path, content):
        raise FolderError("no space left on the disk")

    monkeypatch.setattr(files, "write_bytes", full)
    assert "no space left" in store.save("mlp-1", [np.zeros(3)], {})
    monkeypatch.undo()
    assert store.load("mlp-1")[1] == {"score": 0.5}


def test_a_nearly_full_disk_is_left_alone(store, monkeypatch):
    monkeypatch.setattr("automl.search.store.shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    assert "free beside" in store.save("mlp-9", ARRAYS, {})
    assert store.load("mlp-9") is None
