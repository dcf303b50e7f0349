"""The schedule of a trial: its learning rate, its length that fits the time, and when it validates or gives up."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl.deep.training.network import Network

__all__ = ["Progress", "check_every", "is_tired", "learning_rate_at"]

WARM_UP_SHARE = 0.05
PATIENCE_SHARE = 0.4
PATIENCE_CHECKS = 5
VALIDATION_SHARE = 0.2
FORWARD_SHARE = 1 / 3
"""Of a training step's time, what predicting as many rows takes: one of three passes."""
TRACING_SHARE = 0.25
"""Of the first step's time, what tracing the prediction takes."""
SOFT_STRETCH = 2.0


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
class Progress:
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
        validates: whether there are validations; a refit has none.
        hard_deadline: the deadline before `soft_seconds` moved it.
        timed_steps: steps after the first dispatch, which compiles, and not before a resumed one.
        timed_seconds: the time that these took.
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
    hard_deadline: float | None = None
    validates: bool = True
    timed_steps: int = 0
    timed_seconds: float = 0.0

    @property
    def end(self) -> int:
        """The step at which training ends."""
        return self.total if self.share >= 1.0 else max(1, round(self.share * self.total))

    @property
    def validation_seconds(self) -> float:
        """The time of the last validation; before the first one, what is expected of it."""
        if self.valid_seconds or not self.validates:
            return self.valid_seconds
        n_batches = self.network.n_valid / self.network.batch_size
        return TRACING_SHARE * self.compile_seconds + FORWARD_SHARE * n_batches * self.step_seconds

    @property
    def mean_step_seconds(self) -> float | None:
        """The mean time of a step; None before a step was timed."""
        return self.timed_seconds / self.timed_steps if self.timed_steps else None

    def __post_init__(self) -> None:
        self.hard_deadline = self.deadline
        self.per_epoch = max(1, self.network.n_train // self.network.batch_size)
        self.total = self.planned = self.planned or self.per_epoch * self.n_epochs

    def seconds_left(self) -> float:
        """Seconds for further steps, before the validation at the end; infinite without a deadline.

        What the first validation is expected to take is kept back from the deadline of the trial, and not from the time
        that the trial should take.
        """
        if self.deadline is None or self.hard_deadline is None:
            return math.inf
        ends = min(self.deadline - self.valid_seconds, self.hard_deadline - self.validation_seconds)
        return ends - time.monotonic()

    def out_of_time(self, margin: float = 0.0) -> bool:
        """Whether there is no time left for further steps, or none within so many seconds."""
        return self.seconds_left() <= margin

    def replan(self) -> None:
        """Shorten the schedule to what the clock still allows, so that the learning rate has decayed at the end.

        If only a share of it is trained, the time has to be enough for that share.
        """
        if self.deadline is None or not self.step_seconds or self.step >= self.end:
            return
        if self.soft_seconds is not None:
            self.deadline = min(self.deadline, self.begun + self._softened(self.soft_seconds))
            self.soft_seconds = None
        affordable = int(self.seconds_left() / (self.step_seconds * (1 + VALIDATION_SHARE / 2)))
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
            self.timed_steps += len(batches)
            self.timed_seconds += seconds
            each = seconds / len(batches)
            self.step_seconds = each if not self.step_seconds else 0.7 * self.step_seconds + 0.3 * each
        self.step += len(batches)
        return loss


def check_every(state: Progress) -> float:
    """Epochs between validations: one, or more if validation would take more than a fifth of the training time."""
    if state.deadline is None or not state.step_seconds:
        return 1.0
    epoch_seconds = state.step_seconds * state.per_epoch
    return float(max(1, math.ceil(state.valid_seconds / max(VALIDATION_SHARE * epoch_seconds, 1e-6))))


def is_tired(state: Progress, best_step: int, curve: list[Mapping[str, float]]) -> bool:
    """Early stopping: whether two fifths of the schedule, and five validations, passed without a better score.

    A patience of a quarter stopped networks while their learning rate was still high; some of them would have been
    among the best (decision 10).
    """
    since = sum(point["epoch"] * state.per_epoch > best_step + 0.5 for point in curve)
    return since >= PATIENCE_CHECKS and state.step - best_step >= PATIENCE_SHARE * state.total
