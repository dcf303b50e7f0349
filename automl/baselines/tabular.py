"""Tables: class priors or means; a linear model; boosted trees, forests and support vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from automl import goals
from automl.baselines.features.columns import MANY_TEXTS, TableFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.baselines.model import LOGARITHM, Floor, Model, distinct, draws, labelled
from automl.records import FILE_KINDS, QUANTITY_KINDS, Baseline, Facts, GoalName, Task

__all__ = ["BOOSTING", "FLOOR", "FOREST", "LINEAR", "VECTORS"]

GOALS: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel", "regression")
MOST_VECTOR_ROWS = 15_000
FEW = 1000
SMALL_TABLE = 5_000
"""Below this many rows some families begin with settings that were chosen on twenty public tables (decision 36)."""
COMPONENTS = 50
EVEN = 1.1
"""The most frequent class has at most so many times the rows of the rarest: weights would change nothing."""
FEWEST_TREES, TREES = 50, 200
LEAVES_A_ROW = 0.5
"""Leaves of a tree grown to the end, about: rows of one class, or of nearly one value, end in one leaf."""
TREE_WORDS, LINEAR_LEVELS, SCALED_LEVELS = 20, 60, 30
"""A column of levels says what its words tell of the target if it has more: for trees, linear models and distances."""
NODE_BYTES = 64
FOREST_BYTES = 400 * 2**20


def weights_options(task: Task, facts: Facts | None = None) -> dict[str, list[str | None]]:
    """Class weights are a tuned setting wherever a single class is predicted, unless classes are as good as even."""
    priors = (facts.priors or ()) if facts else ()
    even = len(priors) > 1 and max(priors) < EVEN * min(priors)
    return {"class_weight": [None, None, "balanced"]} if goals.named(task).is_one_class and not even else {}


def tuned(
    task: Task,
    facts: Facts,
    first: Mapping[str, Any],
    options: Mapping[str, Any],
    seed: int,
    then: Sequence[Mapping[str, Any]] = (),
    means_from: int = TREE_WORDS,
) -> Iterator[Mapping[str, Any]]:
    """`draws`, with what every family tunes for this goal, and without what cannot matter for the data.

    Class weights, or whether a skewed target is drawn in and a positive one learnt as its logarithm; whether columns
    also say what their words tell of the target; where there are image columns, how many principal components stand
    for each.

    Args:
        task: what to predict.
        facts: of the training rows.
        first: the default.
        options: as of `draws`.
        seed: of the draws.
        then: as of `draws`.
        means_from: a column of levels says what its words tell if it has more of them.
    """
    is_numeric = goals.named(task).is_numeric
    shared: dict[str, Any] = {**weights_options(task, facts)}
    default: dict[str, Any] = {"target_means": True}
    if is_numeric:
        default["unskew"] = True
        shared["unskew"] = [True, False] if facts.skewed else [first.get("unskew", True)]
        shared["unskew"] += [LOGARITHM] if facts.positive else []
    if tells_words(task, facts, means_from):
        shared["target_means"] = [True, False]
    if has_kind(task, *FILE_KINDS):
        shared["components"], default["components"] = [20, 50, 120], COMPONENTS
    yield from draws({**default, **first}, {**options, **shared}, seed, then)


def has_kind(task: Task, *kinds: str) -> bool:
    """Whether a column is of one of these kinds."""
    return any(column.kind in kinds for column in task.columns)


def tells_words(task: Task, facts: Facts, more_than: int) -> bool:
    """Whether a column says what its words tell of the target: texts, many levels, numbers that come back."""
    many = facts.most_words is None or facts.most_words > more_than
    return has_kind(task, "text", "url") or many or (facts.numbers_come_back and has_kind(task, *QUANTITY_KINDS))


def level_options(facts: Facts, first: int, *others: int) -> list[int]:
    """Numbers of levels a column: not two of them that both keep all."""
    most = facts.most_levels
    return distinct(first, others, lambda n: n if most is None else min(n, most))


def text_options(task: Task, *usual: int) -> dict[str, list[int]]:
    """Dimensions of each text's trigrams, where there are texts."""
    return {"text_dimensions": list(usual)} if has_kind(task, "text", "url") else {}


def scale_options(task: Task) -> dict[str, list[bool]]:
    """Whether columns count on a normal scale, too, where one of them may be smooth."""
    smooth = not task.columns or has_kind(task, *QUANTITY_KINDS, "datetime", "text", "url", *FILE_KINDS)
    return {"quantiles": [True, False]} if smooth else {}


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
    return 0 if has_kind(task, "text", "url") and facts.n_rows > MANY_TEXTS else usual


def linear(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Scaled numbers, also on a normal scale, and one-hot levels, then a logistic or ridge path."""
    features = TableFeatures(
        task, "linear", settings["text_dimensions"], settings["max_levels"], settings.get("target_means", True),
        quantiles=settings["quantiles"], components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    learner = Linear(task.goal, len(task.classes), "logistic", class_weight=settings.get("class_weight"), seed=seed)
    if not labelled(task):
        learner.strengths = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    return Model(task, features, learner, settings.get("unskew", False))


def linear_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many levels and text dimensions, and which scales; class weights.

    Second comes the logarithm of a positive target, and on small tables balanced classes (decision 36).
    """
    first = {
        "text_dimensions": first_dimensions(task, facts, 30), "max_levels": 60, "quantiles": True, "class_weight": None
    }  # fmt: skip
    options = {"max_levels": level_options(facts, 60, 30, 200)} | text_options(task, 0, 20, 60)
    then: list[Mapping[str, Any]] = []
    if goals.named(task).is_numeric and facts.positive:
        then.append({"unskew": LOGARITHM})
    if weights_options(task, facts) and facts.n_rows < SMALL_TABLE:
        then.append({"class_weight": "balanced"} | ({"max_levels": 30} if 30 in options["max_levels"] else {}))
    yield from tuned(task, facts, first, options | scale_options(task), seed, then, LINEAR_LEVELS)


def boosting(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Histogram gradient boosting with native categories."""
    features = TableFeatures(
        task, "trees", settings["text_dimensions"], target_means=settings["target_means"],
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    learner = Boosting(task.goal, len(task.classes), settings, seed)
    return Model(task, features, learner, settings.get("unskew", False))


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """scikit-learn's defaults first, grown until early stopping; then rate, leaves, leaf size, penalty and columns.

    On small tables small trees with a penalty and few columns a split come first, and scikit-learn's defaults third.
    """
    few = facts.n_rows < FEW
    usual = {
        "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20, "l2_regularization": 0.0,
        "max_features": 1.0, "max_iter": 1000, "patience": 30, "class_weight": None,
        "text_dimensions": first_dimensions(task, facts, 10), "loss": loss_for(task),
    }  # fmt: skip
    options: dict[str, Any] = {
        "learning_rate": (0.02, 0.2), "max_leaf_nodes": (6, 128), "min_samples_leaf": (2, 20 if few else 100),
        "l2_regularization": [0.0, 0.1, 1.0, 10.0], "max_features": [1.0, 0.7, 0.4, 0.2],
    }  # fmt: skip
    options |= text_options(task, 0, 10, 30)
    usual |= plain(task)
    if facts.n_rows >= SMALL_TABLE:
        yield from tuned(task, facts, usual, options, seed)
        return
    small = usual | {
        "learning_rate": 0.08, "max_leaf_nodes": 6, "min_samples_leaf": 3, "l2_regularization": 10.0,
        "max_features": 0.2, **drawn_in(task, facts),
    }  # fmt: skip
    larger = {
        "learning_rate": 0.05, "max_leaf_nodes": 18, "min_samples_leaf": 11 if few else 37, "l2_regularization": 1.0,
        "max_features": 0.7,
    }  # fmt: skip
    yield from tuned(task, facts, small, options, seed, [larger, usual | {"min_samples_leaf": 5 if few else 20}])


def drawn_in(task: Task, facts: Facts) -> dict[str, bool]:
    """Draw in the target where it is skewed."""
    return {"unskew": bool(facts.skewed)} if goals.named(task).is_numeric else {}


def plain(task: Task) -> dict[str, bool]:
    """What keeps a family's first run its library's defaults: a target as it is."""
    return {"unskew": False} if goals.named(task).is_numeric else {}


def loss_for(task: Task) -> str:
    """What values are fitted by."""
    return "absolute_error" if task.metric in ("mae", "smape") else "squared_error"


def forest(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Random or extremely randomised trees on the same columns, gaps filled by medians."""
    features = TableFeatures(
        task, "trees", settings["text_dimensions"], target_means=settings.get("target_means", True), fill=True,
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip
    learner = Forest(task.goal, len(task.classes), settings, seed)
    return Model(task, features, learner, settings.get("unskew", False))


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees first, then a random forest, then each with larger leaves; how large pays is a matter of the data.

    Each node holds a number for each class or target. So that a stored forest stays small, many rows or outputs mean
    fewer trees, and beyond that larger leaves.
    """
    n_outputs = max(len(task.classes), len(task.target))
    most_leaves = FOREST_BYTES / (2 * (NODE_BYTES + 8 * n_outputs))  # of all trees together
    leaves = max(facts.n_rows * LEAVES_A_ROW, 1.0)
    n_trees = int(np.clip(most_leaves / leaves, FEWEST_TREES, TREES))
    smallest = 1 if labelled(task) else 2  # a leaf of one row holds its value
    smallest = max(smallest, math.ceil(leaves * n_trees / most_leaves))
    usual = 3 if goals.named(task).is_one_class and len(task.classes) == 2 else 1  # shares of two classes, not votes
    first = {
        "kind": "extra", "n_estimators": n_trees, "max_features": 0.5 if not labelled(task) else "sqrt",
        "min_samples_leaf": smallest * usual, "class_weight": None,
        "text_dimensions": first_dimensions(task, facts, 10),
    }  # fmt: skip
    options = {
        "kind": ["extra", "random"], "max_features": ["sqrt", 0.3, 0.6, 1.0],
        "min_samples_leaf": [smallest * n for n in (1, 2, 3, 5, 10)],
    }  # fmt: skip
    options |= text_options(task, 0, 10, 30)
    yield from tuned(task, facts, first, options, seed, [{"kind": "random"}, {"min_samples_leaf": 5 * smallest}])


def scaled_columns(task: Task, settings: Mapping[str, Any], seed: int) -> TableFeatures:
    """Columns for learners that go by distances."""
    return TableFeatures(
        task, "linear", 30, SCALED_LEVELS, settings.get("target_means", True), quantiles=settings["quantiles"],
        components=settings.get("components", COMPONENTS), seed=seed,
    )  # fmt: skip


def vectors(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """RBF support vectors on scaled columns."""
    features = scaled_columns(task, settings, seed)
    weights = settings.get("class_weight")
    learner = Vectors(task.goal, len(task.classes), settings["C"], settings["width"], weights, seed)
    return Model(task, features, learner, settings.get("unskew", False))


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Width of the kernel and price of errors; small tables begin without the normal scale (decision 36)."""
    first: dict[str, Any] = {"C": 10.0, "width": 0.5, "quantiles": True, "class_weight": None}
    then: list[Mapping[str, Any]] = [{"C": 20.0, "width": 0.35}]
    if facts.n_rows < SMALL_TABLE and "quantiles" in scale_options(task):
        then = [{"C": 2.7, "width": 0.34}, {"C": 10.0, "width": 0.16}, first | drawn_in(task, facts)]
        first = {"C": 6.0, "width": 0.6, "quantiles": False, "class_weight": None, **plain(task)}
    options = {"C": (0.3, 100.0), "width": (0.15, 1.5)} | scale_options(task)
    yield from tuned(task, facts, first, options, seed, then, SCALED_LEVELS)


def too_many_rows(task: Task, facts: Facts) -> str | None:
    """Their time grows with the square of the rows, and again with the labels or targets."""
    n_outputs = len(task.classes) if goals.named(task).is_multilabel else len(task.target)
    most = MOST_VECTOR_ROWS // max(n_outputs, 1)
    return f"{facts.n_rows} training rows; kernels are tried up to {most}" if facts.n_rows > most else None


FLOOR = Baseline(
    "tabular_floor",
    "floor",
    "tabular",
    GOALS,
    floor,
    floor_settings,
    source="class priors or target means",
    title="class shares or mean of the target (no inputs)",
)
LINEAR = Baseline(
    "linear",
    "fast",
    "tabular",
    GOALS,
    linear,
    linear_settings,
    source="scikit-learn; ridge path",
    title="linear model (sklearn LogisticRegression or Ridge)",
)
BOOSTING = Baseline(
    "boosting",
    "strong",
    "tabular",
    GOALS,
    boosting,
    boosting_settings,
    source="Ke et al. 2017; scikit-learn",
    title="gradient-boosted trees (sklearn HistGradientBoosting)",
)
FOREST = Baseline(
    "forest",
    "strong",
    "tabular",
    GOALS,
    forest,
    forest_settings,
    source="Geurts et al. 2006",
    title="random forest (sklearn RandomForest or ExtraTrees)",
)
VECTORS = Baseline(
    "vectors", "strong", "tabular", GOALS, vectors, vectors_settings, keeps_rows=True, unfit=too_many_rows,
    source="Cortes & Vapnik 1995", turn=-1,
    title="RBF support vector machine (sklearn SVC or SVR)",
)  # fmt: skip
