"""Splits of goals without target: rows without a label train, and normal rows may be all that train."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.records import Dataset, Task
from automl.sides.items import refit_items
from automl.split import split


def _data(labels: list[str | None]) -> Dataset:
    inputs = pd.DataFrame({"a": np.arange(len(labels), dtype=float), "b": 1.0})
    return Dataset("made", inputs, pd.DataFrame({"y": pd.Series(labels, dtype=object)}))


def _task(normal: str | None = None) -> Task:
    return Task(
        "tabular", "anomaly", ("y",), "roc_auc", ("normal", "anomaly"), positive="anomaly", label="y", normal=normal
    )


LABELS: list[str | None] = ["anomaly" if i % 10 == 0 else "normal" for i in range(200)]


def test_rows_as_they_come_train_whatever_their_label() -> None:
    made = split(_data(LABELS), _task(), seed=3)
    parts = [np.array(LABELS, object)[part] for part in (made.train, made.valid, made.test)]
    assert all(0.05 < (part == "anomaly").mean() < 0.15 for part in parts)
    assert np.array_equal(refit_items(made), np.concatenate([made.train, made.valid]))
    assert not made.folds


def test_normal_rows_alone_train_and_are_refitted_on() -> None:
    made = split(_data(LABELS), _task("0"), seed=3)
    labels = np.array(LABELS, object)
    assert set(labels[made.train]) == {"normal"}
    assert set(labels[refit_items(made)]) == {"normal"}
    assert "anomaly" in set(labels[made.valid]) and "anomaly" in set(labels[made.test])
    assert len(refit_items(made)) > len(made.train)
    assert "only rows with '0' train" in made.rule


def test_rows_without_a_label_train_and_score_nothing() -> None:
    labels = [label if i % 4 == 0 else None for i, label in enumerate(LABELS)]
    made = split(_data(labels), _task(), seed=3)
    assert all(labels[row] is not None for row in (*made.valid, *made.test))
    assert sum(labels[row] is None for row in made.train) == labels.count(None)
    assert len(made.train) + len(made.valid) + len(made.test) == len(labels)
    only = split(_data(labels), _task("0"), seed=3)
    assert all(labels[row] == "normal" for row in only.train)


@pytest.mark.parametrize("given", [False, True])
def test_the_rule_names_strata_only_where_there_are_labels(given: bool) -> None:
    labelled = replace(_data(LABELS), given=np.arange(len(LABELS)) >= 150 if given else None)
    without = Dataset("made", labelled.inputs, given=labelled.given)
    assert "stratified by label" in split(labelled, _task(), seed=3).rule
    rule = split(without, Task("tabular", "represent", (), "r2"), seed=3).rule
    assert "shuffled" in rule and "stratified" not in rule


def test_too_few_normal_rows_are_refused() -> None:
    labels: list[str | None] = ["normal" if i < 6 else "anomaly" for i in range(60)]
    with pytest.raises(DataError, match="at least 8 are needed to learn what is normal"):
        split(_data(labels), _task("ok"), seed=0)
