"""Scores of both sides at several settings of one thing (rows, noise), each measured by one fit or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from automl import metrics
from automl.analyses.shared import scoring
from automl.records import AnalysisContext, Output, Side

__all__ = ["Curve", "Points"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The points of one side.

    Attributes:
        places: ``(n,)`` where it was measured, increasing.
        values: ``(n,)`` mean scores over the fits, turned so that higher is better.
        drawn: ``(n_draws, n)`` the same under bootstrap weights of the test items, with the noise of the fits.
        n_fits: ``(n,)`` fits of each point.
    """

    places: np.ndarray
    values: np.ndarray
    drawn: np.ndarray
    n_fits: np.ndarray


@dataclass(slots=True, eq=False)
class Points:
    """Collects predictions of the test items, and makes curves of them.

    The contest's own fits are the points at `own_place`: one of each seed, since a fit elsewhere is also one seed.

    Attributes:
        context: of the analysis.
        own_place: where the contest's fits stand.
        at: the test items.
        weights: bootstrap weights, the same for all points, so that points are compared on the same draws.
        scores: side → place → scores of its fits.
        drawn: side → place → their bootstrap scores, ``(n_draws,)`` each.
        lacks_own: whether the point at `own_place` is to be fitted, since only the mean over several seeds is known: of
            a finished run.
    """

    context: AnalysisContext
    own_place: float
    at: scoring.Scored = field(init=False)
    weights: np.ndarray = field(init=False)
    scores: dict[Side, dict[float, list[float]]] = field(init=False, default_factory=dict)
    drawn: dict[Side, dict[float, list[np.ndarray]]] = field(init=False, default_factory=dict)
    lacks_own: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.at = scoring.scored(self.context, self.context.split.items("test"))
        self.weights = scoring.drawn(self.at, self.context.seed)
        n_seeds = {run.side: run.n_seeds for run in self.context.outcome.runs if run.finalist}
        entrants = scoring.contestants(self.context)
        self.lacks_own = any(n_seeds.get(side, 1) > max(1, len(entrant.per_seed)) for side, entrant in entrants.items())
        for side, entrant in entrants.items():
            self.scores[side], self.drawn[side] = {}, {}
            for output in () if self.lacks_own else entrant.per_seed or (entrant.output,):
                self._add(side, self.own_place, output)

    def add(self, place: float, outputs: Mapping[Side, Output]) -> None:
        """Add one fit of each side."""
        for side in scoring.SIDES:
            if side in outputs:
                self._add(side, place, outputs[side])

    def _add(self, side: Side, place: float, output: Output) -> None:
        metric = self.context.task.metric
        sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
        self.scores.setdefault(side, {}).setdefault(place, []).append(sign * scoring.score_of(metric, self.at, output))
        self.drawn.setdefault(side, {}).setdefault(place, []).append(
            sign * scoring.scores_of(metric, self.at, output, self.weights)
        )

    def n_fits(self, place: float) -> int:
        """Fits of each side at a place."""
        return min((len(self.scores[side].get(place, ())) for side in self.scores), default=0)

    def curve(self, side: Side, falls: Sequence[float] = (0.0,)) -> Curve:
        """The points of a side.

        The variance between fits is pooled over the points that have several, since most have one. It enters the
        bootstrap as a normal deviation of each point's mean.

        Args:
            side: which one.
            falls: powers of the place by which that variance may fall; the likeliest one is taken. 0 is none.
        """
        own = self.scores[side]
        places = np.array(sorted(own))
        n_fits = np.array([len(own[place]) for place in places])
        values = np.array([np.mean(own[place]) for place in places])
        squares = np.array([np.sum(np.square(np.subtract(own[place], np.mean(own[place])))) for place in places])
        deviation = np.sqrt(_variance(places, squares, n_fits - 1, falls) / n_fits)
        rng = np.random.default_rng((self.context.seed % 2**32, 13, scoring.SIDES.index(side)))
        drawn = np.stack([np.mean(self.drawn[side][place], axis=0) for place in places], axis=1)
        return Curve(places, values, drawn + rng.normal(size=drawn.shape) * deviation, n_fits)


def _variance(places: np.ndarray, squares: np.ndarray, freedom: np.ndarray, falls: Sequence[float]) -> np.ndarray:
    """``(n,)`` the variance of a fit at each place: ``v place^-q``, by the likelihood of sums of squares.

    Args:
        places: ``(n,)``.
        squares: ``(n,)`` sums of squared deviations of the fits from their mean.
        freedom: ``(n,)`` degrees of freedom of these sums.
        falls: the powers q that may be.
    """
    total, found = freedom.sum(), []
    if not total or not squares.sum():
        return np.zeros(len(places))
    for power in falls:
        scale = np.ones(len(places)) if not power else places**-power
        common = float((squares / scale).sum() / total)
        found.append((float((freedom * np.log(common * scale)).sum()), common * scale))
    return min(found, key=lambda one: one[0])[1]
