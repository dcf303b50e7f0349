"""Any number of labels a row: a column of 0 and 1 each, or lists such as "a, b"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from automl.goals.shared.calibration import OneByOne
from automl.goals.shared.codecs import fit_labels
from automl.goals.shared.examples import noisy_labels
from automl.goals.shared.label_sets import LABEL_SETS
from automl.goals.shared.rows import MOST_CLASSES, usual
from automl.goals.shared.scoring import class_context
from automl.goals.shared.truth import columns_of
from automl.records import Example, Goal, Head

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Task

__all__ = ["MULTILABEL"]

NAMES = ("red", "green")


def _truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    return columns_of(dataset, task.classes, items, np.int8)


def _strata(target: pd.DataFrame) -> np.ndarray:
    """Of each row its rarest label, or one code more where it has none."""
    table = target.to_numpy()
    scarce = np.argsort(np.argsort(table.sum(axis=0), kind="stable"), kind="stable")
    rank = np.where(table > 0, scarce, table.shape[1]).min(axis=1)
    return np.asarray(rank, np.int64)


def _rarest(truth: np.ndarray, task: Task) -> tuple[int, str]:
    """Items with, or without, the label of which fewest have it, or have it not."""
    counts = np.minimum((truth == 1).sum(axis=0), (truth == 0).sum(axis=0))
    rarest = int(counts.argmin())
    return int(counts[rarest]), task.classes[rarest] if rarest < len(task.classes) else str(rarest)


def _frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(arrays["labels"], columns=list(task.classes))


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(_example_truth(signal), columns=list(NAMES))


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return np.stack([signal > 0, signal > 0.5], axis=1).astype("int8")


MULTILABEL = Goal(
    name="multilabel",
    words="Multi-label classification",
    answers="labels",
    n_classes=(1, MOST_CLASSES),
    default_metric=usual("roc_auc"),
    fit_codec=fit_labels,
    truth=_truth,
    context=class_context,
    strata=_strata,
    strata_words="the rarest label",
    rarest=_rarest,
    to_frame=_frame,
    calibration=OneByOne(
        positives=lambda p: p, complete=lambda q: q, marks=lambda truth: truth == 1, labels=lambda marks: marks
    ),
    regions=LABEL_SETS,
    example=Example(
        metric="accuracy",
        head=Head("multilabel", (2,), "sigmoid", "binary_crossentropy", priors=(0.5, 0.2)),
        encoded=lambda n, rng: rng.integers(0, 2, (n, 2)).astype("float32"),
        target=_example_target,
        truth=_example_truth,
        output=noisy_labels,
        classes=NAMES,
        context=lambda n_items: {"classes": 2},
    ),
)
