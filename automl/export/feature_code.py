"""A shallow model's estimator on features that describe themselves, as scikit-learn code with the found settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import goals
from automl.export.shallow_code import boosting_code, forest_code, no_script, transformed_code
from automl.records import Task

__all__ = ["estimator_of_features"]


def estimator_of_features(function: str, model: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The code of a function ``make(seed)`` that gives an estimator, and the imports that it needs.

    Args:
        function: its name.
        model: the fitted model, for what validation rows chose (rounds, trees, strength, temperature).
        task: what it predicts.
        choices: the settings of its run.

    Raises:
        DataError: no code is written for its learner.
    """
    learner = getattr(model.learner, "fitted", [model.learner])[0]
    known = {
        "Linear": _linear, "Fourier": _fourier, "Vectors": _vectors,
        "Boosting": lambda *given: boosting_code(*given)[:2], "Forest": lambda *given: forest_code(*given)[:2],
    }  # fmt: skip
    kind = type(learner).__name__
    if kind not in known:
        raise no_script(kind)
    estimator, imports = known[kind](learner, task, choices)
    goal = goals.named(task)
    several = len(task.classes) if goal.is_multilabel else len(task.target)
    if (goal.is_multilabel or (goal.is_numeric and several > 1)) and kind != "Forest":
        estimator = f"{'MultiOutputClassifier' if goal.is_multilabel else 'MultiOutputRegressor'}({estimator})"
    if goal.is_numeric and choices.get("unskew"):
        estimator, more = transformed_code(estimator, model)
        imports |= more
    body = [f"def {function}(seed):", '    """The estimator with the settings that were found."""',
            f"    return {estimator}"]  # fmt: skip
    return "\n".join(body), imports


def _linear(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    strength, weight = float(learner.strength or 1.0), choices.get("class_weight")
    if not learner.is_classifier:
        return f"LeastSquares({strength!r})", set()
    if learner.loss == "logistic":
        made = f"LogisticRegression(C={1 / strength!r}, max_iter=1000, class_weight={weight!r})"
        return made, {"from sklearn.linear_model import LogisticRegression"}
    temperature = float(learner.temperature)
    if learner.loss == "hinge":
        inner = f"LinearSVC(C={1 / strength!r}, max_iter=2000, random_state=seed, class_weight={weight!r})"
        return f"Tempered({inner}, {temperature!r})", {"from sklearn.svm import LinearSVC"}
    return _tempered_squares(f"LeastSquares({strength!r}, True, {weight!r})", learner, task), set()


def _tempered_squares(inner: str, linear: Any, task: Task) -> str:
    """Of two classes both have scores, one the other's negative: scikit-learn gives one score, which counts twice."""
    twice = 2.0 if linear.is_one_class and len(task.classes) == 2 else 1.0
    return f"Tempered({inner}, {twice * float(linear.temperature)!r})"


def _fourier(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    linear, drawn = learner.linear, learner.features
    strength, is_classifier = float(linear.strength or 1.0), linear.is_classifier
    waves = f"RBFSampler(gamma={float(drawn.gamma)!r}, n_components={int(learner.n_features)}, random_state=seed)"
    squares = f"LeastSquares({strength!r}, {is_classifier!r}, {choices.get('class_weight')!r})"
    made = f"make_pipeline({waves}, {squares})"
    imports = {"from sklearn.kernel_approximation import RBFSampler"}
    return (_tempered_squares(made, linear, task) if is_classifier else made), imports


def _vectors(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    machines = [one for one in learner.models if not isinstance(one, float)]
    gamma = float(machines[0].gamma) if machines else "scale"
    settings = f"C={float(learner.C)!r}, gamma={gamma!r}"
    if not learner.is_classifier:
        made = f"TransformedTargetRegressor(SVR({settings}), transformer=StandardScaler())"
        return made, {"from sklearn.svm import SVR"}
    made = f"Tempered(SVC({settings}, class_weight={choices.get('class_weight')!r}), {float(learner.temperature)!r})"
    return made, {"from sklearn.svm import SVC"}
