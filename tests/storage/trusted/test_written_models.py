"""A shallow model is written as skops writes it, but for blanks, and skops is as it was afterwards."""

import io
import json
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import Ridge

from automl.storage.trusted import dumps


def members(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def described(content):
    return json.loads(members(content)["schema.json"])


def in_order(node, known):
    """A description in which arrays and places in memory, whose names are drawn anew, are counted."""
    if isinstance(node, dict):
        return {key: in_order(value, known) for key, value in node.items()}
    if isinstance(node, list):
        return [in_order(value, known) for value in node]
    is_place = isinstance(node, int) and not isinstance(node, bool) and node > 2**20
    is_array = isinstance(node, str) and node.endswith(".npy")
    return known.setdefault(node, len(known)) if is_place or is_array else node


@pytest.fixture(scope="module")
def model():
    x = np.arange(12.0).reshape(6, 2)
    return Ridge().fit(x, x[:, 0])


def test_the_description_is_that_of_skops_on_one_line(model):
    own, theirs = dumps(model), skops.io.dumps(model)
    assert in_order(described(own), {}) == in_order(described(theirs), {})
    assert b"\n" not in members(own)["schema.json"] and b"\n" in members(theirs)["schema.json"]


def test_it_is_read_as_before_and_smaller_if_asked(model):
    again = skops.io.loads(dumps(model))
    np.testing.assert_array_equal(again.coef_, model.coef_)
    assert len(dumps(model, zipfile.ZIP_DEFLATED)) < len(dumps(model))


def test_without_the_json_that_is_known_skops_writes_as_it_likes(model, monkeypatch):
    monkeypatch.setattr("skops.io._persist.json", type("Own", (), {"dumps": staticmethod(json.dumps)}))
    assert b"\n" in members(dumps(model))["schema.json"]
