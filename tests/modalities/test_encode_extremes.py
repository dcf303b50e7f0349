"""Tables at the edges: wild numbers, many columns, many levels, odd spellings, and any frame at all."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl import modalities
from automl.records import Column, Dataset, Split, Task


def fitted(frame, kinds, n_train=None, y=None, goal="regression", classes=()):
    n_train = len(frame) if n_train is None else n_train
    rows = np.arange(len(frame))
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    columns = tuple(Column(name, kind, 1.0, "test") for name, kind in kinds.items())
    target = pd.DataFrame({"y": np.arange(len(frame), dtype=float) if y is None else y})
    dataset = Dataset("data", frame, target)
    task = Task("tabular", goal, ("y",), "r2", classes=classes, columns=columns)
    encoder, codec = modalities.fit(dataset, task, split)
    return encoder, codec, dataset


def objects(values):
    return pd.Series(list(values), dtype=object)


def test_five_thousand_columns_with_fewer_rows_than_columns_are_fitted_within_seconds():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 5_000)), columns=[f"x{i}" for i in range(5_000)])
    frame.iloc[::7, :2_000] = np.nan
    begun = time.process_time()
    encoder, _, dataset = fitted(frame, dict.fromkeys(frame.columns, "numeric"), 200)
    arrays = encoder.transform(dataset, np.arange(300))
    assert time.process_time() - begun < 10
    assert arrays["numbers"].shape == (300, 7_000)
    assert np.isfinite(arrays["numbers"]).all()


def test_whole_numbers_beyond_float32_keep_their_differences():
    values = 9_007_199_254_000_000.0 + np.arange(200.0)
    encoder, _, dataset = fitted(pd.DataFrame({"a": values}), {"a": "numeric"})
    assert np.diff(encoder.transform(dataset, np.arange(200))["numbers"][:, 0]).tolist() == [1.0] * 199


def test_heavy_tails_leave_the_bulk_apart():
    values = np.random.default_rng(0).standard_cauchy(4_000)
    encoder, _, dataset = fitted(pd.DataFrame({"a": values}), {"a": "numeric"})
    edges = np.array(encoder.specs[0].stats["quantiles"][0])
    numbers = encoder.transform(dataset, np.arange(4_000))["numbers"][:, 0]
    bulk = np.abs(values) < 1  # half of the rows
    assert len(np.unique(numbers[bulk])) == bulk.sum()
    assert 28 <= (np.abs(edges) < 1).sum() <= 36  # and half of the bins


def test_three_hundred_thousand_levels_stay_within_a_bounded_table_and_time():
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.zipf(1.3, 400_000), 10**9)
    frame = pd.DataFrame({"c": objects([f"user {c}" for c in codes]), "x": rng.normal(size=400_000)})
    begun = time.process_time()
    encoder, _, dataset = fitted(frame, {"c": "categorical", "x": "numeric"}, 350_000)
    state = encoder.state()
    assert time.process_time() - begun < 20
    spec = next(spec for spec in encoder.specs if spec.name == "categories")
    assert spec.size <= 5_100
    assert len(state["parts"]["categories"]["levels"][0]) <= 5_000
    arrays = encoder.transform(dataset, np.arange(399_000, 400_000))
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_levels_that_differ_only_in_case_or_spaces_are_one():
    cells = ["New York", "new york", " New  York ", "Boston", "BOSTON", "boston"] * 3
    encoder, _, dataset = fitted(pd.DataFrame({"c": objects(cells)}), {"c": "categorical"})
    codes = encoder.transform(dataset, np.arange(6))["categories"][:, 0]
    assert codes[0] == codes[1] == codes[2] != codes[3]
    assert codes[3] == codes[4] == codes[5]


def test_short_codes_that_differ_in_case_stay_apart():
    encoder, _, dataset = fitted(pd.DataFrame({"c": objects("aAbB" * 5)}), {"c": "categorical"})
    assert len(set(encoder.transform(dataset, np.arange(4))["categories"][:, 0].tolist())) == 4


def test_a_date_outside_the_training_range_is_encoded_within_bounds_and_its_season_is_kept():
    days = [*pd.date_range("2020-01-01", periods=400, freq="D"), pd.Timestamp("2199-07-01"), pd.Timestamp(0)]
    frame = pd.DataFrame({"d": pd.Series(days).astype("datetime64[ns]")})
    encoder, _, dataset = fitted(frame, {"d": "datetime"}, 400)
    names = encoder.specs[0].stats["columns"]
    found = encoder.transform(dataset, np.arange(402))["numbers"]
    season = [names.index(f"d.yearday_{part}") for part in ("sin", "cos")]
    assert found[400, season] == pytest.approx(found[182, season], abs=0.03)  # the first of July, in 2020 too
    elapsed = found[:, names.index("d.elapsed_days")]
    assert 399 < elapsed[400] < 4_000 and -4_000 < elapsed[401] < 0


def test_only_the_parts_of_a_date_that_vary_are_kept():
    frame = pd.DataFrame({"d": pd.date_range("2020-03-02", periods=20, freq="7D").astype("datetime64[ns]")})
    encoder, _, _ = fitted(frame, {"d": "datetime"})
    names = encoder.specs[0].stats["columns"]
    assert not [name for name in names if "weekday" in name or "hour" in name or name.endswith(".year")]
    assert "d.elapsed_days" in names


def test_a_column_with_nothing_in_it_is_left_out_and_may_hold_something_later():
    frame = pd.DataFrame(
        {
            "a": [1.0, 2.0, 3.0, 4.0],
            "n": [np.nan, np.nan, np.nan, 7.0],
            "c": objects([None, None, None, "x"]),
            "d": pd.Series([None, None, None, "2020-01-01"]).astype("datetime64[ns]"),
            "t": objects(["", "", "", "some words here"]),
            "l": objects([None, None, None, "a, b"]),
            "u": objects([None, None, None, "http://a.org"]),
        }
    )
    kinds = {"a": "numeric", "n": "numeric", "c": "categorical", "d": "datetime", "t": "text", "l": "list", "u": "url"}
    encoder, _, dataset = fitted(frame, kinds, 3)
    names = [name for spec in encoder.specs for name in spec.stats["columns"]]
    assert names == ["a"]
    assert encoder.transform(dataset, np.arange(4))["numbers"].tolist() == [[1.0], [2.0], [3.0], [4.0]]


def test_five_hundred_classes_and_one_row_of_a_class():
    rng = np.random.default_rng(0)
    labels = np.array([f"k{i:03d}" for i in range(500)])
    y = np.concatenate([labels, rng.choice(labels[:499], 3_000)]).astype(object)
    frame = pd.DataFrame({"x": rng.normal(size=3_500), "c": objects(rng.choice(list("abc"), 3_500))})
    encoder, codec, dataset = fitted(frame, {"x": "numeric", "c": "categorical"}, None, y, "multiclass", tuple(labels))
    rows = np.arange(3_500)
    assert codec.truth(dataset, rows).max() == 499
    assert len(codec.head.priors) == 500 and min(codec.head.priors) > 0
    labels_back = codec.decode(np.eye(500, dtype=np.float32)[codec.encode(dataset, rows)] * 9).arrays["labels"]
    assert labels_back.tolist() == codec.truth(dataset, rows).tolist()
    assert {spec.name for spec in encoder.specs} >= {"numbers", "categories"}


# --------------------------------------------------------------------------- any frame

CELLS = {
    "numeric": st.floats(allow_nan=True, allow_infinity=True, width=64),
    "boolean": st.sampled_from([0.0, 1.0, float("nan")]),
    "categorical": st.one_of(st.none(), st.text(max_size=8)),
    "url": st.one_of(st.none(), st.text(max_size=12), st.just("https://www.a.org/x?y=1")),
    "text": st.text(max_size=40),
    "list": st.one_of(st.none(), st.lists(st.text(max_size=5), max_size=4).map(", ".join)),
    "datetime": st.one_of(
        st.just(np.datetime64("NaT")), st.integers(-(2**31), 2**32).map(lambda s: np.datetime64(s, "s"))
    ),
}


@st.composite
def frames(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5))
    n_rows = draw(st.integers(4, 24))
    columns = {}
    for place, kind in enumerate(kinds):
        cells = draw(st.lists(CELLS[kind], min_size=n_rows, max_size=n_rows))
        if kind in ("numeric", "boolean"):
            columns[f"{kind}{place}"] = np.array(cells, np.float64)
        elif kind == "datetime":
            columns[f"{kind}{place}"] = np.array(cells, "datetime64[s]").astype("datetime64[ns]")
        else:
            columns[f"{kind}{place}"] = objects(cells)
    columns["anchor"] = np.arange(n_rows, dtype=float)
    return pd.DataFrame(columns), {name: name.rstrip("0123456789") for name in columns} | {"anchor": "numeric"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(frames(), st.sampled_from(["regression", "binary"]), st.data())
def test_any_frame_encodes_to_finite_float32_of_the_same_shape_for_new_rows(made, goal, data):
    frame, kinds = made
    n_rows = len(frame)
    n_train = data.draw(st.integers(2, n_rows))
    if goal == "binary":
        y, classes = (
            objects(data.draw(st.lists(st.sampled_from(["no", "yes"]), min_size=n_rows, max_size=n_rows))),
            (
                "no",
                "yes",
            ),
        )
    else:
        values = st.floats(-1e12, 1e12)
        y, classes = np.array(data.draw(st.lists(values, min_size=n_rows, max_size=n_rows))), ()
    encoder, _, dataset = fitted(frame, kinds, n_train, y, goal, classes)
    arrays = encoder.transform(dataset, np.arange(n_rows))
    again = modalities.restore(encoder.state()).transform(dataset, np.arange(n_rows))
    for spec in encoder.specs:
        array = arrays[spec.name]
        assert array.shape == (n_rows, *spec.shape)
        assert array.dtype == (np.int32 if spec.kind in ("categories", "tokens") else np.float32)
        assert np.isfinite(array).all()
        assert np.array_equal(array, again[spec.name])
        if spec.kind == "categories":
            assert array.min() >= 0 and (array < np.array(spec.stats["sizes"])).all()
        elif spec.kind == "tokens":
            assert array.min() >= 0 and array.max() < spec.size
        else:
            assert np.isfinite(spec.stats["median"]).all() and np.isfinite(spec.stats["scale"]).all()
