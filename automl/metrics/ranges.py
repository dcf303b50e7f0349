"""Scores of anomalies that last: stretches of rows in time, which a detector finds in whole, in part or beside them.

No label and no score is moved: rows are judged where they lie. "Point adjustment", which counts a whole stretch as
found where one of its rows is, is not offered, since random scores do well by it (Kim et al., "Towards a Rigorous
Evaluation of Time-Series Anomaly Detection", AAAI 2022).

Rows are in the order of time. A *block* is a run of them without a gap; a new series, or rows that were left out, begin
another one, and no stretch or buffer reaches from one block into the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl.metrics.preparations import PREPARE

__all__ = ["RangeScores", "range_scores", "stretches", "volume_under_pr", "window_precision"]

N_THRESHOLDS = 250
MOST_CELLS = 50_000_000
"""Rows (with those near stretches, once for each) times buffers: beyond, fewer buffers are looked at, evenly spread."""


@dataclass(frozen=True, slots=True)
class RangeScores:
    """How alarms match stretches of anomalies.

    Attributes:
        precision: mean over alarms that follow each other without a gap; NaN without an alarm.
        recall: mean over stretches; NaN without one.
        f1: their harmonic mean; NaN where one of them is.
        n_stretches: of anomalies.
        n_found: stretches with an alarm in at least one row.
    """

    precision: float
    recall: float
    f1: float
    n_stretches: int
    n_found: int


def stretches(anomalous: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """First row and end (exclusive) of each run of anomalous rows within a block, ``(n_stretches, 2)`` int64.

    Args:
        anomalous: ``(n,)`` bool.
        blocks: ``(n,)`` codes; equal ones stand together.
    """
    anomalous, before = np.asarray(anomalous, bool), _begins(blocks)
    starts = np.flatnonzero(anomalous & (np.r_[False, ~anomalous[:-1]] | before))
    ends = np.flatnonzero(anomalous & (np.r_[~anomalous[1:], False] | np.r_[before[1:], True])) + 1
    return np.column_stack([starts, ends])


def _begins(blocks: np.ndarray) -> np.ndarray:
    """Whether a block begins at each row."""
    blocks = np.asarray(blocks)
    return np.asarray(np.r_[np.ones(min(len(blocks), 1), bool), blocks[1:] != blocks[:-1]])


# --------------------------------------------------------------------------- alarms


def range_scores(anomalous: np.ndarray, alarms: np.ndarray, blocks: np.ndarray) -> RangeScores:
    """Range-based precision and recall of alarms.

    The score of a stretch is the share of its rows with an alarm, divided by the number of separate runs of alarms in
    it if there are several (flat bias, γ(x) = 1/x, no reward for existence alone: α = 0). Precision is the same with
    stretches and alarms exchanged.

    Args:
        anomalous: ``(n,)`` whether a row is an anomaly.
        alarms: ``(n,)`` whether it raises an alarm.
        blocks: ``(n,)`` see `stretches`.

    Source: Tatbul et al., "Precision and Recall for Time Series", NeurIPS 2018, section 4.
    """
    real, said = stretches(anomalous, blocks), stretches(alarms, blocks)
    overlaps = _covered(real, alarms)
    recall, precision = _mean_overlap(real, said, alarms), _mean_overlap(said, real, anomalous)
    both = precision + recall
    f1 = 2.0 * precision * recall / both if both > 0 else (0.0 if both == 0 else float("nan"))
    return RangeScores(precision, recall, f1, len(real), int((overlaps > 0).sum()))


def _mean_overlap(ranges: np.ndarray, others: np.ndarray, in_others: np.ndarray) -> float:
    """Mean over ranges of the share that others cover, over their number; NaN without a range."""
    if not len(ranges):
        return float("nan")
    covered = _covered(ranges, in_others) / (ranges[:, 1] - ranges[:, 0])
    first = np.searchsorted(others[:, 1], ranges[:, 0], side="right")
    n_others = np.searchsorted(others[:, 0], ranges[:, 1], side="left") - first
    return float((covered / np.maximum(n_others, 1)).mean())


def _covered(ranges: np.ndarray, anomalous: np.ndarray) -> np.ndarray:
    """How many anomalous rows lie in each range."""
    total = np.r_[0, np.cumsum(np.asarray(anomalous, bool))]
    return np.asarray(total[ranges[:, 1]] - total[ranges[:, 0]])


# --------------------------------------------------------------------------- scores


def window_precision(anomalous: np.ndarray, scores: np.ndarray, blocks: np.ndarray, steps: int) -> float:
    """Average precision of windows side by side: one is an anomaly if a row is, and has the score of its highest row.

    Args:
        anomalous: ``(n,)`` whether a row is an anomaly.
        scores: ``(n,)`` the higher, the more unusual.
        blocks: ``(n,)`` see `stretches`.
        steps: rows of a window; the last one of a block may have fewer.
    """
    begins = _begins(blocks)
    first = np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(begins) else np.zeros(0, np.int64)
    starts = np.flatnonzero((np.arange(len(begins)) - first) % max(steps, 1) == 0)
    if not len(starts):
        return float("nan")
    truth = np.maximum.reduceat(np.asarray(anomalous, np.int64), starts)
    highest = np.maximum.reduceat(np.asarray(scores, np.float64), starts)
    evaluate = PREPARE["average_precision"](truth, np.column_stack([-highest, highest]), {})
    return float(evaluate(np.ones((1, len(truth))))[0])


def volume_under_pr(anomalous: np.ndarray, scores: np.ndarray, blocks: np.ndarray, most_buffer: int) -> float:
    """VUS-PR: the area under the range-based precision-recall curve, mean over buffers of 0 to so many rows.

    A buffer of w rows gives the rows up to w/2 before and after a stretch a label of ``sqrt(1 - distance / w)``. Where
    such slopes overlap they add up to 1 at most. At a threshold, TP is the sum of the labels of the rows above it; P
    is the mean of the number of anomalous rows and of that number with the labels of buffer rows above the threshold.
    Recall is ``min(TP / P, 1)`` times the share of stretches with a row above the threshold (with their buffers;
    those that share a row are one). Precision is TP over the rows above it. Thresholds are 250 quantiles of the scores.

    Args:
        anomalous: ``(n,)`` whether a row is an anomaly.
        scores: ``(n,)`` the higher, the more unusual.
        blocks: ``(n,)`` see `stretches`.
        most_buffer: rows of the largest buffer.

    Returns:
        0 to 1; NaN where no row is an anomaly.

    Source: Paparrizos et al., "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly
        Detection", PVLDB 15 (2022); details as in the authors' benchmark TSB-AD (Liu & Paparrizos, NeurIPS 2024).
    """
    anomalous, scores = np.asarray(anomalous, bool), np.asarray(scores, np.float64)
    if not anomalous.any():
        return float("nan")
    surface = _Surface.of(anomalous, scores, np.asarray(blocks), most_buffer // 2)
    n_buffers = int(
        np.clip(MOST_CELLS // (len(anomalous) + len(surface.near)), min(2, most_buffer + 1), most_buffer + 1)
    )
    buffers = np.unique(np.linspace(0, most_buffer, n_buffers).round().astype(int))
    return float(np.mean([surface.area(int(buffer)) for buffer in buffers]))


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """What all buffers share.

    Attributes:
        scores: ``(n,)``, then the lowest number.
        ranges: of the anomalies, ``(n_stretches, 2)``.
        limits: of their blocks.
        thresholds: descending.
        n_above: rows at or above each threshold.
        hits: anomalous rows among them.
        cells: rows of the largest buffers by descending score, without anomalies.
        near: places in `cells`, one for each row and stretch near it.
        distance: of each of these pairs, in rows.
    """

    scores: np.ndarray
    ranges: np.ndarray
    limits: np.ndarray
    thresholds: np.ndarray
    n_above: np.ndarray
    hits: np.ndarray
    cells: np.ndarray
    near: np.ndarray
    distance: np.ndarray

    @classmethod
    def of(cls, anomalous: np.ndarray, scores: np.ndarray, blocks: np.ndarray, reach: int) -> _Surface:
        """Look up thresholds, and the rows within `reach` of a stretch."""
        ranges, begins = stretches(anomalous, blocks), np.flatnonzero(_begins(blocks))
        own = np.searchsorted(begins, ranges[:, 0], side="right") - 1
        limits = np.column_stack([begins[own], np.r_[begins[1:], len(anomalous)][own]])
        ordered = np.sort(scores)
        thresholds = ordered[::-1][np.linspace(0, len(scores) - 1, N_THRESHOLDS).astype(int)]
        away = np.arange(1, reach + 1)
        rows = np.concatenate([ranges[:, :1] - away, ranges[:, 1:] - 1 + away], axis=1)  # (n_stretches, 2 reach)
        inside = (rows >= limits[:, :1]) & (rows < limits[:, 1:])
        inside[inside] = ~anomalous[rows[inside]]
        cells, near = np.unique(rows[inside], return_inverse=True)
        order = np.argsort(-scores[cells], kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return cls(
            np.append(scores, -np.inf), ranges, limits, thresholds, _at_least(ordered, thresholds),
            _at_least(np.sort(scores[anomalous]), thresholds), cells[order], place[near],
            np.broadcast_to(np.tile(away, 2), rows.shape)[inside],
        )  # fmt: skip

    def area(self, buffer: int) -> float:
        """Under the curve of one buffer."""
        n_marked = int((self.ranges[:, 1] - self.ranges[:, 0]).sum())
        in_buffer = self._labels_above(buffer)
        hits = self.hits + in_buffer
        recall = np.minimum(hits / (n_marked + in_buffer / 2.0), 1.0) * self._found(buffer // 2)
        return float(np.diff(recall, prepend=0.0) @ (hits / self.n_above))

    def _labels_above(self, buffer: int) -> np.ndarray:
        """The sum of the labels of buffer rows at or above each threshold."""
        near = self.distance <= buffer // 2
        slopes = np.sqrt(1.0 - self.distance[near] / max(buffer, 1))
        labels = np.minimum(np.bincount(self.near[near], slopes, len(self.cells)), 1.0)
        total = np.r_[0.0, np.cumsum(labels)]
        return np.asarray(total[np.searchsorted(-self.scores[self.cells], -self.thresholds, side="right")])

    def _found(self, half: int) -> np.ndarray:
        """The share of stretches, with so many rows on both sides, of which a row is at or above each threshold."""
        starts = np.maximum(self.ranges[:, 0] - half, self.limits[:, 0])
        ends = np.minimum(self.ranges[:, 1] + half, self.limits[:, 1])
        apart = np.r_[True, (self.ranges[1:, 0] - half > self.ranges[:-1, 1] - 1 + half)
                      | (self.limits[1:, 0] != self.limits[:-1, 0])]  # fmt: skip
        begins = starts[apart]
        stops = np.r_[ends[:-1][apart[1:]], ends[-1]]
        highest = np.maximum.reduceat(self.scores, np.column_stack([begins, stops]).ravel())[::2]
        return _at_least(np.sort(highest), self.thresholds) / len(highest)


def _at_least(ordered: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many of these ascending numbers are at or above each threshold."""
    return np.asarray(len(ordered) - np.searchsorted(ordered, thresholds, side="left"))
