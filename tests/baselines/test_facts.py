from __future__ import annotations

import numpy as np
import pandas as pd

from automl.baselines.facts import facts_of
from automl.records import Column, Dataset, Task

N_ROWS = 400
ROWS = np.arange(N_ROWS)


def made(target, goal, kinds, classes=(), **columns):
    cols = tuple(Column(name, kind, 1.0, "") for name, kind in kinds.items())
    task = Task("tabular", goal, ("y",), "r2" if not classes else "accuracy", classes, columns=cols, evidence=("x",))
    return facts_of(Dataset("made up", pd.DataFrame(columns), pd.DataFrame({"y": target})), task, ROWS)


def test_classes_are_counted():
    target = np.where(ROWS < 100, "no", "yes")
    facts = made(target, "binary", {"a": "numeric"}, ("no", "yes"), a=np.linspace(0, 1, N_ROWS))
    assert (facts.n_rows, facts.n_classes, facts.priors) == (N_ROWS, 2, (0.25, 0.75))
    assert not facts.skewed and not facts.positive


def test_skewed_and_positive_targets_are_seen():
    values = np.random.default_rng(0).normal(size=N_ROWS)
    column = {"a": np.linspace(0, 1, N_ROWS)}
    plain = made(values, "regression", {"a": "numeric"}, **column)
    prices = made(np.exp(2 * values), "regression", {"a": "numeric"}, **column)
    assert (plain.skewed, plain.positive) == (False, False)
    assert (prices.skewed, prices.positive) == (True, True)


def test_levels_are_those_of_the_column_that_has_most():
    many = pd.Series([f"level {min(i // 10, 30)}" for i in ROWS], dtype=object)
    many[0:3] = ["rare 1", "rare 2", "rare 3"]
    few = pd.Series(np.where(ROWS % 2 == 0, "a", "b"), dtype=object)
    kinds = {"many": "categorical", "few": "categorical", "id": "identifier"}
    ids = pd.Series([f"row {i}" for i in ROWS], dtype=object)
    facts = made(np.linspace(-1, 1, N_ROWS), "regression", kinds, many=many, few=few, id=ids)
    assert (facts.most_levels, facts.most_words) == (31, 34)


def test_numbers_that_come_back_and_tell_are_seen():
    rng = np.random.default_rng(0)
    amounts = rng.permutation(40)[rng.integers(0, 40, N_ROWS)] * 10.0
    tells = rng.normal(size=400)[amounts.astype(int)]
    nothing = rng.normal(size=N_ROWS)
    assert made(tells, "regression", {"a": "numeric"}, a=amounts).numbers_come_back
    assert not made(nothing, "regression", {"a": "numeric"}, a=amounts).numbers_come_back


def test_words_among_numbers_and_bins_are_levels_too():
    bins = pd.Series([f"{10 * (i % 30)}-{10 * (i % 30) + 9}" for i in ROWS], dtype=object)
    column = Column("age", "embedded_number", 1.0, "", {"bins": [0.0, 0.0], "beside": "age (range)"})
    task = Task("tabular", "regression", ("y",), "r2", columns=(column,), evidence=("x",))
    frame = pd.DataFrame({"age": 10.0 * (ROWS % 30) + 4.5, "age (range)": bins})
    facts = facts_of(Dataset("made up", frame, pd.DataFrame({"y": np.linspace(-1, 1, N_ROWS)})), task, ROWS)
    assert (facts.most_levels, facts.most_words) == (30, 30)
