"""A profile means the same whether a real column or a row of the labelled benchmark was its source."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns.profile import DRAW, DRAWS, ROWS, ColumnProfile, benchmark_profile, profile

RNG = np.random.default_rng(0)


def row(name: str, series: pd.Series) -> dict[str, object]:
    """What the benchmark's authors would have written of this column, by the definitions of their code."""
    number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    shown = list(series.dropna().unique()[:DRAW])
    figures = (series.mean(), series.std(ddof=0), series.min(), series.max()) if number else (0.0,) * 4
    return {
        "Attribute_name": name, "total_vals": len(series), "num_nans": int(series.isna().sum()),
        "num_of_dist_val": series.nunique(),
        **dict(zip(("mean", "std_dev", "min_val", "max_val"), figures, strict=True)),
        **{f"sample_{i + 1}": str(shown[i % len(shown)]).removesuffix(".0") for i in range(DRAW)},
    }  # fmt: skip


COLUMNS = {
    "whole": pd.Series([3, 1, 4, 1, 5]),
    "decimals": pd.Series([0.5, 2.25, np.nan, -7.5]),
    "words": pd.Series(["a", "b", None, "a", "c d"], dtype=object),
    "mixed": pd.Series(["12", "x", None, "?"], dtype=object),
    "zeros": pd.Series([0, 0, 0]),
    "truths": pd.Series([True, False, True]),
    "gaps spelled": pd.Series(["-", "unknown", "3"], dtype=object),
}


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_real_column_and_the_benchmarks_row_of_it_have_one_profile(name: str) -> None:
    real, read = profile(name, COLUMNS[name]), benchmark_profile(row(name, COLUMNS[name]))

    for field in ("name", "n_rows", "n_missing", "n_distinct", "is_number", "samples"):
        assert getattr(real, field) == getattr(read, field), field
    np.testing.assert_allclose(
        [real.mean, real.deviation, real.low, real.high], [read.mean, read.deviation, read.low, read.high]
    )


def test_spellings_that_pandas_reads_as_missing_are_missing() -> None:
    found = profile("x", pd.Series(["NA", "null", "a", ""], dtype=object))

    assert (found.n_missing, found.n_distinct, found.samples) == (3, 1, ("a",))


def test_the_order_of_rows_does_not_change_a_profile() -> None:
    for series in (pd.Series(RNG.normal(size=3_000)), pd.Series(RNG.integers(0, 900, 3_000)).map("w{}".format)):
        assert profile("x", series) == profile("x", series.sample(frac=1, random_state=1))


def test_a_number_is_the_same_in_any_type() -> None:
    as_integers = profile("x", pd.Series([1, 2, 3]))

    assert as_integers == profile("x", pd.Series([1.0, 2.0, 3.0])) == profile("x", pd.Series([1, 2, 3], dtype="Int64"))


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([], dtype=object),
        pd.Series([None, None], dtype=object),
        pd.Series([np.inf, -np.inf, 1e308]),
        pd.Series([[1], [2], {"a": 1}], dtype=object),
        pd.Series(["\x00", "\ud800", b"\xff", 2**70], dtype=object),
        pd.Series(pd.Categorical(["a", None])),
        pd.Series(pd.date_range("2020", periods=3)),
        pd.Series([1 + 2j, 3j]),
    ],
)
def test_any_column_has_a_profile_of_finite_figures(series: pd.Series) -> None:
    found = profile("x", series)

    assert np.isfinite([found.mean, found.deviation, found.low, found.high]).all()
    assert 0 <= found.n_missing <= found.n_rows == len(series)


def test_all_draws_hold_as_many_values_as_a_benchmark_row() -> None:
    many = profile("x", pd.Series([f"v{i}" for i in range(100)]))
    few = ColumnProfile("x", 3, 0, 3, False, 0.0, 0.0, 0.0, 0.0, ("a", "b", "c"))

    assert [len(draw) for draw in many.draws] == [DRAW] * DRAWS
    assert few.draws == (("a", "b", "c"),)


def test_a_long_column_costs_what_a_short_one_does() -> None:
    short, long = (pd.Series(np.arange(n) * 0.37) for n in (ROWS, 40 * ROWS))
    seconds = []
    for series in (short, long):
        start = time.process_time()
        profile("x", series)
        seconds.append(time.process_time() - start)

    assert seconds[1] < 5 * seconds[0] + 5.0


def test_distinct_values_of_a_long_column_are_estimated() -> None:
    n = 20 * ROWS

    assert profile("x", pd.Series(np.arange(n))).n_distinct == n
    assert profile("x", pd.Series(np.arange(n) % 7)).n_distinct == 7
