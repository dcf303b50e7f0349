"""Cells that hold vectors, series or images, whatever a table keeps them in; new rows go the same way."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from automl.detect import detect
from automl.errors import DataError
from automl.intake import load, new_rows, pictures_and_range
from automl.modalities import named
from automl.records import Column, Recipe, Task

RANDOM = np.random.default_rng(0)
VECTORS = [RANDOM.normal(size=4) for _ in range(12)]
LABELS = list("ab" * 6)
PIXELS = [RANDOM.integers(0, 255, (9, 10, 3)).astype(np.uint8) for _ in range(12)]
NAMES = ["v_0", "v_1", "v_2", "v_3"]


def _png(pixels):
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def _table(form, folder):
    frame = pd.DataFrame({"v": [vector.tolist() for vector in VECTORS], "y": LABELS})
    path = str(folder / f"t.{form}")
    if form == "frame":
        return frame
    if form == "arrays":
        return frame.assign(v=VECTORS)
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "printed.csv":
        frame.assign(v=VECTORS).to_csv(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    elif form == "fixed.parquet":
        cells = pa.array(frame["v"].tolist(), pa.list_(pa.float64(), 4))
        pq.write_table(pa.table({"v": cells, "y": LABELS}), path)
    elif form == "jsonl":
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    return path


@pytest.mark.parametrize("form", ["frame", "arrays", "csv", "printed.csv", "parquet", "fixed.parquet", "jsonl"])
def test_lists_of_one_length_become_columns(tmp_path, form):
    dataset = load(Recipe(data=_table(form, tmp_path), target=("y",)))

    assert dataset.inputs.columns.tolist() == NAMES
    np.testing.assert_allclose(dataset.inputs.to_numpy(), np.stack(VECTORS), rtol=1e-6, atol=1e-7)
    assert [finding.check for finding in dataset.findings] == ["vectors"]


def test_missing_and_empty_vectors_are_gaps():
    cells = [None, [], *[vector.tolist() for vector in VECTORS[2:]]]

    dataset = load(Recipe(data=pd.DataFrame({"v": cells, "y": LABELS}), target=("y",)))

    assert dataset.inputs.isna().all(axis=1).tolist() == [True, True] + [False] * 10


def test_series_of_several_lengths_become_statistics():
    cells = [RANDOM.normal(size=3 + i).tolist() for i in range(12)]

    dataset = load(Recipe(data=pd.DataFrame({"v": cells, "y": LABELS}), target=("y",)))

    assert dataset.inputs["v_length"].tolist() == list(range(3, 15))
    np.testing.assert_allclose(dataset.inputs["v_mean"], [np.mean(cell) for cell in cells])
    assert dataset.findings[0].check == "lists_of_numbers"


@pytest.mark.parametrize(
    "cells",
    [
        [[1, 2][: 1 + i % 2] for i in range(12)],
        [["red", "blue"][: 1 + i % 2] for i in range(12)],
        [[i, i + 1] for i in range(12)],
        ["[see note]"] * 12,
        [f"[{i}] a title" for i in range(12)],
    ],
)
def test_labels_and_words_in_brackets_stay(cells):
    dataset = load(Recipe(data=pd.DataFrame({"v": cells, "x": range(12), "y": LABELS}), target=("y",)))

    assert dataset.inputs.columns.tolist() == ["v", "x"] and dataset.findings == ()


def test_what_the_user_names_stays_as_it_is():
    frame = pd.DataFrame({"v": VECTORS, "x": range(12), "y": VECTORS})

    dataset = load(Recipe(data=frame, target=("y",), columns={"v": "text"}))

    assert dataset.inputs.columns.tolist() == ["v", "x"] and list(dataset.target) == ["y"]


def test_vectors_too_long_or_whose_names_are_taken_are_refused():
    long = [np.full(20_001, i + 0.5) for i in range(4)]
    with pytest.raises(DataError, match="expected at most 20,000"):
        load(Recipe(data=pd.DataFrame({"v": long, "y": list("abab")}), target=("y",)))
    with pytest.raises(DataError, match=r"'v_1'.*rename 'v'"):
        load(Recipe(data=pd.DataFrame({"v": VECTORS, "v_1": range(12), "y": LABELS}), target=("y",)))


VECTOR_TASK = Task("tabular", "binary", ("y",), "roc_auc", ("a", "b"), "b",
                   columns=tuple(Column(name, "numeric", 1.0, "") for name in (*NAMES, "x")))  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        pd.DataFrame({"v": VECTORS[:1], "x": [1]}),
        {"v": VECTORS[0].tolist(), "x": 1},
        {"v": VECTORS[0], "x": 1},
        [{"v": VECTORS[0].tolist(), "x": 1}],
        pd.DataFrame({"v": [json.dumps(VECTORS[0].tolist())], "x": [1]}),
    ],
)
def test_new_rows_are_spelled_out_as_those_trained_on(rows):
    dataset = new_rows(rows, VECTOR_TASK, named(VECTOR_TASK))

    np.testing.assert_allclose(dataset.inputs[NAMES].to_numpy(), [VECTORS[0]])


def test_new_vectors_of_another_length_are_missing_and_told():
    dataset = new_rows(pd.DataFrame({"v": [VECTORS[0], [0.5]], "x": [1, 2]}), VECTOR_TASK, named(VECTOR_TASK))

    assert dataset.inputs["v_0"].isna().tolist() == [False, True]
    assert [(finding.check, finding.count) for finding in dataset.findings] == [("odd_vectors", 1)]


# --------------------------------------------------------------------------- images


def _cells(form):
    return {
        "bytes": [_png(pixels) for pixels in PIXELS],
        "struct": [{"bytes": _png(pixels), "path": "x.png"} for pixels in PIXELS],
        "pillow": [Image.fromarray(pixels) for pixels in PIXELS],
        "arrays": PIXELS,
        "lists": [pixels[..., 0].tolist() for pixels in PIXELS],
        "shares": [pixels / 255.0 for pixels in PIXELS],
        "base64": [base64.b64encode(_png(pixels)).decode() for pixels in PIXELS],
        "address": ["data:image/png;base64," + base64.b64encode(_png(pixels)).decode() for pixels in PIXELS],
    }[form]


def _read(cells):
    frame = pd.DataFrame({"photo": pd.Series(cells, dtype=object), "y": LABELS})
    recipe = Recipe(data=frame, target=("y",))
    return detect(load(recipe), recipe)


@pytest.mark.parametrize("form", ["bytes", "struct", "pillow", "arrays", "lists", "shares", "base64", "address"])
def test_images_in_cells_are_images(form):
    dataset, task = _read(_cells(form))

    assert task.modality == "image"
    made, limits = pictures_and_range(dataset, task)
    expected = np.stack(PIXELS)[..., :1] if form == "lists" else np.stack(PIXELS)
    assert made.inputs.shape == expected.shape and np.abs(made.inputs.astype(int) - expected).max() <= 1
    again = new_rows(pd.DataFrame({"photo": pd.Series(_cells(form)[:2], dtype=object)}), task, named(task))
    ready = named(task).ready
    shaped = Task(**{name: getattr(task, name) for name in Task.__slots__} | {"image_shape": made.inputs.shape[1:],
                  "pixel_range": limits})  # fmt: skip
    np.testing.assert_array_equal(ready(again, shaped, None).inputs, made.inputs[:2])


def test_images_in_a_column_of_parquet(tmp_path):
    frame = pd.DataFrame({"photo": _cells("struct"), "y": LABELS})
    frame.to_parquet(tmp_path / "photos.parquet")

    dataset = load(Recipe(data=str(tmp_path / "photos.parquet"), target=("y",)))

    assert dataset.inputs["photo"].str.startswith("data:image/").all()
    assert dataset.findings[0].check == "images_in_cells" and dataset.findings[0].count == 12


def test_a_struct_without_bytes_names_its_file(tmp_path):
    cells = [{"bytes": None, "path": f"{i}.png"} for i in range(12)]

    assert _read(cells)[0].inputs["photo"].tolist() == [f"{i}.png" for i in range(12)]


def test_a_single_image_is_a_row_to_predict():
    _, task = _read(_cells("bytes"))

    for single in (_png(PIXELS[0]), Image.fromarray(PIXELS[0]), PIXELS[0], [_png(PIXELS[0])]):
        dataset = new_rows(single, task, named(task))
        assert dataset.n_rows == 1 and dataset.findings == ()


def test_bytes_that_are_no_images_are_told_and_not_read_as_text():
    cells = [b"RIFF\xff\xf0\0\0WAVE" + RANDOM.bytes(40) for _ in range(12)]
    frame = pd.DataFrame({"sound": cells, "x": range(12), "y": LABELS})

    dataset = load(Recipe(data=frame, target=("y",)))

    assert dataset.inputs["sound"].isna().all()
    assert [(finding.check, finding.count) for finding in dataset.findings] == [("binary_cells", 12)]
    words = load(Recipe(data=frame.assign(sound=[b"red", b"blue"] * 6), target=("y",)))
    assert words.inputs["sound"].tolist() == ["red", "blue"] * 6


def test_an_image_that_announces_gigapixels_is_no_image_and_the_others_are_read():
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0" + b"\0" * 40

    dataset, task = _read([*_cells("bytes")[:-1], bomb])

    made, _ = pictures_and_range(dataset, task)
    assert len(made.inputs) == 11 and made.findings[-1].check == "unreadable_images"
