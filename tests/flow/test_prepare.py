"""What `automl inspect` looks at before anything is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd

import automl
from automl import recipe
from automl.flow.prepare import audited, inspect_data, prepare


def test_inspect_says_that_a_fit_would_refuse_too_few_rows() -> None:
    seen = automl.inspect(pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": list("xyxyx"), "y": [0, 1, 0, 1, 1]}), target="y")
    said = next(f for f in seen.findings if f.check == "no_split")
    assert said.severity == "high"
    assert "automl fit would refuse these rows" in said.message and "at least 10 are needed" in said.message


def test_inspect_is_quiet_about_the_split_where_rows_can_be_parted() -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 7, "y": np.arange(60) % 2})
    assert "no_split" not in {f.check for f in automl.inspect(frame, target="y").findings}


def test_a_contest_without_time_for_the_audit_finds_the_leaks_and_groups_that_inspect_finds() -> None:
    rng = np.random.default_rng(1)
    n = 900
    who = rng.integers(0, 120, n)
    label = np.where(rng.normal(size=120)[who] + rng.normal(size=n) > 0, "yes", "no")
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    frame = frame.assign(patient=[f"P{i}" for i in who], after=np.where(rng.random(n) < 0.01, "no", label), y=label)
    asked = recipe.make(data=frame, target="y", seed=3)

    hurried = audited(prepare(asked), 0.0).dataset.findings
    at_leisure = inspect_data(asked).dataset.findings

    names = ("copied_target", "leaking_column", "crossing_groups", "twin_rows", "sorted_identifier", "ignored_time")
    found, expected = ([one for one in some if one.check in names] for some in (hurried, at_leisure))
    assert found == expected and {one.check for one in found} == {"leaking_column", "crossing_groups"}
    assert [one.check for one in hurried if one.check == "audit_cut"]
