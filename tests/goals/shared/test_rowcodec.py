"""Rows as normal scores and codes, and back to the user's columns."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from automl.errors import DataError
from automl.goals.shared.new_identifiers import fit_new_identifiers
from automl.goals.shared.quantile_function import fit_quantile_function, restore_quantile_function
from automl.goals.shared.rowcodec import fit_rowcodec, restore_rowcodec
from automl.records import MIN_LEVEL_ROWS, Column

N = 3_000


def columns_of(kinds, **readings):
    return [Column(name, kind, 1.0, "", readings.get(name, {})) for name, kind in kinds.items()]


def there_and_back(series, kind="numeric", seed=0):
    """The codec of one column beside one that varies, and the column after it."""
    frame = pd.DataFrame({"x": series, "other": np.arange(len(series)) % 2.0})
    codec = fit_rowcodec(frame, columns_of({"x": kind, "other": "boolean"}), 0)
    return codec, codec.decode(*codec.encode(frame, seed), seed)["x"]


def recurring(values, rng, n=N):
    """Each value in at least as many rows as are needed to store it."""
    values = np.asarray(values)
    at = np.concatenate([np.repeat(np.arange(len(values)), MIN_LEVEL_ROWS), rng.integers(0, len(values), n)])
    return values[rng.permutation(at)]


RNG = np.random.default_rng(7)
EXACT = {
    "integers": recurring(np.arange(17, 91.0), RNG),
    "few integers": recurring([1.0, 2.0, 5.0], RNG),
    "prices": recurring(np.round(np.exp(np.linspace(0, 5, 150)), 2), RNG),
    "zero-inflated": np.where(RNG.random(N) < 0.9, 0.0, recurring(np.arange(1, 31) * 111.0, RNG)[:N]),
    "heavy ties at both ends": np.clip(np.round(RNG.normal(50, 40, N)), 0, 100.0),
    "huge": recurring(np.linspace(-1.0, 1.0, 60) * 1.7e308, RNG),
    "tiny": recurring(np.linspace(-9e-308, 9e-308, 60), RNG),
    "beyond 2**53": recurring(np.arange(2.0**60, 2.0**60 + 60 * 1024, 1024), RNG),
    "negative": recurring(-np.arange(1, 60) * 0.125, RNG),
}


@pytest.mark.parametrize("name", list(EXACT))
@pytest.mark.parametrize("has_gaps", [False, True])
def test_values_that_enough_rows_hold_come_back_exactly(name, has_gaps):
    values = pd.Series(EXACT[name].copy())
    if has_gaps:
        values[::7] = np.nan
    common = values.map(values.value_counts()) >= MIN_LEVEL_ROWS
    for seed in (0, 1):
        _, found = there_and_back(values, seed=seed)
        assert found.dtype == values.dtype
        pd.testing.assert_series_equal(found[common], values[common], check_names=False, check_exact=True)
        assert (found.isna() == values.isna()).all()


@pytest.mark.parametrize("unit", ["D", "h", "min", "s", "us"])
@pytest.mark.parametrize("stored", ["datetime64[ns]", "datetime64[us]", "datetime64[s]"])
def test_dates_come_back_in_their_resolution(unit, stored):
    if unit == "us" and stored == "datetime64[s]":
        return
    steps = np.random.default_rng(0).integers(0, 80, N)
    values = pd.Series(pd.Timestamp("2019-03-01") + pd.to_timedelta(steps, unit=unit)).astype(stored)
    values[::9] = pd.NaT
    _, found = there_and_back(values, "datetime")
    pd.testing.assert_series_equal(found, values, check_names=False)


def test_dates_that_all_differ_stay_whole_days_within_their_range():
    steps = np.random.default_rng(0).permutation(20_000)[:N]
    values = pd.Series(pd.Timestamp("1960-01-01") + pd.to_timedelta(steps, unit="D"))
    codec, _ = there_and_back(values, "datetime")
    scores = np.random.default_rng(1).normal(size=(N, len(codec.scored)))
    drawn = codec.decode(scores, np.ones((N, len(codec.coded)), int))["x"]
    assert (drawn == drawn.dt.normalize()).all() and drawn.nunique() > N / 2
    assert values.min() <= drawn.min() and drawn.max() <= values.max()


@pytest.mark.parametrize("name", [*EXACT, "all differ"])
def test_scores_are_standard_normal_however_values_are_tied(name):
    values = np.random.default_rng(0).normal(size=N) ** 3 if name == "all differ" else EXACT[name]
    quantiles = fit_quantile_function(values)
    ranks = quantiles.rank(values, np.random.default_rng(3))
    assert kstest(ranks, "uniform").statistic < 0.03 and ranks.min() >= 0 and ranks.max() <= 1


@pytest.mark.parametrize("decimals", [-2, 0, 2, 4])
def test_drawn_values_have_the_decimals_and_the_range_of_the_column(decimals):
    values = np.round(np.random.default_rng(0).lognormal(8, 1, N), decimals)
    quantiles = fit_quantile_function(values)
    drawn = quantiles.value(np.random.default_rng(1).random(N))
    assert quantiles.decimals == decimals and (np.round(drawn, decimals) == drawn).all()
    assert values.min() <= drawn.min() and drawn.max() <= values.max()
    assert abs(np.median(drawn) / np.median(values) - 1) < 0.1
    assert len(quantiles.ranks) < 1_200


def test_ranks_are_monotone_in_values():
    values = np.concatenate([np.random.default_rng(0).lognormal(size=N).round(2), np.zeros(500), np.full(200, 3.5)])
    quantiles = fit_quantile_function(values)
    drawn = quantiles.value(np.linspace(0, 1, 5_001))
    assert (np.diff(drawn) >= 0).all()
    order = np.unique(values)
    ranks = quantiles.rank(order, np.random.default_rng(0))
    assert (np.diff(ranks) >= 0).all()


def numbers_in(state):
    """All floats and strings of a state."""
    if isinstance(state, dict):
        for part in state.values():
            yield from numbers_in(part)
    elif isinstance(state, list | tuple):
        for part in state:
            yield from numbers_in(part)
    elif isinstance(state, np.ndarray):
        yield from state.ravel().tolist()
    else:
        yield state


def test_no_value_of_fewer_rows_than_may_be_told_of_is_stored():
    rng = np.random.default_rng(0)
    rare = [123.456789, -987.654321, 55_555.5]
    spread, spiky, few, days = rng.normal(size=N), np.zeros(N), rng.integers(0, 4, N) * 1.0, rng.integers(0, 40, N)
    spiky[:400] = rng.integers(1, 9, 400)
    for values in (spread, spiky, few):
        values[100 : 100 + 3 * (MIN_LEVEL_ROWS - 1)] = np.repeat(rare, MIN_LEVEL_ROWS - 1)
    towns = rng.choice(["north", "south"], N).astype(object)
    towns[:4] = "Hidden-on-Sea"
    dates = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"))
    dates[7] = pd.Timestamp("1871-05-06")
    names = [f"QX-{number:08d}" for number in rng.permutation(10**6)[:N]]
    frame = pd.DataFrame({"spread": spread, "spiky": spiky, "few": few, "dates": dates,
                          "town": pd.Series(towns, dtype=object), "who": pd.Series(names, dtype=object)})  # fmt: skip
    kinds = dict.fromkeys(("spread", "spiky", "few"), "numeric")
    kinds |= {"dates": "datetime", "town": "categorical", "who": "identifier"}
    codec = fit_rowcodec(frame, columns_of(kinds), 0)
    told = list(numbers_in(codec.state()))
    counts = pd.concat([frame[name] for name in ("spread", "spiky", "few")]).value_counts()
    told_numbers = {value for value in told if isinstance(value, float)} - {0.0, 1.0}
    assert not told_numbers & set(counts[counts < MIN_LEVEL_ROWS].index)
    assert not {"Hidden-on-Sea", *names} & {value for value in told if isinstance(value, str)}
    day = (pd.Timestamp("1871-05-06") - pd.Timestamp("1970-01-01")).days
    assert day not in told_numbers
    again = codec.decode(*codec.encode(frame))
    assert set(again["town"]) == {"north", "south"} and not set(again["who"]) & set(names[:5])


def test_levels_booleans_gaps_and_constants_come_back():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "town": pd.Series(rng.choice(["a", "b ", "", "Ä"], N), dtype=object),
        "site": pd.Series(rng.choice(["http://x.org/1", "http://y.org"], N), dtype=object),
        "yes": rng.integers(0, 2, N) * 1.0,
        "one": pd.Series(["same"] * N, dtype=object),
        "empty": pd.Series([None] * N, dtype=object),
        "seven": np.full(N, 7.0),
    })  # fmt: skip
    frame.loc[::5, "town"], frame.loc[::4, "yes"] = None, np.nan
    kinds = {"town": "categorical", "site": "url", "yes": "boolean", "one": "constant", "empty": "unknown"}
    codec = fit_rowcodec(frame, columns_of(kinds | {"seven": "numeric"}), 0)
    found = codec.decode(*codec.encode(frame))
    pd.testing.assert_frame_equal(found, frame)
    (spec,) = codec.specs
    assert spec.stats["columns"] == ["town", "site", "yes"] and spec.stats["sizes"] == [5, 3, 3]
    priors = spec.stats["priors"]
    assert [abs(sum(part) - 1) < 1e-9 for part in priors] == [True] * 3
    assert [part[0] for part in priors] == [pytest.approx(0.2), 0.0, pytest.approx(0.25)]


def test_rare_and_unseen_levels_count_as_others_by_their_shares():
    frame = pd.DataFrame({"c": pd.Series(["x"] * 800 + ["y"] * 200 + ["r1", "r2"], dtype=object)})
    codec = fit_rowcodec(frame, columns_of({"c": "categorical"}), 0)
    new = pd.DataFrame({"c": pd.Series([f"new{i}" for i in range(5_000)], dtype=object)})
    _, codes = codec.encode(new)
    assert abs(np.mean(codes == 1) - 0.8) < 0.02 and set(np.unique(codes)) == {1, 2}


def test_words_among_numbers_and_bins_keep_to_their_numbers():
    rng = np.random.default_rng(0)
    is_word = rng.random(N) < 0.3
    bins = rng.choice(["0-10", "10-20"], N).astype(object)
    frame = pd.DataFrame({
        "wind": np.where(is_word, np.nan, rng.normal(size=N)),
        "wind (word)": pd.Series(np.where(is_word, "Calm", None), dtype=object),
        "age": np.where(bins == "0-10", 5.0, 15.0),
        "age (bin)": pd.Series(bins, dtype=object),
    })  # fmt: skip
    readings = {"wind": {"words": ["Calm"], "beside": "wind (word)"}, "age": {"bins": True, "beside": "age (bin)"}}
    kinds = {"wind": "numeric", "wind (word)": "categorical", "age": "numeric", "age (bin)": "categorical"}
    codec = fit_rowcodec(frame, columns_of(kinds, **readings), 0)
    codes = rng.integers(0, 2, (N, len(codec.coded)))  # even where the generator has them disagree
    found = codec.decode(rng.normal(size=(N, len(codec.scored))), codes)
    assert not (found["wind"].notna() & found["wind (word)"].notna()).any()
    assert (found["age"].dropna() == found["age (bin)"].dropna().map({"0-10": 5.0, "10-20": 15.0})).all()


def test_state_restores_the_codec():
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=200), "b": np.arange(200) % 2.0})
    codec = fit_rowcodec(frame, columns_of({"x": "numeric", "b": "boolean"}), 0)
    again = restore_rowcodec(codec.state())
    np.testing.assert_array_equal(codec.encode(frame, 3)[0], again.encode(frame, 3)[0])
    pd.testing.assert_frame_equal(codec.decode(*codec.encode(frame)), again.decode(*again.encode(frame)))
    assert [spec.stats for spec in codec.specs] == [spec.stats for spec in again.specs]
    json.dumps(codec.state(), default=lambda value: value.tolist())
    with pytest.raises(ValueError, match="ascending"):
        restore_quantile_function({"ranks": np.array([0.0, 1.0]), "values": np.array([1.0, 0.0]), "decimals": None})


def test_identifiers_count_on_or_follow_their_pattern():
    rng = np.random.default_rng(0)
    numbers = fit_new_identifiers([str(2**60 + place) for place in range(100)])
    assert numbers.draw(3, rng).tolist() == [str(2 * 10**18 + place) for place in range(3)]
    names = [f"AB-{number:05d}x" for number in range(300)]
    drawn = fit_new_identifiers([*names, None]).draw(500, rng)
    shown = [name for name in drawn if name is not None]
    assert all(name.startswith("AB-00") and name.endswith("x") and len(name) == 9 for name in shown)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("frame", "kinds", "said"),
    [
        ({"t": ["a b"] * 9, "x": list(range(9))}, {"t": "text", "x": "numeric"}, r"'t' \(text\).*drop=\['t'\]"),
        ({"x": [1.0, 2.0]}, {"x": "numeric"}, "at least 5 training rows.*drop="),
        ({"x": [1.0] * 9}, {"x": "constant"}, "at least one column that varies"),
        ({"c": [f"u{i}" for i in range(9)], "b": [0.0, 1.0] * 4 + [0.0]}, {"c": "url", "b": "boolean"}, "identifier"),
        ({f"x{i}": list(range(8)) for i in range(9)}, {f"x{i}": "numeric" for i in range(9)}, "9 columns; found 8"),
    ],
)  # fmt: skip
def test_what_cannot_be_generated_is_said_in_words(frame, kinds, said):
    with pytest.raises(DataError, match=said):
        fit_rowcodec(pd.DataFrame(frame), columns_of(kinds), 0)
