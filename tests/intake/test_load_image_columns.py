"""Image columns of a table: decoded beside its rows, which all stay."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.errors import DataError
from automl.intake import column_media, pictured
from automl.records import Column, Dataset, Task


def saved(folder, name, value, size=(8, 6), mode="RGB"):
    Image.new(mode, size, value).save(folder / name)
    return name


def table(folder, photos, kind="image_path", evidence="all end like an image file's name", **more):
    frame = pd.DataFrame({"price": np.arange(len(photos), dtype=float), "photo": pd.Series(photos, dtype=object)})
    columns = (Column("price", "numeric", 1.0, ""), Column("photo", kind, 1.0, evidence))
    return Dataset("shop", frame, root=str(folder), **more), Task(
        "tabular", "regression", ("y",), "r2", columns=columns
    )


def test_pictures_stand_beside_the_frame_and_the_column_remembers_their_shape(tmp_path):
    dataset, task = table(tmp_path, [saved(tmp_path, f"{i}.png", (i, 0, 0)) for i in range(3)])
    found, said = pictured(dataset, task)
    assert (found.pictures["photo"].shape, found.pictures["photo"].dtype) == ((3, 6, 8, 3), np.uint8)
    assert found.pictures["photo"][:, 0, 0, 0].tolist() == [0, 1, 2]
    assert said.columns[1].reading == {"shape": [6, 8, 3]}
    assert "pictures of 'photo' are read as 6 x 8 pixels in colour" in said.evidence
    assert found.inputs["photo"].tolist() == ["0.png", "1.png", "2.png"]
    assert found.fingerprint != dataset.fingerprint and not found.findings


def test_rows_whose_picture_cannot_be_read_stay_with_a_blank_one_and_are_listed(tmp_path):
    good = [saved(tmp_path, f"{i}.png", (9, 9, 9)) for i in range(2)]
    (tmp_path / "bad.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    dataset, task = table(tmp_path, [good[0], "bad.png", None, "gone.png", good[1]], row_numbers=np.arange(10, 15))
    found, _ = pictured(dataset, task)
    assert found.n_rows == 5 and found.inputs["photo"].tolist() == [good[0], None, None, None, good[1]]
    assert found.pictures["photo"][[1, 2, 3]].max() == 0
    (finding,) = found.findings
    assert (finding.check, finding.severity, finding.rows, finding.count) == ("unreadable_images", "high", (11, 13), 2)
    assert "2 of 4 images that 'photo' names" in finding.message and "no such file (1)" in finding.message
    assert "gone" not in finding.message and "bad" not in finding.message  # names are cells; rows are told
    assert str(tmp_path) in finding.next_step


def test_empty_cells_are_missing_values_and_no_finding(tmp_path):
    dataset, task = table(tmp_path, [saved(tmp_path, "a.png", 7, mode="L"), "", None])
    found, said = pictured(dataset, task)
    assert found.inputs["photo"].tolist() == ["a.png", None, None] and not found.findings
    assert said.columns[1].reading == {"shape": [6, 8, 1]}


def test_names_without_files_are_left_out_with_a_finding_where_the_kind_was_guessed(tmp_path):
    dataset, task = table(tmp_path, ["a.png", "b.png"])
    found, said = pictured(dataset, task)
    assert said.columns[1].kind == "unknown" and not found.pictures
    (finding,) = found.findings
    assert finding.severity == "high" and "none of the 2 images" in finding.message.lower()
    assert (
        "no such file (2)" in finding.message
        and "a.png" not in finding.message
        and "--columns photo=unknown" in finding.next_step
    )


def test_names_without_files_are_an_error_where_the_user_said_that_they_are_images(tmp_path):
    dataset, task = table(tmp_path, ["a.png", "b.png"], evidence="set by you")
    with pytest.raises(DataError, match=r"none of the 2 images that 'photo' of shop names can be read"):
        pictured(dataset, task)


def test_names_without_files_are_an_error_where_there_is_nothing_else(tmp_path):
    dataset, task = table(tmp_path, ["a.png", "b.png"])
    with pytest.raises(DataError, match=r"no column of shop can be learnt from: .*no such file \(2\)"):
        pictured(replace(dataset, inputs=dataset.inputs[["photo"]]), replace(task, columns=task.columns[1:]))


def test_new_rows_are_read_as_those_trained_on(tmp_path):
    _, said = pictured(*table(tmp_path, [saved(tmp_path, f"{i}.png", (i, 0, 0)) for i in range(2)]))
    large = saved(tmp_path, "grey.png", 200, (30, 30), "L")
    found, again = pictured(table(tmp_path, [large, None])[0], said)
    assert found.pictures["photo"].shape == (2, 6, 8, 3) and found.pictures["photo"][0, 0, 0].tolist() == [200] * 3
    assert again.columns == said.columns and again.evidence == said.evidence
    blank, _ = pictured(table(tmp_path, [None, None])[0], said)
    assert blank.pictures["photo"].shape == (2, 6, 8, 3) and not blank.findings


def test_new_rows_of_which_no_file_can_be_read_are_an_error_that_names_the_folder(tmp_path):
    _, said = pictured(*table(tmp_path, [saved(tmp_path, f"{i}.png", (i, 0, 0)) for i in range(2)]))
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(DataError, match=r"0.png: no such file.*elsewhere.*leave these cells empty"):
        pictured(table(elsewhere, ["0.png", None])[0], said)


def test_many_pictures_are_made_smaller_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(column_media, "MOST_BYTES", 4 * 16 * 16 * 3)
    names = [saved(tmp_path, f"{i}.png", (i, 0, 0), (32, 32)) for i in range(4)]
    found, _ = pictured(*table(tmp_path, names))
    assert found.pictures["photo"].shape == (4, 16, 16, 3)
    assert found.findings[0].check == "images_resized" and "32 x 32" in found.findings[0].message
