"""The contract of a baseline's settings: each that varies changes a fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np

from automl.records import Baseline, Dataset, Facts, FitContext, Split, Task
from automl.testing.promise import promise

__all__ = ["check_baseline_settings", "varying"]

DRAWN = 40
TRIED_DRAWS = 8


def check_baseline_settings(
    baseline: Baseline, dataset: Dataset, task: Task, split: Split, truth: np.ndarray, facts: Facts,
    smaller: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Check that each setting that a baseline draws in more than one value changes its predictions.

    A setting that cannot matter for the data has one value in all settings: otherwise fits that are the same are made
    again and again.

    Args:
        baseline: of any modality but forecasts.
        dataset: data on which each setting can matter.
        task: of the data.
        split: its rows.
        truth: ``(n, ...)`` of all rows.
        facts: of the training rows.
        smaller: settings that keep a fit short, in place of those drawn.

    Raises:
        AssertionError: a setting changes nothing; says which.
    """
    smaller = {} if smaller is None else smaller
    drawn = _drawn(baseline, task, facts)
    first, values = varying(baseline, task, facts)

    def predicted(settings: Mapping[str, Any]) -> np.ndarray:
        short = {name: smaller.get(name, value) for name, value in settings.items()}
        model = baseline.make(task, short, 0)
        model.fit(dataset, split.train, truth[split.train], None, FitContext())
        output = model.predict(dataset, split.test)
        return output.arrays[output.kind]

    def changes(name: str) -> bool:
        """Whether some settings predict otherwise with this one as it is in the first."""
        others = [one for one in drawn if one[name] != first[name] and name not in smaller][:TRIED_DRAWS]
        return any(not np.array_equal(predicted(one), predicted({**one, name: first[name]})) for one in others)

    for name in values.keys() - smaller.keys():
        promise(
            changes(name),
            f"{baseline.name}: the setting {name!r} changes no prediction, whatever of {values[name]} it is; draw it "
            "only where it can matter (facts and task.columns say)",
        )


def varying(baseline: Baseline, task: Task, facts: Facts) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The first settings, and by name all values of those that vary among the first draws.

    Args:
        baseline: of any modality.
        task: what to predict.
        facts: of the training rows.
    """
    drawn = _drawn(baseline, task, facts)
    values = {name: list({json.dumps(one.get(name)): one.get(name) for one in drawn}.values()) for name in drawn[0]}
    return drawn[0], {name: others for name, others in values.items() if len(others) > 1}


def _drawn(baseline: Baseline, task: Task, facts: Facts) -> list[dict[str, Any]]:
    """The first settings that a family yields."""
    drawn = [dict(settings) for settings in islice(baseline.settings(task, facts, 0), DRAWN)]
    promise(len(drawn) > 0, f"{baseline.name}: settings yields nothing; yield at least the default")
    return drawn
