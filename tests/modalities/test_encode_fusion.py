"""Tables with free texts and image columns: tokens and pictures beside numbers and categories."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import modalities
from automl.bundle.packing import pack, unpack
from automl.modalities import tabular
from automl.records import Column, Dataset, Split, Task

ROWS = np.arange(40)
SPLIT = Split(ROWS[:30], ROWS[30:35], ROWS[35:], "row", ROWS[:5], "first rows train", 0)
KINDS = {"price": "numeric", "note": "text", "title": "text", "photo": "image_path", "back": "image_path"}
TASK = Task("tabular", "regression", ("y",), "r2", columns=tuple(Column(n, k, 1.0, "") for n, k in KINDS.items()))


@pytest.fixture
def shop():
    rng = np.random.default_rng(0)
    paths = pd.Series([f"{i}.png" for i in ROWS], dtype=object)
    frame = pd.DataFrame(
        {
            "price": rng.normal(size=40),
            "note": pd.Series(
                [f"{'soft' if i % 2 else 'warm'} coat number {i} of {i % 3}" for i in ROWS], dtype=object
            ),
            "title": pd.Series(["coat"] * 40, dtype=object),
            "photo": paths.where(ROWS % 7 != 3, None),
            "back": paths,
        }
    )
    photos = rng.integers(0, 256, (40, 6, 8, 3)).astype(np.uint8)
    photos[ROWS % 7 == 3] = 0
    back = rng.integers(0, 256, (40, 5, 5, 1)).astype(np.uint8)
    return Dataset("shop", frame, pd.DataFrame({"y": rng.normal(size=40)}), pictures={"photo": photos, "back": back})


def spec_of(encoder, name):
    return next(spec for spec in encoder.specs if spec.name == name)


def test_each_text_is_tokens_and_each_image_column_an_input(shop):
    encoder, _ = modalities.fit(shop, TASK, SPLIT)
    arrays = encoder.transform(shop, ROWS)
    kinds = {spec.name: spec.kind for spec in encoder.specs}
    assert kinds == {"numbers": "numbers", "texts": "numbers", "tokens": "tokens", "image": "image", "image_2": "image"}
    assert spec_of(encoder, "tokens").stats["columns"] == ["note", "title"]
    assert arrays["tokens"].shape == (40, 8) and arrays["tokens"].dtype == np.int32
    assert (spec_of(encoder, "image").shape, spec_of(encoder, "image_2").shape) == ((6, 8, 3), (5, 5, 1))
    assert np.array_equal(arrays["image_2"], shop.pictures["back"]) and arrays["image"].dtype == np.uint8


def test_a_missing_picture_is_the_training_mean_with_a_mark_and_is_not_measured(shop):
    encoder, _ = modalities.fit(shop, TASK, SPLIT)
    arrays, spec = encoder.transform(shop, ROWS), spec_of(encoder, "image")
    seen = shop.pictures["photo"][:30][ROWS[:30] % 7 != 3].reshape(-1, 3)
    assert spec.stats["mean"] == pytest.approx(seen.mean(axis=0))
    assert (arrays["image"][3] == np.rint(seen.mean(axis=0))).all()
    names = spec_of(encoder, "numbers").stats["columns"]
    assert names == ["price", "photo is missing"]  # no mark for "back": it is always there
    assert np.array_equal(arrays["numbers"][:, 1], (ROWS % 7 == 3).astype(np.float32))
    assert spec_of(encoder, "numbers").stats["splits"][1] == []


def test_it_is_restored_exactly(shop):
    encoder, _ = modalities.fit(shop, TASK, SPLIT)
    stored: dict[str, np.ndarray] = {}
    restored = modalities.restore(unpack(json.loads(json.dumps(pack(encoder.state(), stored))), stored))
    first, second = encoder.transform(shop, ROWS), restored.transform(shop, ROWS)
    assert list(first) == list(second) and all(np.array_equal(first[name], second[name]) for name in first)


def test_an_image_column_without_a_picture_in_training_is_left_out(shop):
    none = shop.inputs.assign(photo=pd.Series([None] * 40, dtype=object))
    encoder, _ = modalities.fit(replace(shop, inputs=none), TASK, SPLIT)
    assert [spec.stats["columns"] for spec in encoder.specs if spec.kind == "image"] == [["back"]]


def test_image_columns_that_were_not_decoded_are_no_inputs(shop):
    encoder, _ = modalities.fit(replace(shop, pictures={}), TASK, SPLIT)
    assert {spec.kind for spec in encoder.specs} == {"numbers", "tokens"}


def test_texts_of_very_many_rows_keep_fewer_words(shop, monkeypatch):
    monkeypatch.setattr(tabular, "MOST_TOKENS", 30 * 10)
    long = shop.inputs.assign(note=pd.Series(["one two three four five six seven eight nine ten"] * 40, dtype=object))
    encoder, _ = modalities.fit(replace(shop, inputs=long), TASK, SPLIT)
    assert spec_of(encoder, "tokens").shape == (10,)
