"""The profile of columns: missing values, levels and shapes, from training rows alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import planted

from automl.analyses.profile import N_BINS, PROFILE
from automl.records import Column


def made() -> planted.AnalysisContext:
    inputs = pd.DataFrame(
        {
            "size": [1.0, 2.0, np.nan, 4.0] * 10,
            "colour": ["red", "red", "blue", None] * 10,
            "when": pd.date_range("2020-01-01", periods=40, freq="D"),
            "words": [f"a text of its own {i} {'x' * i}" for i in range(40)],
            "empty": [None] * 40,
            "only_in_test": [0.0] * 30 + [99.0] * 10,
        }
    )
    kinds = ("numeric", "categorical", "datetime", "text", "categorical", "numeric")
    columns = tuple(Column(name, kind, 1.0, "") for name, kind in zip(inputs, kinds, strict=True))  # type: ignore[arg-type]
    context = planted.binary(np.arange(40) % 2, np.full(40, 0.4), np.full(40, 0.6), inputs=inputs, columns=columns)
    return dataclasses.replace(context, split=dataclasses.replace(context.split, train=np.arange(28)))


def test_figures_of_each_kind() -> None:
    found = PROFILE.run(made())
    assert found is not None and found["n_rows"] == 28 and found["left_out"] == 0
    rows = {row["column"]: row for row in found["rows"]}
    assert rows["size"]["missing"] == 0.25 and (rows["size"]["low"], rows["size"]["high"]) == (1.0, 4.0)
    assert rows["colour"]["levels"] == 2 and found["shapes"]["colour"] == [14 / 21, 7 / 21]
    assert (rows["when"]["low"], rows["when"]["high"]) == ("2020-01-01", "2020-01-28")
    assert rows["words"]["spread_of"] == "lengths" and len(found["shapes"]["words"]) == N_BINS
    assert rows["empty"]["missing"] == 1.0 and found["shapes"]["empty"] == []
    assert rows["only_in_test"]["high"] == 0.0, "test rows play no part"
    assert {frozenset(row) for row in found["rows"]} == {frozenset(PROFILE.example["rows"][0])}


def test_it_ends_at_its_deadline() -> None:
    assert PROFILE.run(dataclasses.replace(made(), deadline=0.0)) is None


def test_pictures_have_no_columns() -> None:
    context = made()
    pictures = dataclasses.replace(context.dataset, inputs=np.zeros((4, 2, 2), dtype=np.uint8))
    assert PROFILE.unfit(dataclasses.replace(context, dataset=pictures)) is not None and PROFILE.unfit(context) is None
