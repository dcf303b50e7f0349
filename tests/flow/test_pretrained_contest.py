"""A contest on texts with a backbone in a folder: both sides read its vectors, and a stored model finds it again."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import DataError, RecipeError

sys.path.append(str(Path(__file__).parents[1] / "pretrained"))
from folders import bert_folder


def notes(n, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, n)
    text = [
        f"{['bad poor night', 'good fine day'][k]} {' '.join(rng.choice(['word', 'words', '1', '2'], 4))}" for k in kind
    ]
    return pd.DataFrame({"text": text, "kind": np.where(kind, "yes", "no")})


@pytest.fixture(scope="module")
def noted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noted")
    backbone = bert_folder(folder / "backbone")
    result = automl.fit(
        notes(240, 0), "kind", columns={"text": "text"}, pretrained=backbone, templates=["pretrained_text"],
        max_trials=2, budget="none", out=str(folder / "run"), quiet=True,
    )  # fmt: skip
    return folder, result


def test_both_sides_read_the_vectors_and_the_page_says_so(noted):
    folder, result = noted
    names = " ".join(run["name"] for run in result.result["runs"])
    assert "pretrained_text" in names and "pretrained_linear" in names
    assert any(finding["check"] == "pretrained" for finding in result.result["findings"])
    page = (folder / "run" / "report.html").read_text("utf-8")
    assert "Both sides read vectors" in page and "backbone" in page
    assert "--pretrained" in page or "pretrained=" in page


def test_new_rows_of_a_stored_model_are_read_by_the_backbone(noted, tmp_path):
    folder, result = noted
    new = notes(30, 1)
    for side in ("deep", "shallow"):
        assert (np.asarray(result.predict(new[["text"]], side=side)) == new["kind"]).mean() > 0.9
    result.save(tmp_path / "model")
    loaded = automl.load(tmp_path / "model")
    pd.testing.assert_frame_equal(result.predict_proba(new[["text"]]), loaded.predict_proba(new[["text"]]))
    expected = result.predict_proba(new[["text"]])
    moved = folder.joinpath("backbone").rename(tmp_path / "moved")
    try:
        automl.pretrained.vectors._open.cache_clear()
        with pytest.raises(DataError, match="automl predict --pretrained FOLDER"):
            loaded.predict(new[["text"]])
        again = automl.load(tmp_path / "model", pretrained=moved)
        pd.testing.assert_frame_equal(expected, again.predict_proba(new[["text"]]))
    finally:
        moved.rename(folder / "backbone")


def test_vectors_lie_in_the_folder_of_the_run_and_a_resumed_call_takes_them(noted, monkeypatch):
    folder, result = noted
    assert (folder / "run" / "vectors.npz").is_file()

    real, asked = automl.pretrained.vectors._computed, []

    def computed(backbone, texts, seconds):
        asked.append(len(texts))  # single rows, for the time of a prediction
        return real(backbone, texts, seconds)

    with monkeypatch.context() as patched:
        patched.setattr(automl.pretrained.vectors, "_computed", computed)
        again = automl.fit(
            notes(240, 0), "kind", columns={"text": "text"}, pretrained=folder / "backbone", resume=True,
            templates=["pretrained_text"], max_trials=2, budget="none", out=str(folder / "run"), quiet=True,
        )  # fmt: skip
    assert max(asked, default=0) < 200
    new = notes(30, 1)[["text"]]
    pd.testing.assert_frame_equal(result.predict_proba(new), again.predict_proba(new))
    pd.testing.assert_frame_equal(result.predict_proba(new), automl.load(folder / "run").predict_proba(new))


def test_a_table_has_no_backbone(tmp_path):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 2})
    with pytest.raises(RecipeError, match="only texts or pictures are read by a backbone"):
        automl.fit(frame, "y", pretrained=bert_folder(tmp_path / "b"), max_trials=1, budget="none", quiet=True)
