"""A file that holds each row several times is read as the file that holds it once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns import deduplicate as deduplicate_module
from automl.detect.columns.deduplicate import deduplicate, without_copies
from automl.detect.columns.kinds import columns

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


def visits(n: int) -> pd.DataFrame:
    """A ticket of each row's own, a shop and an amount."""
    rng = np.random.default_rng(0)
    tickets = [f"T{number}" for number in rng.permutation(np.arange(100_000, 100_000 + 7 * n, 7))]
    return pd.DataFrame({
        "ticket": tickets, "customer_id": rng.permutation(n) * 13, "shop": rng.choice(["north", "south", "west"], n),
        "amount": rng.normal(40, 9, n).round(2), "note": rng.choice(["ok", "late", "cold"], n),
    })  # fmt: skip


@pytest.mark.parametrize(("n", "n_copied"), [(300, 0), (300, 1), (300, 40), (300, 200), (1500, 100)])
def test_some_copied_rows_leave_identifiers_what_they_are(n: int, n_copied: int) -> None:
    single = visits(n)
    copied = pd.concat([single, single.iloc[:n_copied]], ignore_index=True).sample(frac=1, random_state=0)
    kinds = {column.name: column.kind for column in columns(copied.reset_index(drop=True))}
    assert kinds == {column.name: column.kind for column in columns(single)}
    assert (kinds["ticket"], kinds["customer_id"]) == ("identifier", "identifier")


def test_a_code_that_comes_back_in_another_row_is_no_copy() -> None:
    single = visits(300)
    back = single.iloc[:40].assign(amount=single["amount"].iloc[40:80].to_numpy())
    table = pd.concat([single, back], ignore_index=True)
    assert without_copies(table, "ticket", 300) is None


def test_a_table_with_few_columns_has_no_copies_but_values_that_come_again() -> None:
    names = pd.DataFrame({"city": [f"c{i}" for i in range(60)] + ["c1", "c2"], "land": "x"})
    assert without_copies(names, "city", 60) is None


def test_gaps_and_rows_copied_more_than_once_are_no_obstacle() -> None:
    single = visits(200)
    single.loc[180:, "ticket"] = None
    copied = pd.concat([single, single.iloc[:30], single.iloc[:20]], ignore_index=True)
    once = without_copies(copied, "ticket", 180)
    assert once is not None
    assert once.dropna().tolist() == single["ticket"].dropna().tolist()
    assert next(c.kind for c in columns(copied) if c.name == "ticket") == "identifier"


def test_only_as_many_columns_are_compared_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    real = deduplicate_module._codes
    monkeypatch.setattr(deduplicate_module, "_codes", lambda one: looked.append(one.name) or real(one))
    rng = np.random.default_rng(0)
    wide = pd.DataFrame({f"c{i}": rng.integers(0, 900, 1000) for i in range(300)})
    assert without_copies(wide, "c0", wide["c0"].nunique()) is None
    assert len(looked) < 6
