"""Pretraining: weights that networks start from, learnt on rows without a label from the predictions of a teacher.

See ``docs/decisions/0049-pretraining.md``. TensorFlow only.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.deep.training.descriptors import descriptors
from automl.deep.training.failure import NotFinite
from automl.deep.training.schedule import Progress
from automl.deep.training.teacher import Teacher
from automl.deep.training.trial import run_epoch
from automl.records import DRAWN, PRETRAINED, START

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.training.device_data import DeviceData
    from automl.deep.training.network import Network

__all__ = ["Pretraining", "declare_start", "fine_tuning"]

PASSES = 6
"""Passes over the rows without a label, if there is time."""
BATCH = 128
LABELLED_SHARE = 0.2
"""Of the rows of a pass, those with a label of their own."""
FIRST_SHARE, FURTHER_SHARE = 1 / 3, 0.2
"""Of the time allotted to a trial, what pretraining may take: of the first shape, and of a further one."""
KEPT_WEIGHTS = 12
SEED_OFFSET = 900_000
FINE_RATE = 0.3
"""Of the learning rate of the settings, what pretrained weights are fine-tuned with: more of it would undo them."""


def declare_start(space: Any) -> None:
    """Add the choice between pretrained and drawn weights to a template's space."""
    space.Choice(START, [PRETRAINED, DRAWN], default=PRETRAINED)


def fine_tuning(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a fit uses them that starts from pretrained weights; others as they are."""
    if settings.get(START) != PRETRAINED:
        return dict(settings)
    return {**settings, "learning_rate": FINE_RATE * float(settings["learning_rate"])}


class Pretraining:
    """Pretrains networks, and keeps the weights of each shape and hold-out.

    The teacher of a hold-out learns the labels of its training rows. A refit starts from the weights of the first
    hold-out.

    Args:
        training_data: with rows without a label.
        data: the same on the device.
        seed: of the teacher and of the order of rows.
    """

    def __init__(self, training_data: TrainingData, data: DeviceData, seed: int = 0) -> None:
        self.training_data, self.data, self.seed = training_data, data, seed
        self.seconds: dict[str, float] = {}
        self._weights: OrderedDict[tuple[str, int], list[np.ndarray]] = OrderedDict()
        self._teacher: Teacher | None = None
        self._targets: dict[int, np.ndarray] = {}

    def has(self, shape: str, holdout: int = 0) -> bool:
        """Whether the weights of a shape are there."""
        return (shape, holdout) in self._weights

    def has_time(self, seconds: float, shape: str, holdout: int = 0) -> bool:
        """Whether a shape may be pretrained, or is, in a trial of so many seconds."""
        if self.has(shape, holdout) or math.isinf(seconds) or not self.seconds:
            return True
        return max(self.seconds.values()) <= FURTHER_SHARE * seconds

    def start(
        self,
        again: Callable[[], Network],
        settings: Mapping[str, Any],
        shape: str,
        holdout: int,
        seconds: float,
        dispatch_seconds: float,
        stopping: Callable[[], bool],
    ) -> tuple[Network, float] | None:
        """A network that starts from pretrained weights, which are learnt now unless they are there.

        Args:
            again: returns the network of the settings, reset for its seed.
            settings: choices and knobs.
            shape: key of the network's shape.
            holdout: number of the hold-out whose training rows have labels.
            seconds: time allotted to the trial; infinite without a time limit.
            dispatch_seconds: see `trial.train`.
            stopping: see `trial.train`.

        Returns:
            The network, and the seconds of its compilation here; None if there was no time for a step.

        Raises:
            NotFinite: the loss became NaN or infinite.
        """
        network, compile_seconds = again(), 0.0
        if not self.has(shape, holdout):
            begun = time.monotonic()
            deadline = None if math.isinf(seconds) else begun + FIRST_SHARE * seconds
            progress = self._trained(network, settings, holdout, deadline, dispatch_seconds, stopping)
            if not progress.step or stopping():
                return None
            self._weights[shape, holdout], compile_seconds = network.weights(), progress.compile_seconds
            self.seconds[shape] = time.monotonic() - begun
            while len(self._weights) > KEPT_WEIGHTS:
                self._weights.popitem(last=False)
            network = again()
        network.start_from(self._weights[shape, holdout])
        return network, compile_seconds

    def _trained(
        self, network: Network, settings: Mapping[str, Any], holdout: int, deadline: float | None,
        dispatch_seconds: float, stopping: Callable[[], bool],
    ) -> Progress:  # fmt: skip
        """Train a network on pseudo-labels and labels, as long as there is time; how far it came."""
        labelled = self._labelled(holdout)
        self.data.place_pseudo_labels(self._pseudo_labels(labelled, holdout))
        n = self.data.n_unlabelled
        times = max(1, round(LABELLED_SHARE / (1 - LABELLED_SHARE) * n / len(labelled)))
        rows = np.concatenate([self.data.n_refit + np.arange(n), np.tile(labelled, times)])
        network.learn_from(rows, max(BATCH, int(settings["batch_size"])))
        n_steps = PASSES * max(1, len(rows) // network.batch_size)
        progress = Progress(
            network, float(settings["learning_rate"]), PASSES, deadline, self.seed + SEED_OFFSET,
            planned=n_steps, validates=False,
        )  # fmt: skip
        while progress.step < progress.end:
            losses: list[float] = []
            status = run_epoch(progress, losses, dispatch_seconds, stopping)
            if losses and not math.isfinite(losses[-1]):
                raise NotFinite(f"the loss became {losses[-1]} in pretraining; a lower learning rate may help")
            if status != "done":
                break
            progress.replan()
        return progress

    def _labelled(self, holdout: int) -> np.ndarray:
        """Numbers of the training rows of a hold-out."""
        return np.asarray(self.data.others[holdout - 1][0]) if holdout else np.arange(self.data.n_train)

    def _pseudo_labels(self, labelled: np.ndarray, holdout: int) -> np.ndarray:
        if self._teacher is None:
            own = self.training_data
            assert own.unlabelled is not None
            more = own.valid if own.added is None else own.added
            arrays = {
                name: np.concatenate([array, more[name], own.unlabelled[name]]) for name, array in own.train.items()
            }
            self._teacher = Teacher(descriptors(arrays, own.specs, self.seed), own.head, self.seed)
        if holdout not in self._targets:
            n_refit = self.data.n_refit
            target = self.data.target_of(labelled)
            self._targets[holdout] = self._teacher.targets(
                labelled, target, n_refit + np.arange(self.data.n_unlabelled)
            )
        return self._targets[holdout]
