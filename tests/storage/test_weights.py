"""Arrays on disk that a killed run comes back to."""

import contextlib
import errno
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from automl.storage.weights import WeightStore

ARRAYS = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(3, dtype=np.int64), np.zeros((0, 2))]
META = {"score": 0.5, "curve": [{"epoch": 1.0}]}


def same(found, arrays=ARRAYS, meta=META):
    assert found is not None
    assert found[1] == meta
    for one, other in zip(found[0], arrays, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def store(tmp_path):
    return WeightStore(tmp_path / "weights", keep=2)


def test_what_was_saved_comes_back_in_another_process_too(store):
    assert store.save("mlp-1", ARRAYS, META) is None
    same(store.load("mlp-1"))
    same(WeightStore(store.folder, keep=2).load("mlp-1"))
    assert store.load("mlp-2") is None and store.unreadable == []


def test_a_file_cut_at_any_place_is_put_aside(store):
    store.save("mlp-1", ARRAYS, META)
    path = store.folder / "mlp-1.npz"
    content = path.read_bytes()
    ends = [*range(0, len(content), 37), *range(len(content) - 30, len(content))]
    for end in ends:
        path.write_bytes(content[:end])
        assert store.load("mlp-1") is None, end
        assert not path.exists()
    assert len(store.unreadable) == len(set(store.unreadable)) == len(ends)
    assert (store.folder / store.unreadable[-1]).read_bytes() == content[:-1]


def test_a_flipped_byte_anywhere_is_noticed(store):
    store.save("mlp-1", ARRAYS, META)
    path = store.folder / "mlp-1.npz"
    content = path.read_bytes()
    for place in range(0, len(content), 29):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert store.load("mlp-1") is None, place


def test_another_runs_file_under_this_name_is_not_taken(store):
    store.save("mlp-1", ARRAYS, META)
    os.rename(store.folder / "mlp-1.npz", store.folder / "mlp-2.npz")
    assert store.load("mlp-2") is None
    assert store.unreadable == ["mlp-2.unreadable"]


def test_objects_are_not_written_so_that_nothing_is_unpickled(store):
    problem = store.save("mlp-1", [np.array([object()])], {})
    assert problem is not None and "mlp-1" in problem
    assert store.load("mlp-1") is None


def test_retention_leaves_the_named_and_the_checkpoint_and_never_more_than_it_may(store):
    for i in range(5):
        store.save(f"mlp-{i}", ARRAYS, META)
    store.checkpoint(ARRAYS, META)
    store.retain(["mlp-4", "mlp-1", "mlp-0"])
    assert {p.name for p in store.folder.iterdir()} == {"mlp-4.npz", "mlp-1.npz", "under-way.npz"}


def test_a_checkpoint_is_overwritten_and_dropped(store):
    assert store.load_checkpoint() is None
    store.checkpoint(ARRAYS, META)
    store.checkpoint(ARRAYS[:1], {"step": 2})
    same(store.load_checkpoint(), ARRAYS[:1], {"step": 2})
    store.drop_checkpoint()
    store.drop_checkpoint()
    assert store.load_checkpoint() is None


def used_mib(store):
    return sum(path.stat().st_size for path in store.folder.iterdir()) / 2**20


def test_disk_use_stays_within_its_bound(store):
    weights, moments = [np.ones(3000, np.float32)], [np.ones(9000, np.float32)]
    for i in range(10):
        store.checkpoint([*weights, *moments], META)
        store.save(f"mlp-{i}", weights, META)
        assert 0 < used_mib(store) <= store.bound_mib
        store.retain([f"mlp-{i}", "mlp-0"])
    assert used_mib(store) < 6 * store.largest_bytes / 2**20 + 0.01
    assert WeightStore(store.folder, keep=2).bound_mib == store.bound_mib


def test_unfinished_files_of_a_killed_process_are_removed(store):
    store.save("mlp-1", ARRAYS, META)
    (store.folder / ".mlp-1.npz.abc.tmp").write_bytes(b"half")
    same(WeightStore(store.folder, keep=2).load("mlp-1"))
    assert {p.name for p in store.folder.iterdir()} == {"mlp-1.npz"}


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_is_full_in_the_middle_of_a_write_leaves_the_last_file(store, monkeypatch, call):
    store.save("mlp-1", ARRAYS, META)
    store.checkpoint(ARRAYS, META)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    for problem in (store.save("mlp-1", ARRAYS[:1], {}), store.checkpoint(ARRAYS[:1], {})):
        assert "no space left" in problem and "search goes on" in problem
    monkeypatch.undo()
    same(store.load("mlp-1"))
    same(store.load_checkpoint())
    assert not list(store.folder.glob(".*"))


def test_too_little_free_space_writes_nothing_and_says_so(store, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1 << 30, 0, 2000))
    assert "MiB are free" in store.save("mlp-1", ARRAYS, META)
    assert store.load("mlp-1") is None


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root")
def test_a_real_full_disk_ends_no_search():
    with tempfile.TemporaryDirectory() as place:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True)
        if mounted.returncode:
            pytest.skip("mounting is not allowed here")
        try:
            store = WeightStore(Path(place) / "weights", keep=2)
            assert store.save("small", ARRAYS, META) is None
            (Path(place) / "ballast").write_bytes(b"x" * 150_000)
            assert store.save("large", [np.ones(20_000)], META) is not None  # less than three times its size is free
            with open(Path(place) / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
                while True:
                    rest.write(b"x" * 4096)
            assert store.checkpoint(ARRAYS, META) is not None
            same(store.load("small"))
        finally:
            subprocess.run(["umount", place], check=True)


def test_of_what_was_put_aside_the_newest_stay(store):
    for i in range(7):
        store.save(f"mlp-{i}", ARRAYS, META)
        (store.folder / f"mlp-{i}.npz").write_bytes(b"damaged")
        assert store.load(f"mlp-{i}") is None
    WeightStore(store.folder, keep=2)
    assert len(list(store.folder.glob("*.unreadable"))) == 4


def resealed(content):
    """A file's checksum written anew."""
    return content + zlib.crc32(content).to_bytes(4, "big")


def test_a_file_with_the_right_checksum_that_announces_more_than_it_holds_is_put_aside(store):
    """The folder of a run may come from elsewhere: what is announced is compared before memory is taken."""
    header, packed, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a0.npy", header.getvalue() + bytes(64))
    text = np.frombuffer(b'{"name": "mlp-1", "n_arrays": 1000000000, "meta": {}}', np.uint8)
    np.savez(other, meta=text, a0=np.zeros(3))
    for content in (packed.getvalue(), other.getvalue()):
        store.save("mlp-1", ARRAYS, META)
        (store.folder / "mlp-1.npz").write_bytes(resealed(content))
        assert store.load("mlp-1") is None
        assert not (store.folder / "mlp-1.npz").exists()
    assert len(store.unreadable) == 2


def test_a_link_or_a_pipe_in_place_of_a_file_is_no_file(store, tmp_path):
    store.save("mlp-1", ARRAYS, META)
    (store.folder / "mlp-1.npz").rename(tmp_path / "own.npz")
    (store.folder / "mlp-1.npz").symlink_to(tmp_path / "own.npz")
    assert store.load("mlp-1") is None
    os.mkfifo(store.folder / "mlp-2.npz")
    assert store.load("mlp-2") is None
    assert (tmp_path / "own.npz").is_file()
