"""Transforms of a skewed or heavy-tailed target, and which one training rows ask for.

A squared error is ruled by the few largest values. A transform that draws them in helps a learner with all the others,
but a prediction of its mean is too low when it is turned back, and a strong one turns small errors far out into huge
ones. So the mildest of a few powers is taken that leaves no strong skew (`docs/decisions/0011-encoders.md`).

Source: John & Draper, "An alternative family of transformations", Applied Statistics 1980 (the modulus family).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["PLAIN", "Shape", "bounds", "shape_of"]

SKEWED = 1.5
"""Skewness from which on a target is transformed."""

MILD = 1.25
"""Skewness that is left alone once a transform has been taken."""

POWERS = (0.5, 0.25, 0.0)
LONG_TAILS = 3.0
"""Skewness of the distances from the median from which on a target with values on both sides is transformed; 1 for a
normal target, 2 for a double exponential one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """``z = sign(x) ((1 + |x|)^power - 1) / power`` of ``x = (y - origin) / unit``; log(1 + |x|) for power 0.

    Attributes:
        power: 1 leaves y as it is, whatever the others. origin, unit: in the target's units; the sign of unit turns
            a target round whose long tail is below.
    """

    power: float
    origin: float
    unit: float

    def forward(self, y: np.ndarray) -> np.ndarray:
        """Transformed values, float64 of the same shape."""
        y = np.asarray(y, np.float64)
        if self.power == 1.0:
            return y
        x = (y - self.origin) / self.unit
        size = np.log1p(np.abs(x))
        return np.asarray(np.sign(x) * (np.expm1(self.power * size) / self.power if self.power else size))

    def back(self, z: np.ndarray) -> np.ndarray:
        """Values in the target's units: what `forward` undoes."""
        z = np.asarray(z, np.float64)
        if self.power == 1.0:
            return z
        size = np.log1p(self.power * np.abs(z)) / self.power if self.power else np.abs(z)
        return np.asarray(np.sign(z) * np.expm1(size) * self.unit + self.origin)


PLAIN = Shape(1.0, 0.0, 1.0)


def shape_of(values: np.ndarray) -> Shape:
    """The transform that training values ask for, `PLAIN` where they ask for none.

    Args:
        values: ``(n,)`` of training rows, finite.
    """
    if len(values) < 20 or len(np.unique(values)) < 10:
        return PLAIN
    skew = _skewness(values)
    if values.min() >= 0 and skew > SKEWED:
        return _mildest(values, 0.0, 1.0)
    if skew > SKEWED and values.min() > np.median(values) - 2.0 * _spread(values):  # a floor below zero
        return _mildest(values, float(values.min()), 1.0)
    if skew < -SKEWED and values.max() < np.median(values) + 2.0 * _spread(values):
        return _mildest(values, float(values.max()), -1.0)
    middle = float(np.median(values))
    return _mildest(values, middle, 1.0) if _skewness(np.abs(values - middle)) > LONG_TAILS else PLAIN


def bounds(shape: Shape, values: np.ndarray) -> tuple[float, float]:
    """Between which transformed values a prediction stays: the training range, somewhat widened.

    A target that is never negative in training is never predicted to be.

    Args:
        shape: of the target. values: ``(n,)`` of training rows.
    """
    inner = shape.forward(values)
    low, high = float(inner.min()), float(inner.max())
    room = (high - low) * (0.25 if shape.power == 1.0 else 0.1 if shape.power == 0.5 else 0.05)
    low, high = low - room, high + room
    if values.min() >= 0:
        zero = float(shape.forward(np.array(0.0)))
        low, high = (max(low, zero), high) if shape.unit > 0 else (low, min(high, zero))
    return low, high


def _mildest(values: np.ndarray, origin: float, sign: float) -> Shape:
    """The first power that leaves no strong skew of the distances from the origin, or the one that leaves least."""
    distance = np.abs(values - origin)
    if not (distance > 0).any():
        return PLAIN
    unit = sign * float(np.quantile(distance[distance > 0], 0.1))  # below it the transform is nearly a line
    shapes = [PLAIN, *(Shape(power, origin, unit) for power in POWERS)]
    skews = [abs(_skewness(np.abs(shape.forward(values) - shape.forward(np.array(origin))))) for shape in shapes]
    for shape, skew in zip(shapes[1:], skews[1:], strict=True):
        if skew <= MILD:
            return shape
    best = int(np.argmin(skews))
    return shapes[best] if skews[best] < skews[0] / 2 else PLAIN


def _spread(values: np.ndarray) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)


def _skewness(values: np.ndarray) -> float:
    centred = values - values.mean()
    size = np.abs(centred).max(initial=0.0)
    if not size > 0:
        return 0.0
    centred = centred / size  # so that cubes of huge values stay finite
    return float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)
