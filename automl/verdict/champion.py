"""Names the champion (deep, shallow or blend) by validation rows, before any test row is scored.

Nothing here takes a test row: `Validated` holds validation rows alone, and `name_champion` reads nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import metrics
from automl.goals.shared.outputs import combine, taken
from automl.records import Champion, Lead, Output, Side
from automl.verdict.resample import lead_error, units_of

__all__ = ["LEAST_ITEMS", "Validated", "name_champion"]

WEIGHTS = tuple(i / 10 for i in range(11))
"""Weights of the deep finalist that a blend may have."""

LEAST_ITEMS = 40
"""Fewer validation items are not parted in halves, so nothing is known of the blend."""

_TIE_BREAK = "log_loss"


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """The finalists' predictions for validation items: all that names the champion.

    Attributes:
        metric: name of the metric.
        truth: of the validation items, as `records` says.
        outputs: predictions of the finalists for these items, by side.
        unit_ids: ``(n_items,)`` the unit of each item, as those of the test.
        classes: ``(n_items,)`` class codes, if the units of each class are redrawn among themselves; else None.
        weight: ``(n_items,)`` or None.
        context: further inputs of the metric, see `records.Metric`.
        in_time: whether the units are numbered in the order of time and follow each other.
        time_ids: ``(n_items,)`` times that the units (series of a panel) share, as those of the test; else None.
    """

    metric: str
    truth: np.ndarray
    outputs: Mapping[Side, Output]
    unit_ids: np.ndarray
    classes: np.ndarray | None = None
    weight: np.ndarray | None = None
    context: Mapping[str, Any] | None = None
    in_time: bool = False
    time_ids: np.ndarray | None = None

    def of(self, items: np.ndarray) -> Validated:
        """Some of the items."""
        n = len(self.truth)
        context = {
            key: value[items] if isinstance(value, np.ndarray) and len(value) == n else value
            for key, value in (self.context or {}).items()
        }
        return Validated(
            self.metric, self.truth[items], {side: taken(output, items) for side, output in self.outputs.items()},
            self.unit_ids[items], None if self.classes is None else self.classes[items],
            None if self.weight is None else self.weight[items], context, self.in_time,
            None if self.time_ids is None else self.time_ids[items],
        )  # fmt: skip

    def score(self, output: Output, metric: str | None = None) -> float:
        """The score of predictions for these items."""
        return metrics.score(metric or self.metric, self.truth, output, self.weight, self.context)

    def mixed(self, weight_of_deep: float) -> Output:
        """The blend of both finalists."""
        return combine((self.outputs["deep"], self.outputs["shallow"]), (weight_of_deep, 1.0 - weight_of_deep))

    def lead(self, one: Output, other: Output, rng: np.random.Generator) -> Lead | None:
        """The lead of one set of predictions over another; None where a score is undefined."""
        gain = metrics.gain(self.metric, self.score(one), self.score(other))
        if not math.isfinite(gain):
            return None
        units = units_of(self.unit_ids, self.classes, in_time=self.in_time, time_ids=self.time_ids)
        weight = np.ones(len(self.truth)) if self.weight is None else np.asarray(self.weight, np.float64)
        if units.n_units < 2:
            return Lead(gain)
        return Lead(gain, lead_error(self.metric, self.truth, one, other, units, weight, self.context or {}, rng))


def name_champion(valid: Validated, seed: int) -> Champion:
    """Name the champion: the better finalist, or their blend if it is better on rows that its weight has not seen.

    Of two finalists with the same score, the one with the lower log loss is better where the task has classes; then
    the shallow one, since it is simpler. The blend is judged with weights that were chosen on other rows, since a
    weight fits the rows that it is chosen on.

    Args:
        valid: what the finalists predict for validation rows.
        seed: of the resampling.

    Returns:
        The champion; the floor if no side has a finalist.
    """
    n_items = len(valid.truth)
    if valid.metric == metrics.UNSCORED:  # nothing tells which is better, so the simpler one
        first: Side = next((side for side in ("shallow", "deep") if side in valid.outputs), "floor")
        return Champion(first, None if first == "floor" else first, n_items=n_items)
    scores = {side: valid.score(output) for side, output in valid.outputs.items()}
    if len(valid.outputs) < 2:
        only = next(iter(valid.outputs), None)
        return Champion(only or "floor", only, scores, n_items=n_items)
    rng = np.random.default_rng([seed, 40_000])
    better = _better_side(valid, scores)
    deep_lead = valid.lead(valid.outputs["deep"], valid.outputs["shallow"], rng)
    if any(output.kind in ("vectors", "samples") for output in valid.outputs.values()):  # which have no mean
        return Champion(better, better, scores, deep_lead, n_items=n_items)
    weight = _best_weight(valid)
    blend_lead = _lead_of_blend(valid, better, rng) if 0.0 < weight < 1.0 else None
    if blend_lead is not None:
        estimate = scores[better] + (blend_lead.gain if _is_higher_better(valid) else -blend_lead.gain)
        scores["blend"] = metrics.clipped(valid.metric, estimate)
    wins = blend_lead is not None and blend_lead.gain > 0
    return Champion("blend" if wins else better, better, scores, deep_lead, blend_lead, weight, n_items)


def _better_side(valid: Validated, scores: Mapping[Side, float]) -> Side:
    if scores["deep"] != scores["shallow"]:
        return "deep" if metrics.better(valid.metric, scores["deep"], scores["shallow"]) else "shallow"
    if valid.truth.dtype.kind == "f" or any("probabilities" not in o.arrays for o in valid.outputs.values()):
        return "shallow"
    losses = {side: valid.score(output, _TIE_BREAK) for side, output in valid.outputs.items()}
    return "deep" if metrics.better(_TIE_BREAK, losses["deep"], losses["shallow"]) else "shallow"


def _is_higher_better(valid: Validated) -> bool:
    return metrics.named(valid.metric).higher_is_better


def _best_weight(valid: Validated) -> float:
    """The weight of the deep finalist with which the blend scores best on these items."""
    scores = {weight: valid.score(valid.mixed(weight)) for weight in WEIGHTS}
    sign = 1.0 if _is_higher_better(valid) else -1.0
    return max(scores, key=lambda weight: sign * scores[weight] if math.isfinite(scores[weight]) else -math.inf)


def _lead_of_blend(valid: Validated, better: Side, rng: np.random.Generator) -> Lead | None:
    """The blend's lead over the better side: on each half of the units, with the weight of the other half."""
    if len(valid.truth) < LEAST_ITEMS:
        return None
    half_of = _halves(valid, rng)
    found = []
    for half in (0, 1):
        here, there = (valid.of(np.flatnonzero((half_of == half) == own)) for own in (True, False))
        if not len(here.truth) or not len(there.truth):
            return None
        found.append(here.lead(here.mixed(_best_weight(there)), here.outputs[better], rng))
    if found[0] is None or found[1] is None:
        return None
    noises = [lead.noise for lead in found if lead is not None and lead.noise is not None]
    noise = math.hypot(*noises) / 2.0 if len(noises) == 2 else None
    return Lead((found[0].gain + found[1].gain) / 2.0, noise)


def _halves(valid: Validated, rng: np.random.Generator) -> np.ndarray:
    """``(n_items,)`` 0 or 1: the half of each item; units stay whole, and each class is in both halves."""
    units = units_of(valid.unit_ids, valid.classes)
    half_of_unit = np.empty(units.n_units, dtype=np.int64)
    for i, stratum in enumerate(units.strata):
        half_of_unit[rng.permutation(stratum)] = (np.arange(len(stratum)) + i) % 2
    return np.asarray(half_of_unit[units.of_item])
