"""Names of sound files tell who speaks, or which machine is heard; counters and classes are no groups."""

from __future__ import annotations

import pytest
from written_sounds import classes_of_tones

from automl.errors import DataError
from automl.intake import load
from automl.intake.recordings import recordings
from automl.records import Recipe

WORDS = ("yes", "no", "go")


def names_of(form, n_keys=3, n_takes=4):
    keys = ["ab12cd", "b7f3a0", "c90e11", "d4"][:n_keys]
    return [form.format(word=word, key=key, number=k, take=take) for word in WORDS for k, key in enumerate(keys)
            for take in range(n_takes)]  # fmt: skip


def classes_for(names):
    return [WORDS[place * len(WORDS) // len(names)] for place in range(len(names))]


@pytest.mark.parametrize(
    ("form", "word", "is_named"),
    [
        ("{word}/{key}_nohash_{take}.wav", "speaker", True),
        ("{word}/speaker{number:02d}_{word}_{take}.wav", "speaker", True),
        ("{word}/spk-{number}-{take}.flac", "speaker", True),
        ("{word}/Actor_{number:02d}/03-01-{take}.wav", "speaker", True),
        ("{word}/session{number}/{take}.wav", "session", True),
        ("{word}/fan_{number}_{take}.wav", "machine", True),
        ("{word}_{key}_{take}.wav", "recording", False),
    ],
)
def test_groups_are_told_by_names(form, word, is_named):
    names = names_of(form)
    found = recordings(names, classes_for(names))
    assert (found.word, found.is_named) == (word, is_named)
    assert len(set(found.keys)) == 3 and [list(found.keys).count(key) for key in set(found.keys)] == [12] * 3


@pytest.mark.parametrize(
    "names",
    [
        [f"{word}/{take:03d}.wav" for word in WORDS for take in range(8)],
        [f"{word}/clip_{take}.wav" for word in WORDS for take in range(8)],
        [f"{word}/{word}_{take}.wav" for word in WORDS for take in range(8)],
        [f"{word}/speaker1_{take}.wav" for word in WORDS for take in range(8)],
        [f"{word}/{take}_a_{word}.wav" for word in WORDS for take in range(8)],
        [None] * 24,
    ],
)
def test_counters_classes_and_single_groups_are_none(names):
    assert recordings(names, classes_for(names)) is None


def test_a_group_that_only_names_tell_can_be_asked_for(tmp_path):
    folder = classes_of_tones(tmp_path / "tones", n=8, speakers=4)
    dataset = load(Recipe(data=str(folder), group="speaker"))
    assert sorted(set(dataset.groups)) == ["0", "1", "2", "3"] and list(dataset.inputs.columns) == ["sound"]
    with pytest.raises(DataError, match="'session' is not a column"):
        load(Recipe(data=str(classes_of_tones(tmp_path / "plain")), group="session"))
