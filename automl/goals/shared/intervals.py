"""Intervals of numbers at a level: conformal quantiles of residuals, relative to how far each prediction may be off.

A residual is divided by a *spread* that is known before the truth: in a forecast the distance of the outermost
quantile that the model predicts, or the size of the series' usual change where it predicts none; for rows, once there
are enough held-out ones, the mean error at predictions of that size, fitted on a quarter of the held-out rows that
then takes no part in the quantile. One set of scores serves every level, so a higher level never gives a narrower
interval.

Sources: Romano, Patterson & Candès 2019, "Conformalized Quantile Regression"; Sesia & Candès 2020, "A comparison of
some conformal quantile regression methods", section 2 (CQR-r: relative to the predicted spread); Lei et al. 2018,
"Distribution-Free Predictive Inference for Regression", section 5.2 (local spread).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.goals.shared.conformal import Thresholds, fit_thresholds, restore_thresholds
from automl.goals.shared.rows import unused
from automl.target_encoding.microaggregation import quantiles

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import HeldOut, Output, Task

__all__ = ["Intervals", "SpreadScores"]

SPREAD_UNITS = 400
"""Held-out rows (or groups) from which on a quarter of them tells how the error grows with the prediction."""
KNOTS, PRIOR_ROWS = 6, 10.0
STEP_WINDOWS, MOST_STEP_PARTS = 40, 256
"""Windows from which on each step has quantiles of its own, and the most that are stored so."""
LEAST_SIDE, LEAST_SPREAD = 0.1, 0.01
"""Share of the whole spread that either side has at least; share of the series' usual change that the spread has."""


@dataclass(frozen=True, slots=True, eq=False)
class SpreadScores:
    """What intervals are made of.

    Attributes:
        thresholds: a part for each target, or for each step and target.
        by: what residuals are relative to: "quantiles", "change", "size" of the prediction, or "nothing".
        by_step: whether steps have parts of their own.
        knots: ``(n_targets, n_knots)`` predicted values, and empty unless relative to them.
        sizes: ``(n_targets, n_knots)`` usual errors there.
    """

    thresholds: Thresholds
    by: str
    by_step: bool
    knots: np.ndarray
    sizes: np.ndarray

    def state(self) -> dict[str, Any]:
        """Plain values and arrays from which `Intervals.restore` makes it again."""
        own = {"by": self.by, "by_step": self.by_step, "knots": self.knots, "sizes": self.sizes}
        return {**own, "thresholds": self.thresholds.state()}


class Intervals:
    """Intervals of values ``(n, n_targets)``, or of windows ``(n, horizon, n_targets)``."""

    kind = "interval"

    def fit(self, truth: np.ndarray, output: Output, task: Task, held_out: HeldOut) -> SpreadScores:
        """Sort the scores of held-out items.

        Args:
            truth: of the items.
            output: predictions by models that had not learnt from them.
            task: names the targets.
            held_out: weights, groups and context of the items.
        """
        truth, values = np.asarray(truth, np.float64), _values(output)
        n_steps = values.shape[1] if values.ndim == 3 else 1
        by = _known_spread(output, held_out.context)
        rest = np.ones(len(values), bool)
        knots = sizes = np.empty((values.shape[-1], 0))
        if by == "nothing" and values.ndim == 2:
            learnt = _part_for_spread(len(values), held_out.groups)
            if learnt.any():
                by, rest = "size", ~learnt
                knots, sizes = _sizes(values[learnt], np.abs(truth - values)[learnt])
        below, above = _sides(values, output, by, held_out.context, knots, sizes)
        scores = np.where(truth < values, (values - truth) / below, (truth - values) / above)
        scores = np.where(np.isnan(truth), np.nan, np.where(np.isnan(scores), np.inf, scores))
        scores = scores.reshape(len(values), n_steps, -1)[rest]
        by_step = n_steps > 1 and len(scores) >= STEP_WINDOWS and scores[0].size <= MOST_STEP_PARTS
        repeats = 1 if by_step or n_steps == 1 else n_steps
        parts = [scores[:, s, t] for s in range(n_steps) for t in range(scores.shape[2])] if by_step else [
            scores[:, :, t].ravel() for t in range(scores.shape[2])
        ]  # fmt: skip
        names = [f"of {name!r}" if len(task.target) > 1 else "" for name in task.target] * (n_steps if by_step else 1)
        weight = None if held_out.weight is None else np.repeat(held_out.weight[rest], repeats)
        groups = None if held_out.groups is None else np.repeat(held_out.groups[rest], repeats)
        unit = "group" if groups is not None else "row" if n_steps == 1 else "window" if by_step else "step"
        n_parts = len(parts)
        return SpreadScores(
            fit_thresholds(parts, [weight] * n_parts, [groups] * n_parts, names, unit), by, by_step, knots, sizes
        )

    def apply(
        self, scores: SpreadScores, output: Output, level: float, context: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """ "lower" and "upper", of the shape of the values.

        Raises:
            RecipeError: the level is no number between 0 and 1.
            DataError: there are too few held-out items for it, or the output lacks what the scores are relative to.
        """
        values = _values(output)
        if scores.by == "quantiles" and "quantiles" not in output.arrays:
            raise DataError("these predictions have no quantiles, to which the intervals are relative: fit anew")
        width = scores.thresholds.at(level)
        width = width.reshape(-1, values.shape[-1]) if scores.by_step else width
        below, above = _sides(values, output, scores.by, context, scores.knots, scores.sizes)
        return {"lower": values - width * below, "upper": values + width * above}

    def covers(self, region: Mapping[str, np.ndarray], truth: np.ndarray) -> np.ndarray:
        """Which truths lie within, ``(n, n_answers)`` float64, NaN where the truth is not known."""
        inside = (region["lower"] <= truth) & (truth <= region["upper"])
        return np.where(np.isnan(truth), np.nan, inside.astype(np.float64))

    def size(self, region: Mapping[str, np.ndarray]) -> np.ndarray:
        """Widths, in the target's units."""
        return np.asarray(region["upper"] - region["lower"])

    def answers(self, task: Task) -> tuple[str, ...]:
        """What has intervals: the targets."""
        return task.target

    def to_frame(self, region: Mapping[str, np.ndarray], output: Output, task: Task) -> pd.DataFrame:
        """Each target's prediction and both ends, a row an item (a step, of windows)."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for t, name in enumerate(task.target):
            columns[name] = _values(output)[..., t].ravel()
            for end in ("lower", "upper"):
                columns[unused(f"{name}_{end}", {*columns, *task.target})] = region[end][..., t].ravel()
        return pd.DataFrame(columns)

    def restore(self, state: Mapping[str, Any]) -> SpreadScores:
        """The scores whose state this is.

        Raises:
            ValueError: it is none.
        """
        knots, sizes = (np.asarray(state[name], np.float64) for name in ("knots", "sizes"))
        sound = (
            state["by"] in ("quantiles", "change", "size", "nothing")
            and isinstance(state["by_step"], bool)
            and knots.ndim == 2
            and knots.shape == sizes.shape
            and bool(np.isfinite(knots).all() and (sizes > 0).all())
        )
        if not sound:
            raise ValueError("they are no scores of intervals")
        return SpreadScores(restore_thresholds(state["thresholds"]), state["by"], state["by_step"], knots, sizes)


def _values(output: Output) -> np.ndarray:
    return np.asarray(output.arrays["values"], np.float64)


def _known_spread(output: Output, context: Mapping[str, Any]) -> str:
    """What of the prediction itself says how far it may be off."""
    predicted = output.arrays.get("quantiles")
    if predicted is not None and predicted.shape[-1] >= 2:
        return "quantiles"
    return "change" if context.get("scale") is not None else "nothing"


def _sides(
    values: np.ndarray,
    output: Output,
    by: str,
    context: Mapping[str, Any],
    knots: np.ndarray,
    sizes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The spread below and above each prediction, of the values' shape, positive."""
    if by == "size":
        each = [np.interp(values[:, t], knots[t], sizes[t]) for t in range(values.shape[1])]
        return (np.stack(each, axis=-1),) * 2
    if by == "nothing":
        return (np.ones(values.shape),) * 2
    scale = context.get("scale")
    change = np.ones((len(values), 1, 1)) if scale is None else np.asarray(scale, np.float64)[:, None, :]
    if by == "change":
        return (np.broadcast_to(change, values.shape),) * 2
    predicted = np.asarray(output.arrays["quantiles"], np.float64)
    low, high = predicted.min(axis=-1), predicted.max(axis=-1)
    whole = np.maximum(high - low, LEAST_SPREAD * change)
    return np.maximum(values - low, LEAST_SIDE * whole), np.maximum(high - values, LEAST_SIDE * whole)


def _part_for_spread(n_rows: int, groups: np.ndarray | None) -> np.ndarray:
    """``(n,)`` bool: a quarter of the rows, or the rows of a quarter of the groups; none of few."""
    codes = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_units = int(codes.max(initial=-1)) + 1
    if n_units < SPREAD_UNITS:
        return np.zeros(n_rows, bool)
    drawn = np.random.default_rng(0).permutation(n_units) < n_units // 4
    return np.asarray(drawn[codes])


def _sizes(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predicted values of each target, and the mean error near each, drawn towards the mean of all."""
    knots, sizes = np.zeros((values.shape[1], KNOTS)), np.ones((values.shape[1], KNOTS))
    for t in range(values.shape[1]):
        usable = np.isfinite(values[:, t]) & np.isfinite(errors[:, t])
        own, error = values[usable, t], errors[usable, t]
        usual = error.mean() if len(error) else 0.0
        if not usual > 0:
            continue
        order = np.array_split(np.argsort(own, kind="stable"), KNOTS)
        knots[t] = quantiles(own, (np.arange(KNOTS) + 0.5) / KNOTS)
        sizes[t] = [(error[at].sum() + PRIOR_ROWS * usual) / (len(at) + PRIOR_ROWS) for at in order]
    return np.maximum.accumulate(knots, axis=1), sizes
