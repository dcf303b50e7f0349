"""Estimators give one prediction a row, tell of odd rows, and refuse them where they are asked to."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl import ShallowClassifier, ShallowRegressor
from automl.errors import DataError, OddRowsWarning, RecipeError


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(30):
        Image.fromarray(np.full((8, 8), 20 + 100 * (i % 2) + i, np.uint8)).save(folder / f"{i}.png")
    return pd.DataFrame({"picture": [str(folder / f"{i}.png") for i in range(30)]})


LABELS = {"words": np.array(["dark", "light"]), "numbers": np.array([0, 1]), "floats": np.array([0.0, 1.0])}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_picture_that_is_gone_has_an_empty_prediction(pictures, labels):
    model = ShallowClassifier(budget=None, max_trials=1).fit(pictures, labels[np.arange(30) % 2])
    new = pd.concat([pictures.head(4), pd.DataFrame({"picture": ["gone.png"]}), pictures.tail(2)])
    with pytest.warns(OddRowsWarning, match="1 of 7 images"):
        shares = model.predict_proba(new)
    assert np.isnan(shares).all(axis=1).tolist() == [False] * 4 + [True] + [False] * 2
    model.set_params(on_odd="ignore")
    if labels.dtype.kind == "i":
        with pytest.raises(DataError, match=r"1 rows cannot be read \(row 4\).*use predict_proba"):
            model.predict(new)
    else:
        assert pd.isna(model.predict(new)).tolist() == [False] * 4 + [True] + [False] * 2
    assert model.predict(new.drop(new.index[4])).dtype == labels.dtype


def test_odd_rows_are_told_or_refused_as_asked():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y"], 80)})
    model = ShallowRegressor(budget=None, max_trials=1).fit(frame, frame["a"] * 2)
    words = frame.assign(a="much").head(5)
    with pytest.raises(DataError, match="5 of 5 cells of 'a' cannot be read as numbers"):
        model.predict(words)
    with pytest.warns(OddRowsWarning, match="in 5 of 5 rows") as caught:
        assert model.set_params(on_odd="warn").predict(words).shape == (5,)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(on_odd="ignore").predict(words)
        model.set_params(on_odd=None).predict(frame)
    with pytest.raises(RecipeError, match="on_odd: expected one of"):
        ShallowRegressor(budget=None, max_trials=1, on_odd="shout").fit(frame, frame["a"])
