"""No cell of a request is a path of the server's own files, however its column is spelled."""

import pandas as pd
import pytest

from automl.records import Column, Task
from automl.serve.body import Rows, _refuse_paths
from automl.serve.refusals import Refusal

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def task_of(kind):
    name = "photo" if kind == "image_path" else "noise"
    columns = (Column(name, kind, 1.0, ""), Column("price", "numeric", 1.0, ""))
    return Task("tabular", "regression", ("y",), "r2", columns=columns)


@pytest.mark.parametrize("name", ["photo", "Photo", " photo_", "image"])
def test_paths_of_pictures_are_refused_under_every_name_that_is_read_as_theirs(name):
    for rows in ([{name: "/etc/x.png", "price": 1}], pd.DataFrame({name: ["/etc/x.png"], "price": [1]})):
        with pytest.raises(Refusal, match="the server opens no files"):
            _refuse_paths(Rows(rows), task_of("image_path"))
    _refuse_paths(Rows([{name: PIXEL, "price": 1}, {name: None}, {"comment": "a.png"}]), task_of("image_path"))


@pytest.mark.parametrize("name", ["noise", "NOISE", "sound"])
def test_paths_of_sounds_are_refused(name):
    for cell in ("/etc/x.wav", "x.wav", PIXEL, 3):
        with pytest.raises(Refusal, match="the server opens no files"):
            _refuse_paths(Rows([{name: cell}]), task_of("audio_path"))
    _refuse_paths(Rows([{name: "", "price": 2}, {"price": 1}]), task_of("audio_path"))


@pytest.mark.parametrize("names", [("x0",), ("x0", "x1"), ("",), ("0", "1")])
@pytest.mark.parametrize("kind", ["image_path", "audio_path"])
def test_columns_without_a_known_name_are_refused_since_they_may_be_taken_by_their_order(names, kind):
    """`predict` takes columns x0, x1, ... as those of training in their order, and so a path as one of its files."""
    cells = dict(zip(names, ("/etc/x.png", "/etc/y.png"), strict=False))
    for rows in ([cells], pd.DataFrame([cells])):
        with pytest.raises(Refusal, match="the server opens no files"):
            _refuse_paths(Rows(rows), task_of(kind))
