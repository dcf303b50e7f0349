"""Makes whistles.npz: 270 short whistles in noise, of three kinds: steady, rising and falling.

Run ``python automl/data/make_whistles.py`` to write the file again; the seed is fixed. Dedicated to the public domain
(CC0 1.0). Made up: each is a tone with one overtone of a pitch, length, level and beginning of its own. Samples have
five bits, so that the file stays small.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE, LENGTH = 4_000, 720
KINDS = ("steady", "rising", "falling")
LEVELS = 15
"""Above 0: five bits with the sign."""


def make(n_rows: int = 270, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the whistles.

    Returns:
        ``(n_rows, 720)`` int8 and ``(n_rows,)`` labels.
    """
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n_rows) % len(KINDS))
    rows = []
    for code in codes:
        n = int(rng.integers(LENGTH // 3, 3 * LENGTH // 4))
        begin = int(rng.integers(0, LENGTH - n))
        bend = rng.uniform(1.15, 1.5) if code else 1.0
        path = np.linspace(-0.5, 0.5, n) * np.log(bend) * (1.0 if code == 1 else -1.0)
        pitch = rng.uniform(500.0, 1_000.0) * np.exp(path)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        tone = (np.sin(phase) + 0.3 * np.sin(2 * phase)) * np.sin(np.pi * np.linspace(0, 1, n)) ** 0.5
        sound = rng.normal(0, 0.12, LENGTH)
        sound[begin : begin + n] += rng.uniform(0.15, 0.6) * tone
        rows.append(sound)
    return np.rint(np.clip(np.array(rows), -1, 1) * LEVELS).astype(np.int8), np.array(KINDS)[codes]


if __name__ == "__main__":
    X, y = make()
    np.savez_compressed(Path(__file__).with_name("whistles.npz"), X=X, y=y, rate=RATE)
