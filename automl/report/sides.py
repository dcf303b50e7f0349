"""Finalists and other contestants of an outcome, as several sections read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.records import Contestant, Outcome, Run, Side
from automl.report import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "champion", "finalists", "floor", "holdouts", "known_mean", "label", "labels", "leader", "learnt", "predicted",
    "seed_word", "short", "test_items",
]  # fmt: skip

ORDER: dict[Side, int] = {"deep": 0, "shallow": 1, "blend": 2, "floor": 3}


def finalists(outcome: Outcome) -> list[tuple[Run, Contestant]]:
    """The deep and the shallow finalist that have test predictions, deep first; either may be missing."""
    runs = {run.name: run for run in outcome.runs}
    pairs = [(runs[c.run], c) for c in outcome.contestants if c.side in ("deep", "shallow") and c.run in runs]
    return sorted(pairs, key=lambda pair: ORDER[pair[1].side])


def seed_word(outcome: Outcome) -> str:
    """What each side has several of in the interval: "seed", or "draw" where one fitted model is drawn from again."""
    return "draw" if goals.named(outcome.task).drawn else "seed"


def label(run: Run) -> str:
    """A finalist in a legend: its side, and what people call its model."""
    return f"{run.side}: {words.title(run)}"


def champion(outcome: Outcome) -> str:
    """The champion and the scores that named it, in words; empty where nothing was compared on validation rows."""
    named = outcome.comparison.champion
    if named is None or len(named.scores) < 2:
        return ""
    sides = [side for side in ORDER if side in named.scores]
    texts = words.scores(*(named.scores[side] for side in sides))
    scores = ", ".join(f"{side} {text}" for side, text in zip(sides, texts, strict=True))
    items = words.count(named.n_items, test_items(outcome))
    return f"{named.side}, named before any test {test_items(outcome)} was scored ({scores}; {items})"


def floor(outcome: Outcome) -> Run | None:
    """The floor's run: the one that was scored on test rows, else the first."""
    runs = [run for run in outcome.runs if run.side == "floor"]
    named = {c.run for c in outcome.contestants if c.side == "floor"}
    return next((run for run in runs if run.name in named), runs[0] if runs else None)


def leader(outcome: Outcome) -> tuple[Run, Contestant] | None:
    """The recommended contestant if it is a finalist, else the first finalist."""
    pairs = finalists(outcome)
    return next((pair for pair in pairs if pair[0].name == outcome.comparison.recommended), pairs[0] if pairs else None)


def holdouts(outcome: Outcome) -> int:
    """The number of hold-outs on which finalists were judged."""
    return max((run.n_holdouts for run, _ in finalists(outcome)), default=1)


def learnt(run: Run) -> str:
    """What a finalist learnt from, and how many of its fits are averaged."""
    what = "refitted on training and validation rows" if run.refitted else "trained on training rows"
    if run.refitted and run.choices.get("as_searched"):
        what += f" (but for {', '.join(run.choices['as_searched'])}, for which there was no time)"
    return f"{what}, {words.count(run.n_seeds, 'seed')}"


def labels(entrant: Contestant) -> NDArray[Any]:
    """Predicted codes ``(n,)`` (multilabel ``(n, n_labels)``), from the probabilities where none are given."""
    arrays = entrant.output.arrays
    if "labels" in arrays:
        return np.asarray(arrays["labels"])
    return np.asarray(np.asarray(arrays["probabilities"]).argmax(axis=1))


def predicted(entrant: Contestant) -> NDArray[Any]:
    """Predicted values ``(n, n_targets)`` or ``(n, horizon, n_targets)``, always float64 with a target axis."""
    values = np.asarray(entrant.output.arrays["values"], dtype=float)
    return values[:, None] if values.ndim == 1 else values


def known_mean(values: Any, axis: int | tuple[int, ...] | None = None) -> NDArray[Any]:
    """The mean without NaN (what the test does not know); NaN where there is nothing else."""
    values = np.asarray(values, dtype=float)
    known = ~np.isnan(values)
    n = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def test_items(outcome: Outcome) -> str:
    """What a scored test item is called: row or window."""
    return "window" if goals.named(outcome.task).in_windows else "row"


def short(values: Any) -> list[float | None]:
    """The numbers at six significant digits, to keep the stored report small; None for what is not finite."""
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in np.asarray(values, dtype=float).ravel()]
