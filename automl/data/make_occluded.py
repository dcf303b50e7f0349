"""Makes occluded.npz: 64 noisy grey pictures of discs and squares, some behind bars, with a mask for each.

Run ``python automl/data/make_occluded.py`` to write the file again; the seed is fixed. Dedicated to the public domain
(CC0 1.0).

Discs are lighter than what is around them and squares darker, under noise and light that falls off to one side.
Triangles
are either, and background; so are bars, which lie above all. So the surroundings of a pixel tell much, and its shape
the rest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIDE = 48
LEVELS = 16
"""Grey values are multiples of 255 / 15: noise of more levels hardly packs."""


def make(n: int = 64, side: int = SIDE, seed: int = 0, noise: float = 0.14) -> tuple[np.ndarray, np.ndarray]:
    """Draw the pictures.

    Args:
        n: number of pictures.
        side: height and width, pixels.
        seed: of all draws.
        noise: standard deviation, as a share of white.

    Returns:
        ``(n, side, side)`` uint8, and masks of the same shape: 0 background, 1 disc, 2 square.
    """
    rng = np.random.default_rng(seed)
    drawn = [_picture(side, noise, rng) for _ in range(n)]
    return np.stack([picture for picture, _ in drawn]), np.stack([mask for _, mask in drawn])


def _picture(side: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:side, :side].astype(np.float64)
    slope = rng.normal(0.0, 0.12, 2)
    light = 0.45 + slope[0] * (rows / side - 0.5) + slope[1] * (columns / side - 0.5)
    mask = np.zeros((side, side), np.uint8)
    for number in range(int(rng.integers(2, 6))):
        kind = int(rng.integers(0 if number else 1, 3))  # triangles are distractors
        inside = _shape(kind, rows, columns, side, rng)
        sign = 1 if kind == 1 or (kind == 0 and rng.random() < 0.5) else -1
        light = np.where(inside, light + sign * rng.uniform(0.15, 0.3), light)
        mask[inside] = (0, 1, 2)[kind]
    for _ in range(int(rng.integers(0, 3))):
        bar = _bar(rows, columns, side, rng)
        light = np.where(bar, rng.uniform(0.0, 0.9), light)
        mask[bar] = 0
    light = light + noise * rng.normal(size=light.shape)
    grey = np.clip(np.rint(light * (LEVELS - 1)), 0, LEVELS - 1) * (255 // (LEVELS - 1))
    return grey.astype(np.uint8), mask


def _shape(kind: int, rows: np.ndarray, columns: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A triangle, a disc or a square of about the same area, turned and placed at random."""
    down, right = rng.uniform(0.12 * side, 0.88 * side, 2)
    size, angle = rng.uniform(0.1, 0.2) * side, rng.uniform(0, 2 * np.pi)
    y, x = rows - down, columns - right
    if kind == 1:
        return np.asarray(np.hypot(y, x) < size)
    n_sides = 4 if kind == 2 else 3
    apothem = size * np.sqrt(np.pi / (n_sides * np.tan(np.pi / n_sides)))
    turns = angle + 2 * np.pi * np.arange(n_sides) / n_sides
    return np.asarray(np.all([np.cos(a) * y + np.sin(a) * x < apothem for a in turns], axis=0))


def _bar(rows: np.ndarray, columns: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    angle, place = rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3) * side
    away = np.cos(angle) * (rows - side / 2) + np.sin(angle) * (columns - side / 2) - place
    return np.asarray(np.abs(away) < rng.uniform(0.02, 0.05) * side)


if __name__ == "__main__":
    X, y = make()
    np.savez_compressed(Path(__file__).with_name("occluded.npz"), X=X[..., None], y=y)
