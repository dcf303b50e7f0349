"""A table with a free text and an image column, from a CSV beside its pictures to new rows and a stored model."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

import automl
from automl.errors import DataError


def shop(folder, n, seed):
    """Prices that hang on the shape on the photo, a word of the note and the weight."""
    rng = np.random.default_rng(seed)
    (folder / "photos").mkdir(parents=True)
    fillers = ["thing", "wood", "glue", "made", "hand", "home", "from", "old", "shop", "town", "with", "care"]
    rows = []
    for i in range(n):
        disc, fine, weight = bool(rng.integers(2)), bool(rng.integers(2)), float(rng.uniform(1, 9))
        picture = Image.new("RGB", (12, 12), "black")
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if disc else draw.rectangle)((1, 1, 9, 9), fill=tuple(int(v) for v in rng.integers(150, 256, 3)))
        picture.save(folder / "photos" / f"{i}.png")
        words = [*rng.choice(fillers, 5), "fine" if fine else "plain", *rng.choice(fillers, 3)]
        rows.append(
            {
                "note": " ".join(words),
                "weight": round(weight, 2),
                "photo": f"photos/{i}.png",
                "price": 20 + 10 * disc + 5 * fine + weight + rng.normal(0, 0.3),
            }
        )
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "shop.csv", index=False)
    return folder / "shop.csv"


@pytest.fixture(scope="module")
def sold(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sold")
    path = shop(folder, 200, 0)
    frame = pd.read_csv(path)
    (folder / "photos" / "3.png").write_bytes(b"no picture")
    frame.loc[5, "photo"] = None
    frame.to_csv(path, index=False)
    result = automl.fit(
        path, target="price", budget="50m", max_trials=1, templates=["mlp"], out=str(folder / "run"), quiet=True
    )
    return path, result


@pytest.mark.slow
def test_both_sides_read_all_columns_and_what_could_not_be_read_is_told(sold):
    _, result = sold
    kinds = {column["name"]: column["kind"] for column in result.result["columns"]}
    assert kinds == {"note": "text", "weight": "numeric", "photo": "image_path"}
    assert (
        result.result["split"]["n_train"] + result.result["split"]["n_valid"] + result.result["split"]["n_test"] == 200
    )
    said = [f["message"] for f in result.result["findings"] if f["check"] == "unreadable_images"]
    assert len(said) == 1 and "1 of 199 images that 'photo' names could not be read (it is none of" in said[0]
    floor = next(run for run in result.result["runs"] if run["side"] == "floor")
    shallow = [run for run in result.result["runs"] if run["side"] == "shallow" and run["finalist"]]
    assert shallow[0]["test_score"] > floor["test_score"] + 0.5  # the weight alone tells an eighth of the variance


@pytest.mark.slow
def test_new_rows_come_from_a_table_beside_its_own_pictures_and_a_stored_model_predicts_the_same(sold, tmp_path):
    _, result = sold
    new = shop(tmp_path / "new", 12, 1)
    frame = pd.read_csv(new).drop(columns="price")
    frame.loc[2, "photo"] = None
    frame.to_csv(new, index=False)
    result.save(tmp_path / "model")
    opened = automl.load(tmp_path / "model")
    for side in ("deep", "shallow"):
        own, stored = (model.side(side).predict(new) for model in (result.model, opened))
        assert len(own) == 12 and np.isfinite(own).all() and own.equals(stored)
    absolute = frame.assign(photo=[None if p != p else str(tmp_path / "new" / p) for p in frame["photo"]])
    np.testing.assert_allclose(opened.shallow.predict(absolute.iloc[:1]), opened.shallow.predict(new)[:1], rtol=1e-6)


@pytest.mark.slow
def test_new_rows_whose_pictures_are_elsewhere_are_refused_in_words(sold, tmp_path):
    path, result = sold
    frame = pd.read_csv(path).head(3)
    moved = tmp_path / "moved.csv"
    frame.to_csv(moved, index=False)
    with pytest.raises(DataError, match=r"none of the 3 images that 'photo' .* 0.png: no such file"):
        result.predict(moved)


def test_inspect_says_what_becomes_of_the_pictures(tmp_path):
    path = shop(tmp_path / "seen", 30, 2)
    seen = automl.inspect(path, target="price")
    assert seen.task.modality == "tabular"
    assert "pictures of 'photo' are read as 12 x 12 pixels in colour" in str(seen)
    json.dumps([dict(column.reading) for column in seen.task.columns])


def test_a_column_that_names_pictures_which_are_not_there_is_left_out_and_told(tmp_path):
    path = shop(tmp_path / "seen", 30, 2)
    path.rename(tmp_path / "shop.csv")
    seen = automl.inspect(tmp_path / "shop.csv", target="price")
    assert {c.name: c.kind for c in seen.task.columns}["photo"] == "unknown"
    assert any(f.check == "unreadable_images" and "no such file" in f.message for f in seen.findings)
    with pytest.raises(DataError, match="none of the 30 images"):
        automl.inspect(tmp_path / "shop.csv", target="price", columns={"photo": "image_path"})
