"""Small models of the checks: every prediction is for a row that its model has not seen."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from automl.audit.univariate import tamed

__all__ = [
    "area", "class_probabilities", "class_probabilities_of", "model_skill", "predicted_values", "text_probabilities",
    "values_of",
]  # fmt: skip

TREES = 60
LEAST_LEAF = 2
MOST_FEATURES = 16
"""Features that a split of a regression tree chooses from: all of some hundreds would cost seconds."""
TEXT_FOLDS = 5
HASHED = 2**14


def class_probabilities(inputs: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Out-of-bag class probabilities of extremely randomised trees.

    Args:
        inputs: ``(n, n_features)`` without gaps.
        labels: ``(n,)`` codes.
        n_classes: how many classes there are, in the labels or not.

    Returns:
        ``(n, n_classes)``, zero for classes that do not occur.

    Source: Geurts, Ernst & Wehenkel 2006 (trees); Breiman 1996, "Out-of-bag estimation".
    """
    from sklearn.ensemble import ExtraTreesClassifier

    model = ExtraTreesClassifier(
        TREES, min_samples_leaf=LEAST_LEAF, bootstrap=True, oob_score=True, random_state=0, n_jobs=1
    )
    model.fit(inputs, labels)
    out = np.zeros((len(labels), n_classes))
    out[:, model.classes_] = np.nan_to_num(model.oob_decision_function_)
    return out


def predicted_values(inputs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Out-of-bag predictions of numbers, ``(n,)``."""
    from sklearn.ensemble import ExtraTreesRegressor

    share = min(1.0, MOST_FEATURES / inputs.shape[1])
    model = ExtraTreesRegressor(
        TREES, min_samples_leaf=LEAST_LEAF, max_features=share, bootstrap=True, oob_score=True, random_state=0, n_jobs=1
    )
    with warnings.catch_warnings():  # scikit-learn before 1.8 takes whole numbers for classes, and says so
        warnings.simplefilter("ignore", UserWarning)
        model.fit(inputs, values)
    return np.asarray(model.oob_prediction_, np.float64)


def class_probabilities_of(inputs: np.ndarray, labels: np.ndarray, n_classes: int, fold: np.ndarray) -> np.ndarray:
    """Class probabilities of extremely randomised trees, each fold's from the others.

    Args:
        inputs: ``(n, n_features)`` without gaps.
        labels: ``(n,)`` codes.
        n_classes: how many classes there are, in the labels or not.
        fold: ``(n,)`` the fold of each row.

    Returns:
        ``(n, n_classes)``, zero for classes that the other folds do not hold.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    out = np.zeros((len(labels), n_classes))
    for one in np.unique(fold):
        seen = fold != one
        model = ExtraTreesClassifier(TREES, min_samples_leaf=LEAST_LEAF, random_state=0, n_jobs=1)
        model.fit(inputs[seen], labels[seen])
        out[np.ix_(~seen, model.classes_)] = model.predict_proba(inputs[~seen])
    return out


def values_of(inputs: np.ndarray, values: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Numbers as extremely randomised trees predict them, each fold's from the others: ``(n,)``.

    Args:
        inputs: ``(n, n_features)`` without gaps.
        values: ``(n,)``.
        fold: ``(n,)`` the fold of each row.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    out = np.zeros(len(values))
    for one in np.unique(fold):
        seen = fold != one
        share = min(1.0, MOST_FEATURES / inputs.shape[1])
        model = ExtraTreesRegressor(TREES, min_samples_leaf=LEAST_LEAF, max_features=share, random_state=0, n_jobs=1)
        out[~seen] = model.fit(inputs[seen], values[seen]).predict(inputs[~seen])
    return out


def text_probabilities(texts: pd.Series, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Class probabilities from words, each fold's from the others (multinomial naive Bayes).

    Args:
        texts: one text a row.
        labels: ``(n,)`` codes.
        n_classes: how many classes there are, in the labels or not.
    """
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.naive_bayes import MultinomialNB

    counts = HashingVectorizer(n_features=HASHED, alternate_sign=False, norm=None).transform(texts)
    fold = np.random.default_rng(0).permutation(len(labels)) % TEXT_FOLDS
    out = np.zeros((len(labels), n_classes))
    for one in range(TEXT_FOLDS):
        seen = fold != one
        model = MultinomialNB(alpha=0.1).fit(counts[seen], labels[seen])
        out[np.ix_(~seen, model.classes_)] = model.predict_proba(counts[~seen])
    return out


def model_skill(inputs: np.ndarray, values: np.ndarray, n_classes: int) -> float:
    """How well all columns together predict a target, on the scale of `univariate.skill`."""
    if not inputs.shape[1]:
        return 0.0
    if n_classes == 0:
        values = tamed(values)
        variance = values.var()
        return float(1 - ((values - predicted_values(inputs, values)) ** 2).mean() / variance) if variance > 0 else 0.0
    predicted = class_probabilities(inputs, values, n_classes)
    prior = np.bincount(values, minlength=n_classes) / len(values)
    base = 1 - (prior**2).sum()
    brier = ((predicted**2).sum(axis=1) - 2 * predicted[np.arange(len(values)), values] + 1).mean()
    return float(1 - brier / base) if base > 0 else 0.0


def area(scores: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Area under the ROC curve, and its standard error.

    Args:
        scores: ``(n,)``.
        positive: ``(n,)`` bool, both values present.

    Source: Hanley & McNeil 1982, "The meaning and use of the area under a ROC curve", equations 1 and 2.
    """
    ranks = pd.Series(scores).rank().to_numpy()
    n1, n0 = int(positive.sum()), int((~positive).sum())
    auc = (ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n1 - 1) * (q1 - auc**2) + (n0 - 1) * (q2 - auc**2)) / (n1 * n0)
    return float(auc), float(np.sqrt(max(variance, 0.0)))
