"""Sounds: files or arrays, as log-mel spectrograms that both sides read.

A spectrogram is made once, of each sound alone, before the split (`automl.intake.spectrograms`); so both sides learn
from the same numbers. Networks read it as a picture whose rows are bands and whose columns are frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from automl import goals, pretrained
from automl.errors import DataError
from automl.intake import sounds
from automl.intake.playing import played
from automl.intake.spectrograms import SoundForm, decibels
from automl.modalities.image import picture_spec
from automl.modalities.shared.cells import names_of
from automl.modalities.shared.specs import check_equal, restore_spec, spec_state
from automl.modalities.shared.vectors import vectors_of, vectors_specs
from automl.records import ArrayForm, Column, Dataset, InputSpec, Modality, Split, TargetCodec, Task

__all__ = ["AUDIO", "SpectrogramEncoder", "fit", "restore"]

EXAMPLE_RATE, EXAMPLE_SAMPLES = 4_000, 1_200


@dataclass(eq=False)
class SpectrogramEncoder:
    """Spectrograms ``(bands, frames, 1)`` uint8 as they are; and vectors that a backbone made of them.

    Attributes:
        specs: "spectrogram", or, for goals without a target, "image": networks that restore or compare read it as a
            picture; and, with a backbone, "vectors".
    """

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Spectrograms ``(n, bands, frames, 1)`` uint8 under "spectrogram" or "image"; "vectors"."""
        arrays = {self.specs[0].name: _spectrograms(dataset, self.specs[0].shape, rows)}
        if len(self.specs) > 1:
            arrays["vectors"] = vectors_of(dataset, rows, self.specs[1].shape[0], "sounds")
        return arrays

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"encoder": "audio", "specs": [spec_state(spec) for spec in self.specs]}


def fit(dataset: Dataset, task: Task, split: Split, codec: TargetCodec | None = None) -> SpectrogramEncoder:
    """Measure level and spread of the training sounds."""
    shape = dataset.inputs.shape[1:]
    spec = picture_spec("image", partial(_spectrograms, dataset, shape), split.train)
    if goals.named(task).needs_target:
        stats = {name: spec.stats[name] for name in ("mean", "std")}
        spec = replace(spec, name="spectrogram", kind="spectrogram", stats=stats)
    return SpectrogramEncoder((spec, *vectors_specs(dataset, split.train)))


def restore(state: Mapping[str, Any]) -> SpectrogramEncoder:
    """The encoder that `SpectrogramEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    kinds = [specs[0].kind if specs[0].kind == "spectrogram" else "image", "vectors"][: len(specs)]
    check_equal("the kinds of inputs of a sound", [spec.kind for spec in specs], kinds)
    check_equal("the names of inputs of a sound", [spec.name for spec in specs], kinds)
    return SpectrogramEncoder(specs)


def _spectrograms(dataset: Dataset, shape: tuple[int, ...], rows: np.ndarray) -> np.ndarray:
    inputs = dataset.inputs
    if not isinstance(inputs, np.ndarray) or inputs.dtype != np.uint8 or inputs.shape[1:] != tuple(shape):
        found = f"{inputs.dtype} {inputs.shape}" if isinstance(inputs, np.ndarray) else type(inputs).__name__
        raise DataError(
            f"expected spectrograms {tuple(shape)} of sounds; {dataset.name} holds {found}. Give paths of sound files, "
            "or an array (n, samples) with its rate"
        )
    chosen: np.ndarray = inputs[rows]
    return chosen


# --------------------------------------------------------------------------- the record


def _recognises(inputs: Any, columns: Sequence[Column]) -> str | None:
    if len(columns) != 1 or columns[0].kind != "audio_path":
        return None
    if isinstance(inputs, np.ndarray):
        return f"an array of shape {inputs.shape} is sounds (rows, channels, samples), {columns[0].evidence}"
    return f"the only feature is a column of sound files ({names_of(columns)})"


def _decode(dataset: Dataset, task: Task, memory_mib: float | None) -> tuple[Dataset, Task]:
    dataset, form = sounds(dataset, task)
    why = (
        f"sounds are read as {form.seconds:.2f} s at {form.rate:,} samples a second: spectrograms of {form.shape[0]} "
        f"bands and {form.shape[1]} frames"
    )
    return dataset, replace(task, image_shape=form.shape, sound=form.settings(), evidence=(*task.evidence, why))


def _ready(dataset: Dataset, task: Task, read: Any) -> Dataset:
    return pretrained.with_vectors(sounds(dataset, task, SoundForm.read(task.sound))[0], task)


def _matrix(part: np.ndarray) -> np.ndarray:
    """Mean and spread of each band, and the mean level of each of eight stretches of time: ``(n, 2 bands + 8)``."""
    level = decibels(part)  # (n, frames, bands)
    stretches = np.array_split(level.mean(axis=2), min(8, level.shape[1]), axis=1)
    parts = [level.mean(axis=1), level.std(axis=1), np.stack([one.mean(axis=1) for one in stretches], axis=1)]
    return np.concatenate(parts, axis=1)


def _show(item: Any) -> np.ndarray:
    """A spectrogram ``(bands, frames)`` uint8, its quietest twentieth black and its loudest point white."""
    picture = np.asarray(item)[..., 0].astype(np.float32)
    low, high = np.quantile(picture, 0.05), picture.max()
    scaled: np.ndarray = np.rint(np.clip((picture - low) * (255.0 / max(high - low, 1.0)), 0, 255))
    return scaled.astype(np.uint8)


def _play(source: Any, task: Task) -> str | None:
    return played(source, SoundForm.read(task.sound))


def _place(task: Task, top: int, bottom: int, left: int, right: int) -> str:
    form = SoundForm.read(task.sound)
    low, high = max(form.hertz(bottom), 0.0), form.hertz(top)
    return f"{form.second(left):.2f} to {form.second(right):.2f} s, {low:,.0f} to {high:,.0f} Hz"


def _example(signal: np.ndarray, rng: np.random.Generator) -> tuple[Dataset, tuple[Column, ...]]:
    """Noise and a tone whose pitch rises with the signal."""
    times = np.arange(EXAMPLE_SAMPLES) / EXAMPLE_RATE
    pitch = 500.0 + 150.0 * np.clip(signal, -2.5, 2.5)
    tones = 0.3 * np.sin(2 * np.pi * pitch[:, None] * times) + rng.normal(0, 0.02, (len(signal), EXAMPLE_SAMPLES))
    inputs = tones[:, None].astype(np.float32)
    return Dataset("example", inputs, rate=float(EXAMPLE_RATE)), ()


AUDIO = Modality(
    name="audio",
    items="sounds",
    recognises=_recognises,
    decode=_decode,
    ready=_ready,
    fit=fit,
    restore={"audio": restore},
    example=_example,
    array=ArrayForm("(n, samples)", (2, 3), lambda array: array.ndim == 1, lambda dataset: dataset, kind="audio_path"),
    takes_array=True,
    matrix=_matrix,
    show=_show,
    play=_play,
    place=_place,
)
