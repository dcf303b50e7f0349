"""Ranks models by their predictions of validation rows; models within noise of the best are ordered by a proper loss.

Labels, and the order of probabilities, may be perfect long before the probabilities are good, and on few rows many
models have the same score or nearly so. So the model with the best score gives way to one whose score is at most one
standard error worse, if that one's loss (log loss for classes) is better by at least one standard error. Both are
standard errors of the paired difference on the same rows, from resampled weights of the rows. Models of equal score are
ordered by that loss, then by size. A metric that is itself a loss of values or probabilities is not coarse: its order
stands, and the loss decides exact ties only. Decision 30 has the measurement of this rule.

Both sides use this: for the ranking of trials, the epoch that early stopping keeps, and the finalist.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Output

__all__ = ["Judged", "LeadingEpoch", "Standing", "order", "standing_of", "tie_break_loss"]

TIE_BREAKS = ("log_loss", "pinball", "pixel_log_loss", "rmse")
"""Proper losses of probabilities, of quantiles, of probabilities of pixels and of values."""

MOST_RESAMPLES, LEAST_RESAMPLES = 100, 20
RESAMPLED_CELLS = 200_000
MOST_ROWS = 50_000
"""With more validation rows, differences within noise are too small to matter, and resampling takes too long."""
NOISE_ERRORS = 1.0
SURE_ERRORS = 1.0
SURE_OF_FEWER = 2.0
"""Standard errors by which a model judged on fewer hold-outs must lead on the first to rank before others."""
FEW_ROWS = 5_000
"""Of more validation rows there is one hold-out."""

_NONE = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What a model is ranked by.

    Attributes:
        score: mean validation score over the hold-outs, turned so that higher is better.
        loss: mean tie-break loss, smaller is better; 0 where there is none.
        n_holdouts: number of hold-outs; models judged on more of them rank before the others, unless those are surely
            better on the first.
        size: size of the model in any unit that is the same for all models of a side; smaller is simpler.
        scores: `score` for each resampling of the rows, ``(n_resamples,)``; empty if the metric is not coarse.
        losses: `loss` for the same resamplings.
        each: score on each hold-out; the first is the same for all models.
        first: `scores` on the first hold-out alone.
        is_scored: whether the score says anything; False without a label.
    """

    score: float
    loss: float = 0.0
    n_holdouts: int = 1
    size: float = 0.0
    scores: np.ndarray = field(default_factory=lambda: _NONE)
    losses: np.ndarray = field(default_factory=lambda: _NONE)
    each: tuple[float, ...] = ()
    first: np.ndarray = field(default_factory=lambda: _NONE)
    is_scored: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A model's predictions for the validation rows of one hold-out.

    Attributes:
        truth: the truth of the rows, as the metric reads it.
        weight: their weights, or None.
        output: the predictions that the metric scores.
        plain: the predictions that the tie-break loss scores, if they differ; None for the same.
    """

    truth: np.ndarray
    weight: np.ndarray | None
    output: Output
    plain: Output | None = None


def tie_break_loss(output: Output) -> str | None:
    """The metric that orders models of equal score: a proper loss of what they predict; None for labels or ranks."""
    if output.kind == "scores":
        return None
    return next((name for name in TIE_BREAKS if metrics.named(name).reads in output.arrays), None)


def standing_of(judged: Sequence[Judged], metric: str, context: Mapping[str, Any], size: float = 0.0) -> Standing:
    """The standing of a model.

    Args:
        judged: its predictions, for each hold-out that it was judged on.
        metric: name of the metric.
        context: what else metrics read.
        size: see `Standing`.
    """
    if metric == metrics.UNSCORED:
        return Standing(0.0, n_holdouts=len(judged), size=size, each=(0.0,) * len(judged), is_scored=False)
    sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
    loss = tie_break_loss(judged[0].output)
    scored = [_scored(one, number, metric, loss, dict(context)) for number, one in enumerate(judged)]
    first = scored[0][0][1:]
    if not first.size and len(judged[0].truth) <= FEW_ROWS:
        first = _resampled(judged[0], metric, dict(context))
    scores, losses = (np.mean([one[kind] for one in scored], axis=0) for kind in (0, 1))
    return Standing(
        sign * float(scores[0]), float(losses[0]), len(judged), size, sign * scores[1:], losses[1 : len(scores)],
        tuple(sign * float(one[0][0]) for one in scored), sign * first,
    )  # fmt: skip


def _scored(
    judged: Judged, number: int, metric: str, loss: str | None, context: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Score and loss with the rows' own weights, then for each resampling of the rows."""
    n = len(judged.truth)
    weight = np.ones(n) if judged.weight is None else np.asarray(judged.weight, np.float64)
    own = weight[None, :]
    weights = np.concatenate([own, _drawn(n, number) * own]) if loss is not None and metric in metrics.COARSE else own
    scores = metrics.bootstrap(metric, judged.truth, judged.output, weights, context)
    if loss is None:
        return scores, np.zeros(len(scores))
    return scores, metrics.bootstrap(loss, judged.truth, judged.plain or judged.output, weights, context)


def _resampled(judged: Judged, metric: str, context: dict[str, Any]) -> np.ndarray:
    """The score for each resampling of the first hold-out's rows."""
    weights = _drawn(len(judged.truth), 0) * (1.0 if judged.weight is None else judged.weight)
    return metrics.bootstrap(metric, judged.truth, judged.output, weights, context)


@functools.lru_cache(maxsize=8)
def _drawn(n_rows: int, number: int) -> np.ndarray:
    """How often each row is drawn in each resampling, ``(n_resamples, n_rows)``: the same for all models.

    Source: the Poisson bootstrap; Hanley and MacGibbon, "Creating non-parametric bootstrap samples using Poisson
    frequencies", Computer Methods and Programs in Biomedicine 83 (2006).
    """
    if n_rows > MOST_ROWS:
        return np.empty((0, n_rows), np.uint8)
    n_resamples = min(MOST_RESAMPLES, max(LEAST_RESAMPLES, RESAMPLED_CELLS // max(n_rows, 1)))
    return np.random.default_rng((number, n_rows)).poisson(1.0, (n_resamples, n_rows)).astype(np.uint8)


def order(standings: Sequence[Standing]) -> list[int]:
    """Positions of the standings, best first. The order in which they are given decides between equals alone."""
    left, ordered = list(range(len(standings))), []
    while left:
        ordered.append(left.pop(_first([standings[place] for place in left])))
    return ordered


def _first(standings: Sequence[Standing]) -> int:
    """The position of the best standing."""
    places = range(len(standings))
    leader = max(places, key=lambda place: (standings[place].n_holdouts, *_key(standings[place])))
    better = [place for place in places if _surely_better(standings[place], standings[leader])]
    if better:  # of fewer hold-outs, for lack of time
        leader = max(better, key=lambda place: (standings[place].n_holdouts, *_key(standings[place])))
    as_good = [place for place in places if place == leader or _outdoes(standings[place], standings[leader])]
    return min(as_good, key=lambda place: (standings[place].loss, place != leader) if len(as_good) > 1 else place)


def _key(standing: Standing) -> tuple[float, float, float]:
    return standing.score, -standing.loss, -standing.size


def _surely_better(other: Standing, leader: Standing) -> bool:
    """Whether a model judged on fewer hold-outs than the leader is better on the first by more than noise can be.

    Noise is the standard error of the paired difference on the rows of the first hold-out; without resamplings of
    them, the leader's standard deviation over its hold-outs.
    """
    if not other.n_holdouts < leader.n_holdouts or not other.each or not leader.each:
        return False
    gap = other.each[0] - leader.each[0]
    if other.first.size and len(other.first) == len(leader.first):
        gaps = other.first - leader.first
        usable = np.isfinite(gaps)
        noise = float(np.std(gaps[usable])) if usable.any() else math.inf
    else:
        noise = float(np.std(leader.each, ddof=1))
    return bool(gap > SURE_OF_FEWER * noise)


def _outdoes(other: Standing, leader: Standing) -> bool:
    """Whether a score that is no better than the leader's is within noise of it, at a surely better loss."""
    if other.n_holdouts != leader.n_holdouts or len(other.scores) != len(leader.scores) or not other.loss < leader.loss:
        return False
    gaps, gains = leader.scores - other.scores, leader.losses - other.losses
    usable = np.isfinite(gaps) & np.isfinite(gains)
    if np.count_nonzero(usable) < LEAST_RESAMPLES // 2:
        return False
    return bool(
        leader.score - other.score <= NOISE_ERRORS * np.std(gaps[usable])
        and leader.loss - other.loss >= SURE_ERRORS * np.std(gains[usable])
    )


class LeadingEpoch:
    """The epoch of a trial that is kept, chosen as models are ranked, while later epochs are not known yet.

    Attributes:
        top: the standing with the best score so far; of equal scores, the one with the lowest loss.
        chosen: the standing of the epoch whose weights are to be kept.
        tops: whether the last epoch taken in is `top`.
    """

    def __init__(self) -> None:
        self.top: Standing | None = None
        self.chosen: Standing | None = None
        self.tops = False

    def take_in(self, new: Standing) -> tuple[bool, bool]:
        """Take in the next epoch.

        Returns:
            Whether its score is the best so far, and whether its weights are to be kept in place of earlier ones.
        """
        if not new.is_scored:  # no epoch is known to be better than another, so the schedule runs to its end
            self.top = self.chosen = new
            self.tops = True
            return True, True
        rises = self.top is None or new.score > self.top.score
        self.tops = self.top is None or _key(new) > _key(self.top)
        if self.top is None or self.tops:
            self.top = new
        known = [one for one in (self.chosen, new) if one is not None]
        as_good = [one for one in known if one is self.top or _outdoes(one, self.top)]
        self.chosen = min(as_good, key=lambda one: (one.loss, -one.score)) if as_good else self.chosen
        return rises, self.chosen is new

    @property
    def best_score(self) -> float:
        """The best score so far, turned so that higher is better."""
        return -math.inf if self.top is None else self.top.score
