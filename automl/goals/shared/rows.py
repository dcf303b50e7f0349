"""Strata, rare classes and frames of goals whose items are rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = [
    "MOST_CLASSES", "as_written", "class_frame", "class_strata", "label_strata", "no_rarest", "rarest_class", "unused",
    "usual",
]  # fmt: skip

MOST_CLASSES = 1_000_000
"""That a stored task may name."""


def usual(name: str) -> Any:
    """A metric that does not depend on the classes."""

    def default_metric(counts: Sequence[int]) -> str:
        return name

    return default_metric


def class_strata(target: pd.DataFrame) -> np.ndarray:
    """Each row's class, as a code in order of first occurrence."""
    import pandas as pd

    return np.asarray(pd.factorize(target.iloc[:, 0].to_numpy(object))[0], np.int64)


def label_strata(target: pd.DataFrame) -> np.ndarray:
    """Each row's label, as a code in order of first occurrence; rows without one share a code."""
    import pandas as pd

    return np.asarray(pd.factorize(target.iloc[:, 0].to_numpy(object), use_na_sentinel=False)[0], np.int64)


def rarest_class(truth: np.ndarray, task: Task) -> tuple[int, str]:
    """Items of the class that has fewest, and its name."""
    counts = np.bincount(truth, minlength=len(task.classes))
    rarest = int(counts.argmin())
    return int(counts[rarest]), task.classes[rarest] if rarest < len(task.classes) else str(rarest)


def no_rarest(truth: np.ndarray, task: Task) -> None:
    """Numbers have no classes."""


def unused(name: str, taken: Collection[str]) -> str:
    """The name of a column that is made beside others, with an underscore more for as long as another one has it."""
    while name in taken:
        name += "_"
    return name


def as_written(task: Task) -> tuple[Any, ...]:
    """Class labels as the user would write them: integers and booleans again where all of them are."""
    if all(label.lstrip("-").isdigit() and str(int(label)) == label for label in task.classes):
        return tuple(int(label) for label in task.classes)
    if set(task.classes) == {"False", "True"}:
        return tuple(label == "True" for label in task.classes)
    return task.classes


def class_frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.Series:
    """The label of each row, named as the target."""
    import pandas as pd

    labels = as_written(task)
    return pd.Series([labels[code] for code in arrays["labels"]], name=task.target[0])
