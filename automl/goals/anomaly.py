"""How unusual a row is. Nobody who learns sees a label; where there is one, it selects and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl import metrics
from automl.goals.shared.rows import label_strata, rarest_class
from automl.goals.shared.scores import ALARM_THRESHOLD, AlarmThreshold, ScoreCodec, score_output
from automl.goals.shared.scoring import class_context
from automl.goals.shared.untargeted import label_truth
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = ["ANOMALY"]

HEAD = Head("anomaly", (1,), "linear", "own")


def _fit_codec(dataset: Dataset, task: Task, split: Split) -> ScoreCodec:
    return ScoreCodec(HEAD)


def _usual_metric(counts: Sequence[int]) -> str:
    return "average_precision" if len(counts) > 1 else metrics.UNSCORED


def _frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    """Whether each row raises an alarm, and its score."""
    import pandas as pd

    return pd.DataFrame({"anomaly": arrays["labels"].astype(bool), "score": arrays["scores"]})


def _fault(task: Task) -> str:
    if task.contamination is not None and not 0 < task.contamination < 0.5:
        return f"has a contamination of {task.contamination!r}; expected one between 0 and 0.5"
    return ""


def _alarm_threshold(task: Task) -> AlarmThreshold:
    return AlarmThreshold(task.contamination)


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"y": np.where(signal > 0.8, "anomaly", "normal").astype(object)})


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return (signal > 0.8).astype(np.int64)


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    return score_output(np.clip(0.2 + truth + 0.3 * noise * rng.uniform(-1.0, 1.0, len(truth)), 0.0, 1.99))


ANOMALY = Goal(
    name="anomaly",
    words="Anomaly detection",
    answers="class",
    n_classes=(0, 2),
    default_metric=_usual_metric,
    fit_codec=_fit_codec,
    truth=label_truth,
    context=class_context,
    strata=label_strata,
    strata_words="label",
    rarest=rarest_class,
    to_frame=_frame,
    fault=_fault,
    calibration=ALARM_THRESHOLD,
    calibration_for=_alarm_threshold,
    needs_target=False,
    purpose="to look for unusual rows",
    example=Example(
        metric="roc_auc",
        head=HEAD,
        encoded=lambda n, rng: np.zeros((n, 1), np.float32),
        target=_example_target,
        truth=_example_truth,
        output=_example_output,
        classes=("normal", "anomaly"),
        context=lambda n_items: {"classes": 2},
        fields={"label": "y", "positive": "anomaly"},
    ),
)
