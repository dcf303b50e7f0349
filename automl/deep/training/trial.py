"""The training loop of one trial: a schedule that fits the time allotted, early stopping, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.deep.training.failure import NotFinite
from automl.errors import OutOfTime
from automl.sides.ranking import LeadingEpoch, Standing

if TYPE_CHECKING:
    from automl.deep.training.network import Network
    from automl.records import Status

__all__ = ["Fit", "Milestone", "Snapshot", "learning_rate_at", "refit", "train"]

WARM_UP_SHARE = 0.05
PATIENCE_SHARE = 0.4
PATIENCE_CHECKS = 5
VALIDATION_SHARE = 0.2
SOFT_STRETCH = 2.0
SNAPSHOT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A trained network of a trial.

    Attributes:
        weights: weights of the best epoch.
        raw_valid: raw outputs of the best epoch for the validation rows.
        score: score of these outputs.
        curve: the learning curve; each validation has epoch, share (of the schedule), seconds, loss and valid_score.
        epochs: epochs trained.
        seconds: time from start to end, compilation included.
        compile_seconds: time of the first dispatch.
        status: "done", or "cut" if the clock, the user or the pruner ended it before its epochs or its patience did.
        n_steps: the length of its schedule in the end.
        stopped_early: the pruner stopped it: earlier trials were better at the same share of their schedules.
        best_step: step at the end of the best epoch; None if an earlier version stored the fit.
    """

    weights: list[np.ndarray]
    raw_valid: np.ndarray
    score: float
    curve: tuple[Mapping[str, float], ...]
    epochs: float
    seconds: float
    compile_seconds: float
    status: Status
    n_steps: int
    stopped_early: bool = False
    best_step: int | None = None

    @property
    def best_share(self) -> float:
        """The share of the schedule after which the best epoch ended: what a refit trains."""
        return 1.0 if self.best_step is None else min(self.best_step / max(self.n_steps, 1), 1.0)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of the pruner: at `share` of its schedule a trial goes on only with at least this score."""

    share: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a trial needs to be resumed after the process was killed.

    Attributes:
        state: state of the network and its optimiser.
        weights: weights of the best epoch so far.
        raw_valid: raw outputs of that epoch for the validation rows.
        score: score of that epoch.
        best_step: step at the end of the best epoch so far.
        risen_step: step at the end of the last epoch whose score was the best so far; early stopping counts from it.
        step: steps trained so far.
        planned: length of the schedule before the clock shortened it, in steps.
        total: length of the schedule now, in steps.
        curve: as in `Fit`.
        seconds: time used so far.
        next_check: epoch of the next validation.
        top_raw: raw outputs of the epoch with the best score, if another one is kept; None for the same.
    """

    state: list[np.ndarray]
    weights: list[np.ndarray]
    raw_valid: np.ndarray
    score: float
    best_step: int
    risen_step: int
    step: int
    planned: int
    total: int
    curve: tuple[Mapping[str, float], ...]
    seconds: float
    next_check: float
    top_raw: np.ndarray | None = None

    def best_fit(self) -> Fit:
        """The fit that the trial would have left if it had been cut here."""
        return Fit(self.weights, self.raw_valid, self.score, self.curve, float(self.curve[-1]["epoch"]), self.seconds,
                   0.0, "cut", self.total, best_step=self.best_step)  # fmt: skip


def learning_rate_at(progress: np.ndarray, peak: float) -> np.ndarray:
    """The learning rate: linear warm-up over the first 5 % of the steps, then a cosine to zero.

    Args:
        progress: share of the schedule before each step, 0 to 1.
        peak: the highest rate.

    Source: Loshchilov and Hutter 2017, "SGDR", equation 5, one cycle; warm-up as in Goyal et al. 2017.
    """
    warm = np.clip(progress / WARM_UP_SHARE, 0.02, 1.0)
    cosine = 0.5 * (1 + np.cos(np.pi * np.clip((progress - WARM_UP_SHARE) / (1 - WARM_UP_SHARE), 0.0, 1.0)))
    return np.asarray(peak * np.minimum(warm, cosine), dtype=np.float32)


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


@dataclass(slots=True, eq=False)
class _Progress:
    """The state of the training loop: where it is in its schedule, and what steps take.

    Attributes:
        step: steps trained so far.
        total: length of the schedule now, in steps.
        planned: length of the schedule before the clock shortened it, in steps.
        step_seconds: running mean of the time of a step.
        per_dispatch: steps in one dispatch.
        per_epoch: steps in one epoch.
        soft_seconds: see `train`.
        least_share: see `train`.
        valid_seconds: time of the last validation.
        share: the share of the schedule that is trained.
    """

    network: Network
    peak_rate: float
    n_epochs: int
    deadline: float | None
    seed: int
    begun: float = field(default_factory=time.monotonic)
    step: int = 0
    total: int = 0
    step_seconds: float = 0.0
    compile_seconds: float = 0.0
    per_dispatch: int = 1
    per_epoch: int = 1
    planned: int | None = None
    soft_seconds: float | None = None
    least_share: float | None = None
    valid_seconds: float = 0.0
    share: float = 1.0

    @property
    def end(self) -> int:
        """The step at which training ends."""
        return self.total if self.share >= 1.0 else max(1, round(self.share * self.total))

    def __post_init__(self) -> None:
        self.per_epoch = max(1, self.network.n_train // self.network.batch_size)
        self.total = self.planned = self.planned or self.per_epoch * self.n_epochs

    def out_of_time(self, margin: float = 0.0) -> bool:
        return self.deadline is not None and time.monotonic() + margin >= self.deadline

    def replan(self) -> None:
        """Shorten the schedule to what the clock still allows, so that the learning rate has decayed at the end.

        If only a share of it is trained, the time has to be enough for that share.
        """
        if self.deadline is None or not self.step_seconds or self.step >= self.end:
            return
        if self.soft_seconds is not None:
            self.deadline = min(self.deadline, self.begun + self._softened(self.soft_seconds))
            self.soft_seconds = None
        left = self.deadline - time.monotonic() - self.valid_seconds
        affordable = int(left / (self.step_seconds * (1 + VALIDATION_SHARE / 2)))
        longest = int((self.step + affordable) / self.share)
        self.total = max(self.step + 1, min(self.planned or 1, longest))

    def _softened(self, soft_seconds: float) -> float:
        """Seconds that the trial may take, if it should take `soft_seconds`."""
        needed = self.total * self.step_seconds
        if self.least_share is not None:
            return self.compile_seconds + max(soft_seconds, self.least_share * needed)
        return soft_seconds if needed <= SOFT_STRETCH * soft_seconds else math.inf

    def batches(self) -> np.ndarray:
        """A new order of the rows, shape (steps, batch_size); it depends on the seed and the epoch alone."""
        n, size = self.network.n_train, self.network.batch_size
        order = np.random.default_rng((self.seed, self.step // self.per_epoch)).permutation(n)
        return order[: self.per_epoch * size].reshape(self.per_epoch, size)

    def dispatch(self, batches: np.ndarray) -> float:
        """Run these steps, update the time of a step, and return the mean loss."""
        progress = (self.step + np.arange(len(batches))) / max(self.total, 1)
        begun = time.monotonic()
        loss = self.network.train(batches, learning_rate_at(progress, self.peak_rate))
        seconds = time.monotonic() - begun
        if not self.compile_seconds:
            self.compile_seconds = seconds
        else:
            each = seconds / len(batches)
            self.step_seconds = each if not self.step_seconds else 0.7 * self.step_seconds + 0.3 * each
        self.step += len(batches)
        return loss


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
    state = _Progress(
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
        status = _epoch(state, losses, dispatch_seconds, stopping)
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
        if last or _tired(state, best.risen_step, curve):
            break
        while ahead and state.step >= ahead[0].share * state.total:
            milestone = ahead.pop(0)
            stopped_early = stopped_early or leading.best_score < sign * milestone.score
        if stopped_early:
            status = "cut"
            break
        next_check = epoch + _check_every(state)
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
    state = _Progress(
        network, float(settings["learning_rate"]), int(settings["epochs"]), deadline, seed, planned=n_steps, share=share
    )
    while state.step < state.end:
        losses: list[float] = []
        status = _epoch(state, losses, dispatch_seconds, stopping)
        if losses and not math.isfinite(losses[-1]):
            raise NotFinite(f"the loss became {losses[-1]} in a refit")
        if status != "done":
            raise OutOfTime("the time offered ended before the refit did")
        state.replan()
    network.complete()
    return Fit(network.weights(), np.empty(0, np.float32), math.nan, (), state.step / state.per_epoch,
               time.monotonic() - state.begun, state.compile_seconds, "done", state.total,
               best_step=state.step)  # fmt: skip


def _left(
    best: _Best,
    curve: list[Mapping[str, float]],
    state: _Progress,
    status: Status,
    *,
    stopped_early: bool,
) -> Fit:
    """The fit that the trial leaves if it ends here."""
    return Fit(best.weights, best.raw, best.score, tuple(curve), state.step / state.per_epoch,
               time.monotonic() - state.begun, state.compile_seconds, status, state.total,
               stopped_early, best.step)  # fmt: skip


def _resume(state: _Progress, snapshot: Snapshot) -> tuple[_Best, list[Mapping[str, float]], float]:
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


def _epoch(state: _Progress, losses: list[float], dispatch_seconds: float, stopping: Callable[[], bool]) -> Status:
    """Run one epoch, or the part of it that the clock allows; return "done" or "cut"."""
    batches = state.batches()
    at = 0
    while at < len(batches) and state.step < state.end:
        if stopping() or state.out_of_time(state.valid_seconds + state.step_seconds):
            return "cut"
        size = min(state.per_dispatch, len(batches) - at, state.end - state.step)
        losses.append(state.dispatch(batches[at : at + size]))
        at += size
        if state.step_seconds:
            state.per_dispatch = max(1, min(2 * state.per_dispatch, int(dispatch_seconds / state.step_seconds)))
            if at == 1 + size or state.step < 2 * state.per_epoch:
                state.replan()
    return "done"


def _check_every(state: _Progress) -> float:
    """Epochs between validations: one, or more if validation would take more than a fifth of the training time."""
    if state.deadline is None or not state.step_seconds:
        return 1.0
    epoch_seconds = state.step_seconds * state.per_epoch
    return float(max(1, math.ceil(state.valid_seconds / max(VALIDATION_SHARE * epoch_seconds, 1e-6))))


def _tired(state: _Progress, best_step: int, curve: list[Mapping[str, float]]) -> bool:
    """Early stopping: whether two fifths of the schedule, and five validations, passed without a better score.

    A patience of a quarter stopped networks while their learning rate was still high; some of them would have been
    among the best (decision 10).
    """
    since = sum(point["epoch"] * state.per_epoch > best_step + 0.5 for point in curve)
    return since >= PATIENCE_CHECKS and state.step - best_step >= PATIENCE_SHARE * state.total
