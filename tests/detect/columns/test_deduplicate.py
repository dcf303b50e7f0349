"""A file that holds each row several times is read as the file that holds it once."""

from __future__ import annotations

import pandas as pd

from automl.detect.columns.deduplicate import deduplicate

FRAME = pd.DataFrame({"a": [1, 1, 2, 3], "b": ["x", None, "x", "y"]})


def rows(frame: pd.DataFrame) -> list[str]:
    return sorted(map(repr, frame.astype(object).where(frame.notna(), None).to_numpy().tolist()))


def test_a_doubled_or_trebled_file_is_the_file() -> None:
    for times in (2, 3):
        repeated = pd.concat([FRAME] * times).sample(frac=1, random_state=0).reset_index(drop=True)

        assert rows(FRAME) == rows(deduplicate(repeated))


def test_a_file_with_one_single_row_is_left_as_it_is() -> None:
    repeated = pd.concat([FRAME, FRAME, FRAME.iloc[:1]], ignore_index=True)

    assert deduplicate(repeated) is repeated


def test_columns_that_repeat_in_rows_that_do_not_are_left_as_they_are() -> None:
    crossed = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": [1, 2, 1, 2]})

    assert deduplicate(crossed) is crossed


def test_lists_and_no_rows_are_no_obstacle() -> None:
    lists = pd.DataFrame({"a": pd.Series([["p"], ["q"]] * 2, dtype=object)})

    assert len(deduplicate(lists)) == 2
    assert len(deduplicate(FRAME.iloc[:0])) == 0
    assert deduplicate(pd.DataFrame(index=range(3))).shape == (3, 0)
