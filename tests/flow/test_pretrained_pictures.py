"""A contest on pictures with a backbone: both sides read its vectors, and a saved model holds it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import BundleError, DataError

sys.path.append(str(Path(__file__).parents[1] / "pretrained"))
from picture_folders import own_folder


def pictures(n, seed):
    """Bright on the left or on the right half."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, n)
    images = rng.integers(0, 120, (n, 12, 12, 1))
    for image, k in zip(images, kind, strict=True):
        image[:, 6 * k : 6 * k + 6] += 90
        image[6 * k : 6 * k + 6, 3:9] += 40
    return images.astype("uint8"), np.where(kind, "right", "left")


def options(folder, **more):
    return {
        "templates": ["pretrained_image"], "max_trials": 2, "budget": "none", "quiet": True,
        "pretrained": folder / "backbone", "out": str(folder / "run"), **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looked")
    own_folder(folder / "backbone", preprocessing="unit", layer="last")
    return folder, automl.fit(pictures(200, 0), **options(folder))


def test_both_sides_read_the_vectors_of_pictures_and_the_page_says_so(looked):
    folder, result = looked
    names = " ".join(run["name"] for run in result.result["runs"])
    assert "pretrained_image" in names and "pretrained_image_linear" in names
    assert any(finding["check"] == "pretrained" for finding in result.result["findings"])
    page = (folder / "run" / "report.html").read_text("utf-8")
    assert "Both sides read vectors of the pictures" in page and "not on the backbone" in page
    assert (folder / "run" / "vectors.npz").is_file()


PREDICTING = """
import sys
import numpy as np
import automl
model = automl.load(sys.argv[1])
images = np.load(sys.argv[2])
for side in ("deep", "shallow"):
    model.predict_proba(images, side=side).to_csv(sys.argv[3] + side + ".csv", index=False)
"""


@pytest.mark.thorough
def test_a_saved_model_predicts_in_a_fresh_process_without_the_folder(looked, tmp_path):
    folder, result = looked
    images, _ = pictures(20, 1)
    expected = {side: result.predict_proba(images, side=side) for side in ("deep", "shallow")}
    result.save(tmp_path / "model")
    assert (tmp_path / "model" / "backbone-model.keras").is_file()
    np.save(tmp_path / "images.npy", images)
    moved = (folder / "backbone").rename(tmp_path / "moved")
    try:
        done = subprocess.run(
            [sys.executable, "-c", PREDICTING, tmp_path / "model", tmp_path / "images.npy", f"{tmp_path}/"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        moved.rename(folder / "backbone")
    assert done.returncode == 0, done.stderr
    for side, frame in expected.items():
        found = pd.read_csv(tmp_path / f"{side}.csv")
        np.testing.assert_allclose(frame.to_numpy(), found.to_numpy(), atol=1e-6)


def test_a_held_backbone_that_was_altered_is_refused(looked, tmp_path):
    _, result = looked
    result.save(tmp_path / "model")
    held = tmp_path / "model" / "backbone-config.json"
    held.write_text(json.dumps({"preprocessing": "none"}))
    with pytest.raises(BundleError, match="altered or damaged"):
        automl.load(tmp_path / "model")


def test_a_large_backbone_is_named_and_found_by_its_folder(looked, tmp_path, monkeypatch):
    folder, result = looked
    images, _ = pictures(8, 2)
    vectors = automl.pretrained.vectors
    monkeypatch.setattr(automl.pretrained.pictures, "MOST_HELD_BYTES", 10)
    monkeypatch.setattr(vectors, "_bundled", {})
    vectors._open.cache_clear()
    expected = result.predict_proba(images)
    result.save(tmp_path / "model")
    assert not list((tmp_path / "model").glob("backbone-*"))
    moved = (folder / "backbone").rename(tmp_path / "moved")
    try:
        vectors._open.cache_clear()
        with pytest.raises(DataError, match="automl predict --pretrained FOLDER"):
            automl.load(tmp_path / "model").predict(images)
        again = automl.load(tmp_path / "model", pretrained=moved)
        pd.testing.assert_frame_equal(expected, again.predict_proba(images))
    finally:
        moved.rename(folder / "backbone")
        vectors._open.cache_clear()


@pytest.mark.thorough
def test_a_resumed_call_takes_the_vectors_and_other_networks_compete_beside_the_head(looked, monkeypatch):
    folder, result = looked
    asked = []
    real = automl.pretrained.vectors._in_parts

    def in_parts(compute, items, *rest):
        asked.append(len(items))  # single rows, for the time of a prediction
        return real(compute, items, *rest)

    shutil.copytree(folder / "run", folder / "again")
    with monkeypatch.context() as patched:
        patched.setattr(automl.pretrained.vectors, "_in_parts", in_parts)
        again = automl.fit(pictures(200, 0), **options(folder, out=str(folder / "again"), resume=True))
    assert max(asked, default=0) < 100
    images, _ = pictures(8, 3)
    pd.testing.assert_frame_equal(result.predict_proba(images), again.predict_proba(images))


@pytest.mark.thorough
def test_networks_on_pixels_compete_with_a_backbone_too_and_pay_nothing_for_it(looked, monkeypatch):
    folder, _ = looked
    more = {"templates": ["cnn"], "max_trials": 1, "out": str(folder / "pixels")}
    result = automl.fit(pictures(120, 0), **options(folder, **more))
    assert any(run["name"].startswith("cnn") for run in result.result["runs"])
    images, _ = pictures(8, 4)
    with monkeypatch.context() as patched:
        patched.setattr(automl.pretrained.vectors, "_computed", lambda *args: pytest.fail("it reads no vectors"))
        assert len(result.predict(images, side="deep")) == 8


def test_without_room_for_tensorflow_the_contest_says_so_before_it_begins(looked, monkeypatch, tmp_path):
    folder, _ = looked
    from automl.flow import prepare
    from automl.flow.loading import LeftOut

    monkeypatch.setattr(prepare, "lacking", lambda: LeftOut("this process may not start its threads", "Raise it."))
    with pytest.raises(DataError, match="pictures need TensorFlow here, and this process may not start its threads"):
        automl.fit(pictures(40, 0), **options(folder, out=str(tmp_path / "run")))

    def broken(wish):
        raise ImportError("no such library")

    monkeypatch.setattr(prepare, "lacking", lambda: None)
    monkeypatch.setattr(prepare, "import_deep", broken)
    with pytest.raises(DataError, match="could not be loaded"):
        automl.fit(pictures(40, 0), **options(folder, out=str(tmp_path / "run")))
