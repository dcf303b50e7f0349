"""Sounds: files and arrays become spectrograms of one form; what was odd is told, and nothing is dropped silently."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from written_sounds import RATE, classes_of_tones, tone, wav

from automl.errors import DataError
from automl.intake import load, new_rows, pictured, sound_files, sounds
from automl.intake.playing import MOST_BYTES, played
from automl.intake.sound_files import at_rate, of_array, placed, record
from automl.intake.sounds import common_length, heard_at, spectrograms
from automl.intake.spectrograms import SoundForm, decibels
from automl.modalities import named
from automl.records import Column, Dataset, Recipe, Task

soundfile = pytest.importorskip("soundfile", reason="sound files are read by soundfile (extra audio)")

COLUMN = Column("sound", "audio_path", 1.0, "all end like a sound file's name")
TASK = Task("audio", "binary", ("y",), "accuracy", columns=(COLUMN,))


def dataset_of(folder, names, **more):
    frame = pd.DataFrame({"sound": pd.Series(names, dtype=object)})
    return Dataset("sounds", frame, root=str(folder), **more)


def told(dataset):
    return {finding.check: finding for finding in dataset.findings}


def test_a_folder_of_classes_is_a_column_of_sounds_with_its_classes(tmp_path):
    dataset = load(Recipe(data=str(classes_of_tones(tmp_path / "tones"))))
    assert list(dataset.inputs.columns) == ["sound"] and dataset.kinds == {"sound": "audio_path"}
    assert dataset.target["class"].value_counts().to_dict() == {"high": 6, "low": 6}


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "none"])
def test_all_formats_give_the_same_picture_but_for_what_their_coding_loses(tmp_path, ending):
    samples = tone(1_000.0, 0.5, 16_000)
    name = "a.wav" if ending == "none" else f"a.{ending}"
    soundfile.write(tmp_path / name, samples, 16_000)
    if ending == "none":
        (tmp_path / name).rename(tmp_path / "a")
        name = "a"
    made, form = sounds(dataset_of(tmp_path, [name]), TASK)
    plain, _ = sounds(Dataset("x", samples[None, None], rate=16_000.0), replace(TASK, columns=()), replace(
        form, own_rate=16_000.0))  # fmt: skip
    assert form.rate == 16_000
    loud = plain.inputs > 150  # 40 dB below full scale
    assert np.abs(made.inputs.astype(int) - plain.inputs)[loud].max() <= (40 if ending in ("ogg", "mp3") else 2)


def test_what_cannot_be_read_is_left_out_counted_and_listed(tmp_path):
    wav(tmp_path / "a.wav", tone(500.0))
    wav(tmp_path / "b.wav", np.zeros(0))
    (tmp_path / "c.wav").write_bytes(b"RIFF" + b"\0" * 60)
    (tmp_path / "d.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + b"\0" * 80)
    (tmp_path / "e.wav").write_bytes(b"")
    names = ["a.wav", "b.wav", "c.wav", "d.m4a", "e.wav", "gone.wav", None]
    made, _ = sounds(dataset_of(tmp_path, names, row_numbers=np.arange(10, 17)), TASK)
    finding = told(made)["unreadable_sounds"]
    assert made.n_rows == 1 and made.row_numbers.tolist() == [10]
    assert (finding.severity, finding.count, finding.rows) == ("high", 6, (11, 12, 13, 14, 15, 16))
    assert "6 of 7 sounds could not be read" in finding.message and "it holds no samples (1)" in finding.message
    assert "WAV, FLAC, OGG, MP3" in finding.message and "no such file (1)" in finding.message
    assert finding.files == ("b.wav", "c.wav", "d.m4a", "e.wav", "gone.wav")
    assert "gone" not in finding.message


def test_nothing_but_unreadable_sounds_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"\0" * 50)
    with pytest.raises(DataError, match=r"none of the 2 sounds .* can be read .*WAV, FLAC, OGG, MP3.*check the paths"):
        sounds(dataset_of(tmp_path, ["a.m4a", "gone.wav"]), TASK)


def test_rates_channels_lengths_silence_and_clipping_are_told(tmp_path):
    names = [wav(tmp_path / f"{i}.wav", tone(400.0 + i)).name for i in range(20)]
    names.append(wav(tmp_path / "stereo.wav", np.stack([tone(300.0), tone(900.0)], axis=1)).name)
    names.append(wav(tmp_path / "silent.wav", np.zeros(3_200)).name)
    names.append(wav(tmp_path / "clipped.wav", np.clip(4 * tone(300.0), -1, 1)).name)
    names.append(wav(tmp_path / "fast.wav", tone(300.0, rate=16_000), 16_000).name)
    names.append(wav(tmp_path / "slow.wav", tone(300.0, rate=4_000), 4_000).name)
    names.append(wav(tmp_path / "long.wav", tone(300.0, 2.0)).name)
    names.append(wav(tmp_path / "short.wav", tone(300.0, 0.1)).name)
    made, form = sounds(dataset_of(tmp_path, names), TASK)
    assert (form.rate, form.seconds) == (RATE, 0.4) and made.n_rows == len(names)
    found = told(made)
    assert {check: one.rows for check, one in found.items()} == {
        "silent_sounds": (21,), "clipped_sounds": (22,), "mixed_rates": (24,), "resampled_sounds": (23,),
        "mixed_channels": (20,), "long_sounds": (25,), "short_sounds": (26,),
    }  # fmt: skip
    assert made.inputs[21].max() == 0 and all(one.count == 1 for one in found.values())


def test_a_plain_set_of_sounds_has_no_findings(tmp_path):
    names = [wav(tmp_path / f"{i}.wav", tone(400.0 + i)).name for i in range(8)]
    made, _ = sounds(dataset_of(tmp_path, names), TASK)
    assert made.findings == () and made.sources.tolist() == [str(tmp_path / name) for name in names]


def test_rates_agree_on_one_picture(tmp_path):
    form = SoundForm.of(8_000, 0.4)
    wav(tmp_path / "a.wav", tone(700.0, rate=8_000), 8_000)
    wav(tmp_path / "b.wav", tone(700.0, rate=44_100), 44_100)
    wav(tmp_path / "c.wav", tone(700.0, rate=22_050), 22_050)
    made, _ = sounds(dataset_of(tmp_path, ["a.wav", "b.wav", "c.wav"]), TASK, form)
    level = decibels(made.inputs)[:, 5:-5]
    loud = level[0] > -45
    np.testing.assert_allclose(level[1][loud], level[0][loud], atol=1.5)
    np.testing.assert_allclose(level[2][loud], level[0][loud], atol=1.5)


def test_a_longer_sound_is_cut_to_its_loudest_part_and_a_shorter_one_ends_in_silence():
    sound = np.concatenate([np.full(50, 0.1), np.full(20, 0.9), np.full(30, 0.1)]).astype("float32")
    assert placed(sound, 20).tolist() == pytest.approx([0.9] * 20)
    assert placed(sound, 120).tolist()[100:] == [0.0] * 20
    assert at_rate(np.ones(100, "float32"), 50, 100).shape == (200,)
    assert common_length([1.0] * 99 + [30.0]) == 1.0 and common_length([1.0, 1.1, 1.2]) == 1.2


def test_a_clipped_recording_is_told_from_a_loud_one():
    loud = of_array(np.sin(np.arange(8_000) / 5)[None], RATE)
    clipped = of_array(np.clip(2 * np.sin(np.arange(8_000) / 50), -1, 1)[None], RATE)
    assert (loud.is_clipped, clipped.is_clipped) == (False, True)


def test_standardised_sounds_are_not_read_as_silence():
    """Their peak is full scale, that of the sounds trained on, so that a sound alone is read as among others."""
    values = np.stack([tone(500.0), 0.2 * tone(900.0)])
    task, y = replace(TASK, columns=()), ["a", "b"]
    unit = sounds(load(Recipe(data={"X": values / np.abs(values).max(), "y": y, "rate": RATE})), task)[0].inputs
    made, form = sounds(load(Recipe(data={"X": values * 7.0, "y": y, "rate": RATE})), task)
    assert np.abs(made.inputs.astype(int) - unit)[unit > 120].max() <= 1 and made.findings == ()
    task = replace(task, image_shape=form.shape, sound=form.settings())
    alone = named("audio").ready(new_rows(values[1:] * 7.0, task, named("audio")), task, None)
    assert np.array_equal(alone.inputs, made.inputs[1:])


@pytest.mark.parametrize(("large", "waits"), [(100, True), (1_000_000, False)])
def test_large_files_are_read_one_at_a_time(tmp_path, monkeypatch, large, waits):
    """What is computed of one takes more than a GiB, and several threads read."""
    paths = [wav(tmp_path / f"{i}.wav", tone(400.0 + i)) for i in range(3)]
    (tmp_path / "odd.wav").write_bytes(b"RIFF")
    form, is_held = SoundForm.of(8_000, 0.4), []

    def seen(sound, form):
        is_held.append(sound_files._LARGE.locked())
        return heard_at(sound, form)

    monkeypatch.setattr(sound_files, "LARGE_NUMBERS", large)
    monkeypatch.setattr(sys.modules[spectrograms.__module__], "heard_at", seen)
    found, _, reasons = spectrograms([*paths, tmp_path / "odd.wav"], form)
    assert is_held == [waits] * 3 and not sound_files._LARGE.locked()
    assert [one is None for one in found] == [False, False, False, True] and list(reasons) == [3]


def test_an_array_needs_a_rate_and_whole_numbers_are_of_their_type(tmp_path):
    values = np.stack([tone(500.0), tone(900.0)])
    made = [
        load(Recipe(data={"X": X, "y": ["a", "b"], "rate": RATE})) for X in (values, (values * 32_767).astype("int16"))
    ]
    pictures = [sounds(one, replace(TASK, columns=()))[0].inputs for one in made]
    assert made[0].rate == RATE and made[0].inputs.shape == (2, 1, 3_200)
    assert np.abs(pictures[0].astype(int) - pictures[1])[pictures[0] > 120].max() <= 3
    np.savez(tmp_path / "s.npz", X=values, y=np.array(["a", "b"]), sr=RATE)
    assert load(Recipe(data=str(tmp_path / "s.npz"))).rate == RATE
    with pytest.raises(DataError, match="without a rate"):
        sounds(replace(made[0], rate=None), replace(TASK, columns=()))


@pytest.mark.parametrize(("bits", "dtype"), [(16, "int32"), (16, "int64"), (24, "int32"), (32, "int32")])
def test_whole_numbers_of_a_large_type_are_not_read_as_silence(bits, dtype):
    values = np.stack([tone(500.0), tone(900.0)])
    usual, large = (values * 32_767).astype("int16"), (values * (2.0 ** (bits - 1) - 1)).astype(dtype)
    task, y = replace(TASK, columns=()), ["a", "b"]
    (made, form), (expected, _) = (
        sounds(load(Recipe(data={"X": X, "y": y, "rate": RATE})), task) for X in (large, usual)
    )
    assert np.abs(made.inputs.astype(int) - expected.inputs)[expected.inputs > 120].max() <= 3
    assert made.findings == ()
    task = replace(task, image_shape=form.shape, sound=form.settings())
    quiet = named("audio").ready(new_rows({"X": large[:1] // 512, "rate": RATE}, task, named("audio")), task, None)
    assert quiet.inputs.max() < made.inputs[:1].max() - 120  # a batch of one has the scale of training, not its own


def test_unsigned_bytes_are_heard_about_their_middle():
    values, task = np.stack([tone(500.0), tone(900.0)]), replace(TASK, columns=())
    wide, narrow = (values * 32_767).astype("int16"), np.rint(values * 127 + 128).astype("uint8")
    y = ["a", "b"]
    (made, form), (expected, _) = (
        sounds(load(Recipe(data={"X": X, "y": y, "rate": RATE})), task) for X in (narrow, wide)
    )
    near = np.abs(made.inputs.astype(int) - expected.inputs)
    assert near[expected.inputs > 150].max() <= 12 and not made.findings
    silent = sounds(load(Recipe(data={"X": np.full_like(narrow, 128), "y": y, "rate": RATE})), task)[0]
    assert [one.check for one in silent.findings] == ["silent_sounds"]
    task = replace(task, image_shape=form.shape, sound=form.settings())
    for again in (narrow, narrow.astype("int64"), narrow.astype(float)):  # as JSON has them
        new = named("audio").ready(new_rows({"X": again, "rate": RATE}, task, named("audio")), task, None)
        np.testing.assert_array_equal(new.inputs, made.inputs)
    earlier = replace(task, sound={**form.settings(), "full_scale": 255.0})
    new = named("audio").ready(new_rows({"X": narrow, "rate": RATE}, earlier, named("audio")), earlier, None)
    assert np.abs(new.inputs.astype(int) - made.inputs).max() > 20  # as an earlier version learnt it


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": np.zeros((4, 0)), "rate": 8_000}, "expected sounds as numbers"),
        ({"X": np.zeros((4, 10)), "rate": 0}, "samples a second, from 1"),
        ({"X": np.zeros((4, 10)), "rate": [1, 2]}, "expected one number"),
        ({"X": np.array([["a"] * 3] * 4), "rate": 8_000}, "expected sounds as numbers"),
    ],
)
def test_arrays_that_are_no_sounds_are_refused(arrays, words):
    with pytest.raises(DataError, match=words):
        load(Recipe(data={**arrays, "y": [0, 1, 0, 1]}))


def test_new_sounds_are_read_like_those_trained_on(tmp_path):
    names = [wav(tmp_path / f"{i}.wav", tone(400.0 + i)).name for i in range(4)]
    made, form = sounds(dataset_of(tmp_path, names), TASK)
    task = replace(TASK, image_shape=form.shape, sound=form.settings())
    wav(tmp_path / "other.wav", np.stack([tone(400.0, 0.4, 22_050)] * 2, axis=1), 22_050)
    for data in (str(tmp_path / "0.wav"), [str(tmp_path / "0.wav")], {"sound": str(tmp_path / "0.wav")}):
        new = named("audio").ready(new_rows(data, task, named("audio")), task, None)
        assert np.array_equal(new.inputs, made.inputs[:1])
    other = named("audio").ready(new_rows(str(tmp_path / "other.wav"), task, named("audio")), task, None)
    assert other.inputs.shape == made.inputs[:1].shape and other.findings == ()


def test_new_arrays_have_the_rate_of_training_unless_they_say_theirs():
    values = np.stack([tone(400.0 + 50 * i) for i in range(4)])
    task = replace(TASK, columns=())
    raw = load(Recipe(data={"X": values, "y": [0, 1, 0, 1], "rate": RATE}))
    made, form = sounds(raw, task)
    task = replace(task, image_shape=form.shape, sound=form.settings())
    for data in (values[:2], {"X": values[:2], "rate": RATE}):
        new = named("audio").ready(new_rows(data, task, named("audio")), task, None)
        assert np.array_equal(new.inputs, made.inputs[:2])
    whole = {"X": (values[:2] * 32_767).astype("int16"), "rate": RATE}
    other = named("audio").ready(new_rows(whole, task, named("audio")), task, None).inputs
    assert np.abs(other.astype(int) - made.inputs[:2])[other > 120].max() <= 3
    one = named("audio").ready(new_rows(values[0], task, named("audio")), task, None)
    assert np.array_equal(one.inputs, made.inputs[:1])


def test_a_column_of_sounds_beside_others_keeps_all_rows(tmp_path):
    good = [wav(tmp_path / f"{i}.wav", tone(400.0 + i)).name for i in range(3)]
    frame = pd.DataFrame({"price": np.arange(5.0), "noise": pd.Series([*good, None, "gone.wav"], dtype=object)})
    columns = (Column("price", "numeric", 1.0, ""), Column("noise", "audio_path", 1.0, ""))
    task = Task("tabular", "regression", ("y",), "r2", columns=columns)
    found, said = pictured(Dataset("shop", frame, root=str(tmp_path)), task)
    assert found.pictures["noise"].shape == (5, *said.columns[1].reading["shape"])
    assert found.inputs["noise"].tolist() == [*good, None, None] and found.pictures["noise"][3:].max() == 0
    assert [one.check for one in found.findings] == ["unreadable_sounds"]
    assert "kept with silence, marked as missing" in found.findings[0].message
    again, _ = pictured(Dataset("new", frame[:2], root=str(tmp_path)), said)
    assert np.array_equal(again.pictures["noise"], found.pictures["noise"][:2])


def test_players_hold_what_was_heard_within_their_bound(tmp_path):
    form = SoundForm.of(8_000, 0.4)
    path = wav(tmp_path / "a.wav", tone(500.0))
    address = played(str(path), form)
    assert address.startswith("data:audio/wav;base64,") and len(address) < MOST_BYTES
    assert played(str(tmp_path / "gone.wav"), form) is None and played(None, form) is None
    assert played(tone(500.0)[None], replace(form, own_rate=8_000.0)).startswith("data:audio/wav")
    long = SoundForm.of(16_000, 25.0)
    noisy = np.random.default_rng(0).normal(0, 0.2, (1, long.samples))
    address = played(noisy, replace(long, own_rate=16_000.0))
    assert len(address) <= MOST_BYTES and address.startswith("data:audio/")


def test_without_the_library_the_error_names_the_extra(tmp_path, monkeypatch):
    wav(tmp_path / "a.wav", tone(500.0))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(DataError, match=r"pip install 'automl-keras\[audio\]'"):
        sounds(dataset_of(tmp_path, ["a.wav"]), TASK)


def test_a_header_that_announces_more_than_there_is_costs_nothing(tmp_path):
    path = wav(tmp_path / "a.wav", tone(500.0))
    content = bytearray(path.read_bytes())
    content[40:44] = (2**31 - 8).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    assert len(record(path).samples) <= 3_200
