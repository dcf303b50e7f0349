"""Corruptions of sounds, made on their spectrograms: powers of bands add up as those of sounds do.

Levels of noise are those of tests of speech in noise: ratios of 20 to 0 dB (Hirsch & Pearce, "The Aurora experimental
framework", ASR2000). The band of a telephone ends at 3.4 kHz (ITU-T recommendation G.712).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from automl import modalities
from automl.analyses.shared.changed_inputs import in_parts
from automl.intake.spectrograms import DECIBELS, SoundForm
from automl.records import Corruption, CorruptionInputs, Dataset

__all__ = ["BACKGROUND_NOISE", "DROPOUTS", "LOUDNESS", "MUFFLED"]

Change = Callable[[np.ndarray, float, np.random.Generator, SoundForm], np.ndarray]
"""``(decibels (n, bands, frames) float32, the highest band first, strength, rng, form) -> the same shape``."""


def _applies(inputs: CorruptionInputs) -> bool:
    return modalities.named(inputs.task).items == "sounds"


def _changing(change: Change) -> Callable[[CorruptionInputs, float, np.random.Generator], Dataset]:
    def apply(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
        form = SoundForm.read(inputs.task.sound)

        def change_some(some: np.ndarray) -> np.ndarray:
            level = some[..., 0].astype(np.float32) * np.float32(DECIBELS / 255.0) - np.float32(DECIBELS)
            made = change(level, strength, rng, form)
            return np.clip(np.rint((made / DECIBELS + 1.0) * 255.0), 0, 255).astype(np.uint8)[..., None]

        out = in_parts(inputs.dataset.inputs, inputs.rows, change_some)
        return dataclasses.replace(inputs.dataset, inputs=out)

    return apply


def _noise(level: np.ndarray, strength: float, rng: np.random.Generator, form: SoundForm) -> np.ndarray:
    """Steady noise whose level, in each band, is that of the sound's mean power less the ratio; powers add up.

    The strength is 25 dB less the ratio of sound to noise. A band's power in one frame varies as that of noise
    does, with as many degrees of freedom as the band has frequencies and frames that are averaged.
    """
    power = 10.0 ** (level.astype(np.float64) / 10.0)
    mean = power.mean(axis=(1, 2), keepdims=True)
    freedom = 2.0 * form.factor * 2.0
    varied = rng.chisquare(freedom, level.shape) / freedom
    noise = mean * 10.0 ** ((strength - 25.0) / 10.0) * varied
    return np.asarray(10.0 * np.log10(power + noise), np.float32)


def _quieter(level: np.ndarray, strength: float, rng: np.random.Generator, form: SoundForm) -> np.ndarray:
    return np.asarray(level - np.float32(strength), np.float32)


def _muffled(level: np.ndarray, strength: float, rng: np.random.Generator, form: SoundForm) -> np.ndarray:
    """Bands above a share of the highest tone fall by 60 dB: the strength is the share that is lost."""
    edge = (1.0 - strength) * form.rate / 2
    lost = np.array([form.hertz(band + 1) > edge for band in range(form.bands)])
    return np.where(lost[:, None], level - np.float32(60.0), level)


def _dropped(level: np.ndarray, strength: float, rng: np.random.Generator, form: SoundForm) -> np.ndarray:
    """A stretch of the time is silent: the strength is its share."""
    n, _, frames = level.shape
    begin = rng.uniform(0.0, 1.0, n) * (1.0 - strength) * frames
    places = np.arange(frames) + 0.5
    gone = (places >= begin[:, None]) & (places < begin[:, None] + strength * frames)
    return np.where(gone[:, None, :], np.float32(-DECIBELS), level)


BACKGROUND_NOISE = Corruption(
    name="background_noise",
    order=90,
    words="sounds with noise",
    unit="noise in dB, where 25 is as loud as the sound",
    severities=(5.0, 10.0, 15.0, 20.0, 25.0),
    applies=_applies,
    apply=_changing(_noise),
    source="Hirsch & Pearce 2000: ratios of 20, 15, 10, 5 and 0 dB",
)
LOUDNESS = Corruption(
    name="quieter",
    order=91,
    words="quieter sounds",
    unit="dB less",
    severities=(3.0, 6.0, 12.0, 18.0, 24.0),
    applies=_applies,
    apply=_changing(_quieter),
    source="recorded at a lower level",
)
MUFFLED = Corruption(
    name="muffled",
    order=92,
    words="muffled sounds",
    unit="share of the highest tones that is lost",
    severities=(0.2, 0.4, 0.575, 0.7, 0.8),
    applies=_applies,
    apply=_changing(_muffled),
    percent=True,
    source="a low-pass filter; at 16,000 samples a second 57.5 % leave a telephone's band, to 3.4 kHz (ITU-T G.712)",
)
DROPOUTS = Corruption(
    name="dropout",
    order=93,
    words="sounds with a gap",
    unit="share of the time that is silent",
    severities=(0.05, 0.1, 0.2, 0.3, 0.4),
    applies=_applies,
    apply=_changing(_dropped),
    percent=True,
    source="one gap, as of lost packets",
)
