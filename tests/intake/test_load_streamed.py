"""Tables larger than the memory that may be used."""

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.intake import load
from automl.records import Recipe, SearchOptions

N_ROWS = 20_000


def table(n_rows=N_ROWS):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": np.arange(n_rows) / 2,
            "level": np.array(["red", "green", "blue"], dtype=object)[np.arange(n_rows) % 3],
            "words": [f"some words of row {i}" for i in range(n_rows)],
            "y": rng.integers(0, 2, n_rows),
        }
    )


def read(path, mib, seed=0, target=("y",), **more):
    return load(Recipe(data=path, target=target, seed=seed, search=SearchOptions(memory_mib=mib), **more))


@pytest.fixture(params=["t.parquet", "t.csv"])
def path(request, tmp_path):
    where = tmp_path / request.param
    if where.suffix == ".parquet":
        table().to_parquet(where, row_group_size=1_500)
    else:
        table().to_csv(where, index=False)
    return where


def said(dataset):
    return {finding.check: finding for finding in dataset.findings}


def test_a_table_that_fits_is_read_as_a_whole(path):
    dataset = read(path, 1_000)
    assert len(dataset.inputs) == N_ROWS and "sampled_rows" not in said(dataset)


def test_a_sample_of_rows_is_read_that_fits_and_the_finding_says_how_many_and_what_to_do(path):
    dataset = read(path, 3)
    n_rows = len(dataset.inputs)
    row_bytes = dataset.inputs.memory_usage(index=False).sum() / n_rows
    assert 1_000 < n_rows < N_ROWS and n_rows * row_bytes < 3 * 2**20 / 8
    finding = said(dataset)["sampled_rows"]
    assert finding.severity == "high" and f"{n_rows:,} of the 20,000 rows of {path.name} were read" in finding.message
    assert "drawn at random (seed 0)" in finding.message and "may be used" in finding.message
    assert "--memory" in finding.next_step and "`memory` under `search:`" in finding.next_step


def test_rows_of_a_sample_stay_whole_in_order_and_know_their_place(path):
    dataset = read(path, 3)
    rows, whole = dataset.row_numbers, table()
    assert (np.diff(rows) > 0).all()
    assert dataset.inputs["number"].tolist() == whole["number"].iloc[rows].tolist()
    assert dataset.inputs["words"].tolist() == whole["words"].iloc[rows].tolist()
    assert dataset.inputs["level"].tolist() == whole["level"].iloc[rows].tolist()
    assert dataset.target["y"].tolist() == whole["y"].iloc[rows].tolist()


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(path):
    first, again, other = read(path, 3), read(path, 3), read(path, 3, seed=1)
    assert first.fingerprint == again.fingerprint
    assert first.row_numbers.tolist() == again.row_numbers.tolist() != other.row_numbers.tolist()


def test_every_part_of_a_file_is_as_likely_as_any_other(path):
    counts = np.zeros(10)
    for seed in range(8):
        counts += np.bincount(read(path, 2, seed=seed).row_numbers * 10 // N_ROWS, minlength=10)
    expected = counts.sum() / 10
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_weights_of_the_whole_file_follow_the_rows_that_were_read(path):
    dataset = read(path, 3, weight=np.arange(N_ROWS) + 1.0)
    assert dataset.weight.tolist() == (dataset.row_numbers + 1.0).tolist()


def test_too_little_memory_for_a_hundred_rows_is_refused(path):
    with pytest.raises(DataError, match=r"only \d+ rows would fit .* --memory"):
        read(path, 0.01)


def dated(n_days=4_000, n_series=3):
    days = pd.date_range("2001-01-01", periods=n_days)
    parts = [pd.DataFrame({"shop": f"s{i}", "day": days, "sales": np.arange(n_days) + 0.5}) for i in range(n_series)]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(params=["d.parquet", "d.csv"])
def series(request, tmp_path):
    where, frame = tmp_path / request.param, dated().sample(frac=1.0, random_state=0)
    if where.suffix == ".parquet":
        frame.to_parquet(where, row_group_size=700, index=False)
    else:
        frame.to_csv(where, index=False)
    return where


def test_of_a_dated_table_the_latest_rows_are_kept_and_all_rows_of_a_time(series):
    dataset = read(series, 1, target=("sales",), time_column="day", series="shop")
    kept = pd.DataFrame({"shop": dataset.inputs["shop"], "day": pd.to_datetime(dataset.inputs["day"])})
    assert 300 < len(kept) < 12_000 and "the latest by 'day'" in said(dataset)["sampled_rows"].message
    for _, own in kept.groupby("shop"):
        days = own["day"].sort_values()
        assert days.iloc[-1] == pd.Timestamp("2011-12-14") and (days.diff().dropna() == pd.Timedelta("1D")).all()
    assert kept["shop"].value_counts().nunique() == 1


@pytest.mark.parametrize("asked", [{"goal": "forecast"}, {"series": "shop"}, {"horizon": 7}, {}])
def test_what_may_be_a_series_is_not_drawn_at_random(series, asked):
    target = ("sales",) if asked or series.suffix == ".parquet" else ()
    with pytest.raises(DataError, match=r"may hold a series.*time_column.*--memory"):
        read(series, 1, target=target, **asked)


def test_times_that_do_not_sort_are_refused_where_the_latest_are_wanted(tmp_path):
    frame = dated()
    frame["day"] = frame["day"].dt.strftime("%d.%m.%Y")
    frame.to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(DataError, match=r"'day' holds '01\.01\.2001'; expected times written year first"):
        read(tmp_path / "d.csv", 1, target=("sales",), time_column="day")


def test_streamed_text_is_read_as_whole_text_is(tmp_path):
    lines = ["zip;amount;name"] + [f"{i % 100:05d};{i},5;Zo\u00eb {i}" for i in range(5_000)]
    lines[77] = "1;2;3;4"
    (tmp_path / "t.csv").write_bytes("\n".join(lines).encode("cp1252"))
    dataset = read(tmp_path / "t.csv", 1, target=("amount",))
    assert len(dataset.inputs) < 4_999
    assert dataset.inputs["zip"].iloc[0][:3] == "000" and dataset.target["amount"].dtype == "float64"
    assert dataset.inputs["name"].str.startswith("Zo\u00eb ").all()
    found = said(dataset)
    assert found["ragged_rows"].count == 1 and "cp1252" in found["encoding"].message and "decimal_comma" in found


@pytest.mark.parametrize("ending", [".csv.gz", ".jsonl", ".feather"])
def test_formats_that_are_not_streamed_are_read_as_a_whole(tmp_path, ending):
    where = tmp_path / f"t{ending}"
    if ending == ".csv.gz":
        table(500).to_csv(where, index=False)
    elif ending == ".jsonl":
        table(500).to_json(where, orient="records", lines=True)
    else:
        table(500).to_feather(where)
    assert len(read(where, 0.1).inputs) == 500
