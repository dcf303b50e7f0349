"""Makes shapes.npz: 900 noisy series of three kinds, cylinder, bell and funnel.

Run ``python automl/data/make_shapes.py`` to write the file again; the seed is fixed. Dedicated to the public
domain (CC0 1.0).

Source: N. Saito, "Local feature extraction and its applications using a library of bases", PhD thesis, Yale
University, 1994, section 5.5.2 (the formulas only; noise is doubled so that the kinds are not trivial to tell apart).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

LENGTH = 64
KINDS = ("cylinder", "bell", "funnel")


def make(n_rows: int = 900, seed: int = 0, noise: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the series.

    Returns:
        ``(n_rows, 1, 64)`` float32 and ``(n_rows,)`` labels.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(LENGTH)
    codes = rng.permutation(np.arange(n_rows) % len(KINDS))
    rows = []
    for code in codes:
        begin = int(rng.integers(LENGTH // 8, LENGTH // 4))
        end = begin + int(rng.integers(LENGTH // 4, 3 * LENGTH // 4))
        height = 6 + rng.normal()
        ramp = (time - begin) / (end - begin)
        shape = (np.ones(LENGTH), ramp, 1 - ramp)[code]
        inside = (time >= begin) & (time <= end)
        rows.append(height * shape * inside + noise * rng.normal(size=LENGTH))
    return np.round(np.array(rows), 3).astype("float32")[:, None, :], np.array(KINDS)[codes]


if __name__ == "__main__":
    X, y = make()
    np.savez_compressed(Path(__file__).with_name("shapes.npz"), X=X, y=y)
