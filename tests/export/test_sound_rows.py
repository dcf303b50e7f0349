"""Sounds that are made up to check an export are of the rate and length trained on; files cannot be made up."""

from dataclasses import replace

import numpy as np
import pytest

from automl.errors import DataError
from automl.export.rows import made_rows
from automl.intake import new_rows
from automl.modalities import AUDIO
from automl.records import Column
from automl.testing.examples import decoded_problem


def test_made_rows_sounds_are_read_like_those_trained_on():
    _, task, _, _ = decoded_problem("binary", "audio")
    rows = made_rows(task, None, 5)
    read = AUDIO.ready(new_rows(rows, task, AUDIO), task, None)
    assert read.inputs.shape == (5, *task.image_shape) and len(np.unique(read.inputs)) > 50


def test_files_of_sounds_are_asked_for():
    _, task, _, _ = decoded_problem("binary", "audio")
    task = replace(task, columns=(Column("sound", "audio_path", 1.0, ""),))
    with pytest.raises(DataError, match="'sound' names files"):
        made_rows(task, None, 5)
