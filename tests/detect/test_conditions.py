"""The column given whose values items are generated: which ones a recipe can name, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect
from automl.errors import InputError
from automl.intake import load
from automl.recipe import make

N = 120
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "kind": np.array(["cat", "dog", "owl"], object)[np.arange(N) % 3],
        "legs": (np.arange(N) % 2) * 2 + 2,
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), unit="D"),
        "number": [f"c{k:05d}" for k in RNG.permutation(90_000)[:N]],
    }
)
PICTURES = RNG.integers(0, 256, (60, 10, 12)).astype(np.uint8)
CLASSES = FRAME["kind"].to_numpy()[:60]


def condition_of(data, **options):
    recipe = make(data=data, goal="generate", **options)
    return detect(load(recipe), recipe)[1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"condition": "kind"}, "kind"),
        ({"condition": "legs"}, "legs"),
        ({"condition": "label", "label": "kind"}, "kind"),
    ],
)
def test_a_column_of_few_values_can_be_given(options, expected):
    task = condition_of(FRAME, **options)
    assert task.condition == expected
    assert any("are scored given its values" in line for line in task.evidence) == (expected is not None)


@pytest.mark.parametrize("name", ["y", "label"])
def test_pictures_are_given_their_class(name):
    assert condition_of((PICTURES, CLASSES), condition=name).condition == "y"


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (FRAME, {"condition": "knd"}, "got 'knd'; did you mean 'kind'"),
        (FRAME, {"condition": "label"}, "no label is named"),
        (FRAME, {"condition": "number"}, "expected a column of .* that is generated, got 'number'"),
        (FRAME, {"condition": "x"}, "expected 2 to 50 levels"),
        (FRAME, {"condition": "day"}, "expected 2 to 50 levels"),
        (PICTURES, {"condition": "label"}, "the pictures have no classes"),
        ((PICTURES, CLASSES), {"condition": "kind"}, "their class, which is called 'y'; got 'kind'"),
    ],
)
def test_what_cannot_be_given_is_refused(data, options, said):
    with pytest.raises(InputError, match=said):
        condition_of(data, **options)


def test_other_goals_have_no_condition():
    recipe = make(data=FRAME, target="kind", condition="kind")
    with pytest.raises(InputError, match="condition belongs to the goal generate"):
        detect(load(recipe), recipe)
