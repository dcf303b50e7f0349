"""A contest of masks, from a folder to predicted files; few epochs of a narrow network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl.cli.app import main
from automl.predict.written_masks import write_masks

PLUGIN = """
from dataclasses import replace

from automl.templates.unet import UNET, starts


def few(specs, facts):
    return [{**starts(specs, facts)[0], "epochs": 20, "width": 8, "stem": 1}]


FEW = replace(UNET, name="few_unet", starts=few)
"""


def draw(rng, height, width):
    """A bright disc on noise, and its mask of 0 and 255."""
    rows, columns = np.mgrid[:height, :width]
    inside = np.hypot(rows - rng.integers(5, height - 5), columns - rng.integers(5, width - 5)) < 4.5
    picture = rng.normal(80, 12, (height, width)) + 90 * inside
    return np.clip(picture, 0, 255).astype(np.uint8), np.where(inside, 255, 0).astype(np.uint8)


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    """A folder of pictures of two sizes with masks, one of which has another size; and a contest on it."""
    folder = tmp_path_factory.mktemp("cells")
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for i in range(30):
        picture, mask = draw(rng, 20 if i % 3 else 24, 22)
        Image.fromarray(picture).save(folder / "images" / f"p{i}.png")
        Image.fromarray(mask if i != 7 else mask[:12]).save(folder / "masks" / f"p{i}.png")
    plugin = folder.parent / "few_unet.py"
    plugin.write_text(PLUGIN)
    out = folder.parent / "run"
    result = automl.fit(
        str(folder), plugins=[str(plugin)], templates=["few_unet"], max_trials=1, budget=None, out=str(out), quiet=True,
        ensemble=False,
    )  # fmt: skip
    return folder, out, plugin, result


def test_both_sides_beat_the_floor_and_the_verdict_counts_pictures(contest):
    told = contest[3].result
    assert not [run["failure"] for run in told["runs"] if run["failure"]]
    scores = {run["side"]: run["test_score"] for run in told["runs"] if run["test_score"] is not None}
    assert told["task"]["goal"] == "segment" and told["task"]["metric"] == "dice"
    assert scores["deep"] > scores["floor"] + 0.3 and scores["shallow"] > scores["floor"] + 0.3
    assert told["split"]["n_train"] + told["split"]["n_valid"] + told["split"]["n_test"] == 29
    assert any(finding["check"] == "mask_sizes" and finding["count"] == 1 for finding in told["findings"])


def test_masks_have_the_sizes_and_values_of_the_pictures(contest):
    folder, _, _, result = contest
    masks = result.predict(str(folder / "images"))
    assert isinstance(masks, pd.Series) and len(masks) == 30 and masks.name == "mask"
    for name, mask in masks.items():
        with Image.open(folder / "images" / name.rpartition("/")[2]) as picture:
            assert mask.shape == (picture.height, picture.width) and mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 255}


def test_pictures_of_another_size_than_all_before_are_judged_in_tiles(contest):
    result = contest[3]
    large, truth = draw(np.random.default_rng(5), 61, 47)
    for side in (result.deep, result.shallow):
        (mask,) = side.predict(large[None]).tolist()
        overlap = 2 * ((mask == 255) & (truth == 255)).sum() / max((mask == 255).sum() + (truth == 255).sum(), 1)
        assert mask.shape == (61, 47) and overlap > 0.5


def test_pictures_are_watched_by_their_light_and_have_no_expected_score(contest):
    folder, _, _, result = contest
    rng = np.random.default_rng(9)
    dark = np.stack([draw(rng, 22, 22)[0] // 2 for _ in range(30)])
    assert not result.watch(str(folder / "images"), "shallow").drifted
    found = result.watch(dark, "shallow")
    assert set(found.drifted) == {"brightness", "contrast"} and found.expected is None and "not available" in str(found)


def test_a_saved_model_predicts_the_same(contest, tmp_path):
    folder, _, plugin, result = contest
    result.save(tmp_path / "model")
    loaded = automl.load(tmp_path / "model", plugins=[str(plugin)])
    for side in ("deep", "shallow"):
        pairs = zip(getattr(result, side).predict(str(folder)), getattr(loaded, side).predict(str(folder)), strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)


def test_the_command_line_writes_a_file_for_each_mask(contest, tmp_path, capsys):
    folder, out, plugin, _ = contest
    target = tmp_path / "found"
    arguments = ["predict", str(out), str(folder / "images"), "--plugins", str(plugin), "--out"]
    assert main([*arguments, str(target)]) == 0
    index = pd.read_csv(target / "masks.csv")
    assert len(index) == 30
    with Image.open(target / index["mask"][0]) as mask:
        assert mask.mode == "L" and set(np.unique(np.asarray(mask))) <= {0, 255}
    assert main([*arguments, str(target)]) == 2 and "is there already" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "masks.csv")]) == 2 and "new folder" in capsys.readouterr().err


def test_names_of_masks_leave_their_folder_never(tmp_path):
    odd = pd.Series([np.zeros((2, 2), np.uint8)] * 3, index=["../../up.png", "a/b.png", "c/b.png"])
    assert write_masks(odd, tmp_path / "out") == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b-2.png", "b.png", "masks.csv", "up.png"]
