import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import modalities
from automl.errors import DataError
from automl.records import Column, Dataset, Split, Task


def fitted(frame, kinds, n_train=None, **reading):
    n_train = len(frame) if n_train is None else n_train
    rows = np.arange(len(frame))
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    columns = tuple(Column(name, kind, 1.0, "test", reading.get(name, {})) for name, kind in kinds.items())
    dataset = Dataset("data", frame, pd.DataFrame({"y": np.arange(len(frame), dtype=float)}))
    encoder, _ = modalities.fit(dataset, Task("tabular", "regression", ("y",), "r2", columns=columns), split)
    return encoder, encoder.transform(dataset, rows)


def often(cells, times=5):
    """The same cells again and again, so that each is seen in enough rows for a code of its own."""
    return [*cells] * times


def spec_of(encoder, name):
    return next(spec for spec in encoder.specs if spec.name == name)


def column_of(encoder, arrays, spec, name):
    return arrays[spec][:, spec_of(encoder, spec).stats["columns"].index(name)]


def test_a_missing_number_becomes_the_training_median_and_an_indicator():
    frame = pd.DataFrame({"a": [*often([1.0, 2.0, np.nan, 9.0]), np.nan, 500.0]})
    encoder, arrays = fitted(frame, {"a": "numeric"}, n_train=20)
    assert column_of(encoder, arrays, "numbers", "a").tolist()[16:21] == [1.0, 2.0, 2.0, 9.0, 2.0]
    assert column_of(encoder, arrays, "numbers", "a is missing").tolist()[16:] == [0, 0, 1, 0, 1, 0]
    assert spec_of(encoder, "numbers").stats["missing"] == [0.25, 0.0]


def test_a_column_complete_in_training_has_no_indicator_and_still_takes_gaps_later():
    _, arrays = fitted(pd.DataFrame({"a": [*often([1.0, 2.0, 3.0]), np.nan]}), {"a": "numeric"}, n_train=15)
    assert arrays["numbers"].tolist()[12:] == [[1.0], [2.0], [3.0], [2.0]]


def test_no_statistic_of_numbers_is_a_value_of_few_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pay": [*rng.uniform(2e4, 6e4, 60), 91037.25], "n": [*rng.integers(0, 3, 60), 77.0]})
    frame["born"] = pd.Series([*pd.date_range("1950-03-07", periods=60, freq="37D"), pd.Timestamp("1903-05-11")])
    encoder, _ = fitted(frame, {"pay": "numeric", "n": "numeric", "born": "datetime"})
    stored = encoder.state()["parts"]["numbers"]
    kept = np.concatenate([np.ravel(stored[name]) for name in ("fill", "low", "high", "offset")])
    stats = spec_of(encoder, "numbers").stats
    edges = dict(zip(stats["columns"], stats["quantiles"], strict=True))
    assert not np.isin(frame["pay"], [*kept, *edges["pay"]]).any()
    assert {0.0, 1.0, 2.0} <= set(edges["n"]) and max(edges["n"]) == 2.0  # of many rows; the single 77 is left out
    days = stored["origins"][0].astype("datetime64[D]")
    assert days == days.astype("datetime64[Y]") and not (frame["born"].to_numpy() == days).any()


def test_infinite_and_wild_values_end_within_a_wide_range():
    values = np.append(np.random.default_rng(0).normal(size=2_000), [np.inf, -np.inf, 1e300])
    _, arrays = fitted(pd.DataFrame({"a": values}), {"a": "numeric"}, n_train=2_000)
    numbers = arrays["numbers"][:, 0]
    assert np.array_equal(numbers[:2_000], values[:2_000].astype(np.float32))  # nothing usual is cut
    assert np.isfinite(numbers).all()
    assert 10 < numbers[2_000] == numbers[2_002] < 100 and -100 < numbers[2_001] < -10


def test_wild_values_in_training_do_not_overflow():
    values = np.random.default_rng(0).normal(size=300)
    values[:3] = [1e308, -1e308, np.inf]
    encoder, arrays = fitted(pd.DataFrame({"a": values}), {"a": "numeric"})
    stats = spec_of(encoder, "numbers").stats
    assert np.isfinite(arrays["numbers"]).all()
    assert np.isfinite(stats["scale"]).all() and np.isfinite(stats["quantiles"][0]).all()


def test_digits_far_from_zero_survive_float32():
    values = 1.7e9 + np.arange(100.0)
    _, arrays = fitted(pd.DataFrame({"a": values}), {"a": "numeric"})
    assert np.diff(arrays["numbers"][:, 0]).tolist() == [1.0] * 99


def test_statistics_speak_of_observed_values():
    values = np.where(np.arange(1_000) % 10 < 8, np.nan, np.arange(1_000.0))
    encoder, _ = fitted(pd.DataFrame({"a": values}), {"a": "numeric"})
    stats = spec_of(encoder, "numbers").stats
    assert stats["missing"][0] == 0.8
    assert 40 <= len(stats["quantiles"][0]) <= 64  # of 200 values, in groups of five
    assert np.all(np.diff(stats["quantiles"][0]) > 0)
    q25, median, q75 = np.quantile(values[~np.isnan(values)], [0.25, 0.5, 0.75])
    assert stats["median"][0] == pytest.approx(median)
    assert stats["scale"][0] == pytest.approx((q75 - q25) / 1.349, rel=5e-2)


def test_edges_ascend_and_scales_are_positive_for_every_column(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    for spec in encoder.specs:
        if spec.kind == "numbers":
            assert all(2 <= len(edges) <= 64 and np.all(np.diff(edges) > 0) for edges in spec.stats["quantiles"])
            assert min(spec.stats["scale"]) > 0
            assert len(spec.stats["median"]) == len(spec.stats["missing"]) == spec.shape[0]


def test_columns_that_do_not_vary_in_training_are_left_out(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    names = [name for spec in encoder.specs for name in spec.stats["columns"]]
    assert not [name for name in names if name.startswith(("empty", "code"))]
    assert "joined.hour_sin" not in names  # dates without time of day
    assert {"joined.elapsed_days", "joined.year", "joined.weekday_cos", "joined is missing"} <= set(names)


def test_a_date_is_taken_apart():
    days = pd.to_datetime(["2024-02-29 06:00", "2023-07-03 18:00", "2021-12-31 00:00", None])
    frame = pd.DataFrame({"d": days.astype("datetime64[ns]").repeat(5)})
    encoder, arrays = fitted(frame, {"d": "datetime"})
    arrays = {"numbers": arrays["numbers"][::5]}
    found = {name: column_of(encoder, arrays, "numbers", f"d.{name}") for name in ("elapsed_days", "year", "day")}
    assert found["elapsed_days"].tolist()[:3] == [1154.25, 913.75, 364.0]  # since the first of January 2021
    assert found["year"].tolist() == [2024, 2023, 2021, 2023]  # a missing date has the median of each part
    assert found["day"].tolist()[:3] == [29, 3, 31]
    monday = column_of(encoder, arrays, "numbers", "d.weekday_cos")[1]
    assert monday == 1.0
    assert column_of(encoder, arrays, "numbers", "d.month_sin")[0] == pytest.approx(0.5)  # February
    assert column_of(encoder, arrays, "numbers", "d.hour_sin")[0] == pytest.approx(1.0)  # six o'clock
    assert column_of(encoder, arrays, "numbers", "d is missing").tolist() == [0, 0, 0, 1]


def test_codes_follow_frequency_and_zero_is_missing():
    frame = pd.DataFrame({"c": pd.Series(often(["b", "a", "b", None, "a", "b"]), dtype=object)})
    encoder, arrays = fitted(frame, {"c": "categorical"})
    assert arrays["categories"][:6, 0].tolist() == [1, 2, 1, 0, 2, 1]
    assert spec_of(encoder, "categories").stats["sizes"] == [3]


def test_an_unseen_level_is_code_zero_where_training_knew_no_rare_level():
    frame = pd.DataFrame({"c": pd.Series([*often("ba"), "b", "a", "new"], dtype=object)})
    _, arrays = fitted(frame, {"c": "categorical"}, n_train=10)
    assert arrays["categories"][8:, 0].tolist() == [2, 1, 2, 1, 0]  # equally frequent levels in alphabetical order


def test_rare_levels_share_a_code_with_unseen_ones_apart_from_missing():
    frame = pd.DataFrame({"c": pd.Series([*"bbbbbbaaaaa", *"xxxxyyyy", None, "new"], dtype=object)})
    encoder, arrays = fitted(frame, {"c": "categorical"}, n_train=20)
    assert arrays["categories"][:, 0].tolist() == [1] * 6 + [2] * 5 + [3] * 8 + [0, 3]
    assert encoder.state()["parts"]["categories"]["levels"] == [["b", "a"]]  # four rows are too few to be named
    assert spec_of(encoder, "categories").stats["sizes"] == [4]


def test_high_cardinality_is_capped():
    frame = pd.DataFrame({"c": pd.Series([f"k{i % 6_000}" for i in range(30_000)], dtype=object)})
    encoder, arrays = fitted(frame, {"c": "categorical"}, n_train=30_000)
    assert spec_of(encoder, "categories").size == 5_002  # missing, 5,000 levels, and the rest together
    assert arrays["categories"].max() == 5_001


def test_a_url_counts_by_its_host():
    urls = ["https://www.A.org/x", "http://a.org:8080/y?q", "b.com/z", "ftp://me@b.com", "a.org", None]
    frame = pd.DataFrame({"u": pd.Series(often(urls), dtype=object)})
    _, arrays = fitted(frame, {"u": "url"})
    assert arrays["categories"][:6, 0].tolist() == [1, 1, 2, 2, 1, 0]


def test_strings_of_pandas_own_type_read_like_objects():
    values = often(["b", "a", "b", None, "a"])
    _, objects = fitted(pd.DataFrame({"c": pd.Series(values, dtype=object)}), {"c": "categorical"})
    _, typed = fitted(pd.DataFrame({"c": pd.Series(values, dtype="str")}), {"c": "categorical"})
    assert objects["categories"].tolist() == typed["categories"].tolist()


def test_members_of_a_list_are_found_wherever_they_stand():
    lists = ["Drama, Comedy", "Comedy", "Drama", None, "comedy, War", "War"]
    rare = ["Noir"] * 4
    encoder, arrays = fitted(pd.DataFrame({"g": pd.Series([*often(lists), *rare], dtype=object)}), {"g": "list"})
    assert "g has noir" not in spec_of(encoder, "texts").stats["columns"]
    arrays = {"texts": arrays["texts"][:6]}
    assert column_of(encoder, arrays, "texts", "g has comedy").tolist() == [1, 1, 0, 0, 1, 0]
    assert column_of(encoder, arrays, "texts", "g has drama").tolist() == [1, 0, 1, 0, 0, 0]


def test_the_separator_that_detection_read_is_the_one_used():
    lists = ["a, b+c", "c+a, b", "a, b", "c"]
    frame = pd.DataFrame({"g": pd.Series(often(lists), dtype=object)})
    encoder, arrays = fitted(frame, {"g": "list"}, g={"separator": "+"})
    assert column_of(encoder, arrays, "texts", "g has a, b").tolist()[:4] == [1, 1, 1, 0]


def test_texts_on_one_subject_lie_nearer_than_texts_on_two():
    rng = np.random.default_rng(0)
    sea = ["ship", "sail", "wave", "harbour", "captain", "storm"]
    law = ["court", "judge", "trial", "jury", "verdict", "lawyer"]
    notes = [" ".join(rng.choice(sea if i % 2 else law, 4)) for i in range(200)]
    _, arrays = fitted(pd.DataFrame({"n": pd.Series(notes, dtype=object)}), {"n": "text"})
    vectors = arrays["texts"]
    likeness = vectors @ vectors.T
    assert likeness[1, 3::2].mean() > 0.3 > 0.1 > abs(likeness[1, 0::2]).mean()


def test_a_text_of_unknown_words_is_the_zero_vector(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    frame = dataset.inputs.head(2).copy()
    frame["note"] = pd.Series(["xyzzy plugh", ""], dtype=object)
    arrays = encoder.transform(replace(dataset, inputs=frame), np.arange(2))
    places = [i for i, n in enumerate(spec_of(encoder, "texts").stats["columns"]) if n.startswith("note.topic")]
    assert places and not arrays["texts"][:, places].any()


def test_names_of_several_words_are_read_as_words_too(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    names = {spec.name: spec.stats["columns"] for spec in encoder.specs}
    assert "boss" not in names["categories"]  # no name has five rows, but first and last names have
    assert any(name.startswith("boss.topic") for name in names["texts"])
    assert not any(name.startswith("town") for name in names["texts"])


def test_the_group_column_is_no_input(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, replace(task, group_column="town"), split)
    assert "town" not in spec_of(encoder, "categories").stats["columns"]


def test_columns_in_another_order_or_beside_others_read_the_same(table, same_arrays):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    turned = dataset.inputs[dataset.inputs.columns[::-1]].assign(more=1.0)
    rows = np.arange(dataset.n_rows)
    other = encoder.transform(replace(dataset, inputs=turned), rows)
    assert same_arrays(encoder.transform(dataset, rows), other)


def test_a_table_without_a_usable_column_is_refused_with_its_columns():
    frame = pd.DataFrame({"k": pd.Series(["a", "b", "c"], dtype=object), "z": [1.0, 1.0, 1.0], "e": [np.nan] * 3})
    with pytest.raises(DataError, match=r"k \(identifier\), z \(numeric\), e \(numeric\)"):
        fitted(frame, {"k": "identifier", "z": "numeric", "e": "numeric"})
    with pytest.raises(DataError, match="no input columns"):
        fitted(pd.DataFrame(index=range(3)), {})


def test_thirty_thousand_rows_take_less_than_a_second_and_one_row_less_than_five_milliseconds():
    rng = np.random.default_rng(0)
    numbers = {f"x{i}": rng.normal(size=30_000) for i in range(7)}
    levels = {f"c{i}": pd.Series(rng.choice(np.array(list("abcdefgh")), 30_000).astype(object)) for i in range(7)}
    frame = pd.DataFrame({**numbers, **levels})
    encoder, _ = fitted(frame, {**dict.fromkeys(numbers, "numeric"), **dict.fromkeys(levels, "categorical")}, 2_000)
    dataset, rows = Dataset("data", frame), np.arange(30_000)
    begun = time.process_time()
    encoder.transform(dataset, rows)
    assert time.process_time() - begun < 1.0
    begun = time.process_time()
    for row in range(50):
        encoder.transform(dataset, rows[row : row + 1])
    assert (time.process_time() - begun) / 50 < 0.005


def test_rows_encoded_in_pieces_are_those_encoded_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    words = np.array(["good day", "bad road", "old house", None], dtype=object)[rng.integers(0, 4, 120)]
    frame = pd.DataFrame({"a": rng.normal(size=120), "level": words, "text": words})
    encoder, at_once = fitted(frame, {"a": "numeric", "level": "categorical", "text": "text"})
    monkeypatch.setattr("automl.modalities.tabular.CHUNK_ROWS", 50)
    in_pieces = encoder.transform(Dataset("data", frame), np.arange(120))
    assert in_pieces.keys() == at_once.keys()
    for name, values in at_once.items():
        assert np.array_equal(in_pieces[name], values) and in_pieces[name].dtype == values.dtype
