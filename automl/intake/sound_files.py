"""One sound file, or the row of an array → samples of one channel, and what was found in it.

Files are read by libsndfile (`soundfile`). What a header announces is bounded before it is paid.
"""

from __future__ import annotations

import math
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.intake.files import SOUND_FORMATS, open_file, shown

__all__ = [
    "OLD_UNSIGNED", "UNSIGNED", "Recording", "UnreadableSound", "at_rate", "header", "of_array", "placed", "record",
    "scaled_samples", "soundfile",
]  # fmt: skip

MOST_NUMBERS = 50_000_000
"""Samples of all channels of a file that are read; what lies beyond is not heard."""
LARGE_NUMBERS = 5_000_000
"""Files with more samples are read one at a time: of fifty million, what is computed of one takes more than a GiB."""
_LARGE = threading.Lock()
LOUD = 0.999
"""Of full scale, from which a sample may be clipped."""
CLIPPED_SHARE, CLIPPED_RUN = 1e-3, 3
"""A sound is clipped if this share of its samples lies at full scale in runs of so many."""
SILENT = 1e-4
"""Of full scale (-80 dB): a sound that never rises above it is silent."""
MOST_RATE = 1_000_000
UNSIGNED, OLD_UNSIGNED = 128.0, 255.0
"""Full scale of unsigned bytes about their middle; and as models of earlier versions have it, not about it."""


class UnreadableSound(ValueError):
    """The file holds no sound that can be read. The sentence fits behind a colon."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One sound as it was found.

    Attributes:
        samples: ``(n,)`` float32 of one channel, 1 for full scale.
        rate: samples a second.
        channels: that were averaged.
        seconds: length of the whole file.
        is_silent: whether it never rises above -80 dB.
        is_clipped: whether it was cut off at full scale.
    """

    samples: np.ndarray
    rate: int
    channels: int
    seconds: float
    is_silent: bool
    is_clipped: bool


def soundfile() -> Any:
    """The library that reads sound files.

    Raises:
        DataError: it is not installed.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise DataError(
            f"sound files ({', '.join(SOUND_FORMATS)}) are read by soundfile, which cannot be loaded ({error}): "
            "pip install 'automl-keras[audio]', or pass an array (n, samples) with its rate"
        ) from error
    return soundfile


def header(path: Path) -> tuple[int, float, int]:
    """Samples a second, seconds and channels that a file announces.

    Raises:
        OSError: there is no such file. UnreadableSound: it is none of the formats, or holds no samples.
    """
    with open_file(path) as file, _opened(file, path) as sound:
        return int(sound.samplerate), sound.frames / sound.samplerate, int(sound.channels)


def _opened(file: Any, path: Path) -> Any:
    library = soundfile()
    try:
        sound = library.SoundFile(file)
    except Exception as error:  # libsndfile's errors, and its own on odd headers
        formats = ", ".join(SOUND_FORMATS)
        suffix = PurePath(path).suffix.lower()
        named = f" ({shown(suffix)[:12]})" if suffix else ""
        raise UnreadableSound(f"it is none of the formats {formats}{named}, or damaged") from error
    if not 0 < sound.samplerate <= MOST_RATE or sound.channels < 1:
        raise UnreadableSound(f"its header announces {sound.samplerate} samples a second")
    if sound.frames < 1:
        raise UnreadableSound("it holds no samples")
    return sound


def record(path: Path, turn: ExitStack | None = None) -> Recording:
    """Read one file, its channels averaged.

    Args:
        path: of the file.
        turn: where several threads read files: until it is closed, no other thread gets a large one.

    Raises:
        OSError: there is no such file. UnreadableSound: it cannot be read, or holds no samples.
    """
    with open_file(path) as file, _opened(file, path) as sound:
        n_samples = min(int(sound.frames), max(MOST_NUMBERS // sound.channels, 1))
        if turn is not None and n_samples * sound.channels > LARGE_NUMBERS:
            turn.enter_context(_LARGE)
        try:
            values = sound.read(n_samples, dtype="float32", always_2d=True)
        except Exception as error:
            raise UnreadableSound("it is damaged: its samples cannot be decoded") from error
        rate, seconds = int(sound.samplerate), sound.frames / sound.samplerate
    if not len(values):
        raise UnreadableSound("it holds no samples")
    return of_array(values.T, rate, seconds)


def of_array(values: np.ndarray, rate: int, seconds: float | None = None) -> Recording:
    """A recording of samples ``(channels, n)`` float32, 1 for full scale; what is no number counts as silence."""
    values = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
    mono = values.mean(axis=0) if len(values) > 1 else values[0]
    peak = float(np.abs(values).max())
    length = mono.shape[0] / rate if seconds is None else seconds
    return Recording(mono, rate, len(values), length, peak < SILENT, _is_clipped(values, peak))


def scaled_samples(values: np.ndarray, full_scale: float) -> np.ndarray:
    """Samples of an array as float32, 1 for full scale.

    Source: 8 bits PCM is unsigned, and 128 is silence (Multimedia Programming Interface and Data Specifications 1.0,
    "WAVE PCM format").

    Args:
        values: of any numeric type.
        full_scale: its value that is full scale; `OLD_UNSIGNED` of models that learnt bytes as they were.
    """
    made = values.astype(np.float32)
    if values.dtype == np.uint8 and full_scale != OLD_UNSIGNED:
        return np.asarray((made - np.float32(UNSIGNED)) / np.float32(UNSIGNED))
    return np.asarray(made / np.float32(full_scale))


def _is_clipped(values: np.ndarray, peak: float) -> bool:
    """Whether samples stay at their largest value, near full scale, in runs."""
    if peak < LOUD:
        return False
    at_end = np.abs(values) >= min(LOUD, peak) * 0.9999
    runs = at_end.copy()
    for step in range(1, CLIPPED_RUN):
        runs[:, step:] &= at_end[:, :-step]
        runs[:, :step] = False
    return float(runs.mean()) >= CLIPPED_SHARE


def at_rate(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Samples at another rate, by a polyphase filter, float32.

    Source: Crochiere & Rabiner, "Multirate Digital Signal Processing", 1983 (`scipy.signal.resample_poly`).
    """
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    if max(up, down) > 2_000:  # of rates without a common divisor the filter would be as long as the sound
        up, down = max(round(wanted * 1_000 / rate), 1), 1_000
    return np.asarray(resample_poly(samples, up, down), np.float32)


def placed(samples: np.ndarray, n: int) -> np.ndarray:
    """Exactly n samples ``(n,)``: the loudest part of a longer sound; a shorter one ends in silence."""
    if len(samples) <= n:
        return np.pad(samples, (0, n - len(samples)))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[n:] - energy[:-n]))
    return samples[start : start + n]
