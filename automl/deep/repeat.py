"""Fits the deep finalist on another split of the same rows, with an encoder of its own, and predicts its test rows."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING

from automl import modalities
from automl.deep.data import training_data_of
from automl.deep.finalist import LEAST_LENGTH, seconds_of_refit
from automl.deep.training.trainer import Trainer
from automl.errors import OutOfTime, TrialError
from automl.goals.shared.outputs import combine
from automl.records import DRAWN, PRETRAINED, START
from automl.sides.items import length_growth
from automl.sides.predictors import raw

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from automl.deep.family import Candidate
    from automl.deep.finalist import Finalist
    from automl.deep.messages import TrialSpec
    from automl.records import Dataset, Output, Split, Task

__all__ = ["repeat", "seconds_of"]

SEED_STEP = 700
"""Seeds of repeats lie beyond those of trials and refits."""


def seconds_of(
    finalist: Finalist, n_members: int, encode_seconds: float, compile_seconds: Mapping[str, float]
) -> float:
    """The time that a repeat is expected to take: encoding, and of each member compilation and a refit.

    Args:
        finalist: of the side.
        n_members: before it is named, so many of the best candidates are reckoned with.
        encode_seconds: time to encode the rows of a split once; fitting the encoder is taken to be as long.
        compile_seconds: of each template: its longest compilation, since a trial may have found its network compiled.
    """
    growth = finalist.trainer.training_data.growth
    members = finalist.composition.members or finalist.ranked[:n_members]
    fits = [
        compile_seconds[one.template.name] + _training_seconds(one, growth) + _pretraining_seconds(finalist, one)
        for one in members
    ]
    return sum(fits) + 2 * encode_seconds + 0.2


def _pretraining_seconds(finalist: Finalist, member: Candidate) -> float:
    """The time that the weights take that a member starts from: a repeat learns them anew."""
    pretraining = finalist.trainer.pretraining
    if pretraining is None or member.settings.get(START) != PRETRAINED:
        return 0.0
    shape = finalist.trainer.shape_of(member.template, member.settings)
    return pretraining.seconds.get(shape, max(0.0, member.run.cost.fit_seconds - member.fit.seconds))


def _training_seconds(member: Candidate, growth: float) -> float:
    """The time of a refit without compilation: that of the last one, if there is one."""
    if member.refits:
        return member.refits[-1].seconds - member.refits[-1].compile_seconds
    return growth * seconds_of_refit(member.fit)


def _longer(member: Candidate, growth: float) -> float:
    """How many times as long as the searched schedule that of the first refit was, beyond its growth with the rows."""
    return max(1.0, member.refits[0].n_steps / (growth * member.fit.n_steps)) if member.refits else 1.0


def _from_drawn_weights(spec: TrialSpec, n_train: int) -> TrialSpec:
    """The fit without pretraining: it gets the whole schedule of its settings, since it starts from nothing."""
    settings = {**spec.settings, START: DRAWN}
    planned = int(settings["epochs"]) * max(1, n_train // int(settings["batch_size"]))
    return dataclasses.replace(spec, settings=settings, n_steps=max(planned, spec.n_steps or 1), share=1.0)


def repeat(
    finalist: Finalist, task: Task, split: Split, number: int, seconds: float, dataset: Dataset | None = None
) -> Output:
    """See `records.Contender.repeat`. Trials run in this process, also where the search has workers elsewhere.

    Args:
        finalist: named, and refitted in the contest.
        task: the task.
        split: another split of the same rows.
        number: of the repeat.
        seconds: time allotted.
        dataset: the same rows with other values of the target, or None.

    Raises:
        OutOfTime: the time was over before the fit.
        TrialError: a member could not be fitted, or an earlier process could not end its fit.
    """
    ends = time.monotonic() + seconds
    own, dataset = finalist.trainer, finalist.dataset if dataset is None else dataset
    encoder, codec = modalities.fit(dataset, task, split)
    training_data = training_data_of(dataset, task, split, encoder, codec, finalist.metric)
    trainer = Trainer(training_data, own.templates, own.device, own.memory_mib, own.stopping)
    trainer.on_stuck = own.on_stuck
    arrays = encoder.transform(dataset, split.items("test"))
    try:
        raws = [_predicted(finalist, trainer, arrays, member, number, ends) for member in finalist.composition.members]
    finally:
        trainer.close()
    return combine([codec.decode(raw) for raw in raws], finalist.composition.weights)


def _predicted(
    finalist: Finalist, trainer: Trainer, arrays: dict[str, np.ndarray], member: Candidate, number: int, ends: float
) -> np.ndarray:
    """The raw outputs of a member, fitted on the rows of the trainer, for these arrays."""
    left = math.inf if math.isinf(ends) else ends - time.monotonic()
    if left <= 0:
        raise OutOfTime(f"the time was over before {member.run.name} was fitted")
    name = f"{member.run.name} repeat {number}"
    why = finalist.was_stuck(name)
    if why:
        raise TrialError(f"{name}: {why}; it is not started again")
    learnt, before = trainer.training_data, finalist.trainer.training_data
    growth = learnt.growth * len(learnt.target) / max(len(before.target), 1)
    seed = finalist.seed * 1000 + SEED_STEP + number
    spec = finalist.spec_of(member, name, seed, left, length_growth(growth) * _longer(member, before.growth))
    if trainer.pretraining is None and member.settings.get(START) == PRETRAINED:
        spec = _from_drawn_weights(spec, len(learnt.target))
    assert spec.n_steps is not None
    result = trainer.run(spec)
    if result.fit is None and result.status == "failed" and time.monotonic() < ends:
        raise TrialError(f"{member.run.name}: {result.failure}")
    if result.fit is None or result.fit.n_steps < LEAST_LENGTH * spec.n_steps:
        raise OutOfTime(f"the time was over before {member.run.name} was fitted")
    network = trainer.network(member.template, member.settings, finalist.seed)
    return raw(network.detached(result.fit.weights), arrays)
