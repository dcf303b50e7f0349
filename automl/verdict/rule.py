"""The rule of the verdict: scores, interval, least gain, and which model is recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.records import Comparison, Contestant, Run, Split, Task
from automl.system.counts import counted
from automl.verdict.exact import p_value
from automl.verdict.floor import ALPHA, beats_floor
from automl.verdict.recommend import Choice, Reason, Terms, Verdict, recommend
from automl.verdict.resample import (
    ASSUMED_SEED_SHARE,
    LEVEL,
    N_REPLICATES,
    Replicates,
    Units,
    gains,
    interval_of,
    units_of,
)
from automl.verdict.total_cost import crossing
from automl.verdict.words import (
    NOTHING_TRAINED,
    Scores,
    both_sentences,
    champion_notes,
    count_of_units,
    lone_sentences,
    why_sentence,
)

__all__ = ["ALPHA", "FEW_BLOCKS", "FEW_OF_A_CLASS", "FEW_UNITS", "compare", "decide"]

FEW_UNITS = 100
FEW_OF_A_CLASS = 20
FEW_BLOCKS = 10

_TIME_UNITS = ("block", "window", "series")


def compare(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: Mapping[str, Any] | None,
    deep: Contestant | None,
    shallow: Contestant | None,
    floor: Contestant,
    runs: Sequence[Run],
    min_gain: float,
    seed: int,
    terms: Terms | None = None,
) -> Comparison:
    """Decide which side is better on the test rows, and how sure that is, and recommend a run.

    Args:
        task: its metric and classes.
        split: its test units.
        truth: of the scored test items, as `records` says.
        weight: ``(n_items,)`` or None.
        context: further inputs of the metric, see `records.Metric`.
        deep: finalist of the deep side. None where it has none: nothing is then decided, for want of an opponent.
        shallow: finalist of the shallow side, likewise.
        floor: the model that learns nothing from the inputs.
        runs: all runs, for their costs and families; those of the finalists and the blend with their total costs.
        min_gain: least gain that counts, as a share of the distance from the floor's score to the best possible one.
        seed: of the resampling.
        terms: what validation says, whether the blend can be used, and how much a model is used. They play a part in
            the recommendation alone.
    """
    context, terms = dict(context or {}), terms or Terms()
    context.setdefault("classes", len(task.classes))
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    contestants = [one for one in (deep, shallow, floor) if one is not None]
    scores = Scores(
        task.metric,
        {one.run: metrics.score(task.metric, truth, one.output, weights, context) for one in contestants},
        {run.name: run for run in runs},
    )
    scores = replace(scores, useful=_useful(task, split, truth, weights, context, deep, shallow, floor, scores, seed))
    if deep is None or shallow is None:
        return _one_side(task, split, deep or shallow, floor, scores, min_gain, terms)
    return _both(task, split, truth, weights, context, deep, shallow, floor, scores, min_gain, seed, terms)


def _useful(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weights: np.ndarray,
    context: Mapping[str, Any],
    deep: Contestant | None,
    shallow: Contestant | None,
    floor: Contestant,
    scores: Scores,
    seed: int,
) -> frozenset[str]:
    """The finalists that beat the floor by more than noise."""
    units = _units(task, split, truth)
    few = bool(_few(task, split, truth, units.n_units))
    counted = goals.named(task).rarest(truth, task)
    rarest = units.n_units if counted is None else counted[0]
    rng = np.random.default_rng([seed, 30_000])
    return frozenset(
        one.run
        for one in (deep, shallow)
        if one is not None
        and beats_floor(
            task.metric, truth, one, floor, scores.runs, units, weights, context, rng, few=few, rarest=rarest
        )
    )


def _units(task: Task, split: Split, truth: np.ndarray) -> Units:
    """The units of the test; rows of a class are redrawn among themselves."""
    return units_of(split.unit_ids, truth if split.units == "row" and goals.named(task).is_one_class else None)


def decide(
    gain: float, interval: tuple[float, float] | None, least_gain: float, few: bool, p: float | None
) -> tuple[Verdict, Reason]:
    """The rule alone: a side wins if the interval excludes zero and the gain is large enough to count.

    Args:
        gain: of deep over shallow.
        interval: of the gain; None where there is none.
        least_gain: least gain that counts, in the metric's units.
        few: whether there are too few units to trust the interval.
        p: of the exact paired test, where `few`.
    """
    if interval is None or not np.isfinite(gain) or (few and (p is None or p >= ALPHA)):
        return "tie", "undecided"
    low, high = interval
    if low > 0 and gain >= least_gain:
        return "deep", "better"
    if high < 0 and -gain >= least_gain:
        return "shallow", "better"
    if -least_gain <= low and high <= least_gain:
        return "tie", "equivalent"
    return "tie", "undecided"


def _both(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weights: np.ndarray,
    context: Mapping[str, Any],
    deep: Contestant,
    shallow: Contestant,
    floor: Contestant,
    scores: Scores,
    min_gain: float,
    seed: int,
    terms: Terms,
) -> Comparison:
    rng = np.random.default_rng([seed, 20_000])
    gain = metrics.gain(task.metric, scores.of[deep.run], scores.of[shallow.run])
    n_seeds = max(1, min(len(deep.per_seed), len(shallow.per_seed)))
    units = _units(task, split, truth)
    notes = [_seed_note(n_seeds)]
    interval = None
    if np.isfinite(gain) and units.n_units > 1:
        replicates = gains(task.metric, truth, deep, shallow, units, weights, context, rng)
        interval, note = _interval(replicates, gain, units.n_units)
        interval = _in_range(task.metric, interval)
        notes += [note] if note else []
    few = _few(task, split, truth, units.n_units)
    p = None
    if few and np.isfinite(gain):
        p = p_value(task.metric, truth, deep.output, shallow.output, units.of_item, weights, context, rng)
        notes.append(f"{few}, so only an exact paired test could decide; it gives p = {p:.3g}.")
    least, least_note = _least_gain(task.metric, scores, floor, (deep, shallow), min_gain)
    notes += [least_note] if least_note else []
    verdict, reason = decide(gain, interval, least, bool(few), p)
    choice = recommend(verdict, reason, deep.run, shallow.run, floor.run, scores.useful, scores.runs, terms)
    notes += champion_notes(scores, terms, choice, verdict, deep.run, shallow.run)
    notes += _floor_notes(task.metric, scores, floor, (deep, shallow))
    comparison = Comparison(
        verdict=verdict, reason=reason, recommended=choice.run, gain=gain if np.isfinite(gain) else None,
        interval=interval, level=LEVEL, least_gain=least, n_units=units.n_units, seeds=n_seeds, p_value=p,
        champion=terms.champion, why=why_sentence(choice, scores, terms),
        crossing=crossing(scores.runs.get(deep.run), scores.runs.get(shallow.run), terms.costs),
    )  # fmt: skip
    said = both_sentences(comparison, scores, deep.run, shallow.run, floor.run, split, few, choice)
    return _with_words(comparison, said, notes)


def _in_range(metric: str, interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """The interval of a gain without what no two scores of the metric can differ by."""
    most = metrics.most_gain(metric)
    return None if interval is None else (max(interval[0], -most), min(interval[1], most))


def _one_side(
    task: Task,
    split: Split,
    only: Contestant | None,
    floor: Contestant,
    scores: Scores,
    min_gain: float,
    terms: Terms,
) -> Comparison:
    """One side alone decides nothing; its finalist is recommended if it beats the floor."""
    useful = only is not None and only.run in scores.useful
    least, note = _least_gain(task.metric, scores, floor, () if only is None else (only,), min_gain)
    lacking = "Neither side finished a model"
    if only is not None:
        lacking = f"The {'shallow' if only.side == 'deep' else 'deep'} side finished no model"
    notes = [f"{lacking} that could be compared, so there is no difference to measure."]
    notes += [note] if note else []
    notes += _floor_notes(task.metric, scores, floor, () if only is None else (only,))
    n_units = len(np.unique(split.unit_ids))
    choice = Choice(only.run, "lone") if useful and only is not None else Choice(floor.run, "floor")
    comparison = Comparison(
        verdict="tie", reason="undecided" if only is None else "one_sided", recommended=choice.run, gain=None,
        interval=None, level=LEVEL, least_gain=least, n_units=n_units,
        seeds=0 if only is None else max(1, len(only.per_seed)), champion=terms.champion,
        why=why_sentence(choice, scores, terms) if only is not None else NOTHING_TRAINED,
    )  # fmt: skip
    said = lone_sentences(comparison, scores, only, floor.run, split)
    return _with_words(comparison, said, notes)


def _with_words(comparison: Comparison, sentences: tuple[str, str], notes: Sequence[str]) -> Comparison:
    return replace(comparison, sentences=sentences, notes=tuple(notes))


def _seed_note(n_seeds: int) -> str:
    if n_seeds == 1:
        return (
            "A finalist was trained with one seed, so the result is that of this fitted pair only; the interval "
            f"assumes that another seed would change a score by {ASSUMED_SEED_SHARE:.0%} of its distance to the best."
        )
    return f"The interval covers the test rows and {n_seeds} seeds a side, not the search."


def _interval(replicates: Replicates, gain: float, n_units: int) -> tuple[tuple[float, float] | None, str | None]:
    """The percentile interval, extended to hold the gain, and a note where it was extended or is missing."""
    if len(replicates.values) < 0.75 * N_REPLICATES:
        return None, "The metric was undefined in a quarter or more of the resampled tests, so there is no interval."
    low, high = interval_of(replicates, gain, n_units)
    slack = 1e-9 * (1.0 + abs(gain))
    note = None
    if not low - slack <= gain <= high + slack:
        note = "The resampled gains lie on one side of the measured one; the interval was extended to hold it."
    return (min(low, gain), max(high, gain)), note


def _few(task: Task, split: Split, truth: np.ndarray, n_units: int) -> str:
    """Why the test is too small for the interval alone to decide, or an empty text."""
    if split.units in _TIME_UNITS:
        if n_units < FEW_BLOCKS:
            return f"The test has only {count_of_units(n_units, split.units)} (fewer than {FEW_BLOCKS})"
    elif n_units < FEW_UNITS:
        return f"The test has only {count_of_units(n_units, split.units)} (fewer than {FEW_UNITS})"
    rarest = goals.named(task).rarest(truth, task)
    if rarest is None or rarest[0] >= FEW_OF_A_CLASS:
        return ""
    return f"The test has only {counted(rarest[0], 'row')} of '{rarest[1]}' (fewer than {FEW_OF_A_CLASS})"


def _least_gain(
    metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant], min_gain: float
) -> tuple[float, str | None]:
    """The least gain that counts: a share of the way from the floor (or the worse finalist) to the best score."""
    start, note = scores.of[floor.run], None
    if not np.isfinite(start):
        known = [scores.of[one.run] for one in finalists if np.isfinite(scores.of[one.run])]
        if not known:
            return 0.0, "Neither the floor nor a finalist has a score, so no least gain could be set."
        start = min(known, key=lambda score: metrics.gain(metric, score, metrics.named(metric).best))
        note = "The floor has no score; the least gain is a share of the worse finalist's distance to the best score."
    return min_gain * abs(metrics.named(metric).best - start), note


def _floor_notes(metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant]) -> list[str]:
    return [
        f"{one.run} does not beat the floor {floor.run}, which learns nothing from the inputs"
        f"{', by more than noise' if metrics.better(metric, scores.of[one.run], scores.of[floor.run]) else ''}."
        for one in finalists
        if one.run not in scores.useful
    ]
