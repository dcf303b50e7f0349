"""Sound files for tests."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 8_000


def tone(hertz: float, seconds: float = 0.4, rate: int = RATE, peak: float = 0.3) -> np.ndarray:
    """A sine with a little noise, ``(n,)``."""
    times = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(int(hertz)).normal(0, 1e-3, len(times))
    return np.asarray(peak * np.sin(2 * np.pi * hertz * times) + noise)


def wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """Write ``(n,)`` or ``(n, channels)`` as 16 bits, by the standard library."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = samples[:, None] if samples.ndim == 1 else samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.clip(values, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def classes_of_tones(folder: Path, n: int = 6, speakers: int = 0) -> Path:
    """Two classes of tones, high and low; with speakers, files are named after them."""
    for place, name in enumerate(("high", "low")):
        for take in range(n):
            who = f"speaker{take % speakers}_{take // speakers}" if speakers else f"{take:02d}"
            wav(folder / name / f"{who}.wav", tone((1_500.0, 300.0)[place] + 10 * take))
    return folder
