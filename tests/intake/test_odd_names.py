"""Names of files and folders that are not UTF-8: read, and spelled out wherever they are shown."""

import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl import recipe as recipes
from automl.errors import InputError
from automl.intake import load
from automl.intake.frames import as_frame
from automl.records import Recipe
from automl.storage.files import as_named, shown


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", "café".encode(), b"plain", b"back\\slash", b"\xe9\\xe9"])
def test_a_name_is_spelled_as_text_and_found_again(name):
    given = os.fsdecode(name)
    assert shown(given).encode("utf-8")
    if b"\\x" not in name:
        assert os.fsencode(as_named(shown(given))) == name


def test_halves_of_characters_that_no_file_system_gives_are_spelled_out_too():
    assert shown("a\ud800") == "a\\ud800"


def _tree(root, kind):
    for label in (b"kl\xe9a", b"b"):
        folder = os.path.join(os.fsencode(root), label)
        os.makedirs(folder)
        for i in range(3):
            path = os.path.join(folder, b"\xfc%d." % i + kind)
            with open(path, "wb") as file:
                if kind == b"png":
                    Image.fromarray(np.zeros((4, 4), np.uint8)).save(file, "PNG")
                else:
                    file.write(b"some words")


@pytest.mark.parametrize("kind", [b"png", b"txt"])
def test_folders_and_files_with_such_names_are_read(tmp_path, kind):
    root = os.path.join(os.fsencode(tmp_path), b"d\xe4ten")
    os.mkdir(root)
    _tree(os.fsdecode(root), kind)
    dataset = load(Recipe(data=os.fsdecode(root)))
    assert dataset.name == "d\\xe4ten"
    assert sorted(set(dataset.target["class"])) == ["b", "kl\\xe9a"]
    assert dataset.n_rows == 6
    if kind == b"png":
        assert dataset.inputs["image"][0] == "b/\\xfc0.png"


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_table_with_such_a_name_is_read(tmp_path, suffix):
    frame = pd.DataFrame({"a": [1, 2], "y": ["u", "v"]})
    path = os.path.join(os.fsencode(tmp_path), b"t\xe4." + suffix.encode())
    write = {"csv": lambda p: frame.to_csv(p, index=False), "parquet": frame.to_parquet, "json": frame.to_json}[suffix]
    write(tmp_path / "plain")
    os.rename(tmp_path / "plain", path)
    dataset = load(Recipe(data=os.fsdecode(path), target=("y",)))
    assert (dataset.name, dataset.n_rows) == ("t\\xe4", 2)
    recipe = recipes.make(data=os.fsdecode(path), target="y")  # as the command line makes it
    assert recipe.data == shown(os.fsdecode(path))
    assert load(recipe).fingerprint == dataset.fingerprint


def test_a_path_that_names_nothing_is_refused_whatever_it_looks_like(tmp_path):
    for name in ("~nobody/x.csv", "a" * 300, "a\0b.csv", "t\udce4.csv", "t\\xe4.csv"):
        with pytest.raises(InputError, match=r"does not exist|no file|expected a path"):
            recipes.make(data=str(tmp_path / name) if name[0] != "~" else name, target="y")
        with pytest.raises(InputError, match=r"no file|cannot look|expected a path"):
            load(Recipe(data=str(tmp_path / name) if name[0] != "~" else name, target=("y",)))


def test_polars_columns_whose_names_hold_nuls_are_read():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a\0b": [1.5, 2.5, None], "plain": [1, 2, 3]})
    found = as_frame(frame)
    assert [list(found.iloc[:, place]) for place in (0, 1)][1] == [1, 2, 3]
    assert found.iloc[:2, 0].tolist() == [1.5, 2.5]


def test_targets_of_a_series_may_hold_half_characters():
    seen = automl.inspect((pd.DataFrame({"x": np.arange(60.0)}), pd.Series(["no\ud83d", "b"] * 30, dtype=object)))
    assert seen.task.goal == "binary"
