"""Labels of a search for anomalies: which value is normal, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.detect.target.anomaly_labels import read_labels
from automl.errors import DataError, RecipeError
from automl.records import Recipe


def _read(values: list[object], **keys: object) -> tuple[list[object], str]:
    recipe = Recipe(None, goal="anomaly", label="y", **keys)  # type: ignore[arg-type]
    found = read_labels(pd.DataFrame({"y": np.array(values, object)}), recipe, "the data")
    return found.target["y"].tolist(), found.evidence


@pytest.mark.parametrize(
    ("values", "normal"),
    [
        ([0] * 3 + [1] * 9, "'0' is normal, by its name"),
        (["yes"] * 9 + ["no"] * 3, "'no' is normal, by its name"),
        (["fraud"] * 9 + ["legit"] * 3, "'legit' is normal, by its name"),
        (["red"] * 3 + ["blue"] * 9, "'blue' is normal, the more frequent one"),
        ([True] * 2 + [False] * 2, "normal, by its name"),
    ],
)
def test_the_normal_value_is_told_by_its_name_then_by_its_share(values: list[object], normal: str) -> None:
    assert normal in _read(values)[1]


def test_the_user_names_the_normal_value_among_many() -> None:
    target, evidence = _read([0, 1, 2, 3] * 5, normal="2.0")
    assert target[:4] == ["anomaly", "anomaly", "normal", "anomaly"]
    assert "as you said; 75 % of 20 rows are not; only rows with '2' are learnt from" in evidence


def test_a_row_without_a_label_has_none() -> None:
    assert _read(["a", "a", None, "b", ""])[0] == ["normal", "normal", None, "anomaly", None]


@pytest.mark.parametrize(
    ("values", "keys", "error", "words"),
    [
        ([1, 2, 3] * 4, {}, RecipeError, "has 3 values ('1', '2', '3'); pass --normal 1"),
        ([0, 1] * 4, {"normal": "7"}, RecipeError, "expected a value of label 'y' ('0', '1'), got '7'"),
        ([None] * 5, {}, DataError, "is empty in every row"),
        ([1] * 5, {}, DataError, "is '1' in all 5 rows that have one"),
    ],
)
def test_what_cannot_tell_is_refused_in_words(
    values: list[object], keys: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as raised:
        _read(values, **keys)
    assert words in str(raised.value)


FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0)[::-1] ** 2, "y": [0, 0, 0, 1] * 10})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"target": "y", "goal": "anomaly"}, "learns no target, so 'y' cannot be one; pass it as label"),
        ({"label": "y"}, "scores goals without a target; pass goal (--goal) with one of anomaly"),
        ({"goal": "anomaly", "normal": "0"}, "is a value of a label, and there is none"),
        ({"goal": "anomaly", "metric": "roc_auc"}, "needs a label, and there is none"),
        ({"goal": "anomaly", "label": "y", "metric": "rmse"}, "does not score goal 'anomaly'"),
        ({"goal": "anomaly", "label": "y", "contamination": 0.6}, "above 0 and below 0.5"),
        ({"goal": "anomaly", "label": "y", "contamination": "lots"}, "above 0 and below 0.5"),
        ({"target": "y", "contamination": 0.1}, "belongs to the goal anomaly"),
        ({"goal": "anomaly", "label": "y", "drop": "b"}, "expects at least two input columns"),
        ({"goal": "anomaly", "label": "y", "repeats": 2}, None),
    ],
)
def test_recipes_that_cannot_be(keys: dict[str, object], words: str | None) -> None:
    if words is None:
        automl.inspect(FRAME, **{k: v for k, v in keys.items() if k != "repeats"})
        return
    with pytest.raises((RecipeError, DataError)) as raised:
        automl.inspect(FRAME, **keys)
    assert words in str(raised.value)
