"""The verdict by out-of-fold pairs: the same rule on several times as many pairs of predictions as the test has.

They decide alone where they were asked for and made, so that there is one look at one level. See
``docs/decisions/0038-out-of-fold-pairs.md`` for how often such a verdict is right and wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automl import metrics
from automl.metrics.figures import signed
from automl.records import Comparison, Contestant, FoldPairs, Run, Split, Task
from automl.system.counts import counted, noun
from automl.verdict.recommend import Terms
from automl.verdict.rule import compare

__all__ = ["Pairs", "by_pairs"]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What both finalists' settings predict for rows that none of their fits has learnt from.

    Attributes:
        asked: number of folds that are wanted.
        n_folds: number of folds that were made.
        n_chose: number of rows that are in no fold, since settings were chosen by them.
        split: as of the contest, with the predicted rows as its test.
        truth: of the predicted rows.
        weight: ``(n_items,)`` or None.
        context: further inputs of the metric.
        deep: predictions by the deep finalist's settings.
        shallow: predictions by the shallow finalist's settings.
        floor: the model that learns nothing from the inputs, for the same rows.
        left_out: why folds were left out, as a clause; "" if none was.
    """

    asked: int
    n_folds: int = 0
    n_chose: int = 0
    split: Split | None = None
    truth: np.ndarray | None = None
    weight: np.ndarray | None = None
    context: Mapping[str, Any] | None = None
    deep: Contestant | None = None
    shallow: Contestant | None = None
    floor: Contestant | None = None
    left_out: str = ""


def by_pairs(
    tested: Comparison, pairs: Pairs, task: Task, runs: Sequence[Run], min_gain: float, seed: int, terms: Terms
) -> Comparison:
    """The comparison as out-of-fold pairs decide it.

    Args:
        tested: the comparison on the test rows.
        pairs: where none were made, the test rows decide, and a note says why.
        task: its metric and classes.
        runs: as for `compare`.
        min_gain: as for `compare`.
        seed: of the resampling.
        terms: as for `compare`.
    """
    made = (pairs.split, pairs.truth, pairs.deep, pairs.shallow, pairs.floor)
    split, truth, deep, shallow, floor = made
    if split is None or truth is None or deep is None or shallow is None or floor is None:
        note = f"Out-of-fold pairs were asked for, and there are not enough: {pairs.left_out}. So the test rows decide."
        found = FoldPairs(pairs.asked, test_verdict=tested.verdict, test_reason=tested.reason, note=note)
        return replace(tested, fold_pairs=found, notes=(note, *tested.notes))
    judged = compare(task, split, truth, pairs.weight, pairs.context, deep, shallow, floor, runs, min_gain, seed, terms)
    scores = {
        one.side: metrics.score(task.metric, truth, one.output, pairs.weight, pairs.context) for one in (deep, shallow)
    }
    found = FoldPairs(
        pairs.asked, pairs.n_folds, len(truth), pairs.n_chose, judged.verdict, judged.reason, scores, judged.gain,
        judged.interval, judged.level, judged.least_gain, judged.p_value, tested.verdict, tested.reason,
    )  # fmt: skip
    found = replace(found, note=_note(found, tested, task.metric, split, pairs.left_out))
    return replace(
        tested,
        verdict=judged.verdict,
        reason=judged.reason,
        recommended=judged.recommended,
        why=_of_pairs(judged.why),
        says_why=judged.says_why,
        sentences=tuple(_of_pairs(sentence) for sentence in judged.sentences),
        notes=(found.note, *(_of_pairs(note) for note in judged.notes if not note.startswith(_ONE_SEED))),
        would_decide=tested.would_decide if judged.reason == "undecided" else None,
        fold_pairs=found,
    )


_ONE_SEED = "A finalist was trained with one seed"

_WORDS = {
    "test row": "out-of-fold row",
    "test group": "out-of-fold group",
    "There is too little test data": "There are too few out-of-fold rows",
    "The test cannot": "Out-of-fold rows cannot",
    "The test has only": "The folds have only",
    "What the test does show": "What these rows do show",
    "the test shows": "out-of-fold rows show",
    "more test data": "more rows",
    "test units": "rows",
    "resampled tests": "resampled rows",
}


def _of_pairs(text: str) -> str:
    """What is said of a test, said of out-of-fold rows."""
    for of_test, of_pairs in _WORDS.items():
        text = text.replace(of_test, of_pairs)
    return text


def _note(found: FoldPairs, tested: Comparison, metric: str, split: Split, left_out: str) -> str:
    """What the pairs are, how many, what they say, and what the test rows alone say."""
    folds = f"{counted(found.n_folds, 'fold')} of {found.asked}" if left_out else counted(found.n_folds, "fold")
    whole = " Groups stay whole." if split.units == "group" else ""
    others = noun(found.asked - found.n_folds, "fold was", "folds were")
    left = f" The other {others} left out: {left_out}." if left_out else ""
    return (
        "The verdict rests on out-of-fold pairs: both finalists' settings were fitted anew on all rows but a fold, "
        f"once for each of {folds}, and predicted it, {counted(found.n_items, 'row')} together, test rows among them. "
        f"The {counted(found.n_chose, 'row')} by which settings were chosen always learn and are never predicted."
        f"{whole} There {_gain(metric, found.gain, found.interval, found.level)}. On the test rows alone "
        f"{_gain(metric, tested.gain, tested.interval, tested.level)}: {_verdict(tested)}. These fits have the "
        "settings of the finalists, and are not the saved models, whose scores are those of the test rows."
        f"{left}"
    )


def _gain(metric: str, gain: float | None, interval: tuple[float, float] | None, level: float) -> str:
    if gain is None:
        return "there is no gain to measure"
    gain_text, *ends = signed(gain, *(interval or ()))
    text = f"deep gains {gain_text} {metrics.named(metric).words}"
    return f"{text} ({100 * level:g} % interval from {ends[0]} to {ends[1]})" if ends else text


def _verdict(tested: Comparison) -> str:
    return f"{tested.verdict} is better" if tested.reason == "better" else tested.reason
