"""Masks: the commonest class or the mean mask; forests and boosting on filter responses of single pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from automl.baselines.features.filters import SCALES, filter_responses
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.model import draws, remembered, rows_key
from automl.goals.shared.masks import mask_output, resized_mask
from automl.records import VOID, Baseline, Dataset, Facts, FitContext, GoalName, Output, Task

__all__ = ["PIXEL_BOOSTING", "PIXEL_FLOOR", "PIXEL_FOREST", "MeanMask", "PixelModel"]

OF_A_PIXEL: GoalName = "multiclass"
"""What a learner of pixels predicts: one of several classes."""
FEWEST_OF_A_PICTURE = 50
VALID_PIXELS = 20_000
MEAN_SIDE = 64
TREES = 80


def pictures_of(dataset: Dataset, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Each picture ``(height, width, channels)`` without the rest of the canvas."""
    inputs = np.asarray(dataset.inputs)
    for row in rows:
        picture = inputs[row] if inputs.ndim == 4 else inputs[row][..., None]
        if dataset.extents is not None:
            height, width = (int(n) for n in dataset.extents[row][:2])
            picture = picture[:height, :width]
        yield picture


class PixelModel:
    """Filter responses of sampled pixels, equally many of each class, and a learner of tables.

    Args:
        task: what to predict.
        settings: of the learner; "pixels" to sample in all, "scales" how many of `SCALES`, "place" whether row and
            column of a pixel tell, "tilt" how much of the balance of the sample stays in the probabilities: 0 for those
            of the pictures, 1 for those of the sample.
        learner: see `automl.baselines.learners.learner`.
        seed: of the draws.
    """

    def __init__(self, task: Task, settings: Mapping[str, Any], learner: Any, seed: int) -> None:
        self.n_classes = len(task.classes)
        self.n_pixels, self.n_scales = int(settings["pixels"]), int(settings["scales"])
        self.has_place, self.tilt = bool(settings["place"]), float(settings["tilt"])
        self.learner, self.seed = learner, int(seed)
        self.shares: list[float] = []

    def fit(
        self,
        dataset: Dataset,
        split_rows: np.ndarray,
        truth: np.ndarray,
        weight: np.ndarray | None,
        context: FitContext,
    ) -> None:
        """Fit on pixels drawn from these pictures; validation pictures only stop."""
        X, codes, counts, n_each = self._drawn(dataset, split_rows, truth, self.n_pixels, self.seed)
        own = None if weight is None else np.repeat(weight, n_each)
        drawn = np.bincount(codes, minlength=self.n_classes)
        shares = counts / np.maximum(drawn, 1) * (len(codes) / max(counts.sum(), 1.0))
        self.shares = (shares ** (1.0 - self.tilt)).tolist()
        valid = valid_codes = None
        if context.valid_rows is not None and len(context.valid_rows) and context.valid_truth is not None:
            n_valid = min(self.n_pixels, VALID_PIXELS)
            valid, valid_codes, *_ = self._drawn(
                dataset, context.valid_rows, context.valid_truth, n_valid, self.seed + 1
            )

        def complete() -> None:
            if context.checkpoint is not None:
                context.checkpoint(self)

        context = replace(context, valid_truth=valid_codes)
        self.learner.fit(X, codes, own, valid, valid_codes, context, complete)

    def _drawn(
        self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, n_wanted: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Responses and codes of pixels drawn from each picture alike, counts of the classes, and draws a picture."""
        key = ("pixels", *rows_key(dataset, rows), n_wanted, self.n_scales, self.has_place, seed, truth[:1].tobytes())

        def compute() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            rng = np.random.default_rng(seed)
            each = max(FEWEST_OF_A_PICTURE, math.ceil(n_wanted / max(len(rows), 1)))
            parts, codes, n_each = [], [], []
            counts = np.zeros(self.n_classes)
            for picture, mask in zip(pictures_of(dataset, rows), truth, strict=True):
                own = mask[: picture.shape[0], : picture.shape[1]].ravel()
                counts += np.bincount(own, minlength=VOID + 1)[: self.n_classes]
                places = _drawn_places(own, each, rng)
                parts.append(self._responses(picture)[places])
                codes.append(own[places].astype(np.int64))
                n_each.append(len(places))
            return np.concatenate(parts), np.concatenate(codes), counts, np.array(n_each)

        found: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] = remembered(key, compute)
        return found

    def _responses(self, picture: np.ndarray) -> np.ndarray:
        return filter_responses(picture, SCALES[: self.n_scales], self.has_place)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Probabilities of each pixel, picture by picture; beyond a picture the first class."""
        shape = np.shape(dataset.inputs)[1:3]
        shares = np.zeros((len(rows), *shape, self.n_classes), np.float32)
        shares[..., 0] = 1.0
        for place, picture in enumerate(pictures_of(dataset, rows)):
            found = self.learner.predict(self._responses(picture)) * np.asarray(self.shares)
            found = found / np.maximum(found.sum(axis=1, keepdims=True), np.finfo(float).tiny)
            height, width = picture.shape[:2]
            shares[place, :height, :width] = found.reshape(height, width, -1)
        return mask_output(shares)

    @property
    def stopped(self) -> str:
        """Why growing stopped early, or an empty string."""
        return str(getattr(self.learner, "stopped", ""))

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """What validation pictures decided, for a refit; pixels are as many as before."""
        chosen: Mapping[str, Any] = self.learner.chosen(1.0)
        return chosen


def _drawn_places(codes: np.ndarray, n_wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of known pixels, drawn without replacement, equally many of each class that is there."""
    known = np.flatnonzero(codes != VOID)
    if len(known) <= n_wanted:
        return known
    own = [np.flatnonzero(codes == code) for code in np.unique(codes[known])]
    n_each = math.ceil(n_wanted / len(own))
    return np.sort(np.concatenate([rng.choice(one, min(n_each, len(one)), replace=False) for one in own]))


class MeanMask:
    """Learns nothing from the pictures: shares of the classes at each place, or everywhere.

    Args:
        task: what to predict.
        by_place: whether each pixel has the shares of its place, and not those of all pixels.
    """

    def __init__(self, task: Task, by_place: bool) -> None:
        self.n_classes, self.by_place = len(task.classes), by_place
        self.mean: np.ndarray | None = None

    def fit(
        self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
        context: FitContext,
    ) -> None:  # fmt: skip
        """Weighted shares over the training masks, brought to one size."""
        weights = np.ones(len(truth)) if weight is None else weight
        counts = np.full((MEAN_SIDE, MEAN_SIDE, self.n_classes), 1e-6)
        for picture, mask, own in zip(pictures_of(dataset, split_rows), truth, weights, strict=True):
            codes = resized_mask(mask[: picture.shape[0], : picture.shape[1]], MEAN_SIDE, MEAN_SIDE)
            for code in range(self.n_classes):
                counts[..., code] += own * (codes == code)
        if not self.by_place:
            counts = np.broadcast_to(counts.sum(axis=(0, 1)), counts.shape)
        self.mean = (counts / counts.sum(axis=-1, keepdims=True)).astype(np.float32)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """The same for every picture, at its size."""
        assert self.mean is not None
        shares = np.zeros((len(rows), *np.shape(dataset.inputs)[1:3], self.n_classes), np.float32)
        shares[..., 0] = 1.0
        for place, picture in enumerate(pictures_of(dataset, rows)):
            height, width = picture.shape[:2]
            shares[place, :height, :width] = resized_mask(self.mean, height, width)
        return mask_output(shares)


def mean_mask(task: Task, settings: Mapping[str, Any], seed: int) -> MeanMask:
    """An unfitted floor."""
    return MeanMask(task, settings["floor"] == "mean mask")


def floor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The mean mask, and the commonest class everywhere."""
    yield {"floor": "mean mask"}
    yield {"floor": "commonest"}


def pixel_forest(task: Task, settings: Mapping[str, Any], seed: int) -> PixelModel:
    """Trees on filter responses."""
    return PixelModel(task, settings, Forest(OF_A_PIXEL, len(task.classes), settings, seed), seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees first, then a random forest; pixels, scales and leaves."""
    first = {
        "kind": "extra", "n_estimators": TREES, "max_features": "sqrt", "min_samples_leaf": 5, "class_weight": None,
        "pixels": 20_000, "scales": 4, "place": False, "tilt": 0.5,
    }  # fmt: skip
    options: dict[str, Any] = {
        "kind": ["extra", "random"], "max_features": ["sqrt", 0.3, 0.6], "min_samples_leaf": [3, 5, 10, 20],
        "pixels": [10_000, 20_000, 40_000], "scales": [3, 4], "place": [False, True], "tilt": [0.0, 0.3, 0.5, 0.7],
    }  # fmt: skip
    yield from draws(first, options, seed, [{"kind": "random", "min_samples_leaf": 10}, {"pixels": 40_000}])


def pixel_boosting(task: Task, settings: Mapping[str, Any], seed: int) -> PixelModel:
    """Boosted trees on filter responses."""
    return PixelModel(task, settings, Boosting(OF_A_PIXEL, len(task.classes), settings, seed), seed)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Slow steps, then quick ones; pixels and scales as of the forest."""
    first = {
        "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20, "l2_regularization": 1.0, "max_iter": 300,
        "patience": 30, "max_features": 0.5, "pixels": 40_000, "scales": 4, "place": False, "tilt": 0.5,
    }  # fmt: skip
    options: dict[str, Any] = {
        "learning_rate": (0.03, 0.3), "max_leaf_nodes": [15, 31, 63], "l2_regularization": (0.01, 10.0),
        "pixels": [20_000, 40_000, 80_000], "scales": [3, 4], "place": [False, True],
    }  # fmt: skip
    yield from draws(first, options, seed, [{"learning_rate": 0.2, "max_leaf_nodes": 15}, {"place": True}])


PIXEL_FLOOR = Baseline(
    "pixel_floor", "floor", "image", ("segment",), mean_mask, floor_settings, seed_share=0.0,
    source="mean of the training masks", title="mean mask, or the commonest class",
)  # fmt: skip
PIXEL_FOREST = Baseline(
    "pixel_forest", "fast", "image", ("segment",), pixel_forest, forest_settings,
    source="Arganda-Carreras et al. 2017; Berg et al. 2019", title="forest on filter responses of pixels",
)  # fmt: skip
PIXEL_BOOSTING = Baseline(
    "pixel_boosting", "strong", "image", ("segment",), pixel_boosting, boosting_settings,
    source="Arganda-Carreras et al. 2017; Ke et al. 2017", title="gradient boosting on filter responses of pixels",
)  # fmt: skip
