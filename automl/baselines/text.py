"""Texts: class priors or means; TF-IDF of words; TF-IDF of words and characters with tuned linear models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.features.words import TextFeatures
from automl.baselines.learners.linear import Fourier, Linear
from automl.baselines.model import Model, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, weights_options
from automl.pretrained import backbone_of
from automl.records import MIN_LEVEL_ROWS, Baseline, Facts, Task

__all__ = ["CHARACTERS", "FLOOR", "MARGIN", "PRETRAINED", "WORDS"]

VECTOR_STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
RIDGE_STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def text_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """TF-IDF blocks, then the linear model that the settings name, with its own path of strengths."""
    features = TextFeatures(
        task, settings["word_ngrams"], settings["char_ngrams"], settings["separate"], settings["max_features"],
        settings["min_rows"],
    )  # fmt: skip
    loss = settings["loss"] if labelled(task) else "ridge"
    strengths = {"logistic": (0.02, 0.1, 0.5), "hinge": (1.0, 3.0, 10.0), "ridge": RIDGE_STRENGTHS}[loss]
    learner = Linear(task.goal, len(task.classes), loss, strengths, settings.get("class_weight"), seed=seed)
    return Model(task, features, learner)


def words_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Single words and pairs of words, logistic."""
    first = {
        "word_ngrams": 1, "char_ngrams": 0, "separate": False, "max_features": 50_000, "min_rows": MIN_LEVEL_ROWS,
        "loss": "logistic", "class_weight": None,
    }  # fmt: skip
    yield from draws(first, {"word_ngrams": [1, 2]} | weights_options(task, facts), seed)


def margin_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Linear support vectors on n-grams of words and characters (Joachims 1998), or least squares on the same."""
    yield from _strong_settings("hinge", task, facts, seed)


def characters_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Logistic regression on n-grams of words and of the characters within them, or least squares on the same."""
    yield from _strong_settings("logistic", task, facts, seed)


def _strong_settings(loss: str, task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Settings of the strong text families: n-grams, columns apart or joined, rare features, class weights."""
    long = facts.n_rows > 20_000
    first = {
        "word_ngrams": 2, "char_ngrams": 4 if long else 5, "separate": False,
        "max_features": 100_000 if long else 200_000, "min_rows": MIN_LEVEL_ROWS,
        "loss": loss, "class_weight": None,
    }  # fmt: skip
    options: dict[str, Any] = {
        "word_ngrams": [1, 2, 3], "char_ngrams": [0, 3, 4, 5, 6], "min_rows": [MIN_LEVEL_ROWS, 2 * MIN_LEVEL_ROWS],
        "max_features": [50_000, 200_000, 400_000], "loss": [loss, "ridge"],
    }  # fmt: skip
    if sum(c.kind == "text" for c in task.columns) > 1:
        options["separate"] = [True, False]
    yield from draws(first, options | weights_options(task, facts), seed)


def pretrained_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """A linear model, or a machine with a kernel, on vectors that a backbone made of the texts."""
    features = PretrainedFeatures(task, settings["words"])
    loss = settings["loss"] if labelled(task) or settings["loss"] == "kernel" else "ridge"
    n_classes = len(task.classes)
    if loss == "kernel":
        return Model(
            task, features, Fourier(task.goal, n_classes, settings["n_features"], settings["width"], seed=seed)
        )
    strengths = {"logistic": (0.01, 0.03, 0.1, 0.5), "hinge": (0.3, 1.0, 3.0, 10.0), "ridge": VECTOR_STRENGTHS}[loss]
    return Model(task, features, Linear(task.goal, n_classes, loss, strengths, settings.get("class_weight"), seed=seed))


def pretrained_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Vectors beside words, then vectors alone, then a kernel on them."""
    loss = "logistic" if labelled(task) else "ridge"
    first = {"words": 1.0, "loss": loss, "n_features": 2_000, "width": 0.5, "class_weight": None}
    alone = {"words": 0.0}
    kernel = {"words": 0.0, "loss": "kernel"}
    others = {"words": [0.0, 0.5, 1.0, 2.0], "loss": [loss, "ridge", "hinge"] if labelled(task) else [loss]}
    yield from draws(first, others | weights_options(task, facts), seed, (alone, kernel))


def without_backbone(task: Task, facts: Facts) -> str | None:
    """Why the family cannot be used: no backbone makes vectors of the texts."""
    return None if backbone_of(task) else "it reads vectors of a backbone; pass pretrained=FOLDER for one"


FLOOR = Baseline(
    "text_floor",
    "floor",
    "text",
    GOALS,
    floor,
    floor_settings,
    source="class priors or target means",
    title="class shares or mean of the target (no inputs)",
)
WORDS = Baseline(
    "words",
    "fast",
    "text",
    GOALS,
    text_model,
    words_settings,
    source="TF-IDF + logistic or ridge",
    title="linear model on words (TF-IDF and sklearn LogisticRegression or Ridge)",
)
MARGIN = Baseline(
    "margin",
    "strong",
    "text",
    ("binary", "multiclass", "multilabel"),
    text_model,
    margin_settings,
    source="Joachims 1998; LIBLINEAR",
    title="linear support vector machine on n-grams (TF-IDF and sklearn LinearSVC)",
)
CHARACTERS = Baseline(
    "characters",
    "strong",
    "text",
    GOALS,
    text_model,
    characters_settings,
    source="TF-IDF of words and char_wb",
    title="linear model on words and characters (TF-IDF and sklearn LogisticRegression or Ridge)",
)
PRETRAINED = Baseline(
    "pretrained_linear",
    "strong",
    "text",
    GOALS,
    pretrained_model,
    pretrained_settings,
    unfit=without_backbone,
    source="linear models and random Fourier features on frozen vectors: SentEval, Conneau & Kiela 2018",
    turn=-1,
    title="linear model on a pretrained text backbone",
)
