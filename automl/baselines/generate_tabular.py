"""Tables: new rows, by distributions of the columns and of what they say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.generating import RowSampler
from automl.baselines.learners.chow_liu import ChowLiu
from automl.baselines.learners.gaussian_copula import GaussianCopula
from automl.baselines.learners.row_mixture import RowMixture
from automl.baselines.learners.sampler import Marginals, Sampler
from automl.baselines.learners.tree_sampler import TreeSampler
from automl.baselines.model import draws
from automl.goals.shared.samples import LEFT_OUT_KINDS
from automl.records import QUANTITY_KINDS, Baseline, Facts, Task

__all__ = ["CHOW_LIU", "GAUSSIAN_COPULA", "MARGINALS", "ROW_MIXTURE", "TREE_SAMPLER"]

NUMBERS = (*QUANTITY_KINDS, "datetime")


def row_sampler(task: Task, settings: Mapping[str, Any], seed: int) -> RowSampler:
    """The sampler that the settings name."""
    return RowSampler(task, sampler_of(settings), seed)


def sampler_of(settings: Mapping[str, Any]) -> Sampler:
    """The sampler that the settings name."""
    kind, s = settings["sampler"], settings
    if kind == "copula":
        return GaussianCopula(s["sweeps"], s["by_component"])
    if kind == "chow_liu":
        return ChowLiu(s["n_bins"], s["smoothing"])
    if kind == "trees":
        return TreeSampler(s["leaf_rows"], s["n_trees"], s["share"], s["levels_first"])
    if kind == "mixture":
        return RowMixture(s["n_components"], s["n_bins"], s["smoothing"])
    return Marginals()


def _has_levels(task: Task) -> bool:
    """Whether some column is generated as levels: words, few numbers, or whether a number is missing."""
    return any(
        column.kind not in (*NUMBERS, *LEFT_OUT_KINDS) or column.reading.get("gaps") or column.reading.get("few")
        for column in task.columns
    )


def marginal_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"sampler": "marginals"}


def copula_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How levels are ordered, where there are some."""
    yield {"sampler": "copula", "sweeps": 15, "by_component": True}
    if _has_levels(task):
        yield {"sampler": "copula", "sweeps": 15, "by_component": False}


def chow_liu_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Bins of numbers, and smoothing."""
    first = {"sampler": "chow_liu", "n_bins": 50, "smoothing": 1.0}
    yield from draws(first, {"n_bins": [15, 30, 50, 100, 200], "smoothing": (0.1, 10.0)}, seed)


def tree_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Rows of a leaf, trees and the columns that they try, and the order of columns."""
    first = {"sampler": "trees", "leaf_rows": 20, "n_trees": 1, "share": 1.0, "levels_first": True}
    then: list[Mapping[str, Any]] = [{"leaf_rows": 50}, {"n_trees": 5, "share": 0.7}]
    options: dict[str, Any] = {"leaf_rows": (5, 150), "n_trees": [1, 5], "share": [0.5, 0.7, 1.0]}
    if _has_levels(task) and any(column.kind in NUMBERS for column in task.columns):
        options["levels_first"] = [True, False]
    for settings in draws(first, options, seed, then):
        yield settings if settings["n_trees"] > 1 else {**settings, "share": 1.0}


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Classes, numbers as normal scores or in bins, and smoothing."""
    first = {"sampler": "mixture", "n_components": 0, "n_bins": 0, "smoothing": 4.0}
    options = {"n_components": [30, 100, 300], "n_bins": [0, 32, 64], "smoothing": (0.5, 10.0)}
    yield from draws(first, options, seed, [{"n_components": 100, "n_bins": 32}])


MARGINALS = Baseline(
    "marginals", "floor", "tabular", ("generate",), row_sampler, marginal_settings, seed_share=0.0,
    source="independent columns", title="independent columns",
)  # fmt: skip
GAUSSIAN_COPULA = Baseline(
    "gaussian_copula", "fast", "tabular", ("generate",), row_sampler, copula_settings,
    source="Hoff 2007; Patki, Wedge & Veeramachaneni 2016", title="Gaussian copula",
)  # fmt: skip
CHOW_LIU = Baseline(
    "chow_liu", "fast", "tabular", ("generate",), row_sampler, chow_liu_settings, source="Chow & Liu 1968",
    title="tree of pairs of columns (Chow-Liu)",
)  # fmt: skip
TREE_SAMPLER = Baseline(
    "tree_sampler", "strong", "tabular", ("generate",), row_sampler, tree_settings,
    source="Reiter 2005; Nowok, Raab & Dibben 2016 (synthpop)", title="decision trees in sequence (CART, as synthpop)",
)  # fmt: skip
ROW_MIXTURE = Baseline(
    "row_mixture", "strong", "tabular", ("generate",), row_sampler, mixture_settings, turn=1,
    source="McLachlan & Peel 2000", title="mixture of independent columns (latent classes)",
)  # fmt: skip
