"""Transforms of a skewed or heavy-tailed target, and which one training rows ask for.

A squared error is ruled by the few largest values. A transform that draws them in helps a learner with all the others,
but a prediction of its mean is too low when it is turned back, and a strong one turns small errors far out into huge
ones. So the mildest of a few powers is taken that leaves no strong skew (`docs/decisions/0011-encoders.md`).

Source: John & Draper, "An alternative family of transformations", Applied Statistics 1980 (the modulus family).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl.target_encoding.microaggregation import magnitude, quantiles, roundest

__all__ = ["PLAIN", "TargetTransform", "bounds", "logarithm_for", "transform_for"]

SKEWED = 1.5
"""Skewness from which on a target is transformed."""

MILD = 1.25
"""Skewness that is left alone once a transform has been taken, where a squared error in raw units counts."""

MILD_ABSOLUTE = 0.75
"""The same where absolute or relative errors count, which large values do not rule."""

ABSOLUTE = ("mae", "smape")

POWERS = (0.5, 0.25, 0.0)
LEAST_UNIT = 1e-12
BELOW_MOST = 0.1
"""Of the smallest tenth of positive values: below it their logarithm is nearly a line."""
LONG_TAILS = 3.0
"""Skewness of the distances from the median from which on a target with values on both sides is transformed; 1 for a
normal target, 2 for a double exponential one."""


@dataclass(frozen=True, slots=True)
class TargetTransform:
    """``z = sign(x) ((1 + |x|)^power - 1) / power`` of ``x = (y - origin) / unit``; log(1 + |x|) for power 0.

    Attributes:
        power: 1 leaves y as it is, whatever the others.
        origin: in the target's units; the sign of unit turns a target round whose long tail is below.
        unit: see `origin`.
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


PLAIN = TargetTransform(1.0, 0.0, 1.0)


def transform_for(values: np.ndarray, metric: str = "r2") -> TargetTransform:
    """The transform that training values ask for, `PLAIN` where they ask for none.

    Args:
        values: ``(n,)`` of training rows, finite.
        metric: what predictions are scored by.
    """
    mild = MILD_ABSOLUTE if metric in ABSOLUTE else MILD
    if len(values) < 20 or len(np.unique(values)) < 10:
        return PLAIN
    skew = _skewness(values)
    low, quarter, middle, three_quarters, high = quantiles(values, [0.0, 0.25, 0.5, 0.75, 1.0]).tolist()
    spread = three_quarters - quarter
    if skew > SKEWED and low >= middle - 2.0 * spread:  # a floor: zero where it is near
        return _mildest(values, 0.0 if 0 <= low <= spread else low, 1.0, mild)
    if skew < -SKEWED and high <= middle + 2.0 * spread:
        return _mildest(values, high, -1.0, mild)
    return _mildest(values, middle, 1.0, mild) if _skewness(np.abs(values - middle)) > LONG_TAILS else PLAIN


def logarithm_for(values: np.ndarray) -> TargetTransform:
    """The logarithm of positive values, so that effects multiply (prices); nearly a line far below most of them.

    Args:
        values: ``(n,)`` of training rows, finite; `transform_for` these where one of them is not positive.
    """
    if not len(values) or values.min() <= 0:
        return transform_for(values)
    return TargetTransform(0.0, 0.0, BELOW_MOST * float(quantiles(values, [0.1])[0]))


def bounds(shape: TargetTransform, values: np.ndarray) -> tuple[float, float]:
    """Between which transformed values a prediction stays: the training range, somewhat widened.

    Turned back, no bound lies further out than the training range is wide. A target that is never negative in training
    is never predicted to be. A round number is taken, so that the bound does not tell the value that it bounds.

    Args:
        shape: of the target.
        values: ``(n,)`` of training rows.
    """
    inner = shape.forward(values)
    first, last = float(inner.min()), float(inner.max())
    room = (last - first) * (0.25 if shape.power == 1.0 else 0.1 if shape.power == 0.5 else 0.05)
    least, most = float(values.min()), float(values.max())
    ends = shape.forward(np.array([least - (most - least), most + (most - least)]))
    low = _bound(first, max(first - room, float(ends.min())), max(first - 2 * room, float(ends.min())))
    high = _bound(last, min(last + room, float(ends.max())), min(last + 2 * room, float(ends.max())))
    if values.min() >= 0:
        zero = float(shape.forward(np.array(0.0)))
        low, high = (max(low, zero), high) if shape.unit > 0 else (low, min(high, zero))
    return low, high


def _bound(inner: float, near: float, far: float) -> float:
    """A round number from `near` to `far`, or, where nothing lies between them, from `inner` to `near`."""
    return roundest(near, far) if near != far else roundest(inner, near)


def _mildest(values: np.ndarray, origin: float, sign: float, mild: float) -> TargetTransform:
    """The first power that leaves no strong skew of the distances from the origin, or the one that leaves least."""
    distance = np.abs(values - origin)
    if not (distance > 0).any():
        return PLAIN
    # Below the unit the transform is nearly a line; one far too small for the largest would leave float64's range.
    unit = sign * max(float(quantiles(distance[distance > 0], [0.1])[0]), LEAST_UNIT * float(magnitude(distance.max())))
    shapes = [PLAIN, *(TargetTransform(power, origin, unit) for power in POWERS)]
    skews = [abs(_skewness(np.abs(shape.forward(values) - shape.forward(np.array(origin))))) for shape in shapes]
    for shape, skew in zip(shapes[1:], skews[1:], strict=True):
        if skew <= mild:
            return shape
    best = int(np.argmin(skews))
    return shapes[best] if skews[best] < skews[0] / 2 else PLAIN


def _skewness(values: np.ndarray) -> float:
    centred = values - values.mean()
    size = np.abs(centred).max(initial=0.0)
    if not size > 0:
        return 0.0
    centred = centred / size  # so that cubes of huge values stay finite
    return float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)
