"""Corruptions: each changes what it says, more the stronger it is, and nothing else; the data it is given stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl import catalog
from automl.analyses.corruptions.texts import pieces, slipped
from automl.analyses.robustness import corruptions
from automl.intake.spectrograms import SoundForm, decibels
from automl.records import Column, Corruption, CorruptionInputs, Dataset, Task

N = 60


def task_of(modality: str, *columns: Column, **more: object) -> Task:
    return Task(modality, "binary", ("y",), "roc_auc", columns=columns, **more)  # type: ignore[arg-type]


def mixed() -> CorruptionInputs:
    """A table with columns of all kinds, two of which stand for one of the user's."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "wind": rng.normal(size=N),
            "wind (word)": pd.Series(["calm" if k % 3 else None for k in range(N)], dtype=object),
            "c": pd.Series(["up", "down"] * (N // 2), dtype=object),
            "t": pd.Series(["some words that stand in a row"] * N, dtype=object),
            "d": np.datetime64("2020-01-01", "ns") + np.arange(N) * np.timedelta64(1, "D"),
            "p": pd.Series([f"{k}.png" if k % 5 else None for k in range(N)], dtype=object),
        }
    )
    pictures = {"p": rng.integers(60, 200, (N, 12, 12, 3), dtype=np.uint8)}
    columns = (
        Column("x", "numeric", 1.0, ""), Column("wind", "numeric", 1.0, "", {"beside": "wind (word)"}),
        Column("c", "categorical", 1.0, ""), Column("t", "text", 1.0, ""), Column("d", "datetime", 1.0, ""),
        Column("p", "image_path", 1.0, ""),
    )  # fmt: skip
    dataset = Dataset("mixed", frame, pd.DataFrame({"y": ["a", "b"] * (N // 2)}), pictures=pictures)
    return CorruptionInputs(dataset, task_of("tabular", *columns), np.arange(N), {"x": 1.0, "wind": 2.0})


def pictures() -> CorruptionInputs:
    array = np.random.default_rng(0).integers(40, 160, (N, 16, 16), dtype=np.uint8)
    return CorruptionInputs(Dataset("p", array), task_of("image"), np.arange(N))


def series() -> CorruptionInputs:
    array = np.random.default_rng(0).normal(size=(N, 2, 40)).astype(np.float32)
    return CorruptionInputs(Dataset("s", array), task_of("sequence"), np.arange(N), {"0": 1.0, "1": 1.0})


def forecast() -> CorruptionInputs:
    values = 5 + np.sin(np.arange(N) * 2 * np.pi / 7)
    inputs = pd.DataFrame({"k": np.arange(N) * 1.0})
    dataset = Dataset("f", inputs, pd.DataFrame({"y": values}))
    task = task_of("sequence", Column("k", "numeric", 1.0, ""), horizon=4, season=7, covariates_known=("k",))
    return CorruptionInputs(dataset, task, np.arange(N), {"k": 3.0}, np.ones((N, 1)), np.array([4.0]))


FORM = SoundForm.of(8_000, 0.3)


def sounds() -> CorruptionInputs:
    array = np.random.default_rng(0).integers(60, 200, (N, *FORM.shape), dtype=np.uint8)
    return CorruptionInputs(Dataset("a", array), task_of("audio", sound=FORM.settings()), np.arange(N))


SUBJECTS = {"mixed": mixed, "pictures": pictures, "sounds": sounds, "series": series, "forecast": forecast}
PAIRS = [(one, name) for one in corruptions() for name, make in SUBJECTS.items() if one.applies(make())]


def parts(dataset: Dataset) -> dict[str, np.ndarray]:
    """Everything that models read, by name."""
    found = {f"picture {name}": array for name, array in dataset.pictures.items()}
    if isinstance(dataset.inputs, pd.DataFrame):
        found |= {name: dataset.inputs[name].to_numpy() for name in dataset.inputs}
    else:
        found["inputs"] = dataset.inputs
    return found | {
        f"target {name}": dataset.target[name].to_numpy() for name in (() if dataset.target is None else dataset.target)
    }


def n_changed(one: Dataset, other: Dataset) -> dict[str, int]:
    before, after = parts(one), parts(other)
    assert list(before) == list(after)
    different = {
        name: ~(
            pd.Series(before[name].ravel()).astype(object).map(repr)
            == pd.Series(after[name].ravel()).astype(object).map(repr)
        ).to_numpy()
        for name in before
    }
    return {name: int(one.sum()) for name, one in different.items() if one.any()}


@pytest.mark.parametrize(("corruption", "subject"), PAIRS, ids=lambda one: getattr(one, "name", one))
def test_a_corruption_changes_its_own_parts_alike_in_shape_and_kind(corruption: Corruption, subject: str):
    inputs = SUBJECTS[subject]()
    before = {name: array.copy() for name, array in parts(inputs.dataset).items()}
    changed = [corruption.apply(inputs, strength, np.random.default_rng(1)) for strength in corruption.severities]
    for name, array in parts(inputs.dataset).items():
        assert (
            pd.Series(array.ravel())
            .astype(object)
            .map(repr)
            .equals(pd.Series(before[name].ravel()).astype(object).map(repr))
        )
    for dataset in changed:
        assert {name: (a.shape, a.dtype) for name, a in parts(dataset).items()} == {
            name: (a.shape, a.dtype) for name, a in before.items()
        }
    assert all(n_changed(inputs.dataset, dataset) for dataset in changed)
    again = corruption.apply(inputs, corruption.severities[0], np.random.default_rng(1))
    assert n_changed(changed[0], again) == {}
    assert list(corruption.severities) == sorted(set(corruption.severities)) and corruption.severities[0] > 0


def test_every_corruption_has_something_that_it_applies_to():
    assert {one.name for one, _ in PAIRS} == {one.name for one in corruptions()}
    assert [one.order for one in corruptions()] == sorted(one.order for one in corruptions())


def by_name(name: str) -> Corruption:
    return next(one for one in corruptions() if one.name == name)


def test_noise_of_sounds_has_the_power_asked_and_high_tones_are_lost_first():
    inputs = sounds()
    before = decibels(inputs.dataset.inputs)
    power = [
        (10 ** (decibels(by_name("background_noise").apply(inputs, s, np.random.default_rng(0)).inputs) / 10)).mean()
        for s in (5.0, 15.0, 25.0)
    ]
    own = (10 ** (before / 10)).mean()
    np.testing.assert_allclose((np.array(power) - own) / own, [0.01, 0.1, 1.0], rtol=0.1, atol=0.02)
    lost = before - decibels(by_name("muffled").apply(inputs, 0.575, np.random.default_rng(0)).inputs)
    bands = lost.max(axis=(0, 1)) > 0
    assert 0 < bands.argmax() < len(bands) and bands[bands.argmax() :].all()
    assert {one.name for one, subject in PAIRS if subject == "sounds"} == {
        "background_noise", "quieter", "muffled", "dropout",
    }  # fmt: skip


def test_missing_cells_take_the_words_among_numbers_with_them_and_a_stronger_one_takes_more():
    inputs = mixed()
    made = [by_name("cells_missing").apply(inputs, s, np.random.default_rng(0)).inputs for s in (0.2, 0.6)]
    for weak, strong in zip(made[0].isna().to_numpy(), made[1].isna().to_numpy(), strict=True):
        assert (strong | ~weak).all(), "what a weak one takes, a strong one takes as well"
    gone = made[1]["wind"].isna()
    assert gone.any() and made[1].loc[gone, "wind (word)"].isna().all()
    assert list(n_changed(inputs.dataset, by_name("cells_missing").apply(inputs, 0.6, np.random.default_rng(0)))) == [
        "x", "wind", "wind (word)", "c", "t", "d",
    ]  # fmt: skip


def test_noise_is_as_large_as_it_says_and_levels_are_new():
    inputs = mixed()
    noised = by_name("numbers_noised").apply(inputs, 0.5, np.random.default_rng(0))
    away = noised.inputs["wind"] - inputs.dataset.inputs["wind"]
    assert 0.7 < away.std() < 1.3
    unseen = by_name("categories_unseen").apply(inputs, 0.4, np.random.default_rng(0)).inputs["c"]
    assert 10 < (~unseen.isin(["up", "down"])).sum() < 40


def test_pictures_of_a_table_that_are_missing_stay_so():
    inputs = mixed()
    missing = inputs.dataset.inputs["p"].isna().to_numpy()
    made = by_name("picture_noise").apply(inputs, 0.26, np.random.default_rng(0)).pictures["p"]
    assert np.array_equal(made[missing], inputs.dataset.pictures["p"][missing]) and missing.any()


def test_brightness_contrast_and_shift_do_what_they_say():
    inputs = pictures()
    before = inputs.dataset.inputs.astype(float)
    brighter = by_name("brightness").apply(inputs, 0.2, np.random.default_rng(0)).inputs
    assert np.abs(brighter - before - 51).max() <= 1
    flatter = by_name("contrast").apply(inputs, 0.5, np.random.default_rng(0)).inputs.astype(float)
    assert np.abs(flatter.std(axis=(1, 2)) - before.std(axis=(1, 2)) / 2).max() < 1


def test_a_shift_moves_the_middle_of_a_picture_by_what_it_says():
    array = np.zeros((N, 32, 32), np.uint8)
    array[:, 14:18, 14:18] = 200
    inputs = CorruptionInputs(Dataset("p", array), task_of("image"), np.arange(N))
    for strength in (0.03, 0.1):
        moved = by_name("picture_shift").apply(inputs, strength, np.random.default_rng(0)).inputs.astype(float)
        down, right = (
            (moved * grid).sum(axis=(1, 2)) / moved.sum(axis=(1, 2)) - 15.5 for grid in np.mgrid[:32, :32].astype(float)
        )
        assert np.abs(np.hypot(down, right) - 32 * strength).max() < 0.05


def test_a_history_of_values_never_negative_stays_so_and_gaps_come_from_the_past():
    inputs = forecast()
    noised = by_name("history_noised").apply(inputs, 2.0, np.random.default_rng(0)).target["y"]
    assert noised.min() == 4.0
    gaps = by_name("history_missing").apply(inputs, 0.4, np.random.default_rng(0)).target["y"]
    later = inputs.dataset.target["y"].to_numpy().copy()
    later[40:] += 100
    import dataclasses

    other = dataclasses.replace(inputs, dataset=dataclasses.replace(inputs.dataset, target=pd.DataFrame({"y": later})))
    again = by_name("history_missing").apply(other, 0.4, np.random.default_rng(0)).target["y"]
    assert gaps.notna().all() and gaps[:40].equals(again[:40])


@pytest.mark.parametrize(
    "text", ["some plain words", "русские слова здесь", "这是没有空格的中文句子它很长很长很长", "שלום לכולם"]
)
def test_slips_stay_in_the_script_of_the_text(text: str):
    made = slipped(text, 0.5, np.random.default_rng(0))
    assert made != text and set(made) <= set(text)
    assert slipped(text, 0.0, np.random.default_rng(0)) == text


def test_texts_without_letters_or_words_stay():
    assert slipped("12 34 -- 5", 1.0, np.random.default_rng(0)) == "12 34 -- 5"
    assert slipped("", 1.0, np.random.default_rng(0)) == "" and pieces("") == [] and pieces("  ") == []


def test_pieces_are_words_or_letters_where_there_are_no_blanks():
    assert [("ab cd"[a:b]) for a, b in pieces("ab cd")] == ["ab", "cd"]
    assert len(pieces("这是没有空格的中文句子它很长很长")) == 16


def test_words_are_left_out_and_one_stays():
    inputs = mixed()
    made = by_name("words_dropped").apply(inputs, 0.8, np.random.default_rng(0)).inputs["t"]
    n_words = made.map(lambda text: len(text.split()))
    assert n_words.min() >= 1 and n_words.mean() < 3


PLUG_IN = """
import dataclasses
from automl import records

def truncated(inputs, strength, rng):
    frame = inputs.dataset.inputs.copy()
    for name in inputs.columns("text"):
        frame[name] = [text[: int(len(text) * (1 - strength))] for text in frame[name]]
    return dataclasses.replace(inputs.dataset, inputs=frame)

TRUNCATED = records.Corruption(
    name="truncated", order=55, words="texts cut at their end", unit="share of the letters",
    severities=(0.1, 0.5), applies=lambda inputs: bool(inputs.columns("text")), apply=truncated, percent=True,
)
"""


def test_a_plug_in_adds_a_corruption(tmp_path: Path):
    (tmp_path / "truncation.py").write_text(PLUG_IN, encoding="utf-8")
    catalog.extend([tmp_path / "truncation.py"])
    assert [one.name for one in corruptions() if one.applies(mixed())].count("truncated") == 1
    made = by_name("truncated").apply(mixed(), 0.5, np.random.default_rng(0)).inputs["t"]
    assert made.map(len).max() == 15
