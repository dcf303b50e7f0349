"""Tables: boosted trees of LightGBM and CatBoost, offered where the extra `boosting` is installed.

LightGBM's first run comes before all others of the strong tier, since it takes the least time for what it brings;
CatBoost's comes last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.columns import TableFeatures
from automl.baselines.learners.boosters import Boosters, Library, installed
from automl.baselines.model import Model
from automl.baselines.tabular import COMPONENTS, FEW, GOALS, SMALL_TABLE, drawn_in, loss_for, plain, tuned
from automl.records import Baseline, Facts, Task

__all__ = ["CATBOOST", "LIGHTGBM"]

MOST_CODES = 20_000


def lightgbm(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """LightGBM with native categories."""
    learner = Boosters("lightgbm", task.goal, len(task.classes), settings, seed)
    features = TableFeatures(
        task, "trees", target_means=settings.get("target_means", True),
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    return Model(task, features, learner, settings.get("unskew", False))


def lightgbm_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """LightGBM's defaults first, grown until early stopping; then what they leave open.

    On small tables small trees with a penalty and few columns each come first, and LightGBM's defaults second.
    """
    few = facts.n_rows < FEW
    usual = {
        "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 20, "lambda_l2": 0.0, "feature_fraction": 1.0,
        "bagging_fraction": 1.0, "max_iter": 2000, "patience": 30, "class_weight": None,
        "loss": loss_for(task),
    }  # fmt: skip
    options: dict[str, Any] = {
        "learning_rate": (0.02, 0.2), "num_leaves": (6, 160), "min_data_in_leaf": (2, 20 if few else 100),
        "lambda_l2": [0.0, 0.1, 1.0, 10.0], "feature_fraction": [1.0, 0.8, 0.6, 0.4],
        "bagging_fraction": [1.0, 0.8, 0.6],
    }  # fmt: skip
    usual |= plain(task)
    if facts.n_rows >= SMALL_TABLE:
        yield from tuned(task, facts, usual, options, seed)
        return
    small = usual | {
        "learning_rate": 0.08, "num_leaves": 6, "min_data_in_leaf": 3, "lambda_l2": 10.0, "feature_fraction": 0.4,
        **drawn_in(task, facts),
    }  # fmt: skip
    larger = {
        "learning_rate": 0.05, "num_leaves": 19, "min_data_in_leaf": 11 if few else 37, "lambda_l2": 1.0,
        "feature_fraction": 0.8, "bagging_fraction": 0.6, **plain(task),
    }  # fmt: skip
    yield from tuned(task, facts, small, options, seed, [usual, larger])


def catboost(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """CatBoost, which makes its own ordered target statistics of categories, also of those with many levels."""
    learner = Boosters("catboost", task.goal, len(task.classes), settings, seed)
    features = TableFeatures(
        task, "trees", target_means=settings.get("target_means", True), max_codes=MOST_CODES,
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    return Model(task, features, learner, settings.get("unskew", False))


def catboost_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """CatBoost's defaults first, with early stopping; then depth, rate, penalty and noise."""
    first = {
        "learning_rate": None, "depth": 6, "l2_leaf_reg": 3.0, "random_strength": 1.0, "rsm": 1.0, "max_iter": 1000,
        "patience": 50, "class_weight": None, "loss": loss_for(task),
    }  # fmt: skip
    options: dict[str, Any] = {
        "learning_rate": (0.03, 0.3), "depth": [4, 5, 6, 7, 8], "l2_leaf_reg": (1.0, 15.0),
        "random_strength": (0.3, 8.0), "rsm": [1.0, 0.8, 0.6],
    }  # fmt: skip
    yield from tuned(task, facts, first | plain(task), options, seed)


def missing(library: Library) -> str | None:
    """Why a library's family is not offered; None where the library is installed."""
    return None if installed(library) else f"{library} is not installed (extra: boosting)"


CATBOOST = Baseline(
    "catboost", "strong", "tabular", GOALS, catboost, catboost_settings, unfit=lambda task, facts: missing("catboost"),
    source="Prokhorenkova et al. 2018; catboost", turn=1,
    title="gradient-boosted trees (CatBoost)",
)  # fmt: skip
LIGHTGBM = Baseline(
    "lightgbm", "strong", "tabular", GOALS, lightgbm, lightgbm_settings, unfit=lambda task, facts: missing("lightgbm"),
    source="Ke et al. 2017; lightgbm", turn=-2,
    title="gradient-boosted trees (LightGBM)",
)  # fmt: skip
