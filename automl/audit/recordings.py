"""Sounds of the same speaker, session or machine in training and test rows, told by the names of their files."""

from __future__ import annotations

import numpy as np

from automl.audit.view import View
from automl.detect.quoting import percent
from automl.intake.recordings import recordings
from automl.records import Finding
from automl.system.advice import advice

__all__ = ["crossing_recordings"]

CROSSING = 0.3
"""Share of the test rows of a known group from which it is told."""


def crossing_recordings(view: View) -> Finding | None:
    """Files whose names say that one group's are both in training and in test rows.

    The finding is grave where the names say what the group is, or are of a known form; it is not where only parts of
    them come again.
    """
    sources, split = view.dataset.sources, view.split
    if sources is None or sources.dtype != object or sources.ndim != 1 or split is None or not len(split.test):
        return None
    if split.units == "group" or view.task.group_column is not None:
        return None
    target = view.dataset.target
    classes = None if target is None or target.shape[1] != 1 else target.iloc[:, 0].tolist()
    found = recordings(sources.tolist(), classes)
    if found is None:
        return None
    known = {key for key in found.keys[np.union1d(split.train, split.valid)] if key}
    share = float(np.mean([key in known for key in found.keys[split.test]]))
    if share < CROSSING:
        return None
    word, n_groups = found.word, len({key for key in found.keys if key})
    told = f"one of {n_groups:,} {word}s" if found.is_named else f"one of {n_groups:,} parts of names"
    message = (
        f"{percent(share)} of the test sounds are of {told}, by the names of their files, whose other sounds are in "
        f"training rows. If new sounds are of others, the test score is too good."
    )
    step = f"Pass {advice('group', [word])} so that each is wholly in training or wholly in test."
    options = (("group", (word,)),)
    return Finding("crossing_recordings", "high" if found.is_named else "medium", message, step, (), (), n_groups,
                   options=options)  # fmt: skip
