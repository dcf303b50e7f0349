"""One of several classes, which may be grades in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl import metrics
from automl.goals.shared.calibration import AllTogether
from automl.goals.shared.codecs import fit_classes
from automl.goals.shared.examples import noisy_classes
from automl.goals.shared.label_sets import CLASS_SETS
from automl.goals.shared.rows import MOST_CLASSES, class_frame, class_strata, rarest_class
from automl.goals.shared.scoring import class_context
from automl.goals.shared.truth import class_truth
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MULTICLASS"]

NAMES = ("a", "b", "c")
CUTS = (-0.5, 0.5)


def _metric(counts: Sequence[int]) -> str:
    """Accuracy, which is what people expect, but where one class holds so many rows that guessing it would do.

    There each class counts alike. That needs rows: of a class with a handful of them the share that is right is chance,
    and it would decide as much as any other.
    """
    return "balanced_accuracy" if metrics.is_uneven(counts) else "accuracy"


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"y": np.asarray(NAMES, object)[_example_truth(signal)]})


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return np.asarray(np.digitize(signal, CUTS), np.int64)


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    return noisy_classes(truth, rng, noise, len(NAMES))


MULTICLASS = Goal(
    name="multiclass",
    words="Classification",
    answers="class",
    n_classes=(2, MOST_CLASSES),
    default_metric=_metric,
    fit_codec=fit_classes,
    truth=class_truth,
    context=class_context,
    strata=class_strata,
    strata_words="class",
    rarest=rarest_class,
    to_frame=class_frame,
    calibration=AllTogether(),
    regions=CLASS_SETS,
    example=Example(
        metric="accuracy",
        head=Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.5, 0.3, 0.2)),
        encoded=lambda n, rng: rng.integers(0, 3, n).astype("int32"),
        target=_example_target,
        truth=_example_truth,
        output=_example_output,
        classes=NAMES,
        context=lambda n_items: {"classes": 3},
    ),
)
