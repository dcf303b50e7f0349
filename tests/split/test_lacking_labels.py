"""Parts of a split in which a label has one value only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.records import Dataset, Split, Task
from automl.split import lacking_labels

N = 30
SPLIT = Split(np.arange(10), np.arange(10, 20), np.arange(20, 30), "row", np.arange(10), "fixed", 0)
TASK = Task("tabular", "anomaly", ("odd",), "average_precision", ("normal", "anomaly"), label="odd")


def data(odd: list[int]) -> Dataset:
    labels = np.full(N, "normal", object)
    labels[odd] = "anomaly"
    return Dataset("d", pd.DataFrame({"x": np.arange(N)}), pd.DataFrame({"odd": labels}))


def checks(odd: list[int], task: Task = TASK) -> list[str]:
    return [finding.check for finding in lacking_labels(SPLIT, data(odd), task)]


def test_validation_rows_of_one_kind_cannot_choose_and_test_rows_of_one_kind_cannot_score() -> None:
    assert checks([1, 12, 25]) == []
    assert checks([1, 25]) == ["unselected"]
    assert checks([1, 12]) == ["unscored_test"]
    assert checks([1]) == ["unselected", "unscored_test"]


def test_findings_name_the_label_and_what_follows() -> None:
    unselected, unscored = lacking_labels(SPLIT, data([1]), TASK)
    assert "All 10 validation rows are 'normal' by label 'odd'" in unselected.message
    assert "first settings" in unselected.message and "1 % of the validation rows" in unselected.message
    assert "there is no verdict" in unscored.message and "--test" in unscored.next_step


def test_other_goals_and_data_without_a_label_are_left_alone() -> None:
    assert checks([1], Task("tabular", "binary", ("odd",), "roc_auc", ("normal", "anomaly"))) == []
    bare = Dataset("d", pd.DataFrame({"x": np.arange(N)}))
    assert lacking_labels(SPLIT, bare, TASK) == ()


def test_a_search_that_nothing_selects_has_no_metric() -> None:
    import dataclasses

    unselected = dataclasses.replace(TASK, selects=False)
    assert goals.search_metric(unselected) == metrics.UNSCORED and goals.search_metric(TASK) == TASK.metric
