"""The training loop of one trial, in which the best weights are kept, and that of a refit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.deep.training.failure import NotFinite
from automl.deep.training.records import Fit, Milestone, Snapshot
from automl.deep.training.schedule import Progress, check_every, is_tired
from automl.errors import OutOfTime
from automl.sides.ranking import LeadingEpoch, Standing

if TYPE_CHECKING:
    from automl.deep.training.network import Network
    from automl.records import Status

__all__ = ["refit", "run_epoch", "train"]

SNAPSHOT_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class _Best:
    """The epoch that is kept so far.

    Attributes:
        score: its score.
        weights: its weights.
        raw: its raw outputs for the validation rows.
        step: step at its end.
        risen_step: step at the end of the last epoch whose score was the best so far.
        top_raw: raw outputs of the epoch with the best score, which may be another one.
    """

    score: float
    weights: list[np.ndarray]
    raw: np.ndarray
    step: int
    risen_step: int
    top_raw: np.ndarray


def train(
    network: Network,
    settings: Mapping[str, Any],
    *,
    seed: int,
    deadline: float | None,
    dispatch_seconds: float,
    standing: Callable[[np.ndarray], Standing],
    higher_is_better: bool,
    stopping: Callable[[], bool],
    n_steps: int | None = None,
    soft_seconds: float | None = None,
    least_share: float | None = None,
    milestones: Sequence[Milestone] = (),
    on_epoch: Callable[[Mapping[str, float]], None] | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    snapshot: Snapshot | None = None,
    on_best: Callable[[Fit], None] | None = None,
) -> Fit:
    """Train a network that was just reset.

    The weights of the best epoch are kept, by `automl.sides.ranking`: of epochs whose scores differ by no more than
    noise, the one with the surely better loss. The loss does not prolong the training: early stopping reads the score
    alone.

    Args:
        network: the network; its weights are drawn already.
        settings: choices and knobs; "learning_rate" and "epochs" are read here.
        seed: seed of the order of rows.
        deadline: `time.monotonic` value to end by; None for no time limit (the result then depends on the seed alone).
        dispatch_seconds: the longest time that a single dispatch should take.
        standing: raw validation outputs → what epochs are ranked by, with their score; called once an epoch.
        higher_is_better: direction of the score.
        stopping: returns whether the user wants to stop; called between dispatches.
        n_steps: length of the schedule, so that another seed is trained as long as the first; None: as "epochs" says.
        soft_seconds: the schedule is shortened to this time if it would take at most twice as long. A schedule that
            would take longer would lose too much; it may use all the time up to the deadline.
        least_share: the schedule is shortened to `soft_seconds` however long it would take, compilation apart, but to
            no smaller share of its steps than this; None for the rule above.
        milestones: where a trial that lags behind earlier ones is stopped.
        on_epoch: called with each point of the learning curve.
        on_snapshot: called with a snapshot at the end of an epoch, at most every ten seconds.
        snapshot: state to resume from; the network is set to it.
        on_best: called with the fit that would be left if the trial were cut now.

    Raises:
        OutOfTime: the deadline came before the first validation.
        NotFinite: the loss or the score became NaN or infinite.
    """
    state = Progress(
        network, float(settings["learning_rate"]), int(settings["epochs"]), deadline, seed,
        planned=n_steps, soft_seconds=soft_seconds, least_share=least_share,
    )  # fmt: skip
    best: _Best | None = None
    curve: list[Mapping[str, float]] = []
    next_check, sign = 1.0, 1.0 if higher_is_better else -1.0
    leading = LeadingEpoch()
    if snapshot is not None:
        best, curve, next_check = _resume(state, snapshot)
        for earlier in (best.raw,) if best.top_raw is best.raw else (best.top_raw, best.raw):
            leading.take_in(standing(earlier))
    ahead = [
        milestone
        for milestone in sorted(milestones, key=lambda milestone: milestone.share)
        if milestone.share * state.total > state.step
    ]
    saved, stopped_early = time.monotonic(), False
    status: Status = "done"
    while state.step < state.total and status == "done":
        losses: list[float] = []
        status = run_epoch(state, losses, dispatch_seconds, stopping)
        epoch = state.step / state.per_epoch
        if not losses or not math.isfinite(losses[-1]):
            if losses:
                raise NotFinite(
                    f"the loss became {losses[-1]} in epoch {math.ceil(epoch)}; a lower learning rate may help"
                )
            break
        last = state.step >= state.total or status != "done"
        if epoch < next_check and not last:
            continue
        begun = time.monotonic()
        raw = network.predict_valid()
        ranked = standing(raw) if np.isfinite(raw).all() else None
        state.valid_seconds = time.monotonic() - begun
        if ranked is None or not math.isfinite(ranked.score):
            what = "a prediction" if ranked is None else "the score"
            raise NotFinite(f"{what} of the validation rows is not finite in epoch {math.ceil(epoch)}")
        score = sign * ranked.score
        curve.append({"epoch": round(epoch, 3), "share": state.step / max(state.total, 1),
                      "seconds": round(time.monotonic() - state.begun, 3), "loss": round(float(np.mean(losses)), 6),
                      "valid_score": score})  # fmt: skip
        if on_epoch is not None:
            on_epoch(curve[-1])
        rises, keeps = leading.take_in(ranked)
        if best is None or keeps:
            risen_step, top_raw = (0, raw) if best is None else (best.risen_step, best.top_raw)
            best = _Best(score, network.weights(), raw, state.step, risen_step, top_raw)
            if on_best is not None:
                on_best(_left(best, curve, state, "cut", stopped_early=False))
        if rises:
            best.risen_step = state.step
        if leading.tops:
            best.top_raw = raw
        if last or is_tired(state, best.risen_step, curve):
            break
        while ahead and state.step >= ahead[0].share * state.total:
            milestone = ahead.pop(0)
            stopped_early = stopped_early or leading.best_score < sign * milestone.score
        if stopped_early:
            status = "cut"
            break
        next_check = epoch + check_every(state)
        state.replan()
        if on_snapshot is not None and time.monotonic() - saved >= SNAPSHOT_SECONDS:
            other_top = None if best.top_raw is best.raw else best.top_raw
            on_snapshot(Snapshot(network.state(), best.weights, best.raw, best.score, best.step, best.risen_step,
                                 state.step, state.planned or 0, state.total, tuple(curve),
                                 time.monotonic() - state.begun, next_check, other_top))  # fmt: skip
            saved = time.monotonic()
    if best is None:
        raise OutOfTime("the time offered ended before the first epoch could be judged")
    return _left(best, curve, state, status, stopped_early=stopped_early)


def refit(
    network: Network,
    settings: Mapping[str, Any],
    *,
    seed: int,
    deadline: float | None,
    dispatch_seconds: float,
    stopping: Callable[[], bool],
    n_steps: int,
    share: float,
) -> Fit:
    """Train a network on all rows that are not test, for a length that was chosen before. No row judges it.

    Args:
        network: the network; its weights are drawn already.
        settings: choices and knobs.
        seed: seed of the order of rows.
        deadline: as in `train`; the schedule is shortened to it.
        dispatch_seconds: as in `train`.
        stopping: as in `train`.
        n_steps: length of the schedule.
        share: the share of the schedule that is trained.

    Returns:
        The fit, without score and outputs.

    Raises:
        OutOfTime: the deadline came, or the user stopped it, before the end.
        NotFinite: the loss became NaN or infinite.
    """
    state = Progress(
        network, float(settings["learning_rate"]), int(settings["epochs"]), deadline, seed,
        planned=n_steps, share=share, validates=False,
    )  # fmt: skip
    while state.step < state.end:
        losses: list[float] = []
        status = run_epoch(state, losses, dispatch_seconds, stopping)
        if losses and not math.isfinite(losses[-1]):
            raise NotFinite(f"the loss became {losses[-1]} in a refit")
        if status != "done":
            raise OutOfTime("the time offered ended before the refit did")
        state.replan()
    network.complete()
    return Fit(network.weights(), np.empty(0, np.float32), math.nan, (), state.step / state.per_epoch,
               time.monotonic() - state.begun, state.compile_seconds, "done", state.total,
               best_step=state.step, step_seconds=state.mean_step_seconds)  # fmt: skip


def _left(
    best: _Best,
    curve: list[Mapping[str, float]],
    state: Progress,
    status: Status,
    *,
    stopped_early: bool,
) -> Fit:
    """The fit that the trial leaves if it ends here."""
    return Fit(best.weights, best.raw, best.score, tuple(curve), state.step / state.per_epoch,
               time.monotonic() - state.begun, state.compile_seconds, status, state.total,
               stopped_early, best.step, state.mean_step_seconds)  # fmt: skip


def _resume(state: Progress, snapshot: Snapshot) -> tuple[_Best, list[Mapping[str, float]], float]:
    """Restore a trial from a snapshot: its best epoch so far, its curve, and the epoch of the next validation."""
    state.network.set_state(snapshot.state)
    state.step, state.planned, state.total = snapshot.step, snapshot.planned, snapshot.total
    state.begun -= snapshot.seconds
    state.soft_seconds = None
    top_raw = snapshot.raw_valid if snapshot.top_raw is None else snapshot.top_raw
    best = _Best(
        snapshot.score, list(snapshot.weights), snapshot.raw_valid, snapshot.best_step, snapshot.risen_step, top_raw
    )
    return best, list(snapshot.curve), snapshot.next_check


def run_epoch(state: Progress, losses: list[float], dispatch_seconds: float, stopping: Callable[[], bool]) -> Status:
    """Run one epoch, or the part of it that the clock allows; return "done" or "cut".

    Args:
        state: of the schedule.
        losses: the mean loss of each dispatch is added to this list.
        dispatch_seconds: as in `train`.
        stopping: as in `train`.
    """
    batches = state.batches()
    at = 0
    while at < len(batches) and state.step < state.end:
        if stopping() or state.out_of_time(state.step_seconds):
            return "cut"
        size = min(state.per_dispatch, len(batches) - at, state.end - state.step)
        losses.append(state.dispatch(batches[at : at + size]))
        at += size
        if state.step_seconds:
            state.per_dispatch = max(1, min(2 * state.per_dispatch, int(dispatch_seconds / state.step_seconds)))
            if at == 1 + size or state.step < 2 * state.per_epoch:
                state.replan()
    return "done"
