"""Planted truths for the analyses of columns and subgroups: importance, subgroups, differences.

`tradeoff.py` runs them. Each check is a function that prints its table and returns its figures; `CHECKS` lists them by
name. Both sides are small models of scikit-learn's kind, fitted on rows made up here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from automl import goals
from automl.analyses.differences import DIFFERENCES
from automl.analyses.importance import IMPORTANCE
from automl.analyses.subgroups import SUBGROUPS
from automl.records import (
    AnalysisContext,
    AnalysisFacts,
    Column,
    Comparison,
    Contestant,
    Cost,
    Dataset,
    Outcome,
    Output,
    Recipe,
    Run,
    Split,
    Task,
)

LOWER = re.compile(r"noise 0 > (0\.[5-9]|[1-9])|(0\.[5-9]\d*|[1-9][.\d]*) < noise 0")
"""A condition that leaves out low values of the column, near those that were planted."""
N_TRAIN, N_VALID, N_TEST = 1000, 400, 800


@dataclasses.dataclass(eq=False)
class Fitted:
    """A classifier of scikit-learn's kind on the columns as numbers, in the place of a finalist."""

    model: Any
    regions: Any = None

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Probabilities and labels of these rows."""
        p = self.model.predict_proba(matrix(dataset.inputs.iloc[rows]))
        return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1).astype(np.int64)})


def matrix(frame: pd.DataFrame) -> np.ndarray:
    """Numbers as they are, levels by their letter."""
    made = [
        frame[name].to_numpy(np.float64) if frame[name].dtype.kind == "f" else frame[name].map(ord).to_numpy(np.float64)
        for name in frame.columns
    ]
    return np.stack(made, axis=1)


def rows_of(seed: int, n_noise: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns, and which rows are of the positive class: by "matters", and a little by "helps"."""
    rng = np.random.default_rng(seed)
    n = N_TRAIN + N_VALID + N_TEST
    frame = pd.DataFrame({"matters": rng.normal(size=n), "helps": rng.normal(size=n)})
    for k in range(n_noise):
        frame[f"noise {k}"] = rng.normal(size=n)
    frame["level"] = rng.choice(list("abcdefgh"), n)
    odds = 2.0 * frame["matters"] + 0.5 * frame["helps"]
    return frame, rng.random(n) < 1 / (1 + np.exp(-odds))


def context_of(frame: pd.DataFrame, positive: np.ndarray, models: Mapping[str, Any], seed: int) -> AnalysisContext:
    """The context of analyses with these models as finalists, after a contest that was not run."""
    rows = np.arange(len(frame))
    dataset = Dataset("planted", frame, pd.DataFrame({"y": np.where(positive, "yes", "no")}))
    columns = tuple(
        Column(name, "numeric" if frame[name].dtype.kind == "f" else "categorical", 1.0, "planted") for name in frame
    )
    task = Task("tabular", "binary", ("y",), "roc_auc", ("no", "yes"), positive="yes", columns=columns)
    train, valid, test = np.split(rows, [N_TRAIN, N_TRAIN + N_VALID])
    split = Split(train, valid, test, "row", np.arange(len(test)), "planted", seed)
    predictors = {side: Fitted(model) for side, model in models.items()}
    contestants = tuple(
        Contestant(side, side, one.output(dataset, test), (), one.output(dataset, valid))  # type: ignore[arg-type]
        for side, one in predictors.items()
    )
    runs = tuple(Run(side, side, "done", side, finalist=True, cost=Cost()) for side in models)  # type: ignore[arg-type]
    outcome = Outcome(
        Recipe("planted", seed=seed), "planted", task, split, runs,
        Comparison("tie", "undecided", "deep", None, None, 0.95, None, len(test), 1), (),
        truth=goals.truth(dataset, task, test), contestants=contestants, higher_is_better=True,
        context=goals.scoring_context(dataset, task, split, test), test_rows=test,
    )  # fmt: skip
    facts = AnalysisFacts(len(train), len(test), len(columns), dict.fromkeys(predictors, 0.1))  # type: ignore[arg-type]
    return AnalysisContext(dataset, task, split, outcome, predictors, facts)


def fitted(frame: pd.DataFrame, positive: np.ndarray) -> dict[str, Any]:
    """Boosting and a linear model, learnt from the training rows."""
    x, y = matrix(frame)[:N_TRAIN], positive[:N_TRAIN]
    return {
        "deep": HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=0).fit(x, y),
        "shallow": LogisticRegression(max_iter=500).fit(x, y),
    }


def important_column_first() -> dict[str, Any]:
    """In ten draws of the rows, the column that matters is the first of both sides."""
    first = {"deep": 0, "shallow": 0}
    for seed in range(10):
        frame, positive = rows_of(seed)
        made = IMPORTANCE.run(context_of(frame, positive, fitted(frame, positive), seed))
        assert made is not None
        for row in made["rows"]:
            first[row["side"]] += row["rank"] == 1 and row["factor"] == "matters" and row["low"] > 0
    print(f"first with an interval above 0: deep {first['deep']} of 10, shallow {first['shallow']} of 10")
    return {**first, "of": 10, "passed": min(first.values()) == 10}


def flipped_subgroup_found() -> dict[str, Any]:
    """Test labels of one level of eight are flipped for half of its rows: it is found on both sides."""
    found, first = {"deep": 0, "shallow": 0}, {"deep": 0, "shallow": 0}
    for seed in range(20):
        frame, positive = rows_of(seed)
        models = fitted(frame, positive)
        hit = (frame["level"] == "c").to_numpy() & (np.random.default_rng(seed).random(len(frame)) < 0.5)
        made = SUBGROUPS.run(context_of(frame, positive ^ hit, models, seed))
        assert made is not None
        for side in found:
            rows = [row for row in made["rows"] if row["side"] == side]
            found[side] += any(row["subgroup"] == "level = c" and row["found"] for row in rows)
            first[side] += rows[0]["subgroup"] == "level = c"
    print(f"found: deep {found['deep']} of 20, shallow {found['shallow']} of 20; first: {first}")
    return {"found": found, "first": first, "of": 20, "passed": min(found.values()) >= 19}


def clean_subgroups_not_found() -> dict[str, Any]:
    """Columns that have nothing to do with how hard a row is: in 95 of 100 draws or more, nothing is found."""
    clean, n = 0, 100
    models = fitted(*rows_of(n))
    for seed in range(n):
        frame, positive = rows_of(seed)
        shuffled = frame.copy()
        order = np.random.default_rng(seed).permutation(len(frame))
        names = [name for name in frame if name not in ("matters", "helps")]
        context = context_of(frame, positive, models, seed)
        blind = shuffled[names].take(order).reset_index(drop=True)
        dataset = dataclasses.replace(context.dataset, inputs=blind)
        task = dataclasses.replace(context.task, columns=tuple(c for c in context.task.columns if c.name in names))
        made = SUBGROUPS.run(dataclasses.replace(context, dataset=dataset, task=task))
        clean += made is None or not any(row["found"] for row in made["rows"])
    print(f"nothing found in {clean} of {n} draws")
    return {"clean": clean, "of": n, "passed": clean >= 0.95 * n}


class _Spoilt:
    """A linear model that guesses where a noise column is high."""

    def __init__(self, model: Any, column: int) -> None:
        self.model, self.column = model, column

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        p = self.model.predict_proba(x)
        p[x[:, self.column] > 0.8] = 0.5
        return np.asarray(p)


def region_described() -> dict[str, Any]:
    """Where "noise 0" is above 0.8 shallow guesses: the tree says so, and says nothing of two alike models."""
    described, false, n = 0, 0, 20
    for seed in range(n):
        frame, positive = rows_of(seed)
        linear = LogisticRegression(max_iter=500).fit(matrix(frame)[:N_TRAIN], positive[:N_TRAIN])
        spoilt = _Spoilt(linear, list(frame).index("noise 0"))
        made = DIFFERENCES.run(context_of(frame, positive, {"deep": linear, "shallow": spoilt}, seed))
        assert made is not None
        rows = made["rows"]
        described += bool(rows) and all(r["better"] == "deep" and LOWER.search(r["region"]) for r in rows)
        other = LogisticRegression(max_iter=500, C=0.1).fit(matrix(frame)[:N_TRAIN], positive[:N_TRAIN])
        rng = np.random.default_rng(seed)
        alike = DIFFERENCES.run(
            context_of(frame, positive, {"deep": _Noisy(other, rng), "shallow": _Noisy(other, rng)}, seed)
        )
        assert alike is not None
        false += bool(alike["rows"])
    print(f"described in {described} of {n} draws; a region between models alike in {false} of {n}")
    return {"described": described, "false": false, "of": n, "passed": described >= 19 and false <= 2}


class _Noisy:
    """A model with noise on its probabilities."""

    def __init__(self, model: Any, rng: np.random.Generator) -> None:
        self.model, self.rng = model, rng

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        p = np.clip(self.model.predict_proba(x)[:, 1] + 0.1 * self.rng.normal(size=len(x)), 0.001, 0.999)
        return np.stack([1 - p, p], axis=1)


CHECKS = {
    one.__name__: one
    for one in (important_column_first, flipped_subgroup_found, clean_subgroups_not_found, region_described)
}
"""Name → the check."""
