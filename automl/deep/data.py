"""The encoded training and validation data of the deep side, and how its predictions are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.goals.shared.scoring import seasonal_scale, series_codes
from automl.sides.items import HoldOut, refit_items
from automl.sides.ranking import Judged, Standing, standing_of

if TYPE_CHECKING:
    from automl.records import Dataset, Encoder, Head, InputSpec, Output, Split, TargetCodec, Task

__all__ = ["TrainingData", "training_data_of"]

MOST_UNLABELLED = 50_000
"""Rows without a target that networks are pretrained on."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """The data that every trial reads.

    Attributes:
        train: encoded inputs of the training rows, by spec name.
        target: (n_train, ...), encoded; NaN where a number is not known.
        weight: (n_train,) or None.
        valid: encoded inputs of the validation rows, by spec name.
        valid_truth: truth of the validation rows, as the metric reads it.
        valid_weight: their weights, or None.
        valid_context: what else the metric reads.
        specs: the inputs of the network.
        codec: turns the network's outputs into predictions.
        metric: name of the metric.
        loss_scale: what a forecast's errors are divided by in the loss, or None.
        others: further hold-outs, if there are few rows.
        added: encoded inputs of what a refit learns from beside the training rows, by spec name: of a forecast the
            windows that reach into the validation rows; None where it is the validation rows themselves.
        added_target: their target, as `target`.
        added_weight: their weights, on the scale of `weight`; None if `weight` is.
        unlabelled: encoded inputs of the rows without a target that networks are pretrained on, by spec name; None
            for no pretraining.
    """

    train: Mapping[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None
    valid: Mapping[str, np.ndarray]
    valid_truth: np.ndarray
    valid_weight: np.ndarray | None
    valid_context: Mapping[str, Any]
    specs: tuple[InputSpec, ...]
    codec: TargetCodec
    metric: str
    loss_scale: np.ndarray | None = None
    others: tuple[HoldOut, ...] = ()
    added: Mapping[str, np.ndarray] | None = None
    added_target: np.ndarray | None = None
    added_weight: np.ndarray | None = None
    unlabelled: Mapping[str, np.ndarray] | None = None

    @property
    def growth(self) -> float:
        """Items of a refit, as a multiple of the training items."""
        return 1.0 + (0 if self.added_target is None else len(self.added_target)) / max(len(self.target), 1)

    @property
    def head(self) -> Head:
        """The output that a network must have."""
        return self.codec.head

    def judge(self, raw: np.ndarray, holdout: int = 0) -> float:
        """The score of raw outputs for the validation rows of a hold-out."""
        return self.score(self.judged(raw), holdout)

    def judged(self, raw: np.ndarray) -> Output:
        """The predictions of raw outputs that are scored during the search.

        For balanced accuracy of several classes, each probability is divided by the prior of its class. The finalist's
        labels follow the same rule (`automl.goals.shared.calibration`). The label of the most probable class would aim
        at accuracy, not at this metric.
        """
        if self.metric != "balanced_accuracy" or self.head.activation != "softmax" or not self.head.priors:
            return self.codec.decode(raw)
        return self.codec.decode(raw - np.log(np.asarray(self.head.priors, np.float32)))

    def score(self, output: Output, holdout: int = 0) -> float:
        """The score of predictions for the validation rows of a hold-out."""
        truth, weight = self._truths()[holdout]
        return metrics.score(self.metric, truth, output, weight, dict(self.valid_context))

    def standing(self, raws: Sequence[np.ndarray], size: float = 0.0) -> Standing:
        """What a network is ranked by.

        Args:
            raws: its raw outputs for the validation rows of the first hold-outs.
            size: number of its parameters.
        """
        judged = [self._judged(raw, holdout) for holdout, raw in enumerate(raws)]
        return standing_of(judged, self.metric, self.valid_context, size)

    def standing_of_epoch(self, raw: np.ndarray, holdout: int = 0) -> Standing:
        """What an epoch is ranked by, from its raw outputs for the validation rows of a hold-out."""
        judged = [self._judged(raw, holdout)]
        return standing_of(judged, self.metric, self.valid_context)

    def _judged(self, raw: np.ndarray, holdout: int) -> Judged:
        truth, weight = self._truths()[holdout]
        return Judged(truth, weight, self.judged(raw), self.codec.decode(raw))

    def evidence(self, n_holdouts: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Truth and weight of the validation rows of the first n hold-outs, one after another."""
        parts = self._truths()[:n_holdouts]
        if n_holdouts == 1:
            return parts[0]
        weights = [weight for _, weight in parts if weight is not None]
        return np.concatenate([truth for truth, _ in parts]), np.concatenate(weights) if weights else None

    def _truths(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        return [(self.valid_truth, self.valid_weight), *((one.truth, one.weight) for one in self.others)]


def training_data_of(
    dataset: Dataset, task: Task, split: Split, encoder: Encoder, codec: TargetCodec, metric: str
) -> TrainingData:
    """Encode the training and validation rows, and gather what scoring of the validation rows needs."""
    train_items, valid_items = split.items("train"), split.items("valid")
    n_train, learnt = len(train_items), refit_items(split)
    target = codec.encode(dataset, learnt)
    loss_scale, weight = _loss_weighting(dataset, task, split, learnt)
    weight = _by_known_share(weight, target)
    is_apart = goals.named(task).in_windows or split.refit_rows is not None
    return TrainingData(
        train=encoder.transform(dataset, train_items),
        target=target[:n_train],
        weight=None if weight is None else weight[:n_train],
        valid=encoder.transform(dataset, valid_items),
        valid_truth=goals.truth(dataset, task, valid_items),
        valid_weight=dataset.weight_of(valid_items),
        valid_context=goals.scoring_context(dataset, task, split, valid_items),
        specs=tuple(encoder.specs),
        codec=codec,
        metric=metric,
        loss_scale=loss_scale,
        others=_others(dataset, task, split),
        added=encoder.transform(dataset, learnt[n_train:]) if is_apart else None,
        added_target=target[n_train:],
        added_weight=None if weight is None else weight[n_train:],
        unlabelled=_unlabelled(dataset, encoder, split.seed),
    )


def _unlabelled(dataset: Dataset, encoder: Encoder, seed: int) -> Mapping[str, np.ndarray] | None:
    """The encoded inputs of the rows without a target, or of a sample of many; None where there are none."""
    rows = dataset.unlabelled
    if rows is None or not rows.n_rows:
        return None
    some = np.arange(rows.n_rows)
    if rows.n_rows > MOST_UNLABELLED:
        some = np.sort(np.random.default_rng(seed).choice(rows.n_rows, MOST_UNLABELLED, replace=False))
    return encoder.transform(rows, some)


def _others(dataset: Dataset, task: Task, split: Split) -> tuple[HoldOut, ...]:
    """The split's further hold-outs (a forecast has none), as positions in the training rows followed by the validation
    rows.
    """
    position = np.full(dataset.n_rows, -1, dtype=np.int64)
    rows = np.concatenate([split.train, split.valid])
    position[rows] = np.arange(len(rows))
    return tuple(
        HoldOut(
            position[train], position[valid], goals.truth(dataset, task, valid),
            dataset.weight_of(valid),
        )
        for train, valid in split.folds[1:]
    )  # fmt: skip


def _by_known_share(weight: np.ndarray | None, target: np.ndarray) -> np.ndarray | None:
    """Weights of training items times the share of their target that is known, so that all known cells count alike."""
    known = metrics.is_known(target)
    if known is None:
        return weight
    share = known.reshape(len(target), -1).mean(axis=1)
    return np.asarray(share if weight is None else weight * share)


def _loss_weighting(
    dataset: Dataset, task: Task, split: Split, items: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What a forecast's errors are divided by in the loss, and the weight of each training item."""
    own = dataset.weight_of(items)
    if not goals.named(task).in_windows:
        return None, own
    scale = seasonal_scale(dataset, task.season or 1, split.train)
    typical = np.exp(np.log(scale).mean(axis=0))
    of_item = (scale / typical).mean(axis=1)[series_codes(dataset)[items[:, 0]]]
    weight = 1.0 / np.maximum(of_item, 1e-6)
    return typical, weight if own is None else weight * own
