"""What the settings of shallow families depend on: a setting that cannot matter for the data is not tried."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from automl import goals
from automl.baselines.features.levels import counted, evenly
from automl.baselines.features.target_statistics import come_back, targets_of
from automl.frame_columns import number_blocks
from automl.goals.shared.contexts import reach, transforms
from automl.goals.shared.target_transform import transform_for
from automl.records import (
    FILE_KINDS,
    MIN_LEVEL_ROWS,
    NUMERIC_KINDS,
    QUANTITY_KINDS,
    UNUSED_KINDS,
    Dataset,
    Facts,
    Task,
    encoded_columns,
)
from automl.target_encoding.ridge import MAX_FIT_ROWS
from automl.target_encoding.value_spikes import may_come_back

__all__ = ["facts_of"]

NO_LEVELS = frozenset({*NUMERIC_KINDS, *UNUSED_KINDS, "datetime", "text", "url", *FILE_KINDS})


def facts_of(dataset: Dataset, task: Task, items: np.ndarray, seed: int = 0) -> Facts:
    """Counts of the training items.

    Args:
        dataset: the data, after detection.
        task: the task, after detection.
        items: training rows or forecast windows.
        seed: of the folds by which numbers that come back are judged.
    """
    goal = goals.named(task)
    n_rows, n_classes = len(items), len(task.classes)
    if goal.in_windows:
        admitted = transforms(goals.truth(dataset, task, items))
        contexts, start = reach(dataset, task, items)
        return Facts(n_rows, n_classes, contexts=contexts, start_context=start, transforms=admitted)
    truth = goals.learnt_truth(dataset, task, items)
    priors: tuple[float, ...] = ()
    if goal.is_one_class and goal.needs_target:
        priors = tuple((np.bincount(truth, minlength=n_classes) / max(n_rows, 1)).tolist())
    if not hasattr(dataset.inputs, "columns"):
        return Facts(n_rows, n_classes, priors, _is_skewed(task, truth), _is_positive(task, truth))
    counts = list(_counts(dataset, task, items))
    return Facts(
        n_rows, n_classes, priors, _is_skewed(task, truth), _is_positive(task, truth),
        most_levels=max((int((count >= MIN_LEVEL_ROWS).sum()) for count in counts), default=0),
        most_words=max(map(len, counts), default=0),
        numbers_come_back=goal.needs_target and _come_back(dataset, task, items, truth, seed),
    )  # fmt: skip


def _is_skewed(task: Task, truth: np.ndarray) -> bool:
    """Whether a target asks for a transform."""
    if not goals.named(task).is_numeric:
        return False
    columns = np.asarray(truth, np.float64).reshape(len(truth), -1).T
    return any(transform_for(column[~np.isnan(column)], task.metric).power != 1.0 for column in columns)


def _is_positive(task: Task, truth: np.ndarray) -> bool:
    """Whether all values to predict are positive."""
    return goals.named(task).is_numeric and bool(np.nanmin(truth, initial=np.inf) > 0)


def _counts(dataset: Dataset, task: Task, items: np.ndarray) -> Iterator[np.ndarray]:
    """How often each level of a column occurs, of words and bins among numbers too, and each member of lists."""
    for column in encoded_columns(task.columns):
        if column.kind not in NO_LEVELS and column.name in dataset.inputs.columns:
            yield counted(dataset.inputs[column.name].iloc[items], column.kind == "list")[1]


def _come_back(dataset: Dataset, task: Task, items: np.ndarray, truth: np.ndarray, seed: int) -> bool:
    """Whether a column of numbers has values that come back and tell more than their neighbours."""
    targets = targets_of(task.goal, len(task.classes), np.nan_to_num(truth))
    inputs, there = dataset.inputs, set(dataset.inputs.columns)
    names = [column.name for column in task.columns if column.kind in QUANTITY_KINDS and column.name in there]
    for own, block in number_blocks(inputs, names, items[evenly(len(items), MAX_FIT_ROWS)]):
        for name in (own[place] for place in np.flatnonzero(may_come_back(block)).tolist()):
            numbers = inputs[name].iloc[items].to_numpy(np.float64, na_value=np.nan)
            if come_back(numbers, targets, seed) is not None:
                return True
    return False
