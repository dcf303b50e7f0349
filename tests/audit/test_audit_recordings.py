"""Speakers on both sides of the split are told, and not those that the split keeps whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from automl.audit.recordings import crossing_recordings
from automl.audit.view import View
from automl.records import Dataset, Split, Task

N = 60
NAMES = np.array([f"/x/{'yes' if i % 2 else 'no'}/speaker{i // 2 % 5}_{i}.wav" for i in range(N)], dtype=object)
ROWS = np.arange(N)
SHUFFLED = np.random.default_rng(0).permutation(N)
SPLIT = Split(np.sort(SHUFFLED[:36]), np.sort(SHUFFLED[36:48]), np.sort(SHUFFLED[48:]), "row", ROWS[:12], "", 0)
TASK = Task("audio", "binary", ("class",), "accuracy", classes=("no", "yes"))


def view_of(names, split=SPLIT, task=TASK):
    target = pd.DataFrame({"class": np.array(["no", "yes"], object)[ROWS % 2]})
    return View(Dataset("x", np.zeros((N, 4, 4, 1), "uint8"), target, sources=names), task, split)


def test_speakers_of_training_that_are_tested_are_grave_and_no_name_is_quoted():
    finding = crossing_recordings(view_of(NAMES))
    assert (finding.check, finding.severity, finding.count) == ("crossing_recordings", "high", 5)
    assert "one of 5 speakers" in finding.message and "--group speaker" in finding.next_step
    assert finding.options == (("group", ("speaker",)),) and "speaker3" not in finding.message


def test_a_split_by_groups_and_names_without_groups_are_no_news():
    assert crossing_recordings(view_of(NAMES, replace(SPLIT, units="group"))) is None
    assert crossing_recordings(view_of(np.array([f"{i}.wav" for i in range(N)], dtype=object))) is None
    assert crossing_recordings(view_of(None)) is None
    by_speaker = ROWS // 2 % 5
    parts = [np.flatnonzero(np.isin(by_speaker, own)) for own in ([0, 1, 2], [3], [4])]
    assert crossing_recordings(view_of(NAMES, replace(SPLIT, train=parts[0], valid=parts[1], test=parts[2]))) is None
