"""The data that every shallow fit reads, and how its predictions are scored."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.records import Dataset, Output, Run, Split, Task
from automl.shallow.messages import Part
from automl.sides.items import refit_items
from automl.sides.ranking import Judged, Standing, standing_of

__all__ = ["TrainingData", "refit_part"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Items (rows, or windows of a forecast) with their truth and weights.

    Attributes:
        dataset: the data.
        task: the task.
        metric: name of the metric.
        parts: the hold-outs; the first is the split's own.
        refit: what refits are trained on: training and validation items.
        test: the test items.
        context: what the metric reads beside truth, predictions and weights.
    """

    dataset: Dataset
    task: Task
    metric: str
    parts: tuple[Part, ...]
    refit: Part
    test: np.ndarray
    context: dict[str, Any]

    @classmethod
    def of(cls, dataset: Dataset, task: Task, split: Split, metric: str) -> TrainingData:
        """Gather the training data of a split."""
        first = split.items("train"), split.items("valid")
        parts = tuple(
            Part(
                items, goals.learnt_truth(dataset, task, items), dataset.weight_of(items),
                valid, goals.truth(dataset, task, valid), dataset.weight_of(valid),
            )
            for items, valid in (first, *split.folds[1:])
        )  # fmt: skip
        # One context serves all hold-outs: it depends on the items for a forecast only, which has one hold-out.
        context = goals.scoring_context(dataset, task, split, first[1])
        learnt = goals.learnable(dataset, task)
        return cls(learnt, task, metric, parts, refit_part(dataset, task, split), split.items("test"), context)

    @property
    def sent(self) -> tuple[Part, ...]:
        """The hold-outs as fits see them: without truths of validation items that only select."""
        if goals.named(self.task).needs_target:
            return self.parts
        return tuple(dataclasses.replace(part, valid_truth=np.zeros(len(part.valid), np.int64)) for part in self.parts)

    @property
    def items(self) -> np.ndarray:
        """Training items of the first hold-out."""
        return self.parts[0].items

    @property
    def valid(self) -> np.ndarray:
        """Validation items of the first hold-out."""
        return self.parts[0].valid

    def score(self, output: Output, part: int = 0) -> float:
        """The score of predictions for a hold-out's validation items."""
        own = self.parts[part]
        return metrics.score(self.metric, own.valid_truth, output, own.valid_weight, self.context)

    def mean_score(self, outputs: Sequence[Output]) -> float:
        """The mean score over the first hold-outs, given one output for each."""
        return statistics.fmean(self.score(output, part) for part, output in enumerate(outputs))

    def evidence(self, n_holdouts: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Truth and weight of the validation items of the first n hold-outs, one after another."""
        parts = self.parts[:n_holdouts]
        if n_holdouts == 1:
            return parts[0].valid_truth, parts[0].valid_weight
        weights = [part.valid_weight for part in parts if part.valid_weight is not None]
        return np.concatenate([part.valid_truth for part in parts]), np.concatenate(weights) if weights else None

    def rank(self, score: float | None) -> float:
        """A score turned so that higher is better; minus infinity for a missing one."""
        if score is None or not math.isfinite(score):
            return -math.inf
        return score if metrics.named(self.metric).higher_is_better else -score

    def standing_of(self, outputs: Sequence[Output], size_mib: float) -> Standing:
        """What a model is ranked by.

        Args:
            outputs: its predictions for the validation items of the first hold-outs.
            size_mib: its size.
        """
        judged = [
            Judged(part.valid_truth, part.valid_weight, output)
            for output, part in zip(outputs, self.parts, strict=False)
        ]
        return standing_of(judged, self.metric, self.context, size_mib)

    def standing(self, run: Run) -> tuple[int, float]:
        """The sort key of runs without a model: those judged on all hold-outs first, then the better score."""
        return run.n_holdouts, self.rank(run.valid_score)

    def sample(self, n_items: int, seed: int) -> np.ndarray | None:
        """Positions of a random sample of training items; None for all. A forecast's windows are equally likely."""
        return _sample(len(self.items), n_items, seed)

    def refit_sample(self, take: np.ndarray | None, seed: int, learnt: Part | None = None) -> np.ndarray | None:
        """Positions of a random sample of the items of a refit, the same share as `take` is of the training items.

        Args:
            take: positions of the training items that the search used; None for all.
            seed: of the sample.
            learnt: what the refit learns from; None for training and validation items of the split.
        """
        if take is None:
            return None
        n = len((learnt or self.refit).items)
        return _sample(n, round(len(take) * n / len(self.items)), seed)


def refit_part(dataset: Dataset, task: Task, split: Split) -> Part:
    """What a refit learns from on a split: its training and validation items, with nothing held out."""
    both = refit_items(split)
    truth = goals.learnt_truth(dataset, task, both)
    return Part(both, truth, dataset.weight_of(both), both[:0], truth[:0])


def _sample(n: int, n_wanted: int, seed: int) -> np.ndarray | None:
    return None if n_wanted >= n else np.sort(np.random.default_rng(seed).choice(n, n_wanted, replace=False))
