"""Updates of runs on items: arrays of series with one small contest, and folders and sounds as far as rows are kept."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.errors import DataError, RecipeError
from automl.flow.prepare import prepare
from automl.flow.update_split import parted
from automl.flow.updating import _target_array, _write
from automl.intake import grown
from automl.intake.grown import _table
from automl.intake.raw import Raw
from automl.recipe import make
from automl.records import Mask

sys.path.append(str(Path(__file__).parents[1] / "intake"))
from written_sounds import RATE, classes_of_tones, tone, wav


def series(n, seed, shift=0.0):
    """Slow and fast waves, some of them mistaken for each other."""
    rng = np.random.default_rng(seed)
    fast = rng.random(n) < 0.5
    steps = np.linspace(0, 6, 24)
    X = np.sin(np.where(fast, 3.0, 2.0)[:, None] * steps) + rng.normal(0, 2.0, (n, 24)) + shift
    return X[:, None].astype(np.float32), np.where(fast, "fast", "slow")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("items")
    for name, n, seed in (("old", 200, 0), ("new", 80, 1)):
        X, y = series(n, seed)
        np.savez(folder / f"{name}.npz", X=X, y=y)
    return folder


@pytest.fixture(scope="module")
def run(place):
    options = {"budget": "60m", "max_trials": 1, "analysis": 0, "quiet": True, "ensemble": False, **TINY_OPTIONS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
        return automl.fit(place / "old.npz", out=place / "run", **options)


@pytest.fixture(scope="module")
def updated(run, place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
        return run.update(place / "new.npz", out=place / "up", quiet=True, plugins=TINY_OPTIONS["plugins"])


def test_arrays_are_updated_on_old_and_new_items_and_none_that_chose_tests(run, updated, place):
    n_test = run.result["split"]["n_test"]
    assert updated.result["split"]["n_test"] == n_test + 16
    assert sum(updated.result["split"][f"n_{part}"] for part in ("train", "valid", "test")) == 280
    (parent,) = updated.result["lineage"]["ancestors"]
    assert updated.result["lineage"]["n_new"] == 80 and parent["fingerprint"] == run.result["fingerprint"]
    with np.load(next((updated.folder / "rows").glob("*-test.npz"))) as kept, np.load(place / "old.npz") as old:
        chose = old["X"][np.concatenate([run.outcome.split.train, run.outcome.split.valid])]
        assert len(kept["X"]) == n_test + 16 and set(kept["y"]) == {"fast", "slow"}
        assert not {one.tobytes() for one in kept["X"]} & {one.tobytes() for one in chose}
    again = prepare(automl.recipe.read(updated.folder / "recipe.yaml", plugins=TINY_OPTIONS["plugins"]))
    assert again.dataset.fingerprint == updated.result["fingerprint"]


def test_series_are_watched_by_mean_and_spread_of_each_channel(run):
    same, moved = (run.watch(series(200, 5, shift), "shallow") for shift in (0.0, 0.8))
    assert {one.name for one in same.columns} == {"channel 0 (mean)", "channel 0 (spread)"}
    assert not same.drifted and moved.drifted == ("channel 0 (mean)",)
    assert abs(same.expected.score - same.score) < 0.1 and same.n_scored == 200


def test_items_of_another_shape_type_or_target_are_refused(run, tmp_path):
    X, y = series(40, 3)
    for new, words in (
        ((X[:, :, :20], y), "give the new items the same shape"), ((X.astype(int), y), "the same type"),
        (X, "has 0 targets, and .* 1"), ({"a": [1, 2]}, "is a table of 'a'"),
        ({"X": X, "y": y, "rate": 8000}, "8000.0 samples a second"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=words):
            run.update(new, out=tmp_path / "o", plugins=TINY_OPTIONS["plugins"])
    assert not (tmp_path / "o").exists()


def kept_again(old, new, tmp_path, tested=range(10), **keys):
    """The data of an update, read again from what it keeps; the old rows that test are the first ten, or as given."""
    recipe = make(data=old, **keys)
    rows = grown(recipe, new)
    split = SimpleNamespace(in_time=False, test=np.array(tested))
    dataset = SimpleNamespace(n_rows=len(rows.old), row_numbers=rows.numbers, test_from=None)
    parts = parted(rows, SimpleNamespace(split=split, dataset=dataset), recipe)
    train, test = parts.train, parts.test
    tmp_path.mkdir(exist_ok=True)
    paths = [_write(one, tmp_path / "kept", name) for one, name in ((train, "train"), (test, "test"))]
    made = dataclasses.replace(recipe, data=str(paths[0]), test=str(paths[1]))
    return prepare(made), train, test


def pictures(folder, n, seed):
    from PIL import Image

    rng = np.random.default_rng(seed)
    for i in range(n):
        kind = ("cat", "dog")[i % 2]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(folder / kind / f"{i}.png")
    return str(folder)


def test_folders_of_pictures_grow_by_folders_and_files_are_read_where_they_lie(tmp_path):
    old, new = pictures(tmp_path / "old", 40, 0), pictures(tmp_path / "new", 20, 1)
    prepared, train, test = kept_again(old, new, tmp_path, target="class")
    assert len(train) == 30 + 16 and len(test) == 10 + 4
    assert prepared.task.modality == "image" and prepared.dataset.n_rows == 60
    assert all(Path(path).is_absolute() for path in train.column("image"))
    assert prepared.task.classes == ("cat", "dog") and prepared.dataset.given.sum() == 14


def test_texts_grow_by_texts(tmp_path):
    def texts(n, seed):
        words = np.random.default_rng(seed).choice(["red", "blue", "green", "tall", "small"], (n, 6))
        return pd.DataFrame({"text": [" ".join(line) for line in words], "y": ["a", "b"] * (n // 2)})

    prepared, train, _ = kept_again(texts(60, 0), texts(40, 1), tmp_path, target="y")
    assert prepared.task.modality == "text" and prepared.dataset.n_rows == 100 and len(train) == 50 + 32


def test_sounds_keep_their_rate_and_their_files(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 800)), np.array(["a", "b"] * 30)
    np.savez(tmp_path / "old.npz", X=X, y=y, rate=RATE)
    np.savez(tmp_path / "new.npz", X=X[:20] + 1, y=y[:20], rate=RATE)
    prepared, train, _ = kept_again(str(tmp_path / "old.npz"), str(tmp_path / "new.npz"), tmp_path, target="y")
    assert prepared.task.modality == "audio" and prepared.dataset.n_rows == 80 and train.rate == RATE
    pytest.importorskip("soundfile", reason="sound files are read by soundfile (extra audio)")
    for part, n in (("heard", 40), ("more", 20)):
        for i in range(n):
            wav(
                tmp_path / part / ("low", "high")[i % 2] / f"{i}.wav",
                tone(300 + 500 * (i % 2), 0.1) + rng.normal(0, 0.1, int(0.1 * RATE)),
            )
    prepared, _, test = kept_again(str(tmp_path / "heard"), str(tmp_path / "more"), tmp_path / "files", target="class")
    assert prepared.task.modality == "audio" and prepared.dataset.n_rows == 60 and len(test) == 10 + 4


def test_speakers_that_only_names_tell_stay_together_in_an_update_and_in_the_next_one(tmp_path):
    pytest.importorskip("soundfile", reason="sound files are read by soundfile (extra audio)")
    old, new = (str(classes_of_tones(tmp_path / name, 12, n)) for name, n in (("old", 4), ("new", 6)))
    of_one = [0, 1, 2, 12, 13, 14]
    prepared, train, test = kept_again(old, new, tmp_path, of_one, target="class", group="speaker")
    assert len(train) + len(test) == 48 and not set(train.column("speaker")) & set(test.column("speaker"))
    assert {"0"} <= set(test.column("speaker")) <= {"0", "4", "5"}
    assert prepared.task.modality == "audio" and set(prepared.dataset.groups) == set("012345")
    again = grown(make(data=str(tmp_path / "kept" / "train.parquet"), target="class", group="speaker"), new)
    assert set(again.new.column("speaker")) == set("012345")
    frame = pd.read_parquet(tmp_path / "kept" / "train.parquet").assign(speaker="someone")
    with pytest.raises(DataError, match="lacks 'speaker'"):
        grown(make(data=frame, target="class", group="speaker"), new)


def test_groups_that_new_rows_do_not_tell_are_refused(tmp_path):
    pytest.importorskip("soundfile", reason="sound files are read by soundfile (extra audio)")
    old = str(classes_of_tones(tmp_path / "old", 8, 4))
    new = str(classes_of_tones(tmp_path / "new", 24))
    with pytest.raises(RecipeError, match="no such column, nor do names of files"):
        kept_again(old, new, tmp_path, target="class", group="speaker")


def test_masks_of_arrays_are_kept_and_those_of_cells_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2, (40, 8, 8)).astype(np.uint8)
    X = (masks[..., None] * 200 + rng.integers(0, 50, (40, 8, 8, 3))).astype(np.uint8)
    prepared, _, test = kept_again((X, masks), (X[:20] + 1, masks[:20]), tmp_path, target="y")
    assert prepared.task.goal == "segment" and prepared.dataset.n_rows == 60 and len(test) == 10 + 4
    frame = pd.DataFrame({"x": range(20), "y": [Mask(one) for one in masks[:20]]})
    with pytest.raises(DataError, match="'y' of the data holds masks: give pictures and masks as arrays"):
        _table(Raw("data", "the data", frame))
    sizes = pd.DataFrame({"y": [Mask(masks[0]), Mask(masks[0][:4])]})
    with pytest.raises(DataError, match="masks of one size"):
        _target_array(sizes)


def test_cells_of_pictures_are_kept(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)) for _ in range(40)]
    frame = pd.DataFrame({"x": pictures, "y": ["a", "b"] * 20})
    prepared, _, _ = kept_again(frame, frame[:20], tmp_path, target="y")
    assert prepared.task.modality == "image" and prepared.dataset.n_rows == 60
