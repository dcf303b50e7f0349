"""Tables: a few numbers for a row, by projections of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.columns import TableFeatures
from automl.baselines.learners.projection import KernelComponents, PrincipalProjection, RandomProjection
from automl.baselines.model import draws
from automl.baselines.representing import VectorModel
from automl.baselines.tabular import (
    COMPONENTS,
    first_dimensions,
    has_kind,
    level_options,
    scale_options,
    text_options,
)  # fmt: skip
from automl.goals.shared.vectors import dims_of
from automl.records import FILE_KINDS, Baseline, Facts, Task

__all__ = ["KERNEL_COMPONENTS", "PRINCIPAL_COMPONENTS", "RANDOM_PROJECTION"]

TEXT_DIMENSIONS = 30


def table_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """Scaled numbers, also on a normal scale, and one-hot levels, then the projection that the settings name."""
    features = TableFeatures(
        task, "linear", settings["text_dimensions"], settings["max_levels"], False, quantiles=settings["quantiles"],
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    return VectorModel(task, features, projection_of(task, settings), seed)


def projection_of(task: Task, settings: Mapping[str, Any]) -> Any:
    """The projection that the settings name."""
    kind, dims = settings["projection"], dims_of(task)
    if kind == "kernel":
        return KernelComponents(dims, settings["n_features"], settings["width"])
    return PrincipalProjection(dims) if kind == "principal" else RandomProjection(dims)


def columns(
    task: Task, facts: Facts, seed: int, projection: Mapping[str, Any], options: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Settings of a projection of a table's columns."""
    first = {"quantiles": True, "text_dimensions": first_dimensions(task, facts, TEXT_DIMENSIONS), "max_levels": 60}
    tuned = {"max_levels": level_options(facts, 60, 20, 200)} | text_options(task, 0, 20, 60) | scale_options(task)
    if has_kind(task, *FILE_KINDS):
        first["components"], tuned["components"] = COMPONENTS, [20, 50, 120]
    yield from draws({**first, **projection}, {**tuned, **options}, seed)


def principal_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of columns on a normal scale and as they are, or as they are; levels and texts."""
    yield from columns(task, facts, seed, {"projection": "principal"}, {})


def kernel_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Width of the kernel and number of random features, columns on a normal scale or not, levels and texts."""
    first = {"projection": "kernel", "n_features": 1_000, "width": 1.0}
    yield from columns(task, facts, seed, first, {"n_features": [500, 1_000, 2_000], "width": (0.3, 3.0)})


def random_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield next(columns(task, facts, seed, {"projection": "random"}, {}))


PRINCIPAL_COMPONENTS = Baseline(
    "principal_components", "fast", "tabular", ("represent",), table_vectors, principal_settings, seed_share=0.0,
    source="Hotelling 1933", title="principal components (PCA)",
)  # fmt: skip
KERNEL_COMPONENTS = Baseline(
    "kernel_components", "strong", "tabular", ("represent",), table_vectors, kernel_settings,
    source="Schölkopf, Smola & Müller 1998; Rahimi & Recht 2007",
    title="principal components of random Fourier features (kernel PCA)",
)  # fmt: skip
RANDOM_PROJECTION = Baseline(
    "random_projection", "floor", "tabular", ("represent",), table_vectors, random_settings,
    source="Johnson & Lindenstrauss 1984", title="random projection of the columns",
)  # fmt: skip
