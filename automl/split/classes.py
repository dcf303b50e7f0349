"""Classes in the parts of a split: a row of each in every part, and an error where a part could not be scored."""

from __future__ import annotations

import numpy as np

from automl import goals
from automl.errors import DataError
from automl.records import Dataset, Split, Task
from automl.split.draw import LEAST_OF_A_CLASS

__all__ = ["each_class", "refuse_one_class"]


def each_class(dataset: Dataset, task: Task, train: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move one training row of each class without validation rows to validation, if one stays in training.

    Args:
        dataset: that is split, without test rows.
        task: its goal says whether rows have a class.
        train: row numbers.
        valid: row numbers.

    Returns:
        (train, valid).

    Raises:
        DataError: one of two classes has a single row.
    """
    goal = goals.named(task)
    if not goal.is_one_class or dataset.target is None:
        return train, valid
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    spare = []
    for name in dict.fromkeys(labels[train]):
        own = train[labels[train] == name]
        if len(own) > 1 and name not in set(labels[valid]):
            spare.append(own[0])
        elif len(own) == 1 and goal.is_binary and name not in set(labels[valid]):
            raise DataError(
                f"class {name!r} of {task.target[0]} has one row; at least two of each class are needed, one to train "
                "and one to validate"
            )
    return np.setdiff1d(train, spare), np.union1d(valid, np.array(spare, np.int64))


def refuse_one_class(split: Split, dataset: Dataset, task: Task) -> None:
    """Refuse a split of two classes one of which no row trains, or validates: nothing could be compared.

    Args:
        split: as made.
        dataset: that is split.
        task: what is to be done.

    Raises:
        DataError: names the class, how many rows it has, and what to do.
    """
    if not goals.named(task).is_binary or dataset.target is None:
        return
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    names = list(task.classes) or list(dict.fromkeys(labels))
    for part, rows in (("train", split.train), ("validate", split.valid)):
        absent = [name for name in names if not (labels[rows] == name).any()]
        if absent:
            count = int((labels == absent[0]).sum())
            few = count < LEAST_OF_A_CLASS
            step = (
                f"gather more rows of this class: at least {LEAST_OF_A_CLASS} are needed, to train, validate and test"
                if few
                else "name another group or time column, or gather rows of this class in other groups and times"
            )
            raise DataError(
                f"expected rows of both classes of {task.target[0]!r} in each part, but none of the {count:,} "
                f"{'row' if count == 1 else 'rows'} of class {absent[0]!r} can {part} ({split.rule}); {step}"
            )
