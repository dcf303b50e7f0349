"""Tasks that make pictures, series or texts: what is recognised, what comes along as a class, what is refused."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.detect import detect
from automl.errors import InputError
from automl.intake import load
from automl.recipe import make

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (60, 10, 12)).astype(np.uint8)
LINES = RNG.normal(size=(60, 2, 40)).astype(np.float32)
KINDS = np.array(["cat", "dog", "owl"], object)[np.arange(60) % 3]
DAYS = [("fine", "May"), ("grey", "June")] * 30
TEXTS = [f"a {word} day in {month}, number {k}" for k, (word, month) in enumerate(DAYS)]


def told(data, **options):
    recipe = make(data=data, goal="generate", **options)
    return detect(load(recipe), recipe)


def test_pictures_are_scored_by_the_distance_of_features():
    dataset, task = told(PICTURES)
    assert (task.modality, task.label, task.metric) == ("image", None, "feature_distance")
    assert dataset.target is None
    assert told(PICTURES, metric="indistinct")[1].metric == "indistinct"


def test_series_are_scored_by_a_classifier():
    dataset, task = told((LINES, KINDS))
    assert (task.modality, task.label, task.metric) == ("sequence", "y", "indistinct")
    assert sorted(set(dataset.target["y"])) == ["cat", "dog", "owl"]


def test_whole_numbers_are_classes_and_measurements_are_not():
    assert told((PICTURES, np.arange(60) % 10))[1].label == "y"
    dataset, task = told((PICTURES, RNG.normal(size=60)))
    assert task.label is None
    assert [finding.check for finding in dataset.findings if finding.check == "label_left_out"]


def test_an_index_of_files_has_its_label_beside(tmp_path):
    for place, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(tmp_path / f"{place}.png")
    index = pd.DataFrame({"path": [f"{k}.png" for k in range(60)], "kind": KINDS})
    index.to_csv(tmp_path / "index.csv", index=False)
    dataset, task = told(str(tmp_path / "index.csv"), label="kind")
    assert (task.modality, task.label) == ("image", "kind")
    assert list(dataset.inputs.columns) == ["path"]
    with pytest.raises(InputError, match="--label kind"):
        told(str(tmp_path / "index.csv"))


def test_a_folder_of_classes_makes_pictures_of_each(tmp_path):
    for place, picture in enumerate(PICTURES):
        (tmp_path / KINDS[place]).mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / KINDS[place] / f"{place}.png")
    _, task = told(str(tmp_path))
    assert (task.modality, task.label) == ("image", "class")


def test_one_column_of_texts_is_generated():
    _, task = told(pd.DataFrame({"title": TEXTS}), columns={"title": "text"})
    assert (task.modality, task.label, task.metric) == ("text", None, "indistinct")


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (
            pd.DataFrame({"title": TEXTS, "kind": KINDS}),
            {"columns": {"title": "text"}, "label": "kind"},
            "without a class",
        ),
        (pd.DataFrame({"title": TEXTS, "kind": KINDS, "n": range(60)}), {"columns": {"title": "text"}}, "--drop title"),
        (PICTURES, {"dims": 3}, "dims belongs to another goal"),
        (PICTURES, {"normal": "cat"}, "normal belongs to another goal"),
        (PICTURES, {"metric": "accuracy"}, "does not score goal 'generate'"),
        (np.zeros((5, 5)), {}, "no column of data can be learnt from: 'x0' is constant"),
    ],
)
def test_what_cannot_be_generated_is_refused(data, options, said):
    with pytest.raises(InputError, match=said):
        told(data, **options)
