"""What the deep side trains on and is judged by, from a split and its encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from automl import context as contexts
from automl.search.trainer import HoldOut, Material

if TYPE_CHECKING:
    from automl.records import Dataset, Encoder, Split, TargetCodec, Task

__all__ = ["items_of", "material_of"]


def items_of(split: Split, part: Literal["train", "valid", "test"]) -> np.ndarray:
    """Rows of a part, or its windows when the task is a forecast."""
    windows = {"train": split.train_windows, "valid": split.valid_windows, "test": split.test_windows}[part]
    rows = {"train": split.train, "valid": split.valid, "test": split.test}[part]
    return rows if windows is None else windows


def material_of(
    dataset: Dataset, task: Task, split: Split, encoder: Encoder, codec: TargetCodec, metric: str
) -> Material:
    """Encoded training and validation rows, and how predictions for the latter are scored."""
    train_items, valid_items = items_of(split, "train"), items_of(split, "valid")
    target = codec.encode(dataset, train_items)
    loss_scale, weight = _loss_weighting(dataset, task, split, train_items)
    others = _others(dataset, split, codec)
    return Material(
        train=encoder.transform(dataset, train_items),
        target=target,
        weight=weight,
        valid=encoder.transform(dataset, valid_items),
        valid_truth=codec.truth(dataset, valid_items),
        valid_weight=None if dataset.weight is None else dataset.weight[_first(valid_items)],
        valid_context=contexts.scoring_context(dataset, task, split, valid_items),
        specs=tuple(encoder.specs),
        codec=codec,
        metric=metric,
        loss_scale=loss_scale,
        others=others,
        valid_target=codec.encode(dataset, valid_items) if others else None,
    )


def _others(dataset: Dataset, split: Split, codec: TargetCodec) -> tuple[HoldOut, ...]:
    """The split's further hold-outs (never a forecast's), as positions among training rows, then validation rows."""
    position = np.full(dataset.n_rows, -1, dtype=np.int64)
    rows = np.concatenate([split.train, split.valid])
    position[rows] = np.arange(len(rows))
    return tuple(
        HoldOut(
            position[train], position[valid], codec.truth(dataset, valid),
            None if dataset.weight is None else dataset.weight[valid],
        )
        for train, valid in split.folds[1:]
    )  # fmt: skip


def _first(items: np.ndarray) -> np.ndarray:
    return items if items.ndim == 1 else np.asarray(items[:, 0])


def _loss_weighting(
    dataset: Dataset, task: Task, split: Split, items: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The scale that divides a forecast's errors, and each training item's weight."""
    own = None if dataset.weight is None else dataset.weight[_first(items)]
    if task.goal != "forecast":
        return None, own
    scale = contexts.seasonal_scale(dataset, task.season or 1, split.train)
    typical = np.exp(np.log(scale).mean(axis=0))
    of_item = (scale / typical).mean(axis=1)[contexts.series_codes(dataset)[items[:, 0]]]
    weight = 1.0 / np.maximum(of_item, 1e-6)
    return typical, weight if own is None else weight * own
