"""Small datasets of every modality, and a state's way through JSON and npz."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.records import Column, Dataset, Split, Task


def store(state):
    """What a bundle does: plain leaves through JSON, arrays through npz without pickle."""
    arrays = {}

    def plain(value):
        if isinstance(value, np.ndarray):
            assert value.dtype != object, "an array of objects needs pickle"
            arrays[f"a{len(arrays)}"] = value
            return {"__array__": f"a{len(arrays) - 1}"}
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        assert value is None or type(value) in (str, int, float, bool), f"{type(value)} is not plain"
        return value

    text = json.dumps(plain(state), allow_nan=False)
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as found:
        read = {name: found[name] for name in found.files}
    return json.loads(text, object_hook=lambda d: read[d["__array__"]] if "__array__" in d else d)


@pytest.fixture
def stored():
    return store


@pytest.fixture
def same_state():
    """Whether two states are equal, arrays included."""

    def same(one, other):
        if isinstance(one, np.ndarray):
            return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
        if isinstance(one, dict):
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        if isinstance(one, list):
            return len(one) == len(other) and all(map(same, one, other))
        return one == other

    return same


@pytest.fixture
def same_arrays():
    def same(one, other):
        return one.keys() == other.keys() and all(
            one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]) for name in one
        )

    return same


def rows_split(n_rows):
    """Three fifths train, one fifth validates, one fifth tests."""
    place = np.arange(n_rows) % 5
    return Split(
        train=np.flatnonzero(place < 3),
        valid=np.flatnonzero(place == 3),
        test=np.flatnonzero(place == 4),
        units="row",
        unit_ids=np.arange((place == 4).sum()),
        rule="every fifth row tests",
        seed=0,
    )


def columns_of(kinds):
    return tuple(Column(name, kind, 1.0, "test") for name, kind in kinds.items())


TABLE_KINDS = {
    "age": "numeric", "paid": "embedded_number", "member": "boolean", "empty": "numeric", "joined": "datetime",
    "town": "categorical", "site": "url", "note": "text", "tags": "list", "boss": "categorical", "code": "identifier",
}  # fmt: skip


@pytest.fixture
def table():
    """A table with every kind of column, gaps in most, and a regression target."""
    rng = np.random.default_rng(0)
    n = 400
    words = np.array(["red", "green", "blue", "fast", "slow", "heavy", "light", "small", "large", "old"])
    first, last = np.array([f"N{i}" for i in range(20)]), np.array([f"S{i}" for i in range(12)])
    age = rng.normal(40, 9, n)
    age[::7] = np.nan
    joined = (np.datetime64("2019-01-01", "ns") + rng.integers(0, 900, n).astype("timedelta64[D]")).astype(
        "datetime64[ns]"
    )
    joined[::11] = np.datetime64("NaT")
    town = rng.choice(np.array(["Bern", "Oslo", "Rome", "Lima"]), n).astype(object)
    town[::9] = None
    town[0], town[5] = "Ur", "Uruk"  # rare: one row each, both in training
    frame = pd.DataFrame(
        {
            "age": age,
            "paid": rng.lognormal(3, 2, n),
            "member": rng.integers(0, 2, n).astype(float),
            "empty": np.full(n, np.nan),
            "joined": joined,
            "town": pd.Series(town, dtype=object),
            "site": pd.Series([f"https://www.site{i % 3}.org/p/{i}?q=1" for i in range(n)], dtype=object),
            "note": pd.Series([" ".join(rng.choice(words, 5)) for _ in range(n)], dtype=object),
            "tags": pd.Series([", ".join(rng.choice(words[:6], 2, replace=False)) for _ in range(n)], dtype=object),
            "boss": pd.Series([f"{a} {b}" for a, b in zip(rng.choice(first, n), rng.choice(last, n), strict=True)]),
            "code": pd.Series([f"id{i}" for i in range(n)], dtype=object),
        }
    )
    frame["boss"] = frame["boss"].astype(object)
    dataset = Dataset("table", frame, pd.DataFrame({"y": rng.normal(5, 3, n)}))
    return dataset, Task("tabular", "regression", ("y",), "r2", columns=columns_of(TABLE_KINDS)), rows_split(n)


@pytest.fixture
def texts():
    rng = np.random.default_rng(1)
    words = np.array([f"w{chr(97 + i)}" for i in range(26)] + ["Größe", "don't", "🙂", "42", "07700900123"])
    frame = pd.DataFrame(
        {
            "title": pd.Series([" ".join(rng.choice(words, 3)) for _ in range(600)], dtype=object),
            "body": pd.Series([" ".join(rng.choice(words, rng.integers(0, 40))) for _ in range(600)], dtype=object),
        }
    )
    target = pd.DataFrame({"y": rng.choice(["ham", "spam"], 600)}).astype(object)
    kinds = columns_of({"title": "text", "body": "text"})
    task = Task("text", "binary", ("y",), "roc_auc", ("ham", "spam"), "spam", columns=kinds)
    return Dataset("texts", frame, target), task, rows_split(600)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(2)
    inputs = rng.integers(0, 256, (50, 12, 10, 3)).astype(np.uint8)
    target = pd.DataFrame({"y": rng.choice(["a", "b", "c"], 50)}).astype(object)
    task = Task("image", "multiclass", ("y",), "accuracy", ("a", "b", "c"))
    return Dataset("pictures", inputs, target), task, rows_split(50)


@pytest.fixture
def sequences():
    rng = np.random.default_rng(3)
    inputs = rng.normal(2, 3, (40, 2, 30)).astype(np.float32)
    inputs[0, 0, 4:8] = np.nan
    inputs[1, 1, :5] = np.nan
    inputs[2, 0, :] = np.nan
    target = pd.DataFrame({"y": rng.normal(size=40)})
    return Dataset("sequences", inputs, target), Task("sequence", "regression", ("y",), "r2"), rows_split(40)


def windows_of(first_rows, horizon):
    return np.asarray(first_rows, np.int64)[:, None] + np.arange(horizon)


@pytest.fixture
def panel():
    """Three daily series of 60 days, two targets, one past and one known covariate; the last 18 days are held out."""
    rng = np.random.default_rng(4)
    length, horizon = 60, 3
    n = 3 * length
    day = np.tile(np.arange(length), 3)
    frame = pd.DataFrame(
        {
            "temperature": rng.normal(10, 4, n),
            "holiday": (day % 6 == 0).astype(float),
            "shop": pd.Series(np.repeat(["a", "b", "c"], length), dtype=object),
        }
    )
    frame.loc[[20, 21, 22, 60, 61], "temperature"] = np.nan  # within a series, and where one begins
    target = pd.DataFrame({"sales": rng.normal(100, 9, n), "visits": rng.normal(7, 2, n)})
    times = np.datetime64("2022-03-01", "ns") + day.astype("timedelta64[D]")
    series = np.repeat(np.array(["a", "b", "c"], dtype=object), length)
    blocks = np.arange(0, n, length)
    train = np.concatenate([np.arange(b, b + 42) for b in blocks])
    split = Split(
        train=train,
        valid=np.concatenate([np.arange(b + 42, b + 51) for b in blocks]),
        test=np.concatenate([np.arange(b + 51, b + 60) for b in blocks]),
        units="window",
        unit_ids=np.arange(9),
        rule="last days",
        seed=0,
        train_windows=windows_of(np.concatenate([np.arange(b + 1, b + 40) for b in blocks]), horizon),
        valid_windows=windows_of(np.concatenate([np.arange(b + 42, b + 51, horizon) for b in blocks]), horizon),
        test_windows=windows_of(np.concatenate([np.arange(b + 51, b + 60, horizon) for b in blocks]), horizon),
    )
    columns = columns_of({"temperature": "numeric", "holiday": "boolean", "shop": "categorical"})
    task = Task(
        "sequence", "forecast", ("sales", "visits"), "mase", horizon=horizon, frequency="D", season=7,
        quantiles=(0.1, 0.9), columns=columns, series_column="shop", covariates_known=("holiday",),
    )  # fmt: skip
    return Dataset("panel", frame, target, times=times, series=series), task, split


@pytest.fixture
def changed():
    """A dataset whose rows were overwritten with nonsense: what a fitted state must not notice."""

    def change(dataset, rows):
        inputs = dataset.inputs.copy()
        if isinstance(inputs, np.ndarray):
            inputs[rows] = 77
        else:
            for name in inputs.columns:
                kind = inputs[name].dtype.kind
                value = 1e6 if kind == "f" else pd.Timestamp("1931-05-06 07:08") if kind == "M" else "zzz, zzz yyy"
                inputs.loc[rows, name] = value
        target = dataset.target.copy()
        for name in target.columns:
            if target[name].dtype.kind in "fi":
                target[name] = target[name].to_numpy().copy()
                target.loc[rows, name] = 1
            else:
                target.loc[rows, name] = target[name].iloc[0]
        return replace(dataset, inputs=inputs, target=target)

    return change
