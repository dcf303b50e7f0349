"""Pictures: new ones, by normal distributions of pixels or of principal components."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from automl.baselines.generating_items import ItemModel
from automl.baselines.learners.item_mixture import ItemMixture
from automl.baselines.learners.item_sampler import ItemMarginals, ItemSampler
from automl.baselines.model import draws
from automl.records import Baseline, Facts, Task

__all__ = ["IMAGE_GAUSSIAN", "IMAGE_MARGINALS", "IMAGE_MIXTURE"]

ROWS_AN_AXIS, ROWS_A_COMPONENT = 5, 30
"""Fewer are not learnt, see `automl.baselines.learners.item_mixture`."""
MOST_IDLE = 100
"""Settings drawn one after another that were all known: there are no more."""


def image_sampler(task: Task, settings: Mapping[str, Any], seed: int) -> ItemModel:
    """A model with the sampler that the settings name."""
    return ItemModel(task, sampler_of(settings), seed)


def sampler_of(settings: Mapping[str, Any]) -> ItemSampler:
    """The sampler that the settings name."""
    s = settings
    if s["sampler"] == "mixture":
        return ItemMixture(s["n_axes"], s["n_components"], s["full"], s["by_class"], s["smoothing"])
    return ItemMarginals()


def marginal_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"sampler": "marginals"}


def gaussian_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components, and whether classes have covariances of their own."""
    first = {
        "sampler": "mixture", "n_axes": 150, "n_components": 1, "full": True, "by_class": True, "smoothing": 0.0,
    }  # fmt: skip
    options: dict[str, Any] = {"n_axes": (20, 300)}
    if task.label is not None:
        options["smoothing"] = [0.0, 0.3, 3.0]
    yield from _bounded(draws(first, options, seed, [{"n_axes": 75}]), task, facts)


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components, and the normal distributions on them."""
    first = {
        "sampler": "mixture", "n_axes": 150, "n_components": 50, "full": True, "by_class": True, "smoothing": 0.0,
    }  # fmt: skip
    options: dict[str, Any] = {"n_axes": (30, 250), "n_components": (10, 150), "smoothing": [0.0, 0.0, 0.05, 0.2]}
    if task.label is not None:
        options["by_class"] = [True, False]
    yield from _bounded(draws(first, options, seed, [{"n_components": 100}, {"n_axes": 200}]), task, facts)


def _bounded(every: Iterable[Mapping[str, Any]], task: Task, facts: Facts) -> Iterator[Mapping[str, Any]]:
    """Settings with no more axes and components than rows and pixels allow, each once, until nothing new comes."""
    n_pixels = math.prod(task.image_shape) if task.image_shape else facts.n_rows
    most = {
        "n_axes": max(min(facts.n_rows // ROWS_AN_AXIS, n_pixels), 1),
        "n_components": max(facts.n_rows // ROWS_A_COMPONENT, 1),
    }
    known: set[tuple[Any, ...]] = set()
    idle = 0
    for settings in every:
        bounded = {**settings, **{name: min(settings[name], value) for name, value in most.items()}}
        key = tuple(bounded.values())
        idle = idle + 1 if key in known else 0
        if idle > MOST_IDLE:
            return
        if not idle:
            known.add(key)
            yield bounded


IMAGE_MARGINALS = Baseline(
    "image_marginals", "floor", "image", ("generate",), image_sampler, marginal_settings, seed_share=0.0,
    source="independent pixels", title="independent normal pixels",
)  # fmt: skip
IMAGE_GAUSSIAN = Baseline(
    "image_gaussian", "fast", "image", ("generate",), image_sampler, gaussian_settings, seed_share=0.0,
    source="Tipping & Bishop 1999", title="normal distribution of principal components (PCA)",
)  # fmt: skip
IMAGE_MIXTURE = Baseline(
    "image_mixture", "strong", "image", ("generate",), image_sampler, mixture_settings,
    source="Richardson & Weiss 2018", title="Gaussian mixture on principal components",
)  # fmt: skip
