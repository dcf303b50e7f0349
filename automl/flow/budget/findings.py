"""Findings about a run's own time: no time for the deep side, unequal shares of the sides, an exceeded budget."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from automl.flow.loading import LeftOut
from automl.records import Finding

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.records import Comparison, Outcome, Severity
    from automl.system.contention import ProcessorUse

__all__ = ["SLOW", "too_late_for_deep", "unequal_processor", "with_times"]

LOADING_SECONDS = 8.0
SLOW = 1.5
"""From this slowness on TensorFlow is loaded only after the first shallow model, and only if there is time."""
EQUAL = 1.1
OVER_SECONDS = 3.0
OVER_SHARE = 0.03
MEASURED_SECONDS = 3.0
"""Of each side, what must have been measured before its share of the processors means something."""
UNEQUAL_PROCESSOR, VERY_UNEQUAL_PROCESSOR = 1.25, 2.0
"""How many times as much of the processor time that it wanted one side may have had: from the first on the result is in
doubt, from the second on it is not to be believed."""


def too_late_for_deep(clock: Clock, folder: Path, reserved: float = 0.0) -> str | None:
    """Why there is too little time to load the deep side, or None if there is enough.

    Loading TensorFlow takes seconds that cannot be cut short, more of them where other programs slow the machine. If
    less is left, loading pays only if an earlier call stored networks, since these can still be scored.

    Args:
        clock: the budget.
        folder: of the run.
        reserved: seconds that are kept back for the conclusion.
    """
    slowness = 1.0 if "tensorflow" in sys.modules else clock.slowness
    if clock.remaining - reserved >= LOADING_SECONDS * slowness or any((folder / "weights").glob("*")):
        return None
    left = max(0.0, clock.remaining)
    slow = "" if slowness < SLOW else f" on a machine that other programs make {slowness:.1f} times as slow"
    return (
        f"{left:.0f} s of the budget were left, too little to load TensorFlow and train{slow}, and no network of an "
        "earlier call is in the folder"
    )


def with_times(
    outcome: Outcome, clock: Clock, no_deep: LeftOut | None, loading_seconds: float, not_apart: str | None = None
) -> Outcome:
    """Add times to the outcome: what each side was allotted and has spent, and findings about time.

    Args:
        outcome: the outcome without times.
        clock: the budget.
        no_deep: why the deep side was not loaded, or None.
        loading_seconds: time to load TensorFlow and encode the data.
        not_apart: why shallow models were fitted in this process, or None.
    """
    wall = clock.elapsed
    runs = tuple(
        dataclasses.replace(run, cost=dataclasses.replace(run.cost, offered_seconds=offered))
        if (offered := clock.offered.get(run.side, clock.spent.get(run.side))) is not None
        else run
        for run in outcome.runs
    )
    findings = [finding for finding in (
        _no_deep(no_deep, outcome, clock, loading_seconds), _not_apart(not_apart), _unequal(clock),
        unequal_processor(clock.processors, outcome.comparison) if math.isfinite(clock.budget_seconds) else None,
        _over(clock, wall, loading_seconds),
    ) if finding is not None]  # fmt: skip
    times = {
        "budget_seconds": clock.budget_seconds if math.isfinite(clock.budget_seconds) else 0.0,
        "wall_seconds": wall,
        "phases": dict(clock.phases),
        "spent": dict(clock.spent),
        "offered": dict(clock.offered),
    }
    return dataclasses.replace(outcome, runs=runs, findings=(*outcome.findings, *findings), clock=times)


def _no_deep(no_deep: LeftOut | None, outcome: Outcome, clock: Clock, loading_seconds: float) -> Finding | None:
    if no_deep is None:
        tried = any(run.side == "deep" for run in outcome.runs)
        if tried or not loading_seconds or clock.offered.get("deep", math.inf) >= 1.0:
            return None
        no_deep = LeftOut(f"loading TensorFlow and the data took {loading_seconds:.0f} s and left no time to train")
    reason = no_deep.reason
    return Finding("no_deep_model", "high", f"There is no deep model: {reason}.", no_deep.step, quoted=no_deep.quoted)


def _not_apart(problem: str | None) -> Finding | None:
    if problem is None:
        return None
    return Finding(
        "fitted_in_main_process", "medium",
        f"Shallow models were fitted in the main process, since no worker process could be used ({problem}). So fits "
        "could not be ended in time, and their memory was not measured.",
        "Raise this process's limits on memory, processes and open files.", quoted=problem,
    )  # fmt: skip


def _unequal(clock: Clock) -> Finding | None:
    """A finding if one side left time that went to the other."""
    if len(clock.offered) < 2:
        return None
    less, more = sorted(clock.offered, key=lambda side: clock.offered[side])
    if clock.offered[more] <= EQUAL * clock.offered[less]:
        return None
    return Finding(
        "time_passed_over", "low",
        f"The {less} side could use only {clock.spent[less]:.0f} s of the {clock.offered[less]:.0f} s allotted to it; "
        f"the rest went to the {more} side, which was allotted {clock.offered[more]:.0f} s in all.",
    )  # fmt: skip


def unequal_processor(processors: Mapping[str, ProcessorUse], comparison: Comparison | None) -> Finding | None:
    """A finding if other programs took much more processor time from one side's fits than from the other's.

    Processor seconds per second tell little by themselves: a fit may use several cores or wait for memory. So what is
    compared is the share that a side had of the processor time that its threads were ready to use. If the side that had
    less won all the same, its victory stands, and the finding is of low severity.

    Args:
        processors: what each side had of the processors.
        comparison: of the contest, or None.
    """
    measured = {side: use for side, use in processors.items() if use.wall_seconds >= MEASURED_SECONDS}
    shares = {side: share for side, use in measured.items() if (share := use.share) is not None}
    if len(shares) < 2:
        return None
    less, more = sorted(shares, key=lambda side: shares[side])
    ratio = shares[more] / shares[less]
    if ratio < UNEQUAL_PROCESSOR:
        return None
    severity: Severity = "high" if ratio >= VERY_UNEQUAL_PROCESSOR else "medium"
    if comparison is not None and comparison.verdict == less:
        severity = "low"
    paces = {side: measured[side].processor_seconds / measured[side].wall_seconds for side in (less, more)}
    return Finding(
        "unequal_processor", severity,
        f"The {less} side got {paces[less]:.2f} processor seconds a second, the {more} side {paces[more]:.2f}: other "
        f"programs left {100 * shares[less]:.0f} % of the processor time that the {less} side's fits were ready to use "
        f"and {100 * shares[more]:.0f} % of what the {more} side's were, so that equal time was not equal work.",
        "Run again on a quiet machine, or on cores that no other program uses.",
    )  # fmt: skip


def _over(clock: Clock, wall_seconds: float, loading_seconds: float) -> Finding | None:
    over = wall_seconds - clock.budget_seconds
    if over <= max(OVER_SECONDS, OVER_SHARE * clock.budget_seconds):
        return None
    why = f"; loading TensorFlow and the data took {loading_seconds:.0f} s" if loading_seconds > over / 2 else ""
    return Finding(
        "over_budget", "medium",
        f"The run took {wall_seconds:.0f} s, {over:.0f} s more than its budget of {clock.budget_seconds:.0f} s{why}.",
        "Loading and the conclusion cannot be cut short; a longer budget leaves room for them.",
    )  # fmt: skip
