"""Tables: class priors or means; a linear model; boosted trees, forests and support vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automl import goals
from automl.baselines.features.columns import MANY_TEXTS, TableFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.baselines.model import Floor, Model, draws, labelled
from automl.records import Baseline, Facts, GoalName, Task

__all__ = ["BOOSTING", "FLOOR", "FOREST", "LINEAR", "VECTORS"]

GOALS: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel", "regression")
SMALL = 6000
MOST_VECTOR_ROWS = 15_000
FEW = 1000
COMPONENTS = 50
MANY_OUTPUTS = 50
NODE_BYTES = 64
FOREST_BYTES = 400 * 2**20


def weights_options(task: Task) -> dict[str, list[str | None]]:
    """Class weights are a tuned setting wherever a single class is predicted."""
    return {"class_weight": [None, None, "balanced"]} if goals.named(task).is_one_class else {}


def tuned(
    task: Task, first: Mapping[str, Any], options: Mapping[str, Any], seed: int, then: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Mapping[str, Any]]:
    """`draws`, with what every family tunes for this goal: class weights, or whether a skewed target is drawn in.

    Where a target is not skewed, drawing it in changes nothing. Where there are image columns, also how many principal
    components stand for each.
    """
    is_numeric = goals.named(task).is_numeric
    shared: dict[str, Any] = {"unskew": [True, False]} if is_numeric else {**weights_options(task)}
    default: dict[str, Any] = {"unskew": True} if is_numeric else {}
    if any(column.kind == "image_path" for column in task.columns):
        shared["components"], default["components"] = [20, 50, 120], COMPONENTS
    yield from draws({**default, **first}, {**options, **shared}, seed, then)


def floor(task: Task, settings: Mapping[str, Any], seed: int) -> Floor:
    """Class priors, label shares or target means."""
    return Floor(task, str(settings.get("statistic", "mean")))


def floor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The median where absolute errors count."""
    yield {"statistic": "median" if task.metric in ("mae", "smape") else "mean"}


def first_dimensions(task: Task, facts: Facts, usual: int) -> int:
    """Dimensions of each text's trigrams in a family's first settings.

    None where they alone would take the time of a fit: then words tell of a text at first, and later settings try more.
    """
    has_texts = any(column.kind in ("text", "url") for column in task.columns)
    return 0 if has_texts and facts.n_rows > MANY_TEXTS else usual


def linear(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Scaled numbers, also on a normal scale, and one-hot levels, then a logistic or ridge path."""
    features = TableFeatures(
        task, "linear", settings["text_dimensions"], settings["max_levels"], quantiles=settings["quantiles"],
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    learner = Linear(task.goal, len(task.classes), "logistic", class_weight=settings.get("class_weight"), seed=seed)
    if not labelled(task):
        learner.strengths = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    return Model(task, features, learner, bool(settings.get("unskew")))


def linear_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many levels and text dimensions; class weights."""
    first = {
        "text_dimensions": first_dimensions(task, facts, 30),
        "max_levels": 60,
        "quantiles": True,
        "class_weight": None,
    }
    options = {"text_dimensions": [0, 20, 60], "max_levels": [30, 200], "quantiles": [True, False]}
    yield from tuned(task, first, options, seed)


def boosting(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Histogram gradient boosting with native categories."""
    features = TableFeatures(
        task, "trees", settings["text_dimensions"], target_means=settings["target_means"],
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    learner = Boosting(task.goal, len(task.classes), settings, seed)
    return Model(task, features, learner, bool(settings.get("unskew")))


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """scikit-learn's defaults first, grown until early stopping; smaller leaves next where rows are few.

    Then rate, leaves, leaf size, penalty and columns a split.
    """
    few = facts.n_rows < FEW
    first = {
        "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20, "l2_regularization": 0.0,
        "max_features": 1.0, "max_iter": 500, "patience": 30, "class_weight": None,
        "text_dimensions": first_dimensions(task, facts, 10), "target_means": True, "loss": loss_for(task),
    }  # fmt: skip
    options: dict[str, Any] = {
        "learning_rate": (0.02, 0.2), "max_leaf_nodes": (6, 128), "min_samples_leaf": (2, 20 if few else 100),
        "l2_regularization": [0.0, 0.1, 1.0, 10.0], "max_features": [1.0, 0.7, 0.4, 0.2], "max_iter": [1000],
        "target_means": [True, True, False],
    }  # fmt: skip
    if any(c.kind in ("text", "url") for c in task.columns):
        options["text_dimensions"] = [0, 10, 30]
    yield from tuned(task, first | plain(task), options, seed, [{"min_samples_leaf": 5}] if few else [])


def plain(task: Task) -> dict[str, bool]:
    """What keeps a family's first run its library's defaults: a target as it is."""
    return {"unskew": False} if goals.named(task).is_numeric else {}


def loss_for(task: Task) -> str:
    """What values are fitted by."""
    return "absolute_error" if task.metric in ("mae", "smape") else "squared_error"


def forest(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Random or extremely randomised trees on the same columns, gaps filled by medians."""
    features = TableFeatures(
        task, "trees", settings["text_dimensions"], fill=True, components=settings.get("components", COMPONENTS),
        seed=seed,
    )  # fmt: skip
    learner = Forest(task.goal, len(task.classes), settings, seed)
    return Model(task, features, learner, bool(settings.get("unskew")))


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees first, then a random forest; leaves grow with the rows so that a stored forest stays small.

    Each node holds a number for each class or target, so that many of them also mean fewer trees.
    """
    n_outputs = max(len(task.classes), len(task.target))
    n_trees = 200 if n_outputs <= MANY_OUTPUTS else 50
    most_leaves = FOREST_BYTES / (n_trees * 2 * (NODE_BYTES + 8 * n_outputs))
    least = (1 if labelled(task) else 2) * (1 if facts.n_rows < SMALL else 3)
    least = max(least, math.ceil(facts.n_rows / most_leaves))
    first = {
        "kind": "extra", "n_estimators": n_trees, "max_features": 0.5 if not labelled(task) else "sqrt",
        "min_samples_leaf": least, "class_weight": None,
        "text_dimensions": first_dimensions(task, facts, 10),
    }  # fmt: skip
    options = {
        "kind": ["extra", "random"], "max_features": ["sqrt", 0.3, 0.6, 1.0],
        "min_samples_leaf": [least, 2 * least, 5 * least],
    }  # fmt: skip
    yield from tuned(task, first, options, seed, [{"kind": "random"}])


def scaled_columns(task: Task, settings: Mapping[str, Any], seed: int) -> TableFeatures:
    """Columns for learners that go by distances."""
    return TableFeatures(
        task, "linear", 30, 30, quantiles=settings["quantiles"], components=settings.get("components", COMPONENTS),
        seed=seed,
    )  # fmt: skip


def vectors(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """RBF support vectors on scaled columns."""
    features = scaled_columns(task, settings, seed)
    weights = settings.get("class_weight")
    learner = Vectors(task.goal, len(task.classes), settings["C"], settings["width"], weights, seed)
    return Model(task, features, learner, bool(settings.get("unskew")))


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Width of the kernel and price of errors."""
    first = {"C": 5.0, "width": 0.5, "quantiles": True, "class_weight": None}
    options = {"C": (0.3, 100.0), "width": (0.15, 1.5), "quantiles": [True, False]}
    yield from tuned(task, first, options, seed)


def too_many_rows(task: Task, facts: Facts) -> str | None:
    """Their time grows with the square of the rows, and again with the labels or targets."""
    n_outputs = len(task.classes) if goals.named(task).is_multilabel else len(task.target)
    most = MOST_VECTOR_ROWS // max(n_outputs, 1)
    return f"{facts.n_rows} training rows; kernels are tried up to {most}" if facts.n_rows > most else None


FLOOR = Baseline(
    "tabular_floor", "floor", "tabular", GOALS, floor, floor_settings, source="class priors or target means"
)
LINEAR = Baseline(
    "linear", "fast", "tabular", GOALS, linear, linear_settings, source="scikit-learn; ridge path", seed_share=0.001
)
BOOSTING = Baseline(
    "boosting",
    "strong",
    "tabular",
    GOALS,
    boosting,
    boosting_settings,
    source="Ke et al. 2017; scikit-learn",
    seed_share=0.019,
)
FOREST = Baseline(
    "forest", "strong", "tabular", GOALS, forest, forest_settings, source="Geurts et al. 2006", seed_share=0.034
)
VECTORS = Baseline(
    "vectors", "strong", "tabular", GOALS, vectors, vectors_settings, keeps_rows=True, unfit=too_many_rows,
    source="Cortes & Vapnik 1995", seed_share=0.022,
)  # fmt: skip
