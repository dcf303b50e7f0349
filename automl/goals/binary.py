"""One of two classes: scored as the probability of the second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.goals.shared.calibration import TWO_CLASSES
from automl.goals.shared.codecs import fit_two_classes
from automl.goals.shared.examples import noisy_classes
from automl.goals.shared.label_sets import CLASS_SETS
from automl.goals.shared.rows import class_frame, class_strata, rarest_class, usual
from automl.goals.shared.scoring import class_context
from automl.goals.shared.truth import class_truth
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BINARY"]


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"y": np.where(signal > 0, "yes", "no").astype(object)})


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return (signal > 0).astype(np.int64)


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    return noisy_classes(truth, rng, noise, 2)


BINARY = Goal(
    name="binary",
    words="Binary classification",
    answers="class",
    n_classes=(2, 2),
    default_metric=usual("roc_auc"),
    fit_codec=fit_two_classes,
    truth=class_truth,
    context=class_context,
    strata=class_strata,
    strata_words="class",
    rarest=rarest_class,
    to_frame=class_frame,
    calibration=TWO_CLASSES,
    regions=CLASS_SETS,
    example=Example(
        metric="roc_auc",
        head=Head("binary", (1,), "sigmoid", "binary_crossentropy", priors=(0.7, 0.3)),
        encoded=lambda n, rng: rng.integers(0, 2, (n, 1)).astype("float32"),
        target=_example_target,
        truth=_example_truth,
        output=_example_output,
        classes=("no", "yes"),
        context=lambda n_items: {"classes": 2},
        fields={"positive": "yes"},
    ),
)
