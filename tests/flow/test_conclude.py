"""What a contest's end tells of its test rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.flow.conclude import _test_rows
from automl.intake import load
from automl.recipe import make


def test_test_rows_of_ones_own_are_named_as_their_file_counts_them() -> None:
    frame = pd.DataFrame({"a": np.arange(30.0), "y": np.arange(30) % 2})
    dataset = load(make(data=frame, target="y", test=frame.head(10)))
    assert _test_rows(dataset, np.array([30, 33, 39])).tolist() == [0, 3, 9]
    assert _test_rows(dataset, np.array([[33, 34], [35, 36]])).tolist() == [3, 5]
    assert _test_rows(load(make(data=frame, target="y")), np.array([7, 29])).tolist() == [7, 29]
