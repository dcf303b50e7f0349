"""Samples of a sound → its log-mel spectrogram as a picture ``(bands, frames, 1)`` uint8, the highest band on top.

Frames of 25 ms every 10 ms (Hann window), as is usual for speech; the power of each in 40 bands, equally wide on the
mel scale ``2595 log10(1 + f / 700)`` (O'Shaughnessy, "Speech Communication", 1987), each a triangle (Davis &
Mermelstein, IEEE Trans. ASSP 28, 1980). Powers of neighbouring
frames are averaged, so that no sound has more than `MOST_FRAMES`.
Decibels from -100 to 0 of full scale become 0 to 255: a step is 0.4 dB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

__all__ = ["BANDS", "DECIBELS", "SoundForm", "decibels", "is_sound_form", "spectrogram"]

BANDS = 40
WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.010
MOST_FRAMES = 128
LOWEST_HZ = 20.0
MOST_SAMPLES = 10_000_000
DECIBELS = 100.0
"""Below full scale, where silence begins."""


@dataclass(frozen=True, slots=True)
class SoundForm:
    """How the spectrograms of a contest's sounds are made.

    Attributes:
        rate: samples a second to which all sounds are brought.
        samples: of each sound, at that rate; longer ones are cut to their loudest part, shorter ones end in silence.
        window: samples of a frame.
        hop: samples from one frame to the next.
        factor: frames that are averaged into one.
        bands: of frequency.
        own_rate: samples a second of the array trained on, as which new arrays without a rate of their own are read; 0
            where these were files.
        full_scale: the value of an array that is full scale.
    """

    rate: int
    samples: int
    window: int
    hop: int
    factor: int = 1
    bands: int = BANDS
    own_rate: float = 0.0
    full_scale: float = 1.0

    @classmethod
    def of(cls, rate: int, seconds: float, own_rate: float = 0.0, full_scale: float = 1.0) -> SoundForm:
        """The form of sounds of this rate and length."""
        window, hop = max(round(WINDOW_SECONDS * rate), 2), max(round(HOP_SECONDS * rate), 1)
        samples = max(round(seconds * rate), window)
        n_frames = 1 + (samples - window) // hop
        return cls(rate, samples, window, hop, -(-n_frames // MOST_FRAMES), BANDS, own_rate, full_scale)

    @classmethod
    def read(cls, settings: Mapping[str, float]) -> SoundForm:
        """The form that these settings describe, as `Task.sound` holds it."""
        whole = {name: int(value) for name, value in settings.items() if name not in ("own_rate", "full_scale")}
        return cls(**whole, own_rate=float(settings["own_rate"]), full_scale=float(settings["full_scale"]))

    def settings(self) -> dict[str, float]:
        """Plain numbers by name."""
        return asdict(self)

    @property
    def seconds(self) -> float:
        """Length of a sound."""
        return self.samples / self.rate

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, frames, 1."""
        return self.bands, -(-(1 + (self.samples - self.window) // self.hop) // self.factor), 1

    def hertz(self, row: int) -> float:
        """The frequency in the middle above a row of the picture; 0 is the upper edge."""
        low, high = _mel(LOWEST_HZ), _mel(self.rate / 2)
        return float(_hertz(low + (high - low) * (self.bands + 0.5 - row) / (self.bands + 1)))

    def second(self, column: int) -> float:
        """The time before a column of the picture."""
        return self.seconds if column >= self.shape[1] else column * self.factor * self.hop / self.rate


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _hertz(mel: float | np.ndarray) -> np.ndarray:
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0))


@lru_cache(maxsize=8)
def _filters(rate: int, n_fft: int, bands: int) -> np.ndarray:
    """Triangles ``(n_bins, bands)`` of height 1, from the lowest band up; each has one bin at least."""
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(rate / 2), bands + 2))
    bins = np.fft.rfftfreq(n_fft, 1.0 / rate)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(np.minimum(rising, falling), 0.0)
    for band in np.flatnonzero(filters.sum(axis=0) <= 0.0):
        filters[np.abs(bins[:, 0] - edges[band + 1]).argmin(), band] = 1.0
    return np.asarray(filters, np.float32)


def spectrogram(samples: np.ndarray, form: SoundForm) -> np.ndarray:
    """The picture ``(bands, frames, 1)`` uint8 of one sound.

    Args:
        samples: ``(form.samples,)`` float32 at the form's rate, 1 for full scale.
        form: how it is made.
    """
    from scipy.fft import rfft

    n_fft = 1 << (form.window - 1).bit_length()
    weights = np.hanning(form.window + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), form.window)[:: form.hop]
    bins = rfft(frames * weights, n_fft, axis=1)  # (frames, n_bins)
    power = (bins.real**2 + bins.imag**2) * np.float32(4.0 / (n_fft * (weights**2).sum()))  # a full sine has power 1
    mel = power @ _filters(form.rate, n_fft, form.bands)  # (frames, bands)
    if form.factor > 1:
        starts = np.arange(0, len(mel), form.factor)
        mel = np.add.reduceat(mel, starts, axis=0) / np.diff(np.append(starts, len(mel)))[:, None]
    level = 10.0 * np.log10(np.maximum(mel, 1e-12))
    scaled = np.clip(np.rint((level / DECIBELS + 1.0) * 255.0), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(scaled.T[::-1, :, None])


def decibels(pictures: np.ndarray) -> np.ndarray:
    """Decibels ``(n, frames, bands)`` float32, lowest band first, of spectrograms ``(n, bands, frames, 1)``."""
    level = pictures[:, ::-1, :, 0].astype(np.float32) * np.float32(DECIBELS / 255.0) - np.float32(DECIBELS)
    return np.ascontiguousarray(level.transpose(0, 2, 1))


def is_sound_form(settings: Mapping[str, object]) -> bool:
    """Whether this describes a form that a contest may have: memory is taken by its sizes."""
    names = {"rate", "samples", "window", "hop", "factor", "bands"}
    if set(settings) != names | {"own_rate", "full_scale"}:
        return False
    whole = [settings[name] for name in sorted(names)]
    parts = [settings[name] for name in ("own_rate", "full_scale")]
    if not all(type(value) is int and 1 <= value <= MOST_SAMPLES for value in whole):
        return False
    if not all(type(value) in (int, float) and 0 <= value < 1e12 for value in parts):  # type: ignore[operator]
        return False
    form = SoundForm.read(settings)  # type: ignore[arg-type]
    return form.window <= form.samples and form.bands <= 512 and form.shape[1] <= 4_096 and form.full_scale > 0
