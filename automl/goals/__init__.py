"""What may be predicted: one file a goal, one record in it, and every other room asks the record.

`named` gives the record of a task or of a name. Adding a goal is described in ``docs/contributing/goal.md``.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from automl import metrics
from automl.errors import RecipeError
from automl.goals.anomaly import ANOMALY
from automl.goals.binary import BINARY
from automl.goals.forecast import FORECAST
from automl.goals.generate import GENERATE
from automl.goals.multiclass import MULTICLASS
from automl.goals.multilabel import MULTILABEL
from automl.goals.regression import REGRESSION
from automl.goals.represent import REPRESENT
from automl.goals.segment import SEGMENT
from automl.goals.shared import codecs
from automl.goals.shared.calibration import Decision
from automl.records import Goal, GoalName, Output, TargetCodec, Task

if TYPE_CHECKING:
    import numpy as np

    from automl.records import Dataset, Split

__all__ = [
    "Decision", "decide", "decided", "default_metric", "known", "learnable", "learnt_truth", "metrics_for", "named",
    "plug_in", "restore_codec", "scoring_context", "search_metric", "serves", "truth",
]  # fmt: skip

_SHIPPED: dict[str, Goal] = {
    goal.name: goal
    for goal in (BINARY, MULTICLASS, MULTILABEL, REGRESSION, FORECAST, ANOMALY, REPRESENT, GENERATE, SEGMENT)
}
_PLUGGED: dict[str, Goal] = {}


def known() -> dict[str, Goal]:
    """Every goal by name: automl's own, then those of plug-ins."""
    return _SHIPPED | _PLUGGED


def plug_in(others: Iterable[Goal]) -> None:
    """Make the goals of plug-ins known by name, in place of those told of before.

    Args:
        others: all there are (`automl.catalog.extend` finds them).

    Raises:
        RecipeError: one has the name of a goal that automl has itself, or a base that is none.
    """
    found: dict[str, Goal] = {}
    for goal in others:
        if _SHIPPED.get(goal.name) is goal:
            continue
        if goal.name in _SHIPPED:
            raise RecipeError(f"a plug-in brings a goal named {goal.name!r}, which automl has itself; rename yours")
        if goal.base not in _SHIPPED:
            raise RecipeError(
                f"goal {goal.name!r} of a plug-in has the base {goal.base!r}; expected one of {', '.join(_SHIPPED)}, "
                "whose templates, baselines and metrics serve it"
            )
        found[goal.name] = goal
    _PLUGGED.clear()
    _PLUGGED.update(found)


def named(goal: Task | GoalName) -> Goal:
    """The record of a task's goal, or of a name.

    Raises:
        RecipeError: no goal has the name (the message gives the nearest one).
    """
    name = goal.goal if isinstance(goal, Task) else goal
    record = _SHIPPED.get(name) or _PLUGGED.get(name)
    if record is not None:
        return record
    near = difflib.get_close_matches(str(name).lower(), known(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise RecipeError(f"goal {name!r} is unknown; {hint}goals that are: {', '.join(known())}")


def serves(declared: Collection[GoalName], goal: Task | GoalName) -> bool:
    """Whether what declares these goals (a template, a baseline, a metric) serves this one."""
    return any(name in declared for name in named(goal).served_by)


def metrics_for(goal: Task | GoalName) -> list[str]:
    """Names of the metrics that score a goal, in order."""
    return sorted({name for one in named(goal).served_by for name in metrics.names_for(one)})


def default_metric(goal: Task | GoalName, counts: Collection[int] = ()) -> str:
    """The metric's name for a goal when the user names none.

    Args:
        goal: a task or the name of a goal.
        counts: rows of each class; none where they are unknown or there are no classes.
    """
    return named(goal).default_metric(tuple(counts))


def search_metric(task: Task) -> str:
    """The metric by which both sides search: the task's, unless none selects or finalists are scored another way."""
    if not task.selects:
        return metrics.UNSCORED
    of_task = named(task).search_metric
    return task.metric if of_task is None else of_task(task)


def restore_codec(state: Mapping[str, Any]) -> TargetCodec:
    """The codec that ``TargetCodec.state()`` described: one of automl's own, or a plug-in's."""
    for goal in _PLUGGED.values():
        if state["codec"] in goal.restore_codec and state["codec"] not in codecs.NAMES:
            return goal.restore_codec[state["codec"]](state)
    return codecs.restore(state)


def truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """The target of these rows (or windows) as metrics read it; see the conventions of `automl.records`.

    Raises:
        DataError: a target column is not there, or a label is none of the classes.
    """
    return named(task).truth(dataset, task, items)


def learnable(dataset: Dataset, task: Task) -> Dataset:
    """The data as those see them who learn: without the label of a goal without target, unless it is made, too."""
    goal = named(task)
    return dataset if goal.needs_target or goal.makes_rows else dataclasses.replace(dataset, target=None)


def learnt_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """What models learn of these items: their truth, or zeros ``(n,)`` where the goal needs no target."""
    return truth(dataset, task, items) if named(task).needs_target else _zeros(len(items))


def _zeros(n: int) -> np.ndarray:
    import numpy as np

    return np.zeros(n, np.int64)


def scoring_context(dataset: Dataset, task: Task, split: Split, items: np.ndarray) -> dict[str, Any]:
    """Context of `Metric.fn` for these rows, or forecast windows of shape (n_windows, horizon)."""
    return named(task).context(dataset, task, split, items)


def decide(
    truth: np.ndarray, output: Output, goal: Task | GoalName, metric: str, weight: np.ndarray | None = None
) -> Decision:
    """Fit calibration, then choose the rule for labels, on validation rows.

    Args:
        truth: of the validation rows, as `records` says.
        output: undecided predictions of them.
        goal: the task's.
        metric: what the labels are to do well by.
        weight: ``(n,)`` or None.

    Returns:
        The identity with the most probable class as label if there is nothing to learn from (no rows, predictions
        that are not finite); a decision that changes nothing where the goal has no probabilities.
    """
    record = named(goal)
    of_task = record.calibration_for if isinstance(goal, Task) else None
    calibration = record.calibration if of_task is None or not isinstance(goal, Task) else of_task(goal)
    if calibration is None:
        return Decision(record.name, metric)
    made: Decision = calibration.fit(truth, output, record.name, metric, weight)
    return made


def decided(decision: Decision, output: Output) -> Output:
    """Calibrated probabilities and the labels decided, or what else the goal makes of predictions.

    Args:
        decision: from `decide`.
        output: undecided predictions (not changed).

    Returns:
        An output with float64 "probabilities" and int64 "labels" beside what else was there; the output itself where
        the goal decides nothing.
    """
    calibration = named(decision.goal).calibration
    return output if calibration is None else calibration.apply(decision, output)
