"""Series: new ones, by distributions of their steps, blocks of training series, or autoregressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.generating_items import ItemModel
from automl.baselines.learners.item_mixture import ItemMixture
from automl.baselines.learners.item_sampler import ItemMarginals, ItemSampler
from automl.baselines.learners.series_mixture import SeriesMixture
from automl.baselines.learners.series_samplers import Autoregression, BlockBootstrap
from automl.baselines.model import draws
from automl.records import Baseline, Facts, Task

__all__ = ["AR_SIMULATION", "BLOCK_BOOTSTRAP", "SERIES_MARGINALS", "SERIES_MIXTURE"]


def series_sampler(task: Task, settings: Mapping[str, Any], seed: int) -> ItemModel:
    """A model with the sampler that the settings name."""
    return ItemModel(task, sampler_of(settings), seed)


def sampler_of(settings: Mapping[str, Any]) -> ItemSampler:
    """The sampler that the settings name."""
    kind, s = settings["sampler"], settings
    if kind == "blocks":
        return BlockBootstrap(s["blocks"], s["candidates"], s["join"])
    if kind == "autoregression":
        return Autoregression(s["lags"], s["by_class"], s["smoothing"])
    if kind == "mixture":
        mixture = ItemMixture(s["n_axes"], s["n_components"], s["full"], s["by_class"], s["smoothing"])
        return SeriesMixture(mixture, Autoregression(s["lags"], s["by_class"]))
    return ItemMarginals()


def marginal_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"sampler": "marginals"}


def block_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Blocks of a series, how many series are compared for each, and how they are joined."""
    first = {"sampler": "blocks", "blocks": 3, "candidates": 20, "join": 0.5}
    options = {"blocks": (2, 20), "candidates": [1, 5, 20, 50], "join": (0.05, 1.0)}
    yield from draws(first, options, seed, [{"blocks": 6}])


def autoregression_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Lags, and over how many steps deviations are averaged."""
    first = {"sampler": "autoregression", "lags": 20, "by_class": True, "smoothing": 0.05}
    options: dict[str, Any] = {"lags": (2, 60), "smoothing": (0.01, 0.5)}
    if task.label is not None:
        options["by_class"] = [True, False]
    yield from draws(first, options, seed, [{"lags": 5}])


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components, normal distributions on them, and lags of the detail."""
    first = {
        "sampler": "mixture", "n_axes": 100, "n_components": 1, "full": True, "by_class": True,
        "smoothing": 0.0, "lags": 10,
    }  # fmt: skip
    options: dict[str, Any] = {
        "n_axes": (5, 200), "n_components": [1, 5, 20], "full": [True, False], "smoothing": [0.0, 0.1, 0.3],
        "lags": [0, 5, 10, 30],
    }  # fmt: skip
    if task.label is not None:
        options["by_class"] = [True, False]
    for settings in draws(first, options, seed, [{"n_axes": 30}]):
        yield settings if settings["full"] else {**settings, "smoothing": 0.0}


SERIES_MARGINALS = Baseline(
    "series_marginals", "floor", "sequence", ("generate",), series_sampler, marginal_settings, seed_share=0.0,
    source="independent steps", title="independent normal steps",
)  # fmt: skip
BLOCK_BOOTSTRAP = Baseline(
    "block_bootstrap", "fast", "sequence", ("generate",), series_sampler, block_settings, keeps_rows=True,
    source="Künsch 1989; Carlstein et al. 1998", title="joined blocks of training series (matched-block bootstrap)",
)  # fmt: skip
AR_SIMULATION = Baseline(
    "ar_simulation", "strong", "sequence", ("generate",), series_sampler, autoregression_settings, turn=1,
    source="Hamilton 1994", title="vector autoregression around a mean curve (VAR)",
)  # fmt: skip
SERIES_MIXTURE = Baseline(
    "series_mixture", "strong", "sequence", ("generate",), series_sampler, mixture_settings,
    source="Tipping & Bishop 1999; Hamilton 1994",
    title="Gaussian mixture on principal components, autoregressive detail (VAR)",
)  # fmt: skip
