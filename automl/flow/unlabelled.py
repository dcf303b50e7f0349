"""Rows without a target that both sides may learn from: read as new rows are, and kept apart from held-out rows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from automl import modalities
from automl.detect import read_new
from automl.detect.rows import take
from automl.records import Finding

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = ["apart_from_held_out", "as_new_rows"]


def as_new_rows(dataset: Dataset, task: Task) -> Dataset:
    """The dataset with its rows without a target typed and decoded as rows to predict are.

    Args:
        dataset: as decoded.
        task: with all that new rows need to be read alike.
    """
    unlabelled = dataset.unlabelled
    if unlabelled is None:
        return dataset
    if not unlabelled.n_rows:
        message = "No row lacks a target, so that pretraining has nothing but the training rows to learn from."
        found = Finding("nothing_to_pretrain_on", "low", message, "Add rows without a target, or leave pretrain out.")
        return dataclasses.replace(dataset, findings=(*dataset.findings, found))

    def read(frame: pd.DataFrame, columns: Any) -> pd.DataFrame:
        return read_new(frame, columns)[0]

    made = modalities.named(task).ready(dataclasses.replace(unlabelled, unlabelled=None), task, read)
    return dataclasses.replace(dataset, unlabelled=dataclasses.replace(made, findings=()))


def apart_from_held_out(dataset: Dataset, split: Split) -> Dataset:
    """The dataset without those of its rows without a target that tell of held-out rows.

    Where groups stay whole, these are rows of groups that validate or test. Of rows that are split in time they are
    all, since they may be later than the test.

    Args:
        dataset: read and decoded.
        split: of it.
    """
    unlabelled = dataset.unlabelled
    if unlabelled is None or not unlabelled.n_rows:
        return dataset
    kept = np.ones(unlabelled.n_rows, bool)
    if split.in_time:
        kept[:] = False
        why = "the rows are split in time, and they may be later than the test"
    elif split.units == "group" and dataset.groups is not None and unlabelled.groups is not None:
        held_out = np.concatenate([split.valid, split.test, *(valid for _, valid in split.folds[1:])])
        kept = ~np.isin(unlabelled.groups, np.unique(dataset.groups[held_out]))
        why = "they are of groups that validate or test"
    if kept.all():
        return dataset
    lost = int((~kept).sum())
    message = f"{lost:,} of {len(kept):,} rows without a target are not learnt from: {why}."
    found = Finding("unlabelled_left_out", "low", message, count=lost)
    rows = take(unlabelled, np.flatnonzero(kept))
    return dataclasses.replace(dataset, unlabelled=rows, findings=(*dataset.findings, found))
