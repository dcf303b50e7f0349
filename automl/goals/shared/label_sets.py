"""Sets of labels at a level: all whose probability is above a conformal threshold, and always the most probable one.

The score of a held-out item is minus the log probability of its label. Where every class has enough held-out items
(`CLASS_UNITS`), each has a threshold of its own: the label is in the set with the chance ``level`` whichever it is, and
a rare class is not left out for being rare. Otherwise one threshold holds for all classes together.

Sources: Sadinle, Lei & Wasserman 2019, "Least Ambiguous Set-Valued Classifiers With Bounded Error Levels", sections 2
and 3 (thresholds in all, and for each class); Angelopoulos & Bates 2023, "Conformal Prediction: A Gentle Introduction",
sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.goals.shared.conformal import Thresholds, fit_thresholds, restore_thresholds
from automl.goals.shared.rows import as_written

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import HeldOut, Output, Task

__all__ = ["CLASS_SETS", "LABEL_SETS", "SetScores", "Sets"]

CLASS_UNITS = 19
"""Held-out rows (or groups) of each class that 95 % needs."""
LOWEST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class SetScores:
    """What sets are made of.

    Attributes:
        thresholds: for each question a part, or a part for each of its classes.
        by_class: whether classes have parts of their own, for each question.
    """

    thresholds: Thresholds
    by_class: tuple[bool, ...]

    def state(self) -> dict[str, Any]:
        """Plain values and arrays from which `Sets.restore` makes it again."""
        return {"by_class": list(self.by_class), "thresholds": self.thresholds.state()}


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of labels for one question an item (its class), or for several (whether it has each label).

    Attributes:
        shares: from an output's probabilities to ``(n, n_questions, n_classes)``.
        codes: from a truth to ``(n, n_questions)`` codes of classes.
        names: from a task to the names of the questions, and those of the classes.
        frame: from membership ``(n, n_questions, n_classes)``, shares and task to what is returned.
    """

    shares: Callable[[np.ndarray], np.ndarray]
    codes: Callable[[np.ndarray], np.ndarray]
    names: Callable[[Task], tuple[tuple[str, ...], tuple[Any, ...]]]
    frame: Callable[[np.ndarray, np.ndarray, Task], pd.DataFrame | pd.Series]
    kind: str = "set"

    def fit(self, truth: np.ndarray, output: Output, task: Task, held_out: HeldOut) -> SetScores:
        """Sort the scores of held-out items; see `automl.goals.shared.intervals.Intervals.fit`."""
        shares, codes = self.shares(output.arrays["probabilities"]), self.codes(np.asarray(truth))
        questions, classes = self.names(task)
        unit = "row" if held_out.groups is None else "group"
        parts, names, chosen = [], [], []
        for q, question in enumerate(questions):
            scores = _scores(np.take_along_axis(shares[:, q], codes[:, q, None], axis=1)[:, 0])
            own = [np.flatnonzero(codes[:, q] == k) for k in range(shares.shape[2])]
            by_class = all(_n_units(rows, held_out) >= CLASS_UNITS for rows in own)
            chosen.append(by_class)
            where = f"of {question!r}" if question else ""
            parts += [(scores, rows) for rows in own] if by_class else [(scores, np.arange(len(scores)))]
            names += [f"{where} of class {name!r}".strip() for name in classes] if by_class else [where]
        thresholds = fit_thresholds(
            [scores[rows] for scores, rows in parts],
            [None if held_out.weight is None else held_out.weight[rows] for _, rows in parts],
            [None if held_out.groups is None else held_out.groups[rows] for _, rows in parts],
            names, unit,
        )  # fmt: skip
        return SetScores(thresholds, tuple(chosen))

    def apply(
        self, scores: SetScores, output: Output, level: float, context: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """ "members" ``(n, n_questions, n_classes)`` bool, and the "shares" they were chosen by.

        Raises:
            RecipeError: the level is no number between 0 and 1.
            DataError: there are too few held-out items for it.
        """
        shares = self.shares(output.arrays["probabilities"])
        found, start = scores.thresholds.at(level), 0
        most = np.empty(shares.shape[1:])
        for q, by_class in enumerate(scores.by_class):
            n_parts = shares.shape[2] if by_class else 1
            most[q] = found[start : start + n_parts]
            start += n_parts
        members = _scores(shares) <= most
        np.put_along_axis(members, shares.argmax(axis=-1)[..., None], values=True, axis=-1)
        return {"members": members, "shares": shares}

    def covers(self, region: Mapping[str, np.ndarray], truth: np.ndarray) -> np.ndarray:
        """Which sets hold the true label, ``(n, n_questions)`` float64."""
        codes = self.codes(np.asarray(truth))
        return np.take_along_axis(region["members"], codes[..., None], axis=-1)[..., 0].astype(np.float64)

    def size(self, region: Mapping[str, np.ndarray]) -> np.ndarray:
        """Labels in each set, ``(n, n_questions)``."""
        return np.asarray(region["members"].sum(axis=-1))

    def answers(self, task: Task) -> tuple[str, ...]:
        """What has sets: the target, or each label."""
        return self.names(task)[0]

    def to_frame(self, region: Mapping[str, np.ndarray], output: Output, task: Task) -> pd.DataFrame | pd.Series:
        """Tuples of labels, the most probable first."""
        return self.frame(region["members"], region["shares"], task)

    def restore(self, state: Mapping[str, Any]) -> SetScores:
        """The scores whose state this is.

        Raises:
            ValueError: it is none.
        """
        chosen = tuple(state["by_class"])
        if not chosen or not all(isinstance(one, bool) for one in chosen):
            raise ValueError("they are no scores of sets")
        return SetScores(restore_thresholds(state["thresholds"]), chosen)


def _scores(shares: np.ndarray) -> np.ndarray:
    """Minus the log; a share that is no number scores worst."""
    return np.asarray(-np.log(np.clip(np.nan_to_num(shares, nan=0.0), LOWEST, 1.0)))


def _n_units(rows: np.ndarray, held_out: HeldOut) -> int:
    """Rows with weight, or their groups."""
    used = rows if held_out.weight is None else rows[held_out.weight[rows] > 0]
    return len(used) if held_out.groups is None else len(np.unique(held_out.groups[used]))


def _tuples(members: np.ndarray, shares: np.ndarray, labels: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The members' labels of each row, by falling share."""
    order = np.argsort(-shares, axis=1, kind="stable")
    taken = np.take_along_axis(members, order, axis=1)
    return [tuple(labels[k] for k in ks[own]) for ks, own in zip(order, taken, strict=True)]


def _class_frame(members: np.ndarray, shares: np.ndarray, task: Task) -> pd.Series:
    import pandas as pd

    return pd.Series(_tuples(members[:, 0], shares[:, 0], as_written(task)), name=task.target[0], dtype=object)


def _label_frame(members: np.ndarray, shares: np.ndarray, task: Task) -> pd.DataFrame:
    import pandas as pd

    columns = {name: _tuples(members[:, q], shares[:, q], (0, 1)) for q, name in enumerate(task.classes)}
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


CLASS_SETS = Sets(
    shares=lambda p: np.asarray(p, np.float64)[:, None, :],
    codes=lambda truth: truth[:, None],
    names=lambda task: (("",), task.classes),
    frame=_class_frame,
)
"""For goals with one class an item."""

LABEL_SETS = Sets(
    shares=lambda p: np.stack([1.0 - np.asarray(p, np.float64), np.asarray(p, np.float64)], axis=-1),
    codes=lambda truth: truth.astype(np.int64),
    names=lambda task: (task.classes, (0, 1)),
    frame=_label_frame,
)
"""For goals with any number of labels: the level holds for each label on its own, not for all of them at once."""
