"""A few numbers that stand for a row. Nobody who learns sees a label; where there is one, a linear probe scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl import metrics
from automl.goals.shared.rows import MOST_CLASSES, label_strata, rarest_class
from automl.goals.shared.scoring import class_context
from automl.goals.shared.untargeted import label_truth
from automl.goals.shared.vectors import VectorCodec, dims_of
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = ["REPRESENT"]

EXAMPLE_DIMS = 8


def _fit_codec(dataset: Dataset, task: Task, split: Split) -> VectorCodec:
    return VectorCodec(Head("represent", (dims_of(task),), "linear", "own", is_code=True))


def _usual_metric(counts: Sequence[int]) -> str:
    if len(counts) < 2:
        return metrics.UNSCORED
    return "roc_auc" if len(counts) == 2 else "accuracy"


def _search_metric(task: Task) -> str:
    return task.metric if task.metric == metrics.UNSCORED else f"probe_{task.metric}"


def _frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    """The numbers of each row, a column each."""
    import pandas as pd

    vectors = arrays["vectors"]
    return pd.DataFrame(vectors, columns=[f"v{place}" for place in range(1, vectors.shape[1] + 1)])


def _fault(task: Task) -> str:
    return "" if task.dims is None or task.dims >= 2 else f"has {task.dims} dims; expected at least 2"


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"y": np.where(signal > 0, "yes", "no").astype(object)})


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return (signal > 0).astype(np.int64)


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    vectors = 0.1 * rng.normal(size=(len(truth), EXAMPLE_DIMS))
    vectors[:, 0] += truth + noise * rng.normal(size=len(truth))
    return Output("vectors", {"vectors": vectors})


REPRESENT = Goal(
    name="represent",
    words="Representation learning",
    answers="vectors",
    n_classes=(0, MOST_CLASSES),
    default_metric=_usual_metric,
    fit_codec=_fit_codec,
    truth=label_truth,
    context=class_context,
    strata=label_strata,
    strata_words="label",
    rarest=rarest_class,
    to_frame=_frame,
    fault=_fault,
    search_metric=_search_metric,
    probed=True,
    drawn="the labelled rows that probes learn from",
    needs_target=False,
    purpose="for numbers that stand for a row",
    example=Example(
        metric="probe_accuracy",
        head=Head("represent", (EXAMPLE_DIMS,), "linear", "own", is_code=True),
        encoded=lambda n, rng: np.zeros((n, 1), np.float32),
        target=_example_target,
        truth=_example_truth,
        output=_example_output,
        classes=("no", "yes"),
        context=lambda n_items: {"classes": 2},
        fields={"label": "y", "dims": EXAMPLE_DIMS},
    ),
)
