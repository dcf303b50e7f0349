"""LightGBM and CatBoost as contestants: the same shape as `automl.baselines.learners.trees.Boosting`, another library
inside.

A fitted model is kept as the bytes of the library's own file format and nothing else: LightGBM's text, CatBoost's cbm.
Both formats describe trees, borders and leaf values; neither library runs code from them when it opens one. Predictions
come from the reopened bytes already before anything is stored, so that a stored model cannot predict otherwise.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np

from automl.baselines.learners.learner import Learner, balanced, columns_of, grown, rounds_of, spread
from automl.errors import MissingExtra, OutOfTime
from automl.records import FitContext, GoalName
from automl.system.resources import usable_cores

__all__ = ["Boosters", "Grown", "Growth", "Library", "installed", "need", "threads"]

Library = Literal["lightgbm", "catboost"]
LIBRARIES: tuple[Library, ...] = get_args(Library)
FEW_ROWS = 256
"""Below so many rows threads cost more than they bring to a prediction."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """One ensemble to grow.

    Attributes:
        n_classes: of `y`; 0 for values.
        X: ``(n, n_columns)`` float64, NaN allowed.
        valid: ``(n, n_columns)`` float64, NaN allowed.
        y: codes 0 to n_classes - 1, or values.
        valid_y: codes 0 to n_classes - 1, or values.
        weight: ``(n,)`` or None.
        categories: which columns hold category codes.
        deadline: as of `time.monotonic`, or None.
        whole: told of a complete model's bytes on the way, where the library can give them.
    """

    n_classes: int
    settings: Mapping[str, Any]
    seed: int
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    valid: np.ndarray | None
    valid_y: np.ndarray | None
    categories: Sequence[bool]
    deadline: float | None
    whole: Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Grown:
    """A model's bytes, and why it has fewer rounds than it was to have ("" if time was not the reason)."""

    content: bytes
    stopped: str = ""


class Boosters(Learner):
    """Boosted trees of another library, one ensemble a target or label, early stopping on validation rows.

    Args:
        library: "lightgbm" or "catboost".
        goal: of the task.
        n_classes: classes, or labels for multilabel.
        settings: see the `grow` of each library's module; class_weight (None or "balanced") is taken here.
        seed: of the ensembles.

    Shape: X ``(n, n_columns)`` float64, NaN allowed; columns named in `categories` hold codes from 0.

    Source: Ke et al. 2017 (LightGBM); Prokhorenkova et al. 2018 (CatBoost).
    """

    def __init__(
        self, library: Library, goal: GoalName, n_classes: int, settings: Mapping[str, Any], seed: int = 0
    ) -> None:
        need(library)
        super().__init__(goal, n_classes)
        self.library = library
        self.settings = dict(settings)
        self.seed = seed
        self.categories: list[bool] = []
        self.stored: list[Any] = []
        self.codes: list[np.ndarray] = []
        self.stopped = ""
        self._opened: dict[int, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """All but the opened models, which are made of the stored bytes again."""
        return {name: value for name, value in vars(self).items() if name != "_opened"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _opened={})

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
            valid_truth: np.ndarray | None, context: FitContext, complete: Callable[[], None],
            categories: Sequence[bool] = ()) -> None:  # fmt: skip
        """Grow each ensemble within its share of the time.

        Raises:
            OutOfTime: the deadline came before a first round was there.
        """
        columns = columns_of(truth)
        valid_columns = columns_of(valid_truth) if valid_truth is not None else [None] * len(columns)
        self.categories = list(categories)
        self.stored, self.codes, self._opened = [], [], {}
        if self.settings.get("class_weight") == "balanced" and truth.ndim == 1:
            weight = balanced(truth, weight)
        rounds = rounds_of(context, len(columns))
        rates = None if context.chosen is None else context.chosen["rates"]
        for k, (y, valid_y) in enumerate(zip(columns, valid_columns, strict=True)):
            deadline = context.deadline
            if deadline is not None:
                deadline = time.monotonic() + (deadline - time.monotonic()) / (len(columns) - k)
            settings = self._settings(rounds[k], None if rates is None else rates[k])
            self._grow(X, y, weight, valid, valid_y, deadline, complete if k == len(columns) - 1 else None, settings)

    def _grow(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
              valid_y: np.ndarray | None, deadline: float | None,
              complete: Callable[[], None] | None, settings: Mapping[str, Any]) -> None:  # fmt: skip
        """One more ensemble; classes that training rows lack are left out of it."""
        place = len(self.stored)
        codes = np.zeros(0, dtype=np.int64)
        if self.is_classifier:
            codes, y = np.unique(y, return_inverse=True)
            if valid is not None and valid_y is not None:
                known = np.isin(valid_y, codes)
                valid, valid_y = valid[known], np.searchsorted(codes, valid_y[known])
        self.codes.append(codes)
        self.stored.append(None)
        if self.is_classifier and len(codes) < 2:
            return
        if valid is None or valid_y is None or not len(valid):
            valid, valid_y = None, None

        def keep(content: bytes) -> None:
            self.stored[place] = np.frombuffer(content, dtype=np.uint8)
            self._opened.pop(place, None)
            if complete is not None:
                complete()

        made = _module(self.library).grow(
            Growth(len(codes), settings, self.seed, X, y, weight, valid, valid_y, self.categories,
                   deadline, keep)
        )  # fmt: skip
        if not made.content:
            raise OutOfTime(f"{self.library}: time ran out before the first round was grown")
        self.stopped = made.stopped or self.stopped
        keep(made.content)

    def _settings(self, rounds: int | None, rate: float | None) -> Mapping[str, Any]:
        """The settings of one ensemble; in a refit with the rounds and the rate of the fit before."""
        own = {} if rate is None else {"learning_rate": rate}
        return self.settings if rounds is None else {**self.settings, **own, "max_iter": rounds}

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """Rounds of each ensemble for a refit, None for one that saw a single class, and the rates it was grown with.

        A rate that the library chooses by the rows and rounds would be another one with other rounds.
        """
        lengths = [None if content is None else self._length(k) for k, content in enumerate(self.stored)]
        return {
            "rounds": [None if length is None else grown(length[0], growth) for length in lengths],
            "rates": [None if length is None else length[1] for length in lengths],
        }

    def _length(self, k: int) -> tuple[int, float | None]:
        need(self.library)
        module = _module(self.library)
        rounds, rate = module.length(module.opened(self.stored[k].tobytes()))
        return int(rounds), rate

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` or values ``(n, n_targets)``.

        Raises:
            MissingExtra: the model came from a file, and the library is not installed here.
        """
        return self.together([self._predict(k, X) for k in range(len(self.stored))])

    def _predict(self, k: int, X: np.ndarray) -> np.ndarray:
        if self.stored[k] is None:  # one class alone was seen
            return spread(np.ones((len(X), 1)), self.codes[k], self.n_codes)
        need(self.library)
        module = _module(self.library)
        if k not in self._opened:
            self._opened[k] = module.opened(self.stored[k].tobytes())
        n_threads = 1 if len(X) < FEW_ROWS else threads()
        model, is_classifier = self._opened[k], self.is_classifier
        predicted = np.asarray(module.predicted(model, X, self.categories, is_classifier, n_threads), np.float64)
        if not is_classifier:
            return predicted
        shares = np.stack([1.0 - predicted, predicted], axis=1) if predicted.ndim == 1 else predicted
        return spread(shares, self.codes[k], self.n_codes)


def installed(library: Library) -> bool:
    """Whether the library can be imported; does not import it."""
    return library in LIBRARIES and find_spec(library) is not None  # a name with a dot would import what it begins with


def need(library: Library) -> None:
    """Make sure of the library.

    Raises:
        MissingExtra: it is not installed; names the extra.
    """
    if not installed(library):
        raise MissingExtra(
            f"the shallow family {library!r} needs the library {library}, which is not installed; "
            "install it with: pip install 'automl-keras[boosting]'"
        )


def threads() -> int:
    """Threads that a fit may use: what the worker's environment says, else all usable cores."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else usable_cores()


def _module(library: Library) -> ModuleType:
    """The functions `grow`, `opened` and `predicted` of a library; it is loaded by them alone."""
    return importlib.import_module(f"automl.baselines.learners.{library}_trees")
