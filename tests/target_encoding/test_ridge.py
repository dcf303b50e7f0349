import numpy as np
import pytest

from automl.target_encoding import ridge
from automl.target_encoding.ridge import (
    MAX_TARGETS,
    PENALTIES,
    amounts,
    crossfit,
    spelled,
    target_columns,
    tokens,
    vocabulary,
    weighed,
)


def documents(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return [[f"t{k}" for k in rng.choice(30, rng.integers(1, 5), replace=False)] for _ in range(n_rows)]


def rows(n_rows=300):
    docs = documents(n_rows)
    words = vocabulary(docs, 100)
    return weighed(docs, {word: code for code, word in enumerate(words)}, np.linspace(1, 2, len(words)))


@pytest.mark.parametrize(
    ("level", "expected"),
    [("New  York ", "new york"), (" a", "a"), ("A", "A"), ("GB", "GB"), ("ÉCOLE", "école"), ("", "")],
)
def test_spelling_that_tells_levels_apart_by_chance_is_dropped(level, expected):
    assert spelled(level) == expected


def test_a_cell_falls_into_members_and_words():
    assert tokens("Ann Lee, Bo Day; Ann Lee") == ["ann lee", "bo day", "ann", "lee", "bo", "day"]
    assert tokens("Drama") == ["drama"]
    assert tokens(None) == tokens("") == []
    long = "a clause that is much too long to be a name of anything at all"
    assert long not in tokens(long) and "clause" in tokens(long)


def test_amounts_are_logarithms_and_zero_where_nothing_is():
    found = amounts(["Ann Lee, Bo Day", "", None])
    assert np.expm1(found[0]) == pytest.approx([15, 4, 2])
    assert not found[1:].any()
    assert amounts([]).shape == (0, 3)


def test_rows_have_unit_length_and_unknown_words_are_none():
    X = rows()
    assert np.sqrt(X.multiply(X).sum(axis=1)) == pytest.approx(np.ones((X.shape[0], 1)))
    assert weighed([["nothing", "known"], []], {"t1": 0}, np.ones(1)).nnz == 0


def test_a_ridge_without_a_fold_is_the_ridge_on_the_other_rows(monkeypatch):
    monkeypatch.setattr(ridge, "PENALTIES", (3.0,))
    X = rows()
    rng = np.random.default_rng(1)
    targets, folds = rng.normal(size=(300, 2)) + X[:, :1].toarray() * 5, rng.integers(0, 4, 300)
    found = crossfit(X, targets, folds, 4)
    assert found.coef.shape == (5, X.shape[1], 2)
    for fold in (0, 3, 4):  # the last is fitted on all rows
        inside = folds != fold
        Z, y = X[inside].toarray(), targets[inside] - targets[inside].mean(axis=0)
        exact = np.linalg.solve(Z.T @ Z + 3.0 * np.eye(Z.shape[1]), Z.T @ y)
        assert found.coef[fold] == pytest.approx(exact, abs=0.01)
    left = folds == 3
    expected = X[left] @ found.coef[3] + found.intercept[3]
    assert found.predicted[left] == pytest.approx(expected)


def test_sureness_tells_signal_from_noise_and_noise_takes_the_tightest_penalty(monkeypatch):
    X = rows(800)
    rng = np.random.default_rng(2)
    folds = rng.integers(0, 5, 800)
    told, drawn = X[:, :3].toarray() + 0.1 * rng.normal(size=(800, 3)), rng.normal(size=(800, 1))
    signal, noise = crossfit(X, told, folds, 5), crossfit(X, drawn, folds, 5)
    assert signal.sureness > 10
    assert noise.sureness < 2
    for penalty, targets, chosen in ((PENALTIES[0], told, signal), (PENALTIES[-1], drawn, noise)):
        monkeypatch.setattr(ridge, "PENALTIES", (penalty,))
        assert crossfit(X, targets, folds, 5).coef == pytest.approx(chosen.coef, abs=0.01)


def test_one_level_a_row_gives_the_shrunk_mean(monkeypatch):
    monkeypatch.setattr(ridge, "PENALTIES", (10.0,))
    docs = [["a"]] * 30 + [["b"]] * 70
    targets = np.array([[1.0]] * 30 + [[0.0]] * 70)
    folds = np.random.default_rng(0).integers(0, 5, 100)
    found = crossfit(weighed(docs, {"a": 0, "b": 1}, np.ones(2)), targets, folds, 5)
    shrunk = np.array([30 * 0.7, 70 * -0.3]) / (np.array([30, 70]) + 10.0)
    assert found.coef[-1][:, 0] == pytest.approx(shrunk, abs=1e-3)


def test_target_columns_are_few_on_one_scale():
    assert target_columns(np.array([0, 1, 1]), 2).tolist() == [[0], [1], [1]]
    codes = np.repeat(np.arange(20), np.arange(1, 21))
    found = target_columns(codes, 20)
    assert found.shape == (210, MAX_TARGETS)
    assert found.sum(axis=0).tolist() == list(range(13, 21))  # the most frequent classes, in code order
    values = target_columns(np.array([[1.0, 5.0], [3.0, 5.0]]), 0)
    assert values.tolist() == [[-1, 0], [1, 0]]
    assert target_columns(np.array([[0, 1], [1, 1]]), 2).shape == (2, 2)
