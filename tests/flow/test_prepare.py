"""What `automl inspect` looks at before anything is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd

import automl


def test_inspect_says_that_a_fit_would_refuse_too_few_rows() -> None:
    seen = automl.inspect(pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": list("xyxyx"), "y": [0, 1, 0, 1, 1]}), target="y")
    said = next(f for f in seen.findings if f.check == "no_split")
    assert said.severity == "high"
    assert "automl fit would refuse these rows" in said.message and "at least 10 are needed" in said.message


def test_inspect_is_quiet_about_the_split_where_rows_can_be_parted() -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 7, "y": np.arange(60) % 2})
    assert "no_split" not in {f.check for f in automl.inspect(frame, target="y").findings}
