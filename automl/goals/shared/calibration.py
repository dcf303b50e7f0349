"""From a model's probabilities to calibrated ones and to labels: fitted on validation rows, alike for both sides.

Calibration is Platt's (binary, each label of a multilabel task) or a temperature with, where the data carry it, a
shift a class (multiclass). Both are shrunk towards the identity, so that few rows change little. Binary calibration
is increasing, so metrics of ranking do not change.

Labels then follow the rule that is right for the metric if the probabilities are (argmax for accuracy, the share of
positives for balanced accuracy, half the best F for F1). Another rule is taken only if it gains more on validation
rows than noise would give.

Sources: Platt 1999 (sigmoid calibration); Guo et al. 2017 (temperature); Lipton, Elkan & Naryanaswamy 2014
(the best F1 threshold is half the best F1); Menon et al. 2013 (balanced accuracy).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from automl import metrics
from automl.records import GoalName, Output

__all__ = ["TWO_CLASSES", "AllTogether", "Decision", "OneByOne", "restore"]

PRIOR_ROWS = 4.0
"""Strength of the pull to the identity: a prior of standard deviation 0.5 on slope and shift of the logits."""

RARE = 0.1
"""A class rarer than this gets the F1 threshold when the metric ranks and so says nothing about labels."""

_NOISE_DRAWS = 200
_NOISE_CELLS = 4_000_000
_LOWEST, _HIGHEST = 1e-300, float(np.nextafter(1.0, 0.0))
_STEEPEST, _FLATTEST = 20.0, 0.05
_LEAST_REACH = 5.0


@dataclass(frozen=True, slots=True)
class Decision:
    """How probabilities are calibrated and turned into labels.

    Attributes:
        goal: of the task.
        metric: what the labels were chosen for.
        slopes: of the logits: one (binary, multiclass) or one a label; empty where nothing is to be decided.
        shifts: of the logits: one (binary), one a class or one a label.
        thresholds: on calibrated probabilities: one (binary) or one a label; empty for multiclass.
        biases: multiclass, added to the log probabilities before the largest is taken.
        reach: logits beyond plus or minus this are bent so that they stay within one more: so many rows cannot tell
            a chance of one in a million from none. Bending keeps their order. 0 leaves them.
    """

    goal: GoalName
    metric: str
    slopes: tuple[float, ...] = ()
    shifts: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    biases: tuple[float, ...] = ()
    reach: float = 0.0

    def state(self) -> dict[str, Any]:
        """Plain strings, lists and numbers from which `restore` makes an equal decision."""
        return {
            "goal": self.goal,
            "metric": self.metric,
            "slopes": list(self.slopes),
            "shifts": list(self.shifts),
            "thresholds": list(self.thresholds),
            "biases": list(self.biases),
            "reach": self.reach,
        }


def restore(state: Mapping[str, Any]) -> Decision:
    """The decision whose `Decision.state` this is."""
    lists = {key: tuple(float(x) for x in state[key]) for key in ("slopes", "shifts", "thresholds", "biases")}
    return Decision(goal=state["goal"], metric=str(state["metric"]), reach=float(state["reach"]), **lists)


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, _LOWEST, _HIGHEST)
    return np.asarray(np.log(p) - np.log1p(-p))


def _bend(z: np.ndarray, reach: float) -> np.ndarray:
    """Logits within ``reach`` unchanged, those beyond pressed into one unit more, in the same order."""
    if reach <= 0:
        return z
    beyond = np.maximum(np.abs(z) - reach, 0.0)
    return np.asarray(np.sign(z) * (np.minimum(np.abs(z), reach) + beyond / (1.0 + beyond)))


# --------------------------------------------------------------------------- strategies


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Platt's calibration and a threshold, for the positive class of each row or for each of several labels.

    Attributes:
        positives: from probabilities ``(n, n_columns)`` to those of the classes decided on, ``(n, n_decided)``.
        complete: from calibrated ones back to ``(n, n_columns)``.
        marks: from a truth to ``(n, n_decided)`` booleans.
        labels: from ``(n, n_decided)`` booleans to an output's "labels".
    """

    positives: Callable[[np.ndarray], np.ndarray]
    complete: Callable[[np.ndarray], np.ndarray]
    marks: Callable[[np.ndarray], np.ndarray]
    labels: Callable[[np.ndarray], np.ndarray]

    def fit(
        self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None = None
    ) -> Decision:
        """See `automl.goals.decide`."""
        p, weights, usable = _evidence(output, weight)
        n = self.positives(p[:0]).shape[1]
        if not usable:
            return Decision(goal, metric, (1.0,) * n, (0.0,) * n, (0.5,) * n)
        reach = _reach(weights)
        truths, columns = self.marks(np.asarray(truth)).T, [_bend(_logit(one), reach) for one in self.positives(p).T]
        fitted = [_fit_sigmoid(t, column, weights) for t, column in zip(truths, columns, strict=True)]
        calibrated = [expit(a * column + b) for (a, b), column in zip(fitted, columns, strict=True)]
        thresholds = [_threshold(t, q, metric, weights) for t, q in zip(truths, calibrated, strict=True)]
        slopes, shifts = zip(*fitted, strict=True)
        return Decision(goal, metric, slopes, shifts, tuple(thresholds), (), reach)

    def apply(self, decision: Decision, output: Output) -> Output:
        """See `automl.goals.decided`."""
        if not _is_decided(decision, output):
            return output
        p = np.asarray(output.arrays["probabilities"], dtype=np.float64)
        if _changes(decision):
            bent = _bend(_logit(self.positives(p)), decision.reach)
            p = self.complete(expit(np.asarray(decision.slopes) * bent + np.asarray(decision.shifts)))
        labels = self.labels(self.positives(p) >= np.asarray(decision.thresholds)).astype(np.int64)
        return Output(output.kind, {**output.arrays, "probabilities": p, "labels": labels})


TWO_CLASSES = OneByOne(
    positives=lambda p: p[:, 1:],
    complete=lambda q: np.column_stack([1.0 - q, q]),
    marks=lambda truth: np.asarray(truth[:, None] == 1),
    labels=lambda marks: np.asarray(marks[:, 0]),
)
"""Of the second of two classes."""


@dataclass(frozen=True, slots=True)
class AllTogether:
    """A temperature and, where the data carry it, a shift a class; the most probable class after a bias a class."""

    def fit(
        self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None = None
    ) -> Decision:
        """See `automl.goals.decide`."""
        p, weights, usable = _evidence(output, weight)
        none = (0.0,) * p.shape[1]
        if not usable:
            return Decision(goal, metric, (1.0,), none, (), none)
        reach = _reach(weights)
        bent = _bend(np.log(np.maximum(p, _LOWEST)), reach)
        slope, shift = _fit_softmax(np.asarray(truth), bent, weights)
        decided = Decision(goal, metric, (slope,), tuple(float(x) for x in shift), (), none, reach)
        return _choose_biases(self, decided, np.asarray(truth), output, weights)

    def apply(self, decision: Decision, output: Output) -> Output:
        """See `automl.goals.decided`."""
        if not _is_decided(decision, output):
            return output
        p = np.asarray(output.arrays["probabilities"], dtype=np.float64)
        if _changes(decision):
            bent = _bend(np.log(np.maximum(p, _LOWEST)), decision.reach)
            p = softmax(decision.slopes[0] * bent + np.asarray(decision.shifts), axis=1)
        logs = np.log(np.maximum(p, _LOWEST)) + np.asarray(decision.biases)
        return Output(output.kind, {**output.arrays, "probabilities": p, "labels": logs.argmax(axis=1)})


def _is_decided(decision: Decision, output: Output) -> bool:
    """Whether there is something to apply, and something to apply it to."""
    return bool(decision.slopes) and "probabilities" in output.arrays


def _changes(decision: Decision) -> bool:
    """Whether any probability becomes another one."""
    plain = all(slope == 1 for slope in decision.slopes) and not any(decision.shifts)
    return not plain or decision.reach != 0


def _evidence(output: Output, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, bool]:
    """Probabilities, weights whose mean is one, and whether anything can be learnt from them."""
    p = np.asarray(output.arrays["probabilities"], dtype=np.float64)
    weights = _unit_mean(np.ones(len(p)) if weight is None else np.asarray(weight, dtype=np.float64))
    return p, weights, bool(len(p) and np.isfinite(p).all() and weights.sum() > 0)


def _reach(weights: np.ndarray) -> float:
    """Beyond which logits so many rows cannot tell a rare event from none."""
    return max(_LEAST_REACH, float(np.log1p(weights.sum() ** 2 / (weights**2).sum())))


# --------------------------------------------------------------------------- fitting


def _unit_mean(weights: np.ndarray) -> np.ndarray:
    """Weights whose mean is one, so that the prior means as many rows as it says."""
    mean = weights.mean() if len(weights) else 0.0
    return weights / mean if mean > 0 else weights


def _fit_sigmoid(positive: np.ndarray, logits: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and shift that minimise weighted log loss plus the prior, by Newton's method with halved steps."""
    y = positive.astype(np.float64)
    features = np.column_stack([logits, np.ones_like(logits)])
    identity = np.array([1.0, 0.0])

    def loss(theta: np.ndarray) -> float:
        eta = features @ theta
        return float(weights @ (np.logaddexp(0.0, eta) - y * eta) + 0.5 * PRIOR_ROWS * ((theta - identity) ** 2).sum())

    theta = identity.copy()
    for _ in range(50):
        p = expit(features @ theta)
        gradient = features.T @ (weights * (p - y)) + PRIOR_ROWS * (theta - identity)
        curvature = (features.T * (weights * p * (1 - p))) @ features + PRIOR_ROWS * np.eye(2)
        theta, moved = _descend(loss, theta, np.linalg.solve(curvature, gradient))
        if not moved:
            break
    return float(np.clip(theta[0], _FLATTEST, _STEEPEST)), float(theta[1])


def _descend(loss: Any, theta: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, bool]:
    """Go along the Newton step, halving it until the loss falls; whether it moved at all."""
    before = loss(theta)
    for halvings in range(25):
        tried = theta - step * 0.5**halvings
        after = loss(tried)
        if after < before - 1e-10 * (1.0 + abs(before)):
            return tried, True
    return theta, False


def _fit_softmax(truth: np.ndarray, z: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Slope of the log probabilities, and shifts of the classes if they lower the loss by more than they cost.

    The cost of the shifts is the Bayesian information criterion's (Schwarz 1978).
    """
    n_classes = z.shape[1]
    slope, none, without = _newton_softmax(truth, z, weights, with_shifts=False)
    effective = weights.sum() ** 2 / (weights**2).sum()
    if effective >= 30 * n_classes:
        slope_too, shifts, loss = _newton_softmax(truth, z, weights, with_shifts=True)
        if without - loss > 0.5 * (n_classes - 1) * np.log(effective):
            return slope_too, shifts
    return slope, none


def _newton_softmax(
    truth: np.ndarray, z: np.ndarray, weights: np.ndarray, with_shifts: bool
) -> tuple[float, np.ndarray, float]:
    """Slope, shifts and the penalised loss at the minimum."""
    n, k = z.shape
    rows, size = np.arange(n), k + 1 if with_shifts else 1
    identity = np.zeros(size)
    identity[0] = 1.0

    def scores(theta: np.ndarray) -> np.ndarray:
        return np.asarray(theta[0] * z + (theta[1:] if with_shifts else 0.0))

    def loss(theta: np.ndarray) -> float:
        eta = scores(theta)
        top = eta.max(axis=1)
        total = top + np.log(np.exp(eta - top[:, None]).sum(axis=1))
        return float(weights @ (total - eta[rows, truth]) + 0.5 * PRIOR_ROWS * ((theta - identity) ** 2).sum())

    theta = identity.copy()
    for _ in range(50):
        q = softmax(scores(theta), axis=1)
        weighted, mean = weights[:, None] * q, (q * z).sum(axis=1)
        gradient = PRIOR_ROWS * (theta - identity)
        curvature = PRIOR_ROWS * np.eye(size)
        gradient[0] += weights @ (mean - z[rows, truth])
        curvature[0, 0] += weights @ ((q * z**2).sum(axis=1) - mean**2)
        if with_shifts:
            gradient[1:] += weighted.sum(axis=0) - np.bincount(truth, weights, k)
            curvature[1:, 1:] += np.diag(weighted.sum(axis=0)) - weighted.T @ q
            curvature[0, 1:] += (weighted * (z - mean[:, None])).sum(axis=0)
            curvature[1:, 0] = curvature[0, 1:]
        theta, moved = _descend(loss, theta, np.linalg.solve(curvature, gradient))
        if not moved:
            break
    slope = float(np.clip(theta[0], _FLATTEST, _STEEPEST))
    return slope, theta[1:] if with_shifts else np.zeros(k), loss(theta)


# --------------------------------------------------------------------------- labels


def _threshold(positive: np.ndarray, p: np.ndarray, metric: str, weights: np.ndarray) -> float:
    """The threshold that theory gives for calibrated probabilities, or a better one if it is better beyond noise."""
    share = float(weights @ positive / weights.sum())
    if metric not in ("accuracy", "balanced_accuracy", "f1"):
        metric = "f1" if share < RARE else "accuracy"
    if metric == "f1":
        start = _f1_threshold(p, weights)
    else:
        start = 0.5 if metric == "accuracy" else min(max(share, 1e-6), 1 - 1e-6)
    if not 0 < positive.sum() < len(positive):
        return start
    candidates = np.unique(np.quantile(p, np.linspace(0.01, 0.99, 99)))
    outputs = [Output("labels", {"labels": (p >= t).astype(np.int64)}) for t in candidates]
    plain = Output("labels", {"labels": (p >= start).astype(np.int64)})
    best = _beyond_noise(metric, positive.astype(np.int64), outputs, plain, weights)
    return start if best is None else float(candidates[best])


def _f1_threshold(p: np.ndarray, weights: np.ndarray) -> float:
    """The threshold that maximises the F1 to be expected if the probabilities are right; reads no truth."""
    order = np.argsort(-p, kind="stable")
    found, taken = np.cumsum(weights[order] * p[order]), np.cumsum(weights[order])
    expected = 2.0 * found / np.maximum(taken + found[-1], _LOWEST)
    return float(min(max(expected.max() / 2.0, 1e-6), 0.5))


def _choose_biases(
    rule: AllTogether, decision: Decision, truth: np.ndarray, output: Output, weights: np.ndarray
) -> Decision:
    """Divide probabilities by a power of the class priors: 0 for accuracy, 1 for balanced accuracy, tried for F1."""
    if decision.metric not in ("balanced_accuracy", "f1"):
        return decision
    n_classes = len(decision.shifts)
    priors = np.bincount(truth, weights, n_classes) + 1.0
    logs = -np.log(priors / priors.sum())
    start = 1.0 if decision.metric == "balanced_accuracy" else 0.0
    powers = [x for x in (0.0, 0.25, 0.5, 0.75, 1.0) if x != start]

    def with_power(power: float) -> Decision:
        biases = tuple(float(x) for x in power * logs)
        return Decision(decision.goal, decision.metric, decision.slopes, decision.shifts, (), biases, decision.reach)

    outputs = [rule.apply(with_power(power), output) for power in powers]
    best = _beyond_noise(decision.metric, truth, outputs, rule.apply(with_power(start), output), weights)
    return with_power(start if best is None else powers[best])


def _beyond_noise(
    metric: str, truth: np.ndarray, outputs: Sequence[Output], plain: Output, weights: np.ndarray
) -> int | None:
    """Which output scores best, if by two bootstrap standard errors more than the plain one; else None."""
    base = metrics.score(metric, truth, plain, weights)
    scores = [metrics.score(metric, truth, output, weights) for output in outputs]
    best = int(np.nanargmax(scores)) if np.isfinite(scores).any() else 0
    if not scores[best] > base:
        return None
    random, step = np.random.default_rng(0), max(1, _NOISE_CELLS // max(1, len(truth)))
    parts = []
    for begin in range(0, _NOISE_DRAWS, step):  # a few at a time: all at once are a gigabyte for a million rows
        draws = random.poisson(1.0, (min(step, _NOISE_DRAWS - begin), len(truth))) * weights
        better = metrics.bootstrap(metric, truth, outputs[best], draws)
        parts.append(better - metrics.bootstrap(metric, truth, plain, draws))
    gains = np.concatenate(parts)
    noise = float(np.nanstd(gains)) if np.isfinite(gains).any() else np.inf
    return best if scores[best] - base > 2.0 * noise else None
