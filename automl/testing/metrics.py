"""The contract of a metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import GoalName, Metric
from automl.testing.promise import promise

N_ROWS = 60


def check_metric(metric: Metric) -> None:
    """Check that a metric knows a perfect prediction, falls with a wrong one, and reads weights.

    - it gives one finite number, `best` for a perfect prediction and a worse one for a poor one;
    - weights count: equal ones change nothing whatever their size, and a row of weight 0 counts as absent (but for a
      metric that fits a model on the items, by `Metric.fits_items`);
    - the order of rows does not matter.

    Args:
        metric: to check, for each goal that it claims.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    name = metric.name
    promise(metric.goals, f"{name}: goals is empty; name at least one of {', '.join(goals.known())}")
    for goal in metric.goals:
        promise(
            goal in goals.known(),
            f"{name}: no metric can score the goal {goal!r} yet; goals are {', '.join(goals.known())}",
        )
        held = sorted(_example_arrays(goal)[1])
        promise(
            metric.reads in held, f"{name}: reads is {metric.reads!r}; an output for {goal} holds {' and '.join(held)}"
        )
        truth, perfect, poor, context = _metric_example(metric, goal)
        best, worse = (_scored(metric, goal, truth, array, None, context) for array in (perfect, poor))
        promise(np.isfinite([best, worse]).all(), f"{name}: scores {best}, {worse} are not finite ({goal})")
        promise(
            abs(best - metric.best) < 1e-5,
            f"{name}: a perfect prediction scores {best}, but its field best says {metric.best} ({goal})",
        )
        falls = worse < best if metric.higher_is_better else worse > best
        promise(
            falls,
            f"{name}: a poor prediction scores {worse}, a perfect one {best}, and higher_is_better is "
            f"{metric.higher_is_better} ({goal})",
        )
        ones = _scored(metric, goal, truth, poor, np.ones(len(truth)), context)
        promise(abs(ones - worse) < 1e-9, f"{name}: weights of one change the score ({goal})")
        equal = _scored(metric, goal, truth, poor, np.full(len(truth), 2.5), context)
        promise(
            abs(equal - worse) < 1e-6,
            f"{name}: equal weights of 2.5 change the score from {worse} to {equal}: divide by their sum ({goal})",
        )
        _check_rows(metric, goal, truth, poor, context)
        _check_gaps(metric, goal, truth, perfect, poor, context)


def _check_gaps(
    metric: Metric, goal: GoalName, truth: np.ndarray, perfect: np.ndarray, poor: np.ndarray, context: dict[str, Any]
) -> None:
    """Cells of the truth that are not known (NaN) are left out, for goals whose items have several numbers."""
    if truth.dtype.kind != "f" or truth[0].size < 2:
        return
    gaps = truth.copy()
    gaps.reshape(len(truth), -1)[::3, 0] = np.nan
    best, worse = (_scored(metric, goal, gaps, array, None, context) for array in (perfect, poor))
    promise(
        np.isfinite(worse) and abs(best - metric.best) < 1e-5,
        f"{metric.name}: with NaN in the truth (values that are not known) a perfect prediction scores {best} and a "
        f"poor one {worse}; leave these cells out of the score ({goal})",
    )


def _check_rows(metric: Metric, goal: GoalName, truth: np.ndarray, array: np.ndarray, context: dict[str, Any]) -> None:
    """Rows without weight count as absent, and the order of rows does not matter."""
    n = len(truth)
    if not metric.fits_items:
        kept = np.arange(n) < n - n // 4
        absent = _scored(metric, goal, truth[kept], array[kept], None, _of_rows(context, kept, n))
        unweighted = _scored(metric, goal, truth, array, kept.astype(np.float64), context)
        promise(
            abs(absent - unweighted) < 1e-6,
            f"{metric.name}: rows of weight 0 must count as absent; without them it scores {absent}, with them "
            f"{unweighted} ({goal})",
        )
    order = np.random.default_rng(1).permutation(n)
    before = _scored(metric, goal, truth, array, None, context)
    turned = _scored(metric, goal, truth[order], array[order], None, _of_rows(context, order, n))
    promise(abs(before - turned) < 1e-6, f"{metric.name}: another order of rows changes the score ({goal})")


def _of_rows(context: dict[str, Any], rows: np.ndarray, n: int) -> dict[str, Any]:
    return {
        key: value[rows] if isinstance(value, np.ndarray) and len(value) == n else value
        for key, value in context.items()
    }


def _scored(
    metric: Metric,
    goal: GoalName,
    truth: np.ndarray,
    array: np.ndarray,
    weight: np.ndarray | None,
    context: dict[str, Any],
) -> float:
    try:
        return float(metric.fn(truth, array, weight, context))
    except Exception as error:
        weights = "sample_weight None" if weight is None else "sample_weight (n,)"
        raise AssertionError(
            f"{metric.name}: fn(truth {truth.shape}, array {array.shape}, {weights}, context) must give one number; it "
            f"raised {type(error).__name__}: {error} ({goal})"
        ) from error


def _example_arrays(goal: GoalName) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A truth, and the arrays of a perfect output for it."""
    rng = np.random.default_rng(0)
    record = goals.named(goal)
    example = (goals.named("multiclass") if record.probed else record).example  # probes predict classes
    truth = example.truth(rng.normal(size=N_ROWS))
    return truth, dict(example.output(truth, rng, 0.0).arrays)


def _metric_example(metric: Metric, goal: GoalName) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Truth, a perfect prediction, a poor one, and the context."""
    truth, arrays = _example_arrays(goal)
    perfect = arrays[metric.reads]
    record, rng = goals.named(goal), np.random.default_rng(2)
    if record.makes_rows:  # in another order they are as good
        poor = record.example.output(truth, rng, 5.0).arrays[metric.reads]
    else:
        poor = perfect[rng.permutation(N_ROWS)]
    context = (goals.named("multiclass") if record.probed else record).example.context(N_ROWS)
    return truth, perfect, poor, context
