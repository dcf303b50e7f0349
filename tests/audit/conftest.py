"""Tables with something to learn in them, detected and parted as a run would."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl import split
from automl.audit.view import View
from automl.detect import detect
from automl.records import Dataset, Recipe


@pytest.fixture
def view():
    """From a frame (or array) and targets to what the checks look at."""

    def made(inputs, target, *, parted=True, given=None, row_numbers=None, **options):
        target = target if isinstance(target, pd.DataFrame) else pd.DataFrame({"y": target})
        recipe = Recipe(data=None, **({"target": tuple(target.columns)} | options))
        dataset, task = detect(Dataset("d", inputs, target, given=given, row_numbers=row_numbers), recipe)
        return View(dataset, task, split.split(dataset, task, 0) if parted else None)

    return made


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def clean(rng):
    """A table of 800 rows, and its target as classes and as numbers, both with noise that no model explains."""
    n = 800
    frame = pd.DataFrame(
        {
            "size": rng.normal(50, 10, n).round(3),
            "rate": rng.gamma(2, 3, n).round(3),
            "age": rng.integers(18, 80, n),
            "place": rng.choice(["north", "south", "east", "west"], n),
        }
    )
    amount = frame["size"] / 10 + frame["rate"] + 2 * (frame["place"] == "north") + rng.normal(0, 2, n)
    label = pd.Series(np.where(amount + rng.normal(0, 1, n) > amount.median(), "yes", "no"))
    return frame, label, amount.rename("y")
