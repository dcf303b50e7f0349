"""A sound as a data address that a page can play: 16 bits WAV, or Vorbis where that would be too long."""

from __future__ import annotations

import base64
import io
import wave
from pathlib import Path
from typing import Any

import numpy as np

from automl.intake.sound_files import at_rate, of_array, placed, record, scaled_samples
from automl.intake.sounds import heard_at
from automl.intake.spectrograms import SoundForm

__all__ = ["MOST_BYTES", "played"]

MOST_BYTES = 200_000
"""Characters of an address."""
QUIETEST = 0.05
"""Of full scale: quieter sounds are played louder, up to this peak."""


def played(source: Any, form: SoundForm) -> str | None:
    """What a model heard of a sound, at most `MOST_BYTES` characters.

    Args:
        source: a path, or samples ``(channels, n)``.
        form: of the spectrograms.

    Returns:
        A data address of WAV or OGG; None where the file is gone or cannot be read again.
    """
    try:
        samples = _samples(source, form)
    except (OSError, ValueError):
        return None
    peak = float(np.abs(samples).max(initial=0.0))
    if 0.0 < peak < QUIETEST:
        samples = samples * (QUIETEST / peak)
    content, form_name = _coded(samples, form.rate)
    return f"data:audio/{form_name};base64,{base64.b64encode(content).decode('ascii')}"


def _coded(samples: np.ndarray, rate: int) -> tuple[bytes, str]:
    """WAV if that is short enough, else OGG, else WAV of the loudest part at 8,000 samples a second."""
    content = _wav(samples, rate)
    if not _too_long(content):
        return content, "wav"
    shorter = _vorbis(samples, rate)
    if shorter is not None and not _too_long(shorter):
        return shorter, "ogg"
    return _wav(placed(at_rate(samples, rate, 8_000), int(MOST_BYTES * 0.7 / 2)), 8_000), "wav"


def _samples(source: Any, form: SoundForm) -> np.ndarray:
    if isinstance(source, str):
        return heard_at(record(Path(source)), form)
    if not isinstance(source, np.ndarray):
        raise ValueError("neither a path nor samples")
    return heard_at(of_array(scaled_samples(source, form.full_scale), max(round(form.own_rate), 1)), form)


def _too_long(content: bytes) -> bool:
    return len(content) * 4 / 3 + 40 > MOST_BYTES


def _wav(samples: np.ndarray, rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


def _vorbis(samples: np.ndarray, rate: int) -> bytes | None:
    """None where there is no library that writes it."""
    try:
        import soundfile
    except (ImportError, OSError):
        return None
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1.0, 1.0), rate, format="OGG", subtype="VORBIS")
    return buffer.getvalue()
