"""Made-up rows of every modality, some of which differ from the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.records import Column, Dataset, Split, Task

N_TRAIN, N_VALID, N_TEST, N_ODD = 260, 40, 60, 20
N = N_TRAIN + N_VALID + N_TEST


def table(rng, odd):
    base = rng.normal(size=(N, 2))
    numbers = np.column_stack([base, base @ [[1.0, 0.5], [-0.5, 1.0]] + 0.2 * rng.normal(size=(N, 2))])
    numbers[odd] += [4.0, -4.0, 4.0, -4.0]
    towns = np.where(odd, "elsewhere", rng.choice(["north", "south", "east"], N)).astype(object)
    frame = pd.DataFrame(numbers, columns=list("abcd")).assign(town=towns)
    frame.loc[3, "a"] = np.nan
    kinds = dict.fromkeys("abcd", "numeric") | {"town": "categorical"}
    return frame, tuple(Column(name, kind, 1.0, "") for name, kind in kinds.items())


def text(rng, odd):
    usual, other = ([f"{word}{i}" for i in range(12)] for word in ("meadow", "engine"))
    shared = [f"the{i}" for i in range(6)]
    lines = [
        " ".join([*rng.choice(other if is_odd or i % 40 == 0 else usual, 5), *rng.choice(shared, 3)])
        for i, is_odd in enumerate(odd)
    ]
    return pd.DataFrame({"line": pd.Series(lines, dtype=object)}), (Column("line", "text", 1.0, ""),)


def image(rng, odd):
    x = np.linspace(0, 1, 14)
    waves = np.sin(2 * np.pi * (2 * x[None, :] + 0.2 * rng.random((N, 1))))
    pictures = 120 + 60 * np.repeat(waves[:, None, :], 14, axis=1)
    pictures[odd] = np.swapaxes(pictures[odd], 1, 2)
    return np.clip(pictures + 10 * rng.normal(size=pictures.shape), 0, 255).astype(np.uint8)[..., None], ()


def audio(rng, odd):
    """Spectrograms ``(rows, 40 bands, 32 frames, 1)`` of tones that begin at some time; odd ones have other pitches."""
    levels = 20 + 10 * rng.random((N, 40, 32))
    for row, is_odd in enumerate(odd):
        begin, band = int(rng.integers(0, 8)), int(rng.integers(26, 32) if is_odd else rng.integers(6, 12))
        levels[row, band : band + 5, begin : begin + 18] += 170
    return np.clip(levels, 0, 255).astype(np.uint8)[..., None], ()


def sequence(rng, odd):
    time = np.arange(60)
    period = np.where(odd, 5.0, 14.0)[:, None, None]
    series = np.sin(2 * np.pi * (time / period + 0.1 * rng.random((N, 2, 1)))) + 0.2 * rng.normal(size=(N, 2, 60))
    series[2, 0, 10:14] = np.nan
    return series.astype(np.float32), ()


MADE = {"tabular": table, "text": text, "image": image, "audio": audio, "sequence": sequence}


def untargeted(modality, goal="anomaly", normal="normal", dims=4, seed=0):
    """A dataset without target, its task and split, and which rows are odd: 20 of the 60 test rows."""
    rng = np.random.default_rng(seed)
    odd = np.zeros(N, bool)
    odd[N - N_ODD :] = True
    inputs, columns = MADE[modality](rng, odd)
    shape = inputs.shape[1:] if modality == "image" else ()
    fields = {"normal": normal, "classes": ("normal", "anomaly")} if goal == "anomaly" else {"dims": dims}
    metric = "roc_auc" if goal == "anomaly" else "probe_accuracy"
    task = Task(modality, goal, (), metric, columns=columns, image_shape=shape, evidence=("Made up.",), **fields)
    vectors = None
    if modality in ("text", "image", "audio"):  # as a backbone makes them
        vectors = (rng.normal(size=(N, 6)) + 3.0 * odd[:, None]).astype(np.float32)
    dataset = Dataset("made", inputs, fingerprint=f"{modality}-{goal}-{seed}", vectors=vectors)
    rows = np.arange(N)
    parts = np.split(rows, [N_TRAIN, N_TRAIN + N_VALID])
    return dataset, task, Split(*parts, "row", rows[:N_TEST], "in order", 0), odd
