"""A learner of its own for each target, where rows lack some of them."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.errors import TrialError
from automl.records import FitContext

__all__ = ["EachTarget", "filled"]


class EachTarget:
    """Copies of one learner, one for each column of values.

    Args:
        learner: not fitted; see `automl.baselines.learners.learner`.
    """

    def __init__(self, learner: Any) -> None:
        self.learner = learner
        self.fitted: list[Any] = []

    def fit(
        self,
        X: Any,
        truth: np.ndarray,
        weight: np.ndarray | None,
        valid: Any,
        valid_truth: np.ndarray | None,
        context: FitContext,
        complete: Callable[[], None],
        **more: Any,
    ) -> None:
        """Fit a copy on the known rows of each target; each has an equal share of the time left.

        Args:
            X: ``(n, n_features)``.
            truth: ``(n, n_targets)``, NaN where a value is not known.
            weight: ``(n,)`` or None.
            valid: ``(n_valid, n_features)`` or None.
            valid_truth: ``(n_valid, n_targets)``, NaN where a value is not known, or None.
            context: deadline and validation rows.
            complete: called once all targets have a model.
            **more: further arguments of the learner.
        """
        n_targets = truth.shape[1]
        for j in range(n_targets):
            rows = np.flatnonzero(~np.isnan(truth[:, j]))
            own_valid, own_truth = valid, valid_truth
            if valid is not None and valid_truth is not None:
                known = np.flatnonzero(~np.isnan(valid_truth[:, j]))
                own_valid, own_truth = (valid[known], valid_truth[known, j : j + 1]) if len(known) else (None, None)
            one = copy.deepcopy(self.learner)
            own = dataclasses.replace(_share(context, own_truth, n_targets - j), chosen=_own(context.chosen, j))
            one.fit(
                X[rows], truth[rows, j : j + 1], None if weight is None else weight[rows], own_valid, own_truth,
                own, _nothing, **more,
            )  # fmt: skip
            self.fitted.append(one)
        complete()

    def predict(self, X: Any) -> np.ndarray:
        """Values ``(n, n_targets)``."""
        return np.concatenate([np.asarray(one.predict(X)).reshape(X.shape[0], 1) for one in self.fitted], axis=1)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """What validation rows decided for each target, for a refit."""
        return {"each": [one.chosen(growth) for one in self.fitted]}

    @property
    def stopped(self) -> str:
        """Why growing one of them stopped early, or an empty string."""
        return next((said for one in self.fitted if (said := str(getattr(one, "stopped", "")))), "")


def filled(truth: np.ndarray) -> np.ndarray:
    """Values with the mean of each column's known ones in the gaps, for features that need a value in every row.

    Args:
        truth: ``(n, n_targets)`` of training rows, NaN where a value is not known.

    Raises:
        TrialError: no training row holds one of the targets.
    """
    known = ~np.isnan(truth)
    if not known.any(axis=0).all():
        lacking = int(np.flatnonzero(~known.any(axis=0))[0])
        raise TrialError(f"no training row holds target {lacking + 1} of {truth.shape[1]}")
    means = np.where(known, truth, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, truth, means)


def _own(chosen: Mapping[str, Any] | None, target: int) -> Mapping[str, Any] | None:
    """What was chosen for one target; the fit before may have had one learner for all, if no training row had gaps."""
    if chosen is None:
        return None
    if "each" in chosen:
        own: Mapping[str, Any] = chosen["each"][target]
        return own
    return {name: value[target : target + 1] if isinstance(value, list) else value for name, value in chosen.items()}


def _share(context: FitContext, valid_truth: np.ndarray | None, n_left: int) -> FitContext:
    deadline = context.deadline
    if deadline is not None:
        now = time.monotonic()
        deadline = now + (deadline - now) / n_left
    return dataclasses.replace(context, deadline=deadline, valid_truth=valid_truth, checkpoint=None)


def _nothing() -> None:
    """A part of a model is no model that could be kept."""
