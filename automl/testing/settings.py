"""The contract of a baseline's settings: each that varies changes a fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from automl.records import Baseline, Dataset, Facts, FitContext, Split, Task
from automl.testing.promise import promise

__all__ = ["check_settings", "varying"]

DRAWN = 40
TRIED_VALUES = 4


def check_settings(
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
    first, values = varying(baseline, task, facts)
    base = first | {name: value for name, value in smaller.items() if name in first}

    def predicted(settings: Mapping[str, Any]) -> np.ndarray:
        model = baseline.make(task, settings, 0)
        model.fit(dataset, split.train, truth[split.train], None, FitContext())
        output = model.predict(dataset, split.test)
        return output.arrays["probabilities" if output.kind == "probabilities" else "values"]

    usual = predicted(base)
    for name, others in values.items():
        changed = (predicted({**base, name: value}) for value in others[:TRIED_VALUES] if value != base[name])
        promise(
            any(not np.array_equal(usual, one) for one in changed),
            f"{baseline.name}: the setting {name!r} changes no prediction, whatever of {others} it is; draw it "
            "only where it can matter (facts and task.columns say)",
        )


def varying(baseline: Baseline, task: Task, facts: Facts) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The first settings, and by name all values of those that vary among the first draws.

    Args:
        baseline: of any modality.
        task: what to predict.
        facts: of the training rows.
    """
    drawn = [dict(settings) for settings in islice(_stream(baseline, task, facts), DRAWN)]
    promise(len(drawn) > 0, f"{baseline.name}: settings yields nothing; yield at least the default")
    values = {name: list({json.dumps(one.get(name)): one.get(name) for one in drawn}.values()) for name in drawn[0]}
    return drawn[0], {name: others for name, others in values.items() if len(others) > 1}


def _stream(baseline: Baseline, task: Task, facts: Facts) -> Iterator[Mapping[str, Any]]:
    return iter(baseline.settings(task, facts, 0))
