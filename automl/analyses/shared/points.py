"""Scores of both sides at several settings of one thing (rows, noise), each measured by one fit or several."""

from __future__ import annotations

from collections.abc import Mapping
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
    """

    context: AnalysisContext
    own_place: float
    at: scoring.Scored = field(init=False)
    weights: np.ndarray = field(init=False)
    scores: dict[Side, dict[float, list[float]]] = field(init=False, default_factory=dict)
    drawn: dict[Side, dict[float, list[np.ndarray]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.at = scoring.scored(self.context, self.context.split.items("test"))
        self.weights = scoring.drawn(self.at, self.context.seed)
        for side, entrant in scoring.contestants(self.context).items():
            for output in entrant.per_seed or (entrant.output,):
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

    def curve(self, side: Side, noise_scale: np.ndarray | None = None) -> Curve:
        """The points of a side.

        The variance between fits is pooled over the points that have several, since most have one. It enters the
        bootstrap as a normal deviation of each point's mean.

        Args:
            side: which one.
            noise_scale: ``(n,)`` the standard deviation of a fit at each place, as a multiple of a common one; None
                where it is the same everywhere.
        """
        own = self.scores[side]
        places = np.array(sorted(own))
        scale = np.ones(len(places)) if noise_scale is None else noise_scale
        n_fits = np.array([len(own[place]) for place in places])
        values = np.array([np.mean(own[place]) for place in places])
        deviations = [
            (score - value) / s
            for place, value, s in zip(places, values, scale, strict=True) for score in own[place]
        ]  # fmt: skip
        freedom = int((n_fits - 1).sum())
        common = float(np.sqrt(np.square(deviations).sum() / freedom)) if freedom else 0.0
        rng = np.random.default_rng((self.context.seed % 2**32, 13, scoring.SIDES.index(side)))
        drawn = np.stack([np.mean(self.drawn[side][place], axis=0) for place in places], axis=1)
        drawn = drawn + rng.normal(size=drawn.shape) * common * scale / np.sqrt(n_fits)
        return Curve(places, values, drawn, n_fits)
