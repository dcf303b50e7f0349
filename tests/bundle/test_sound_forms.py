"""How sounds are read comes back with a saved model, and odd forms, by which memory would be taken, are refused."""

import json
from dataclasses import replace

import pytest

from automl.bundle.tasks import task_from_dict, task_to_dict
from automl.errors import BundleError
from automl.intake.spectrograms import SoundForm
from automl.records import Column, Task

FORM = SoundForm.of(16_000, 1.0)
COLUMN = Column("n", "audio_path", 1.0, "", {"shape": list(FORM.shape), "sound": FORM.settings()})
TABLE = Task("tabular", "regression", ("y",), "r2", columns=(COLUMN,))
SOUNDS = Task("audio", "regression", ("y",), "r2", image_shape=FORM.shape, sound=FORM.settings())


def stored(task):
    return json.loads(json.dumps(task_to_dict(task)))


@pytest.mark.parametrize("task", [TABLE, SOUNDS], ids=["table", "sounds"])
def test_the_form_of_sounds_comes_back(task):
    assert task_from_dict(stored(task)) == task


@pytest.mark.parametrize(
    "task",
    [
        replace(SOUNDS, sound={**FORM.settings(), "samples": 10**9}),
        replace(SOUNDS, sound={"rate": 16_000}),
        replace(TABLE, columns=(replace(COLUMN, reading={"sound": {}}),)),
    ],
)
def test_odd_forms_are_refused(task):
    with pytest.raises(BundleError, match="invalid form"):
        task_from_dict(stored(task))
