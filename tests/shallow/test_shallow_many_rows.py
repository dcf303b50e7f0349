"""What the shallow side does otherwise where there are many rows, columns or classes."""

from __future__ import annotations

import pickle
import threading
from multiprocessing import Pipe

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from automl.baselines.features import columns, sparse_levels, target_statistics, text_columns
from automl.baselines.features.columns import TableFeatures
from automl.baselines.features.levels import by_cell, levels_of
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.ridge import ridge_path
from automl.baselines.model import Model, forget
from automl.baselines.tabular import FOREST_BYTES, LEAVES_A_ROW, boosting_settings, forest_settings, linear_settings
from automl.records import Column, Dataset, Facts, FitContext, Task
from automl.shallow import child, worker

N = 300


def table(n=N):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": np.where(rng.random(n) < 0.1, np.nan, rng.normal(1e6, 3.0, n)),
            "level": np.array(["red", "Red ", "green", None, "blue"], dtype=object)[rng.integers(0, 5, n)],
            "never": np.array([f"once {i}" for i in range(n)], dtype=object),
            "tags": np.array(["a; b", "b", None], dtype=object)[rng.integers(0, 3, n)],
            "words": np.array([f"good {i % 9} bad {i % 4}" for i in range(n)], dtype=object),
        }
    )
    kinds = ("numeric", "categorical", "categorical", "list", "text")
    named = tuple(Column(name, kind, 1.0, "") for name, kind in zip(frame.columns, kinds, strict=True))
    y = np.array([{"red": 1.0, "green": 2.0}.get(str(v).strip().lower(), 0.0) for v in frame["level"]])[:, None]
    return Dataset("d", frame), named, y + 0.1 * rng.normal(size=(n, 1))


@pytest.mark.parametrize("goal", ["regression", "binary"])
def test_sparse_features_of_many_rows_predict_what_dense_ones_of_few_rows_do(monkeypatch, goal):
    dataset, named, y = table()
    truth = y if goal == "regression" else (y[:, 0] > 0.5).astype(np.int64)
    classes = () if goal == "regression" else ("no", "yes")
    task = Task("tabular", goal, ("y",), "r2" if goal == "regression" else "accuracy", classes, columns=named)
    rows, found = np.arange(N), {}
    for least in (10**9, 1):
        monkeypatch.setattr(columns, "SPARSE_ROWS", least)
        monkeypatch.setattr(sparse_levels, "CHUNK_ROWS", 70)
        features = TableFeatures(task, "linear", quantiles=True)
        model = Model(task, features, Linear(goal, len(classes), strengths=[1e-3, 1e-2]))
        model.fit(dataset, rows[:200], truth[:200], None, FitContext(None, None, rows[200:], truth[200:]))
        matrix = features.transform(dataset, rows)
        assert sparse.issparse(matrix) == (least == 1)
        if least == 1:
            assert matrix.dtype == np.float32 and matrix.has_canonical_format
            assert (matrix[:7] != features.transform(dataset, rows[:7])).nnz == 0
            pickle.loads(pickle.dumps(model))
        output = model.predict(dataset, rows).arrays
        found[least] = output["values"][:, 0] if goal == "regression" else output["probabilities"][:, 1]
        score = np.corrcoef(found[least][200:], truth[200:].ravel())[0, 1]
        assert score > 0.9
    assert np.abs(found[1] - found[10**9]).max() < 0.1


def test_a_table_of_levels_alone_has_sparse_features_too(monkeypatch):
    monkeypatch.setattr(columns, "SPARSE_ROWS", 1)
    dataset, named, y = table()
    task = Task("tabular", "regression", ("y",), "r2", columns=named[1:2])
    matrix = TableFeatures(task, "linear", quantiles=True).fit(dataset, np.arange(N), y, None)
    assert matrix.shape == (N, 4) and matrix.nnz == N  # three colours, and none


def test_texts_of_many_rows_are_learnt_from_some_of_them_and_told_of_all(monkeypatch):
    monkeypatch.setattr(text_columns, "MAX_TEXT_ROWS", 100)
    monkeypatch.setattr(target_statistics, "MAX_FIT_ROWS", 100)
    monkeypatch.setattr(target_statistics, "CHUNK_ROWS", 90)
    monkeypatch.setattr(text_columns, "CHUNK_ROWS", 90)
    dataset, named, y = table()
    task = Task("tabular", "regression", ("y",), "r2", columns=named[4:])
    features = TableFeatures(task, "trees", 5, target_means=False)
    fitted = features.fit(dataset, np.arange(N), y, None)
    assert fitted.shape == (N, 5 + 3) and np.isfinite(fitted).all()
    np.testing.assert_allclose(features.transform(dataset, np.arange(N)), fitted)


def test_levels_are_spelled_alike_whether_rows_are_few_or_many():
    column = table()[0].inputs["level"]
    names, at = levels_of(column)
    for begin in range(0, N, 50):
        some, here = levels_of(column.iloc[begin : begin + 50])
        assert some[here].tolist() == names[at[begin : begin + 50]].tolist()


def test_ridge_by_second_moments_of_sparse_rows_is_that_of_dense_rows():
    rng = np.random.default_rng(0)
    X, Y, w = rng.normal(size=(90, 7)), rng.normal(size=(90, 2)), rng.uniform(0.5, 2, 90)

    def judge(coef, intercept):
        return float(((X @ coef + intercept - Y) ** 2).mean())

    dense, loose = (ridge_path(A, Y, w, [0.01, 10.0], judge) for A in (X, sparse.csr_matrix(X)))
    assert dense[2] == loose[2]
    np.testing.assert_allclose(loose[0], dense[0], atol=1e-10)
    np.testing.assert_allclose(loose[1], dense[1], atol=1e-10)


@pytest.mark.parametrize(("n_rows", "n_classes"), [(640_000, 2), (12_800, 500), (5_000_000, 10), (500, 3)])
def test_no_forest_can_outgrow_its_bytes_however_many_rows_and_classes(n_rows, n_classes):
    classes = tuple(map(str, range(n_classes)))
    task = Task("tabular", "binary" if n_classes == 2 else "multiclass", ("y",), "accuracy", classes)
    first = next(forest_settings(task, Facts(n_rows, n_classes), 0))
    n_nodes = 2 * n_rows / first["min_samples_leaf"] * first["n_estimators"]  # at most
    assert LEAVES_A_ROW * n_nodes * (64 + 8 * n_classes) <= FOREST_BYTES
    assert first["min_samples_leaf"] < n_rows / 50


def test_large_messages_arrive_whole_and_their_arrays_can_be_written_to(monkeypatch):
    for side in (worker, child):
        monkeypatch.setattr(side, "PIECE_BYTES", 1000)
    frame = pd.DataFrame({"a": np.arange(5000.0), "b": np.array(["x", None] * 2500, dtype=object)})
    ours, theirs = Pipe()
    sent = ("data", {"frame": frame, "none": np.zeros(0), "rows": np.arange(9)})
    thread = threading.Thread(target=worker._send, args=(ours, sent, ours.close))
    thread.start()
    kind, found = child._receive_large(theirs)
    thread.join()
    assert kind == "data" and found["frame"].equals(frame) and found["rows"].tolist() == list(range(9))
    found["rows"][0] = 7


def test_cells_that_come_back_are_read_once_and_give_what_each_row_gives():
    read = []

    def lengths(cells):
        read.append(len(cells))
        return np.array([[len(cell)] for cell in cells])

    cells = ["a", "bcd", "", "a"] * 50
    assert by_cell(cells, lengths).ravel().tolist() == [1, 3, 0, 1] * 50
    assert by_cell(cells[:4], lengths).ravel().tolist() == [1, 3, 0, 1]
    assert by_cell([f"{i}" for i in range(90)], lengths).shape == (90, 1)
    assert read == [3, 4, 90]


def test_texts_of_very_many_rows_are_read_by_their_words_alone(monkeypatch):
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(40)])
    texts = pd.Series([" ".join(rng.choice(words, 5)) for _ in range(400)], dtype=object)
    frame, y = pd.DataFrame({"t": texts}), texts.str.contains("word7").to_numpy(float)[:, None]
    task = Task("tabular", "regression", ("y",), "r2", columns=(Column("t", "text", 1.0, ""),))
    widths = {}
    for most in (1_000, 100):
        forget()
        monkeypatch.setattr(text_columns, "MOST_TEXT_ROWS", most)
        features = columns.TableFeatures(task, "trees")
        widths[most] = features.fit(Dataset(f"d{most}", frame), np.arange(400), y, None).shape[1]
        assert features.transform(Dataset("new", frame), np.arange(50)).shape == (50, widths[most])
    assert widths[1_000] == widths[100] + features.text_dimensions
    assert np.corrcoef(features.transform(Dataset("new", frame), np.arange(400))[:, -1], y[:, 0])[0, 1] > 0.8


@pytest.mark.parametrize("settings", [linear_settings, boosting_settings, forest_settings])
def test_first_settings_of_many_rows_leave_trigrams_of_texts_to_later_ones(settings):
    def first(kind, n_rows):
        task = Task("tabular", "binary", ("y",), "roc_auc", classes=("a", "b"), columns=(Column("t", kind, 1.0, ""),))
        return next(settings(task, Facts(n_rows, 2, (0.5, 0.5)), 0))["text_dimensions"]

    assert first("text", 1_000_000) == 0
    assert first("text", 1_000) == first("numeric", 1_000_000) > 0
